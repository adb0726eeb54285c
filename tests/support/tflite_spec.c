#include "support/tflite_spec.h"

#include "support/random_weights.h"
#include "support/testing.h"

/* --- the list ------------------------------------------------------------------------------------------ */

struct spec *spec_create(void)
{
    struct spec *spec = calloc(1, sizeof *spec);
    assert_non_null(spec);
    spec->version = 3;
    spec->subgraphs = 1;
    return spec;
}

void spec_free(struct spec *spec)
{
    for (uint32_t i = 0; i < spec->tensor_count; i++) {
        free(spec->tensors[i].data);
        free(spec->tensors[i].scales);
        free(spec->tensors[i].zeros);
    }
    free(spec);
}

static void *copy_of(const void *data, size_t bytes)
{
    void *copy = malloc(bytes + 1);
    assert_non_null(copy);
    if (bytes) memcpy(copy, data, bytes);
    return copy;
}

int spec_tensor(struct spec *spec, const char *name, int type, int rank, const int32_t *dims,
                const void *data, size_t bytes)
{
    assert_true(spec->tensor_count < sizeof spec->tensors / sizeof spec->tensors[0]);
    struct spec_tensor *t = &spec->tensors[spec->tensor_count];
    memcpy(t->name, name, strnlen(name, sizeof t->name - 1)); /* the rest is zero */
    t->type = type;
    t->rank = rank;
    for (int i = 0; i < rank; i++) t->dims[i] = dims[i];
    if (data) t->data = copy_of(data, bytes);
    t->bytes = bytes;
    return (int)spec->tensor_count++;
}

void spec_quantize(struct spec *spec, int tensor, uint32_t count, const float *scales, const int64_t *zeros,
                   int dimension)
{
    struct spec_tensor *t = &spec->tensors[tensor];
    free(t->scales);
    free(t->zeros);
    t->scales = copy_of(scales, count * sizeof *scales);
    t->zeros = zeros ? copy_of(zeros, count * sizeof *zeros) : NULL;
    t->scale_count = count;
    t->zero_count = zeros ? count : 0;
    t->dimension = dimension;
}

int spec_operator(struct spec *spec, int code, const int *inputs, const int *outputs)
{
    assert_true(spec->operator_count < sizeof spec->operators / sizeof spec->operators[0]);
    struct spec_operator *op = &spec->operators[spec->operator_count];
    op->code = code;
    while (*inputs != -2) op->inputs[op->input_count++] = *inputs++;
    while (*outputs != -2) op->outputs[op->output_count++] = *outputs++;
    return (int)spec->operator_count++;
}

void spec_option(struct spec *spec, int op, int kind, int field, int bytes, int value)
{
    struct spec_operator *o = &spec->operators[op];
    o->option_kind = kind;
    o->options[o->option_count++] = (struct spec_option){field, bytes, value};
}

void spec_set(struct spec *spec, int op, int field, int value)
{
    struct spec_operator *o = &spec->operators[op];
    for (int i = 0; i < o->option_count; i++)
        if (o->options[i].field == field) o->options[i].value = value;
}

/* --- the FlatBuffer ------------------------------------------------------------------------------------ */

struct writer {
    uint8_t *data;
    size_t size, capacity;
};

static void put(struct writer *w, const void *bytes, size_t count)
{
    if (w->size + count > w->capacity) {
        w->capacity = (w->size + count) * 2;
        w->data = realloc(w->data, w->capacity);
        assert_non_null(w->data);
    }
    if (bytes)
        memcpy(w->data + w->size, bytes, count);
    else
        memset(w->data + w->size, 0, count);
    w->size += count;
}

static void align(struct writer *w, size_t step)
{
    while (w->size % step) put(w, NULL, 1);
}

static void put_u32(struct writer *w, uint32_t value)
{
    put(w, &value, sizeof value); /* tests run on little-endian machines */
}

/* The offset at `at` leads to what is written next. */
static void link_here(struct writer *w, size_t at)
{
    align(w, 4);
    uint32_t offset = (uint32_t)(w->size - at);
    memcpy(w->data + at, &offset, sizeof offset);
}

/* Write a table, to which the offset at `from` leads, with `count` fields of sizes[i] bytes (0: left out),
 * all zero. at[i] receives where they are. */
static void put_table(struct writer *w, size_t from, const int *sizes, size_t count, size_t *at)
{
    uint16_t vtable[20] = {(uint16_t)(4 + 2 * count), 4};
    size_t offset = 4;
    for (size_t i = 0; i < count; i++) {
        if (sizes[i] == 0) continue;
        offset = (offset + (size_t)sizes[i] - 1) / (size_t)sizes[i] * (size_t)sizes[i];
        vtable[2 + i] = (uint16_t)offset;
        offset += (size_t)sizes[i];
    }
    vtable[1] = (uint16_t)offset;
    align(w, 4);
    size_t vtable_at = w->size;
    put(w, vtable, 4 + 2 * count);
    link_here(w, from);
    size_t table = w->size;
    int32_t back = (int32_t)(table - vtable_at);
    put(w, &back, sizeof back);
    put(w, NULL, offset - 4);
    for (size_t i = 0; i < count; i++) at[i] = table + vtable[2 + i];
}

static void set_u32(struct writer *w, size_t at, uint32_t value)
{
    memcpy(w->data + at, &value, sizeof value);
}

static void put_vector(struct writer *w, size_t from, const void *elements, uint32_t count, size_t size)
{
    link_here(w, from);
    put_u32(w, count);
    put(w, elements, count * size);
}

/* A vector of `count` offsets, to be linked later; returns where the first is. */
static size_t put_offsets(struct writer *w, size_t from, uint32_t count)
{
    put_vector(w, from, NULL, count, 4);
    return w->size - (size_t)count * 4;
}

static void put_quantization(struct writer *w, size_t from, const struct spec_tensor *t)
{
    size_t at[7];
    put_table(w, from, (const int[7]){0, 0, 4, t->zero_count ? 4 : 0, 0, 0, 4}, 7, at);
    set_u32(w, at[6], (uint32_t)t->dimension);
    put_vector(w, at[2], t->scales, t->scale_count, 4);
    if (t->zero_count) put_vector(w, at[3], t->zeros, t->zero_count, 8);
}

static void put_tensor(struct writer *w, size_t from, const struct spec_tensor *t, uint32_t buffer)
{
    size_t at[7];
    put_table(w, from, (const int[7]){4, 1, 4, 4, t->scale_count ? 4 : 0, t->variable, t->sparse ? 4 : 0}, 7,
              at);
    w->data[at[1]] = (uint8_t)t->type;
    set_u32(w, at[2], buffer);
    if (t->variable) w->data[at[5]] = 1;
    if (t->sparse) set_u32(w, at[6], 4);
    put_vector(w, at[0], t->dims, (uint32_t)t->rank, 4);
    put_vector(w, at[3], t->name, (uint32_t)strlen(t->name), 1);
    put(w, NULL, 1);
    if (t->scale_count) put_quantization(w, at[4], t);
}

static void put_operator(struct writer *w, size_t from, const struct spec_operator *op, uint32_t index)
{
    size_t at[5], option_at[8];
    int sizes[8] = {0}, fields = 0;
    put_table(w, from, (const int[5]){4, 4, 4, 1, op->option_kind ? 4 : 0}, 5, at);
    set_u32(w, at[0], index);
    w->data[at[3]] = (uint8_t)op->option_kind;
    put_vector(w, at[1], op->inputs, op->input_count, 4);
    put_vector(w, at[2], op->outputs, op->output_count, 4);
    if (!op->option_kind) return;
    for (int i = 0; i < op->option_count; i++) {
        sizes[op->options[i].field] = op->options[i].bytes;
        if (op->options[i].field >= fields) fields = op->options[i].field + 1;
    }
    put_table(w, at[4], sizes, (size_t)fields, option_at);
    for (int i = 0; i < op->option_count; i++)
        memcpy(w->data + option_at[op->options[i].field], &op->options[i].value,
               (size_t)op->options[i].bytes);
}

static void put_graph(struct writer *w, size_t from, const struct spec *spec)
{
    size_t at[4];
    put_table(w, from, (const int[4]){4, 4, 4, 4}, 4, at);
    put_vector(w, at[1], spec->inputs, spec->input_count, 4);
    put_vector(w, at[2], spec->outputs, spec->output_count, 4);
    size_t tensors = put_offsets(w, at[0], spec->tensor_count + spec->repeats);
    size_t operators = put_offsets(w, at[3], spec->operator_count);
    for (uint32_t i = 0; i < spec->tensor_count; i++) {
        const struct spec_tensor *t = &spec->tensors[i];
        put_tensor(w, tensors + 4 * i, t, t->same_data ? (uint32_t)t->same_data : t->data ? i + 1 : 0);
    }
    size_t last = tensors + 4 * (spec->tensor_count - 1), table = last;
    uint32_t offset;
    memcpy(&offset, w->data + last, sizeof offset);
    table += offset;
    for (uint32_t i = 1; i <= spec->repeats; i++) set_u32(w, last + 4 * i, (uint32_t)(table - last - 4 * i));
    for (uint32_t i = 0; i < spec->operator_count; i++)
        put_operator(w, operators + 4 * i, &spec->operators[i], i);
}

/* One code for each operator; codes over 127 as files since 2021 have them. */
static void put_codes(struct writer *w, size_t from, const struct spec *spec)
{
    size_t codes = put_offsets(w, from, spec->operator_count);
    for (uint32_t i = 0; i < spec->operator_count; i++) {
        size_t at[4];
        int code = spec->operators[i].code;
        put_table(w, codes + 4 * i, (const int[4]){1, 0, 4, code > 126 ? 4 : 0}, 4, at);
        w->data[at[0]] = (uint8_t)(code > 126 ? 127 : code);
        if (code > 126) set_u32(w, at[3], (uint32_t)code);
    }
}

uint8_t *spec_write(const struct spec *spec, size_t *size, size_t *data_begin)
{
    struct writer w = {0};
    size_t at[5], *buffer_at = malloc((spec->tensor_count + 1) * sizeof *buffer_at);
    assert_non_null(buffer_at);
    put(&w, "\0\0\0\0TFL3", 8);
    put_table(&w, 0, (const int[5]){4, 4, 4, 0, 4}, 5, at);
    set_u32(&w, at[0], spec->version);
    put_codes(&w, at[1], spec);
    size_t graphs = put_offsets(&w, at[2], spec->subgraphs);
    for (uint32_t i = 0; i < spec->subgraphs; i++) put_graph(&w, graphs + 4 * i, spec);
    size_t buffers = put_offsets(&w, at[4], spec->tensor_count + 1); /* number 0 is empty by convention */
    for (uint32_t i = 0; i <= spec->tensor_count; i++) {
        bool filled = i > 0 && spec->tensors[i - 1].data;
        put_table(&w, buffers + 4 * i, (const int[1]){filled ? 4 : 0}, 1, &buffer_at[i]);
    }
    if (data_begin) *data_begin = w.size;
    for (uint32_t i = 0; i < spec->tensor_count; i++)
        if (spec->tensors[i].data)
            put_vector(&w, buffer_at[i + 1], spec->tensors[i].data, (uint32_t)spec->tensors[i].bytes, 1);
    free(buffer_at);
    *size = w.size;
    return w.data;
}

/* --- a network ----------------------------------------------------------------------------------------- */

enum { CONV = 3, DEPTHWISE = 4, ADD = 0, CONCATENATION = 2, AVERAGE_POOL = 1, RESIZE = 23, QUANTIZE = 114 };

static int spec_type(enum duet_dtype dtype)
{
    return dtype == DUET_F16   ? SPEC_F16
           : dtype == DUET_I32 ? SPEC_I32
           : dtype == DUET_U8  ? SPEC_U8
           : dtype == DUET_I8  ? SPEC_I8
                               : SPEC_F32;
}

static const struct duet_tensor *part(const struct duet_weights *weights, const char *layer, const char *tail)
{
    char name[300];
    snprintf(name, sizeof name, "%s.%s", layer, tail);
    return duet_weights_find(weights, name);
}

/* Quantize a tensor as "<layer>.<tail>.scale" and ".zero_point" say; if they are there. */
static void add_companions(struct spec *spec, int tensor, const struct duet_weights *weights,
                           const char *layer, const char *tail, int dimension)
{
    char full[64];
    snprintf(full, sizeof full, "%s.scale", tail);
    const struct duet_tensor *scale = part(weights, layer, full);
    snprintf(full, sizeof full, "%s.zero_point", tail);
    const struct duet_tensor *zero = part(weights, layer, full);
    if (!scale) return;
    size_t count = scale->shape.dims[0];
    int64_t *zeros = calloc(count, sizeof *zeros);
    assert_non_null(zeros);
    for (size_t i = 0; zero && i < count; i++) zeros[i] = ((const int32_t *)zero->data)[i];
    spec_quantize(spec, tensor, (uint32_t)count, scale->data, zeros, dimension);
    free(zeros);
}

/* [k, k, Cin, Cout] to [Cout, k, k, Cin]; depthwise [k, k, C] to [1, k, k, C]. */
static int add_weight(struct spec *spec, const struct duet_layer *layer, const struct duet_tensor *t)
{
    char name[300];
    size_t size = duet_dtype_size(t->dtype), out = (size_t)layer->channels, rest = t->bytes / size / out;
    bool depthwise = layer->op == DUET_OP_DEPTHWISE;
    int k = layer->kernel;
    int32_t dims[4] = {depthwise ? 1 : layer->channels, k, k,
                       depthwise ? layer->channels : (int32_t)(rest / (size_t)(k * k))};
    uint8_t *turned = copy_of(t->data, t->bytes);
    for (size_t i = 0; !depthwise && i < rest; i++)
        for (size_t c = 0; c < out; c++)
            memcpy(turned + (c * rest + i) * size, (const uint8_t *)t->data + (i * out + c) * size, size);
    snprintf(name, sizeof name, "%s/weights", layer->name);
    int tensor = spec_tensor(spec, name, spec_type(t->dtype), 4, dims, turned, t->bytes);
    free(turned);
    return tensor;
}

static void add_window(struct spec *spec, int op, const struct duet_layer *layer)
{
    static const int activations[] = {[DUET_LINEAR] = 0, [DUET_RELU] = 1, [DUET_RELU6] = 3};
    bool depthwise = layer->op == DUET_OP_DEPTHWISE;
    int kind = depthwise ? 2 : 1, more = depthwise ? 1 : 0;
    spec_option(spec, op, kind, 0, 1, 0);
    spec_option(spec, op, kind, 1, 4, layer->stride);
    spec_option(spec, op, kind, 2, 4, layer->stride);
    if (depthwise) spec_option(spec, op, kind, 3, 4, 1);
    spec_option(spec, op, kind, 3 + more, 1, activations[layer->activation]);
    spec_option(spec, op, kind, 4 + more, 4, layer->rate);
    spec_option(spec, op, kind, 5 + more, 4, layer->rate);
}

static int add_conv(struct spec *spec, const struct duet_layer *layer, const struct duet_weights *weights,
                    int input, int output)
{
    char name[300];
    const struct duet_tensor *bias = part(weights, layer->name, "bias");
    int w = add_weight(spec, layer, part(weights, layer->name, "weight"));
    snprintf(name, sizeof name, "%s/bias", layer->name);
    int b = spec_tensor(spec, name, spec_type(bias->dtype), 1, (const int32_t[1]){layer->channels},
                        bias->data, bias->bytes);
    bool depthwise = layer->op == DUET_OP_DEPTHWISE;
    add_companions(spec, w, weights, layer->name, "weight", depthwise ? 3 : 0);
    add_companions(spec, b, weights, layer->name, "bias", 0);
    int op = spec_operator(spec, depthwise ? DEPTHWISE : CONV, (const int[4]){input, w, b, -2},
                           (const int[2]){output, -2});
    add_window(spec, op, layer);
    return op;
}

static void add_layer(struct spec *spec, const struct duet_layer *layer, const struct duet_layer_info *info,
                      const struct duet_weights *weights, const int *result, int output)
{
    int inputs[DUET_MAX_INPUTS + 1], op;
    const int outputs[2] = {output, -2};
    for (int i = 0; i < layer->input_count; i++) inputs[i] = result[layer->inputs[i]];
    inputs[layer->input_count] = -2;
    switch (layer->op) {
    case DUET_OP_ADD:
        spec_option(spec, spec_operator(spec, ADD, inputs, outputs), 11, 0, 1, 0);
        break;
    case DUET_OP_CONCAT:
        op = spec_operator(spec, CONCATENATION, inputs, outputs);
        spec_option(spec, op, 10, 0, 4, 3);
        spec_option(spec, op, 10, 1, 1, 0);
        break;
    case DUET_OP_GLOBAL_MEAN:
        op = spec_operator(spec, AVERAGE_POOL, inputs, outputs);
        spec_option(spec, op, 5, 0, 1, 1);
        for (int f = 1; f < 3; f++) spec_option(spec, op, 5, f, 4, 1);
        for (int f = 3; f < 5; f++) /* width, height */
            spec_option(spec, op, 5, f, 4, (int)info[layer->inputs[0]].output.dims[f == 3 ? 2 : 1]);
        spec_option(spec, op, 5, 5, 1, 0);
        break;
    case DUET_OP_BROADCAST:
        inputs[1] = -2;
        op = spec_operator(spec, RESIZE, inputs, outputs);
        spec_option(spec, op, 15, 2, 1, 1);
        spec_option(spec, op, 15, 3, 1, 0);
        break;
    default:
        add_conv(spec, layer, weights, inputs[0], output);
    }
}

struct spec *spec_of_network(const struct duet_network *network, const struct duet_layer_info *info,
                             const struct duet_weights *weights)
{
    struct spec *spec = spec_create();
    int count = duet_network_layer_count(network), *result = calloc((size_t)count, sizeof *result);
    assert_non_null(result);
    for (int i = 0; i < count; i++) {
        const struct duet_layer *layer = duet_network_layer(network, i);
        bool input = layer->op == DUET_OP_INPUT;
        const char *range = input ? NULL : "output";
        char name[300];
        snprintf(name, sizeof name, "%s%s.scale", layer->name, input ? "" : ".output");
        bool quantized = duet_weights_find(weights, name);
        const struct duet_tensor *first = part(weights, "backbone.conv", "weight");
        int32_t dims[4];
        for (int k = 0; k < 4; k++) dims[k] = (int32_t)info[i].output.dims[k];
        result[i] =
            spec_tensor(spec, layer->name, quantized ? spec_type(first->dtype) : SPEC_F32, 4, dims, NULL, 0);
        if (input) {
            spec->inputs[spec->input_count++] = result[i];
            const struct duet_tensor *scale = part(weights, layer->name, "scale");
            const struct duet_tensor *zero = part(weights, layer->name, "zero_point");
            if (scale)
                spec_quantize(spec, result[i], 1, scale->data,
                              (const int64_t[1]){*(const int32_t *)zero->data}, 0);
            continue;
        }
        add_companions(spec, result[i], weights, layer->name, range, 0);
        add_layer(spec, layer, info, weights, result, result[i]);
    }
    for (int i = 0; i < duet_network_output_count(network); i++)
        spec->outputs[spec->output_count++] = result[duet_network_output_at(network, i, NULL)];
    free(result);
    return spec;
}

int spec_find(const struct spec *spec, const char *name)
{
    for (uint32_t i = 0; i < spec->operator_count; i++)
        if (strcmp(spec->tensors[spec->operators[i].outputs[0]].name, name) == 0) return (int)i;
    return -1;
}

/* --- weights ------------------------------------------------------------------------------------------- */

static void add(struct duet_weights *weights, const char *layer, const char *tail, enum duet_dtype dtype,
                const struct duet_shape *shape, const void *data)
{
    struct duet_error e;
    char name[300];
    snprintf(name, sizeof name, "%s.%s", layer, tail);
    assert_ok(duet_weights_add(weights, name, dtype, shape, data, &e), e);
}

/* "<layer>.<tail>.scale" and ".zero_point" for `count` channels. */
static void random_companions(struct duet_weights *weights, const char *layer, const char *tail, size_t count,
                              enum duet_dtype dtype, float size, uint64_t *seed)
{
    char full[64];
    float *scale = calloc(count, sizeof *scale);
    int32_t *zero = calloc(count, sizeof *zero);
    assert_non_null(scale);
    assert_non_null(zero);
    for (size_t i = 0; i < count; i++) {
        scale[i] = size * (1.5f + random_weight(seed));
        zero[i] = (int32_t)(random_weight(seed) * 20) + (dtype == DUET_U8 ? 128 : 0);
    }
    struct duet_shape shape = {1, {count}};
    snprintf(full, sizeof full, *tail ? "%s.scale" : "%sscale", tail);
    add(weights, layer, full, DUET_F32, &shape, scale);
    snprintf(full, sizeof full, *tail ? "%s.zero_point" : "%szero_point", tail);
    if (dtype != DUET_I32) add(weights, layer, full, DUET_I32, &shape, zero);
    free(scale);
    free(zero);
}

static void random_tensor(struct duet_weights *weights, const char *layer, const char *tail,
                          const struct duet_shape *shape, enum duet_dtype dtype, float size, uint64_t *seed)
{
    size_t count;
    assert_true(duet_shape_elements(shape, &count));
    uint8_t *data = calloc(count, 4);
    assert_non_null(data);
    for (size_t i = 0; i < count; i++) {
        float value = random_weight(seed);
        if (dtype == DUET_F32) ((float *)(void *)data)[i] = value * size;
        /* halves of about 2^-4 to 2^-1, either sign */
        if (dtype == DUET_F16)
            ((uint16_t *)(void *)data)[i] = (uint16_t)((value < 0 ? 0xac00 : 0x2c00) + i % 4096);
        if (dtype == DUET_U8 || dtype == DUET_I8) data[i] = (uint8_t)(int)(value * 127);
        if (dtype == DUET_I32) ((int32_t *)(void *)data)[i] = (int32_t)(value * 1000);
    }
    add(weights, layer, tail, dtype, shape, data);
    free(data);
}

struct duet_weights *spec_weights(const struct duet_network *network, enum duet_dtype weight, uint64_t seed)
{
    struct duet_error e;
    struct duet_weights *weights;
    bool quantized = weight == DUET_U8 || weight == DUET_I8;
    assert_ok(duet_weights_create(&weights, &e), e);
    for (int i = 0; i < duet_network_layer_count(network); i++) {
        const struct duet_layer *layer = duet_network_layer(network, i);
        struct duet_shape shape = duet_network_weight_shape(network, i),
                          channels = {1, {(size_t)layer->channels}};
        if (shape.rank) {
            enum duet_dtype bias = quantized ? DUET_I32 : DUET_F32;
            size_t each = weight == DUET_I8 ? channels.dims[0] : 1;
            random_tensor(weights, layer->name, "weight", &shape, weight, 0.4f, &seed);
            if (quantized) random_companions(weights, layer->name, "weight", each, weight, 0.004f, &seed);
            random_tensor(weights, layer->name, "bias", &channels, bias, 0.5f, &seed);
            if (quantized) random_companions(weights, layer->name, "bias", each, DUET_I32, 0.001f, &seed);
        }
        if (quantized)
            random_companions(weights, layer->name, layer->op == DUET_OP_INPUT ? "" : "output", 1, weight,
                              0.02f, &seed);
    }
    return weights;
}
