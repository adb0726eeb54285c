#include "duet/detector.h"

#include "core/abi.h"
#include "core/fail.h"
#include "core/labels.h"
#include "heads/preprocess.h"
#include "network/kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct duet_detector {
    struct duet_compiled *compiled;
    struct duet_session *session;
    int session_threads;
    int input_width, input_height;
    struct preprocess preprocess;
    struct duet_ssdlite_decoder *decoder;
    struct duet_ssdlite_decoder_options decode; /* points to the two arrays below */
    bool *selected;                             /* [classes + 1], as the next; NULL: not asked for */
    float *thresholds;
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

/* What was asked for by label, by class column. */
static enum duet_status set_classes(struct duet_detector *d, const bool *wanted, const float *thresholds,
                                    struct duet_error *error)
{
    size_t columns = (size_t)d->decode.classes + 1;
    if (wanted) d->selected = calloc(columns, sizeof *d->selected);
    if (thresholds) d->thresholds = calloc(columns, sizeof *d->thresholds);
    if ((wanted && !d->selected) || (thresholds && !d->thresholds))
        return duet_no_memory(error, NULL, "for a detector");
    for (size_t c = 0; thresholds && c < columns; c++) d->thresholds[c] = d->decode.threshold;
    for (size_t i = 0; i < d->labels.count; i++) {
        int id = d->labels.items[i].id;
        if (id < 1 || id > d->decode.classes) continue;
        if (wanted) d->selected[id] = wanted[i];
        if (!thresholds) continue;
        enum duet_status status = check_fraction("thresholds[]", thresholds[i], error);
        if (status != DUET_OK) return status;
        d->thresholds[id] = thresholds[i];
    }
    d->decode.selected = d->selected;
    d->decode.thresholds = d->thresholds;
    return DUET_OK;
}

/* The same arrays for a clone. */
static enum duet_status copy_classes(struct duet_detector *d, const struct duet_detector *original,
                                     struct duet_error *error)
{
    size_t columns = (size_t)d->decode.classes + 1;
    if (original->selected) d->selected = malloc(columns * sizeof *d->selected);
    if (original->thresholds) d->thresholds = malloc(columns * sizeof *d->thresholds);
    d->decode.selected = d->selected;
    d->decode.thresholds = d->thresholds;
    if ((original->selected && !d->selected) || (original->thresholds && !d->thresholds))
        return duet_no_memory(error, NULL, "for a detector");
    if (d->selected) memcpy(d->selected, original->selected, columns * sizeof *d->selected);
    if (d->thresholds) memcpy(d->thresholds, original->thresholds, columns * sizeof *d->thresholds);
    return DUET_OK;
}

static void get_maps(const struct duet_detector *d, struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS])
{
    for (int m = 0; m < DUET_SSDLITE_MAPS; m++) {
        char name[32];
        struct duet_shape shape;
        snprintf(name, sizeof name, "ssdlite.box%d", m);
        maps[m].boxes = duet_session_output(d->session, name, &shape);
        snprintf(name, sizeof name, "ssdlite.class%d", m);
        maps[m].logits = duet_session_output(d->session, name, NULL);
        maps[m].height = (int)shape.dims[1];
        maps[m].width = (int)shape.dims[2];
    }
}

/* What a detector has for itself: session, resizing, decoder. Needs compiled, sizes and decode options. */
static enum duet_status make_memory(struct duet_detector *d, int threads, struct duet_error *error)
{
    enum duet_status status = duet_session_create(d->compiled, threads, &d->session, error);
    if (status != DUET_OK) return status;
    d->session_threads = threads;
    status = duet_preprocess_create(DUET_STRETCH, d->input_height, d->input_width, &d->preprocess, error);
    if (status != DUET_OK) return status;
    struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS];
    get_maps(d, maps);
    return duet_ssdlite_decoder_create(&d->decode, maps, d->input_height, d->input_width, &d->decoder, error);
}

static enum duet_status compile_model(struct duet_detector *d, const struct duet_model *model,
                                      const struct duet_detector_options *o, struct duet_error *error)
{
    struct duet_network *network = NULL;
    enum duet_status status = duet_model_network(duet_model_config(model), 0, &network, error);
    if (status == DUET_OK)
        status =
            duet_compile(network, duet_model_weights(model),
                         &(struct duet_compile_options){.struct_size = sizeof(struct duet_compile_options),
                                                        .height = d->input_height,
                                                        .width = d->input_width,
                                                        .cpu = o->cpu,
                                                        .max_memory = o->max_memory},
                         &d->compiled, error);
    duet_network_close(&network);
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
    struct duet_detector_options o;
    enum duet_status status = duet_options_copy(&o, sizeof o, options, "detector", error);
    if (status == DUET_OK) status = check_options(&o, error);
    if (status != DUET_OK) return status;
    if (!config->has_ssdlite)
        return duet_fail(error, DUET_UNSUPPORTED, "the model (%s) has no SSDLite head", config->architecture);
    struct duet_detector *d = calloc(1, sizeof *d);
    if (!d) return duet_no_memory(error, NULL, "for a detector");
    d->input_width = o.input_width ? o.input_width : config->input_width;
    d->input_height = o.input_height ? o.input_height : config->input_height;
    d->labels = config->ssdlite_labels;
    d->decode = (struct duet_ssdlite_decoder_options){
        .classes = config->ssdlite.classes,
        .threshold = o.threshold > 0 ? o.threshold : 0.5f,
        .nms_iou = o.nms_iou > 0 ? o.nms_iou : 0.6f,
        .max_per_class = o.max_per_class ? o.max_per_class : 100,
        .max_detections = o.max_detections ? o.max_detections : 100,
    };
    status = set_classes(d, o.classes, o.thresholds, error);
    if (status == DUET_OK) status = compile_model(d, model, &o, error);
    if (status == DUET_OK) status = make_memory(d, 1, error);
    if (status == DUET_OK)
        *detector = d;
    else
        duet_detector_close(&d);
    return status;
}

enum duet_status duet_detector_clone(const struct duet_detector *detector, struct duet_detector **clone,
                                     struct duet_error *error)
{
    DUET_NEEDS(clone, error);
    *clone = NULL;
    DUET_NEEDS(detector, error);
    const struct duet_detector *const original = detector;
    struct duet_detector *d = calloc(1, sizeof *d);
    if (!d) return duet_no_memory(error, NULL, "for a detector");
    d->compiled = duet_compiled_retain(original->compiled);
    d->input_width = original->input_width;
    d->input_height = original->input_height;
    d->labels = original->labels;
    d->decode = original->decode;
    enum duet_status status = copy_classes(d, original, error);
    if (status == DUET_OK) status = make_memory(d, original->session_threads, error);
    if (status == DUET_OK)
        *clone = d;
    else
        duet_detector_close(&d);
    return status;
}

void duet_detector_close(struct duet_detector **detector)
{
    if (!detector || !*detector) return;
    struct duet_detector *d = *detector;
    duet_ssdlite_decoder_close(&d->decoder);
    duet_preprocess_close(&d->preprocess);
    duet_session_close(&d->session);
    duet_compiled_close(&d->compiled);
    free(d->selected);
    free(d->thresholds);
    free(d);
    *detector = NULL;
}

size_t duet_detector_bytes(const struct duet_detector *detector)
{
    if (!detector) return 0;
    if (!detector) return 0;
    return duet_compiled_arena_bytes(detector->compiled) +
           duet_compiled_scratch_bytes(detector->compiled) * (size_t)detector->session_threads;
}

/* --- running -------------------------------------------------------------------------------------------- */

/* Scratch memory for more workers than any run so far. */
static enum duet_status grow_session(struct duet_detector *d, int threads, struct duet_error *error)
{
    if (threads <= d->session_threads) return DUET_OK;
    struct duet_session *larger;
    enum duet_status status = duet_session_create(d->compiled, threads, &larger, error);
    if (status != DUET_OK) return status;
    duet_session_close(&d->session);
    d->session = larger;
    d->session_threads = threads;
    return DUET_OK;
}

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
    if (status == DUET_OK) status = grow_session(d, pool->threads, error);
    if (status != DUET_OK) return status;
    d->to_pixels = duet_preprocess_run(&d->preprocess, duet_compiled_kernels(d->compiled), image, pool,
                                       duet_session_input(d->session));
    status = duet_session_run(d->session, pool, error);
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
