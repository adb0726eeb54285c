#include "network/network.h"

#include "core/checked.h"
#include "core/fail.h"

#include <stdlib.h>
#include <string.h>

enum duet_status duet_network_create(struct duet_network **out, struct duet_error *error)
{
    *out = calloc(1, sizeof **out);
    return *out ? DUET_OK : duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for a network");
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

#define REFUSE(network, ...) ((network)->fault.status ? -1 : (duet_fail(&(network)->fault, __VA_ARGS__), -1))

static bool known(const struct duet_network *network, duet_node node)
{
    return node >= 0 && node < network->layer_count;
}

/* Append `layer` under a copy of `name`. */
static duet_node append(struct duet_network *network, const char *name, struct duet_layer layer)
{
    if (network->fault.status) return -1;
    for (int i = 0; i < layer.input_count; i++)
        if (!known(network, layer.inputs[i]))
            return REFUSE(network, DUET_BAD_ARGUMENT, "layer %s: its input %d is not a layer", name, i);
    if (!name || !*name || duet_network_find(network, name) >= 0)
        return REFUSE(network, DUET_BAD_ARGUMENT, "layer name '%s': empty or taken", name ? name : "");
    if (layer.channels < 1 || layer.channels > DUET_MAX_CHANNELS)
        return REFUSE(network, DUET_BAD_ARGUMENT, "layer %s: %d channels, expected 1 to %d", name,
                      layer.channels, DUET_MAX_CHANNELS);
    if (network->layer_count == network->layer_capacity) {
        int capacity = network->layer_capacity ? network->layer_capacity * 2 : 128;
        struct duet_layer *grown = realloc(network->layers, (size_t)capacity * sizeof *grown);
        if (!grown) return REFUSE(network, DUET_OUT_OF_MEMORY, "no memory for %d layers", capacity);
        network->layers = grown;
        network->layer_capacity = capacity;
    }
    layer.name = strdup(name);
    if (!layer.name) return REFUSE(network, DUET_OUT_OF_MEMORY, "no memory for layer %s", name);
    network->layers[network->layer_count] = layer;
    return network->layer_count++;
}

duet_node duet_network_input(struct duet_network *network, const char *name, int channels)
{
    return append(network, name, (struct duet_layer){.op = DUET_OP_INPUT, .channels = channels});
}

static duet_node append_conv(struct duet_network *network, enum duet_op op, duet_node input,
                             struct duet_conv conv)
{
    if (network->fault.status || input < 0) return -1;
    struct duet_layer layer = {.op = op,
                               .inputs = {input},
                               .input_count = 1,
                               .kernel = conv.kernel ? conv.kernel : 1,
                               .stride = conv.stride ? conv.stride : 1,
                               .rate = conv.rate ? conv.rate : 1,
                               .channels = conv.channels,
                               .activation = conv.activation,
                               .batch_norm = conv.batch_norm};
    if (layer.kernel != 1 && layer.kernel != 3)
        return REFUSE(network, DUET_BAD_ARGUMENT, "layer %s: kernel %d, expected 1 or 3", conv.name,
                      layer.kernel);
    if (layer.stride != 1 && layer.stride != 2)
        return REFUSE(network, DUET_BAD_ARGUMENT, "layer %s: stride %d, expected 1 or 2", conv.name,
                      layer.stride);
    if (layer.rate < 1 || layer.rate > 64)
        return REFUSE(network, DUET_BAD_ARGUMENT, "layer %s: atrous rate %d, expected 1 to 64", conv.name,
                      layer.rate);
    if (layer.rate > 1 && layer.stride > 1)
        return REFUSE(network, DUET_BAD_ARGUMENT, "layer %s: stride and atrous rate both above 1", conv.name);
    return append(network, conv.name, layer);
}

duet_node duet_network_conv(struct duet_network *network, duet_node input, struct duet_conv conv)
{
    return append_conv(network, DUET_OP_CONV, input, conv);
}

duet_node duet_network_depthwise(struct duet_network *network, duet_node input, struct duet_conv conv)
{
    if (!known(network, input)) return -1;
    conv.channels = network->layers[input].channels;
    conv.kernel = 3;
    return append_conv(network, DUET_OP_DEPTHWISE, input, conv);
}

duet_node duet_network_add(struct duet_network *network, const char *name, duet_node a, duet_node b)
{
    if (!known(network, a) || !known(network, b)) return -1;
    int channels = network->layers[a].channels;
    if (network->layers[b].channels != channels)
        return REFUSE(network, DUET_BAD_ARGUMENT, "layer %s: adds %d to %d channels", name, channels,
                      network->layers[b].channels);
    return append(
        network, name,
        (struct duet_layer){.op = DUET_OP_ADD, .inputs = {a, b}, .input_count = 2, .channels = channels});
}

duet_node duet_network_concat(struct duet_network *network, const char *name, const duet_node *inputs,
                              int count)
{
    if (count < 1 || count > DUET_MAX_INPUTS)
        return REFUSE(network, DUET_BAD_ARGUMENT, "layer %s: joins %d inputs, expected 1 to %d", name, count,
                      DUET_MAX_INPUTS);
    struct duet_layer layer = {.op = DUET_OP_CONCAT, .input_count = count};
    for (int i = 0; i < count; i++) {
        if (!known(network, inputs[i])) return -1;
        layer.inputs[i] = inputs[i];
        layer.channels += network->layers[inputs[i]].channels;
    }
    return append(network, name, layer);
}

duet_node duet_network_global_mean(struct duet_network *network, const char *name, duet_node input)
{
    if (!known(network, input)) return -1;
    return append(network, name,
                  (struct duet_layer){.op = DUET_OP_GLOBAL_MEAN,
                                      .inputs = {input},
                                      .input_count = 1,
                                      .channels = network->layers[input].channels});
}

duet_node duet_network_broadcast(struct duet_network *network, const char *name, duet_node input,
                                 duet_node like)
{
    if (!known(network, input) || !known(network, like)) return -1;
    return append(network, name,
                  (struct duet_layer){.op = DUET_OP_BROADCAST,
                                      .inputs = {input, like},
                                      .input_count = 2,
                                      .channels = network->layers[input].channels});
}

void duet_network_output(struct duet_network *network, const char *name, duet_node node)
{
    if (network->fault.status || !known(network, node)) return;
    if (network->output_count == DUET_MAX_OUTPUTS) {
        (void)REFUSE(network, DUET_TOO_LARGE, "output %s: a network has at most %d", name, DUET_MAX_OUTPUTS);
        return;
    }
    char *copy = strdup(name);
    if (!copy) {
        (void)REFUSE(network, DUET_OUT_OF_MEMORY, "no memory for output %s", name);
        return;
    }
    network->outputs[network->output_count++] = (struct network_output){copy, node};
}

enum duet_status duet_network_check(const struct duet_network *network, struct duet_error *error)
{
    if (!network->fault.status) return DUET_OK;
    return duet_fail(error, network->fault.status, "%s", network->fault.text);
}

/* --- reading -------------------------------------------------------------------------------------------- */

int duet_network_layer_count(const struct duet_network *network)
{
    return network->layer_count;
}

const struct duet_layer *duet_network_layer(const struct duet_network *network, duet_node node)
{
    return known(network, node) ? &network->layers[node] : NULL;
}

duet_node duet_network_find(const struct duet_network *network, const char *layer_name)
{
    for (int i = 0; i < network->layer_count; i++)
        if (strcmp(network->layers[i].name, layer_name) == 0) return i;
    return -1;
}

int duet_network_output_count(const struct duet_network *network)
{
    return network->output_count;
}

duet_node duet_network_output_at(const struct duet_network *network, int index, const char **name)
{
    if (index < 0 || index >= network->output_count) return -1;
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

static void account_layer(const struct duet_network *network, duet_node node, struct duet_layer_info *info)
{
    const struct duet_layer *layer = &network->layers[node];
    const struct duet_shape *in = layer->input_count ? &info[layer->inputs[0]].output : NULL;
    size_t channels = (size_t)layer->channels, height = 1, width = 1;
    if (layer->op == DUET_OP_BROADCAST) in = &info[layer->inputs[1]].output;
    if (layer->op != DUET_OP_GLOBAL_MEAN) {
        int stride = layer->stride ? layer->stride : 1;
        height = strided(in->dims[1], stride);
        width = strided(in->dims[2], stride);
    }
    struct duet_shape weight = duet_network_weight_shape(network, node);
    size_t weights = 0;
    if (weight.rank) duet_shape_elements(&weight, &weights);
    info[node] =
        (struct duet_layer_info){.output = {4, {1, height, width, channels}},
                                 .madds = (uint64_t)height * width * weights,
                                 .parameters = weights ? weights + channels * (layer->batch_norm ? 2 : 1) : 0,
                                 .parameters_stored = weights ? weights + channels : 0,
                                 .bytes = (uint64_t)height * width * channels * sizeof(float)};
}

enum duet_status duet_network_account(const struct duet_network *network, int height, int width,
                                      struct duet_layer_info *info, struct duet_error *error)
{
    if (height < 1 || width < 1 || height > DUET_MAX_INPUT_SIDE || width > DUET_MAX_INPUT_SIDE)
        return duet_fail(error, DUET_BAD_ARGUMENT, "network input of %dx%d: sides must be 1 to %d", width,
                         height, DUET_MAX_INPUT_SIDE);
    /* Sides <= 8192, channels <= 65536, weights <= 9 * 2^32: every product below fits in 64 bits. */
    for (int i = 0; i < network->layer_count; i++) {
        const struct duet_layer *layer = &network->layers[i];
        if (layer->op == DUET_OP_INPUT)
            info[i] = (struct duet_layer_info){
                .output = {4, {1, (size_t)height, (size_t)width, (size_t)layer->channels}},
                .bytes = (uint64_t)height * (uint64_t)width * (uint64_t)layer->channels * sizeof(float)};
        else
            account_layer(network, i, info);
        for (int k = 1; k < layer->input_count; k++) {
            const size_t *a = info[layer->inputs[0]].output.dims, *b = info[layer->inputs[k]].output.dims;
            if ((layer->op == DUET_OP_ADD || layer->op == DUET_OP_CONCAT) && (a[1] != b[1] || a[2] != b[2]))
                return duet_fail(error, DUET_BAD_ARGUMENT, "layer %s: joins %zux%zu and %zux%zu", layer->name,
                                 a[1], a[2], b[1], b[2]);
        }
    }
    return DUET_OK;
}
