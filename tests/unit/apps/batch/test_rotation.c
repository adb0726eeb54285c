#include "support/testing.h"

#include "batch/rotation.h"

#include <string.h>

static void sizes_and_times_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double seconds;
        int64_t bytes;
    } good[] = {
        {"90s", 90, 0},    {"30m", 1800, 0},    {"1h", 3600, 0},        {"1d", 86400, 0},
        {"0.5h", 1800, 0}, {"500K", 0, 512000}, {"100M", 0, 104857600}, {"2G", 0, INT64_C(2147483648)}};
    static const char *const bad[] = {"",    "s",   "90",  "90x",  "-1h",   "0s",
                                      "1hh", "1 h", "nan", "infs", "1e30d", "9e30G"};
    struct duet_rotation rotation;
    struct duet_error e;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_ok(duet_rotation_parse(good[i].text, &rotation, &e), e);
        assert_true(rotation.seconds == good[i].seconds);
        assert_true(rotation.bytes == good[i].bytes);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_fails(DUET_BAD_ARGUMENT, duet_rotation_parse(bad[i], &rotation, &e), e);
        assert_false(duet_rotation_is_due(&rotation, 1e12, INT64_MAX));
    }
}

static void a_file_is_full_by_time_or_by_size(void **state)
{
    (void)state;
    const struct duet_rotation hourly = {.seconds = 3600}, large = {.bytes = 100}, never = {0};
    assert_false(duet_rotation_is_due(&hourly, 3599, INT64_MAX));
    assert_true(duet_rotation_is_due(&hourly, 3600, 1));
    assert_false(duet_rotation_is_due(&large, 1e9, 99));
    assert_true(duet_rotation_is_due(&large, 0, 100));
    assert_false(duet_rotation_is_due(&never, 1e9, INT64_MAX));
}

static void names_take_the_time(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        unsigned number;
        const char *name;
    } cases[] = {
        {"a.ndjson", 1, "a.ndjson"},
        {"a.ndjson", 2, "a-2.ndjson"},
        {"x.y/a", 12, "x.y/a-12"},
        {"x/.hidden", 3, "x/.hidden-3"},
        {"%Y%m%d-%H%M%S.ndjson", 1, "20261128-023045.ndjson"},
        {"%Y/%m/%d.csv", 2, "2026/11/28-2.csv"},
        {"at %D", 1, "at 11-28-26"}, /* no folders by surprise */
        {"%s", 1, "1795833045"},
        {"100%.csv", 1, "100%.csv"},
        {"%04d%%%Y%", 1, "%04d%2026%"},
        {"", 1, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *name = duet_rotation_name(cases[i].pattern, 1795833045.9, cases[i].number);
        assert_non_null(name);
        assert_string_equal(name, cases[i].name);
        free(name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_and_times_are_read),
        cmocka_unit_test(a_file_is_full_by_time_or_by_size),
        cmocka_unit_test(names_take_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
