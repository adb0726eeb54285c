#include "duet/detector.h"

#include "core/abi.h"
#include "core/fail.h"
#include "runner/front.h"

#include <stdlib.h>

struct duet_detector {
    struct duet_runner *runner;
};

static enum duet_status check_side(const char *name, int value, struct duet_error *error)
{
    if (value >= 0 && value <= 8192) return DUET_OK;
    return duet_fail(error, DUET_BAD_ARGUMENT, "%s %d: expected 0 to 8192", name, value);
}

enum duet_status duet_detector_create(const struct duet_model *model,
                                      const struct duet_detector_options *options,
                                      struct duet_detector **detector, struct duet_error *error)
{
    static const struct duet_detector_options defaults = DUET_DETECTOR_OPTIONS;
    DUET_NEEDS(detector, error);
    *detector = NULL;
    DUET_NEEDS(model, error);
    struct duet_detector_options o;
    struct duet_runner_options all = DUET_RUNNER_OPTIONS;
    enum duet_status status = duet_options_copy(&o, sizeof o, &defaults, options, "detector options", error);
    if (status == DUET_OK) status = check_side("input_width", o.input_width, error);
    if (status == DUET_OK) status = check_side("input_height", o.input_height, error);
    if (status != DUET_OK) return status;
    all.detector = &o;
    all.width = o.input_width;
    all.height = o.input_height;
    all.cpu = o.cpu;
    all.max_memory = o.max_memory;
    all.precision = o.precision;
    struct duet_detector *d = calloc(1, sizeof *d);
    if (!d) return duet_no_memory(error, NULL, "for a detector");
    status = duet_front_create(model, DUET_DETECTION, o.head, all, &d->runner, error);
    if (status != DUET_OK) duet_detector_close(&d);
    *detector = d;
    return status;
}

enum duet_status duet_detector_clone(const struct duet_detector *detector, struct duet_detector **clone,
                                     struct duet_error *error)
{
    DUET_NEEDS(clone, error);
    *clone = NULL;
    DUET_NEEDS(detector, error);
    struct duet_detector *d = calloc(1, sizeof *d);
    if (!d) return duet_no_memory(error, NULL, "for a detector");
    enum duet_status status = duet_runner_clone(detector->runner, &d->runner, error);
    if (status != DUET_OK) duet_detector_close(&d);
    *clone = d;
    return status;
}

void duet_detector_close(struct duet_detector **detector)
{
    if (!detector || !*detector) return;
    duet_runner_close(&(*detector)->runner);
    free(*detector);
    *detector = NULL;
}

size_t duet_detector_bytes(const struct duet_detector *detector)
{
    return detector ? duet_runner_bytes(detector->runner) : 0;
}

enum duet_precision duet_detector_precision(const struct duet_detector *detector)
{
    return detector ? duet_runner_precision(detector->runner) : DUET_PRECISION_MODEL;
}

enum duet_status duet_detector_run(struct duet_detector *detector, const struct duet_image *image,
                                   const struct duet_run_options *options, struct duet_detections *detections,
                                   struct duet_error *error)
{
    DUET_NEEDS(detections, error);
    *detections = (struct duet_detections){0};
    DUET_NEEDS(detector, error);
    struct duet_results *results;
    enum duet_status status = duet_runner_run(detector->runner, image, options, &results, error);
    *detections = duet_results_take_detections(results);
    duet_results_close(&results);
    return status;
}

enum duet_status duet_detector_suppressed(struct duet_detector *detector,
                                          const struct duet_detections *detections,
                                          struct duet_suppressions *suppressions, struct duet_error *error)
{
    DUET_NEEDS(suppressions, error);
    *suppressions = (struct duet_suppressions){0};
    DUET_NEEDS(detector, error);
    return duet_runner_suppressed(detector->runner, detections, suppressions, error);
}
