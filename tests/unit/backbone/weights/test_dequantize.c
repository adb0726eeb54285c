/* Stored tensors to the numbers they stand for, alone and when a network is compiled. */
#include "support/heads.h"
#include "support/random_weights.h"
#include "support/sessions.h"
#include "support/testing.h"
#include "support/tflite_spec.h"

#include "duet/model.h"
#include "weights/dequantize.h"

static struct duet_weights *empty(void)
{
    struct duet_error e;
    struct duet_weights *weights;
    assert_ok(duet_weights_create(&weights, &e), e);
    return weights;
}

static void add(struct duet_weights *weights, const char *name, enum duet_dtype dtype, int rank, size_t a,
                size_t b, const void *data)
{
    struct duet_error e;
    assert_ok(duet_weights_add(weights, name, dtype, &(struct duet_shape){rank, {a, b}}, data, &e), e);
}

static void floats_are_copied_and_halves_converted(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_weights *w = empty();
    float out[4];
    add(w, "f", DUET_F32, 1, 2, 0, (const float[2]){1.5f, -0.0f});
    add(w, "h", DUET_F16, 1, 4, 0, (const uint16_t[4]){0x3c00, 0xc000, 0x0001, 0x7bff});
    add(w, "b", DUET_BF16, 1, 2, 0, (const uint16_t[2]){0x3f80, 0xc040});
    assert_ok(duet_weights_float(w, duet_weights_find(w, "f"), out, &e), e);
    assert_true(out[0] == 1.5f && out[1] == 0 && signbit(out[1]));
    assert_ok(duet_weights_float(w, duet_weights_find(w, "h"), out, &e), e);
    assert_true(out[0] == 1 && out[1] == -2 && out[2] == ldexpf(1, -24) && out[3] == 65504);
    assert_ok(duet_weights_float(w, duet_weights_find(w, "b"), out, &e), e);
    assert_true(out[0] == 1 && out[1] == -3);
    duet_weights_close(&w);
}

static void one_scale_or_one_a_channel(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_weights *w = empty();
    float out[6];
    const uint8_t bytes[6] = {0, 1, 2, 253, 254, 255};
    add(w, "one", DUET_U8, 2, 2, 3, bytes);
    add(w, "one.scale", DUET_F32, 1, 1, 0, (const float[1]){0.5f});
    add(w, "one.zero_point", DUET_I32, 1, 1, 0, (const int32_t[1]){2});
    assert_ok(duet_weights_float(w, duet_weights_find(w, "one"), out, &e), e);
    static const float one[6] = {-1, -0.5f, 0, 125.5f, 126, 126.5f};
    assert_memory_equal(out, one, sizeof one);
    add(w, "each", DUET_I8, 2, 2, 3, bytes); /* 0 1 2, -3 -2 -1 */
    add(w, "each.scale", DUET_F32, 1, 3, 0, (const float[3]){1, 2, 4});
    add(w, "each.zero_point", DUET_I32, 1, 3, 0, (const int32_t[3]){0, 1, -1});
    assert_ok(duet_weights_float(w, duet_weights_find(w, "each"), out, &e), e);
    static const float each[6] = {0, 0, 12, -3, -6, 0};
    for (int i = 0; i < 6; i++) assert_true(out[i] == each[i]);
    duet_weights_close(&w);
}

static void biases_may_do_without_a_zero_point(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_weights *w = empty();
    float out[2];
    /* the difference does not fit in 32 bits; the product is rounded once */
    add(w, "b", DUET_I32, 1, 2, 0, (const int32_t[2]){INT32_MAX, 16777217});
    add(w, "b.scale", DUET_F32, 1, 1, 0, (const float[1]){0.1f});
    assert_ok(duet_weights_float(w, duet_weights_find(w, "b"), out, &e), e);
    assert_true(out[0] == (float)INT32_MAX * 0.1f && out[1] == 16777216.0f * 0.1f);
    add(w, "b.zero_point", DUET_I32, 1, 1, 0, (const int32_t[1]){-2});
    assert_ok(duet_weights_float(w, duet_weights_find(w, "b"), out, &e), e);
    assert_true(out[0] == 2147483648.0f * 0.1f);
    duet_weights_close(&w);
}

static void companions_must_fit(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_weights *w = empty();
    static const int32_t zeros[3];
    static const float ones[3] = {1, 1, 1}, infinite[1] = {INFINITY};
    float out[6];
    for (int i = 0; i < 6; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%d", i);
        add(w, name, DUET_U8, 2, 2, 3, "abcdef");
    }
    add(w, "t1.scale", DUET_F32, 1, 1, 0, ones);
    add(w, "t2.scale", DUET_F32, 1, 2, 0, ones);
    add(w, "t3.scale", DUET_I32, 1, 1, 0, zeros);
    add(w, "t4.scale", DUET_F32, 1, 1, 0, infinite);
    add(w, "t4.zero_point", DUET_I32, 1, 1, 0, zeros);
    add(w, "t5.scale", DUET_F32, 1, 3, 0, ones);
    add(w, "t5.zero_point", DUET_I32, 2, 1, 3, zeros);
    static const struct {
        enum duet_status status;
        const char *text;
    } faults[6] = {{DUET_NOT_FOUND, "'t0' is U8 and needs 't0.scale', which is not there"},
                   {DUET_NOT_FOUND, "'t1.zero_point'"},
                   {DUET_MISMATCH, "'t2.scale': F32 [2], expected F32 [1] or [3]"},
                   {DUET_MISMATCH, "'t3.scale': I32 [1], expected F32"},
                   {DUET_MISMATCH, "'t4.scale': element 0 is inf"},
                   {DUET_MISMATCH, "'t5.zero_point': I32 [1,3]"}};
    for (size_t i = 0; i < 6; i++) {
        assert_fails(faults[i].status, duet_weights_float(w, duet_weights_at(w, i), out, &e), e);
        if (!strstr(e.text, faults[i].text)) fail_msg("'%s', expected '%s'", e.text, faults[i].text);
    }
    add(w, "long", DUET_I64, 1, 1, 0, "12345678");
    assert_fails(DUET_UNSUPPORTED, duet_weights_float(w, duet_weights_find(w, "long"), out, &e), e);
    duet_weights_close(&w);
}

/* --- compiled ------------------------------------------------------------------------------------------ */

static const struct duet_model_config config = {.backbone = {0.25, 1},
                                                ONE_HEAD(DEEPLABV3_HEAD(33, 33, 16, 4, 6, false))};
enum { SIDE = 33 };

/* The network's logits for a fixed picture. Owned: free(). */
static float *run(const struct duet_weights *weights, size_t *count)
{
    struct duet_error e;
    struct duet_network *network;
    struct duet_compiled *compiled;
    struct duet_session *session;
    struct duet_compile_options options = {.struct_size = sizeof options, .height = SIDE, .width = SIDE};
    assert_ok(duet_model_network(&config, 16, &network, &e), e);
    assert_ok(duet_compile(network, weights, &options, &compiled, &e), e);
    assert_ok(duet_session_create(compiled, 1, &session, &e), e);
    uint64_t seed = 3;
    for (int i = 0; i < SIDE * SIDE * 3; i++) session_input(session)[i] = random_weight(&seed);
    assert_ok(duet_session_run(session, NULL, &e), e);
    const float *output = session_output(session, "deeplabv3.logits", count);
    float *copy = malloc(*count * sizeof *copy);
    assert_non_null(copy);
    memcpy(copy, output, *count * sizeof *copy);
    duet_session_close(&session);
    duet_compiled_close(&compiled);
    duet_network_close(&network);
    return copy;
}

/* The same weights as plain float32. */
static struct duet_weights *as_float32(const struct duet_weights *weights)
{
    struct duet_error e;
    struct duet_weights *out = empty();
    for (size_t i = 0; i < duet_weights_count(weights); i++) {
        const struct duet_tensor *t = duet_weights_at(weights, i);
        if (strstr(t->name, ".scale") || strstr(t->name, ".zero_point")) continue; /* another's */
        float *data = malloc(t->bytes * 4);
        assert_non_null(data);
        assert_ok(duet_weights_float(weights, t, data, &e), e);
        assert_ok(duet_weights_add(out, t->name, DUET_F32, &t->shape, data, &e), e);
        free(data);
    }
    return out;
}

static void a_network_runs_on_weights_of_any_type(void **state)
{
    (void)state;
    static const enum duet_dtype dtypes[] = {DUET_F32, DUET_F16, DUET_U8, DUET_I8};
    struct duet_error e;
    struct duet_network *network;
    assert_ok(duet_model_network(&config, 16, &network, &e), e);
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
        struct duet_weights *stored = spec_weights(network, dtypes[i], 5), *plain = as_float32(stored);
        size_t count;
        float *a = run(stored, &count), *b = run(plain, &count);
        assert_memory_equal(a, b, count * sizeof *a);
        float largest = 0;
        for (size_t k = 0; k < count; k++) largest = fmaxf(largest, fabsf(a[k]));
        assert_true(largest > 0 && largest < 1e6f);
        free(a);
        free(b);
        duet_weights_close(&stored);
        duet_weights_close(&plain);
    }
    duet_network_close(&network);
}

static void a_network_refuses_weights_that_are_no_numbers(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_network *network;
    struct duet_compiled *compiled;
    struct duet_compile_options options = {.struct_size = sizeof options, .height = SIDE, .width = SIDE};
    assert_ok(duet_model_network(&config, 16, &network, &e), e);
    struct duet_weights *whole = spec_weights(network, DUET_U8, 5), *w = empty();
    for (size_t i = 0; i < duet_weights_count(whole); i++) {
        const struct duet_tensor *t = duet_weights_at(whole, i);
        if (strcmp(t->name, "deeplabv3.logits.bias.scale") == 0) continue;
        assert_ok(duet_weights_add(w, t->name, t->dtype, &t->shape, t->data, &e), e);
    }
    assert_fails(DUET_NOT_FOUND, duet_compile(network, w, &options, &compiled, &e), e);
    assert_non_null(strstr(e.text, "'deeplabv3.logits.bias.scale'"));
    duet_weights_close(&whole);
    duet_weights_close(&w);
    duet_network_close(&network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floats_are_copied_and_halves_converted),
        cmocka_unit_test(one_scale_or_one_a_channel),
        cmocka_unit_test(biases_may_do_without_a_zero_point),
        cmocka_unit_test(companions_must_fit),
        cmocka_unit_test(a_network_runs_on_weights_of_any_type),
        cmocka_unit_test(a_network_refuses_weights_that_are_no_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
