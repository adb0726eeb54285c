/* runner.h: a picture through a model: what all of its heads find, or some, from as few passes over the trunk
 * as there can be.
 *
 *     struct duet_runner *runner;
 *     struct duet_results *results;
 *     status = duet_runner_create(model, NULL, &runner, &error);
 *     status = duet_runner_run(runner, &picture, NULL, &results, &error);
 *     const struct duet_detections *found = duet_results_detections(results);
 *     const struct duet_segmentation *masks = duet_results_segmentation(results);
 *     ...
 *     duet_results_close(&results);
 *
 * Heads that were made for the same input (size, resizing, numbers) and output stride share a pass. Those
 * that were not run one after the other; so does a segmentation over several scales, mirrored, or without
 * resizing. Either way they give the bytes that each would give alone. For one task there are detector.h,
 * segmenter.h and classifier.h.
 */
#ifndef DUET_RUNNER_H
#define DUET_RUNNER_H

#include "duet/detector.h"
#include "duet/image.h"
#include "duet/model.h"
#include "duet/results.h"
#include "duet/run.h"
#include "duet/segmenter.h"

DUET_C_BEGIN

struct duet_runner_options {
    size_t struct_size; /* sizeof(struct duet_runner_options): lets the struct grow */
    /* Names or kinds of the heads that are wanted; NULL: all of the model. Layers that no wanted head needs
     * are left out; heads that a wanted one reads come along, and are not told of. */
    const char *const *heads;
    int head_count;
    /* What the answers shall be like: thresholds, limits, classes, scales, flip, no_resize, confidence,
     * probe; their sizes, output stride, cpu and max_memory are those below. `classes` and `thresholds` go by
     * the labels of a head, and so with one head of the task only. NULL: the initialisers. */
    const struct duet_detector_options *detector;
    const struct duet_segmenter_options *segmenter;
    int top;           /* the most probable classes that a classifier tells, 1 .. 100000 */
    int width, height; /* of the networks' inputs, 1 .. 8192; 0: each head's own */
    int output_stride; /* of the trunk, 8, 16 or 32; 0: each head's own */
    const char *cpu;   /* kernel level, see duet_compile_options */
    size_t max_memory; /* bytes that running may take (duet_runner_bytes); 0: 4 GiB for each network */
    /* What the networks compute in; DUET_PRECISION_MODEL: what the model file says. */
    enum duet_precision precision;
};
#define DUET_RUNNER_OPTIONS                                                                                  \
    {                                                                                                        \
        sizeof(struct duet_runner_options), NULL, 0, NULL, NULL, 5, 0, 0, 0, NULL, 0, DUET_PRECISION_MODEL   \
    }

struct duet_runner; /* opaque; one thread at a time, which is checked: see duet_runner_clone */

/* Nothing of the options is kept. Holds a reference to the model: that may be closed at any time. Errors:
 * DUET_BAD_ARGUMENT (an option out of range; the text names it), DUET_NOT_FOUND (no head of such a name or
 * kind; the text says which there are), DUET_UNSUPPORTED (a model without heads, or without ranges for that
 * precision), those of duet_compile (DUET_TOO_LARGE: max_memory). */
DUET_API enum duet_status duet_runner_create(const struct duet_model *model,
                                             const struct duet_runner_options *options,
                                             struct duet_runner **runner, struct duet_error *error);

/* A second runner for another thread: shares what is compiled, has memory of its own. Errors: DUET_BUSY,
 * DUET_TOO_LARGE, DUET_OUT_OF_MEMORY. */
DUET_API enum duet_status duet_runner_clone(const struct duet_runner *runner, struct duet_runner **clone,
                                            struct duet_error *error);

/* Accepts NULL; sets *runner to NULL. What it found stays. */
DUET_API void duet_runner_close(struct duet_runner **runner);

/* The memory that its networks take to run, in bytes; packed weights, which runners of a model share, are not
 * counted. NULL takes none. */
DUET_API size_t duet_runner_bytes(const struct duet_runner *runner);

/* What it computes in, never DUET_PRECISION_MODEL but for NULL. */
DUET_API enum duet_precision duet_runner_precision(const struct duet_runner *runner);

/* Passes over the trunk for a picture: 1 when all wanted heads share one. 0 for NULL. */
DUET_API int duet_runner_pass_count(const struct duet_runner *runner);

struct duet_results; /* opaque: what was found in one picture */

/* Look at a picture: RGB8 of any size. On success *results is owned by the caller (duet_results_close); it
 * does not depend on the number of threads, and outlives runner and model. Errors: DUET_BAD_ARGUMENT (not
 * RGB8, a pool of no threads), DUET_BUSY (the runner is running in another thread), DUET_INTERRUPTED
 * (cancelled), DUET_TOO_LARGE (no_resize and a side over 8192; max_memory, with that many threads),
 * DUET_OUT_OF_MEMORY. */
DUET_API enum duet_status duet_runner_run(struct duet_runner *runner, const struct duet_image *image,
                                          const struct duet_run_options *options,
                                          struct duet_results **results, struct duet_error *error);

/* Why the first detection head's last answer has not more boxes: see duet_detector_suppressed. Errors: those,
 * and DUET_BAD_ARGUMENT where no wanted head detects. */
DUET_API enum duet_status duet_runner_suppressed(struct duet_runner *runner,
                                                 const struct duet_detections *detections,
                                                 struct duet_suppressions *suppressions,
                                                 struct duet_error *error);

/* The answers of the first wanted head of each task, borrowed from the results; NULL: none was wanted. */
DUET_API const struct duet_detections *duet_results_detections(const struct duet_results *results);
DUET_API const struct duet_segmentation *duet_results_segmentation(const struct duet_results *results);
DUET_API const struct duet_class_probabilities *duet_results_classes(const struct duet_results *results);

/* Those of the head of that name or, where none is called so, the first of that kind. */
DUET_API const struct duet_detections *duet_results_detections_of(const struct duet_results *results,
                                                                  const char *head);
DUET_API const struct duet_segmentation *duet_results_segmentation_of(const struct duet_results *results,
                                                                      const char *head);
DUET_API const struct duet_class_probabilities *duet_results_classes_of(const struct duet_results *results,
                                                                        const char *head);

/* The first of them taken out of the results, which are then empty there: the caller's, to be ended with
 * their own close, before the results or after. All zero: none was wanted. */
DUET_API struct duet_detections duet_results_take_detections(struct duet_results *results);
DUET_API struct duet_segmentation duet_results_take_segmentation(struct duet_results *results);
DUET_API struct duet_class_probabilities duet_results_take_classes(struct duet_results *results);

/* Accepts NULL; sets *results to NULL. */
DUET_API void duet_results_close(struct duet_results **results);

DUET_C_END
#endif
