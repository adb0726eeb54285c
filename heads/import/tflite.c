#include "import/recipes.h"

#include "core/checked.h"
#include "core/fail.h"
#include "heads/metadata.h"
#include "import/tflite_match.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What the published files hold (all with dilations as options of their operators, none as SPACE_TO_BATCH):
 *
 *   deeplabv3_mnv2_pascal_quant       width 1.0          uint8 a tensor  513x513  output stride 16
 *   deeplabv3_mnv2_dm05_pascal_quant  width 0.5          uint8 a tensor  513x513  output stride 16
 *   deeplabv3_257_mv_gpu              width 0.5          float32         257x257  output stride 8
 *   mobilenet_v2_1.0_224_quant        width 1.0          uint8 a tensor  224x224  (classifier, 1001 classes)
 *
 * Width 0.5 was cut without rounding: 16 8 12 16 32 48 80 160 channels, so the divisor is 1, 2 or 4 (at 8,
 * twelve would be 16); the heads keep depth 256. In the quantized ones the image-level features are
 * requantized by a QUANTIZE of their own before they are joined with the rest.
 */
#define MAX_SIDE 8192

struct import {
    const struct duet_import *given;
    const char *path;
    const struct duet_tflite *graph;
    struct duet_weights *out;
    size_t weight_bytes; /* of the graph's tensors that were taken so far */
    struct duet_model_range *ranges; /* [range_count]; names are the network's */
    int range_count;
    struct duet_error *error;
};

/* --- what network it is -------------------------------------------------------------------------------- */

static const struct duet_tflite_tensor *weights_of(const struct import *import, int op)
{
    const struct duet_tflite_operator *o = &import->graph->operators[op];
    if (o->code != DUET_TFLITE_CONV_2D || o->input_count < 2 || o->inputs[1] < 0) return NULL;
    const struct duet_tflite_tensor *t = &import->graph->tensors[o->inputs[1]];
    return t->rank == 4 ? t : NULL;
}

/* Output channels of the CONV_2D after operator `op`, which is moved to it. 0: there is none. */
static size_t next_conv(const struct import *import, int *op)
{
    for (int i = *op + 1; i < import->graph->operator_count; i++) {
        const struct duet_tflite_tensor *weights = weights_of(import, i);
        if (!weights) continue;
        *op = i;
        return weights->dims[0];
    }
    return 0;
}

/* The trunk is a chain, so its convolutions stand in every file in the order of ours. */
static size_t backbone_channels(const void *ctx, const struct duet_layer *layer, int *at)
{
    (void)layer;
    return next_conv(ctx, at);
}

/* The product of all strides. */
static int output_stride_of(const struct duet_tflite *graph)
{
    int product = 1;
    for (int i = 0; i < graph->operator_count && product < 32; i++) {
        const struct duet_tflite_operator *op = &graph->operators[i];
        if ((op->code == DUET_TFLITE_CONV_2D || op->code == DUET_TFLITE_DEPTHWISE_CONV_2D) &&
            op->options[DUET_TFLITE_STRIDE_HEIGHT] == 2)
            product *= 2;
    }
    return product < 8 ? 8 : product; /* too few: the first that is missing will be named */
}

/* DeepLabv3 joins its branches; what follows is the projection, then the logits. */
static enum duet_status derive_deeplabv3(const struct import *import, int concat, struct duet_head *head)
{
    int op = concat;
    size_t depth = next_conv(import, &op), classes = next_conv(import, &op);
    if (depth < 1 || depth > 4096 || classes < 2 || classes > 255)
        return duet_fail(
            import->error, DUET_UNSUPPORTED,
            "%s: after operator %d (CONCATENATION) come convolutions of %zu and %zu channels: expected "
            "DeepLabv3's projection (1 to 4096) and logits (2 to 255)",
            import->path, concat, depth, classes);
    *head = duet_head_usual(DUET_DEEPLABV3);
    head->config.deeplabv3 = (struct duet_deeplabv3_config){
        (int)classes, (int)depth, import->graph->operators[concat].input_count > 2};
    head->output_stride = output_stride_of(import->graph);
    head->labels = import->given->options->segmentation_labels;
    return duet_import_check_labels(&head->labels, 0, (int)classes - 1, import->error);
}

static enum duet_status derive_classifier(const struct import *import, struct duet_head *head)
{
    int op = -1;
    size_t classes = 0, channels;
    while ((channels = next_conv(import, &op)) > 0) classes = channels;
    if (classes < 1 || classes > 10000)
        return duet_fail(
            import->error, DUET_UNSUPPORTED,
            "%s: its last convolution has %zu channels: expected a classifier's 1 to 10000 classes, "
            "or DeepLabv3 with a CONCATENATION",
            import->path, classes);
    *head = duet_head_usual(DUET_CLASSIFIER);
    head->config.classifier.classes = (int)classes;
    head->labels = import->given->options->classifier_labels;
    return duet_import_check_labels(&head->labels, 0, (int)classes - 1, import->error);
}

static enum duet_status derive_input(const struct import *import, struct duet_head *head)
{
    const struct duet_tflite *graph = import->graph;
    if (graph->input_count != 1)
        return duet_fail(import->error, DUET_UNSUPPORTED, "%s: %d inputs, expected 1", import->path,
                         graph->input_count);
    const struct duet_tflite_tensor *t = &graph->tensors[graph->inputs[0]];
    if (t->rank != 4 || t->dims[0] != 1 || t->dims[3] != 3 || t->dims[1] < 1 || t->dims[2] < 1 ||
        t->dims[1] > MAX_SIDE || t->dims[2] > MAX_SIDE)
        return duet_fail(import->error, DUET_UNSUPPORTED,
                         "%s: input %.*s of rank %d is not one RGB picture [1,H,W,3] with sides from 1 to %d",
                         import->path, t->name.length, t->name.at, t->rank, MAX_SIDE);
    head->input.height = (int)t->dims[1];
    head->input.width = (int)t->dims[2];
    return DUET_OK;
}

static enum duet_status derive_config(struct import *import, struct duet_head *head,
                                      struct duet_model_config *config)
{
    int concat = -1, op = -1;
    for (int i = 0; concat < 0 && i < import->graph->operator_count; i++)
        if (import->graph->operators[i].code == DUET_TFLITE_CONCATENATION) concat = i;
    enum duet_status status =
        concat >= 0 ? derive_deeplabv3(import, concat, head) : derive_classifier(import, head);
    if (status == DUET_OK) status = derive_input(import, head);
    if (status != DUET_OK) return status;
    size_t first = next_conv(import, &op);
    return duet_import_width(import->path, first, backbone_channels, import, config, import->error);
}

/* --- tensors ------------------------------------------------------------------------------------------- */

/* "<name>.scale", and "<name>.zero_point" too where `zeros`. */
static enum duet_status add_quantization(const struct import *import, const char *name,
                                         const struct duet_tflite_tensor *t, bool zeros)
{
    char full[160];
    struct duet_shape shape = {1, {t->scale_count}};
    float *scale = malloc(t->scale_count * sizeof *scale);
    int32_t *zero = malloc(t->scale_count * sizeof *zero);
    enum duet_status status = DUET_OK;
    if (!scale || !zero) status = duet_no_memory(import->error, import->path, NULL);
    for (uint32_t i = 0; status == DUET_OK && i < t->scale_count; i++) {
        scale[i] = duet_tflite_scale(t, i);
        zero[i] = duet_tflite_zero_point(t, i);
        zeros = zeros || zero[i] != 0;
    }
    snprintf(full, sizeof full, "%s.scale", name);
    if (status == DUET_OK)
        status = duet_weights_add(import->out, full, DUET_F32, &shape, scale, import->error);
    snprintf(full, sizeof full, "%s.zero_point", name);
    if (status == DUET_OK && zeros)
        status = duet_weights_add(import->out, full, DUET_I32, &shape, zero, import->error);
    free(scale);
    free(zero);
    return status;
}

/* Element order of TFLite [Cout, k, k, Cin] to ours, [k, k, Cin, Cout]. Depthwise [1, k, k, C] needs none.
 * Owned: free(); NULL when out of memory. */
static uint8_t *transpose(const struct duet_tflite_tensor *t, size_t channels)
{
    size_t rest = t->elements / channels, size = duet_dtype_size(t->dtype);
    uint8_t *to = malloc(t->bytes ? t->bytes : 1);
    for (size_t c = 0; to && c < channels; c++)
        for (size_t i = 0; i < rest; i++)
            memcpy(to + (i * channels + c) * size, t->data + (c * rest + i) * size, size);
    return to;
}

static bool all_finite(enum duet_dtype dtype, const uint8_t *data, size_t count)
{
    for (size_t i = 0; dtype == DUET_F32 && i < count; i++) {
        float value;
        memcpy(&value, data + i * sizeof value, sizeof value);
        if (!isfinite(value)) return false;
    }
    for (size_t i = 0; dtype == DUET_F16 && i < count; i++)
        if ((data[2 * i + 1] & 0x7c) == 0x7c) return false;
    return true;
}

/* A tensor of weights (or biases) must be of a type that duet_weights_float knows, and say how it is scaled.
 */
static enum duet_status check_weights(struct import *import, const char *name,
                                      const struct duet_tflite_tensor *t, bool bias, int channel_dimension)
{
    bool is_float = t->dtype == DUET_F32 || t->dtype == DUET_F16;
    bool quantized = bias ? t->dtype == DUET_I32 : t->dtype == DUET_U8 || t->dtype == DUET_I8;
    if (!is_float && !quantized)
        return duet_fail(import->error, DUET_UNSUPPORTED, "%s: %.*s (%s) is %s, expected F32, F16 or %s",
                         import->path, t->name.length, t->name.at, name,
                         t->dtype == DUET_DTYPE_COUNT ? "of an unknown type" : duet_dtype_name(t->dtype),
                         bias ? "I32" : "U8 or I8");
    if (quantized && t->scale_count == 0)
        return duet_fail(import->error, DUET_BAD_FORMAT, "%s: %.*s (%s) is %s without a scale", import->path,
                         t->name.length, t->name.at, name, duet_dtype_name(t->dtype));
    if (quantized && t->scale_count > 1 && t->quantized_dimension != channel_dimension)
        return duet_fail(import->error, DUET_UNSUPPORTED,
                         "%s: %.*s (%s) is quantized along dimension %d, expected %d", import->path,
                         t->name.length, t->name.at, name, t->quantized_dimension, channel_dimension);
    if (!all_finite(t->dtype, t->data, t->elements))
        return duet_fail(import->error, DUET_BAD_FORMAT, "%s: %.*s (%s) has values that are not finite",
                         import->path, t->name.length, t->name.at, name);
    /* Layers that all point at the same bytes would let a small file ask for much memory. */
    import->weight_bytes += t->bytes;
    if (import->weight_bytes <= import->graph->size) return DUET_OK;
    return duet_fail(import->error, DUET_TOO_LARGE,
                     "%s: %.*s (%s): more bytes of weights (%zu) than of file (%zu)", import->path,
                     t->name.length, t->name.at, name, import->weight_bytes, import->graph->size);
}

/* A checked tensor, and how it is scaled; `data`: its values in our order. */
static enum duet_status add_tensor(const struct import *import, const char *name,
                                   const struct duet_tflite_tensor *t, const struct duet_shape *shape,
                                   const void *data)
{
    enum duet_status status = duet_weights_add(import->out, name, t->dtype, shape, data, import->error);
    if (status != DUET_OK || t->dtype == DUET_F32 || t->dtype == DUET_F16) return status;
    return add_quantization(import, name, t, t->dtype != DUET_I32);
}

static enum duet_status add_weight(struct import *import, const struct duet_layer *layer,
                                   const struct duet_shape *shape, const struct duet_tflite_tensor *t)
{
    char name[128];
    bool depthwise = layer->op == DUET_OP_DEPTHWISE;
    snprintf(name, sizeof name, "%s.weight", layer->name);
    enum duet_status status = check_weights(import, name, t, false, depthwise ? 3 : 0);
    if (status != DUET_OK) return status;
    uint8_t *transposed = depthwise ? NULL : transpose(t, (size_t)layer->channels);
    if (!depthwise && !transposed) return duet_no_memory(import->error, import->path, NULL);
    status = add_tensor(import, name, t, shape, depthwise ? t->data : transposed);
    free(transposed);
    return status;
}

/* `t`: NULL when the layer has none, which is a bias of 0. */
static enum duet_status add_bias(struct import *import, const struct duet_layer *layer,
                                 const struct duet_tflite_tensor *t)
{
    char name[128];
    struct duet_shape shape = {1, {(size_t)layer->channels}};
    snprintf(name, sizeof name, "%s.bias", layer->name);
    if (t) {
        enum duet_status status = check_weights(import, name, t, true, 0);
        return status == DUET_OK ? add_tensor(import, name, t, &shape, t->data) : status;
    }
    float *zeros = calloc(shape.dims[0], sizeof *zeros);
    if (!zeros) return duet_no_memory(import->error, import->path, NULL);
    enum duet_status status = duet_weights_add(import->out, name, DUET_F32, &shape, zeros, import->error);
    free(zeros);
    return status;
}

/* Is it read by no layer, as logits are? */
static bool is_last(const struct duet_network *network, duet_node node)
{
    for (int i = node + 1; i < duet_network_layer_count(network); i++) {
        const struct duet_layer *layer = duet_network_layer(network, i);
        for (int k = 0; k < layer->input_count; k++)
            if (layer->inputs[k] == node) return false;
    }
    return true;
}

/* What the bytes of its result stand for, where the graph is quantized; logits are float32 here. int8's are
 * those of uint8, moved by 128. */
static enum duet_status add_range(struct import *import, const struct duet_network *network, duet_node node,
                                  const struct duet_tflite_tensor *output)
{
    const char *layer = duet_network_layer(network, node)->name;
    if (output->scale_count != 1 || (output->dtype != DUET_U8 && output->dtype != DUET_I8) ||
        is_last(network, node))
        return DUET_OK;
    float scale = duet_tflite_scale(output, 0);
    int zero = duet_tflite_zero_point(output, 0) + (output->dtype == DUET_I8 ? 128 : 0);
    if (!(scale >= DUET_RANGE_MIN_SCALE && scale <= DUET_RANGE_MAX_SCALE))
        return duet_fail(import->error, DUET_UNSUPPORTED, "%s: tensor %.*s has scale %g, expected %g to %g",
                         import->path, output->name.length, output->name.at, (double)scale,
                         DUET_RANGE_MIN_SCALE, DUET_RANGE_MAX_SCALE);
    import->ranges[import->range_count++] = (struct duet_model_range){layer, scale, zero};
    return DUET_OK;
}

static enum duet_status import_layer(struct import *import, const struct duet_network *network,
                                     duet_node node, const struct duet_tflite_layer *match)
{
    const struct duet_tflite_tensor *tensors = import->graph->tensors;
    const struct duet_layer *layer = duet_network_layer(network, node);
    struct duet_shape shape = duet_network_weight_shape(network, node);
    enum duet_status status = DUET_OK;
    if (shape.rank) {
        status = add_weight(import, layer, &shape, &tensors[match->weights]);
        if (status == DUET_OK)
            status = add_bias(import, layer, match->bias < 0 ? NULL : &tensors[match->bias]);
    }
    return status == DUET_OK ? add_range(import, network, node, &tensors[match->output]) : status;
}

/* --- the whole ----------------------------------------------------------------------------------------- */

static enum duet_status import_layers(struct import *import, const struct duet_network *network,
                                      const struct duet_head_input *input)
{
    int count = duet_network_layer_count(network);
    struct duet_layer_info *info = calloc((size_t)count, sizeof *info);
    struct duet_tflite_layer *match = calloc((size_t)count, sizeof *match);
    enum duet_status status = DUET_OK;
    import->ranges = calloc((size_t)count, sizeof *import->ranges);
    if (!info || !match || !import->ranges) status = duet_no_memory(import->error, import->path, NULL);
    if (status == DUET_OK)
        status = duet_network_account(network, input->height, input->width, info,
                                      sizeof(struct duet_layer_info), import->error);
    if (status == DUET_OK)
        status = duet_tflite_match(import->path, import->graph, network, info, match, import->error);
    for (int i = 0; status == DUET_OK && i < count; i++) status = import_layer(import, network, i, &match[i]);
    free(info);
    free(match);
    return status;
}

enum duet_status duet_import_tflite(const struct duet_import *given, const struct duet_tflite *source,
                                    struct duet_weights *out, struct duet_error *error)
{
    struct import import = {.given = given, .path = given->path, .graph = source, .out = out, .error = error};
    struct duet_head head;
    struct duet_model_config config = {.heads = &head, .head_count = 1};
    struct duet_network *network = NULL;
    enum duet_status status = derive_config(&import, &head, &config);
    if (status == DUET_OK) status = duet_model_network(&config, 0, &network, error);
    if (status == DUET_OK) status = import_layers(&import, network, &head.input);
    if (import.range_count)
        config.quantization = (struct duet_model_quantization){
            .rounding = "half_even", .ranges = import.ranges, .range_count = import.range_count};
    if (status == DUET_OK) status = duet_import_finish(given, &config, out, error);
    duet_network_close(&network);
    free(import.ranges);
    return status;
}
