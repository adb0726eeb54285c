/* Models made ones of bytes: what they compute, what is in the file, and what is refused. */
#include "support/tiny_group.h"

#include "duet/quantize.h"
#include "heads/kinds.h"
#include "quantize/ranges.h"
#include "support/tflite_spec.h"

enum { PICTURES = 3 };

static struct duet_model *tiny_model(void)
{
    struct duet_error e;
    struct duet_model *model;
    assert_ok(duet_model_open(tiny, &model, &e), e);
    return model;
}

static struct duet_quantizer *quantizer_of(const struct duet_model *model,
                                           const struct duet_quantize_options *o)
{
    struct duet_error e;
    struct duet_quantizer *q;
    assert_ok(duet_quantizer_create(model, o, &q, &e), e);
    return q;
}

/* Shown pictures of seeds from .. from + step * (PICTURES - 1), on so many threads. */
static void show(struct duet_quantizer *q, int from, int step, int threads, bool compare)
{
    struct duet_error e;
    struct duet_pool pool;
    assert_ok(duet_pool_create(threads, &pool, &e), e);
    const struct duet_run_options run = {.struct_size = sizeof run, .pool = &pool};
    for (int i = 0; i < PICTURES; i++) {
        int seed = from + step * i;
        struct duet_image image = tiny_picture(50 + seed, 70, (uint64_t)seed);
        if (compare)
            assert_ok(duet_quantizer_compare(q, &image, &run, &e), e);
        else
            assert_ok(duet_quantizer_measure(q, &image, &run, &e), e);
        duet_image_close(&image);
    }
    duet_pool_close(&pool);
}

static struct duet_weights *weights_of(struct duet_quantizer *q)
{
    struct duet_error e;
    struct duet_weights *weights;
    assert_ok(duet_quantizer_weights(q, &weights, &e), e);
    return weights;
}

static struct duet_quantized_layer layer_of(const struct duet_quantizer *q, const char *name)
{
    struct duet_error e;
    struct duet_quantized_layer layer = {.struct_size = sizeof layer};
    for (int i = 0; i < duet_quantizer_layer_count(q); i++) {
        assert_ok(duet_quantizer_layer(q, i, &layer, &e), e);
        if (strcmp(layer.name, name) == 0) return layer;
    }
    fail_msg("no layer %s", name);
    return layer;
}

static void assert_same(const struct duet_weights *a, const struct duet_weights *b)
{
    assert_int_equal(duet_weights_count(a), duet_weights_count(b));
    for (size_t i = 0; i < duet_weights_count(a); i++) {
        const struct duet_tensor *s = duet_weights_at(a, i), *t = duet_weights_at(b, i);
        assert_string_equal(s->name, t->name);
        assert_int_equal(s->bytes, t->bytes);
        if (memcmp(s->data, t->data, s->bytes) != 0) fail_msg("%s differs", s->name);
    }
    assert_string_equal(duet_weights_metadata(a), duet_weights_metadata(b));
}

static void bytes_come_near_the_floats(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_model *model = tiny_model(), *made;
    struct duet_quantize_options o = DUET_QUANTIZE_OPTIONS;
    o.calibration.on = "noise";
    struct duet_quantizer *q = quantizer_of(model, &o);
    show(q, 1, 1, 1, false);
    assert_int_equal(duet_quantizer_layer_count(q), 0);
    show(q, 1, 1, 1, true);
    struct duet_weights *weights = weights_of(q);
    assert_ok(duet_model_of_weights("made", weights, &made, &e), e);
    const struct duet_model_config *c = duet_model_config(made);
    assert_int_equal(c->precision, DUET_PRECISION_INT8);
    assert_int_equal(c->quantization.calibration.pictures, PICTURES);
    assert_string_equal(c->quantization.calibration.on, "noise");
    assert_string_equal(c->source.name, "tiny");
    double worst = layer_of(q, c->quantization.calibration.worst).sqnr;
    assert_true(fabs(worst - c->quantization.calibration.worst_sqnr) < 0.006);
    for (int i = 0; i < duet_quantizer_layer_count(q); i++) {
        struct duet_quantized_layer layer = {.struct_size = sizeof layer};
        assert_ok(duet_quantizer_layer(q, i, &layer, &e), e);
        if (layer.sqnr < worst - 0.006 || layer.sqnr < 10) fail_msg("%s: %.1f dB", layer.name, layer.sqnr);
    }
    assert_true(layer_of(q, "backbone.conv").sqnr > 35 && layer_of(q, "backbone.conv").range.zero_point == 0);
    assert_true(layer_of(q, "ssdlite.map0.box.predict").range.scale == 0); /* logits */
    assert_true(layer_of(q, "backbone.block2.project").range.scale == 0);  /* joins the addition */
    assert_true(isnan(layer_of(q, "backbone.block2.project").sqnr));
    float joined = layer_of(q, "deeplabv3.concat").range.scale;
    assert_true(layer_of(q, "deeplabv3.aspp0").range.scale == joined);
    assert_true(layer_of(q, "deeplabv3.image_pooling").range.scale == joined);
    assert_true(layer_of(q, "deeplabv3.image_features").range.scale == joined);
    assert_int_equal(duet_weights_find(weights, "backbone.conv.weight")->dtype, DUET_I8);
    duet_weights_close(&weights);
    duet_model_close(&made);
    duet_quantizer_close(&q);
    duet_model_close(&model);
}

static void neither_order_nor_threads_matter(void **state)
{
    (void)state;
    struct duet_model *model = tiny_model();
    struct duet_quantizer *a = quantizer_of(model, NULL), *b = quantizer_of(model, NULL);
    show(a, 1, 1, 1, false);
    show(b, PICTURES, -1, 3, false);
    struct duet_weights *of_a = weights_of(a), *of_b = weights_of(b);
    assert_same(of_a, of_b);
    duet_weights_close(&of_a);
    duet_weights_close(&of_b);
    duet_quantizer_close(&a);
    duet_quantizer_close(&b);
    duet_model_close(&model);
}

/* Of what was measured once and is known. */
static void known_ranges_need_no_pictures(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_image image = tiny_picture(64, 64, 1);
    struct duet_model *model = tiny_model();
    struct duet_quantizer *q = quantizer_of(model, NULL);
    show(q, 1, 1, 1, false);
    struct duet_weights *weights = weights_of(q);
    int count = duet_quantizer_layer_count(q), known_count = 1;
    struct duet_known_range *known = calloc((size_t)count + 1, sizeof *known);
    assert_non_null(known);
    known[0].range = (struct duet_model_range){"another.model's", 1, 0};
    for (int i = 0; i < count; i++) {
        struct duet_quantized_layer layer = {.struct_size = sizeof layer};
        assert_ok(duet_quantizer_layer(q, i, &layer, &e), e);
        if (layer.range.scale > 0)
            known[known_count++] = (struct duet_known_range){layer.range, (float)layer.mean};
    }
    struct duet_quantize_options o = DUET_QUANTIZE_OPTIONS;
    o.known = known;
    o.known_count = known_count;
    o.calibration.pictures = 7;
    struct duet_quantizer *again = quantizer_of(model, &o);
    assert_fails(DUET_BAD_ARGUMENT, duet_quantizer_measure(again, &image, NULL, &e), e);
    struct duet_weights *made = weights_of(again);
    assert_non_null(strstr(duet_weights_metadata(made), "\"pictures\":7"));
    assert_int_equal(duet_weights_count(made), duet_weights_count(weights));
    const struct duet_tensor *a = duet_weights_find(weights, "backbone.block3.expand.weight"),
                             *b = duet_weights_find(made, "backbone.block3.expand.weight");
    assert_memory_equal(a->data, b->data, a->bytes);
    a = duet_weights_find(weights,
                          "backbone.block3.expand.bias"); /* a mean for all channels is another one */
    b = duet_weights_find(made, "backbone.block3.expand.bias");
    assert_true(memcmp(a->data, b->data, a->bytes) != 0);
    show(again, 1, 1, 1, true);
    assert_true(layer_of(again, "deeplabv3.logits").sqnr > 7);
    static const char *const keep[] = {"backbone.block2.project"}; /* now its bytes are read */
    struct duet_quantizer *kept;
    o.keep = keep;
    o.keep_count = 1;
    assert_fails(DUET_NOT_FOUND, duet_quantizer_create(model, &o, &kept, &e), e);
    assert_non_null(strstr(e.text, "the range of layer backbone.block2.project is not known"));
    assert_null(kept);
    o.keep_count = 0;
    for (int i = 1; i < known_count; i++) /* the least that ranges have can be read again */
        if (strcmp(known[i].range.layer, "backbone.conv") == 0)
            known[i].range = duet_range_of(known[i].range.layer, 0, 1e-300);
    struct duet_quantizer *least = quantizer_of(model, &o);
    duet_weights_close(&made);
    made = weights_of(least);
    assert_true(layer_of(least, "backbone.conv").range.scale == 1e-12f);
    duet_quantizer_close(&least);
    free(known);
    duet_weights_close(&weights);
    duet_weights_close(&made);
    duet_quantizer_close(&q);
    duet_quantizer_close(&again);
    duet_image_close(&image);
    duet_model_close(&model);
}

static void layers_are_kept(void **state)
{
    (void)state;
    struct duet_model *model = tiny_model(), *made;
    struct duet_error e;
    const char *const keep[] = {"backbone.conv", "backbone.block2.project", "deeplabv3.logits"};
    struct duet_quantize_options o = DUET_QUANTIZE_OPTIONS;
    o.keep = keep;
    o.keep_count = 3;
    struct duet_quantizer *q = quantizer_of(model, &o), *without = quantizer_of(model, NULL);
    show(q, 1, 1, 1, false);
    show(without, 1, 1, 1, false);
    show(q, 1, 1, 1, true);
    show(without, 1, 1, 1, true);
    struct duet_weights *weights = weights_of(q);
    const struct duet_tensor *t = duet_weights_find(weights, "backbone.conv.weight"),
                             *source = duet_weights_find(duet_model_weights(model), "backbone.conv.weight");
    assert_int_equal(t->dtype, DUET_F32);
    assert_memory_equal(t->data, source->data, t->bytes);
    assert_null(duet_weights_find(weights, "backbone.conv.weight.scale"));
    assert_ok(duet_model_of_weights("made", weights, &made, &e), e);
    assert_int_equal(duet_model_config(made)->quantization.float32_count, 3);
    assert_true(layer_of(q, "backbone.conv").kept && layer_of(q, "backbone.conv").range.scale > 0);
    assert_true(layer_of(q, "backbone.block2.project").range.scale > 0); /* which its addition reads */
    assert_true(layer_of(q, "backbone.conv").sqnr > layer_of(without, "backbone.conv").sqnr);
    duet_model_close(&made);
    duet_weights_close(&weights);
    duet_quantizer_close(&q);
    duet_quantizer_close(&without);
    duet_model_close(&model);
}

/* Weights of bytes, with a scale and zero point a tensor, become ones of each channel. */
static void quantized_sources_are_quantized_anew(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_network *network;
    struct duet_model *model;
    struct duet_model_config config = tiny_model_config(false, true);
    assert_ok(duet_model_network(&config, 0, &network, &e), e);
    struct duet_weights *source = spec_weights(network, DUET_U8, 3), *weights;
    char *json = duet_metadata_write(&config, NULL);
    assert_ok(duet_weights_set_metadata(source, json, &e), e);
    assert_ok(duet_model_of_weights("bytes", source, &model, &e), e);
    const char *const keep[] = {"backbone.conv"};
    struct duet_quantize_options o = DUET_QUANTIZE_OPTIONS;
    o.keep = keep;
    o.keep_count = 1;
    struct duet_quantizer *q = quantizer_of(model, &o);
    show(q, 1, 1, 1, false);
    weights = weights_of(q);
    assert_int_equal(duet_weights_find(weights, "backbone.conv.weight")->dtype, DUET_U8);
    assert_non_null(duet_weights_find(weights, "backbone.conv.weight.zero_point"));
    assert_int_equal(duet_weights_find(weights, "backbone.block0.project.weight")->dtype, DUET_I8);
    assert_null(duet_weights_find(weights, "backbone.block0.project.weight.zero_point"));
    assert_int_equal(duet_weights_find(weights, "backbone.block0.project.bias")->dtype, DUET_F32);
    assert_null(duet_weights_find(weights, "backbone.conv.output.scale"));
    duet_quantizer_close(&q);
    duet_weights_close(&weights);
    duet_weights_close(&source);
    duet_model_close(&model);
    duet_network_close(&network);
    free(json);
}

/* A model whose tensor `name` has `value` in front, or (NAN) is not there. */
static struct duet_model *bent(const char *name, float value)
{
    struct duet_error e;
    struct duet_model *model = tiny_model(), *out;
    const struct duet_weights *from = duet_model_weights(model);
    struct duet_weights *weights;
    assert_ok(duet_weights_create(&weights, &e), e);
    for (size_t i = 0; i < duet_weights_count(from); i++) {
        const struct duet_tensor *t = duet_weights_at(from, i);
        bool it = strcmp(t->name, name) == 0;
        float *data = malloc(t->bytes);
        assert_non_null(data);
        memcpy(data, t->data, t->bytes);
        if (it) data[0] = value;
        if (!it || !isnan(value))
            assert_ok(duet_weights_add(weights, t->name, t->dtype, &t->shape, data, &e), e);
        free(data);
    }
    assert_ok(duet_weights_set_metadata(weights, duet_weights_metadata(from), &e), e);
    assert_ok(duet_model_of_weights("bent", weights, &out, &e), e);
    duet_weights_close(&weights);
    duet_model_close(&model);
    return out;
}

static void known_ranges_are_looked_at(const struct duet_model *model)
{
    struct duet_error e;
    struct duet_quantizer *q;
    const struct duet_known_range bad[] = {
        {{NULL, 1, 0}, 0},
        {{"backbone.conv", 0, 0}, 0},
        {{"backbone.conv", -1, 0}, 0},
        {{"backbone.conv", (float)NAN, 0}, 0},
        {{"backbone.conv", 1e-13f, 0}, 0},
        {{"backbone.conv", 1e13f, 0}, 0},
        {{"backbone.conv", 1, -1}, 0},
        {{"backbone.conv", 1, 256}, 0},
        {{"backbone.conv", 1, 0}, (float)NAN},
        {{"another.model's", 1, 256}, 0},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct duet_quantize_options o = DUET_QUANTIZE_OPTIONS;
        o.known = &bad[i];
        o.known_count = 1;
        assert_fails(DUET_BAD_ARGUMENT, duet_quantizer_create(model, &o, &q, &e), e);
        assert_null(q);
    }
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_image image = tiny_picture(64, 64, 1);
    struct duet_weights *weights;
    struct duet_model *model = tiny_model();
    struct duet_quantizer *q;
    const char *const keep[] = {"no.layer", NULL};
    struct duet_quantize_options o = DUET_QUANTIZE_OPTIONS;
    o.keep = keep;
    o.keep_count = 1;
    assert_fails(DUET_NOT_FOUND, duet_quantizer_create(model, &o, &q, &e), e);
    assert_non_null(strstr(e.text, "layer 'no.layer'"));
    o.keep = keep + 1;
    assert_fails(DUET_NOT_FOUND, duet_quantizer_create(model, &o, &q, &e), e);
    o.keep = NULL;
    assert_fails(DUET_BAD_ARGUMENT, duet_quantizer_create(model, &o, &q, &e), e);
    o.keep_count = 0;
    o.known_count = -1;
    assert_fails(DUET_BAD_ARGUMENT, duet_quantizer_create(model, &o, &q, &e), e);
    o.known_count = 0;
    o.max_memory = 1000;
    assert_fails(DUET_TOO_LARGE, duet_quantizer_create(model, &o, &q, &e), e);
    known_ranges_are_looked_at(model);
    q = quantizer_of(model, NULL);
    assert_fails(DUET_BAD_ARGUMENT, duet_quantizer_weights(q, &weights, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_quantizer_compare(q, &image, NULL, &e), e);
    assert_ok(duet_quantizer_measure(q, &image, NULL, &e), e);
    assert_ok(duet_quantizer_weights(q, &weights, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_quantizer_measure(q, &image, NULL, &e), e);
    duet_weights_close(&weights);
    duet_quantizer_close(&q);
    duet_model_close(&model);
    model = bent("backbone.conv.bias", 1e38f); /* becomes infinite soon, but ReLU6 ends it */
    q = quantizer_of(model, NULL);
    assert_ok(duet_quantizer_measure(q, &image, NULL, &e), e);
    duet_quantizer_close(&q);
    duet_model_close(&model);
    model = bent("deeplabv3.logits.bias", (float)INFINITY);
    q = quantizer_of(model, NULL);
    assert_fails(DUET_BAD_FORMAT, duet_quantizer_measure(q, &image, NULL, &e), e);
    assert_non_null(strstr(e.text, "layer deeplabv3.logits: channel 0"));
    assert_fails(DUET_BAD_ARGUMENT, duet_quantizer_measure(q, &image, NULL, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_quantizer_weights(q, &weights, &e), e);
    assert_non_null(strstr(e.text, "half of it was measured"));
    duet_quantizer_close(&q);
    duet_model_close(&model);
    model = bent("backbone.block3.expand.bias", (float)NAN);
    assert_fails(DUET_NOT_FOUND, duet_quantizer_create(model, NULL, &q, &e), e);
    assert_null(q);
    duet_model_close(&model);
    duet_image_close(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_come_near_the_floats),
        cmocka_unit_test(neither_order_nor_threads_matter),
        cmocka_unit_test(known_ranges_need_no_pictures),
        cmocka_unit_test(layers_are_kept),
        cmocka_unit_test(quantized_sources_are_quantized_anew),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, make_tiny, remove_scratch);
}
