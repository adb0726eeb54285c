/* Weights as bytes: how each is rounded, what the errors add up to, and the ranges of results. */
#include "support/kernel_testing.h"
#include "support/random_weights.h"

#include "quantize/measured.h"
#include "quantize/ranges.h"
#include "quantize/weights.h"

enum { REST = 24, CHANNELS = 5 };

static void fill(float *floats, uint64_t *seed)
{
    for (size_t i = 0; i < REST * CHANNELS; i++) floats[i] = random_weight(seed) * (float)(1 + i % CHANNELS);
}

/* No weight is further from its byte than a unit, most are within half of one, and the errors of a channel
 * balance; the largest is 127. */
static void bytes_are_near_and_balanced(void **state)
{
    (void)state;
    testing_seed(__func__);
    uint64_t seed = testing_random_state;
    for (int round = 0; round < 200; round++) {
        float floats[REST * CHANNELS], scales[CHANNELS] = {0};
        int8_t bytes[REST * CHANNELS];
        fill(floats, &seed);
        duet_weights_to_int8(floats, REST, CHANNELS, bytes, scales);
        for (size_t n = 0; n < CHANNELS; n++) {
            double sum = 0;
            int most = 0, far = 0;
            for (size_t i = n; i < REST * CHANNELS; i += CHANNELS) {
                double error = bytes[i] - (double)floats[i] / (double)scales[n];
                sum += error;
                far += fabs(error) > 0.5 + 1e-9;
                most = abs(bytes[i]) > most ? abs(bytes[i]) : most;
                if (fabs(error) >= 1)
                    fail_msg("%g as %d of %g", (double)floats[i], bytes[i], (double)scales[n]);
            }
            if (fabs(sum) > 0.5 + 1e-9) fail_msg("errors add up to %g", sum);
            assert_in_range(most, 126, 127); /* 127 may have been rounded down */
            assert_in_range(far, 0, 6);
        }
    }
}

static void halves_go_to_the_even_one(void **state)
{
    (void)state;
    const float floats[4] = {127, 2.5f, -2.5f, 0.25f};
    float scale = 0;
    int8_t bytes[4];
    duet_weights_to_int8(floats, 4, 1, bytes, &scale);
    assert_true(scale == 1);
    assert_int_equal(bytes[0], 127);
    assert_int_equal(bytes[1], 2);
    assert_int_equal(bytes[2], -2);
    assert_int_equal(bytes[3], 0);
}

static void what_is_next_to_nothing_has_a_scale(void **state)
{
    (void)state;
    const float floats[4] = {0, 1e-30f, 0, -1e-30f};
    float scales[2] = {1e-3f, 1e-3f};
    int8_t bytes[4] = {1, 1, 1, 1};
    duet_weights_to_int8(floats, 2, 2, bytes, scales);
    for (int i = 0; i < 4; i++) assert_int_equal(bytes[i], 0);
    assert_true(scales[0] == 1e-3f && scales[1] == 1e-3f);
}

/* What a layer of rounded weights gives on the average beyond that of the floats, by running both. */
static void excess_is_what_a_layer_gives_too_much(void **state)
{
    (void)state;
    testing_seed(__func__);
    uint64_t seed = testing_random_state;
    const double means[8] = {0.5, 0, 2, 1, 0.25, 3, 1.5, 0.125};
    float floats[REST * CHANNELS], scales[CHANNELS] = {0};
    int8_t bytes[REST * CHANNELS];
    double excess[CHANNELS];
    fill(floats, &seed);
    duet_weights_to_int8(floats, REST, CHANNELS, bytes, scales);
    for (int depthwise = 0; depthwise < 2; depthwise++) {
        duet_weights_excess(floats, REST, CHANNELS, bytes, scales, means, depthwise ? 0 : 8, excess);
        for (size_t n = 0; n < CHANNELS; n++) {
            double whole = 0, exact = 0;
            for (size_t i = 0; i < REST; i++) {
                double x = means[depthwise ? n : i % 8];
                whole += x * bytes[i * CHANNELS + n] * (double)scales[n];
                exact += x * (double)floats[i * CHANNELS + n];
            }
            assert_true(fabs(excess[n] - (whole - exact)) < 1e-9);
        }
    }
}

/* Everything seen, and 0, which is a byte exactly. */
static void ranges_hold_what_was_seen(void **state)
{
    (void)state;
    testing_seed(__func__);
    uint64_t seed = testing_random_state;
    for (int round = 0; round < 10000; round++) {
        double low = (double)random_weight(&seed) * 4, high = low + fabs((double)random_weight(&seed)) * 8;
        struct duet_model_range r = duet_range_of("x", low, high);
        double first = -r.zero_point * (double)r.scale, last = (255 - r.zero_point) * (double)r.scale;
        double wide = fmax(high, 0) - fmin(low, 0), little = wide * 1e-6;
        if (low < first - little || high > last + little || r.zero_point < 0 || r.zero_point > 255 ||
            last - first > 1.005 * wide)
            fail_msg("%g .. %g became %g .. %g", low, high, first, last);
    }
    struct duet_model_range none = duet_range_of("x", 0, 0), picture = duet_range_of("x", -1, 1);
    assert_true(none.scale > 0 && none.zero_point == 0);
    assert_in_range(picture.zero_point, 127, 128);
    assert_true(duet_range_of("x", 0, 1e-300).scale == 1e-12f && duet_range_of("x", 0, 1e300).scale == 1e12f);
}

/* A few that are far out are cut off; not where many are as large, but within the width of a magnitude. */
static void what_is_rare_is_cut_off(void **state)
{
    (void)state;
    enum { NUMBERS = 40000 };
    static float numbers[NUMBERS];
    struct duet_error e;
    const struct duet_shape shape = {4, {1, NUMBERS / 2, 1, 2}};
    for (int large = 0; large < 2; large++) {
        struct measured m = {0};
        uint64_t seed = 5;
        for (int i = 0; i < NUMBERS; i++) numbers[i] = random_weight(&seed) * (large ? 10 : 1);
        numbers[7] = 10;
        numbers[8] = -10;
        const struct duet_view map = duet_view_dense(DUET_F32, &shape, numbers);
        assert_ok(duet_measured_add(&m, "x", &map, &e), e);
        double share = duet_measured_share(&m, -10, 10);
        if (large ? share < 0.95 : share < 0.85 || share > 0.9) fail_msg("%d: %g", large, share);
        assert_true(m.low[0] == -10 && m.high[1] == 10);
        duet_measured_close(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_near_and_balanced),
        cmocka_unit_test(halves_go_to_the_even_one),
        cmocka_unit_test(what_is_next_to_nothing_has_a_scale),
        cmocka_unit_test(excess_is_what_a_layer_gives_too_much),
        cmocka_unit_test(ranges_hold_what_was_seen),
        cmocka_unit_test(what_is_rare_is_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
