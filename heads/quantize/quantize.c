#include "duet/quantize.h"

#include "core/abi.h"
#include "core/fail.h"
#include "heads/deviation.h"
#include "heads/kinds.h"
#include "heads/metadata.h"
#include "quantize/ranges.h"
#include "quantize/tensors.h"
#include "quantize/walk.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct duet_quantizer {
    struct duet_model *model;
    struct duet_network *network; /* in float32; whose layers all lists follow */
    int layers;
    const char *cpu;
    char *on;
    bool *kept;
    struct walk floats, bytes;
    struct measured *measured;
    struct duet_model_range *ranges; /* [range_count], in the order of their layers */
    int range_count, pictures;
    bool ranges_given, half_measured; /* a picture failed, and some of its numbers are counted */
    struct duet_weights *weights; /* NULL: not made yet */
    struct duet_deviation *deviations;
    struct duet_model_calibration calibration;
};

/* --- opening -------------------------------------------------------------------------------------------- */

static enum duet_status keep_layers(struct duet_quantizer *q, const struct duet_quantize_options *o,
                                    struct duet_error *error)
{
    for (int i = 0; i < o->keep_count; i++) {
        duet_node node = o->keep[i] ? duet_network_find(q->network, o->keep[i]) : -1;
        if (node < 0)
            return duet_fail(error, DUET_NOT_FOUND,
                             "layer '%.100s': the model has none of that name; 'models show' lists them",
                             o->keep[i] ? o->keep[i] : "");
        q->kept[node] = true;
    }
    return DUET_OK;
}

static enum duet_status check_ranges(const struct duet_quantize_options *o, struct duet_error *error)
{
    for (int i = 0; i < o->known_count; i++) {
        const struct duet_known_range *k = &o->known[i];
        const float scale = k->range.scale;
        const int zero = k->range.zero_point;
        if (!k->range.layer) return duet_fail(error, DUET_BAD_ARGUMENT, "known range %d has no layer", i);
        if ((double)scale >= DUET_RANGE_MIN_SCALE && (double)scale <= DUET_RANGE_MAX_SCALE && zero >= 0 &&
            zero <= 255 && isfinite(k->mean))
            continue;
        return duet_fail(error, DUET_BAD_ARGUMENT,
                         "the known range of layer '%.100s' has scale %g, zero point %d, mean %g: expected a "
                         "scale of %g to %g, a zero point of 0 to 255, a finite mean",
                         k->range.layer, (double)scale, zero, (double)k->mean, DUET_RANGE_MIN_SCALE,
                         DUET_RANGE_MAX_SCALE);
    }
    return DUET_OK;
}

/* Those of this network, by its own names; what is kept is known by now. */
static enum duet_status take_ranges(struct duet_quantizer *q, const struct duet_quantize_options *o,
                                    struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    q->ranges_given = o->known_count > 0;
    for (int node = 0; q->ranges_given && status == DUET_OK && node < q->layers; node++) {
        const struct duet_layer *layer = duet_network_layer(q->network, node);
        int i = 0;
        while (i < o->known_count && strcmp(o->known[i].range.layer, layer->name) != 0) i++;
        if (i == o->known_count && duet_ranges_needs_none(q->network, node, q->kept[node])) continue;
        if (i == o->known_count)
            return duet_fail(error, DUET_NOT_FOUND,
                             "the range of layer %s is not known: pictures must measure it (--calibrate)",
                             layer->name);
        q->ranges[q->range_count] = o->known[i].range;
        q->ranges[q->range_count++].layer = layer->name;
        status =
            duet_measured_set(&q->measured[node], (size_t)layer->channels, (double)o->known[i].mean, error);
    }
    return status;
}

static enum duet_status prepare(struct duet_quantizer *q, const struct duet_quantize_options *o,
                                struct duet_error *error)
{
    struct duet_model_config config = *duet_model_config(q->model);
    config.precision = DUET_PRECISION_FLOAT32;
    enum duet_status status = duet_model_network(&config, 0, &q->network, error);
    if (status != DUET_OK) return status;
    q->layers = duet_network_layer_count(q->network);
    q->kept = calloc((size_t)q->layers, sizeof *q->kept);
    q->measured = calloc((size_t)q->layers, sizeof *q->measured);
    q->ranges = calloc((size_t)q->layers, sizeof *q->ranges);
    q->deviations = calloc((size_t)q->layers, sizeof *q->deviations);
    if (o->calibration.on) q->on = strdup(o->calibration.on);
    if (!q->kept || !q->measured || !q->ranges || !q->deviations || (o->calibration.on && !q->on))
        return duet_no_memory(error, NULL, "for ranges");
    q->calibration = (struct duet_model_calibration){.on = q->on, .pictures = o->calibration.pictures};
    status = keep_layers(q, o, error);
    if (status == DUET_OK) status = take_ranges(q, o, error);
    return status == DUET_OK
               ? duet_walk_open(q->model, DUET_PRECISION_FLOAT32, o->cpu, o->max_memory, &q->floats, error)
               : status;
}

enum duet_status duet_quantizer_create(const struct duet_model *model,
                                       const struct duet_quantize_options *options,
                                       struct duet_quantizer **quantizer, struct duet_error *error)
{
    static const struct duet_quantize_options defaults = DUET_QUANTIZE_OPTIONS;
    struct duet_quantize_options o;
    DUET_NEEDS(quantizer, error);
    *quantizer = NULL;
    DUET_NEEDS(model, error);
    enum duet_status status = duet_options_copy(&o, sizeof o, &defaults, options, "quantize options", error);
    if (status != DUET_OK) return status;
    if (o.keep_count < 0 || o.known_count < 0 || (o.keep_count && !o.keep) || (o.known_count && !o.known))
        return duet_fail(error, DUET_BAD_ARGUMENT,
                         "keep_count %d, known_count %d: expected 0 or more, and lists", o.keep_count,
                         o.known_count);
    status = check_ranges(&o, error);
    if (status != DUET_OK) return status;
    struct duet_quantizer *q = calloc(1, sizeof *q);
    if (!q) return duet_no_memory(error, NULL, "for a quantizer");
    q->model = duet_model_retain(model);
    status = prepare(q, &o, error);
    if (status != DUET_OK) duet_quantizer_close(&q);
    *quantizer = q;
    return status;
}

void duet_quantizer_close(struct duet_quantizer **quantizer)
{
    struct duet_quantizer *q = quantizer ? *quantizer : NULL;
    if (!q) return;
    duet_walk_close(&q->floats);
    duet_walk_close(&q->bytes);
    for (int i = 0; q->measured && i < q->layers; i++) duet_measured_close(&q->measured[i]);
    free(q->measured);
    free(q->ranges);
    free(q->deviations);
    free(q->kept);
    free(q->on);
    duet_network_close(&q->network);
    duet_weights_close(&q->weights);
    duet_model_close(&q->model);
    free(q);
    *quantizer = NULL;
}

/* --- measuring ------------------------------------------------------------------------------------------ */

static enum duet_status see_result(void *ctx, duet_node node, const struct duet_view *result,
                                   struct duet_error *error)
{
    struct duet_quantizer *q = ctx;
    if (result->dtype != DUET_F32) return DUET_OK; /* of a side input, whose bytes are given */
    q->half_measured = true;
    return duet_measured_add(&q->measured[node], duet_network_layer(q->network, node)->name, result, error);
}

static enum duet_status check_measured(const struct duet_quantizer *q, struct duet_error *error)
{
    if (!q->half_measured) return DUET_OK;
    return duet_fail(error, DUET_BAD_ARGUMENT,
                     "a picture failed on its way, and half of it was measured: a new quantizer is needed");
}

enum duet_status duet_quantizer_measure(struct duet_quantizer *quantizer, const struct duet_image *image,
                                        const struct duet_run_options *options, struct duet_error *error)
{
    struct duet_quantizer *const q = quantizer;
    DUET_NEEDS(q, error);
    if (q->ranges_given || q->weights)
        return duet_fail(error, DUET_BAD_ARGUMENT, "a picture to measure: %s",
                         q->weights ? "the weights are made" : "ranges were given");
    enum duet_status status = check_measured(q, error);
    if (status == DUET_OK) status = duet_walk_run(&q->floats, image, options, see_result, q, error);
    if (status != DUET_OK) return status;
    q->half_measured = false;
    q->calibration.pictures++;
    return DUET_OK;
}

/* --- making --------------------------------------------------------------------------------------------- */

static enum duet_status write_metadata(struct duet_quantizer *q, struct duet_error *error)
{
    struct duet_model_config config = *duet_model_config(q->model);
    const char **names = calloc((size_t)q->layers, sizeof *names);
    int count = 0;
    if (!names) return duet_no_memory(error, NULL, "for the metadata");
    for (int i = 0; i < q->layers; i++)
        if (q->kept[i]) names[count++] = duet_network_layer(q->network, i)->name;
    config.precision = DUET_PRECISION_INT8;
    config.quantization = (struct duet_model_quantization){"half_even", q->ranges, q->range_count,
                                                           names,       count,     q->calibration};
    char *json = duet_metadata_write(&config, duet_weights_metadata(duet_model_weights(q->model)));
    enum duet_status status = json ? duet_weights_set_metadata(q->weights, json, error)
                                   : duet_no_memory(error, NULL, "for the metadata");
    free(json);
    free(names);
    return status;
}

/* Its range; NULL: it has none. */
static const struct duet_model_range *range_of(const struct duet_quantizer *q, duet_node node)
{
    const char *name = duet_network_layer(q->network, node)->name;
    for (int i = 0; i < q->range_count; i++)
        if (q->ranges[i].layer == name) return &q->ranges[i];
    return NULL;
}

static enum duet_status make_layer(struct duet_quantizer *q, duet_node node, struct duet_error *error)
{
    const struct duet_layer *layer = duet_network_layer(q->network, node);
    const duet_node input = layer->input_count ? layer->inputs[0] : node;
    const struct duet_model_range *range = range_of(q, input);
    const struct quantize_layer from = {.source = duet_model_weights(q->model),
                                        .network = q->network,
                                        .node = node,
                                        .kept = q->kept[node],
                                        .input_scale = range ? range->scale : 0,
                                        .input = &q->measured[input]};
    return duet_quantize_layer(&from, q->weights, error);
}

/* Can the model that was made be opened, and its network be run in bytes? */
static enum duet_status check_made(const struct duet_quantizer *q, struct duet_error *error)
{
    struct duet_model *made = NULL;
    struct duet_network *network = NULL;
    struct duet_layer_info *layers = NULL;
    enum duet_status status = duet_model_of_weights("the model of bytes", q->weights, &made, error);
    if (status == DUET_OK) status = duet_model_network(duet_model_config(made), 0, &network, error);
    if (status == DUET_OK) {
        const struct duet_head_input *input = &duet_model_head(made, 0)->input;
        layers = calloc((size_t)duet_network_layer_count(network), sizeof *layers);
        status =
            layers ? duet_network_account(network, input->height, input->width, layers, sizeof *layers, error)
                   : duet_no_memory(error, NULL, "for the layers");
    }
    free(layers);
    duet_network_close(&network);
    duet_model_close(&made);
    return status;
}

static enum duet_status make(struct duet_quantizer *q, struct duet_error *error)
{
    enum duet_status status = check_measured(q, error);
    if (status == DUET_OK && !q->ranges_given && q->calibration.pictures == 0)
        status = duet_fail(error, DUET_BAD_ARGUMENT, "no picture was measured, and no ranges were given");
    if (status != DUET_OK) return status;
    if (!q->ranges_given)
        q->range_count =
            duet_ranges_find(duet_model_config(q->model), q->network, q->measured, q->kept, q->ranges);
    status = duet_weights_create(&q->weights, error);
    for (int i = 0; status == DUET_OK && i < q->layers; i++) status = make_layer(q, i, error);
    if (status == DUET_OK) status = write_metadata(q, error);
    if (status == DUET_OK) status = check_made(q, error);
    if (status != DUET_OK) duet_weights_close(&q->weights);
    return status;
}

enum duet_status duet_quantizer_weights(struct duet_quantizer *quantizer, struct duet_weights **weights,
                                        struct duet_error *error)
{
    DUET_NEEDS(weights, error);
    *weights = NULL;
    DUET_NEEDS(quantizer, error);
    enum duet_status status = quantizer->weights ? write_metadata(quantizer, error) : make(quantizer, error);
    if (status == DUET_OK) *weights = duet_weights_retain(quantizer->weights);
    return status;
}

/* --- comparing ------------------------------------------------------------------------------------------ */

static void see_both(void *ctx, duet_node node, const struct duet_view *a, const struct duet_view *b)
{
    struct duet_quantizer *q = ctx;
    const struct duet_model_range *range = range_of(q, node);
    size_t count = 0;
    if (a->dtype != DUET_F32 || !duet_shape_elements(&a->shape, &count)) return;
    if (b->dtype == DUET_F32)
        duet_deviation_add(&q->deviations[node], a->data, b->data, count);
    else if (range)
        duet_deviation_add_bytes(&q->deviations[node], a->data, b->data, range->scale, range->zero_point,
                                 count);
}

/* The one with the smallest signal to noise, in hundredths of a dB. */
static void find_worst(struct duet_quantizer *q)
{
    q->calibration.worst = NULL;
    for (int i = 0; i < q->layers; i++) {
        double sqnr = rint(duet_deviation_sqnr(&q->deviations[i]) * 100) / 100;
        if (!isfinite(sqnr) || (q->calibration.worst && sqnr >= q->calibration.worst_sqnr)) continue;
        q->calibration.worst = duet_network_layer(q->network, i)->name;
        q->calibration.worst_sqnr = sqnr;
    }
}

static enum duet_status open_bytes(struct duet_quantizer *q, struct duet_error *error)
{
    struct duet_model *made = NULL;
    enum duet_status status = q->weights ? DUET_OK : make(q, error);
    if (status == DUET_OK) status = duet_model_of_weights("the model of bytes", q->weights, &made, error);
    if (status == DUET_OK)
        status = duet_walk_open(made, DUET_PRECISION_INT8, q->floats.passes[0].sizes.cpu,
                                q->floats.max_memory, &q->bytes, error);
    duet_model_close(&made);
    return status;
}

enum duet_status duet_quantizer_compare(struct duet_quantizer *quantizer, const struct duet_image *image,
                                        const struct duet_run_options *options, struct duet_error *error)
{
    struct duet_quantizer *const q = quantizer;
    DUET_NEEDS(q, error);
    enum duet_status status = q->bytes.passes ? DUET_OK : open_bytes(q, error);
    if (status == DUET_OK) status = duet_walk_both(&q->floats, &q->bytes, image, options, see_both, q, error);
    if (status == DUET_OK) find_worst(q);
    return status;
}

int duet_quantizer_layer_count(const struct duet_quantizer *quantizer)
{
    return quantizer && quantizer->weights ? quantizer->layers : 0;
}

enum duet_status duet_quantizer_layer(const struct duet_quantizer *quantizer, int index,
                                      struct duet_quantized_layer *layer, struct duet_error *error)
{
    DUET_NEEDS(layer, error);
    if (index < 0 || index >= duet_quantizer_layer_count(quantizer))
        return duet_fail(error, DUET_BAD_ARGUMENT, "layer %d: expected 0 to %d", index,
                         duet_quantizer_layer_count(quantizer) - 1);
    const struct duet_model_range *range = range_of(quantizer, index);
    struct duet_quantized_layer info = {.name = duet_network_layer(quantizer->network, index)->name,
                                        .kept = quantizer->kept[index],
                                        .mean = duet_measured_mean_of_all(&quantizer->measured[index]),
                                        .sqnr = duet_deviation_sqnr(&quantizer->deviations[index])};
    if (range) info.range = *range;
    return duet_info_fill(layer, &info, sizeof info, "struct duet_quantized_layer", error);
}
