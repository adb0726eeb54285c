#include "network/packed.h"

#include "core/checked.h"
#include "core/fail.h"
#include "core/os.h"
#include "weights/dequantize.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN_FLOATS 16 /* 64 bytes */

/* Finds tensor "<layer>.<part>" and checks its shape. */
static enum duet_status find_tensor(const struct duet_weights *weights, const char *layer, const char *part,
                                    const struct duet_shape *shape, const struct duet_tensor **found,
                                    struct duet_error *error)
{
    char name[256], expected[DUET_SHAPE_TEXT], got[DUET_SHAPE_TEXT];
    snprintf(name, sizeof name, "%s.%s", layer, part);
    const struct duet_tensor *tensor = duet_weights_find(weights, name);
    if (!tensor) return duet_fail(error, DUET_NOT_FOUND, "the model has no tensor '%s'", name);
    if (!duet_shape_equal(&tensor->shape, shape))
        return duet_fail(error, DUET_MISMATCH, "tensor '%s': shape %s, expected %s", name,
                         duet_shape_text(&tensor->shape, got, sizeof got),
                         duet_shape_text(shape, expected, sizeof expected));
    *found = tensor;
    return DUET_OK;
}

/* Panel width of a layer's packed weights. One panel of all channels: they are kept as they are (depthwise).
 */
static size_t panel_of(const struct duet_kernels *kernels, const struct duet_layer *layer)
{
    if (layer->op == DUET_OP_DEPTHWISE) return (size_t)layer->channels;
    return layer->kernel == 1 ? kernels->conv1x1.panel : kernels->conv3x3.panel;
}

/* Rows of a layer's weight matrix: input channels times taps. */
static size_t depth_of(const struct duet_layer *layer, size_t in_channels)
{
    size_t taps = (size_t)layer->kernel * (size_t)layer->kernel;
    return layer->op == DUET_OP_DEPTHWISE ? taps : taps * in_channels;
}

static bool has_weights(const struct duet_layer *layer)
{
    return layer->op == DUET_OP_CONV || layer->op == DUET_OP_DEPTHWISE;
}

static enum duet_status check_tensors(const struct duet_network *network, const struct duet_weights *weights,
                                      int i, const struct duet_tensor **weight,
                                      const struct duet_tensor **bias, struct duet_error *error)
{
    const struct duet_layer *layer = duet_network_layer(network, i);
    struct duet_shape shape = duet_network_weight_shape(network, i);
    enum duet_status status = find_tensor(weights, layer->name, "weight", &shape, weight, error);
    if (status != DUET_OK) return status;
    struct duet_shape channels = {1, {(size_t)layer->channels}};
    return find_tensor(weights, layer->name, "bias", &channels, bias, error);
}

/* Floats that a layer's weights and bias take; each part is aligned. Both products fit: see network.c. */
static bool packed_floats(const struct duet_network *network, const struct duet_kernels *kernels, int i,
                          size_t *weight_floats, size_t *bias_floats)
{
    const struct duet_layer *layer = duet_network_layer(network, i);
    size_t channels = (size_t)layer->channels;
    size_t depth = depth_of(layer, (size_t)duet_network_input_channels(network, i));
    *weight_floats = duet_conv1x1_packed_size(depth, channels, panel_of(kernels, layer));
    return duet_round_up_size(*weight_floats, ALIGN_FLOATS, weight_floats) &&
           duet_round_up_size(channels, ALIGN_FLOATS, bias_floats);
}

/* Everything is looked up and added up before memory is taken. `scratch`: floats that the largest tensor of
 * another type becomes. */
static enum duet_status add_up(const struct duet_network *network, const struct duet_weights *weights,
                               const struct duet_kernels *kernels, size_t *total, size_t *scratch,
                               struct duet_error *error)
{
    size_t weight_floats, bias_floats;
    const struct duet_tensor *weight, *bias;
    *total = *scratch = 0;
    for (int i = 0; i < duet_network_layer_count(network); i++) {
        if (!has_weights(duet_network_layer(network, i))) continue;
        enum duet_status status = check_tensors(network, weights, i, &weight, &bias, error);
        if (status != DUET_OK) return status;
        if (!packed_floats(network, kernels, i, &weight_floats, &bias_floats) ||
            !duet_add_size(*total, weight_floats, total) || !duet_add_size(*total, bias_floats, total) ||
            *total > SIZE_MAX / sizeof(float))
            return duet_fail(error, DUET_TOO_LARGE, "layer %s: its weights do not fit in memory",
                             duet_network_layer(network, i)->name);
        if (weight->dtype != DUET_F32 && weight_floats > *scratch) *scratch = weight_floats;
        if (bias->dtype != DUET_F32 && bias_floats > *scratch) *scratch = bias_floats;
    }
    return DUET_OK;
}

/* The tensor's numbers: float32 where they lie, others put into `scratch`. */
static enum duet_status as_float(const struct duet_weights *weights, const struct duet_tensor *tensor,
                                 float *scratch, const float **data, struct duet_error *error)
{
    *data = tensor->dtype == DUET_F32 ? tensor->data : scratch;
    return tensor->dtype == DUET_F32 ? DUET_OK : duet_weights_float(weights, tensor, scratch, error);
}

static enum duet_status pack_all(const struct duet_network *network, const struct duet_weights *weights,
                                 const struct duet_kernels *kernels, struct packed_weights *packed,
                                 float *scratch, struct duet_error *error)
{
    size_t weight_floats, bias_floats;
    const struct duet_tensor *weight, *bias;
    const float *data;
    float *at = packed->data;
    for (int i = 0; i < packed->layer_count; i++) {
        const struct duet_layer *layer = duet_network_layer(network, i);
        if (!has_weights(layer)) continue;
        enum duet_status status = check_tensors(network, weights, i, &weight, &bias, error);
        if (status == DUET_OK) status = as_float(weights, weight, scratch, &data, error);
        if (status != DUET_OK) return status;
        packed_floats(network, kernels, i, &weight_floats, &bias_floats);
        packed->layers[i] = (struct packed_layer){at, at + weight_floats};
        duet_conv1x1_pack(depth_of(layer, (size_t)duet_network_input_channels(network, i)),
                          (size_t)layer->channels, panel_of(kernels, layer), data, at);
        at += weight_floats;
        memset(at, 0, bias_floats * sizeof(float));
        status = as_float(weights, bias, scratch, &data, error);
        if (status != DUET_OK) return status;
        memcpy(at, data, (size_t)layer->channels * sizeof(float));
        at += bias_floats;
    }
    return DUET_OK;
}

enum duet_status duet_packed_create(const struct duet_network *network, const struct duet_weights *weights,
                                    const struct duet_kernels *kernels, struct packed_weights **out,
                                    struct duet_error *error)
{
    *out = NULL;
    size_t floats, most;
    enum duet_status status = add_up(network, weights, kernels, &floats, &most, error);
    if (status != DUET_OK) return status;
    float *scratch = malloc(most * sizeof(float) + 1);
    struct packed_weights *packed = calloc(1, sizeof *packed);
    if (packed) {
        atomic_init(&packed->references, 1);
        packed->layer_count = duet_network_layer_count(network);
        packed->bytes = floats * sizeof(float);
        packed->layers = calloc((size_t)packed->layer_count + 1, sizeof *packed->layers);
        packed->data = duet_alloc_pages(packed->bytes);
    }
    if (!scratch || !packed || !packed->layers || !packed->data)
        status = duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for %zu bytes of weights",
                           floats * sizeof(float));
    else
        status = pack_all(network, weights, kernels, packed, scratch, error);
    free(scratch);
    if (status == DUET_OK)
        *out = packed;
    else
        duet_packed_close(&packed);
    return status;
}

struct packed_weights *duet_packed_retain(struct packed_weights *packed)
{
    atomic_fetch_add_explicit(&packed->references, 1, memory_order_relaxed);
    return packed;
}

void duet_packed_close(struct packed_weights **packed)
{
    struct packed_weights *p = packed ? *packed : NULL;
    if (!p) return;
    *packed = NULL;
    if (atomic_fetch_sub_explicit(&p->references, 1, memory_order_acq_rel) > 1) return;
    free(p->layers);
    free(p->data);
    free(p);
}
