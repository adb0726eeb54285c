/* TFLite graphs to native models: what comes out of graphs that compute our networks, and the refusal of
 * those that compute something else. */
#include "support/testing.h"

#include "support/memory.h"
#include "support/mutation.h"
#include "support/scratch.h"
#include "support/tflite_spec.h"

#include "duet/import.h"
#include "import_recipes.h"
#include "weights/tflite.h"

#include <math.h>

/* --- a network, its weights, and a graph of it ------------------------------------------------------------
 */

struct fixture {
    struct duet_model_config config;
    int output_stride;
    struct duet_network *network;
    struct duet_layer_info *info;
    struct duet_weights *weights;
    struct spec *spec;
};

static struct fixture make(struct duet_model_config config, int output_stride, enum duet_dtype dtype)
{
    struct duet_error e;
    struct fixture f = {.config = config, .output_stride = output_stride};
    assert_ok(duet_model_network(&config, output_stride, &f.network, &e), e);
    f.info = calloc((size_t)duet_network_layer_count(f.network), sizeof *f.info);
    assert_non_null(f.info);
    assert_ok(duet_network_account(f.network, config.input_height, config.input_width, f.info, &e), e);
    f.weights = spec_weights(f.network, dtype, 99);
    f.spec = spec_of_network(f.network, f.info, f.weights);
    return f;
}

static void unmake(struct fixture *f)
{
    spec_free(f->spec);
    duet_weights_close(&f->weights);
    duet_network_close(&f->network);
    free(f->info);
}

static const struct duet_model_config lite = {.input_width = 33,
                                              .input_height = 65,
                                              .width_multiplier = 0.25,
                                              .channel_divisor = 1,
                                              .has_deeplabv3 = true,
                                              .deeplabv3 = {5, 12, false}};
/* As small as files get; found at the second try of the widths. */
static const struct duet_model_config tiny = {.input_width = 33,
                                              .input_height = 33,
                                              .width_multiplier = 0.25,
                                              .channel_divisor = 8,
                                              .has_deeplabv3 = true,
                                              .deeplabv3 = {2, 1, false}};
static const struct duet_model_config full = {.input_width = 33,
                                              .input_height = 33,
                                              .width_multiplier = 0.35,
                                              .channel_divisor = 8,
                                              .has_deeplabv3 = true,
                                              .deeplabv3 = {21, 16, true}};
static const struct duet_model_config classifier = {.input_width = 32,
                                                    .input_height = 32,
                                                    .width_multiplier = 0.35,
                                                    .channel_divisor = 8,
                                                    .has_classifier = true,
                                                    .classifier = {11}};

static enum duet_status import_bytes(const uint8_t *file, size_t size,
                                     const struct duet_import_options *options, struct duet_weights **out,
                                     struct duet_error *error)
{
    static const struct duet_import_options none = {.struct_size = sizeof none};
    struct duet_import import = {
        .path = "x", .options = options ? options : &none, .format = "tflite", .sha256 = "0"};
    struct duet_tflite source;
    *out = NULL;
    enum duet_status status = duet_tflite_read("x", file, size, &source, error);
    if (status == DUET_OK) status = duet_weights_create(out, error);
    if (status == DUET_OK) status = duet_import_tflite(&import, &source, *out, error);
    duet_tflite_close(&source);
    if (status != DUET_OK) duet_weights_close(out);
    return status;
}

static enum duet_status import_spec(const struct spec *spec, const struct duet_import_options *options,
                                    struct duet_weights **out, struct duet_error *error)
{
    size_t size;
    uint8_t *file = spec_write(spec, &size, NULL);
    enum duet_status status = import_bytes(file, size, options, out, error);
    free(file);
    return status;
}

/* --- graphs of our networks -------------------------------------------------------------------------------
 */

static void assert_same_tensors(const struct duet_weights *got, const struct duet_weights *want)
{
    for (size_t i = 0; i < duet_weights_count(want); i++) {
        const struct duet_tensor *w = duet_weights_at(want, i), *g = duet_weights_find(got, w->name);
        if (!g) fail_msg("no %s", w->name);
        if (g->dtype != w->dtype || !duet_shape_equal(&g->shape, &w->shape))
            fail_msg("%s: %s, expected %s", w->name, duet_dtype_name(g->dtype), duet_dtype_name(w->dtype));
        if (memcmp(g->data, w->data, w->bytes) != 0) fail_msg("%s: other values", w->name);
    }
    assert_int_equal(duet_weights_count(got), duet_weights_count(want));
}

/* As a program would find it: saved, and opened again. */
static void assert_config(struct duet_weights *weights, const struct duet_model_config *want,
                          int output_stride)
{
    struct duet_error e;
    struct scratch scratch;
    struct duet_model *model;
    scratch_make(&scratch);
    const char *path = scratch_path(&scratch, "model");
    assert_ok(duet_weights_save(weights, path, &e), e);
    assert_ok(duet_model_open(path, &model, &e), e);
    const struct duet_model_config *got = duet_model_config(model);
    assert_int_equal(got->input_width, want->input_width);
    assert_int_equal(got->input_height, want->input_height);
    assert_true(got->width_multiplier == want->width_multiplier);
    assert_int_equal(got->channel_divisor, want->channel_divisor);
    assert_int_equal(got->has_ssdlite, false);
    assert_int_equal(got->has_deeplabv3, want->has_deeplabv3);
    assert_int_equal(got->has_classifier, want->has_classifier);
    assert_memory_equal(&got->deeplabv3, &want->deeplabv3, sizeof got->deeplabv3);
    assert_int_equal(got->classifier.classes, want->classifier.classes);
    assert_int_equal(got->source_output_stride, want->has_deeplabv3 ? output_stride : 0);
    assert_string_equal(got->source.format, "tflite");
    duet_model_close(&model);
    scratch_remove(&scratch);
}

static void check_import(struct duet_model_config config, int output_stride, enum duet_dtype dtype)
{
    struct duet_error e;
    struct duet_weights *weights;
    struct fixture f = make(config, output_stride, dtype);
    assert_ok(import_spec(f.spec, NULL, &weights, &e), e);
    assert_same_tensors(weights, f.weights);
    assert_config(weights, &config, output_stride);
    duet_weights_close(&weights);
    unmake(&f);
}

static void tensors_come_as_they_were(void **state)
{
    (void)state;
    static const enum duet_dtype dtypes[] = {DUET_F32, DUET_F16, DUET_U8, DUET_I8};
    for (size_t i = 0; i < 4; i++) {
        check_import(lite, 16, dtypes[i]);
        check_import(classifier, 32, dtypes[i]);
    }
}

static void every_stride_and_width_is_recognised(void **state)
{
    (void)state;
    check_import(lite, 8, DUET_U8);
    check_import(lite, 32, DUET_U8);
    check_import(full, 16, DUET_I8);
    check_import(full, 8, DUET_F32);
    struct duet_model_config config = lite;
    static const struct {
        double multiplier;
        int divisor;
    } widths[] = {{0.5, 1}, {1.0, 8}, {0.75, 8}, {1.4, 8}, {0.35, 8}, {0.5, 8}};
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        config.width_multiplier = widths[i].multiplier;
        config.channel_divisor = widths[i].divisor;
        check_import(config, 16, DUET_U8);
    }
}

/* Insert an operator before operator `at`. */
static struct spec_operator *insert(struct spec *s, int at, int code)
{
    memmove(s->operators + at + 1, s->operators + at,
            (s->operator_count - (uint32_t)at) * sizeof s->operators[0]);
    s->operator_count++;
    s->operators[at] = (struct spec_operator){.code = code, .input_count = 1, .output_count = 1};
    return &s->operators[at];
}

static int copy_tensor(struct spec *s, int tensor, const char *name)
{
    const struct spec_tensor *t = &s->tensors[tensor];
    return spec_tensor(s, name, t->type, t->rank, t->dims, NULL, 0);
}

static void mean_for_pool(struct spec *s)
{
    struct spec_operator *op = &s->operators[spec_find(s, "deeplabv3.pool")];
    static const int32_t axes[2] = {-3, 2};
    op->code = DUET_TFLITE_MEAN;
    op->option_kind = 0;
    op->inputs[op->input_count++] =
        spec_tensor(s, "axes", SPEC_I32, 1, (const int32_t[1]){2}, axes, sizeof axes);
}
static void requantized_features(struct spec *s) /* as the published files have it */
{
    int concat = spec_find(s, "deeplabv3.concat"), from = s->operators[concat].inputs[0];
    int to = copy_tensor(s, from, "requantized");
    s->operators[concat].inputs[0] = to;
    struct spec_operator *op = insert(s, concat, DUET_TFLITE_QUANTIZE);
    op->inputs[0] = from;
    op->outputs[0] = to;
}
static void quantized_input(struct spec *s) /* float outside, quantized inside */
{
    int to = copy_tensor(s, s->inputs[0], "quantized");
    struct spec_operator *op = insert(s, 0, DUET_TFLITE_QUANTIZE);
    op->inputs[0] = s->inputs[0];
    op->outputs[0] = s->operators[1].inputs[0] = to;
}
static void weights_dequantized(struct spec *s) /* how half precision comes */
{
    int from = s->operators[0].inputs[1], to = copy_tensor(s, from, "converted");
    s->operators[0].inputs[1] = to;
    struct spec_operator *op = insert(s, 0, DUET_TFLITE_DEQUANTIZE);
    op->inputs[0] = from;
    op->outputs[0] = to;
}
static void axis_counted_from_the_end(struct spec *s)
{
    spec_set(s, spec_find(s, "deeplabv3.concat"), 0, -1);
}
static void the_usual_tail(struct spec *s)
{
    int at = s->outputs[0];
    static const int codes[] = {DUET_TFLITE_RESIZE_BILINEAR, DUET_TFLITE_DEQUANTIZE, DUET_TFLITE_SOFTMAX,
                                DUET_TFLITE_RESHAPE,         DUET_TFLITE_SQUEEZE,    DUET_TFLITE_ARG_MAX};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        int to = copy_tensor(s, at, "tail");
        int op = spec_operator(s, codes[i], (const int[2]){at, -2}, (const int[2]){to, -2});
        if (codes[i] == DUET_TFLITE_RESIZE_BILINEAR) spec_option(s, op, 15, 2, 1, 1);
        at = to;
    }
    s->outputs[0] = at;
}
static void added_the_other_way(struct spec *s)
{
    struct spec_operator *op = &s->operators[spec_find(s, "backbone.block2.add")];
    int first = op->inputs[0];
    op->inputs[0] = op->inputs[1];
    op->inputs[1] = first;
}
static void valid_padding_of_1x1(struct spec *s)
{
    spec_set(s, spec_find(s, "deeplabv3.logits"), 0, DUET_TFLITE_VALID);
}
static void pool_first_in_the_file(struct spec *s) /* branches may stand in any order */
{
    int aspp = spec_find(s, "deeplabv3.aspp0"), pool = spec_find(s, "deeplabv3.pool");
    struct spec_operator moved = s->operators[aspp];
    memmove(s->operators + pool + 1, s->operators + pool, (size_t)(aspp - pool) * sizeof moved);
    s->operators[pool] = moved;
}

static void equal_graphs_are_recognised(void **state)
{
    (void)state;
    static void (*const bends[])(struct spec *) = {
        mean_for_pool,       requantized_features,      quantized_input,
        weights_dequantized, axis_counted_from_the_end, the_usual_tail,
        added_the_other_way, valid_padding_of_1x1,      pool_first_in_the_file,
    };
    for (size_t i = 0; i < sizeof bends / sizeof bends[0]; i++) {
        struct duet_error e = {.text = ""};
        struct duet_weights *weights;
        struct fixture f = make(lite, 16, DUET_F32);
        bends[i](f.spec);
        if (import_spec(f.spec, NULL, &weights, &e) != DUET_OK) fail_msg("graph %zu: %s", i, e.text);
        assert_same_tensors(weights, f.weights);
        duet_weights_close(&weights);
        unmake(&f);
    }
}

static void no_bias_is_a_bias_of_zero(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_weights *weights;
    struct fixture f = make(lite, 16, DUET_U8);
    f.spec->operators[0].input_count = 2;
    f.spec->operators[1].inputs[2] = -1;
    assert_ok(import_spec(f.spec, NULL, &weights, &e), e);
    static const char *const names[] = {"backbone.conv.bias", "backbone.block0.depthwise.bias"};
    for (size_t i = 0; i < 2; i++) {
        const struct duet_tensor *t = duet_weights_find(weights, names[i]);
        assert_non_null(t);
        assert_int_equal(t->dtype, DUET_F32);
        for (size_t k = 0; k < t->shape.dims[0]; k++) assert_true(((const float *)t->data)[k] == 0);
    }
    duet_weights_close(&weights);
    unmake(&f);
}

/* --- graphs of other networks -----------------------------------------------------------------------------
 */

static int find(struct spec *s, const char *name)
{
    int op = spec_find(s, name);
    assert_true(op >= 0);
    return op;
}
static void stride_2_for_1(struct spec *s)
{
    spec_set(s, find(s, "backbone.block2.depthwise"), 2, 2);
}
static void stride_of_height_alone(struct spec *s)
{
    spec_set(s, find(s, "backbone.block3.depthwise"), 1, 1);
}
static void rate_3_for_2(struct spec *s)
{
    spec_set(s, find(s, "backbone.block15.depthwise"), 6, 3);
}
static void valid_padding(struct spec *s)
{
    spec_set(s, find(s, "backbone.conv"), 0, DUET_TFLITE_VALID);
}
static void relu_for_relu6(struct spec *s)
{
    spec_set(s, find(s, "backbone.block5.expand"), 3, DUET_TFLITE_RELU);
}
static void relu6_in_the_head(struct spec *s)
{
    spec_set(s, find(s, "deeplabv3.aspp0"), 3, DUET_TFLITE_RELU6);
}
static void activation_after_add(struct spec *s)
{
    spec_set(s, find(s, "backbone.block2.add"), 0, DUET_TFLITE_RELU);
}
static void pooling_last(struct spec *s)
{
    struct spec_operator *op = &s->operators[find(s, "deeplabv3.concat")];
    int first = op->inputs[0];
    op->inputs[0] = op->inputs[1];
    op->inputs[1] = first;
}
static void joined_along_width(struct spec *s)
{
    spec_set(s, find(s, "deeplabv3.concat"), 0, 2);
}
static void three_branches(struct spec *s)
{
    struct spec_operator *op = &s->operators[find(s, "deeplabv3.concat")];
    op->inputs[op->input_count++] = op->inputs[1];
}
static void pool_of_part(struct spec *s)
{
    spec_set(s, find(s, "deeplabv3.pool"), 4, 3);
}
static void mean_over_channels(struct spec *s)
{
    static const int32_t axes[2] = {2, 3};
    struct spec_operator *op = &s->operators[find(s, "deeplabv3.pool")];
    op->code = DUET_TFLITE_MEAN;
    op->option_kind = 0;
    op->inputs[op->input_count++] =
        spec_tensor(s, "axes", SPEC_I32, 1, (const int32_t[1]){2}, axes, sizeof axes);
}
static void resized_without_align_corners(struct spec *s)
{
    the_usual_tail(s);
    spec_set(s, find(s, "tail"), 2, 0);
}
static void a_pad_before(struct spec *s)
{
    int to = copy_tensor(s, s->inputs[0], "padded");
    struct spec_operator *op = insert(s, 0, 34);
    op->inputs[0] = s->inputs[0];
    op->outputs[0] = s->operators[1].inputs[0] = to;
}
static void an_operator_more(struct spec *s)
{
    int to = copy_tensor(s, s->inputs[0], "extra");
    spec_operator(s, 41, (const int[2]){s->inputs[0], -2}, (const int[2]){to, -2});
}
static void a_tail_on_something_else(struct spec *s)
{
    int to = copy_tensor(s, s->inputs[0], "extra");
    spec_operator(s, DUET_TFLITE_SOFTMAX, (const int[2]){s->inputs[0], -2}, (const int[2]){to, -2});
}
static void no_residual(struct spec *s) /* what read the sum reads the projection */
{
    int add = find(s, "backbone.block2.add"), sum = s->operators[add].outputs[0];
    int project = s->operators[add - 1].outputs[0];
    memmove(s->operators + add, s->operators + add + 1,
            (s->operator_count - (uint32_t)add - 1) * sizeof s->operators[0]);
    s->operator_count--;
    for (uint32_t i = 0; i < s->operator_count; i++)
        if (s->operators[i].inputs[0] == sum) s->operators[i].inputs[0] = project;
    for (uint32_t i = 0; i < s->operator_count; i++)
        if (s->operators[i].input_count == 2 && s->operators[i].inputs[1] == sum)
            s->operators[i].inputs[1] = project;
}
static void one_channel_more(struct spec *s)
{
    s->tensors[s->operators[0].inputs[1]].dims[0]++;
    s->tensors[s->operators[0].inputs[1]].bytes += 27 * 4;
    s->tensors[s->operators[0].inputs[1]].data = realloc(s->tensors[s->operators[0].inputs[1]].data, 5000);
}
static void result_of_another_size(struct spec *s)
{
    s->tensors[s->operators[find(s, "backbone.block4.depthwise")].outputs[0]].dims[1]++;
}
static void filter_5x5(struct spec *s)
{
    struct spec_tensor *t = &s->tensors[s->operators[find(s, "backbone.block4.depthwise")].inputs[1]];
    t->dims[1] = t->dims[2] = 5;
    t->bytes = (size_t)(25 * t->dims[3] * 4);
    t->data = realloc(t->data, t->bytes);
}
static void weights_computed(struct spec *s)
{
    struct spec_tensor *t = &s->tensors[s->operators[0].inputs[1]];
    free(t->data);
    t->data = NULL;
    t->variable = true;
}
static void weights_of_int32(struct spec *s)
{
    s->tensors[s->operators[0].inputs[1]].type = SPEC_I32;
}
static void bytes_without_scale(struct spec *s)
{
    struct spec_tensor *t = &s->tensors[s->operators[0].inputs[1]];
    t->type = SPEC_U8;
    t->bytes /= 4;
}
static void scales_along_height(struct spec *s)
{
    struct spec_operator *op = &s->operators[0];
    struct spec_tensor *t = &s->tensors[op->inputs[1]];
    t->type = SPEC_I8;
    t->bytes /= 4;
    spec_quantize(s, op->inputs[1], 3, (const float[3]){1, 1, 1}, (const int64_t[3]){0, 0, 0}, 1);
}
static void a_weight_not_finite(struct spec *s)
{
    ((float *)s->tensors[s->operators[4].inputs[1]].data)[2] = NAN;
}
static void a_bias_not_finite(struct spec *s)
{
    ((float *)s->tensors[s->operators[4].inputs[2]].data)[0] = INFINITY;
}
static void two_inputs(struct spec *s)
{
    s->inputs[s->input_count++] = copy_tensor(s, s->inputs[0], "second");
}
static void grey_input(struct spec *s)
{
    s->tensors[s->inputs[0]].dims[3] = 1;
}
static void huge_input(struct spec *s)
{
    s->tensors[s->inputs[0]].dims[1] = 8193;
}
static void a_batch_of_two(struct spec *s)
{
    s->tensors[s->inputs[0]].dims[0] = 2;
}
static void nothing_at_all(struct spec *s)
{
    s->operator_count = 0;
}
static void joined_with_nothing_after(struct spec *s)
{
    s->operator_count = (uint32_t)find(s, "deeplabv3.concat") + 1;
}
static void outputs_two(struct spec *s)
{
    s->operators[3].outputs[s->operators[3].output_count++] = copy_tensor(s, s->inputs[0], "second");
}

static const struct {
    void (*bend)(struct spec *spec);
    enum duet_status status;
    const char *text;
} others[] = {
    {stride_2_for_1, DUET_UNSUPPORTED,
     "x: operator 7 (DEPTHWISE_CONV_2D, backbone.block2.depthwise): stride_h is 2, layer "
     "backbone.block2.depthwise "
     "needs 1"},
    {stride_of_height_alone, DUET_UNSUPPORTED, "stride_w is 1, layer backbone.block3.depthwise needs 2"},
    {rate_3_for_2, DUET_UNSUPPORTED, "dilation_h_factor is 3, layer backbone.block15.depthwise needs 2"},
    {valid_padding, DUET_UNSUPPORTED,
     "operator 0 (CONV_2D, backbone.conv): padding is 1, layer backbone.conv needs 0"},
    {relu_for_relu6, DUET_UNSUPPORTED,
     "fused_activation_function is 1, layer backbone.block5.expand needs 3"},
    {relu6_in_the_head, DUET_UNSUPPORTED, "fused_activation_function is 3, layer deeplabv3.aspp0 needs 1"},
    {activation_after_add, DUET_UNSUPPORTED,
     "fused_activation_function is 1, layer backbone.block2.add needs 0"},
    {pooling_last, DUET_UNSUPPORTED, "(CONCATENATION, deeplabv3.concat): input 0 (of 0 to 1) is"},
    {joined_along_width, DUET_UNSUPPORTED, "axis is 2, layer deeplabv3.concat needs 3"},
    {three_branches, DUET_UNSUPPORTED, "layer deeplabv3.aspp1 needs CONV_2D of tensor"},
    {pool_of_part, DUET_UNSUPPORTED, "filter_height is 3, layer deeplabv3.pool needs 5"},
    {mean_over_channels, DUET_UNSUPPORTED,
     "the set of axes (bit a: axis a) is 12, layer deeplabv3.pool needs 6"},
    {resized_without_align_corners, DUET_UNSUPPORTED,
     "align_corners is 0 and half_pixel_centers 0, expected 1 and 0"},
    {a_pad_before, DUET_UNSUPPORTED,
     "layer backbone.conv needs CONV_2D of tensor 0 (input), which goes into operator 0 (PAD, padded)"},
    {an_operator_more, DUET_UNSUPPORTED, "(SUB, extra) belongs to no layer of the network"},
    {a_tail_on_something_else, DUET_UNSUPPORTED, "(SOFTMAX, extra) belongs to no layer of the network"},
    {no_residual, DUET_UNSUPPORTED, "layer backbone.block2.add needs ADD of tensor"},
    {one_channel_more, DUET_UNSUPPORTED, "the first convolution has 9"},
    {result_of_another_size, DUET_MISMATCH,
     "(DEPTHWISE_CONV_2D, backbone.block4.depthwise): its results are [1,10,5,48], layer "
     "backbone.block4.depthwise "
     "needs [1,9,5,48]"},
    {filter_5x5, DUET_MISMATCH,
     "its weights are [1,5,5,48], layer backbone.block4.depthwise needs [1,3,3,48]"},
    {weights_computed, DUET_UNSUPPORTED, "the number of inputs with data in the file is 0"},
    {weights_of_int32, DUET_UNSUPPORTED, "(backbone.conv.weight) is I32, expected F32, F16 or U8 or I8"},
    {bytes_without_scale, DUET_BAD_FORMAT, "(backbone.conv.weight) is U8 without a scale"},
    {scales_along_height, DUET_UNSUPPORTED, "is quantized along dimension 1, expected 0"},
    {a_weight_not_finite, DUET_BAD_FORMAT,
     "(backbone.block1.depthwise.weight) has values that are not finite"},
    {a_bias_not_finite, DUET_BAD_FORMAT, "(backbone.block1.depthwise.bias) has values that are not finite"},
    {two_inputs, DUET_UNSUPPORTED, "2 inputs, expected 1"},
    {grey_input, DUET_UNSUPPORTED, "is not one RGB picture"},
    {huge_input, DUET_UNSUPPORTED, "is not one RGB picture"},
    {a_batch_of_two, DUET_UNSUPPORTED, "is not one RGB picture"},
    {nothing_at_all, DUET_UNSUPPORTED, "its last convolution has 0 channels"},
    {joined_with_nothing_after, DUET_UNSUPPORTED, "come convolutions of 0 and 0 channels"},
    {outputs_two, DUET_UNSUPPORTED, "the number of outputs is 2, layer backbone.block1.expand needs 1"},
};

static void other_graphs_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct duet_error e = {.text = ""};
        struct duet_weights *weights;
        struct fixture f = make(lite, 16, DUET_F32);
        others[i].bend(f.spec);
        enum duet_status status = import_spec(f.spec, NULL, &weights, &e);
        if (status != others[i].status || !strstr(e.text, others[i].text))
            fail_msg("graph %zu: %s, '%s'; expected %s, '%s'", i, duet_status_name(status), e.text,
                     duet_status_name(others[i].status), others[i].text);
        assert_null(weights);
        unmake(&f);
    }
}

static void a_classifier_has_to_be_one(void **state)
{
    (void)state;
    struct duet_error e = {.text = ""};
    struct duet_weights *weights;
    struct fixture f = make(classifier, 16, DUET_F32); /* atrous: not what the classifier runs as */
    assert_fails(DUET_UNSUPPORTED, import_spec(f.spec, NULL, &weights, &e), e);
    assert_non_null(strstr(e.text, "stride_h is 1, layer backbone.block13.depthwise needs 2"));
    unmake(&f);
}

/* --- options ----------------------------------------------------------------------------------------------
 */

static void labels_go_with_their_head(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_weights *weights;
    static const struct duet_label items[] = {{.id = 0, .name = "background"}, {.id = 4, .name = "four"}};
    static const struct duet_label wrong[] = {{.id = 91, .name = "none"}};
    struct duet_import_options options = {
        .struct_size = sizeof options, .labels = {wrong, 1}, .segmentation_labels = {items, 2}};
    struct fixture f = make(lite, 16, DUET_U8);
    assert_ok(import_spec(f.spec, &options, &weights, &e), e);
    assert_non_null(strstr(duet_weights_metadata(weights), "\"four\""));
    assert_null(strstr(duet_weights_metadata(weights), "\"none\""));
    duet_weights_close(&weights);
    options.segmentation_labels = (struct duet_labels){wrong, 1};
    assert_fails(DUET_BAD_ARGUMENT, import_spec(f.spec, &options, &weights, &e), e);
    assert_non_null(strstr(e.text, "label 91 (none): expected names with ascending ids from 0 to 4"));
    unmake(&f);
    f = make(classifier, 32, DUET_U8);
    assert_ok(import_spec(f.spec, &options, &weights, &e), e);
    duet_weights_close(&weights);
    options.classifier_labels = (struct duet_labels){wrong, 1};
    assert_fails(DUET_BAD_ARGUMENT, import_spec(f.spec, &options, &weights, &e), e);
    unmake(&f);
}

static void a_file_is_told_by_its_content(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_weights *weights;
    struct scratch scratch;
    struct fixture f = make(lite, 16, DUET_U8);
    size_t size;
    uint8_t *file = spec_write(f.spec, &size, NULL);
    scratch_make(&scratch);
    const char *path = scratch_write(&scratch, "a file", file, size);
    struct duet_import_options options = {.struct_size = sizeof options, .name = "me", .licence = "MIT"};
    assert_ok(duet_model_import(path, &options, &weights, &e), e);
    assert_same_tensors(weights, f.weights);
    assert_non_null(strstr(duet_weights_metadata(weights), "\"name\":\"me\""));
    assert_non_null(strstr(duet_weights_metadata(weights), "\"licence\":\"MIT\""));
    duet_weights_close(&weights);
    options.sha256 = "00";
    assert_fails(DUET_MISMATCH, duet_model_import(path, &options, &weights, &e), e);
    assert_null(weights);
    scratch_remove(&scratch);
    free(file);
    unmake(&f);
}

/* --- damage -----------------------------------------------------------------------------------------------
 */

/* What an import may take beside twice the file: counts have limits, the rest is the network's description.
 */
#define MOST_MEMORY ((ptrdiff_t)16 << 20)

static bool import_damaged(const uint8_t *file, size_t size, const char *what, size_t at)
{
    struct duet_error e = {.text = ""};
    struct duet_weights *weights;
    memory_watch(0);
    enum duet_status status = import_bytes(file, size, NULL, &weights, &e);
    duet_weights_close(&weights);
    struct memory_report report = memory_unwatch();
    if (status != DUET_OK && !e.text[0]) fail_msg("%s %zu: no text", what, at);
    if (report.blocks != 0) fail_msg("%s %zu: %ld leaks", what, at, report.blocks);
    if (report.peak_size > MOST_MEMORY + 2 * (ptrdiff_t)size)
        fail_msg("%s %zu: %td bytes taken for a file of %zu", what, at, report.peak_size, size);
    return status == DUET_OK;
}

/* The reader alone is tested with every byte wrong, and cut at every byte, in test_tflite.c. */
static void the_structure_may_be_wrong(void **state)
{
    (void)state;
    uint64_t seed = 4;
    struct fixture f = make(tiny, 16, DUET_U8);
    size_t size, structure, tried = 0, accepted = 0;
    uint8_t *file = spec_write(f.spec, &size, &structure);
    for (size_t at = 0; at < structure; at += at < 2048 ? 1 : 1 + mutation_random(&seed) % 10) {
        uint8_t right = file[at];
        file[at] = (uint8_t)(right ^ (1 + mutation_random(&seed) % 255));
        accepted += import_damaged(file, size, "byte", at);
        file[at] = right;
        tried++;
    }
    printf("# %zu bytes of structure, %zu tried, %zu of the damaged files are accepted\n", structure, tried,
           accepted);
    assert_true(accepted < tried / 2);
    assert_true(import_damaged(file, size, "restored", 0));
    free(file);
    unmake(&f);
}

static void random_damage(void **state)
{
    (void)state;
    uint64_t seed = 5;
    struct fixture f = make(tiny, 8, DUET_I8);
    size_t size, structure;
    uint8_t *file = spec_write(f.spec, &size, &structure), *bad = malloc(size);
    assert_non_null(bad);
    printf("# seed %llu\n", (unsigned long long)seed);
    for (size_t round = 0; round < 2000; round++) {
        memcpy(bad, file, size);
        mutate(bad, round % 2 ? structure : size, &seed);
        import_damaged(bad, size, "round", round);
    }
    free(bad);
    free(file);
    unmake(&f);
}

static void truncation_is_refused(void **state)
{
    (void)state;
    struct fixture f = make(tiny, 16, DUET_F16);
    size_t size, structure;
    uint8_t *file = spec_write(f.spec, &size, &structure);
    for (size_t n = 0; n < size; n += n < structure ? 17 : 101) {
        uint8_t *cut = malloc(n ? n : 1);
        assert_non_null(cut);
        memcpy(cut, file, n);
        assert_false(import_damaged(cut, n, "cut after", n));
        free(cut);
    }
    free(file);
    unmake(&f);
}

/* A width at which every layer asks for much, and all tensors of one size share their bytes. */
static void shared_bytes_are_counted_once(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_weights *weights;
    struct duet_model_config config = lite;
    config.width_multiplier = 2;
    config.channel_divisor = 8;
    struct fixture f = make(config, 16, DUET_F32);
    for (uint32_t i = 0; i < f.spec->tensor_count; i++)
        for (uint32_t k = 0; k < i; k++)
            if (f.spec->tensors[i].data && f.spec->tensors[k].bytes == f.spec->tensors[i].bytes) {
                free(f.spec->tensors[i].data);
                f.spec->tensors[i].data = NULL;
                f.spec->tensors[i].same_data = (int)k + 1;
            }
    size_t size;
    uint8_t *file = spec_write(f.spec, &size, NULL);
    memory_watch(0);
    enum duet_status status = import_bytes(file, size, NULL, &weights, &e);
    struct memory_report report = memory_unwatch();
    assert_int_equal(status, DUET_TOO_LARGE);
    assert_non_null(strstr(e.text, "more bytes of weights"));
    assert_in_range(report.peak_size, 0, MOST_MEMORY + 2 * (ptrdiff_t)size);
    free(file);
    unmake(&f);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct fixture f = make(lite, 16, DUET_U8);
    size_t size;
    uint8_t *file = spec_write(f.spec, &size, NULL);
    long calls = 1;
    for (long n = 1; n <= calls; n += 1 + n / 50) {
        struct duet_error e = {.text = ""};
        struct duet_weights *weights;
        memory_watch(n);
        enum duet_status status = import_bytes(file, size, NULL, &weights, &e);
        duet_weights_close(&weights);
        struct memory_report report = memory_unwatch();
        if (report.blocks != 0) fail_msg("allocation %ld fails: %ld leaks", n, report.blocks);
        if (status != DUET_OK && !e.text[0]) fail_msg("allocation %ld fails: no text", n);
        if (n == 1) {
            memory_watch(0);
            assert_ok(import_bytes(file, size, NULL, &weights, &e), e);
            duet_weights_close(&weights);
            calls = memory_unwatch().calls;
        }
    }
    printf("# %ld allocations\n", calls);
    free(file);
    unmake(&f);
}

/* --- the published files ----------------------------------------------------------------------------------
 */

struct published {
    const char *name;
    struct duet_model_config config;
    enum duet_dtype weight;
    size_t first; /* channels of the first convolution */
    int output_stride;
};

static const struct published files[] = {
    {"deeplabv3_mnv2_pascal_quant.tflite",
     {.input_width = 513,
      .input_height = 513,
      .width_multiplier = 1,
      .channel_divisor = 8,
      .has_deeplabv3 = true,
      .deeplabv3 = {21, 256, false}},
     DUET_U8,
     32,
     16},
    {"deeplabv3_mnv2_dm05_pascal_quant.tflite",
     {.input_width = 513,
      .input_height = 513,
      .width_multiplier = 0.5,
      .channel_divisor = 1,
      .has_deeplabv3 = true,
      .deeplabv3 = {21, 256, false}},
     DUET_U8,
     16,
     16},
    {"deeplabv3_257_mv_gpu.tflite",
     {.input_width = 257,
      .input_height = 257,
      .width_multiplier = 0.5,
      .channel_divisor = 1,
      .has_deeplabv3 = true,
      .deeplabv3 = {21, 256, false}},
     DUET_F32,
     16,
     8},
    {"mobilenet_v2_1.0_224_quant.tflite",
     {.input_width = 224,
      .input_height = 224,
      .width_multiplier = 1,
      .channel_divisor = 8,
      .has_classifier = true,
      .classifier = {1001}},
     DUET_U8,
     32,
     32},
};

static void the_published_files_are_read(void **state)
{
    (void)state;
    testing_need_shared(shared);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct duet_error e;
        struct duet_weights *weights;
        char path[5000];
        snprintf(path, sizeof path, "%s/models/%s", shared, files[i].name);
        assert_ok(duet_model_import(path, NULL, &weights, &e), e);
        assert_config(weights, &files[i].config, files[i].output_stride);
        const struct duet_tensor *t = duet_weights_find(weights, "backbone.conv.weight");
        assert_non_null(t);
        assert_int_equal(t->dtype, files[i].weight);
        assert_int_equal(t->shape.dims[3], files[i].first);
        const struct duet_tensor *range = duet_weights_find(weights, "backbone.conv.output.scale");
        assert_int_equal(range != NULL, files[i].weight == DUET_U8);
        if (range) { /* ReLU6 in 255 steps */
            assert_in_range(*(const float *)range->data * 255 * 1000, 5990, 6010);
            assert_non_null(duet_weights_find(weights, "input.scale"));
            assert_non_null(duet_weights_find(weights, "backbone.block2.add.output.zero_point"));
        }
        duet_weights_close(&weights);
    }
}

/* Structure is imported with each byte wrong in turn, in steps; the reader's test takes every one. */
static void published_files_may_be_damaged(void **state)
{
    (void)state;
    testing_need_shared(shared);
    struct duet_error e;
    struct duet_bytes file;
    uint64_t seed = 6;
    char path[5000];
    snprintf(path, sizeof path, "%s/models/%s", shared, files[1].name);
    assert_ok(duet_read_file(path, (size_t)1 << 24, &file, &e), e);
    uint8_t *bad = malloc(file.size);
    assert_non_null(bad);
    memcpy(bad, file.data, file.size);
    for (size_t at = 0; at < 512; at++) {
        bad[at] = (uint8_t)(file.data[at] ^ (1 + mutation_random(&seed) % 255));
        import_damaged(bad, file.size, "byte", at);
        bad[at] = file.data[at];
    }
    for (size_t round = 0; round < 150; round++) {
        mutate(bad, file.size, &seed);
        import_damaged(bad, file.size, "round", round);
        memcpy(bad, file.data, file.size);
    }
    free(bad);
    duet_bytes_close(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_come_as_they_were),
        cmocka_unit_test(every_stride_and_width_is_recognised),
        cmocka_unit_test(equal_graphs_are_recognised),
        cmocka_unit_test(no_bias_is_a_bias_of_zero),
        cmocka_unit_test(other_graphs_are_refused),
        cmocka_unit_test(a_classifier_has_to_be_one),
        cmocka_unit_test(labels_go_with_their_head),
        cmocka_unit_test(a_file_is_told_by_its_content),
        cmocka_unit_test(the_structure_may_be_wrong),
        cmocka_unit_test(random_damage),
        cmocka_unit_test(truncation_is_refused),
        cmocka_unit_test(shared_bytes_are_counted_once),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(the_published_files_are_read),
        cmocka_unit_test(published_files_may_be_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
