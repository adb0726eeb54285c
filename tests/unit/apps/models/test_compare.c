/* What "models diff" measures. */
#include "support/random_weights.h"
#include "support/heads.h"
#include "support/testing.h"

#include "support/scratch.h"
#include "support/tflite_spec.h"

#include "heads/metadata.h"
#include "models/compare.h"
#include "weights/dequantize.h"

static const struct duet_model_config config = {.backbone = {0.25, 8},
                                                ONE_HEAD(DEEPLABV3_HEAD(33, 33, 16, 4, 6, false))};

/* A model of these weights: written, and opened. Takes `weights`. */
static struct duet_model *model_of(struct scratch *scratch, const struct duet_model_config *c,
                                   struct duet_weights *weights)
{
    struct duet_error e;
    struct duet_model *model;
    char *json = duet_metadata_write(c, NULL);
    assert_non_null(json);
    assert_ok(duet_weights_set_metadata(weights, json, &e), e);
    free(json);
    const char *path = scratch_path(scratch, "model");
    assert_ok(duet_weights_save(weights, path, &e), e);
    assert_ok(duet_model_open(path, &model, &e), e);
    duet_weights_close(&weights);
    return model;
}

static struct duet_weights *weights_of(const struct duet_model_config *c, enum duet_dtype dtype)
{
    struct duet_error e;
    struct duet_network *network;
    assert_ok(duet_model_network(c, 0, &network, &e), e);
    struct duet_weights *weights = spec_weights(network, dtype, 8);
    duet_network_close(&network);
    return weights;
}

/* The same numbers as float32; `delta` is added to element 2 of `bent`; `left_out` is left out. */
static struct duet_weights *as_float32(const struct duet_weights *weights, const char *bent, float delta,
                                       const char *left_out)
{
    struct duet_error e;
    struct duet_weights *out;
    assert_ok(duet_weights_create(&out, &e), e);
    for (size_t i = 0; i < duet_weights_count(weights); i++) {
        const struct duet_tensor *t = duet_weights_at(weights, i);
        if (strstr(t->name, ".scale") || strstr(t->name, ".zero_point")) continue; /* another's */
        if (left_out && strcmp(t->name, left_out) == 0) continue;
        float *data = malloc(t->bytes * 4);
        assert_non_null(data);
        assert_ok(duet_weights_float(weights, t, data, &e), e);
        if (bent && strcmp(t->name, bent) == 0) data[2] += delta;
        assert_ok(duet_weights_add(out, t->name, DUET_F32, &t->shape, data, &e), e);
        free(data);
    }
    return out;
}

static struct compared *find(struct compared *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0) return &list[i];
    fail_msg("no %s", name);
    return NULL;
}

static enum duet_status compare(struct duet_model *a, struct duet_model *b, struct comparison *out,
                                struct duet_error *error)
{
    const struct duet_model *const models[2] = {a, b};
    const char *const names[2] = {"a", "b"};
    struct compare_options options = {.width = 33, .height = 33, .seed = 3};
    return compare_models(models, names, &options, out, error);
}

static void quantized_and_dequantized_are_equal(void **state)
{
    (void)state;
    struct duet_error e;
    struct scratch scratch;
    struct comparison c;
    scratch_make(&scratch);
    struct duet_weights *weights = weights_of(&config, DUET_I8);
    struct duet_model *b = model_of(&scratch, &config, as_float32(weights, NULL, 0, NULL));
    struct duet_model *a = model_of(&scratch, &config, weights);
    assert_ok(compare(a, b, &c, &e), e);
    assert_int_equal(c.tensor_count, 2 * 55);
    assert_int_equal(c.output_count, 1);
    for (size_t i = 0; i < c.tensor_count; i++) {
        assert_true(c.tensors[i].deviation.max_abs == 0);
        assert_true(isinf(duet_deviation_sqnr(&c.tensors[i].deviation)));
        assert_int_equal(c.tensors[i].b, DUET_F32);
    }
    assert_int_equal(find(c.tensors, c.tensor_count, "backbone.conv.weight")->a, DUET_I8);
    assert_true(c.outputs[0].deviation.max_abs == 0);
    assert_int_equal(c.outputs[0].positions, 9);
    assert_int_equal(c.outputs[0].agreeing, 9);
    assert_true(c.outputs[0].deviation.signal > 0);
    comparison_close(&c);
    duet_model_close(&a);
    duet_model_close(&b);
    scratch_remove(&scratch);
}

static void a_difference_is_found_and_measured(void **state)
{
    (void)state;
    struct duet_error e;
    struct scratch scratch;
    struct comparison c;
    scratch_make(&scratch);
    struct duet_weights *weights = weights_of(&config, DUET_F32);
    struct duet_model *b =
        model_of(&scratch, &config, as_float32(weights, "deeplabv3.logits.bias", 0.5f, NULL));
    const struct duet_tensor *bias = duet_weights_find(weights, "deeplabv3.logits.bias");
    double signal = 0;
    for (int i = 0; i < 4; i++) signal += pow(((const float *)bias->data)[i], 2);
    struct duet_model *a = model_of(&scratch, &config, weights);
    assert_ok(compare(a, b, &c, &e), e);
    const struct compared *t = find(c.tensors, c.tensor_count, "deeplabv3.logits.bias");
    assert_true(fabs(t->deviation.max_abs - 0.5) < 1e-6);
    assert_true(fabs(duet_deviation_sqnr(&t->deviation) - 10 * log10(signal / 0.25)) < 1e-4);
    for (size_t i = 0; i < c.tensor_count; i++)
        if (&c.tensors[i] != t) assert_true(c.tensors[i].deviation.noise == 0);
    /* a bias of the last layer moves one class of every place by as much */
    assert_true(fabs(c.outputs[0].deviation.max_abs - 0.5) < 1e-4);
    assert_true(fabs(c.outputs[0].deviation.noise - 9 * 0.25) < 1e-3);
    comparison_close(&c);
    duet_model_close(&a);
    duet_model_close(&b);
    scratch_remove(&scratch);
}

static void other_networks_are_refused(void **state)
{
    (void)state;
    struct duet_error e;
    struct scratch scratch;
    struct comparison c;
    scratch_make(&scratch);
    struct duet_model *a = model_of(&scratch, &config, weights_of(&config, DUET_F32));
    struct duet_model_config others[] = {config, config, config, config};
    const struct duet_head heads[] = {DEEPLABV3_HEAD(33, 33, 16, 5, 6, false),
                                      DEEPLABV3_HEAD(33, 33, 16, 4, 6, true), CLASSIFIER_HEAD(33, 33, 4)};
    others[0].backbone.width_multiplier = 0.5;
    for (int i = 0; i < 3; i++) others[1 + i].heads = &heads[i];
    static const char *const texts[] = {"the width multiplier is 0.25 in a, 0.5 in b",
                                        "classes of deeplabv3 is 4 in a, 5 in b",
                                        "atrous_branches of deeplabv3 is 0 in a, 1 in b",
                                        "a head deeplabv3 (deeplabv3) in a, classifier (classifier) in b"};
    for (size_t i = 0; i < 4; i++) {
        struct duet_model *b = model_of(&scratch, &others[i], weights_of(&others[i], DUET_F32));
        assert_fails(DUET_MISMATCH, compare(a, b, &c, &e), e);
        if (!strstr(e.text, texts[i])) fail_msg("'%s', expected '%s'", e.text, texts[i]);
        duet_model_close(&b);
    }
    struct duet_weights *weights = weights_of(&config, DUET_F32);
    struct duet_model *b =
        model_of(&scratch, &config, as_float32(weights, NULL, 0, "backbone.block3.project.bias"));
    assert_fails(DUET_NOT_FOUND, compare(a, b, &c, &e), e);
    assert_non_null(strstr(e.text, "b: has no tensor 'backbone.block3.project.bias'"));
    assert_null(c.tensors);
    duet_weights_close(&weights);
    duet_model_close(&b);
    duet_model_close(&a);
    scratch_remove(&scratch);
}

static void a_picture_can_be_run_instead(void **state)
{
    (void)state;
    struct duet_error e;
    struct scratch scratch;
    struct comparison c[2];
    struct duet_image image;
    scratch_make(&scratch);
    struct duet_model *a = model_of(&scratch, &config, weights_of(&config, DUET_F32));
    assert_ok(duet_image_create(&image, 50, 20, DUET_RGB8, &e), e);
    memset(image.pixels, 128, image.stride * 20);
    const struct duet_model *const models[2] = {a, a};
    const char *const names[2] = {"a", "a"};
    struct compare_options options = {.width = 49, .height = 33, .output_stride = 8};
    assert_ok(compare_models(models, names, &options, &c[0], &e), e);
    options.picture = &image;
    assert_ok(compare_models(models, names, &options, &c[1], &e), e);
    assert_int_equal(c[1].outputs[0].shape.dims[1], 5);
    assert_int_equal(c[1].outputs[0].shape.dims[2], 7);
    assert_true(c[0].outputs[0].deviation.signal != c[1].outputs[0].deviation.signal);
    assert_true(c[1].outputs[0].deviation.max_abs == 0);
    for (int i = 0; i < 2; i++) comparison_close(&c[i]);
    duet_image_close(&image);
    duet_model_close(&a);
    scratch_remove(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantized_and_dequantized_are_equal),
        cmocka_unit_test(a_difference_is_found_and_measured),
        cmocka_unit_test(other_networks_are_refused),
        cmocka_unit_test(a_picture_can_be_run_instead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
