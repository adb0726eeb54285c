/* One budget of memory for several threads. */
#include "support/testing.h"

#include "cli/budget.h"

#include <stdatomic.h>
#include <time.h>

static void there_is_a_default(void **state)
{
    (void)state;
    size_t bytes = duet_budget_default();
    struct duet_picture_options options = {0};
    assert_true(bytes > 1 << 20 && bytes < (size_t)1 << 50);
    duet_budget_limits(&(struct duet_picture_settings){.strict = true, .max_pixels = 7}, &options);
    assert_true(options.strict && options.max_pixels == 7 && options.max_memory == bytes);
    duet_budget_limits(&(struct duet_picture_settings){.max_memory = "3M"}, &options);
    assert_true(!options.strict && options.max_pixels == 0 && options.max_memory == 3 << 20);
}

/* Threads that take shares of all sizes, larger ones than the budget, too. */
struct crowd {
    struct duet_budget budget;
    atomic_size_t held;
    atomic_int holders, most_holders, taken, too_much;
};

static void *jostle(void *arg)
{
    struct crowd *crowd = arg;
    for (size_t i = 1; i <= 200; i++) {
        size_t share = i * 37 % 120; /* the limit is 100 */
        assert_true(duet_budget_take(&crowd->budget, share));
        int holders = share > 0 ? atomic_fetch_add(&crowd->holders, 1) + 1 : 1;
        size_t held = atomic_fetch_add(&crowd->held, share) + share;
        if (held > 100 && held != share) atomic_fetch_add(&crowd->too_much, 1);
        if (holders > atomic_load(&crowd->most_holders)) atomic_store(&crowd->most_holders, holders);
        nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
        atomic_fetch_sub(&crowd->held, share);
        if (share > 0) atomic_fetch_sub(&crowd->holders, 1);
        duet_budget_give(&crowd->budget, share);
        atomic_fetch_add(&crowd->taken, 1);
    }
    return NULL;
}

static void shares_stay_within_the_budget_and_all_get_theirs(void **state)
{
    (void)state;
    enum { THREADS = 6 };
    struct crowd crowd = {.taken = 0};
    struct duet_error e;
    pthread_t threads[THREADS];
    assert_ok(duet_budget_open(&crowd.budget, 100, &e), e);
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, jostle, &crowd), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    assert_int_equal(crowd.taken, THREADS * 200);
    assert_int_equal(crowd.too_much, 0);
    assert_true(crowd.most_holders > 1); /* small ones go side by side */
    assert_int_equal(crowd.budget.used, 0);
    duet_budget_close(&crowd.budget);
    duet_budget_close(&crowd.budget);
}

static void networks_have_half_of_it(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_budget budget;
    assert_ok(duet_budget_open(&budget, 1000, &e), e);
    assert_int_equal(duet_budget_workers(&budget, 100), 5);
    assert_int_equal(duet_budget_workers(&budget, 900), 1);
    assert_int_equal(duet_budget_workers(&budget, 1), 256);
    assert_int_equal(duet_budget_workers(&budget, 0), 256);
    duet_budget_close(&budget);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_is_a_default),
        cmocka_unit_test(networks_have_half_of_it),
        cmocka_unit_test(shares_stay_within_the_budget_and_all_get_theirs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
