#include "import/tflite_match.h"

#include "core/fail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct match {
    const char *path;
    const struct duet_tflite *graph;
    const struct duet_network *network;
    const struct duet_layer_info *info;
    struct duet_tflite_layer *layers;
    int *origin; /* [tensors] */
    bool *taken; /* [operators] */
    struct duet_error *error;
};

static bool is_looked_through(int code)
{
    return code == DUET_TFLITE_QUANTIZE || code == DUET_TFLITE_DEQUANTIZE;
}

/* For each tensor the one whose value it is, seen through QUANTIZE and DEQUANTIZE. NULL when out of memory.
 */
static int *find_origins(const struct duet_tflite *graph)
{
    int *origin = malloc(((size_t)graph->tensor_count + 1) * sizeof *origin);
    if (!origin) return NULL;
    for (int i = 0; i < graph->tensor_count; i++) origin[i] = i;
    for (int i = 0; i < graph->operator_count; i++) { /* in an order in which they can run */
        const struct duet_tflite_operator *op = &graph->operators[i];
        if (is_looked_through(op->code) && op->input_count == 1 && op->output_count == 1 &&
            op->inputs[0] >= 0)
            origin[op->outputs[0]] = origin[op->inputs[0]];
    }
    return origin;
}

/* --- faults -------------------------------------------------------------------------------------------- */

#define OPERATOR_TEXT 280

/* "operator 12 (CONV_2D, MobilenetV2/Conv/Relu6)" */
static const char *describe(const struct match *m, int op, char text[OPERATOR_TEXT])
{
    char code[24];
    const struct duet_tflite_operator *o = &m->graph->operators[op];
    struct duet_tflite_text name = {"", 0};
    if (o->output_count > 0) name = m->graph->tensors[o->outputs[0]].name;
    snprintf(text, OPERATOR_TEXT, "operator %d (%s, %.*s)", op, duet_tflite_code_name(o->code, code),
             name.length, name.at);
    return text;
}

static enum duet_status differs(const struct match *m, int op, const struct duet_layer *layer,
                                const char *what, int got, int want)
{
    char text[OPERATOR_TEXT];
    return duet_fail(m->error, DUET_UNSUPPORTED, "%s: %s: %s is %d, layer %s needs %d", m->path,
                     describe(m, op, text), what, got, layer->name, want);
}

static enum duet_status check_option(const struct match *m, int op, const struct duet_layer *layer,
                                     enum duet_tflite_option option, int want)
{
    int got = m->graph->operators[op].options[option];
    return got == want ? DUET_OK : differs(m, op, layer, duet_tflite_option_name(option), got, want);
}

/* --- shapes -------------------------------------------------------------------------------------------- */

static bool same_shape(const struct duet_tflite_tensor *tensor, const size_t *dims, int rank)
{
    if (tensor->rank != rank) return false;
    for (int i = 0; i < rank; i++)
        if (tensor->dims[i] != dims[i]) return false;
    return true;
}

static enum duet_status check_shape(const struct match *m, int op, const struct duet_layer *layer,
                                    const char *what, int tensor, const size_t *dims, int rank)
{
    const struct duet_tflite_tensor *t = &m->graph->tensors[tensor];
    if (same_shape(t, dims, rank)) return DUET_OK;
    char text[OPERATOR_TEXT], want[DUET_SHAPE_TEXT], got[DUET_SHAPE_TEXT];
    struct duet_shape wanted = {.rank = rank}, has = {.rank = t->rank};
    for (int i = 0; i < rank; i++) wanted.dims[i] = dims[i];
    for (int i = 0; i < t->rank; i++) has.dims[i] = t->dims[i];
    return duet_fail(m->error, DUET_MISMATCH, "%s: %s: its %s are %s, layer %s needs %s", m->path,
                     describe(m, op, text), what, duet_shape_text(&has, got, sizeof got), layer->name,
                     duet_shape_text(&wanted, want, sizeof want));
}

/* The operator's result is the layer's: of its shape. */
static enum duet_status take(struct match *m, int op, duet_node node)
{
    const struct duet_tflite_operator *o = &m->graph->operators[op];
    const struct duet_layer *layer = duet_network_layer(m->network, node);
    if (o->output_count != 1) return differs(m, op, layer, "the number of outputs", o->output_count, 1);
    m->layers[node].output = o->outputs[0];
    m->taken[op] = true;
    return check_shape(m, op, layer, "results", o->outputs[0], m->info[node].output.dims, 4);
}

/* --- finding the operator ------------------------------------------------------------------------------ */

/* Inputs that are results of other operators, not weights or settings. */
static int data_inputs(const struct duet_tflite_operator *op)
{
    if (op->code == DUET_TFLITE_CONCATENATION) return op->input_count;
    int most = op->code == DUET_TFLITE_ADD ? 2 : 1;
    return op->input_count < most ? op->input_count : most;
}

static bool reads(const struct match *m, int op, int tensor)
{
    const struct duet_tflite_operator *o = &m->graph->operators[op];
    for (int i = 0; i < data_inputs(o); i++)
        if (o->inputs[i] >= 0 && m->origin[o->inputs[i]] == tensor) return true;
    return false;
}

/* Tells the branches of ASPP apart, which all read one map. */
static bool looks_like(const struct match *m, int op, const struct duet_layer *layer)
{
    const struct duet_tflite_operator *o = &m->graph->operators[op];
    if (layer->op != DUET_OP_CONV) return true;
    if (o->input_count < 2 || o->inputs[1] < 0) return false;
    const struct duet_tflite_tensor *weights = &m->graph->tensors[m->origin[o->inputs[1]]];
    return weights->rank == 4 && weights->dims[1] == (uint32_t)layer->kernel &&
           (layer->kernel == 1 || o->options[DUET_TFLITE_DILATION_HEIGHT] == layer->rate);
}

static int find_operator(const struct match *m, const struct duet_layer *layer, int code)
{
    int best = -1;
    for (int i = 0; i < m->graph->operator_count; i++) {
        if (m->taken[i] || m->graph->operators[i].code != code) continue;
        bool fits = true;
        int inputs =
            layer->op == DUET_OP_BROADCAST ? 1 : layer->input_count; /* the second gives only its size */
        for (int k = 0; fits && k < inputs; k++) fits = reads(m, i, m->layers[layer->inputs[k]].output);
        if (fits && looks_like(m, i, layer)) return i;
        if (fits && best < 0) best = i;
    }
    return best;
}

static enum duet_status none_found(const struct match *m, const struct duet_layer *layer, int code)
{
    int tensor = m->layers[layer->inputs[0]].output, reader = -1;
    char name[24], text[OPERATOR_TEXT];
    for (int i = 0; reader < 0 && i < m->graph->operator_count; i++)
        if (!m->taken[i] && !is_looked_through(m->graph->operators[i].code) && reads(m, i, tensor))
            reader = i;
    const struct duet_tflite_text *t = &m->graph->tensors[tensor].name;
    return duet_fail(m->error, DUET_UNSUPPORTED, "%s: layer %s needs %s of tensor %d (%.*s)%s%s", m->path,
                     layer->name, duet_tflite_code_name(code, name), tensor, t->length, t->at,
                     reader < 0 ? ", which nothing more reads" : ", which goes into ",
                     reader < 0 ? "" : describe(m, reader, text));
}

/* --- layers -------------------------------------------------------------------------------------------- */

static enum duet_status check_window(const struct match *m, int op, const struct duet_layer *layer)
{
    static const int activations[] = {
        [DUET_LINEAR] = DUET_TFLITE_NONE, [DUET_RELU] = DUET_TFLITE_RELU, [DUET_RELU6] = DUET_TFLITE_RELU6};
    enum duet_status status = check_option(m, op, layer, DUET_TFLITE_STRIDE_HEIGHT, layer->stride);
    if (status == DUET_OK) status = check_option(m, op, layer, DUET_TFLITE_STRIDE_WIDTH, layer->stride);
    if (status == DUET_OK)
        status = check_option(m, op, layer, DUET_TFLITE_ACTIVATION, activations[layer->activation]);
    if (layer->kernel == 1) return status; /* nothing to dilate or to pad */
    if (status == DUET_OK) status = check_option(m, op, layer, DUET_TFLITE_DILATION_HEIGHT, layer->rate);
    if (status == DUET_OK) status = check_option(m, op, layer, DUET_TFLITE_DILATION_WIDTH, layer->rate);
    if (status == DUET_OK) status = check_option(m, op, layer, DUET_TFLITE_PADDING, DUET_TFLITE_SAME);
    return status;
}

/* CONV_2D has weights [Cout, k, k, Cin], DEPTHWISE_CONV_2D [1, k, k, C]; the bias is [Cout] or left out. */
static enum duet_status match_conv(struct match *m, int op, duet_node node)
{
    const struct duet_tflite_operator *o = &m->graph->operators[op];
    const struct duet_layer *layer = duet_network_layer(m->network, node);
    bool depthwise = layer->op == DUET_OP_DEPTHWISE;
    size_t k = (size_t)layer->kernel, channels = (size_t)layer->channels;
    size_t in = (size_t)duet_network_input_channels(m->network, node);
    size_t dims[4] = {depthwise ? 1 : channels, k, k, depthwise ? channels : in};
    if (o->input_count < 2 || o->input_count > 3 || o->inputs[1] < 0)
        return differs(m, op, layer, "the number of inputs", o->input_count, 3);
    int weights = m->origin[o->inputs[1]];
    int bias = o->input_count == 3 && o->inputs[2] >= 0 ? m->origin[o->inputs[2]] : -1;
    if (!m->graph->tensors[weights].data || (bias >= 0 && !m->graph->tensors[bias].data))
        return differs(m, op, layer, "the number of inputs with data in the file",
                       !!m->graph->tensors[weights].data, 2);
    m->layers[node].weights = weights;
    m->layers[node].bias = bias;
    enum duet_status status = check_window(m, op, layer);
    if (status == DUET_OK) status = check_shape(m, op, layer, "weights", weights, dims, 4);
    if (status == DUET_OK && bias >= 0) status = check_shape(m, op, layer, "biases", bias, &channels, 1);
    return status;
}

static enum duet_status match_concat(struct match *m, int op, duet_node node)
{
    const struct duet_tflite_operator *o = &m->graph->operators[op];
    const struct duet_layer *layer = duet_network_layer(m->network, node);
    if (o->options[DUET_TFLITE_AXIS] != -1) {
        enum duet_status status = check_option(m, op, layer, DUET_TFLITE_AXIS, 3);
        if (status != DUET_OK) return status;
    }
    if (o->input_count != layer->input_count)
        return differs(m, op, layer, "the number of inputs", o->input_count, layer->input_count);
    for (int i = 0; i < o->input_count; i++) {
        int got = o->inputs[i] < 0 ? -1 : m->origin[o->inputs[i]], want = m->layers[layer->inputs[i]].output;
        char what[48];
        snprintf(what, sizeof what, "input %d (of 0 to %d)", i, o->input_count - 1);
        if (got != want) return differs(m, op, layer, what, got, want);
    }
    return check_option(m, op, layer, DUET_TFLITE_ACTIVATION, DUET_TFLITE_NONE);
}

static enum duet_status match_average_pool(struct match *m, int op, duet_node node)
{
    const struct duet_layer *layer = duet_network_layer(m->network, node);
    const size_t *map = m->info[layer->inputs[0]].output.dims;
    enum duet_status status = check_option(m, op, layer, DUET_TFLITE_FILTER_HEIGHT, (int)map[1]);
    if (status == DUET_OK) status = check_option(m, op, layer, DUET_TFLITE_FILTER_WIDTH, (int)map[2]);
    if (status == DUET_OK) status = check_option(m, op, layer, DUET_TFLITE_ACTIVATION, DUET_TFLITE_NONE);
    return status;
}

/* MEAN over the axes that its second input lists. */
static enum duet_status match_mean(struct match *m, int op, duet_node node)
{
    const struct duet_tflite_operator *o = &m->graph->operators[op];
    const struct duet_layer *layer = duet_network_layer(m->network, node);
    int axes = 0; /* bit a: axis a */
    const struct duet_tflite_tensor *t =
        o->input_count > 1 && o->inputs[1] >= 0 ? &m->graph->tensors[o->inputs[1]] : NULL;
    for (size_t i = 0; t && t->data && t->dtype == DUET_I32 && i < t->elements && i < 4; i++)
        axes |= 1 << (duet_tflite_int(t, i) & 3); /* -3 is 1, -2 is 2 */
    return axes == 6 ? DUET_OK : differs(m, op, layer, "the set of axes (bit a: axis a)", axes, 6);
}

static enum duet_status match_layer(struct match *m, duet_node node)
{
    static const int codes[DUET_OP_COUNT] = {[DUET_OP_CONV] = DUET_TFLITE_CONV_2D,
                                             [DUET_OP_DEPTHWISE] = DUET_TFLITE_DEPTHWISE_CONV_2D,
                                             [DUET_OP_ADD] = DUET_TFLITE_ADD,
                                             [DUET_OP_CONCAT] = DUET_TFLITE_CONCATENATION,
                                             [DUET_OP_GLOBAL_MEAN] = DUET_TFLITE_AVERAGE_POOL_2D,
                                             [DUET_OP_BROADCAST] = DUET_TFLITE_RESIZE_BILINEAR};
    const struct duet_layer *layer = duet_network_layer(m->network, node);
    m->layers[node] = (struct duet_tflite_layer){-1, -1, -1};
    if (layer->op == DUET_OP_INPUT) {
        m->layers[node].output = m->graph->inputs[0];
        return DUET_OK;
    }
    int code = codes[layer->op], op = find_operator(m, layer, code);
    if (op < 0 && layer->op == DUET_OP_GLOBAL_MEAN) op = find_operator(m, layer, code = DUET_TFLITE_MEAN);
    if (op < 0) return none_found(m, layer, codes[layer->op]);
    enum duet_status status = DUET_OK;
    if (layer->op == DUET_OP_CONV || layer->op == DUET_OP_DEPTHWISE) status = match_conv(m, op, node);
    if (layer->op == DUET_OP_CONCAT) status = match_concat(m, op, node);
    if (code == DUET_TFLITE_AVERAGE_POOL_2D) status = match_average_pool(m, op, node);
    if (code == DUET_TFLITE_MEAN) status = match_mean(m, op, node);
    if (layer->op == DUET_OP_ADD)
        status = check_option(m, op, layer, DUET_TFLITE_ACTIVATION, DUET_TFLITE_NONE);
    return status == DUET_OK ? take(m, op, node) : status;
}

/* --- after the last layer ------------------------------------------------------------------------------ */

static enum duet_status check_resize(const struct match *m, int op)
{
    const int *options = m->graph->operators[op].options;
    if (options[DUET_TFLITE_ALIGN_CORNERS] && !options[DUET_TFLITE_HALF_PIXEL_CENTERS]) return DUET_OK;
    char text[OPERATOR_TEXT];
    return duet_fail(m->error, DUET_UNSUPPORTED,
                     "%s: %s: align_corners is %d and half_pixel_centers %d, expected 1 and 0", m->path,
                     describe(m, op, text), options[DUET_TFLITE_ALIGN_CORNERS],
                     options[DUET_TFLITE_HALF_PIXEL_CENTERS]);
}

static bool may_follow(int code)
{
    return code == DUET_TFLITE_RESIZE_BILINEAR || code == DUET_TFLITE_ARG_MAX ||
           code == DUET_TFLITE_SOFTMAX || code == DUET_TFLITE_RESHAPE || code == DUET_TFLITE_SQUEEZE;
}

/* What is not a layer must be made of the network's outputs alone. */
static enum duet_status check_rest(const struct match *m)
{
    bool *after =
        calloc((size_t)m->graph->tensor_count + 1, sizeof *after); /* the outputs, and what follows */
    if (!after) return duet_no_memory(m->error, m->path, NULL);
    for (int i = 0; i < duet_network_output_count(m->network); i++)
        after[m->layers[duet_network_output_at(m->network, i, NULL)].output] = true;
    enum duet_status status = DUET_OK;
    for (int i = 0; status == DUET_OK && i < m->graph->operator_count; i++) {
        const struct duet_tflite_operator *op = &m->graph->operators[i];
        char text[OPERATOR_TEXT];
        if (m->taken[i] || is_looked_through(op->code)) continue;
        bool follows = may_follow(op->code) && op->input_count > 0 && op->inputs[0] >= 0 &&
                       after[m->origin[op->inputs[0]]];
        if (!follows)
            status = duet_fail(m->error, DUET_UNSUPPORTED, "%s: %s belongs to no layer of the network",
                               m->path, describe(m, i, text));
        else if (op->code == DUET_TFLITE_RESIZE_BILINEAR)
            status = check_resize(m, i);
        for (int k = 0; follows && k < op->output_count; k++) after[op->outputs[k]] = true;
    }
    free(after);
    return status;
}

enum duet_status duet_tflite_match(const char *path, const struct duet_tflite *graph,
                                   const struct duet_network *network, const struct duet_layer_info *info,
                                   struct duet_tflite_layer *layers, struct duet_error *error)
{
    struct match m = {.path = path,
                      .graph = graph,
                      .network = network,
                      .info = info,
                      .layers = layers,
                      .origin = find_origins(graph),
                      .taken = calloc((size_t)graph->operator_count + 1, sizeof(bool)),
                      .error = error};
    enum duet_status status = DUET_OK;
    if (!m.origin || !m.taken) status = duet_no_memory(error, path, NULL);
    for (int i = 0; status == DUET_OK && i < duet_network_layer_count(network); i++)
        status = match_layer(&m, i);
    if (status == DUET_OK) status = check_rest(&m);
    free(m.origin);
    free(m.taken);
    return status;
}
