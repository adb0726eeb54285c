/* batch.h: what every program does that takes pictures and videos and gives results: find the inputs, check
 * what can be checked before work starts, decode, run a network, annotate, write in input order, tell what
 * failed. The program brings the network as a struct duet_batch_task. */
#ifndef DUET_APPS_BATCH_BATCH_H
#define DUET_APPS_BATCH_BATCH_H

#include "cli/budget.h"
#include "cli/compute.h"
#include "cli/inputs.h"
#include "cli/options.h"
#include "data/moving/frames.h"
#include "data/results/record.h"
#include "duet/results.h"
#include "duet/segmenter.h"
#include "duet/threads.h"

/* How @LIST is read. */
struct duet_list_settings {
    bool null, allow_network, allow_lavfi;
};

#define DUET_LIST_OPTIONS(type, field)                                                                       \
    DUET_FLAG('0', "null", type, field.null, "paths in @LIST are separated by NUL, not by lines"),           \
        DUET_FLAG(0, "allow-network", type, field.allow_network,                                             \
                  "@LIST may name addresses, too; without this they fail"),                                  \
        DUET_FLAG(0, "allow-lavfi", type, field.allow_lavfi, "@LIST may name lavfi: graphs, too")

/* Settings that the programs share, and their options. */
struct duet_batch_settings {
    int format;              /* enum duet_format */
    const char *output;      /* NULL: stdout */
    const char *annotate;    /* folder, a video's name, or NULL */
    int annotate_format;     /* index in duet_batch_annotate_words */
    const char *coco_images; /* instances file, or NULL */
    const char *save_if;     /* batch/save_if.h: which pictures are written; NULL: all */
    int exif;                /* enum duet_exif: index in duet_batch_exif_words */
    int every;               /* of moving inputs, as in struct duet_frames_options, with the next three */
    double start, duration, reconnect;
    struct duet_picture_settings pictures;
    int live;           /* index in duet_batch_live_words */
    bool append;        /* go on in an existing file of results */
    const char *rotate; /* batch/rotation.h; NULL: one file */
    int threads;     /* 0: as many as CPUs */
    struct duet_compute_settings compute;
    bool track;  /* number the objects of moving inputs: live/track.h */
    struct duet_list_settings lists;
    bool force, quiet;
    /* Told of every input that failed, by its path. May be NULL. */
    void (*on_failed)(void *ctx, const char *path);
    void *on_failed_ctx;
};

enum duet_batch_live { DUET_BATCH_ALL, DUET_BATCH_LATEST };

extern const char *const duet_batch_annotate_words[], *const duet_batch_exif_words[],
    *const duet_batch_live_words[];

#define DUET_BATCH_INPUT_OPTIONS(type, field)                                                                \
    DUET_CHOICE(0, "exif", "HOW", type, field.exif, duet_batch_exif_words,                                   \
                "apply or ignore the orientation that cameras note"),                                        \
        DUET_PICTURE_OPTIONS(type, field.pictures),                                                          \
        DUET_LIST_OPTIONS(type, field.lists),                                                                \
        DUET_GROUP("Videos and cameras"),                                                                    \
        DUET_INT(0, "every", "N", type, field.every, 1, 1000000000, "look at frames 0, N, 2N ... only",      \
                 .shown = "1"),                                                                              \
        DUET_FLOAT(0, "start", "S", type, field.start, 0, 1e9, "begin at S seconds", .shown = ""),           \
        DUET_FLOAT(0, "duration", "S", type, field.duration, 0, 1e9, "stop S seconds after that",            \
                   .shown = "to the end"),                                                                   \
        DUET_FLOAT(0, "reconnect", "S", type, field.reconnect, 0, 1e9,                                       \
                   "wait for a camera or stream that fails, or is not there yet, for up to S seconds; a "     \
                   "record tells the gap",                                                                   \
                   .shown = "do not"),                                                                       \
        DUET_CHOICE(0, "live", "HOW", type, field.live, duet_batch_live_words,                               \
                    "of a camera or stream that is faster than the network: all frames, however late, or "   \
                    "the latest only; those left out are counted, \"dropped\" in ndjson")

/* `above` says what X is of a class in --save-if: "scores above X". */
#define DUET_BATCH_RESULT_OPTIONS(type, field, above)                                                        \
    DUET_OUTPUT_EITHER(                                                                                      \
        'o', "output", "FILE", type, field.output,                                                           \
        "write the results to FILE; %Y%m%d-%H%M%S in its name become the time (UTC). Of what has no "        \
        "end, such as a camera, each record is in FILE at once; else FILE is there at the end",              \
        .shown = "standard output"),                                                                         \
        DUET_FLAG(0, "append", type, field.append,                                                           \
                  "go on in an existing FILE (ndjson, csv); a last line that is not whole is cut off"),      \
        DUET_STRING(                                                                                         \
            0, "rotate", "WHEN", type, field.rotate,                                                         \
            "begin a new FILE, and a new video of --annotate, when one is so old (90s, 30m, 1h, 1d) or "     \
            "so large (500K, 100M, 2G): the name of the time, or NAME-2, NAME-3 ...; none is replaced"),     \
        DUET_OUTPUT_EITHER(                                                                                  \
            'a', "annotate", "DIR", type, field.annotate,                                                    \
            "also write each picture with its results drawn into DIR; subfolders are kept; a video "         \
            "becomes DIR/NAME.mp4, silent, at its own rate. With a video's name (out.mp4 .mov .mkv .webm "   \
            ".avi) or a picture's (out.jpg .png .ppm) for DIR: one video, one picture as that"),             \
        DUET_CHOICE(0, "annotate-format", "KIND", type, field.annotate_format, duet_batch_annotate_words,    \
                    "png, jpg, or same: JPEG and PNG stay, others become PNG; png and jpg: frames of a "     \
                    "video as DIR/NAME_000012.png"),                                                         \
        DUET_STRING(0, "save-if", "CLASS>X,...", type, field.save_if,                                        \
                    "draw and write pictures only where something of that class " above "; any>X: of any "   \
                    "class. The results are all written; a video holds only what was kept"),                 \
        DUET_FLAG(0, "force", type, field.force, "replace existing results")

#define DUET_BATCH_RUN_OPTIONS(type, field)                                                                  \
    DUET_INT('j', "threads", "N", type, field.threads, 1, 256,                                               \
             "use N threads; the results do not depend on it", .shown = "number of CPUs"),                   \
        DUET_FLAG('q', "quiet", type, field.quiet,                                                           \
                  "print errors and warnings only, no progress and no summary"),                             \
        DUET_COMPUTE_OPTIONS(type, field.compute)

/* `details` of a program's help. */
#define DUET_BATCH_INPUT_DETAILS                                                                             \
    "An INPUT is a picture or a video; a folder (all of them below it, hidden ones\n"                        \
    "left out); a pattern such as '*.jpg'; numbered pictures as one video, such as\n"                        \
    "frames/%04d.png; a camera, /dev/video0; a stream's address, rtsp://...; @LIST, a\n"                     \
    "file of inputs one a line (@-: from standard input) that may name files only; or\n"                     \
    "- for a picture or video on standard input. What exists under the very name is\n"                       \
    "taken before anything else. In a folder, files are inputs whose name ends like a\n"                     \
    "picture's or video's, or that begin like one. An input that cannot be read is\n"                        \
    "named on standard error and does not stop the others.\n"

/* What the network found in a frame. */
struct duet_batch_result {
    struct duet_detections detections;
    int *tracks; /* [detections.count] the objects' numbers, 0: none yet; NULL: not asked for. Owned */
    struct duet_segmentation segmentation;
    bool has_detections, has_segments; /* which of the two ran */
};

/* A picture that is written for every input beside the results: DIR/STEM.png for masks and the like, of what
 * moves DIR/STEM_000012.png for every frame. Where a picture's name stands for DIR, and there is one input, a
 * still: that file. */
struct duet_batch_picture {
    const char *option; /* that asks for it: "--masks" */
    const char *folder;
    int format; /* enum duet_annotate_format: how its name comes from the input's */
    enum duet_status (*write)(void *ctx, const char *path, struct duet_image *image,
                              const struct duet_batch_result *result, struct duet_error *error);
    bool alone; /* `folder` is that file. Filled in by the batch */
};

#define DUET_BATCH_MAX_PICTURES 4

/* The network. create_worker and close_worker as in batch/pipeline.h; DUET_BAD_ARGUMENT from create_worker
 * counts as a mistake on the command line. */
struct duet_batch_task {
    void *ctx;
    const struct duet_labels *labels; /* of the classes in the results; where there are both, of detections */
    const struct duet_labels *segment_labels; /* of the segments'; NULL where there are none */
    enum duet_status (*create_worker)(void *ctx, const struct duet_pool *pool, void **worker,
                                      struct duet_error *error);
    void (*close_worker)(void *ctx, void *worker);
    /* Fill *result (zeroed before; freed by the batch). The image is RGB8. */
    enum duet_status (*analyse)(void *ctx, void *worker, const struct duet_image *image,
                                struct duet_batch_result *result, struct duet_error *error);
    /* Draw *result over the picture. */
    enum duet_status (*draw)(void *ctx, struct duet_image *image, const struct duet_batch_result *result,
                             struct duet_error *error);
    struct duet_batch_picture
        pictures[DUET_BATCH_MAX_PICTURES]; /* beside --annotate; in this order, before it */
    int picture_count;
    size_t worker_bytes; /* about what create_worker takes, for --max-memory */
    bool segments_first; /* table and csv list segments rather than detections */
    bool runs;           /* ndjson: each segment's mask too */
};

/* Do the work; messages go to stderr. Returns the program's exit code. */
int duet_batch_run(const struct duet_program *program, const struct duet_batch_settings *settings,
                   const struct duet_arguments *arguments, const struct duet_batch_task *task);

/* The exit code for a fault found before work starts: DUET_EXIT_USAGE for DUET_BAD_ARGUMENT and DUET_EXISTS,
 * DUET_EXIT_FATAL else. */
int duet_batch_exit_code(enum duet_status status);

#endif
