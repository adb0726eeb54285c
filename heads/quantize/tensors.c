#include "quantize/tensors.h"

#include "core/fail.h"
#include "quantize/weights.h"
#include "weights/dequantize.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define NAME 256

/* A bias is a whole number in units of the input's scale times the weights', of 32 bits with the sum: weights
 * that are next to nothing get a larger scale than they fill. */
#define MOST_BIAS   ((float)(1 << 28))
#define LEAST_SCALE 1e-12f

/* A layer being made. */
struct maker {
    const struct duet_weights *source;
    struct duet_weights *out;
    const struct duet_layer *layer;
    float input_scale;
    struct duet_shape shape; /* of its weights */
    struct duet_error *error;
};

static enum duet_status find(const struct maker *m, const char *part, const struct duet_shape *shape,
                             const struct duet_tensor **tensor)
{
    char name[NAME], got[DUET_SHAPE_TEXT], want[DUET_SHAPE_TEXT];
    snprintf(name, sizeof name, "%s.%s", m->layer->name, part);
    *tensor = duet_weights_find(m->source, name);
    if (!*tensor) return duet_fail(m->error, DUET_NOT_FOUND, "the model has no tensor '%s'", name);
    if (duet_shape_equal(&(*tensor)->shape, shape)) return DUET_OK;
    return duet_fail(m->error, DUET_MISMATCH, "tensor '%s' has shape %s, expected %s", name,
                     duet_shape_text(&(*tensor)->shape, got, sizeof got),
                     duet_shape_text(shape, want, sizeof want));
}

/* Its numbers. Owned: free(). */
static enum duet_status read_floats(const struct maker *m, const char *part, const struct duet_shape *shape,
                                    float **floats)
{
    const struct duet_tensor *tensor;
    size_t count = 0;
    enum duet_status status = find(m, part, shape, &tensor);
    if (status != DUET_OK) return status;
    duet_shape_elements(shape, &count);
    *floats = calloc(count + 1, sizeof **floats);
    if (!*floats) return duet_no_memory(m->error, tensor->name, NULL);
    status = duet_weights_float(m->source, tensor, *floats, m->error);
    for (size_t i = 0; status == DUET_OK && i < count; i++)
        if (!isfinite((*floats)[i]))
            status = duet_fail(m->error, DUET_BAD_FORMAT, "tensor '%s' has numbers that are not finite",
                               tensor->name);
    return status;
}

static enum duet_status add(const struct maker *m, const char *part, enum duet_dtype dtype,
                            const struct duet_shape *shape, const void *data)
{
    char name[NAME];
    snprintf(name, sizeof name, "%s.%s", m->layer->name, part);
    return duet_weights_add(m->out, name, dtype, shape, data, m->error);
}

/* What it multiplies its inputs' channels with is `means` of them. */
static void correct(const struct maker *m, const float *floats, const int8_t *bytes, const float *scales,
                    const struct measured *input, double *means, double *excess, float *bias)
{
    size_t channels = (size_t)m->layer->channels, count = 0;
    bool depthwise = m->layer->op == DUET_OP_DEPTHWISE;
    duet_shape_elements(&m->shape, &count);
    for (size_t c = 0; c < input->channels; c++) means[c] = duet_measured_mean(input, c);
    duet_weights_excess(floats, count / channels, channels, bytes, scales, means,
                        depthwise ? 0 : input->channels, excess);
    for (size_t n = 0; n < channels; n++) bias[n] = (float)((double)bias[n] - excess[n]);
}

static enum duet_status make_bytes(const struct maker *m, const struct measured *input)
{
    size_t channels = (size_t)m->layer->channels, count = 0;
    const struct duet_shape each = {1, {channels}};
    duet_shape_elements(&m->shape, &count);
    float *floats = NULL, *bias = NULL, *scales = calloc(channels, sizeof *scales);
    double *means = calloc(input->channels + 1, sizeof *means), *excess = calloc(channels, sizeof *excess);
    int8_t *bytes = calloc(count + 1, 1);
    enum duet_status status = DUET_OK;
    if (!scales || !means || !excess || !bytes) status = duet_no_memory(m->error, m->layer->name, NULL);
    if (status == DUET_OK) status = read_floats(m, "weight", &m->shape, &floats);
    if (status == DUET_OK) status = read_floats(m, "bias", &each, &bias);
    if (status == DUET_OK) {
        for (size_t n = 0; n < channels; n++)
            scales[n] = fmaxf(fabsf(bias[n]) / MOST_BIAS / m->input_scale, LEAST_SCALE);
        duet_weights_to_int8(floats, count / channels, channels, bytes, scales);
        if (input->channels) correct(m, floats, bytes, scales, input, means, excess, bias);
        status = add(m, "weight", DUET_I8, &m->shape, bytes);
    }
    if (status == DUET_OK) status = add(m, "weight.scale", DUET_F32, &each, scales);
    if (status == DUET_OK) status = add(m, "bias", DUET_F32, &each, bias);
    free(floats);
    free(bias);
    free(scales);
    free(means);
    free(excess);
    free(bytes);
    return status;
}

/* As it is, if it is there. */
static enum duet_status copy(const struct maker *m, const char *part)
{
    char name[NAME];
    snprintf(name, sizeof name, "%s.%s", m->layer->name, part);
    const struct duet_tensor *t = duet_weights_find(m->source, name);
    if (!t) return DUET_OK;
    void *data = malloc(t->bytes + 1);
    if (!data) return duet_no_memory(m->error, name, NULL);
    enum duet_status status = duet_weights_read(m->source, t, 0, t->bytes, data, m->error);
    if (status == DUET_OK) status = duet_weights_add(m->out, name, t->dtype, &t->shape, data, m->error);
    free(data);
    return status;
}

static enum duet_status copy_all(const struct maker *m)
{
    static const char *const parts[] = {"weight", "weight.scale", "weight.zero_point",
                                        "bias",   "bias.scale",   "bias.zero_point"};
    enum duet_status status = DUET_OK;
    for (size_t i = 0; status == DUET_OK && i < sizeof parts / sizeof parts[0]; i++)
        status = copy(m, parts[i]);
    return status;
}

enum duet_status duet_quantize_layer(const struct quantize_layer *from, struct duet_weights *out,
                                     struct duet_error *error)
{
    const struct maker m = {.source = from->source,
                            .out = out,
                            .layer = duet_network_layer(from->network, from->node),
                            .input_scale = from->input_scale > 0 ? from->input_scale : 1.0f / 255,
                            .shape = duet_network_weight_shape(from->network, from->node),
                            .error = error};
    if (m.shape.rank == 0) return DUET_OK;
    return from->kept ? copy_all(&m) : make_bytes(&m, from->input);
}
