/* parts.h: what the files of the batch share: check.c and unused.c (before work starts), work.c (on the
 * workers), deliver.c (results in order), output.c (the files that they go into), video.c (annotated videos).
 * Internal to batch. */
#ifndef DUET_APPS_BATCH_PARTS_H
#define DUET_APPS_BATCH_PARTS_H

#include "batch/batch.h"
#include "batch/pipeline.h"
#include "batch/rotation.h"
#include "batch/save_if.h"
#include "cli/console.h"
#include "data/coco/images.h"
#include "data/moving/video_write.h"
#include "live/latest.h"
#include "live/track.h"

#include <stdatomic.h>

/* The annotated video of the input that is being delivered. */
struct batch_video {
    struct duet_video_writer *writer; /* NULL until its first frame */
    double begun;                     /* duet_seconds() then */
    size_t files;                     /* videos begun, in --rotate */
    bool given_up;                    /* writing failed: what was whole is kept, the rest goes without */
    bool seen;                        /* a frame of the input came, kept or not */
    bool kept;                        /* the last one that came was kept */
    double last;                      /* its time */
    double left_out;                  /* seconds of the source that are not in the video */
    double shown;                     /* when the last one kept is shown */
};

/* An input that is being read. */
struct batch_source {
    struct duet_frames *frames;
    struct duet_latest *latest; /* NULL: every frame is taken */
    double named;               /* the last frame's moment, as it stands in the names of its pictures */
    atomic_bool closing;
};

struct batch {
    const struct duet_batch_settings *settings;
    const struct duet_batch_task *task;
    struct duet_inputs inputs;
    bool *moving; /* [inputs.count] whether it looks like it */
    bool *live;   /* [inputs.count] the same of what does not wait for us, and goes on when we are gone */
    bool any_moving;
    bool endless; /* one of them has no end, as far as that can be known */
    struct batch_source
        *first;               /* a single input is opened before work starts; until its turn comes: it, ... */
    enum duet_status opening; /* ... or why it could not be */
    struct duet_error opening_error;
    struct duet_budget budget; /* of memory, for pictures and their workers */
    struct duet_coco_images *coco_images;
    struct duet_writer *writer;
    struct duet_rotation rotation;
    double file_begun;    /* duet_seconds() when the writer was opened */
    unsigned file_number; /* in its name; 1: none is */
    size_t files;         /* opened */
    size_t file_records;  /* written since */
    struct duet_console console;
    struct duet_save_if save_if;
    struct duet_tracker *tracker;                                    /* NULL: not asked for */
    struct duet_batch_picture pictures[DUET_BATCH_MAX_PICTURES + 1]; /* the task's, then the annotated one */
    int picture_count;
    bool one_video;           /* --annotate names a video, not a folder */
    bool one_picture;         /* it names a picture */
    struct batch_video video; /* delivery */
    bool moved;               /* the input being delivered did */
    size_t stills;            /* worked through, failed ones too */
    size_t frames, objects;
    size_t read;                            /* pictures and frames that have results */
    size_t failed;                          /* inputs */
    int64_t dropped;                        /* frames, by --live latest */
    double live_since;                      /* 1970's seconds when a live source's time was 0 */
    bool behind;                            /* it was told that the work falls behind it */
    size_t failed_before, read_before;      /* the one that is being delivered */
    size_t undrawn;                         /* pictures that could not be written ... */
    size_t unfilmed;                        /* ... and videos that break off ... */
    unsigned complained[DUET_STATUS_COUNT]; /* ... and how often that was told, by its kind */
    bool filmed;                            /* a frame went into a video */
    size_t ended;       /* 1 + the input that a failed frame ended; its later ones are passed over */
    atomic_size_t stop; /* the same for the workers */
};

/* What one frame gave, on its way from a worker to the writer. */
struct item {
    struct duet_frame_info info;
    struct duet_frames_about about; /* kind is not valid */
    struct duet_warnings warnings;
    size_t share;            /* of the budget, while a worker has it */
    struct duet_image image; /* until it was processed; of what goes into a video, until it is there */
    double named;            /* of what is live: the moment that its pictures are named by */
    int64_t dropped;         /* frames before it */
    int width, height;
    struct duet_batch_result result;
    bool kept; /* --save-if holds, or is not asked for */
    bool failed;
    struct duet_error error;
    size_t undrawn; /* pictures of it that could not be written; that is no failure of the item */
    struct duet_error undrawn_error; /* why the first of them could not */
};

/* --- check.c --- */
/* Find the inputs, check what can be checked, open the writer. */
enum duet_status duet_batch_prepare(struct batch *batch, const struct duet_arguments *arguments,
                                    struct duet_error *error);

/* --- unused.c --- */
/* Warn of options that change nothing. After duet_batch_prepare. */
void duet_batch_warn_of_unused(const struct batch *batch, const struct duet_program *program,
                               const struct duet_arguments *arguments);

/* --- output.c --- */
/* The name of the results' file; NULL when that is standard output, be it by the name of /dev/stdout. */
const char *duet_batch_output_name(const struct duet_batch_settings *settings);
/* Open the first file of results, or the next one. */
enum duet_status duet_batch_open_writer(struct batch *batch, struct duet_error *error);
/* Before a record is written: is it time to begin a new file? */
enum duet_status duet_batch_rotate(struct batch *batch, struct duet_error *error);
/* Make the folder that a file is to lie in. */
enum duet_status duet_batch_make_folder(const char *path, struct duet_error *error);
/* duet_rotation_name of this moment. NULL when out of memory; free() it. */
char *duet_batch_timed_name(const char *pattern, unsigned number);

/* --- work.c --- */
/* Members of struct duet_job; ctx is the batch. */
void *duet_batch_take(void *ctx, size_t index, void **source, bool *more);
void duet_batch_close_source(void *ctx, void *source);
void duet_batch_process(void *ctx, void *worker, size_t index, void *piece);
void duet_batch_drop(void *ctx, void *piece);
enum duet_status duet_batch_open_source(const struct batch *batch, const struct duet_input *input,
                                        struct batch_source **source, struct duet_error *error);
/* What --annotate writes of stills and frames: drawn upon, then written as a picture. */
enum duet_status duet_batch_write_annotated(void *ctx, const char *path, struct duet_image *image,
                                            const struct duet_batch_result *result, struct duet_error *error);
/* Objects get their numbers in the frames' order, on the delivering side: what is drawn of them waits for
 * that. */
bool duet_batch_is_tracked(const struct batch *batch, const struct item *item);
/* Write the pictures that had to wait. */
void duet_batch_write_waiting(struct batch *batch, size_t index, struct item *item);
/* Does this frame go into a video? */
bool duet_batch_to_video(const struct batch *batch, const struct item *item);

/* --- deliver.c --- */
enum duet_status duet_batch_deliver(void *ctx, size_t index, void *result, struct duet_error *error);
enum duet_status duet_batch_finish(void *ctx, size_t index, struct duet_error *error);

/* --- video.c --- */
/* A warning that something could not be drawn: of each kind the first few are told, all are counted. */
void duet_batch_complain(struct batch *batch, const struct duet_error *error);
/* A frame of input `index` came; it is added when it was kept. A video that cannot be written is told once
 * and costs no result. */
void duet_batch_video_add(struct batch *batch, size_t index, const struct item *item);
/* The input is through, or was cut: what there is of its video becomes a file. */
void duet_batch_video_end(struct batch *batch);

#endif
