/* video_module.h: the one door between Duet and FFmpeg. The module duet-video.so alone links FFmpeg; it
 * exports one function, which hands out one table. What lies in data/video/ is inside the module.
 * Internal.
 *
 * Whoever changes anything here raises DUET_VIDEO_ABI: a module of another one is refused.
 */
#ifndef DUET_DATA_MOVING_VIDEO_MODULE_H
#define DUET_DATA_MOVING_VIDEO_MODULE_H

#include "moving/moving.h"

#define DUET_VIDEO_ABI    4
#define DUET_VIDEO_SYMBOL "duet_video_module"

enum duet_video_kind {
    DUET_VIDEO_BYTES,  /* through `read`: files, pipes, memory. Nothing else is opened, whatever they ask for
                        */
    DUET_VIDEO_STREAM, /* a URL */
    DUET_VIDEO_DEVICE, /* a V4L2 camera */
    DUET_VIDEO_LAVFI   /* a filter graph */
};

/* What to read. Strings are borrowed for the call, `io` and `ctx` until the reader's close. */
struct duet_video_source {
    enum duet_video_kind kind;
    const char *name;    /* stands first in error texts: `address` without its password */
    const char *address; /* URL, device, graph; of bytes: NULL */
    /* Read up to `size` bytes from `position` on; a pipe knows only the place where it is. 0: the end;
     * negative: an errno's. Of bytes only. */
    ptrdiff_t (*read)(void *io, int64_t position, uint8_t *data, size_t size);
    void *io;
    int64_t size; /* of the bytes; -1: a pipe */
    size_t max_pixels;
    bool upright;                 /* `about` tells the size of pictures that are turned as they ask to be */
    bool (*cancelled)(void *ctx); /* may be NULL */
    void *ctx;
};

/* Where a video is written. Both functions return 0 or an errno's value. */
struct duet_video_sink {
    void *ctx;
    int (*write)(void *ctx, const uint8_t *data, size_t size); /* all of it, where the last one ended */
    int (*seek)(void *ctx, int64_t position); /* the next write begins there; NULL: a pipe, on and on */
};

/* What to write: struct duet_video_writer_options, checked, and a container that video_write.c knows. */
struct duet_video_target {
    const char *name;      /* stands first in error texts; borrowed until close */
    const char *container; /* FFmpeg's name: "mp4", "mov", "matroska", "webm", "avi" */
    int width, height, rate_num, rate_den;
    int aspect_num, aspect_den; /* a pixel's width to its height */
    bool prompt;                /* a frame is coded when it comes: none waits in the encoder for later ones */
    struct duet_video_sink sink;
};

/* The functions of data/moving/video_write.h; `self` is the writer. */
struct duet_video_writer_type {
    enum duet_status (*open)(const struct duet_video_target *target, void **self, struct duet_error *error);
    enum duet_status (*add)(void *self, const struct duet_image *image, double time,
                            struct duet_error *error);
    enum duet_status (*finish)(void *self, struct duet_error *error); /* the file's end is written */
    /* How much of the file plays by itself, whatever was written behind; 0: no frame is in it yet. */
    int64_t (*whole)(const void *self);
    void (*close)(void *self); /* accepts NULL */
};

struct duet_video_functions {
    unsigned abi;
    /* Open a reader, the `self` of `reader`. Beyond the statuses of duet_frames_open: DUET_MISMATCH for bytes
     * that are no video FFmpeg knows, DUET_INTERRUPTED. */
    enum duet_status (*open)(const struct duet_video_source *source, void **self, struct duet_error *error);
    struct duet_moving_type reader;
    const struct duet_video_writer_type *writer;
};

/* The module's only symbol, by the name of DUET_VIDEO_SYMBOL. */
__attribute__((visibility("default"))) const struct duet_video_functions *duet_video_module(void);

#endif
