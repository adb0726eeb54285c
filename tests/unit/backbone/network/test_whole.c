/* What is refused when a layer's weights are made ready for sums in int32. */
#include "support/run_network.h"

#include "kernels/kernels.h"

static struct duet_error e;

/* A convolution of one pixel and `depth` channels to one number; all weights are `weight`. */
static struct duet_network *network_of(int depth)
{
    struct duet_network *n;
    assert_ok(duet_network_create(&n, &e), e);
    duet_node x = duet_network_input(n, "picture", depth);
    duet_network_set_numbers(n, x, (struct duet_numbers){false, 1, 0});
    x = duet_network_conv(n, x, (struct duet_conv){.name = "sum", .channels = 1});
    duet_network_set_numbers(n, x, (struct duet_numbers){.integers = true});
    duet_network_output(n, "sum", x);
    return n;
}

static struct duet_weights *weights_of(int depth, enum duet_dtype dtype, int weight, double bias,
                                       int32_t zero)
{
    struct duet_weights *w;
    const struct duet_shape shape = {2, {(size_t)depth, 1}}, one = {1, {1}};
    const float scale = 1;
    const int32_t whole_bias = (int32_t)bias;
    uint8_t *numbers = malloc((size_t)depth * 4);
    assert_non_null(numbers);
    memset(numbers, weight, (size_t)depth * 4);
    assert_ok(duet_weights_create(&w, &e), e);
    assert_ok(duet_weights_add(w, "sum.weight", dtype, &shape, numbers, &e), e);
    assert_ok(duet_weights_add(w, "sum.weight.scale", DUET_F32, &one, &scale, &e), e);
    assert_ok(duet_weights_add(w, "sum.weight.zero_point", DUET_I32, &one, &zero, &e), e);
    assert_ok(duet_weights_add(w, "sum.bias", DUET_I32, &one, &whole_bias, &e), e);
    assert_ok(duet_weights_add(w, "sum.bias.scale", DUET_F32, &one, &scale, &e), e);
    free(numbers);
    return w;
}

/* The sum of all products when every input is 255; NAN: refused, and `text` says why. */
static double sum_of(int depth, enum duet_dtype dtype, int weight, double bias, int32_t zero, const char *cpu,
                     const char *text)
{
    struct duet_network *n = network_of(depth);
    struct duet_weights *w = weights_of(depth, dtype, weight, bias, zero);
    struct duet_compiled *c;
    struct duet_session *session;
    struct duet_compile_options options = DUET_COMPILE_OPTIONS;
    options.height = options.width = 1;
    options.cpu = cpu;
    double sum = (double)NAN;
    if (duet_compile(n, w, &options, &c, &e) == DUET_OK) {
        assert_ok(duet_session_create(c, 1, &session, &e), e);
        for (int i = 0; i < depth; i++) session_input(session)[i] = 255;
        assert_ok(duet_session_run(session, NULL, &e), e);
        size_t count;
        sum = (double)session_output(session, "sum", &count)[0];
        duet_session_close(&session);
        duet_compiled_close(&c);
    } else if (!text || !strstr(e.text, text)) {
        fail_msg("'%s', expected '%s'", e.text, text ? text : "nothing");
    }
    duet_weights_close(&w);
    duet_network_close(&n);
    return sum;
}

/* Up to the very edge of int32, on every level. */
static void sums_are_exact_up_to_the_edge(void **state)
{
    (void)state;
    const double deepest = 255.0 * 255 * DUET_SUM_DEPTH, room = 2147483647 - deepest;
    for (int i = 0; duet_kernels_level(i); i++) {
        const char *cpu = duet_kernels_level(i);
        if (!duet_kernels_runs(cpu)) continue;
        /* (q - 0) of 255, and (q - 255) of 0 */
        double most = sum_of(DUET_SUM_DEPTH, DUET_U8, 255, room, 0, cpu, NULL);
        double least = sum_of(DUET_SUM_DEPTH, DUET_U8, 0, -room, 255, cpu, NULL);
        if (most != (double)2147483647.0f || least != -(double)2147483647.0f)
            fail_msg("%s: %.0f and %.0f", cpu, most, least);
    }
}

static void sums_that_may_not_fit_are_refused(void **state)
{
    (void)state;
    const double deepest = 255.0 * 255 * DUET_SUM_DEPTH, room = 2147483647 - deepest;
    assert_true(isnan(
        sum_of(DUET_SUM_DEPTH, DUET_U8, 255, room + 1, 0, NULL, "may reach 2147483648, 32 bits end at")));
    assert_true(isnan(sum_of(DUET_SUM_DEPTH, DUET_U8, 0, -room - 1, 255, NULL, "may reach 2147483648")));
    assert_true(isnan(sum_of(DUET_SUM_DEPTH + 1, DUET_I8, 1, 0, 0, NULL,
                             "layer sum: sums of 32769 products of bytes, at most 32768")));
}

static void what_is_no_whole_number_is_refused(void **state)
{
    (void)state;
    assert_true(isnan(
        sum_of(4, DUET_U8, 255, 0, 256, NULL, "zero point 256, expected a number above 0, and 0 to 255")));
    assert_true(isnan(sum_of(4, DUET_I8, 1, 0, -129, NULL, "zero point -129, expected")));
    assert_true(isnan(sum_of(4, DUET_F32, 0, 0, 0, NULL, "'sum.weight': type F32, expected I8 or U8")));
    assert_true(sum_of(4, DUET_I8, -1, 20, 0, NULL, NULL) == -1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_exact_up_to_the_edge),
        cmocka_unit_test(sums_that_may_not_fit_are_refused),
        cmocka_unit_test(what_is_no_whole_number_is_refused),
    };
    return cmocka_run_group_tests_name("unit/backbone/network/whole", tests, NULL, NULL);
}
