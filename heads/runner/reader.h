/* reader.h: what becomes of a head's outputs: the answers to a task. Internal.
 *
 * A reader knows one head and its outputs by name, and nothing of sizes, scales or who else reads. Pictures
 * are taken in one pass (or several, at other scales: then `take` adds up), and finished.
 *
 * To add a task: one of these, and a case in pass.c: `reader_kind`.
 */
#ifndef DUET_HEADS_RUNNER_READER_H
#define DUET_HEADS_RUNNER_READER_H

#include "heads/preprocess.h"
#include "runner/results.h"
#include "runner/sizes.h"

/* What is asked of the answers. All fields are filled in; pointers are needed while a reader is made only. */
struct answer_options {
    struct duet_detector_options detector;
    struct duet_segmenter_options segmenter;
    int top;
};

/* A pass over a picture. */
struct reading {
    const struct duet_image *image;
    const struct duet_pool *pool;
    const struct network *network; /* which has run */
    int input_height, input_width; /* at scale 1 */
    int height, width;             /* of the picture in that, from its top left corner */
    struct duet_affine to_pixels;  /* from fractions of the input */
    enum duet_resize resize;
    bool mirrored; /* the input was */
    bool again;    /* the network may run again before the picture is finished: outputs are to be copied */
};

struct reader_kind {
    /* `network` has a session, whose outputs have their shapes. */
    enum duet_status (*create)(const struct answer_options *options, const struct duet_head *head,
                               const struct network *network, void **memory, struct duet_error *error);
    enum duet_status (*clone)(const void *memory, void **clone, struct duet_error *error);
    /* From the network's outputs into *result, which is zero before the first pass. */
    enum duet_status (*take)(void *memory, const struct reading *reading, struct head_result *result,
                             struct duet_error *error);
    /* After the last pass; NULL: there is nothing left to do. */
    enum duet_status (*finish)(void *memory, const struct reading *reading, struct head_result *result,
                               struct duet_error *error);
    void (*close)(void *memory);
};

extern const struct reader_kind duet_detection_reader, duet_segmentation_reader, duet_classification_reader;

/* Whether they are in range. Errors: DUET_BAD_ARGUMENT. */
enum duet_status duet_detection_check(const struct duet_detector_options *options, struct duet_error *error);
enum duet_status duet_segmentation_check(const struct duet_segmenter_options *options,
                                         struct duet_error *error);

/* See duet_detector_suppressed. `network` holds the outputs that the reader took last. */
enum duet_status duet_detection_suppressed(void *memory, const struct network *network,
                                           const struct duet_detections *detections,
                                           struct duet_suppressions *suppressions, struct duet_error *error);

#endif
