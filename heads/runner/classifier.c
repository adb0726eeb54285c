#include "duet/classifier.h"

#include "core/abi.h"
#include "core/fail.h"
#include "runner/front.h"

#include <stdlib.h>

struct duet_classifier {
    struct duet_runner *runner;
};

enum duet_status duet_classifier_create(const struct duet_model *model,
                                        const struct duet_classifier_options *options,
                                        struct duet_classifier **classifier, struct duet_error *error)
{
    static const struct duet_classifier_options defaults = DUET_CLASSIFIER_OPTIONS;
    DUET_NEEDS(classifier, error);
    *classifier = NULL;
    DUET_NEEDS(model, error);
    struct duet_classifier_options o;
    struct duet_runner_options all = DUET_RUNNER_OPTIONS;
    enum duet_status status =
        duet_options_copy(&o, sizeof o, &defaults, options, "classifier options", error);
    if (status != DUET_OK) return status;
    all.top = o.top;
    all.width = o.input_width;
    all.height = o.input_height;
    all.cpu = o.cpu;
    all.max_memory = o.max_memory;
    all.precision = o.precision;
    struct duet_classifier *c = calloc(1, sizeof *c);
    if (!c) return duet_no_memory(error, NULL, "for a classifier");
    status = duet_front_create(model, DUET_CLASSIFICATION, o.head, all, &c->runner, error);
    if (status != DUET_OK) duet_classifier_close(&c);
    *classifier = c;
    return status;
}

enum duet_status duet_classifier_clone(const struct duet_classifier *classifier,
                                       struct duet_classifier **clone, struct duet_error *error)
{
    DUET_NEEDS(clone, error);
    *clone = NULL;
    DUET_NEEDS(classifier, error);
    struct duet_classifier *c = calloc(1, sizeof *c);
    if (!c) return duet_no_memory(error, NULL, "for a classifier");
    enum duet_status status = duet_runner_clone(classifier->runner, &c->runner, error);
    if (status != DUET_OK) duet_classifier_close(&c);
    *clone = c;
    return status;
}

void duet_classifier_close(struct duet_classifier **classifier)
{
    if (!classifier || !*classifier) return;
    duet_runner_close(&(*classifier)->runner);
    free(*classifier);
    *classifier = NULL;
}

size_t duet_classifier_bytes(const struct duet_classifier *classifier)
{
    return classifier ? duet_runner_bytes(classifier->runner) : 0;
}

enum duet_precision duet_classifier_precision(const struct duet_classifier *classifier)
{
    return classifier ? duet_runner_precision(classifier->runner) : DUET_PRECISION_MODEL;
}

enum duet_status duet_classifier_run(struct duet_classifier *classifier, const struct duet_image *image,
                                     const struct duet_run_options *options,
                                     struct duet_class_probabilities *classes, struct duet_error *error)
{
    DUET_NEEDS(classes, error);
    *classes = (struct duet_class_probabilities){0};
    DUET_NEEDS(classifier, error);
    struct duet_results *results;
    enum duet_status status = duet_runner_run(classifier->runner, image, options, &results, error);
    *classes = duet_results_take_classes(results);
    duet_results_close(&results);
    return status;
}
