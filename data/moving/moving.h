/* moving.h: what every source of more than one frame can do: videos and streams (video/read.c), numbered
 * pictures, pictures one after the other. What they share lies above them, in moving.c: every, start,
 * duration, reopening. Internal.
 */
#ifndef DUET_DATA_MOVING_MOVING_H
#define DUET_DATA_MOVING_MOVING_H

#include "data/moving/source.h"
#include "duet/image.h"

/* A frame as its source knows it. */
struct duet_moving_stamp {
    int64_t frame; /* 0, 1, 2 ... in the source */
    double pts;    /* seconds, the source's own; ascending */
    double time;   /* seconds since the source's first frame */
};

/* `self` is the source. Texts of errors begin with its name. */
struct duet_moving_type {
    struct duet_frames_about (*about)(const void *self);
    /* Go to the next frame; *more is false at the end, then and after a seek step may be called again. */
    enum duet_status (*step)(void *self, struct duet_moving_stamp *stamp, bool *more,
                             struct duet_error *error);
    /* The pixels of the frame that the last step came to, as stored; *orientation is what EXIF would say,
     * 1 to 8. *image is zero before and after a failure. */
    enum duet_status (*image)(void *self, struct duet_image *image, int *orientation,
                              struct duet_error *error);
    /* The next step comes to the last frame whose number is a multiple of `every` and that begins at or
     * before `time`; to the first one for times before it; to the end for times after the last one's end. */
    enum duet_status (*seek)(void *self, double time, int every, struct duet_error *error);
    void (*close)(void *self); /* accepts NULL */
};

/* A source with what the options ask of it. Zeroed, then `type`, `self`, `name`, `options` and, when it can
 * be opened anew, `reopen` are filled in; all but `self` is borrowed. */
struct duet_moving {
    const struct duet_moving_type *type;
    void *self; /* NULL while a live source is away */
    const char *name;
    const struct duet_frames_options *options;
    enum duet_status (*reopen)(void *ctx, void **self, struct duet_error *error);
    void *reopen_ctx;
    /* From here on private. */
    bool begun; /* the first frame has been looked for */
    bool over;  /* it was a picture after all */
    bool held;  /* `stamp` is of a frame that is still to be delivered: the news of a gap went before it */
    struct duet_moving_stamp stamp;
    double captured;   /* when it came, seconds since 1970 */
    int64_t frames;    /* how many came; after a gap numbers go on from there */
    double late;       /* > 0: so long it took to open it, in so many attempts after the first ... */
    int late_attempts; /* ... and `stamp` is of its first frame */
    int64_t base;      /* what is added to the source's numbers ... */
    double time_base;  /* ... and times, since it was opened anew */
};

/* Open the source by `reopen`. One that is not there yet is tried again as options.reconnect says; that it
 * took a while is the first thing that duet_moving_next tells, as a gap. */
enum duet_status duet_moving_open(struct duet_moving *moving, struct duet_error *error);

enum duet_status duet_moving_next(struct duet_moving *moving, struct duet_image *image,
                                  struct duet_frame_info *info, bool *more, struct duet_error *error);
enum duet_status duet_moving_seek(struct duet_moving *moving, double time, struct duet_error *error);
void duet_moving_close(struct duet_moving *moving);

/* How a source whose frames are inputs of their own has one read: the first picture in the file, or in the
 * bytes where `path` is NULL, upright if it is to be. `ctx` is what the source was given with it. */
typedef enum duet_status duet_read_picture(void *ctx, const char *path, const void *data, size_t size,
                                           struct duet_image *image, struct duet_error *error);

#endif
