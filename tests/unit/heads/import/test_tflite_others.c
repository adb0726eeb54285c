/* TFLite graphs that compute something else than our networks are refused, and told why. */
#include "support/import_tflite.h"

#include <math.h>

static void stride_2_for_1(struct spec *s)
{
    spec_set(s, spec_place(s, "backbone.block2.depthwise"), 2, 2);
}
static void stride_of_height_alone(struct spec *s)
{
    spec_set(s, spec_place(s, "backbone.block3.depthwise"), 1, 1);
}
static void rate_3_for_2(struct spec *s)
{
    spec_set(s, spec_place(s, "backbone.block15.depthwise"), 6, 3);
}
static void valid_padding(struct spec *s)
{
    spec_set(s, spec_place(s, "backbone.conv"), 0, DUET_TFLITE_VALID);
}
static void relu_for_relu6(struct spec *s)
{
    spec_set(s, spec_place(s, "backbone.block5.expand"), 3, DUET_TFLITE_RELU);
}
static void relu6_in_the_head(struct spec *s)
{
    spec_set(s, spec_place(s, "deeplabv3.aspp0"), 3, DUET_TFLITE_RELU6);
}
static void activation_after_add(struct spec *s)
{
    spec_set(s, spec_place(s, "backbone.block2.add"), 0, DUET_TFLITE_RELU);
}
static void pooling_last(struct spec *s)
{
    struct spec_operator *op = &s->operators[spec_place(s, "deeplabv3.concat")];
    int first = op->inputs[0];
    op->inputs[0] = op->inputs[1];
    op->inputs[1] = first;
}
static void joined_along_width(struct spec *s)
{
    spec_set(s, spec_place(s, "deeplabv3.concat"), 0, 2);
}
static void three_branches(struct spec *s)
{
    struct spec_operator *op = &s->operators[spec_place(s, "deeplabv3.concat")];
    op->inputs[op->input_count++] = op->inputs[1];
}
static void pool_of_part(struct spec *s)
{
    spec_set(s, spec_place(s, "deeplabv3.pool"), 4, 3);
}
static void mean_over_channels(struct spec *s)
{
    static const int32_t axes[2] = {2, 3};
    struct spec_operator *op = &s->operators[spec_place(s, "deeplabv3.pool")];
    op->code = DUET_TFLITE_MEAN;
    op->option_kind = 0;
    op->inputs[op->input_count++] =
        spec_tensor(s, "axes", SPEC_I32, 1, (const int32_t[1]){2}, axes, sizeof axes);
}
static void resized_without_align_corners(struct spec *s)
{
    spec_usual_tail(s);
    spec_set(s, spec_place(s, "tail"), 2, 0);
}
static void a_pad_before(struct spec *s)
{
    int to = spec_copy_tensor(s, s->inputs[0], "padded");
    struct spec_operator *op = spec_insert(s, 0, 34);
    op->inputs[0] = s->inputs[0];
    op->outputs[0] = s->operators[1].inputs[0] = to;
}
static void an_operator_more(struct spec *s)
{
    int to = spec_copy_tensor(s, s->inputs[0], "extra");
    spec_operator(s, 41, (const int[2]){s->inputs[0], -2}, (const int[2]){to, -2});
}
static void a_tail_on_something_else(struct spec *s)
{
    int to = spec_copy_tensor(s, s->inputs[0], "extra");
    spec_operator(s, DUET_TFLITE_SOFTMAX, (const int[2]){s->inputs[0], -2}, (const int[2]){to, -2});
}
static void no_residual(struct spec *s) /* what read the sum reads the projection */
{
    int add = spec_place(s, "backbone.block2.add"), sum = s->operators[add].outputs[0];
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
    s->tensors[s->operators[spec_place(s, "backbone.block4.depthwise")].outputs[0]].dims[1]++;
}
static void filter_5x5(struct spec *s)
{
    struct spec_tensor *t = &s->tensors[s->operators[spec_place(s, "backbone.block4.depthwise")].inputs[1]];
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
    s->inputs[s->input_count++] = spec_copy_tensor(s, s->inputs[0], "second");
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
    s->operator_count = (uint32_t)spec_place(s, "deeplabv3.concat") + 1;
}
static void outputs_two(struct spec *s)
{
    s->operators[3].outputs[s->operators[3].output_count++] = spec_copy_tensor(s, s->inputs[0], "second");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_graphs_are_refused),
        cmocka_unit_test(a_classifier_has_to_be_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
