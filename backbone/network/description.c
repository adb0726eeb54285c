#include "network/description.h"

#include "core/checked.h"
#include "core/fail.h"
#include "core/grow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum duet_status duet_network_create(struct duet_network **network, struct duet_error *error)
{
    DUET_NEEDS(network, error);
    *network = calloc(1, sizeof **network);
    return *network ? DUET_OK : duet_no_memory(error, NULL, "for a network");
}

void duet_network_close(struct duet_network **network)
{
    if (!network || !*network) return;
    for (int i = 0; i < (*network)->layer_count; i++) free((char *)(uintptr_t)(*network)->layers[i].name);
    for (int i = 0; i < (*network)->output_count; i++) free((*network)->outputs[i].name);
    free((*network)->layers);
    free(*network);
    *network = NULL;
}

/* --- building ------------------------------------------------------------------------------------------- */

/* Remembers a fault, the first one, and is -1: no layer. */
#define REFUSE(network, ...) ((network)->fault.status ? -1 : (duet_fail(&(network)->fault, __VA_ARGS__), -1))

/* Nothing to add to: no network, or a faulty one. */
static bool is_over(const struct duet_network *network)
{
    return !network || network->fault.status != DUET_OK;
}

static bool known(const struct duet_network *network, duet_node node)
{
    return network && node >= 0 && node < network->layer_count;
}

static bool good_name(const char *name)
{
    return name && *name && strlen(name) <= DUET_MAX_NAME;
}

static const char *shown(const char *name)
{
    return name ? name : "";
}

static bool inputs_are_layers(struct duet_network *network, const char *name, const duet_node *inputs,
                              int count)
{
    for (int i = 0; i < count; i++)
        if (!known(network, inputs[i])) {
            (void)REFUSE(network, DUET_BAD_ARGUMENT,
                         "layer %s: its input %d is %d, expected a layer, 0 to %d", shown(name), i, inputs[i],
                         network->layer_count - 1);
            return false;
        }
    return true;
}

/* Append `layer`, whose inputs are layers, under a copy of `name`. */
static duet_node append(struct duet_network *network, const char *name, struct duet_layer layer)
{
    if (!good_name(name) || duet_network_find(network, name) >= 0)
        return REFUSE(network, DUET_BAD_ARGUMENT, "layer name '%s': empty, taken, or longer than %d bytes",
                      shown(name), DUET_MAX_NAME);
    if (layer.channels < 1 || layer.channels > DUET_MAX_CHANNELS)
        return REFUSE(network, DUET_BAD_ARGUMENT, "layer %s: %d channels, expected 1 to %d", name,
                      layer.channels, DUET_MAX_CHANNELS);
    if (network->layer_count == DUET_MAX_LAYERS)
        return REFUSE(network, DUET_TOO_LARGE, "layer %s: a network has at most %d", name, DUET_MAX_LAYERS);
    layer.name = strdup(name);
    if (!layer.name ||
        !DUET_GROW(network->layers, network->layer_capacity, (size_t)network->layer_count + 1)) {
        free((char *)(uintptr_t)layer.name);
        return REFUSE(network, DUET_OUT_OF_MEMORY, "no memory for layer %s", name);
    }
    network->layers[network->layer_count] = layer;
    return network->layer_count++;
}

/* The same of a layer that is no convolution. */
static duet_node append_plain(struct duet_network *network, const char *name, enum duet_op op,
                              const duet_node *inputs, int count, int channels)
{
    struct duet_layer layer = {.op = op, .input_count = count, .channels = channels};
    memcpy(layer.inputs, inputs, (size_t)count * sizeof *inputs);
    return append(network, name, layer);
}

duet_node duet_network_input(struct duet_network *network, const char *name, int channels)
{
    if (is_over(network)) return -1;
    for (int i = 0; i < network->layer_count; i++)
        if (network->layers[i].op == DUET_OP_INPUT)
            return REFUSE(network, DUET_BAD_ARGUMENT, "layer %s: a second picture beside %s, expected one",
                          shown(name), network->layers[i].name);
    return append(network, name,
                  (struct duet_layer){
                      .op = DUET_OP_INPUT, .channels = channels, .type = {.dtype = DUET_F32, .scale = 1}});
}

duet_node duet_network_side_input(struct duet_network *network, const char *name, int channels,
                                  duet_node like, struct duet_input_type type)
{
    if (is_over(network) || !inputs_are_layers(network, name, &like, 1)) return -1;
    if (type.dtype != DUET_U8 && (type.dtype != DUET_F32 || type.scale != 1 || type.shift != 0))
        return REFUSE(network, DUET_BAD_ARGUMENT,
                      "layer %s: numbers in %s with scale %g and shift %g, expected U8, or F32 with 1 and 0",
                      shown(name), duet_dtype_name(type.dtype), (double)type.scale, (double)type.shift);
    if (!isfinite(type.scale) || !isfinite(type.shift))
        return REFUSE(network, DUET_BAD_ARGUMENT, "layer %s: scale %g and shift %g, expected finite ones",
                      shown(name), (double)type.scale, (double)type.shift);
    return append(
        network, name,
        (struct duet_layer){
            .op = DUET_OP_INPUT, .inputs = {like}, .input_count = 1, .channels = channels, .type = type});
}

/* May it leave float32 where it computes in whole numbers? */
static bool leaves_sums(enum duet_op op)
{
    return op == DUET_OP_CONV || op == DUET_OP_DEPTHWISE;
}

void duet_network_set_numbers(struct duet_network *network, duet_node node, struct duet_numbers numbers)
{
    if (is_over(network) || !inputs_are_layers(network, "to be quantized", &node, 1)) return;
    struct duet_layer *layer = &network->layers[node];
    const bool in_range =
        numbers.scale == 0 || (numbers.scale >= DUET_MIN_SCALE && numbers.scale <= DUET_MAX_SCALE);
    if (!in_range || numbers.zero_point < 0 || numbers.zero_point > 255)
        (void)REFUSE(network, DUET_BAD_ARGUMENT,
                     "layer %s: scale %g and zero point %d, expected 0 or 1e-12 to 1e12, and 0 to 255",
                     layer->name, (double)numbers.scale, numbers.zero_point);
    else if (numbers.integers &&
             (layer->op == DUET_OP_INPUT || (numbers.scale == 0 && !leaves_sums(layer->op))))
        (void)REFUSE(network, DUET_BAD_ARGUMENT, "layer %s: computes in whole numbers, but is %s",
                     layer->name, layer->op == DUET_OP_INPUT ? "an input" : "without a scale for them");
    else
        layer->numbers = numbers;
}

const char *duet_precision_name(enum duet_precision precision)
{
    static const char *const names[DUET_PRECISION_COUNT] = {"auto", "float32", "int8", "bf16"};
    return (unsigned int)precision < DUET_PRECISION_COUNT ? names[precision] : NULL;
}

static duet_node append_conv(struct duet_network *network, enum duet_op op, duet_node input,
                             struct duet_conv conv)
{
    struct duet_layer layer = {.op = op,
                               .inputs = {input},
                               .input_count = 1,
                               .kernel = conv.kernel ? conv.kernel : 1,
                               .stride = conv.stride ? conv.stride : 1,
                               .rate = conv.rate ? conv.rate : 1,
                               .channels = conv.channels,
                               .activation = conv.activation,
                               .batch_norm = conv.batch_norm};
    const char *name = shown(conv.name);
    if (layer.kernel != 1 && layer.kernel != 3)
        return REFUSE(network, DUET_BAD_ARGUMENT, "layer %s: kernel %d, expected 1 or 3", name, layer.kernel);
    if (layer.stride != 1 && layer.stride != 2)
        return REFUSE(network, DUET_BAD_ARGUMENT, "layer %s: stride %d, expected 1 or 2", name, layer.stride);
    if (layer.rate < 1 || layer.rate > 64)
        return REFUSE(network, DUET_BAD_ARGUMENT, "layer %s: atrous rate %d, expected 1 to 64", name,
                      layer.rate);
    if (layer.rate > 1 && layer.stride > 1)
        return REFUSE(network, DUET_BAD_ARGUMENT, "layer %s: stride and atrous rate both above 1", name);
    if ((unsigned)layer.activation > DUET_RELU6)
        return REFUSE(network, DUET_BAD_ARGUMENT,
                      "layer %s: activation %d, expected one of enum duet_activation", name,
                      (int)layer.activation);
    return append(network, conv.name, layer);
}

duet_node duet_network_conv(struct duet_network *network, duet_node input, struct duet_conv conv)
{
    if (is_over(network) || !inputs_are_layers(network, conv.name, &input, 1)) return -1;
    return append_conv(network, DUET_OP_CONV, input, conv);
}

duet_node duet_network_depthwise(struct duet_network *network, duet_node input, struct duet_conv conv)
{
    if (is_over(network) || !inputs_are_layers(network, conv.name, &input, 1)) return -1;
    if (conv.kernel != 0 && conv.kernel != 3)
        return REFUSE(network, DUET_BAD_ARGUMENT, "layer %s: kernel %d, a depthwise one has 3",
                      shown(conv.name), conv.kernel);
    conv.channels = network->layers[input].channels;
    conv.kernel = 3;
    return append_conv(network, DUET_OP_DEPTHWISE, input, conv);
}

duet_node duet_network_add(struct duet_network *network, const char *name, duet_node a, duet_node b)
{
    const duet_node terms[2] = {a, b};
    if (is_over(network) || !inputs_are_layers(network, name, terms, 2)) return -1;
    int channels = network->layers[a].channels;
    if (network->layers[b].channels != channels)
        return REFUSE(network, DUET_BAD_ARGUMENT, "layer %s: adds %d to %d channels", shown(name), channels,
                      network->layers[b].channels);
    return append_plain(network, name, DUET_OP_ADD, terms, 2, channels);
}

duet_node duet_network_concat(struct duet_network *network, const char *name, const duet_node *inputs,
                              int count)
{
    if (is_over(network)) return -1;
    if (!inputs || count < 1 || count > DUET_MAX_INPUTS)
        return REFUSE(network, DUET_BAD_ARGUMENT, "layer %s: joins %d inputs, expected 1 to %d", shown(name),
                      inputs ? count : 0, DUET_MAX_INPUTS);
    if (!inputs_are_layers(network, name, inputs, count)) return -1;
    int channels = 0;
    for (int i = 0; i < count; i++) channels += network->layers[inputs[i]].channels;
    return append_plain(network, name, DUET_OP_CONCAT, inputs, count, channels);
}

duet_node duet_network_global_mean(struct duet_network *network, const char *name, duet_node input)
{
    if (is_over(network) || !inputs_are_layers(network, name, &input, 1)) return -1;
    return append_plain(network, name, DUET_OP_GLOBAL_MEAN, &input, 1, network->layers[input].channels);
}

duet_node duet_network_broadcast(struct duet_network *network, const char *name, duet_node input,
                                 duet_node like)
{
    const duet_node inputs[2] = {input, like};
    if (is_over(network) || !inputs_are_layers(network, name, inputs, 2)) return -1;
    return append_plain(network, name, DUET_OP_BROADCAST, inputs, 2, network->layers[input].channels);
}

duet_node duet_network_upsample(struct duet_network *network, const char *name, duet_node input,
                                duet_node like)
{
    const duet_node inputs[2] = {input, like};
    if (is_over(network) || !inputs_are_layers(network, name, inputs, 2)) return -1;
    return append_plain(network, name, DUET_OP_UPSAMPLE, inputs, 2, network->layers[input].channels);
}

duet_node duet_network_subsample(struct duet_network *network, const char *name, duet_node input)
{
    if (is_over(network) || !inputs_are_layers(network, name, &input, 1)) return -1;
    return append_plain(network, name, DUET_OP_SUBSAMPLE, &input, 1, network->layers[input].channels);
}

void duet_network_output(struct duet_network *network, const char *name, duet_node node)
{
    if (is_over(network)) return;
    bool taken = false;
    for (int i = 0; name && i < network->output_count; i++)
        taken = taken || strcmp(network->outputs[i].name, name) == 0;
    char *copy = NULL;
    if (!good_name(name) || taken)
        (void)REFUSE(network, DUET_BAD_ARGUMENT, "output name '%s': empty, taken, or longer than %d bytes",
                     shown(name), DUET_MAX_NAME);
    else if (!known(network, node))
        (void)REFUSE(network, DUET_BAD_ARGUMENT, "output %s: %d, expected a layer, 0 to %d", name, node,
                     network->layer_count - 1);
    else if (network->output_count == DUET_MAX_OUTPUTS)
        (void)REFUSE(network, DUET_TOO_LARGE, "output %s: a network has at most %d", name, DUET_MAX_OUTPUTS);
    else if (!(copy = strdup(name)))
        (void)REFUSE(network, DUET_OUT_OF_MEMORY, "no memory for output %s", name);
    else
        network->outputs[network->output_count++] = (struct network_output){copy, node};
}

enum duet_status duet_network_check(const struct duet_network *network, struct duet_error *error)
{
    DUET_NEEDS(network, error);
    if (!network->fault.status) return DUET_OK;
    return duet_fail(error, network->fault.status, "%s", network->fault.text);
}

/* --- reading -------------------------------------------------------------------------------------------- */

int duet_network_layer_count(const struct duet_network *network)
{
    return network ? network->layer_count : 0;
}

const struct duet_layer *duet_network_layer(const struct duet_network *network, duet_node node)
{
    return known(network, node) ? &network->layers[node] : NULL;
}

duet_node duet_network_find(const struct duet_network *network, const char *layer_name)
{
    for (int i = 0; network && layer_name && i < network->layer_count; i++)
        if (strcmp(network->layers[i].name, layer_name) == 0) return i;
    return -1;
}

int duet_network_output_count(const struct duet_network *network)
{
    return network ? network->output_count : 0;
}

duet_node duet_network_output_at(const struct duet_network *network, int index, const char **name)
{
    if (!network || index < 0 || index >= network->output_count) return -1;
    if (name) *name = network->outputs[index].name;
    return network->outputs[index].node;
}

int duet_network_input_channels(const struct duet_network *network, duet_node node)
{
    if (!known(network, node) || network->layers[node].input_count == 0) return -1;
    return network->layers[network->layers[node].inputs[0]].channels;
}

struct duet_shape duet_network_weight_shape(const struct duet_network *network, duet_node node)
{
    if (!known(network, node)) return (struct duet_shape){0};
    const struct duet_layer *layer = &network->layers[node];
    size_t k = (size_t)layer->kernel, out = (size_t)layer->channels;
    if (layer->op == DUET_OP_DEPTHWISE) return (struct duet_shape){3, {k, k, out}};
    if (layer->op != DUET_OP_CONV) return (struct duet_shape){0};
    size_t in = (size_t)duet_network_input_channels(network, node);
    if (k == 1) return (struct duet_shape){2, {in, out}};
    return (struct duet_shape){4, {k, k, in, out}};
}

/* --- accounting ----------------------------------------------------------------------------------------- */

/* "SAME" padding: a stride of s makes ceil(n / s) of n. */
static size_t strided(size_t n, int stride)
{
    return (n + (size_t)stride - 1) / (size_t)stride;
}

/* Height and width of a layer's result. */
static void result_size(const struct duet_layer *layer, const struct duet_layer_info *info, size_t size[2])
{
    if (layer->op == DUET_OP_GLOBAL_MEAN) {
        size[0] = size[1] = 1;
        return;
    }
    /* Of what is made as large as another layer, that one comes last. */
    const struct duet_shape *like = &info[layer->inputs[0]].output;
    if (duet_layer_reads(layer) < layer->input_count)
        like = &info[layer->inputs[layer->input_count - 1]].output;
    int stride = layer->op == DUET_OP_SUBSAMPLE ? 2 : layer->stride ? layer->stride : 1;
    for (int i = 0; i < 2; i++) size[i] = strided(like->dims[1 + i], stride);
}

static void account_layer(const struct duet_network *network, duet_node node, struct duet_layer_info *info)
{
    const struct duet_layer *layer = &network->layers[node];
    size_t channels = (size_t)layer->channels, size[2];
    result_size(layer, info, size);
    struct duet_shape weight = duet_network_weight_shape(network, node);
    size_t weights = 0;
    if (weight.rank) duet_shape_elements(&weight, &weights);
    uint64_t pixels = (uint64_t)size[0] * size[1];
    info[node] =
        (struct duet_layer_info){.output = {4, {1, size[0], size[1], channels}},
                                 .dtype = layer->type.dtype,
                                 .madds = pixels * weights,
                                 .parameters = weights ? weights + channels * (layer->batch_norm ? 2 : 1) : 0,
                                 .parameters_stored = weights ? weights + channels : 0,
                                 .bytes = pixels * channels * duet_dtype_size(layer->type.dtype)};
}

/* Sides n, made N by an UPSAMPLE. */
static bool is_doubled(size_t n, size_t doubled)
{
    return doubled == 2 * n || doubled + 1 == 2 * n;
}

/* What only sizes tell: tensors that are joined are equally large, and what is repeated is one pixel. */
static enum duet_status check_shapes(const struct duet_layer *layer, const struct duet_layer_info *info,
                                     struct duet_error *error)
{
    const size_t *first = info[layer->inputs[0]].output.dims;
    if (layer->op == DUET_OP_BROADCAST && (first[1] != 1 || first[2] != 1))
        return duet_fail(error, DUET_BAD_ARGUMENT, "layer %s: repeats %zux%zu, expected 1x1", layer->name,
                         first[1], first[2]);
    for (int k = 1; k < layer->input_count; k++) {
        const size_t *other = info[layer->inputs[k]].output.dims;
        if (layer->op == DUET_OP_UPSAMPLE &&
            !(is_doubled(first[1], other[1]) && is_doubled(first[2], other[2])))
            return duet_fail(error, DUET_BAD_ARGUMENT,
                             "layer %s: makes %zux%zu of %zux%zu, expected sides of 2 n - 1 or 2 n",
                             layer->name, other[1], other[2], first[1], first[2]);
        if (k < duet_layer_reads(layer) && (first[1] != other[1] || first[2] != other[2]))
            return duet_fail(error, DUET_BAD_ARGUMENT, "layer %s: joins %zux%zu and %zux%zu", layer->name,
                             first[1], first[2], other[1], other[2]);
    }
    return DUET_OK;
}

enum duet_status duet_network_shapes(const struct duet_network *network, int height, int width,
                                     const bool *needed, struct duet_layer_info *info,
                                     struct duet_error *error)
{
    enum duet_status status = duet_network_check(network, error);
    if (status != DUET_OK) return status;
    if (height < 1 || width < 1 || height > DUET_MAX_INPUT_SIDE || width > DUET_MAX_INPUT_SIDE)
        return duet_fail(error, DUET_BAD_ARGUMENT, "network input of %dx%d: sides must be 1 to %d", width,
                         height, DUET_MAX_INPUT_SIDE);
    /* Sides <= 8192, channels <= 65536, weights <= 9 * 2^32: every product below fits in 64 bits. */
    for (int i = 0; status == DUET_OK && i < network->layer_count; i++) {
        const struct duet_layer *layer = &network->layers[i];
        if (layer->op == DUET_OP_INPUT && layer->input_count == 0) {
            info[i] = (struct duet_layer_info){
                .output = {4, {1, (size_t)height, (size_t)width, (size_t)layer->channels}},
                .bytes = (uint64_t)height * (uint64_t)width * (uint64_t)layer->channels * sizeof(float)};
            continue;
        }
        account_layer(network, i, info);
        if (needed[i]) status = check_shapes(layer, info, error);
    }
    return status;
}
