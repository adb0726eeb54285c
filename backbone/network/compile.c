#include "core/abi.h"
#include "core/checked.h"
#include "core/fail.h"
#include "core/os.h"
#include "network/compiled.h"

#include <stdlib.h>
#include <string.h>

#define ALIGN_FLOATS 16 /* 64 bytes */

/* --- weights ----------------------------------------------------------------------------------------------
 */

/* Finds tensor "<layer>.<part>" and checks type and shape. */
static enum duet_status find_tensor(const struct duet_weights *weights, const char *layer, const char *part,
                                    const struct duet_shape *shape, const float **data,
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
    if (tensor->dtype != DUET_F32)
        return duet_fail(error, DUET_MISMATCH, "tensor '%s': type %s, expected F32", name,
                         duet_dtype_name(tensor->dtype));
    *data = tensor->data;
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

/* Floats that a layer's weights and bias take; each part is aligned. Both products fit: see network.c. */
static bool packed_floats(const struct duet_compiled *c, int i, size_t *weight_floats, size_t *bias_floats)
{
    const struct duet_layer *layer = &c->layers[i];
    size_t channels = (size_t)layer->channels;
    size_t depth = depth_of(layer, (size_t)c->input_channels[i]);
    *weight_floats = duet_conv1x1_packed_size(depth, channels, panel_of(&c->kernels, layer));
    return duet_round_up_size(*weight_floats, ALIGN_FLOATS, weight_floats) &&
           duet_round_up_size(channels, ALIGN_FLOATS, bias_floats);
}

static enum duet_status check_tensors(const struct duet_network *network, const struct duet_weights *weights,
                                      int i, const float **weight, const float **bias,
                                      struct duet_error *error)
{
    const struct duet_layer *layer = duet_network_layer(network, i);
    struct duet_shape shape = duet_network_weight_shape(network, i);
    enum duet_status status = find_tensor(weights, layer->name, "weight", &shape, weight, error);
    if (status != DUET_OK) return status;
    struct duet_shape channels = {1, {(size_t)layer->channels}};
    return find_tensor(weights, layer->name, "bias", &channels, bias, error);
}

/* Everything is looked up and added up before memory is taken. */
static enum duet_status pack_weights(const struct duet_network *network, const struct duet_weights *weights,
                                     struct duet_compiled *c, struct duet_error *error)
{
    size_t total = 0, weight_floats, bias_floats;
    const float *weight, *bias;
    for (int i = 0; i < c->layer_count; i++) {
        if (!has_weights(&c->layers[i])) continue;
        enum duet_status status = check_tensors(network, weights, i, &weight, &bias, error);
        if (status != DUET_OK) return status;
        if (!packed_floats(c, i, &weight_floats, &bias_floats) ||
            !duet_add_size(total, weight_floats, &total) || !duet_add_size(total, bias_floats, &total) ||
            total > SIZE_MAX / sizeof(float))
            return duet_fail(error, DUET_TOO_LARGE, "layer %s: its weights do not fit in memory",
                             duet_network_layer(network, i)->name);
    }
    c->weight_bytes = total * sizeof(float);
    c->weights = aligned_alloc(64, c->weight_bytes ? c->weight_bytes : 64);
    if (!c->weights)
        return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for %zu bytes of weights", c->weight_bytes);
    float *at = c->weights;
    for (int i = 0; i < c->layer_count; i++) {
        const struct duet_layer *layer = &c->layers[i];
        if (!has_weights(layer)) continue;
        enum duet_status status = check_tensors(network, weights, i, &weight, &bias, error);
        if (status != DUET_OK) return status;
        packed_floats(c, i, &weight_floats, &bias_floats);
        c->packed[i] = (struct packed_layer){at, at + weight_floats};
        duet_conv1x1_pack(depth_of(layer, (size_t)c->input_channels[i]), (size_t)layer->channels,
                          panel_of(&c->kernels, layer), weight, at);
        at += weight_floats;
        memset(at, 0, bias_floats * sizeof(float));
        memcpy(at, bias, (size_t)layer->channels * sizeof(float));
        at += bias_floats;
    }
    return DUET_OK;
}

/* --- the rest ---------------------------------------------------------------------------------------------
 */

static enum duet_status copy_layers(const struct duet_network *network, struct duet_compiled *c,
                                    struct duet_error *error)
{
    size_t n = (size_t)network->layer_count;
    c->layers = calloc(n, sizeof *c->layers);
    c->input_channels = calloc(n, sizeof *c->input_channels);
    c->packed = calloc(n, sizeof *c->packed);
    c->outputs = calloc((size_t)network->output_count + 1, sizeof *c->outputs);
    c->kernel_names = calloc(n, sizeof *c->kernel_names);
    if (!c->layers || !c->input_channels || !c->packed || !c->outputs || !c->kernel_names)
        return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for %zu layers", n);
    c->layer_count = network->layer_count;
    for (int i = 0; i < c->layer_count; i++) {
        c->layers[i] = network->layers[i];
        c->layers[i].name = NULL; /* the description may be closed */
        c->input_channels[i] = duet_network_input_channels(network, i);
        if (network->layers[i].op == DUET_OP_INPUT) c->input_offset = c->plan.offset[i];
    }
    for (int i = 0; i < network->output_count; i++) {
        duet_node node = network->outputs[i].node;
        char *name = strdup(network->outputs[i].name);
        if (!name) return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for %zu layers", n);
        c->outputs[c->output_count++] =
            (struct compiled_output){name, c->plan.offset[node], c->plan.info[node].output};
    }
    return DUET_OK;
}

static char *kernel_name(const struct duet_compiled *c, const struct step *step)
{
    const char *level = c->kernels.level;
    switch (step->kind) {
    case STEP_CONV:
        return duet_text("conv%dx%d_f32 %s", c->layers[step->project].kernel, c->layers[step->project].kernel,
                         level);
    case STEP_DEPTHWISE:
        return duet_text("depthwise3x3_f32 %s", level);
    case STEP_SEPARABLE:
        return duet_text("separable_f32 %s, strips of %zu rows", level, step->strip_rows);
    case STEP_ADD:
        return duet_text("add_f32");
    case STEP_CONCAT:
        return duet_text("concat_f32");
    case STEP_GLOBAL_MEAN:
        return duet_text("global_mean_f32");
    case STEP_BROADCAST:
        return duet_text("broadcast_f32");
    }
    return NULL;
}

enum duet_status duet_compile(const struct duet_network *network, const struct duet_weights *weights,
                              const struct duet_compile_options *given, struct duet_compiled **out,
                              struct duet_error *error)
{
    *out = NULL;
    struct duet_compile_options options;
    enum duet_status status = duet_options_copy(&options, sizeof options, given, "compile", error);
    if (status != DUET_OK) return status;
    struct duet_compiled *c = calloc(1, sizeof *c);
    if (!c) return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for a network");
    atomic_init(&c->references, 1);
    status = duet_kernels_select(options.cpu, &c->kernels, error);
    if (status == DUET_OK)
        status = duet_plan_create(network, options.height, options.width, !options.unfused, &c->plan, error);
    if (status == DUET_OK) status = copy_layers(network, c, error);
    if (status == DUET_OK) status = pack_weights(network, weights, c, error);
    for (int i = 0; status == DUET_OK && i < c->plan.step_count; i++) {
        c->kernel_names[i] = kernel_name(c, &c->plan.steps[i]);
        if (!c->kernel_names[i]) status = duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for a network");
    }
    if (status == DUET_OK)
        *out = c;
    else
        duet_compiled_close(&c);
    return status;
}

struct duet_compiled *duet_compiled_retain(struct duet_compiled *compiled)
{
    atomic_fetch_add_explicit(&compiled->references, 1, memory_order_relaxed);
    return compiled;
}

void duet_compiled_close(struct duet_compiled **compiled)
{
    struct duet_compiled *c = compiled ? *compiled : NULL;
    if (!c) return;
    *compiled = NULL;
    if (atomic_fetch_sub_explicit(&c->references, 1, memory_order_acq_rel) > 1) return;
    for (int i = 0; i < c->output_count; i++) free(c->outputs[i].name);
    for (int i = 0; c->kernel_names && i < c->plan.step_count; i++) free(c->kernel_names[i]);
    duet_plan_close(&c->plan);
    free(c->layers);
    free(c->input_channels);
    free(c->packed);
    free(c->weights);
    free(c->outputs);
    free(c->kernel_names);
    free(c);
}

int duet_compiled_step_count(const struct duet_compiled *compiled)
{
    return compiled->plan.step_count;
}

struct duet_step_info duet_compiled_step(const struct duet_compiled *compiled, int step)
{
    const struct step *s = &compiled->plan.steps[step];
    duet_node layers[4] = {s->expand, s->depthwise, s->project, s->add};
    struct duet_step_info info = {.name = s->name,
                                  .kernel = compiled->kernel_names[step],
                                  .output = compiled->plan.info[s->output].output};
    for (int i = 0; i < 4; i++)
        if (layers[i] >= 0) info.madds += compiled->plan.info[layers[i]].madds;
    return info;
}

size_t duet_compiled_arena_bytes(const struct duet_compiled *compiled)
{
    return compiled->plan.arena_bytes;
}

size_t duet_compiled_weight_bytes(const struct duet_compiled *compiled)
{
    return compiled->weight_bytes;
}
