#include "core/fail.h"
#include "core/labels.h"
#include "runner/reader.h"
#include "ssdlite/decode.h"

#include <stdio.h>
#include <stdlib.h>

struct detection {
    const struct duet_head *head;
    struct duet_ssdlite_decoder *decoder;
    struct duet_ssdlite_map sizes[DUET_SSDLITE_MAPS];
    int input_height, input_width;
    struct duet_affine to_pixels; /* of the last picture */
};

/* --- options -------------------------------------------------------------------------------------------- */

static enum duet_status check_fraction(const char *name, float value, struct duet_error *error)
{
    if (value >= 0 && value <= 1) return DUET_OK;
    return duet_fail(error, DUET_BAD_ARGUMENT, "%s %g: expected 0 to 1", name, (double)value);
}

static enum duet_status check_count(const char *name, int value, struct duet_error *error)
{
    if (value >= 1 && value <= 100000) return DUET_OK;
    return duet_fail(error, DUET_BAD_ARGUMENT, "%s %d: expected 1 to 100000 (DUET_DETECTOR_OPTIONS has 100)",
                     name, value);
}

enum duet_status duet_detection_check(const struct duet_detector_options *options, struct duet_error *error)
{
    enum duet_status status = check_fraction("threshold", options->threshold, error);
    if (status == DUET_OK) status = check_fraction("nms_iou", options->nms_iou, error);
    if (status == DUET_OK) status = check_count("max_per_class", options->max_per_class, error);
    if (status == DUET_OK) status = check_count("max_detections", options->max_detections, error);
    return status;
}

/* What was asked for by label, by class column: selected and thresholds are [classes + 1], zeroed. */
static enum duet_status by_class(const struct duet_head *head, const struct duet_detector_options *o,
                                 bool *selected, float *thresholds, struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    for (int c = 0; c <= head->config.ssdlite.classes; c++) {
        selected[c] = !o->classes;
        thresholds[c] = o->threshold;
    }
    for (size_t i = 0; status == DUET_OK && i < head->labels.count; i++) {
        int id = head->labels.items[i].id;
        if (o->classes) selected[id] = o->classes[i];
        if (!o->thresholds) continue;
        status = check_fraction("thresholds[]", o->thresholds[i], error);
        thresholds[id] = o->thresholds[i];
    }
    return status;
}

/* --- the reader ----------------------------------------------------------------------------------------- */

static void close_detection(void *memory)
{
    struct detection *d = memory;
    if (!d) return;
    duet_ssdlite_decoder_close(&d->decoder);
    free(d);
}

/* Takes `made`, which is as the new one shall be, without a decoder. */
static enum duet_status make(struct detection made, const struct duet_ssdlite_decoder_options *options,
                             void **memory, struct duet_error *error)
{
    struct detection *d = malloc(sizeof *d);
    *memory = NULL;
    if (!d) return duet_no_memory(error, NULL, "for a detector");
    *d = made;
    enum duet_status status =
        duet_ssdlite_decoder_create(options, d->sizes, d->input_height, d->input_width, &d->decoder, error);
    if (status == DUET_OK)
        *memory = d;
    else
        close_detection(d);
    return status;
}

static enum duet_status create_detection(const struct answer_options *options, const struct duet_head *head,
                                         const struct network *network, void **memory,
                                         struct duet_error *error)
{
    const struct duet_detector_options *o = &options->detector;
    struct detection made = {.head = head, .input_height = network->height, .input_width = network->width};
    size_t columns = (size_t)head->config.ssdlite.classes + 1;
    bool *selected = calloc(columns, sizeof *selected);
    float *thresholds = calloc(columns, sizeof *thresholds);
    const struct duet_ssdlite_decoder_options decode = {.classes = head->config.ssdlite.classes,
                                                        .nms_iou = o->nms_iou,
                                                        .max_per_class = o->max_per_class,
                                                        .max_detections = o->max_detections,
                                                        .selected = selected,
                                                        .thresholds = thresholds};
    enum duet_status status = DUET_OK;
    if (!selected || !thresholds) status = duet_no_memory(error, NULL, "for a detector");
    if (status == DUET_OK) status = by_class(head, o, selected, thresholds, error);
    if (status == DUET_OK) status = duet_ssdlite_outputs(head->name, network->session, made.sizes, error);
    if (status == DUET_OK) status = make(made, &decode, memory, error);
    free(selected);
    free(thresholds);
    return status;
}

static enum duet_status clone_detection(const void *memory, void **clone, struct duet_error *error)
{
    const struct detection *from = memory;
    struct detection made = *from;
    made.decoder = NULL;
    return make(made, duet_ssdlite_decoder_options_of(from->decoder), clone, error);
}

static enum duet_status take_detections(void *memory, const struct reading *reading,
                                        struct head_result *result, struct duet_error *error)
{
    struct detection *d = memory;
    struct duet_detections *found = &result->detections;
    struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS];
    enum duet_status status = duet_ssdlite_outputs(d->head->name, reading->network->session, maps, error);
    if (status != DUET_OK) return status;
    d->to_pixels = reading->to_pixels;
    status = duet_ssdlite_decode(d->decoder, maps, d->to_pixels, found, error);
    for (size_t i = 0; i < found->count; i++)
        found->items[i].label = duet_labels_name(&d->head->labels, found->items[i].category_id);
    return status;
}

enum duet_status duet_detection_suppressed(void *memory, const struct network *network,
                                           const struct duet_detections *detections,
                                           struct duet_suppressions *suppressions, struct duet_error *error)
{
    struct detection *d = memory;
    struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS];
    enum duet_status status = duet_ssdlite_outputs(d->head->name, network->session, maps, error);
    if (status != DUET_OK) return status;
    return duet_ssdlite_suppressed(d->decoder, maps, d->to_pixels, detections, suppressions, error);
}

const struct reader_kind duet_detection_reader = {
    .create = create_detection, .clone = clone_detection, .take = take_detections, .close = close_detection};
