#include "import/recipes.h"

#include "core/fail.h"
#include "import/slim_names.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What TF-slim trained with, unless the graph says otherwise. */
#define USUAL_EPSILON 1e-3

struct import {
    const char *path;
    const struct duet_weights *source;
    const struct duet_network *network;
    struct duet_weights *out;
    const struct duet_tensor **used; /* of the source */
    size_t used_count;
    struct duet_error *error;
};

/* --- one layer ------------------------------------------------------------------------------------------ */

/* A layer and what the source has for it. */
struct part {
    const char *name; /* of the layer */
    char scope[DUET_SLIM_SCOPE];
    size_t channels;
    struct duet_shape shape; /* of the weights, native */
    size_t elements;
    const struct duet_tensor *weights;
    bool scale_folded;     /* into the weights already, by the tool that wrote the source */
    double *scale, *shift; /* [channels] */
};

static const struct duet_tensor *find(const struct import *import, const char *scope, const char *tail)
{
    char name[256];
    snprintf(name, sizeof name, "%s%s", scope, tail);
    return duet_weights_find(import->source, name);
}

static const struct duet_tensor *find_weights(const struct import *import, const struct part *part,
                                              bool *scale_folded)
{
    const struct duet_tensor *t;
    *scale_folded = true;
    if ((t = find(import, part->name, ".weight"))) return t;
    if ((t = find(import, part->scope, "/Conv2D/merged_input"))) return t;
    *scale_folded = false;
    if ((t = find(import, part->scope, "/weights"))) return t;
    return find(import, part->scope, "/depthwise_weights");
}

static enum duet_status missing(const struct import *import, const struct part *part, const char *what)
{
    return duet_fail(import->error, DUET_NOT_FOUND, "%s: layer %s needs %s%s, which the source does not have",
                     import->path, part->name, part->scope, what);
}

/* Shapes are equal up to dimensions of 1: [1,1,Cin,Cout] is [Cin,Cout], [3,3,C,1] is [3,3,C]. */
static bool same_but_ones(const struct duet_shape *a, const struct duet_shape *b)
{
    int i = 0, k = 0;
    for (;;) {
        while (i < a->rank && a->dims[i] == 1) i++;
        while (k < b->rank && b->dims[k] == 1) k++;
        if (i == a->rank || k == b->rank) return i == a->rank && k == b->rank;
        if (a->dims[i++] != b->dims[k++]) return false;
    }
}

static enum duet_status check_tensor(struct import *import, const struct part *part,
                                     const struct duet_tensor *tensor, const struct duet_shape *expected)
{
    char want[DUET_SHAPE_TEXT], got[DUET_SHAPE_TEXT];
    if (tensor->dtype != DUET_F32)
        return duet_fail(import->error, DUET_UNSUPPORTED, "%s: %s (layer %s) is %s, expected F32",
                         import->path, tensor->name, part->name, duet_dtype_name(tensor->dtype));
    if (!same_but_ones(&tensor->shape, expected))
        return duet_fail(import->error, DUET_MISMATCH, "%s: %s has shape %s, layer %s needs %s", import->path,
                         tensor->name, duet_shape_text(&tensor->shape, got, sizeof got), part->name,
                         duet_shape_text(expected, want, sizeof want));
    import->used[import->used_count++] = tensor;
    return DUET_OK;
}

/* Read one value a channel into `values`; fill them with `otherwise` when the source has no such tensor. */
static enum duet_status read_channels(struct import *import, const struct part *part, const char *scope,
                                      const char *tail, double otherwise, double *values)
{
    const struct duet_tensor *tensor = find(import, scope, tail);
    if (!tensor) {
        for (size_t c = 0; c < part->channels; c++) values[c] = otherwise;
        return DUET_OK;
    }
    enum duet_status status = check_tensor(import, part, tensor, &(struct duet_shape){1, {part->channels}});
    if (status != DUET_OK) return status;
    for (size_t c = 0; c < part->channels; c++) values[c] = ((const float *)tensor->data)[c];
    return DUET_OK;
}

/* gamma * (x - mean) / sqrt(variance + epsilon) + beta, as scale * x + shift. */
static enum duet_status fold_moments(struct import *import, struct part *part)
{
    double *mean = calloc(part->channels * 2, sizeof *mean), *variance = mean + part->channels;
    if (!mean) return duet_no_memory(import->error, import->path, NULL);
    enum duet_status status =
        find(import, part->scope, "/BatchNorm/moving_variance")
            ? read_channels(import, part, part->scope, "/BatchNorm/moving_variance", 1, variance)
            : missing(import, part, "/BatchNorm/moving_variance");
    if (status == DUET_OK)
        status = read_channels(import, part, part->scope, "/BatchNorm/moving_mean", 0, mean);
    if (status == DUET_OK)
        status = read_channels(import, part, part->scope, "/BatchNorm/gamma", 1, part->scale);
    if (status == DUET_OK)
        status = read_channels(import, part, part->scope, "/BatchNorm/beta", 0, part->shift);
    const struct duet_tensor *e = find(import, part->scope, "/BatchNorm/epsilon");
    double epsilon = e && e->dtype == DUET_F32 && e->bytes == 4 ? *(const float *)e->data : USUAL_EPSILON;
    for (size_t c = 0; status == DUET_OK && c < part->channels; c++) {
        part->scale[c] /= sqrt(variance[c] + epsilon);
        part->shift[c] -= mean[c] * part->scale[c];
    }
    free(mean);
    return status;
}

/* Find out what follows the layer's weights, in one of the ways that the tools leave it. */
static enum duet_status read_scale_and_shift(struct import *import, struct part *part)
{
    for (size_t c = 0; c < part->channels; c++) part->scale[c] = 1;
    if (find(import, part->name, ".bias"))
        return read_channels(import, part, part->name, ".bias", 0, part->shift);
    if (find(import, part->scope, "/BatchNorm/moving_mean")) return fold_moments(import, part);
    if (find(import, part->scope, "/BatchNorm/batchnorm/sub")) {
        bool mul = find(import, part->scope, "/BatchNorm/batchnorm/mul");
        if (mul && part->scale_folded)
            return duet_fail(import->error, DUET_UNSUPPORTED,
                             "%s: %s: weights with the scale folded in, and a scale beside them",
                             import->path, part->scope);
        if (!mul && !part->scale_folded) return missing(import, part, "/BatchNorm/batchnorm/mul");
        enum duet_status status =
            read_channels(import, part, part->scope, "/BatchNorm/batchnorm/mul", 1, part->scale);
        if (status != DUET_OK) return status;
        return read_channels(import, part, part->scope, "/BatchNorm/batchnorm/sub", 0, part->shift);
    }
    if (find(import, part->scope, "/biases"))
        return read_channels(import, part, part->scope, "/biases", 0, part->shift);
    return missing(import, part, "/BatchNorm or /biases");
}

static enum duet_status emit(struct import *import, const struct part *part)
{
    size_t count = part->elements + part->channels;
    float *weights = malloc(count * sizeof *weights), *bias = weights + part->elements;
    char name[128];
    if (!weights) return duet_no_memory(import->error, import->path, NULL);
    for (size_t i = 0; i < part->elements; i++) /* output channels are the last dimension of every kind */
        weights[i] = (float)(((const float *)part->weights->data)[i] * part->scale[i % part->channels]);
    for (size_t c = 0; c < part->channels; c++) bias[c] = (float)part->shift[c];
    enum duet_status status = DUET_OK;
    for (size_t i = 0; status == DUET_OK && i < count; i++)
        if (!isfinite(weights[i]))
            status =
                duet_fail(import->error, DUET_BAD_FORMAT, "%s: layer %s (%s) has weights that are not finite",
                          import->path, part->name, part->weights->name);
    snprintf(name, sizeof name, "%s.weight", part->name);
    if (status == DUET_OK)
        status = duet_weights_add(import->out, name, DUET_F32, &part->shape, weights, import->error);
    snprintf(name, sizeof name, "%s.bias", part->name);
    if (status == DUET_OK)
        status = duet_weights_add(import->out, name, DUET_F32, &(struct duet_shape){1, {part->channels}},
                                  bias, import->error);
    free(weights);
    return status;
}

static enum duet_status import_layer(struct import *import, duet_node node)
{
    struct part part = {.name = duet_network_layer(import->network, node)->name,
                        .channels = (size_t)duet_network_layer(import->network, node)->channels,
                        .shape = duet_network_weight_shape(import->network, node)};
    if (part.shape.rank == 0) return DUET_OK;
    if (!duet_slim_scope(import->network, part.name, part.scope, sizeof part.scope))
        return duet_fail(import->error, DUET_UNSUPPORTED, "%s: no recipe for layer %s", import->path,
                         part.name);
    duet_shape_elements(&part.shape, &part.elements);
    part.weights = find_weights(import, &part, &part.scale_folded);
    if (!part.weights) return missing(import, &part, "/weights");
    enum duet_status status = check_tensor(import, &part, part.weights, &part.shape);
    if (status != DUET_OK) return status;
    part.scale = calloc(part.channels * 2, sizeof *part.scale);
    if (!part.scale) return duet_no_memory(import->error, import->path, NULL);
    part.shift = part.scale + part.channels;
    status = read_scale_and_shift(import, &part);
    if (status == DUET_OK) status = emit(import, &part);
    free(part.scale);
    return status;
}

/* --- the network that the shapes tell of ---------------------------------------------------------------- */

/* Output channels the source has for a layer; 0 when it does not have the layer. */
static size_t source_channels(const struct import *import, const char *layer)
{
    struct part part = {.name = layer};
    bool folded;
    if (!duet_slim_scope(import->network, layer, part.scope, sizeof part.scope)) return 0;
    const struct duet_tensor *t = find_weights(import, &part, &folded);
    return t && t->shape.rank > 0 ? t->shape.dims[t->shape.rank - 1] : 0;
}

static size_t backbone_channels(const void *ctx, const struct duet_layer *layer, int *at)
{
    (void)at;
    return source_channels(ctx, layer->name);
}

static enum duet_status derive_config(struct import *import, struct duet_head *head,
                                      struct duet_model_config *config)
{
    size_t first = source_channels(import, "backbone.conv");
    size_t logits = source_channels(import, "ssdlite.map0.class.predict");
    size_t anchors = (size_t)duet_ssdlite_anchors_per_cell(0);
    if (first == 0 || logits == 0)
        return duet_fail(import->error, DUET_UNSUPPORTED,
                         "%s: no tensors of %s: expected SSDLite on MobileNetV2 under TF-slim's names",
                         import->path, first ? "BoxPredictor_0/ClassPredictor" : DUET_SLIM "Conv");
    if (logits % anchors != 0 || logits / anchors < 2 || logits / anchors > 10001)
        return duet_fail(
            import->error, DUET_MISMATCH,
            "%s: BoxPredictor_0/ClassPredictor has %zu channels, expected %zu anchors x (classes + 1)",
            import->path, logits, anchors);
    head->config.ssdlite.classes = (int)(logits / anchors) - 1;
    return duet_import_width(import->path, first, backbone_channels, import, config, import->error);
}

/* --- the rest of the graph ------------------------------------------------------------------------------ */

/* The scalar constant `name`, where the source has it, must be `expected`. */
static enum duet_status check_constant(const struct import *import, const char *name, double expected)
{
    const struct duet_tensor *t = duet_weights_find(import->source, name);
    if (!t || t->dtype != DUET_F32 || t->bytes != sizeof(float)) return DUET_OK;
    double got = *(const float *)t->data;
    if (fabs(got - expected) <= 1e-6 * expected) return DUET_OK;
    return duet_fail(import->error, DUET_UNSUPPORTED, "%s: preprocessing: %s is %g, this build knows only %g",
                     import->path, name, got, expected);
}

static enum duet_status read_input(const struct import *import, struct duet_head *head)
{
    enum duet_status status = check_constant(import, "Preprocessor/mul/x", 2.0 / 255);
    if (status == DUET_OK) status = check_constant(import, "Preprocessor/sub/y", 1.0);
    if (status != DUET_OK) return status;
    static const char size[] = "Preprocessor/map/while/ResizeImage/stack";
    const struct duet_tensor *t = duet_weights_find(import->source, size);
    if (!t || t->dtype != DUET_I32 || t->bytes != 2 * sizeof(int32_t)) return DUET_OK;
    const int32_t *sides = t->data;
    if (sides[0] < 1 || sides[1] < 1 || sides[0] > 8192 || sides[1] > 8192)
        return duet_fail(import->error, DUET_UNSUPPORTED, "%s: %s: input of %dx%d, sides must be 1 to 8192",
                         import->path, size, (int)sides[1], (int)sides[0]);
    head->input.height = (int)sides[0];
    head->input.width = (int)sides[1];
    return DUET_OK;
}

/* A tensor of the network proper that no layer took means that the network is not what we took it for. */
static enum duet_status check_all_used(const struct import *import)
{
    for (size_t i = 0; i < duet_weights_count(import->source); i++) {
        const struct duet_tensor *t = duet_weights_at(import->source, i);
        bool taken =
            t->dtype != DUET_F32 || t->shape.rank == 0 ||
            (strncmp(t->name, "FeatureExtractor/", 17) != 0 && strncmp(t->name, "BoxPredictor_", 13) != 0 &&
             strncmp(t->name, "backbone.", 9) != 0 && strncmp(t->name, "ssdlite.", 8) != 0);
        for (size_t k = 0; !taken && k < import->used_count; k++) taken = import->used[k] == t;
        if (!taken)
            return duet_fail(import->error, DUET_UNSUPPORTED,
                             "%s: %.200s belongs to no layer of ssdlite_mobilenet_v2", import->path, t->name);
    }
    return DUET_OK;
}

/* --- the whole ------------------------------------------------------------------------------------------ */

static enum duet_status import_layers(struct import *import, const struct duet_model_config *config)
{
    struct duet_network *network;
    enum duet_status status = duet_model_network(config, 0, &network, import->error);
    if (status != DUET_OK) return status;
    import->network = network;
    int count = duet_network_layer_count(network);
    import->used =
        calloc((size_t)count * 5, sizeof(const struct duet_tensor *)); /* weights + 4 of a BatchNorm */
    if (!import->used) status = duet_no_memory(import->error, import->path, NULL);
    for (int i = 0; status == DUET_OK && i < count; i++) status = import_layer(import, i);
    if (status == DUET_OK) status = check_all_used(import);
    free((void *)import->used);
    import->network = NULL;
    duet_network_close(&network);
    return status;
}

enum duet_status duet_import_slim(const struct duet_import *given, const struct duet_weights *source,
                                  struct duet_weights *out, struct duet_error *error)
{
    struct import import = {.path = given->path, .source = source, .out = out, .error = error};
    struct duet_head head = duet_head_usual(DUET_SSDLITE);
    struct duet_model_config config = {.heads = &head, .head_count = 1};
    head.labels = given->options->labels;
    enum duet_status status = derive_config(&import, &head, &config);
    if (status == DUET_OK)
        status = duet_import_check_labels(&head.labels, 1, head.config.ssdlite.classes, error);
    if (status == DUET_OK) status = read_input(&import, &head);
    if (status == DUET_OK) status = import_layers(&import, &config);
    return status == DUET_OK ? duet_import_finish(given, &config, out, error) : status;
}
