/* TFLite graphs to native models: what comes out of graphs that compute our networks. */
#include "support/import_tflite.h"

/* --- graphs of our networks ---------------------------------------------------------------------------- */

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
        config.backbone.width_multiplier = widths[i].multiplier;
        config.backbone.channel_divisor = widths[i].divisor;
        check_import(config, 16, DUET_U8);
    }
}

/* Insert an operator before operator `at`. */
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
    int to = spec_copy_tensor(s, from, "requantized");
    s->operators[concat].inputs[0] = to;
    struct spec_operator *op = spec_insert(s, concat, DUET_TFLITE_QUANTIZE);
    op->inputs[0] = from;
    op->outputs[0] = to;
}
static void quantized_input(struct spec *s) /* float outside, quantized inside */
{
    int to = spec_copy_tensor(s, s->inputs[0], "quantized");
    struct spec_operator *op = spec_insert(s, 0, DUET_TFLITE_QUANTIZE);
    op->inputs[0] = s->inputs[0];
    op->outputs[0] = s->operators[1].inputs[0] = to;
}
static void weights_dequantized(struct spec *s) /* how half precision comes */
{
    int from = s->operators[0].inputs[1], to = spec_copy_tensor(s, from, "converted");
    s->operators[0].inputs[1] = to;
    struct spec_operator *op = spec_insert(s, 0, DUET_TFLITE_DEQUANTIZE);
    op->inputs[0] = from;
    op->outputs[0] = to;
}
static void axis_counted_from_the_end(struct spec *s)
{
    spec_set(s, spec_find(s, "deeplabv3.concat"), 0, -1);
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
        weights_dequantized, axis_counted_from_the_end, spec_usual_tail,
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

/* --- options ------------------------------------------------------------------------------------------- */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_come_as_they_were),   cmocka_unit_test(every_stride_and_width_is_recognised),
        cmocka_unit_test(equal_graphs_are_recognised), cmocka_unit_test(no_bias_is_a_bias_of_zero),
        cmocka_unit_test(labels_go_with_their_head),   cmocka_unit_test(a_file_is_told_by_its_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
