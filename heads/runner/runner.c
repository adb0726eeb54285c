#include "duet/runner.h"

#include "core/abi.h"
#include "core/fail.h"
#include "core/kept.h"
#include "heads/kinds.h"
#include "runner/pass.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SIDE 8192

struct duet_runner {
    struct duet_model *model;
    size_t max_memory;
    enum duet_precision precision;
    struct pass *passes; /* [pass_count] */
    int pass_count, result_count;
    atomic_bool busy;
    bool has_run; /* and its outputs are still in the sessions */
};

/* --- options -------------------------------------------------------------------------------------------- */

static enum duet_status check_side(const char *name, int value, struct duet_error *error)
{
    if (value >= 0 && value <= MAX_SIDE) return DUET_OK;
    return duet_fail(error, DUET_BAD_ARGUMENT, "%s %d: expected 0 to %d", name, value, MAX_SIDE);
}

static enum duet_status check_options(const struct duet_runner_options *o, const struct answer_options *a,
                                      struct duet_error *error)
{
    enum duet_status status = duet_detection_check(&a->detector, error);
    if (status == DUET_OK) status = duet_segmentation_check(&a->segmenter, error);
    if (status == DUET_OK) status = check_side("width", o->width, error);
    if (status == DUET_OK) status = check_side("height", o->height, error);
    if (status != DUET_OK) return status;
    if (o->output_stride != 0 && o->output_stride != 8 && o->output_stride != 16 && o->output_stride != 32)
        return duet_fail(error, DUET_BAD_ARGUMENT, "output_stride %d: expected 8, 16 or 32",
                         o->output_stride);
    if (o->top < 1 || o->top > 100000)
        return duet_fail(error, DUET_BAD_ARGUMENT, "top %d: expected 1 to 100000", o->top);
    if (o->head_count < 0 || (o->heads && o->head_count == 0))
        return duet_fail(error, DUET_BAD_ARGUMENT, "head_count %d: expected 1 or more", o->head_count);
    return DUET_OK;
}

static enum duet_status read_options(const struct duet_runner_options *given, struct duet_runner_options *o,
                                     struct answer_options *a, struct duet_error *error)
{
    static const struct duet_runner_options defaults = DUET_RUNNER_OPTIONS;
    static const struct duet_detector_options detector = DUET_DETECTOR_OPTIONS;
    static const struct duet_segmenter_options segmenter = DUET_SEGMENTER_OPTIONS;
    enum duet_status status = duet_options_copy(o, sizeof *o, &defaults, given, "runner options", error);
    if (status == DUET_OK)
        status = duet_options_copy(&a->detector, sizeof a->detector, &detector, o->detector,
                                   "detector options", error);
    if (status == DUET_OK)
        status = duet_options_copy(&a->segmenter, sizeof a->segmenter, &segmenter, o->segmenter,
                                   "segmenter options", error);
    a->top = o->top;
    return status == DUET_OK ? check_options(o, a, error) : status;
}

/* --- which heads, in which passes ----------------------------------------------------------------------- */

static struct pass *find_pass(struct duet_runner *r, const struct duet_head_input *input, int output_stride)
{
    for (int i = 0; i < r->pass_count; i++)
        if (duet_pass_fits(&r->passes[i], input, output_stride)) return &r->passes[i];
    return NULL;
}

static void set_scales(struct pass *pass, enum duet_head_task task, const struct duet_segmenter_options *o)
{
    pass->scale_count = 1;
    pass->scales[0] = 1;
    if (task != DUET_SEGMENTATION) return;
    pass->grows = o->no_resize;
    pass->flip = o->flip;
    if (o->scales) pass->scale_count = o->scale_count;
    for (int i = 0; o->scales && i < o->scale_count; i++) pass->scales[i] = o->scales[i];
}

/* Into a pass that it may share, else into one of its own. */
static enum duet_status want(struct duet_runner *r, const struct duet_head *head,
                             const struct duet_runner_options *o, const struct answer_options *a,
                             struct duet_error *error)
{
    struct pass fresh = {.input = head->input};
    int stride = o->output_stride ? o->output_stride : head->output_stride;
    if (o->width) fresh.input.width = o->width;
    if (o->height) fresh.input.height = o->height;
    fresh.sizes =
        (struct sizes){.model = r->model, .output_stride = stride, .cpu = o->cpu, .precision = r->precision};
    set_scales(&fresh, duet_head_task(head->kind), &a->segmenter);
    struct pass *pass =
        duet_pass_fits(&fresh, &fresh.input, stride) ? find_pass(r, &fresh.input, stride) : NULL;
    if (!pass) {
        struct pass *passes = realloc(r->passes, ((size_t)r->pass_count + 1) * sizeof *passes);
        if (!passes) return duet_no_memory(error, NULL, "for passes");
        r->passes = passes;
        pass = &passes[r->pass_count++];
        *pass = fresh;
    }
    return duet_pass_add(pass, head, r->result_count++, error);
}

static enum duet_status choose(struct duet_runner *r, const struct duet_runner_options *o,
                               const struct answer_options *a, struct duet_error *error)
{
    char text[DUET_HEAD_NAMES];
    enum duet_status status = DUET_OK;
    int count = o->heads ? o->head_count : duet_model_head_count(r->model);
    for (int i = 0; status == DUET_OK && i < count; i++) {
        const struct duet_head *head = duet_model_head(r->model, i);
        if (o->heads && !o->heads[i]) return duet_fail(error, DUET_BAD_ARGUMENT, "heads[%d] is NULL", i);
        if (o->heads) head = duet_model_find_head(r->model, o->heads[i]);
        status = head ? want(r, head, o, a, error)
                      : duet_fail(error, DUET_NOT_FOUND, "head '%.100s': the model has %s", o->heads[i],
                                  duet_model_head_names(r->model, text));
    }
    return status;
}

/* Flags go by the labels of one head. */
static enum duet_status check_flags(const struct duet_runner *r, const struct answer_options *a,
                                    struct duet_error *error)
{
    int count[DUET_CLASSIFICATION + 1] = {0};
    for (int i = 0; i < r->pass_count; i++)
        for (int k = 0; k < r->passes[i].reader_count; k++)
            count[duet_head_task(r->passes[i].readers[k].head->kind)]++;
    if (count[DUET_DETECTION] > 1 && (a->detector.classes || a->detector.thresholds))
        return duet_fail(error, DUET_BAD_ARGUMENT, "classes, thresholds: %d wanted heads detect",
                         count[DUET_DETECTION]);
    if (count[DUET_SEGMENTATION] > 1 && a->segmenter.classes)
        return duet_fail(error, DUET_BAD_ARGUMENT, "classes: %d wanted heads segment",
                         count[DUET_SEGMENTATION]);
    return DUET_OK;
}

/* --- making --------------------------------------------------------------------------------------------- */

size_t duet_runner_bytes(const struct duet_runner *runner)
{
    size_t bytes = 0;
    for (int i = 0; runner && i < runner->pass_count; i++)
        bytes += duet_sizes_bytes(&runner->passes[i].sizes);
    return bytes;
}

/* What the other passes leave; at least a byte, which is too little. */
static size_t budget(const struct duet_runner *r, const struct pass *pass)
{
    if (r->max_memory == 0) return 0;
    size_t others = duet_runner_bytes(r) - duet_sizes_bytes(&pass->sizes);
    return others < r->max_memory ? r->max_memory - others : 1;
}

enum duet_status duet_runner_create(const struct duet_model *model, const struct duet_runner_options *options,
                                    struct duet_runner **runner, struct duet_error *error)
{
    DUET_NEEDS(runner, error);
    *runner = NULL;
    DUET_NEEDS(model, error);
    struct duet_runner_options o;
    struct answer_options answers;
    enum duet_status status = read_options(options, &o, &answers, error);
    if (status != DUET_OK) return status;
    struct duet_runner *r = calloc(1, sizeof *r);
    if (!r) return duet_no_memory(error, NULL, "for a runner");
    r->model = duet_model_retain(model);
    r->max_memory = o.max_memory;
    r->precision = o.precision != DUET_PRECISION_MODEL ? o.precision : duet_model_config(model)->precision;
    status = choose(r, &o, &answers, error);
    if (status == DUET_OK) status = check_flags(r, &answers, error);
    for (int i = 0; i < r->pass_count && status == DUET_OK; i++)
        status = duet_pass_make(&r->passes[i], &answers, budget(r, &r->passes[i]), error);
    if (status != DUET_OK) duet_runner_close(&r);
    *runner = r;
    return status;
}

static enum duet_status take(struct duet_runner *r, struct duet_error *error)
{
    if (!atomic_exchange(&r->busy, true)) return DUET_OK;
    return duet_fail(error, DUET_BUSY, "in use by another thread: each needs a clone of its own");
}

static void give_back(struct duet_runner *r)
{
    atomic_store(&r->busy, false);
}

static enum duet_status clone_passes(const struct duet_runner *r, struct duet_runner *c,
                                     struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    c->passes = calloc((size_t)r->pass_count, sizeof *c->passes);
    if (!c->passes) return duet_no_memory(error, NULL, "for passes");
    for (; status == DUET_OK && c->pass_count < r->pass_count; c->pass_count++) {
        const struct pass *from = &r->passes[c->pass_count];
        status = duet_pass_clone(from, &c->passes[c->pass_count], budget(r, from), error);
    }
    return status;
}

enum duet_status duet_runner_clone(const struct duet_runner *runner, struct duet_runner **clone,
                                   struct duet_error *error)
{
    DUET_NEEDS(clone, error);
    *clone = NULL;
    DUET_NEEDS(runner, error);
    struct duet_runner *const r = (struct duet_runner *)runner; /* but for `busy` it stays as it is */
    enum duet_status status = take(r, error);
    if (status != DUET_OK) return status;
    struct duet_runner *c = calloc(1, sizeof *c);
    if (c) {
        c->model = duet_model_retain(r->model);
        c->max_memory = r->max_memory;
        c->precision = r->precision;
        c->result_count = r->result_count;
        status = clone_passes(r, c, error);
    } else {
        status = duet_no_memory(error, NULL, "for a runner");
    }
    give_back(r);
    if (status != DUET_OK) duet_runner_close(&c);
    *clone = c;
    return status;
}

void duet_runner_close(struct duet_runner **runner)
{
    if (!runner || !*runner) return;
    struct duet_runner *r = *runner;
    for (int i = 0; i < r->pass_count; i++) duet_pass_close(&r->passes[i]);
    free(r->passes);
    duet_model_close(&r->model);
    free(r);
    *runner = NULL;
}

enum duet_precision duet_runner_precision(const struct duet_runner *runner)
{
    return runner ? runner->precision : DUET_PRECISION_MODEL;
}

int duet_runner_pass_count(const struct duet_runner *runner)
{
    int count = 0;
    for (int i = 0; runner && i < runner->pass_count; i++)
        count += runner->passes[i].scale_count * (runner->passes[i].flip ? 2 : 1);
    return count;
}

/* --- running -------------------------------------------------------------------------------------------- */

/* Labels stay valid as long as what they stand in. */
static void own(const struct duet_runner *r, struct duet_results *results)
{
    struct duet_kept *model = duet_model_kept(r->model);
    for (int i = 0; i < results->count; i++) {
        struct head_result *at = &results->items[i];
        if (at->detections.items) at->detections.owner = duet_kept_retain(model);
        if (at->segmentation.segments.items) at->segmentation.segments.owner = duet_kept_retain(model);
        if (at->classes.items) at->classes.owner = duet_kept_retain(model);
    }
}

static enum duet_status run_passes(struct duet_runner *r, const struct duet_image *image,
                                   const struct duet_run_options *options, struct duet_results **results,
                                   struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    *results = duet_results_create(r->result_count);
    if (!*results) return duet_no_memory(error, NULL, "for results");
    (*results)->owner = duet_kept_retain(duet_model_kept(r->model));
    for (int i = 0; i < r->pass_count; i++)
        for (int k = 0; k < r->passes[i].reader_count; k++)
            (*results)->items[r->passes[i].readers[k].result].head = r->passes[i].readers[k].head;
    for (int i = 0; i < r->pass_count && status == DUET_OK; i++)
        status =
            duet_pass_run(&r->passes[i], image, options, budget(r, &r->passes[i]), (*results)->items, error);
    if (status == DUET_OK)
        own(r, *results);
    else
        duet_results_close(results);
    return status;
}

static enum duet_status run(struct duet_runner *r, const struct duet_image *image,
                            const struct duet_run_options *given, struct duet_results **results,
                            struct duet_error *error)
{
    static const struct duet_run_options defaults = DUET_RUN_OPTIONS;
    struct duet_run_options options;
    struct duet_pool single = duet_pool_single();
    enum duet_status status = duet_image_check(image, DUET_RGB8, error);
    if (status == DUET_OK)
        status = duet_options_copy(&options, sizeof options, &defaults, given, "run options", error);
    if (status == DUET_OK) status = duet_pool_check(options.pool, DUET_MAX_THREADS, error);
    if (status != DUET_OK) return status;
    if (!options.pool) options.pool = &single;
    return run_passes(r, image, &options, results, error);
}

enum duet_status duet_runner_run(struct duet_runner *runner, const struct duet_image *image,
                                 const struct duet_run_options *options, struct duet_results **results,
                                 struct duet_error *error)
{
    DUET_NEEDS(results, error);
    *results = NULL;
    DUET_NEEDS(runner, error);
    enum duet_status status = take(runner, error);
    if (status != DUET_OK) return status;
    status = run(runner, image, options, results, error);
    runner->has_run = status == DUET_OK;
    give_back(runner);
    return status;
}

static const struct pass *detecting(const struct duet_runner *r, const struct reader **reader)
{
    const struct pass *pass = NULL;
    *reader = NULL;
    for (int i = 0; i < r->pass_count; i++)
        for (int k = 0; k < r->passes[i].reader_count; k++) {
            const struct reader *at = &r->passes[i].readers[k];
            if (at->kind != &duet_detection_reader || (*reader && at->result > (*reader)->result)) continue;
            *reader = at;
            pass = &r->passes[i];
        }
    return pass;
}

enum duet_status duet_runner_suppressed(struct duet_runner *runner, const struct duet_detections *detections,
                                        struct duet_suppressions *suppressions, struct duet_error *error)
{
    DUET_NEEDS(suppressions, error);
    *suppressions = (struct duet_suppressions){0};
    DUET_NEEDS(runner, error);
    DUET_NEEDS(detections, error);
    const struct reader *reader;
    enum duet_status status = take(runner, error);
    if (status != DUET_OK) return status;
    const struct pass *pass = detecting(runner, &reader);
    if (!pass)
        status = duet_fail(error, DUET_BAD_ARGUMENT, "no wanted head detects");
    else if (!runner->has_run)
        status = duet_fail(error, DUET_BAD_ARGUMENT, "nothing was run yet, or the last run failed");
    else
        status =
            duet_detection_suppressed(reader->memory, &pass->sizes.items[0], detections, suppressions, error);
    give_back(runner);
    return status;
}
