#include "duet/segmenter.h"

#include "core/abi.h"
#include "core/fail.h"
#include "deeplabv3/masks.h"
#include "heads/preprocess.h"
#include "network/kernels.h"
#include "runner.h"

#include <stdlib.h>
#include <string.h>

#define OUTPUT      "deeplabv3.logits"
#define MIN_SIDE    33
#define MAX_SIDE    8192
#define MAX_RUNNERS 8   /* input sizes kept compiled: one a scale; with no_resize, sizes come and go */
#define MAX_CLASSES 256 /* of any model, see duet_deeplabv3_build */

struct duet_segmenter {
    const struct duet_model *model;
    struct duet_segmenter_options options; /* defaults filled in; its pointers are gone, but cpu */
    float scales[DUET_SEGMENTER_MAX_SCALES];
    bool wanted[MAX_CLASSES];
    bool mean; /* of probabilities over several passes, or one that is not the plain one */
    struct runner runners[MAX_RUNNERS]; /* of different input sizes, which share one set of packed weights */
    int runner_count, next_runner;
};

/* --- input sizes --------------------------------------------------------------------------------------- */

size_t duet_segmenter_bytes(const struct duet_segmenter *segmenter)
{
    size_t bytes = 0;
    for (int i = 0; segmenter && i < segmenter->runner_count; i++)
        bytes += duet_compiled_arena_bytes(segmenter->runners[i].compiled);
    return bytes;
}

/* What the budget leaves for a runner in that slot, beside those in the others; at least a byte, which is too
 * little. 0: there is no budget. */
static size_t memory_left(const struct duet_segmenter *s, int slot)
{
    if (s->options.max_memory == 0) return 0;
    size_t used = duet_segmenter_bytes(s);
    if (slot < s->runner_count) used -= duet_compiled_arena_bytes(s->runners[slot].compiled);
    return used < s->options.max_memory ? s->options.max_memory - used : 1;
}

/* Compiles for a new size. */
static enum duet_status add_runner(struct duet_segmenter *s, int height, int width, struct runner **runner,
                                   struct duet_error *error)
{
    int slot = s->runner_count < MAX_RUNNERS ? s->runner_count : s->next_runner % MAX_RUNNERS;
    const struct duet_segmenter *lender = s->runner_count ? s : s->options.weights_of;
    const struct duet_compile_options options = {.struct_size = sizeof options,
                                                 .height = height,
                                                 .width = width,
                                                 .cpu = s->options.cpu,
                                                 .weights_of = lender ? lender->runners[0].compiled : NULL,
                                                 .max_memory = memory_left(s, slot)};
    struct runner fresh;
    enum duet_status status =
        duet_runner_compile(s->model, s->options.output_stride, &options, &fresh, error);
    if (status != DUET_OK) return status;
    if (slot == s->runner_count)
        s->runner_count++;
    else
        s->next_runner++;
    *runner = &s->runners[slot];
    duet_runner_close(*runner);
    **runner = fresh;
    return DUET_OK;
}

/* The runner for an input size, with a session for `threads` workers. */
static enum duet_status find_runner(struct duet_segmenter *s, int height, int width, int threads,
                                    struct runner **runner, struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    *runner = NULL;
    for (int i = 0; i < s->runner_count && !*runner; i++)
        if (s->runners[i].height == height && s->runners[i].width == width) *runner = &s->runners[i];
    if (!*runner) status = add_runner(s, height, width, runner, error);
    return status == DUET_OK ? duet_runner_prepare(*runner, threads, error) : status;
}

/* --- creating ------------------------------------------------------------------------------------------ */

static enum duet_status check_options(const struct duet_segmenter_options *o, struct duet_error *error)
{
    if (o->output_stride != 0 && o->output_stride != 8 && o->output_stride != 16 && o->output_stride != 32)
        return duet_fail(error, DUET_BAD_ARGUMENT, "output_stride %d: expected 8, 16 or 32",
                         o->output_stride);
    if (o->size != 0 && (o->size < MIN_SIDE || o->size > MAX_SIDE))
        return duet_fail(error, DUET_BAD_ARGUMENT, "size %d: expected %d to %d", o->size, MIN_SIDE, MAX_SIDE);
    if (o->scale_count < 0 || o->scale_count > DUET_SEGMENTER_MAX_SCALES ||
        (o->scales && o->scale_count == 0))
        return duet_fail(error, DUET_BAD_ARGUMENT, "scale_count %d: expected 1 to %d", o->scale_count,
                         DUET_SEGMENTER_MAX_SCALES);
    for (int i = 0; o->scales && i < o->scale_count; i++)
        if (!(o->scales[i] >= 0.1f && o->scales[i] <= 4))
            return duet_fail(error, DUET_BAD_ARGUMENT, "scale %g: expected 0.1 to 4", (double)o->scales[i]);
    return DUET_OK;
}

/* Flags by label become flags by class; background is always wanted. */
static void select_classes(const struct duet_model_config *config, const bool *flags, bool *wanted)
{
    for (int c = 0; c < MAX_CLASSES; c++) wanted[c] = !flags || c == 0;
    for (size_t i = 0; flags && i < config->deeplabv3_labels.count; i++)
        if (flags[i]) wanted[config->deeplabv3_labels.items[i].id] = true;
}

enum duet_status duet_segmenter_create(const struct duet_model *model,
                                       const struct duet_segmenter_options *options,
                                       struct duet_segmenter **segmenter, struct duet_error *error)
{
    DUET_NEEDS(segmenter, error);
    *segmenter = NULL;
    DUET_NEEDS(model, error);
    static const struct duet_segmenter_options defaults = {.struct_size = sizeof defaults};
    struct duet_segmenter_options o;
    enum duet_status status = duet_options_copy(&o, sizeof o, &defaults, options, "segmenter options", error);
    if (status == DUET_OK) status = check_options(&o, error);
    if (status != DUET_OK) return status;
    const struct duet_model_config *config = duet_model_config(model);
    if (!config->has_deeplabv3)
        return duet_fail(error, DUET_UNSUPPORTED, "the model (%s) has no DeepLabv3 head",
                         config->architecture);
    if (o.weights_of && o.weights_of->model != model)
        return duet_fail(error, DUET_MISMATCH, "weights_of: a segmenter of another model");
    struct duet_segmenter *s = calloc(1, sizeof *s);
    if (!s) return duet_no_memory(error, NULL, "for a segmenter");
    if (!o.output_stride) o.output_stride = duet_model_output_stride(config);
    if (!o.size)
        o.size = config->input_width > config->input_height ? config->input_width : config->input_height;
    if (!o.scales) o.scale_count = 1;
    for (int i = 0; i < o.scale_count; i++) s->scales[i] = o.scales ? o.scales[i] : 1;
    select_classes(config, o.classes, s->wanted);
    s->model = model;
    s->options = o;
    s->mean = o.flip || o.scale_count > 1 || s->scales[0] != 1;
    struct runner *first;
    status = find_runner(s, o.size, o.size, 1, &first, error);
    if (status == DUET_OK) {
        s->options.cpu = duet_compiled_kernels(first->compiled)->level; /* static, unlike what was given */
        s->options.weights_of = NULL;
        *segmenter = s;
    } else {
        duet_segmenter_close(&s);
    }
    return status;
}

enum duet_status duet_segmenter_clone(const struct duet_segmenter *segmenter, struct duet_segmenter **clone,
                                      struct duet_error *error)
{
    DUET_NEEDS(clone, error);
    *clone = NULL;
    DUET_NEEDS(segmenter, error);
    struct duet_segmenter *s = malloc(sizeof *s);
    if (!s) return duet_no_memory(error, NULL, "for a segmenter");
    *s = *segmenter;
    for (int i = 0; i < s->runner_count; i++) s->runners[i] = duet_runner_share(&segmenter->runners[i]);
    *clone = s;
    return DUET_OK;
}

void duet_segmenter_close(struct duet_segmenter **segmenter)
{
    if (!segmenter || !*segmenter) return;
    for (int i = 0; i < (*segmenter)->runner_count; i++) duet_runner_close(&(*segmenter)->runners[i]);
    free(*segmenter);
    *segmenter = NULL;
}

/* --- one picture --------------------------------------------------------------------------------------- */

/* Everything about one picture. */
struct run {
    struct duet_segmenter *segmenter;
    const struct duet_image *image;
    const struct duet_pool *pool;
    struct placement at;
    struct duet_segmentation_logits *logits;
};

/* The smallest input of k * output stride + 1 pixels that holds `side`. */
static int input_side(const struct duet_segmenter_options *o, int side)
{
    if (!o->no_resize || side <= o->size) return o->size;
    return (side - 1 + o->output_stride - 1) / o->output_stride * o->output_stride + 1;
}

static enum duet_status lay_out(struct run *r, struct duet_error *error)
{
    struct placement *at = &r->at;
    at->input_height = input_side(&r->segmenter->options, r->image->height);
    at->input_width = input_side(&r->segmenter->options, r->image->width);
    if (at->input_width > MAX_SIDE || at->input_height > MAX_SIDE)
        return duet_fail(error, DUET_TOO_LARGE,
                         "picture of %dx%d pixels: without scaling, sides may have up to %d", r->image->width,
                         r->image->height, MAX_SIDE);
    duet_pad_size(r->image, at->input_height, at->input_width, &at->height, &at->width);
    return DUET_OK;
}

static enum duet_status out_of_memory(const struct run *r, struct duet_error *error)
{
    return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory to segment %dx%d pixels", r->image->width,
                     r->image->height);
}

/* At scale 1: [input_height][input_width][3]. */
static enum duet_status make_input(const struct run *r, float *input, struct duet_error *error)
{
    struct preprocess pad;
    if (duet_preprocess_create(DUET_PAD, r->at.input_height, r->at.input_width, &pad, NULL) != DUET_OK)
        return out_of_memory(r, error);
    duet_preprocess_run(&pad, NULL, r->image, r->pool, input);
    duet_preprocess_close(&pad);
    return DUET_OK;
}

/* The network over its input; its logits become one more pass, copied when the session will run again. */
static enum duet_status run_network(struct run *r, const struct runner *runner, bool mirrored, bool copy,
                                    struct duet_error *error)
{
    struct duet_view logits;
    const struct duet_run_options run = {.struct_size = sizeof run, .pool = r->pool};
    enum duet_status status = duet_session_run(runner->session, &run, error);
    if (status == DUET_OK) status = duet_session_output(runner->session, OUTPUT, &logits, error);
    if (status != DUET_OK) return status;
    struct logit_map map = {.logits = logits.data,
                            .height = logits.shape.dims[1],
                            .width = logits.shape.dims[2],
                            .classes = logits.shape.dims[3],
                            .mirrored = mirrored,
                            .upsample = duet_compiled_kernels(runner->compiled)->upsample};
    return duet_segmentation_logits_add(r->logits, &map, copy, &r->at) ? DUET_OK : out_of_memory(r, error);
}

static enum duet_status run_once(struct run *r, struct duet_error *error)
{
    struct runner *runner;
    struct duet_view input;
    enum duet_status status =
        find_runner(r->segmenter, r->at.input_height, r->at.input_width, r->pool->threads, &runner, error);
    if (status == DUET_OK) status = duet_session_input(runner->session, NULL, &input, error);
    if (status == DUET_OK) status = make_input(r, input.data, error);
    return status == DUET_OK ? run_network(r, runner, false, r->segmenter->options.probe, error) : status;
}

/* One scale, one direction. */
static enum duet_status run_scaled(struct run *r, const float *input, float scale, bool mirror,
                                   struct duet_error *error)
{
    struct runner *runner;
    struct duet_view scaled;
    int height = (int)((float)(r->at.input_height - 1) * scale + 1);
    int width = (int)((float)(r->at.input_width - 1) * scale + 1);
    enum duet_status status = find_runner(r->segmenter, height, width, r->pool->threads, &runner, error);
    if (status == DUET_OK) status = duet_session_input(runner->session, NULL, &scaled, error);
    if (status != DUET_OK) return status;
    duet_input_rescale(input, r->at.input_height, r->at.input_width, scaled.data, height, width, mirror,
                       r->pool);
    return run_network(r, runner, mirror, true, error);
}

static enum duet_status run_all_passes(struct run *r, struct duet_error *error)
{
    const struct duet_segmenter *s = r->segmenter;
    size_t pixels = (size_t)r->at.input_height * (size_t)r->at.input_width; /* sides are MAX_SIDE at most */
    float *input = calloc(pixels, 3 * sizeof *input);
    if (!input) return out_of_memory(r, error);
    enum duet_status status = make_input(r, input, error);
    for (int i = 0; i < s->options.scale_count && status == DUET_OK; i++) {
        status = run_scaled(r, input, s->scales[i], false, error);
        if (status == DUET_OK && s->options.flip) status = run_scaled(r, input, s->scales[i], true, error);
    }
    free(input);
    return status;
}

/* --- what is found ------------------------------------------------------------------------------------- */

static enum duet_status make_masks(const struct run *r, struct duet_segmentation *out,
                                   struct duet_error *error)
{
    const struct duet_segmenter *s = r->segmenter;
    struct duet_image *confidence = s->options.confidence ? &out->confidence : NULL;
    int width = r->image->width, height = r->image->height;
    enum duet_status status = duet_image_create(&out->classes, width, height, DUET_GRAY8, error);
    if (status == DUET_OK && confidence)
        status = duet_image_create(confidence, width, height, DUET_GRAY8, error);
    if (status != DUET_OK) return status;
    if (!duet_masks_fill(r->logits, r->pool, &out->classes, confidence)) return out_of_memory(r, error);
    out->segments.items = calloc(r->logits->classes, sizeof *out->segments.items);
    if (!out->segments.items)
        return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for %zu segments", r->logits->classes);
    out->segments.item_size = sizeof *out->segments.items;
    out->segments.count =
        duet_masks_list(r->logits, s->wanted, &out->classes, confidence, out->segments.items);
    return DUET_OK;
}

enum duet_status duet_segmenter_run(struct duet_segmenter *segmenter, const struct duet_image *image,
                                    const struct duet_pool *pool, struct duet_segmentation *segmentation,
                                    struct duet_error *error)
{
    DUET_NEEDS(segmentation, error);
    memset(segmentation, 0, sizeof *segmentation);
    DUET_NEEDS(segmenter, error);
    struct duet_pool single = duet_pool_single();
    const struct duet_model_config *config = duet_model_config(segmenter->model);
    enum duet_status status = duet_image_check(image, DUET_RGB8, error);
    if (status == DUET_OK) status = duet_pool_check(pool, DUET_MAX_THREADS, error);
    if (status != DUET_OK) return status;
    struct run r = {.segmenter = segmenter, .image = image, .pool = pool ? pool : &single};
    status = lay_out(&r, error);
    if (status != DUET_OK) return status;
    r.logits = duet_segmentation_logits_create(2 * segmenter->options.scale_count);
    if (!r.logits) return out_of_memory(&r, error);
    r.logits->mean = segmenter->mean;
    r.logits->width = image->width;
    r.logits->height = image->height;
    r.logits->classes = (size_t)config->deeplabv3.classes;
    r.logits->labels = config->deeplabv3_labels;
    status = segmenter->mean ? run_all_passes(&r, error) : run_once(&r, error);
    if (status == DUET_OK) status = make_masks(&r, segmentation, error);
    if (status == DUET_OK && segmenter->options.probe)
        segmentation->logits = r.logits; /* a probe outlives the run */
    else
        duet_segmentation_logits_close(&r.logits);
    if (status != DUET_OK) duet_segmentation_close(segmentation);
    return status;
}

void duet_segmentation_close(struct duet_segmentation *segmentation)
{
    if (!segmentation) return;
    duet_image_close(&segmentation->classes);
    duet_image_close(&segmentation->confidence);
    duet_segments_close(&segmentation->segments);
    duet_segmentation_logits_close(&segmentation->logits);
}
