#include "weights/tflite.h"

#include "core/checked.h"
#include "core/fail.h"
#include "weights/flatbuffer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA_VERSION 3
#define MAX_NAME       200

/* --- tensors ------------------------------------------------------------------------------------------- */

/* By number of the schema's enum TensorType. */
static enum duet_dtype dtype_of(unsigned int type)
{
    static const enum duet_dtype types[] = {DUET_F32,  DUET_F16, DUET_I32,
                                            DUET_U8,   DUET_I64, DUET_DTYPE_COUNT /* text */,
                                            DUET_BOOL, DUET_I16, DUET_DTYPE_COUNT /* complex */,
                                            DUET_I8,   DUET_F64};
    return type < sizeof types / sizeof types[0] ? types[type] : DUET_DTYPE_COUNT;
}

static struct duet_tflite_text read_name(struct flatbuffer *f, const struct flatbuffer_table *table)
{
    struct flatbuffer_vector v = flatbuffer_vector(f, table, 3, 1, "name");
    return (struct duet_tflite_text){(const char *)f->data + v.at,
                                     v.count < MAX_NAME ? (int)v.count : MAX_NAME};
}

static void read_shape(struct flatbuffer *f, const struct flatbuffer_table *table,
                       struct duet_tflite_tensor *t)
{
    struct flatbuffer_vector shape = flatbuffer_vector(f, table, 0, 4, "shape");
    if (shape.count > DUET_TFLITE_MAX_RANK) {
        flatbuffer_fault(f, DUET_TOO_LARGE, "shape: %u dimensions, at most %d", shape.count,
                         DUET_TFLITE_MAX_RANK);
        return;
    }
    t->rank = (int)shape.count;
    t->elements = 1;
    for (uint32_t i = 0; i < shape.count; i++) {
        int32_t dim = load_i32(f->data + shape.at + 4 * i);
        if (dim < 0)
            flatbuffer_fault(f, DUET_BAD_FORMAT, "shape: dimension %u is %d, expected 0 or more", i, dim);
        else if (!duet_mul_size(t->elements, (size_t)dim, &t->elements))
            flatbuffer_fault(f, DUET_TOO_LARGE, "shape: more elements than memory has bytes");
        t->dims[i] = (uint32_t)dim;
    }
}

static void read_data(struct flatbuffer *f, const struct flatbuffer_table *table,
                      struct flatbuffer_vector buffers, struct duet_tflite_tensor *t)
{
    uint32_t index = (uint32_t)flatbuffer_i32(f, table, 2, 0, "buffer");
    if (index >= buffers.count) {
        flatbuffer_fault(f, DUET_BAD_FORMAT, "buffer %u, the file has %u", index, buffers.count);
        return;
    }
    struct flatbuffer_table buffer = flatbuffer_element(f, buffers, index, "its buffer");
    if (flatbuffer_u64(f, &buffer, 1, "the buffer's offset") > 1) /* how files over 2 GiB are made */
        flatbuffer_fault(f, DUET_UNSUPPORTED, "its data lies outside the FlatBuffer");
    struct flatbuffer_vector data = flatbuffer_vector(f, &buffer, 0, 1, "its data");
    if (data.count == 0 || f->status != DUET_OK) return;
    size_t bytes;
    if (t->dtype != DUET_DTYPE_COUNT &&
        (!duet_mul_size(t->elements, duet_dtype_size(t->dtype), &bytes) || bytes != data.count))
        flatbuffer_fault(f, DUET_BAD_FORMAT, "%u bytes of data, expected %zu elements of %zu bytes",
                         data.count, t->elements, duet_dtype_size(t->dtype));
    t->data = f->data + data.at;
    t->bytes = data.count;
}

static void check_quantization(struct flatbuffer *f, const struct duet_tflite_tensor *t)
{
    int low = t->dtype == DUET_U8 ? 0 : t->dtype == DUET_I8 ? INT8_MIN : INT32_MIN;
    int high = t->dtype == DUET_U8 ? UINT8_MAX : t->dtype == DUET_I8 ? INT8_MAX : INT32_MAX;
    for (uint32_t i = 0; f->status == DUET_OK && i < t->scale_count; i++) {
        float scale = load_f32(t->scales + (size_t)i * 4);
        int64_t zero = t->zero_points ? load_i64(t->zero_points + (size_t)i * 8) : 0;
        if (!isfinite(scale) || scale <= 0)
            flatbuffer_fault(f, DUET_BAD_FORMAT, "scale %u is %g, expected a finite number above 0", i,
                             (double)scale);
        if (zero < low || zero > high)
            flatbuffer_fault(f, DUET_BAD_FORMAT, "zero point %u is %lld, expected %d to %d", i,
                             (long long)zero, low, high);
    }
}

/* `all_scales`: bytes of the scales of the tensors so far. */
static void read_quantization(struct flatbuffer *f, const struct flatbuffer_table *table, size_t *all_scales,
                              struct duet_tflite_tensor *t)
{
    struct flatbuffer_table q = flatbuffer_table(f, table, 4, "quantization");
    struct flatbuffer_vector scales = flatbuffer_vector(f, &q, 2, 4, "scales"),
                             zeros = flatbuffer_vector(f, &q, 3, 8, "zero points");
    int32_t dimension = flatbuffer_i32(f, &q, 6, 0, "quantized dimension");
    if (scales.count == 0 || f->status != DUET_OK) return;
    if (zeros.count != 0 && zeros.count != scales.count)
        flatbuffer_fault(f, DUET_BAD_FORMAT, "%u scales and %u zero points", scales.count, zeros.count);
    if (dimension < 0 || (dimension >= t->rank && dimension > 0)) {
        flatbuffer_fault(f, DUET_BAD_FORMAT, "quantized along dimension %d of %d", dimension, t->rank);
        return;
    }
    if (scales.count > 1 && (t->rank == 0 || scales.count != t->dims[dimension]))
        flatbuffer_fault(f, DUET_BAD_FORMAT,
                         "%u scales, expected 1 or one for each of the %u along dimension %d", scales.count,
                         t->rank ? t->dims[dimension] : 0, dimension);
    *all_scales += (size_t)scales.count * 4;
    if (*all_scales > f->size) /* thousands of tensors that share one long vector would take minutes */
        flatbuffer_fault(f, DUET_TOO_LARGE, "the tensors so far have %zu bytes of scales, in a file of %zu",
                         *all_scales, f->size);
    t->scale_count = scales.count;
    t->quantized_dimension = dimension;
    t->scales = f->data + scales.at;
    t->zero_points = zeros.count ? f->data + zeros.at : NULL;
    check_quantization(f, t);
}

static void read_tensor(struct flatbuffer *f, const struct flatbuffer_table *table,
                        struct flatbuffer_vector buffers, size_t *all_scales, struct duet_tflite_tensor *t)
{
    t->name = read_name(f, table);
    t->dtype = dtype_of(flatbuffer_u8(f, table, 1, "type"));
    t->given = flatbuffer_u8(f, table, 5, "is_variable") != 0;
    t->producer = -1;
    if (flatbuffer_has(f, table, 6, "sparsity")) flatbuffer_fault(f, DUET_UNSUPPORTED, "a sparse tensor");
    read_shape(f, table, t);
    read_data(f, table, buffers, t);
    read_quantization(f, table, all_scales, t);
}

static void read_tensors(struct flatbuffer *f, const struct flatbuffer_table *graph,
                         struct flatbuffer_vector buffers, struct duet_tflite *model)
{
    struct flatbuffer_vector tensors = flatbuffer_vector(f, graph, 0, 4, "tensors");
    if (tensors.count > DUET_TFLITE_MAX_TENSORS)
        flatbuffer_fault(f, DUET_TOO_LARGE, "%u tensors, at most %d", tensors.count, DUET_TFLITE_MAX_TENSORS);
    if (f->status != DUET_OK) return;
    model->tensors = calloc((size_t)tensors.count + 1, sizeof *model->tensors);
    size_t all_scales = 0;
    if (!model->tensors) flatbuffer_fault(f, DUET_OUT_OF_MEMORY, "no memory for %u tensors", tensors.count);
    for (uint32_t i = 0; f->status == DUET_OK && i < tensors.count; i++) {
        snprintf(f->where, sizeof f->where, "tensor %u", i);
        struct flatbuffer_table table = flatbuffer_element(f, tensors, i, "tensor");
        read_tensor(f, &table, buffers, &all_scales, &model->tensors[i]);
    }
    model->tensor_count = (int)tensors.count;
}

/* --- operators ----------------------------------------------------------------------------------------- */

/* A vector of numbers of tensors; `low` is -1 where one may be left out. Returns how many. */
static int read_operands(struct flatbuffer *f, const struct flatbuffer_table *table, unsigned int field,
                         const char *what, const struct duet_tflite *model, int low,
                         int operands[DUET_TFLITE_MAX_OPERANDS])
{
    struct flatbuffer_vector v = flatbuffer_vector(f, table, field, 4, what);
    if (v.count > DUET_TFLITE_MAX_OPERANDS) {
        flatbuffer_fault(f, DUET_TOO_LARGE, "%s: %u tensors, at most %d", what, v.count,
                         DUET_TFLITE_MAX_OPERANDS);
        return 0;
    }
    for (uint32_t i = 0; i < v.count; i++) {
        int32_t tensor = load_i32(f->data + v.at + 4 * i);
        if (tensor < low || tensor >= model->tensor_count) {
            flatbuffer_fault(f, DUET_BAD_FORMAT, "%s: tensor %d, the file has %d", what, tensor,
                             model->tensor_count);
            return 0;
        }
        operands[i] = tensor;
    }
    return (int)v.count;
}

/* How the schema's option tables are laid out. A byte is a byte, the rest are 32-bit numbers. */
static const struct {
    const char *name;
    bool byte;
    int otherwise;
} options[DUET_TFLITE_OPTION_COUNT] = {[DUET_TFLITE_PADDING] = {"padding", true, 0},
                                       [DUET_TFLITE_ACTIVATION] = {"fused_activation_function", true, 0},
                                       [DUET_TFLITE_STRIDE_HEIGHT] = {"stride_h", false, 0},
                                       [DUET_TFLITE_STRIDE_WIDTH] = {"stride_w", false, 0},
                                       [DUET_TFLITE_DILATION_HEIGHT] = {"dilation_h_factor", false, 1},
                                       [DUET_TFLITE_DILATION_WIDTH] = {"dilation_w_factor", false, 1},
                                       [DUET_TFLITE_DEPTH_MULTIPLIER] = {"depth_multiplier", false, 0},
                                       [DUET_TFLITE_FILTER_HEIGHT] = {"filter_height", false, 0},
                                       [DUET_TFLITE_FILTER_WIDTH] = {"filter_width", false, 0},
                                       [DUET_TFLITE_AXIS] = {"axis", false, 0},
                                       [DUET_TFLITE_ALIGN_CORNERS] = {"align_corners", true, 0},
                                       [DUET_TFLITE_HALF_PIXEL_CENTERS] = {"half_pixel_centers", true, 0}};

#define UNUSED DUET_TFLITE_OPTION_COUNT

static const struct {
    int code;
    unsigned int kind; /* number in the schema's union BuiltinOptions */
    unsigned int count;
    enum duet_tflite_option fields[7];
} layouts[] = {
    {DUET_TFLITE_CONV_2D,
     1,
     6,
     {DUET_TFLITE_PADDING, DUET_TFLITE_STRIDE_WIDTH, DUET_TFLITE_STRIDE_HEIGHT, DUET_TFLITE_ACTIVATION,
      DUET_TFLITE_DILATION_WIDTH, DUET_TFLITE_DILATION_HEIGHT}},
    {DUET_TFLITE_DEPTHWISE_CONV_2D,
     2,
     7,
     {DUET_TFLITE_PADDING, DUET_TFLITE_STRIDE_WIDTH, DUET_TFLITE_STRIDE_HEIGHT, DUET_TFLITE_DEPTH_MULTIPLIER,
      DUET_TFLITE_ACTIVATION, DUET_TFLITE_DILATION_WIDTH, DUET_TFLITE_DILATION_HEIGHT}},
    {DUET_TFLITE_AVERAGE_POOL_2D,
     5,
     6,
     {DUET_TFLITE_PADDING, DUET_TFLITE_STRIDE_WIDTH, DUET_TFLITE_STRIDE_HEIGHT, DUET_TFLITE_FILTER_WIDTH,
      DUET_TFLITE_FILTER_HEIGHT, DUET_TFLITE_ACTIVATION}},
    {DUET_TFLITE_CONCATENATION, 10, 2, {DUET_TFLITE_AXIS, DUET_TFLITE_ACTIVATION}},
    {DUET_TFLITE_ADD, 11, 1, {DUET_TFLITE_ACTIVATION}},
    {DUET_TFLITE_RESIZE_BILINEAR,
     15,
     4,
     {UNUSED, UNUSED, DUET_TFLITE_ALIGN_CORNERS, DUET_TFLITE_HALF_PIXEL_CENTERS}},
};

const char *duet_tflite_option_name(enum duet_tflite_option option)
{
    return options[option].name;
}

/* Options in the union's member that belongs to the operator; left out, all have their defaults. */
static void read_options(struct flatbuffer *f, const struct flatbuffer_table *table,
                         struct duet_tflite_operator *op)
{
    size_t l = 0;
    while (l < sizeof layouts / sizeof layouts[0] && layouts[l].code != op->code) l++;
    if (l == sizeof layouts / sizeof layouts[0]) return;
    unsigned int kind = flatbuffer_u8(f, table, 3, "kind of options");
    struct flatbuffer_table o = {0};
    if (kind == layouts[l].kind)
        o = flatbuffer_table(f, table, 4, "options");
    else if (kind != 0)
        flatbuffer_fault(f, DUET_BAD_FORMAT, "options of kind %u, expected %u", kind, layouts[l].kind);
    for (unsigned int i = 0; i < layouts[l].count; i++) {
        enum duet_tflite_option option = layouts[l].fields[i];
        if (option == UNUSED) continue;
        op->options[option] = options[option].byte
                                  ? flatbuffer_i8(f, &o, i, options[option].name)
                                  : flatbuffer_i32(f, &o, i, options[option].otherwise, options[option].name);
    }
}

/* Every input is there by now, and the outputs are new. */
static void check_order(struct flatbuffer *f, struct duet_tflite *model, int index)
{
    const struct duet_tflite_operator *op = &model->operators[index];
    for (int i = 0; i < op->input_count; i++) {
        if (op->inputs[i] < 0) continue;
        const struct duet_tflite_tensor *t = &model->tensors[op->inputs[i]];
        if (!t->given && !t->data && t->producer < 0 && t->elements > 0)
            flatbuffer_fault(f, DUET_BAD_FORMAT, "reads tensor %d (%.*s), which nothing before it writes",
                             op->inputs[i], t->name.length, t->name.at);
    }
    for (int i = 0; i < op->output_count; i++) {
        struct duet_tflite_tensor *t = &model->tensors[op->outputs[i]];
        if (t->given || t->data || t->producer >= 0)
            flatbuffer_fault(f, DUET_BAD_FORMAT, "writes tensor %d (%.*s), which has a value already",
                             op->outputs[i], t->name.length, t->name.at);
        t->producer = index;
    }
}

static void read_operators(struct flatbuffer *f, const struct flatbuffer_table *graph,
                           struct flatbuffer_vector codes, struct duet_tflite *model)
{
    struct flatbuffer_vector operators = flatbuffer_vector(f, graph, 3, 4, "operators");
    if (operators.count > DUET_TFLITE_MAX_OPERATORS)
        flatbuffer_fault(f, DUET_TOO_LARGE, "%u operators, at most %d", operators.count,
                         DUET_TFLITE_MAX_OPERATORS);
    if (f->status != DUET_OK) return;
    model->operators = calloc((size_t)operators.count + 1, sizeof *model->operators);
    if (!model->operators)
        flatbuffer_fault(f, DUET_OUT_OF_MEMORY, "no memory for %u operators", operators.count);
    for (uint32_t i = 0; f->status == DUET_OK && i < operators.count; i++) {
        struct duet_tflite_operator *op = &model->operators[i];
        snprintf(f->where, sizeof f->where, "operator %u", i);
        struct flatbuffer_table table = flatbuffer_element(f, operators, i, "operator");
        uint32_t index = (uint32_t)flatbuffer_i32(f, &table, 0, 0, "opcode_index");
        if (index >= codes.count) {
            flatbuffer_fault(f, DUET_BAD_FORMAT, "opcode_index %u, the file has %u operator codes", index,
                             codes.count);
            return;
        }
        struct flatbuffer_table code = flatbuffer_element(f, codes, index, "its code");
        int old = flatbuffer_i8(f, &code, 0, "deprecated_builtin_code"); /* all that files before 2021 have */
        op->code = flatbuffer_i32(f, &code, 3, 0, "builtin_code");
        if (old > op->code) op->code = old;
        op->input_count = read_operands(f, &table, 1, "inputs", model, -1, op->inputs);
        op->output_count = read_operands(f, &table, 2, "outputs", model, 0, op->outputs);
        read_options(f, &table, op);
        if (f->status == DUET_OK) check_order(f, model, (int)i);
    }
    model->operator_count = (int)operators.count;
}

/* --- the file ------------------------------------------------------------------------------------------ */

static void read_graph(struct flatbuffer *f, const struct flatbuffer_table *root, struct duet_tflite *model)
{
    struct flatbuffer_vector graphs = flatbuffer_vector(f, root, 2, 4, "subgraphs");
    struct flatbuffer_vector codes = flatbuffer_vector(f, root, 1, 4, "operator codes");
    struct flatbuffer_vector buffers = flatbuffer_vector(f, root, 4, 4, "buffers");
    if (f->status == DUET_OK && graphs.count != 1)
        flatbuffer_fault(f, graphs.count ? DUET_UNSUPPORTED : DUET_BAD_FORMAT, "%u subgraphs, expected 1",
                         graphs.count);
    if (f->status != DUET_OK) return;
    struct flatbuffer_table graph = flatbuffer_element(f, graphs, 0, "subgraph");
    snprintf(f->where, sizeof f->where, "subgraph");
    read_tensors(f, &graph, buffers, model);
    if (f->status != DUET_OK) return;
    snprintf(f->where, sizeof f->where, "subgraph");
    model->input_count = read_operands(f, &graph, 1, "inputs", model, 0, model->inputs);
    for (int i = 0; i < model->input_count; i++) model->tensors[model->inputs[i]].given = true;
    model->output_count = read_operands(f, &graph, 2, "outputs", model, 0, model->outputs);
    read_operators(f, &graph, codes, model);
}

static void read_file(struct flatbuffer *f, struct duet_tflite *model)
{
    snprintf(f->where, sizeof f->where, "model");
    if (f->size < 8 || memcmp(f->data + 4, "TFL3", 4) != 0) {
        flatbuffer_fault(f, DUET_BAD_FORMAT, "not a TFLite file: no \"TFL3\" at byte 4");
        return;
    }
    if (f->size > DUET_TFLITE_MAX_FILE) {
        flatbuffer_fault(f, DUET_TOO_LARGE, "%zu bytes, at most %zu", f->size, DUET_TFLITE_MAX_FILE);
        return;
    }
    struct flatbuffer_table root = flatbuffer_root(f);
    uint32_t version = (uint32_t)flatbuffer_i32(f, &root, 0, 0, "version");
    if (f->status == DUET_OK && version != SCHEMA_VERSION)
        flatbuffer_fault(f, DUET_UNSUPPORTED, "schema version %u, this build reads %d", version,
                         SCHEMA_VERSION);
    if (f->status == DUET_OK) read_graph(f, &root, model);
}

enum duet_status duet_tflite_read(const char *name, const uint8_t *data, size_t size,
                                  struct duet_tflite *model, struct duet_error *error)
{
    struct flatbuffer f = {.path = name, .data = data, .size = size, .error = error};
    *model = (struct duet_tflite){.data = data, .size = size};
    read_file(&f, model);
    if (f.status != DUET_OK) duet_tflite_close(model);
    return f.status;
}

void duet_tflite_close(struct duet_tflite *model)
{
    if (!model) return;
    free(model->tensors);
    free(model->operators);
    *model = (struct duet_tflite){0};
}

/* --- looking at it ------------------------------------------------------------------------------------- */

const char *duet_tflite_code_name(int code, char text[24])
{
    static const struct {
        int code;
        const char *name;
    } names[] = {{DUET_TFLITE_ADD, "ADD"},
                 {DUET_TFLITE_AVERAGE_POOL_2D, "AVERAGE_POOL_2D"},
                 {DUET_TFLITE_CONCATENATION, "CONCATENATION"},
                 {DUET_TFLITE_CONV_2D, "CONV_2D"},
                 {DUET_TFLITE_DEPTHWISE_CONV_2D, "DEPTHWISE_CONV_2D"},
                 {DUET_TFLITE_DEQUANTIZE, "DEQUANTIZE"},
                 {9, "FULLY_CONNECTED"},
                 {14, "LOGISTIC"},
                 {17, "MAX_POOL_2D"},
                 {18, "MUL"},
                 {19, "RELU"},
                 {21, "RELU6"},
                 {DUET_TFLITE_RESHAPE, "RESHAPE"},
                 {DUET_TFLITE_RESIZE_BILINEAR, "RESIZE_BILINEAR"},
                 {DUET_TFLITE_SOFTMAX, "SOFTMAX"},
                 {DUET_TFLITE_CUSTOM, "CUSTOM"},
                 {34, "PAD"},
                 {DUET_TFLITE_BATCH_TO_SPACE_ND, "BATCH_TO_SPACE_ND"},
                 {DUET_TFLITE_SPACE_TO_BATCH_ND, "SPACE_TO_BATCH_ND"},
                 {39, "TRANSPOSE"},
                 {DUET_TFLITE_MEAN, "MEAN"},
                 {41, "SUB"},
                 {DUET_TFLITE_SQUEEZE, "SQUEEZE"},
                 {45, "STRIDED_SLICE"},
                 {53, "CAST"},
                 {DUET_TFLITE_ARG_MAX, "ARG_MAX"},
                 {67, "TRANSPOSE_CONV"},
                 {97, "RESIZE_NEAREST_NEIGHBOR"},
                 {DUET_TFLITE_QUANTIZE, "QUANTIZE"},
                 {117, "HARD_SWISH"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].code == code) return names[i].name;
    snprintf(text, 24, "operator %d", code);
    return text;
}

float duet_tflite_scale(const struct duet_tflite_tensor *tensor, uint32_t index)
{
    return load_f32(tensor->scales + (size_t)index * 4);
}

int32_t duet_tflite_zero_point(const struct duet_tflite_tensor *tensor, uint32_t index)
{
    return tensor->zero_points ? (int32_t)load_i64(tensor->zero_points + (size_t)index * 8) : 0;
}

int32_t duet_tflite_int(const struct duet_tflite_tensor *tensor, size_t index)
{
    return load_i32(tensor->data + index * 4);
}
