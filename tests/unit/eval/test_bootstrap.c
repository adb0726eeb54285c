/* The bootstrap that all scores share: replicates, intervals, p. */
#include "eval/bootstrap.h"

#include "support/testing.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

static void draws_are_fair_and_repeat(void **state)
{
    (void)state;
    uint32_t weights[100], again[100];
    uint64_t totals[100] = {0};
    size_t absent = 0;
    for (size_t r = 0; r < 2000; r++) {
        uint32_t sum = 0;
        duet_bootstrap_resample(7, r, weights, 100);
        for (size_t i = 0; i < 100; i++) {
            sum += weights[i];
            totals[i] += weights[i];
            absent += weights[i] == 0;
        }
        assert_int_equal(sum, 100);
    }
    /* 2000 replicates each, standard deviation 45; and (1 - 1/100)^100 of them not at all. */
    for (size_t i = 0; i < 100; i++) assert_in_range(totals[i], 1775, 2225);
    assert_true(fabs((double)absent / 200000 - 0.366) < 0.005);
    duet_bootstrap_resample(7, 3, weights, 100);
    duet_bootstrap_resample(7, 3, again, 100);
    assert_memory_equal(weights, again, sizeof weights);
    duet_bootstrap_resample(7, 4, again, 100);
    assert_memory_not_equal(weights, again, sizeof weights);
    duet_bootstrap_resample(8, 3, again, 100);
    assert_memory_not_equal(weights, again, sizeof weights);
}

/* 101 replicates from .4 to .5, shuffled; their median is .45. */
static void shuffled(double values[101])
{
    for (int i = 0; i <= 100; i++) values[(i * 37) % 101] = 0.4 + i / 1000.0;
}

static bool is(struct duet_interval interval, double low, double high)
{
    return fabs(interval.low - low) < 1e-12 && fabs(interval.high - high) < 1e-12;
}

/* Draws lie around the score as scores do around the truth: so far to the other side is the interval. */
static void intervals_are_moved_percentiles(void **state)
{
    (void)state;
    double values[101];
    shuffled(values);
    assert_true(is(duet_bootstrap_interval(values, 101, 0.45), 0.4025, 0.4975));
    shuffled(values);
    assert_true(is(duet_bootstrap_interval(values, 101, 0.43), 0.3625, 0.4575));
    shuffled(values);
    assert_true(is(duet_bootstrap_interval(values, 101, 0.72), 0.9425, 1.0375));
    shuffled(values);
    assert_true(is(duet_bootstrap_score_interval(values, 101, 0.72), 0.9425, 1));
    shuffled(values);
    assert_true(is(duet_bootstrap_score_interval(values, 101, 0.21), 0, 0.0175));
    /* Lean replicates keep their lean: a long tail above stays above. */
    for (int i = 0; i <= 100; i++) values[i] = i <= 90 ? 0.2 : 0.2 + (i - 90) / 20.0;
    assert_true(is(duet_bootstrap_interval(values, 101, 0.2), 0.2, 0.2 + 7.5 / 20));
    values[0] = 3;
    assert_true(is(duet_bootstrap_interval(values, 1, 3), 3, 3));
}

static void few_draws_may_be_missing(void **state)
{
    (void)state;
    double values[101];
    struct duet_interval none;
    shuffled(values);
    values[50] = NAN; /* one in 101 */
    assert_true(duet_bootstrap_interval(values, 101, 0.45).low > 0.4);
    shuffled(values);
    values[3] = values[70] = NAN;
    none = duet_bootstrap_interval(values, 101, 0.45);
    assert_true(isnan(none.low) && isnan(none.high) && isnan(duet_bootstrap_p(values, 101, 0.45)));
    shuffled(values);
    none = duet_bootstrap_score_interval(values, 101, NAN);
    assert_true(isnan(none.low) && isnan(none.high) && isnan(duet_bootstrap_p(values, 101, NAN)));
    none = duet_bootstrap_interval(values, 0, 0.45);
    assert_true(isnan(none.low) && isnan(none.high) && isnan(duet_bootstrap_p(values, 0, 0.45)));
}

static void p_is_where_the_interval_meets_zero(void **state)
{
    (void)state;
    double values[999];
    for (int i = 0; i < 999; i++) values[(i * 38) % 999] = (i - 499) / 1000.0 + 0.3; /* -.199 .. .797 */
    /* A difference of .3, the replicates' median: 200 of 999 are at or below 0. */
    assert_true(fabs(duet_bootstrap_p(values, 999, 0.3) - 2 * 201 / 1000.0) < 0.0021);
    assert_true(fabs(duet_bootstrap_p(values, 999, 0.5) - 2.0 / 1000) < 1e-12); /* moved up by .4: none */
    assert_true(duet_bootstrap_p(values, 999, 0.15) == 1); /* moved down by .3, to around 0 */
    for (int i = -100; i <= 100; i++) {
        double p = duet_bootstrap_p(values, 999, i / 100.0);
        struct duet_interval interval = duet_bootstrap_interval(values, 999, i / 100.0);
        bool outside = interval.low > 0 || interval.high < 0;
        assert_true(outside ? p < 0.055 : p > 0.045);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_are_fair_and_repeat),
        cmocka_unit_test(intervals_are_moved_percentiles),
        cmocka_unit_test(few_draws_may_be_missing),
        cmocka_unit_test(p_is_where_the_interval_meets_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
