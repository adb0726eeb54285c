/* classifier.h: the ImageNet classifier of the paper's Table 4: mean over the map, one linear layer; and
 * pictures to classes with it. */
#ifndef DUET_CLASSIFIER_H
#define DUET_CLASSIFIER_H

#include "duet/image.h"
#include "duet/mobilenet_v2.h"
#include "duet/results.h"
#include "duet/run.h"

DUET_C_BEGIN

struct duet_head; /* duet/head.h */

struct duet_classifier_config {
    int classes; /* as the last layer has them: 1001 with a background class, or 1000 */
};

/* Add `head`, a DUET_CLASSIFIER, to `network` on its one tap of `backbone`. Layers, under the head's name
 * ("classifier" here): "classifier.pool", "classifier.logits". Output: "classifier.logits" [1, 1, 1,
 * classes]. Errors: DUET_BAD_ARGUMENT (classes not 1 .. 10000, a tap that is not there), those of
 * duet_network_check. */
DUET_API enum duet_status duet_classifier_build(struct duet_network *network,
                                                const struct duet_mobilenet_v2 *backbone,
                                                const struct duet_head *head, struct duet_error *error);

/* --- pictures ------------------------------------------------------------------------------------------- */

struct duet_model; /* duet/model.h */

/* Start from DUET_CLASSIFIER_OPTIONS. */
struct duet_classifier_options {
    size_t struct_size; /* sizeof(struct duet_classifier_options): lets the struct grow */
    int top;            /* 5: the most probable classes to tell, 1 .. 100000 */
    int input_width;    /* network input, up to 8192; 0: the head's own */
    int input_height;   /* the same */
    const char *cpu;    /* kernel level, see duet_compile_options */
    size_t max_memory;  /* bytes that the network may take to run; 0: 4 GiB */
    const char *head;   /* name or kind of the head that classifies; NULL: the first */
    /* What the network computes in; DUET_PRECISION_MODEL: what the model file says. */
    enum duet_precision precision;
};
#define DUET_CLASSIFIER_OPTIONS                                                                              \
    {                                                                                                        \
        sizeof(struct duet_classifier_options), 5, 0, 0, NULL, 0, NULL, DUET_PRECISION_MODEL                 \
    }

struct duet_classifier; /* opaque; one thread at a time, which is checked: see duet_classifier_clone */

/* These are to a classifier what those of detector.h are to a detector; DUET_UNSUPPORTED: the model has no
 * classification head. */
DUET_API enum duet_status duet_classifier_create(const struct duet_model *model,
                                                 const struct duet_classifier_options *options,
                                                 struct duet_classifier **classifier,
                                                 struct duet_error *error);
DUET_API enum duet_status duet_classifier_clone(const struct duet_classifier *classifier,
                                                struct duet_classifier **clone, struct duet_error *error);
DUET_API void duet_classifier_close(struct duet_classifier **classifier);
DUET_API size_t duet_classifier_bytes(const struct duet_classifier *classifier);
DUET_API enum duet_precision duet_classifier_precision(const struct duet_classifier *classifier);

/* What is in the picture: RGB8 of any size. The probabilities are a softmax over all classes, of which the
 * `top` best are told. On success *classes is owned by the caller (duet_class_probabilities_close) and
 * outlives classifier and model. Errors: those of duet_detector_run. */
DUET_API enum duet_status duet_classifier_run(struct duet_classifier *classifier,
                                              const struct duet_image *image,
                                              const struct duet_run_options *options,
                                              struct duet_class_probabilities *classes,
                                              struct duet_error *error);

DUET_C_END
#endif
