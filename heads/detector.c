#include "duet/detector.h"

#include "core/abi.h"
#include "core/fail.h"
#include "core/labels.h"
#include "heads/preprocess.h"
#include "network/kernels.h"
#include "runner.h"
#include "ssdlite/decode.h"

#include <stdio.h>
#include <stdlib.h>

struct duet_detector {
    struct runner runner;
    struct preprocess preprocess;
    struct duet_ssdlite_decoder *decoder;
    struct duet_labels labels;    /* borrowed from the model */
    struct duet_affine to_pixels; /* of the last run */
    bool has_run;                 /* and its outputs are still in the session */
};

/* --- creating ------------------------------------------------------------------------------------------- */

static enum duet_status check_fraction(const char *name, float value, struct duet_error *error)
{
    if (value >= 0 && value <= 1) return DUET_OK;
    return duet_fail(error, DUET_BAD_ARGUMENT, "%s %g: expected 0 to 1", name, (double)value);
}

static enum duet_status check_count(const char *name, int value, int most, struct duet_error *error)
{
    if (value >= 0 && value <= most) return DUET_OK;
    return duet_fail(error, DUET_BAD_ARGUMENT, "%s %d: expected 0 to %d", name, value, most);
}

static enum duet_status check_options(const struct duet_detector_options *o, struct duet_error *error)
{
    enum duet_status status = check_fraction("threshold", o->threshold, error);
    if (status == DUET_OK) status = check_fraction("nms_iou", o->nms_iou, error);
    if (status == DUET_OK) status = check_count("max_per_class", o->max_per_class, 100000, error);
    if (status == DUET_OK) status = check_count("max_detections", o->max_detections, 100000, error);
    if (status == DUET_OK) status = check_count("input_width", o->input_width, 8192, error);
    if (status == DUET_OK) status = check_count("input_height", o->input_height, 8192, error);
    return status;
}

static void get_maps(const struct duet_detector *d, struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS])
{
    for (int m = 0; m < DUET_SSDLITE_MAPS; m++) {
        char name[32];
        struct duet_view boxes, logits; /* there: the head made them */
        snprintf(name, sizeof name, "ssdlite.box%d", m);
        duet_session_output(d->runner.session, name, &boxes, NULL);
        snprintf(name, sizeof name, "ssdlite.class%d", m);
        duet_session_output(d->runner.session, name, &logits, NULL);
        maps[m].boxes = boxes.data;
        maps[m].logits = logits.data;
        maps[m].height = (int)boxes.shape.dims[1];
        maps[m].width = (int)boxes.shape.dims[2];
    }
}

/* What a detector has for itself: session, resizing, decoder. */
static enum duet_status make_memory(struct duet_detector *d, int threads,
                                    const struct duet_ssdlite_decoder_options *decode,
                                    struct duet_error *error)
{
    int height = d->runner.height, width = d->runner.width;
    enum duet_status status = duet_runner_prepare(&d->runner, threads, error);
    if (status == DUET_OK)
        status = duet_preprocess_create(DUET_STRETCH, height, width, &d->preprocess, error);
    if (status != DUET_OK) return status;
    struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS];
    get_maps(d, maps);
    return duet_ssdlite_decoder_create(decode, maps, height, width, &d->decoder, error);
}

/* What was asked for by label, by class column: selected and thresholds are [classes + 1], zeroed. */
static enum duet_status by_class(const struct duet_model_config *config,
                                 const struct duet_detector_options *o, bool *selected, float *thresholds,
                                 struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    for (int c = 0; c <= config->ssdlite.classes; c++) {
        selected[c] = !o->classes;
        thresholds[c] = o->threshold;
    }
    for (size_t i = 0; status == DUET_OK && i < config->ssdlite_labels.count; i++) {
        int id = config->ssdlite_labels.items[i].id;
        if (o->classes) selected[id] = o->classes[i];
        if (!o->thresholds) continue;
        status = check_fraction("thresholds[]", o->thresholds[i], error);
        thresholds[id] = o->thresholds[i];
    }
    return status;
}

static enum duet_status set_up(struct duet_detector *d, const struct duet_model *model,
                               const struct duet_detector_options *o, struct duet_error *error)
{
    const struct duet_model_config *config = duet_model_config(model);
    size_t columns = (size_t)config->ssdlite.classes + 1;
    bool *selected = calloc(columns, sizeof *selected);
    float *thresholds = calloc(columns, sizeof *thresholds);
    const struct duet_compile_options compile = {
        .struct_size = sizeof compile,
        .height = o->input_height ? o->input_height : config->input_height,
        .width = o->input_width ? o->input_width : config->input_width,
        .cpu = o->cpu,
        .max_memory = o->max_memory};
    const struct duet_ssdlite_decoder_options decode = {
        .classes = config->ssdlite.classes,
        .nms_iou = o->nms_iou > 0 ? o->nms_iou : 0.6f,
        .max_per_class = o->max_per_class ? o->max_per_class : 100,
        .max_detections = o->max_detections ? o->max_detections : 100,
        .selected = selected,
        .thresholds = thresholds};
    enum duet_status status = DUET_OK;
    d->labels = config->ssdlite_labels;
    if (!selected || !thresholds) status = duet_no_memory(error, NULL, "for a detector");
    if (status == DUET_OK) status = by_class(config, o, selected, thresholds, error);
    if (status == DUET_OK) status = duet_runner_compile(model, 0, &compile, &d->runner, error);
    if (status == DUET_OK) status = make_memory(d, 1, &decode, error);
    free(selected);
    free(thresholds);
    return status;
}

enum duet_status duet_detector_create(const struct duet_model *model,
                                      const struct duet_detector_options *options,
                                      struct duet_detector **detector, struct duet_error *error)
{
    DUET_NEEDS(detector, error);
    *detector = NULL;
    DUET_NEEDS(model, error);
    const struct duet_model_config *config = duet_model_config(model);
    static const struct duet_detector_options defaults = {.struct_size = sizeof defaults};
    struct duet_detector_options o;
    enum duet_status status = duet_options_copy(&o, sizeof o, &defaults, options, "detector options", error);
    if (status == DUET_OK) status = check_options(&o, error);
    if (status != DUET_OK) return status;
    if (!config->has_ssdlite)
        return duet_fail(error, DUET_UNSUPPORTED, "the model (%s) has no SSDLite head", config->architecture);
    if (!(o.threshold > 0)) o.threshold = 0.5f;
    *detector = calloc(1, sizeof **detector);
    if (!*detector) return duet_no_memory(error, NULL, "for a detector");
    status = set_up(*detector, model, &o, error);
    if (status != DUET_OK) duet_detector_close(detector);
    return status;
}

enum duet_status duet_detector_clone(const struct duet_detector *detector, struct duet_detector **clone,
                                     struct duet_error *error)
{
    DUET_NEEDS(clone, error);
    *clone = NULL;
    DUET_NEEDS(detector, error);
    *clone = calloc(1, sizeof **clone);
    if (!*clone) return duet_no_memory(error, NULL, "for a detector");
    (*clone)->runner = duet_runner_share(&detector->runner);
    (*clone)->labels = detector->labels;
    enum duet_status status = make_memory(*clone, detector->runner.threads,
                                          duet_ssdlite_decoder_options_of(detector->decoder), error);
    if (status != DUET_OK) duet_detector_close(clone);
    return status;
}

void duet_detector_close(struct duet_detector **detector)
{
    if (!detector || !*detector) return;
    struct duet_detector *d = *detector;
    duet_ssdlite_decoder_close(&d->decoder);
    duet_preprocess_close(&d->preprocess);
    duet_runner_close(&d->runner);
    free(d);
    *detector = NULL;
}

size_t duet_detector_bytes(const struct duet_detector *detector)
{
    if (!detector) return 0;
    const struct runner *r = &detector->runner;
    return duet_compiled_arena_bytes(r->compiled) +
           duet_compiled_scratch_bytes(r->compiled) * (size_t)r->threads;
}

/* --- running -------------------------------------------------------------------------------------------- */

enum duet_status duet_detector_run(struct duet_detector *detector, const struct duet_image *image,
                                   const struct duet_pool *pool, struct duet_detections *detections,
                                   struct duet_error *error)
{
    DUET_NEEDS(detections, error);
    *detections = (struct duet_detections){0};
    DUET_NEEDS(detector, error);
    struct duet_detector *const d = detector;
    d->has_run = false;
    enum duet_status status = duet_image_check(image, DUET_RGB8, error);
    if (status == DUET_OK) status = duet_pool_check(pool, DUET_MAX_THREADS, error);
    struct duet_pool single = duet_pool_single();
    if (!pool) pool = &single;
    if (status == DUET_OK) status = duet_runner_prepare(&d->runner, pool->threads, error);
    if (status != DUET_OK) return status;
    struct duet_view input;
    status = duet_session_input(d->runner.session, NULL, &input, error);
    if (status != DUET_OK) return status;
    d->to_pixels = duet_preprocess_run(&d->preprocess, duet_compiled_kernels(d->runner.compiled), image, pool,
                                       input.data);
    const struct duet_run_options run = {.struct_size = sizeof run, .pool = pool};
    status = duet_session_run(d->runner.session, &run, error);
    if (status != DUET_OK) return status;
    struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS];
    get_maps(d, maps);
    status = duet_ssdlite_decode(d->decoder, maps, d->to_pixels, detections, error);
    d->has_run = status == DUET_OK;
    for (size_t i = 0; i < detections->count; i++)
        detections->items[i].label = duet_labels_name(&d->labels, detections->items[i].category_id);
    return status;
}

enum duet_status duet_detector_suppressed(struct duet_detector *detector,
                                          const struct duet_detections *detections,
                                          struct duet_suppressions *suppressions, struct duet_error *error)
{
    DUET_NEEDS(suppressions, error);
    *suppressions = (struct duet_suppressions){0};
    DUET_NEEDS(detector, error);
    DUET_NEEDS(detections, error);
    struct duet_detector *const d = detector;
    if (!d->has_run)
        return duet_fail(error, DUET_BAD_ARGUMENT, "the detector has not run, or its last run failed");
    struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS];
    get_maps(d, maps);
    return duet_ssdlite_suppressed(d->decoder, maps, d->to_pixels, detections, suppressions, error);
}
