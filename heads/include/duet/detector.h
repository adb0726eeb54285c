/* detector.h: pictures to boxes with an SSDLite model. */
#ifndef DUET_DETECTOR_H
#define DUET_DETECTOR_H

#include "duet/image.h"
#include "duet/model.h"
#include "duet/results.h"
#include "duet/run.h"

DUET_C_BEGIN

/* Start from DUET_DETECTOR_OPTIONS, whose values are named here. */
struct duet_detector_options {
    size_t struct_size;      /* sizeof(struct duet_detector_options): lets the struct grow */
    float threshold;         /* 0.5: detections score above it. 1e-8 for evaluation */
    float nms_iou;           /* 0.6: overlap above which the lower score goes */
    int max_per_class;       /* 100; 1 .. 100000 */
    int max_detections;      /* 100, of a picture; 1 .. 100000 */
    int input_width;         /* network input, up to 8192; 0: the head's own (300) */
    int input_height;        /* the same */
    const bool *classes;     /* one flag a label of the head: detect only these; NULL: all. Copied */
    const char *cpu;         /* kernel level, see duet_compile_options */
    const float *thresholds; /* one a label, in the place of `threshold`; NULL: that one for all. Copied */
    size_t max_memory; /* bytes that the network's results may take in one detector (see duet_model_memory);
                        * 0: 4 GiB. A model file says itself how large its input is: this bounds it */
    const char *head;  /* name or kind of the head that detects; NULL: the first */
    /* What the network computes in; DUET_PRECISION_MODEL: what the model file says. */
    enum duet_precision precision;
};
#define DUET_DETECTOR_OPTIONS                                                                                \
    {                                                                                                        \
        sizeof(struct duet_detector_options), 0.5f, 0.6f, 100, 100, 0, 0, NULL, NULL, NULL, 0, NULL,         \
            DUET_PRECISION_MODEL                                                                             \
    }

struct duet_detector; /* opaque; one thread at a time, which is checked: see duet_detector_clone */

/* Holds a reference to the model: that may be closed at any time. Errors: DUET_BAD_ARGUMENT (an option out of
 * range; the text names it), DUET_UNSUPPORTED (the model has no detection head, or no ranges for that
 * precision), DUET_NOT_FOUND (none of that name), those of duet_compile (DUET_TOO_LARGE: max_memory). */
DUET_API enum duet_status duet_detector_create(const struct duet_model *model,
                                               const struct duet_detector_options *options,
                                               struct duet_detector **detector, struct duet_error *error);

/* A second detector for another thread: shares what is compiled, has memory of its own. Errors: DUET_BUSY
 * (the first is running in another thread), DUET_TOO_LARGE (max_memory), DUET_OUT_OF_MEMORY. */
DUET_API enum duet_status duet_detector_clone(const struct duet_detector *detector,
                                              struct duet_detector **clone, struct duet_error *error);

/* The memory that its network takes to run, in bytes; packed weights, which clones share, are not counted.
 * NULL takes none. */
DUET_API size_t duet_detector_bytes(const struct duet_detector *detector);

/* What it computes in, never DUET_PRECISION_MODEL but for NULL. */
DUET_API enum duet_precision duet_detector_precision(const struct duet_detector *detector);

/* Find objects. `image` is RGB8 of any size. On success *detections is owned by the caller
 * (duet_detections_close) and outlives detector and model; it does not depend on the number of threads.
 * Errors: DUET_BAD_ARGUMENT (not RGB8, a pool of no threads), DUET_BUSY (it is running in another thread),
 * DUET_INTERRUPTED (cancelled), DUET_TOO_LARGE (max_memory, with that many threads), DUET_OUT_OF_MEMORY. */
DUET_API enum duet_status duet_detector_run(struct duet_detector *detector, const struct duet_image *image,
                                            const struct duet_run_options *options,
                                            struct duet_detections *detections, struct duet_error *error);

/* Why there are not more boxes: the candidates that scored above their class's threshold and were thrown away
 * because they overlap one of `detections`, which the detector's last run found (hand in all of them, before
 * the next run of this detector; clones have runs of their own). Each stands under the best kept box of its
 * class that it overlaps by more than nms_iou. Of what limits cut off (max_detections, max_per_class) nothing
 * is told. Costs nothing unless it is called, and then 0.1 ms at a threshold of 0.1 (at 1e-8, where
 * everything is a candidate, 25 ms).
 * On success *suppressions is owned by the caller (duet_suppressions_close). Errors: DUET_BAD_ARGUMENT (the
 * detector has not run, or its last run failed), DUET_BUSY, DUET_OUT_OF_MEMORY. */
DUET_API enum duet_status duet_detector_suppressed(struct duet_detector *detector,
                                                   const struct duet_detections *detections,
                                                   struct duet_suppressions *suppressions,
                                                   struct duet_error *error);

DUET_API void duet_detector_close(struct duet_detector **detector);

DUET_C_END
#endif
