#include "duet/segmenter.h"

#include "core/abi.h"
#include "core/fail.h"
#include "runner/front.h"

#include <stdlib.h>

#define MIN_SIDE 33
#define MAX_SIDE 8192

struct duet_segmenter {
    struct duet_runner *runner;
};

enum duet_status duet_segmenter_create(const struct duet_model *model,
                                       const struct duet_segmenter_options *options,
                                       struct duet_segmenter **segmenter, struct duet_error *error)
{
    static const struct duet_segmenter_options defaults = DUET_SEGMENTER_OPTIONS;
    DUET_NEEDS(segmenter, error);
    *segmenter = NULL;
    DUET_NEEDS(model, error);
    struct duet_segmenter_options o;
    struct duet_runner_options all = DUET_RUNNER_OPTIONS;
    enum duet_status status = duet_options_copy(&o, sizeof o, &defaults, options, "segmenter options", error);
    if (status != DUET_OK) return status;
    if (o.size != 0 && (o.size < MIN_SIDE || o.size > MAX_SIDE))
        return duet_fail(error, DUET_BAD_ARGUMENT, "size %d: expected %d to %d", o.size, MIN_SIDE, MAX_SIDE);
    all.segmenter = &o;
    all.width = all.height = o.size;
    all.output_stride = o.output_stride;
    all.cpu = o.cpu;
    all.max_memory = o.max_memory;
    all.precision = o.precision;
    struct duet_segmenter *s = calloc(1, sizeof *s);
    if (!s) return duet_no_memory(error, NULL, "for a segmenter");
    status = duet_front_create(model, DUET_SEGMENTATION, o.head, all, &s->runner, error);
    if (status != DUET_OK) duet_segmenter_close(&s);
    *segmenter = s;
    return status;
}

enum duet_status duet_segmenter_clone(const struct duet_segmenter *segmenter, struct duet_segmenter **clone,
                                      struct duet_error *error)
{
    DUET_NEEDS(clone, error);
    *clone = NULL;
    DUET_NEEDS(segmenter, error);
    struct duet_segmenter *s = calloc(1, sizeof *s);
    if (!s) return duet_no_memory(error, NULL, "for a segmenter");
    enum duet_status status = duet_runner_clone(segmenter->runner, &s->runner, error);
    if (status != DUET_OK) duet_segmenter_close(&s);
    *clone = s;
    return status;
}

void duet_segmenter_close(struct duet_segmenter **segmenter)
{
    if (!segmenter || !*segmenter) return;
    duet_runner_close(&(*segmenter)->runner);
    free(*segmenter);
    *segmenter = NULL;
}

size_t duet_segmenter_bytes(const struct duet_segmenter *segmenter)
{
    return segmenter ? duet_runner_bytes(segmenter->runner) : 0;
}

enum duet_precision duet_segmenter_precision(const struct duet_segmenter *segmenter)
{
    return segmenter ? duet_runner_precision(segmenter->runner) : DUET_PRECISION_MODEL;
}

enum duet_status duet_segmenter_run(struct duet_segmenter *segmenter, const struct duet_image *image,
                                    const struct duet_run_options *options,
                                    struct duet_segmentation *segmentation, struct duet_error *error)
{
    DUET_NEEDS(segmentation, error);
    *segmentation = (struct duet_segmentation){0};
    DUET_NEEDS(segmenter, error);
    struct duet_results *results;
    enum duet_status status = duet_runner_run(segmenter->runner, image, options, &results, error);
    *segmentation = duet_results_take_segmentation(results);
    duet_results_close(&results);
    return status;
}
