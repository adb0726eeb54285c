#include "network/packed.h"

#include "core/checked.h"
#include "core/fail.h"
#include "core/os.h"
#include "network/dead_channels.h"
#include "weights/dequantize.h"
#include "weights/set.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* How the kernel that runs a layer wants its weights. */
static struct duet_packing packing_of(const struct duet_kernels *kernels, const struct duet_layer *layer)
{
    const struct duet_network_kernels *k = &kernels->of[DUET_F32];
    if (layer->op == DUET_OP_DEPTHWISE) return k->depthwise3x3.packing;
    return layer->kernel == 1 ? k->conv1x1.packing : k->conv3x3.packing;
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

/* Floats that a layer's weights and bias take; each part is aligned. The products fit: see
 * duet_network_account. */
static bool packed_floats(size_t depth, size_t columns, size_t panel, size_t *weight_floats,
                          size_t *bias_floats)
{
    *weight_floats = duet_packed_size(depth, columns, panel);
    return duet_round_up_size(*weight_floats, ALIGN_FLOATS, weight_floats) &&
           duet_round_up_size(columns, ALIGN_FLOATS, bias_floats);
}

/* Can the tensor's numbers be taken from where they lie? */
static bool is_ready(const struct duet_weights *weights, const struct duet_tensor *tensor)
{
    return tensor->dtype == DUET_F32 && duet_weights_has(weights, tensor);
}

/* What all layers together need. */
struct totals {
    size_t floats;   /* packed */
    size_t scratch;  /* floats of the largest tensor that is not float32 in memory already */
    size_t channels; /* of all depthwise layers */
};

/* Everything is looked up and added up before memory is taken. */
static enum duet_status add_up(const struct duet_network *network, const struct duet_weights *weights,
                               const struct duet_kernels *kernels, const struct plan *plan,
                               struct totals *totals, struct duet_error *error)
{
    size_t weight_floats, bias_floats;
    const struct duet_tensor *weight, *bias;
    *totals = (struct totals){0};
    for (int i = 0; i < duet_network_layer_count(network); i++) {
        const struct duet_layer *layer = duet_network_layer(network, i);
        if (!has_weights(layer) || !plan->needed[i]) continue;
        enum duet_status status = check_tensors(network, weights, i, &weight, &bias, error);
        if (status != DUET_OK) return status;
        size_t depth = depth_of(layer, (size_t)duet_network_input_channels(network, i));
        if (!packed_floats(depth, (size_t)layer->channels, packing_of(kernels, layer).panel, &weight_floats,
                           &bias_floats) ||
            !duet_add_size(totals->floats, weight_floats, &totals->floats) ||
            !duet_add_size(totals->floats, bias_floats, &totals->floats) ||
            totals->floats > SIZE_MAX / sizeof(float))
            return duet_fail(error, DUET_TOO_LARGE, "layer %s: its weights do not fit in memory",
                             layer->name);
        if (!is_ready(weights, weight) && weight_floats > totals->scratch) totals->scratch = weight_floats;
        if (!is_ready(weights, bias) && bias_floats > totals->scratch) totals->scratch = bias_floats;
        if (layer->op == DUET_OP_DEPTHWISE) totals->channels += (size_t)layer->channels;
    }
    return DUET_OK;
}

/* The tensor's numbers: where they lie, or put into `scratch`. */
static enum duet_status as_float(const struct duet_weights *weights, const struct duet_tensor *tensor,
                                 float *scratch, const float **data, struct duet_error *error)
{
    bool ready = is_ready(weights, tensor);
    *data = ready ? tensor->data : scratch;
    return ready ? DUET_OK : duet_weights_float(weights, tensor, scratch, error);
}

/* What packing goes through, layer by layer. */
struct packing {
    const struct duet_network *network;
    const struct duet_weights *weights;
    const struct duet_kernels *kernels;
    const int
        *depthwise_of; /* [layer]: for the projection of a separable step its depthwise layer, else -1 */
    struct packed_weights *packed;
    float *scratch;
    float *at;         /* where the next tensor goes */
    uint32_t *at_live; /* where the next live list goes */
};

/* Bounded inputs, no negative outputs. */
static bool may_have_dead_channels(const struct duet_network *network, int depthwise)
{
    const struct duet_layer *layer = duet_network_layer(network, depthwise);
    const struct duet_layer *source = duet_network_layer(network, layer->inputs[0]);
    return layer->activation != DUET_LINEAR && source->activation == DUET_RELU6 && has_weights(source);
}

static bool all_finite(const float *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(numbers[i])) return false;
    return true;
}

/* Closing up what stays takes about as long a channel as 32 columns of a product. */
static bool worth_leaving_out(size_t dead, size_t live, size_t columns)
{
    return dead * columns > live * 32;
}

/* Lists the rows of a projection's weights [depth][columns] that its depthwise layer can make count, if it
 * pays to leave out the others. Zero times anything but a finite number would not be zero. */
static void find_live_rows(struct packing *p, int depthwise, const float *data, size_t *depth, size_t columns)
{
    struct packed_layer *layer = &p->packed->layers[depthwise];
    if (!may_have_dead_channels(p->network, depthwise) || !all_finite(data, *depth * columns)) return;
    size_t live = duet_live_channels(*depth, layer->weights, layer->bias, p->at_live);
    if (!worth_leaving_out(*depth - live, live, columns)) return;
    layer->live = p->at_live;
    p->at_live += live;
    *depth = live;
}

static enum duet_status pack_layer(struct packing *p, int i, struct duet_error *error)
{
    const struct duet_layer *layer = duet_network_layer(p->network, i);
    const struct duet_tensor *weight, *bias;
    const float *data;
    int depthwise = p->depthwise_of[i];
    size_t columns = (size_t)layer->channels;
    const struct duet_packing packing = packing_of(p->kernels, layer);
    size_t weight_floats = 0, bias_floats = 0;
    size_t depth = depth_of(layer, (size_t)duet_network_input_channels(p->network, i));
    enum duet_status status = check_tensors(p->network, p->weights, i, &weight, &bias, error);
    if (status == DUET_OK) status = as_float(p->weights, weight, p->scratch, &data, error);
    if (status != DUET_OK) return status;
    if (depthwise >= 0) find_live_rows(p, depthwise, data, &depth, columns);
    /* Fits: it did when added up. */
    packed_floats(depth, columns, packing.panel, &weight_floats, &bias_floats);
    p->packed->layers[i] =
        (struct packed_layer){.weights = p->at, .bias = p->at + weight_floats, .depth = depth};
    packing.pack(depthwise >= 0 ? p->packed->layers[depthwise].live : NULL, depth, columns, packing.panel,
                 data, p->at);
    p->at += weight_floats;
    memset(p->at, 0, bias_floats * sizeof(float));
    status = as_float(p->weights, bias, p->scratch, &data, error);
    if (status != DUET_OK) return status;
    memcpy(p->at, data, columns * sizeof(float));
    p->at += bias_floats;
    return DUET_OK;
}

static enum duet_status pack_all(struct packing *p, const struct plan *plan, struct duet_error *error)
{
    int count = p->packed->layer_count, *depthwise_of = malloc(((size_t)count + 1) * sizeof(int));
    if (!depthwise_of) return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory to pack %d layers", count);
    for (int i = 0; i < count; i++) depthwise_of[i] = -1;
    for (int i = 0; i < plan->step_count; i++)
        if (plan->steps[i].kind == STEP_SEPARABLE)
            depthwise_of[plan->steps[i].project] = plan->steps[i].depthwise;
    p->depthwise_of = depthwise_of;
    enum duet_status status = DUET_OK;
    for (int i = 0; status == DUET_OK && i < count; i++)
        if (has_weights(duet_network_layer(p->network, i)) && plan->needed[i]) status = pack_layer(p, i, error);
    free(depthwise_of);
    return status;
}

enum duet_status duet_packed_create(const struct duet_network *network, const struct duet_weights *weights,
                                    const struct duet_kernels *kernels, const struct plan *plan,
                                    struct packed_weights **out, struct duet_error *error)
{
    *out = NULL;
    struct totals totals;
    enum duet_status status = add_up(network, weights, kernels, plan, &totals, error);
    if (status != DUET_OK) return status;
    float *scratch = duet_alloc_pages(totals.scratch * sizeof(float));
    struct packed_weights *packed = calloc(1, sizeof *packed);
    if (packed) {
        atomic_init(&packed->references, 1);
        packed->layer_count = duet_network_layer_count(network);
        packed->layers = calloc((size_t)packed->layer_count + 1, sizeof *packed->layers);
        packed->live = malloc(totals.channels * sizeof *packed->live + 1);
        packed->data = duet_alloc_pages(totals.floats * sizeof(float));
    }
    if (!scratch || !packed || !packed->layers || !packed->live || !packed->data) {
        status = duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for %zu bytes of weights",
                           totals.floats * sizeof(float));
    } else {
        struct packing p = {.network = network,
                            .weights = weights,
                            .kernels = kernels,
                            .packed = packed,
                            .scratch = scratch,
                            .at = packed->data,
                            .at_live = packed->live};
        status = pack_all(&p, plan, error);
        packed->bytes = (size_t)(p.at - packed->data) * sizeof(float);
    }
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
    free(p->live);
    free(p->data);
    free(p);
}
