/* Words and numbers as people type them. */
#include "support/testing.h"

#include "cli/words.h"

#include <locale.h>

static void the_nearest_word_is_suggested(void **state)
{
    (void)state;
    static const char *const words[] = {"threshold", "threads", "fetch", "show", NULL};
    static const struct {
        const char *word, *suggestion;
    } cases[] = {{"treshold", "; did you mean '--threshold'?"}, /* a letter left out */
                 {"fecth", "; did you mean '--fetch'?"},        /* two swapped */
                 {"sh", "; did you mean '--show'?"},            /* the only one that begins so */
                 {"thre", ""},                                  /* two do */
                 {"hold", "; did you mean '--threshold'?"},     /* the only one that holds it */
                 {"xyzzy", ""},
                 {"", ""}};
    char text[DUET_SUGGESTION];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(duet_suggestion(text, "--", cases[i].word, words, sizeof *words),
                            cases[i].suggestion);
}

static void numbers_do_not_depend_on_the_locale(void **state)
{
    (void)state;
    double x = 0;
    setlocale(LC_ALL, "de_DE.UTF-8"); /* where it is installed */
    assert_true(duet_parse_float("-12.5e-1", &x) && x == -1.25);
    assert_true(duet_parse_float(".5", &x) && x == 0.5);
    assert_true(duet_parse_float("5.", &x) && x == 5);
    setlocale(LC_ALL, "C");
    assert_false(duet_parse_float(".", &x) || duet_parse_float("", &x) || duet_parse_float("1e", &x));
    assert_false(duet_parse_float("--1", &x) || duet_parse_float("1e5.5", &x) || duet_parse_float("-", &x));
    long long n = 0;
    assert_true(duet_parse_int("-7", &n) && n == -7);
    assert_false(duet_parse_int("", &n) || duet_parse_int("+", &n) || duet_parse_int("7 ", &n));
}

static void pairs_are_read(void **state)
{
    (void)state;
    long long n[2] = {0, 0};
    assert_int_equal(duet_parse_pair("640x480", "xX", n), 2);
    assert_true(n[0] == 640 && n[1] == 480);
    assert_int_equal(duet_parse_pair("1X-2", "xX", n), 2);
    assert_true(n[0] == 1 && n[1] == -2);
    assert_int_equal(duet_parse_pair("300", "x", n), 1);
    assert_true(n[0] == 300 && n[1] == -2);
    static const char *const bad[] = {
        "", "x", "300x", "x300", "1x2x3", "1 x2", "1/2", "1x2 ", "000000000000000000000000000000001"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (duet_parse_pair(bad[i], "x", n)) fail_msg("'%s' was read", bad[i]);
}

static void sizes_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t bytes;
    } good[] = {{"1", 1},
                {"100000", 100000},
                {"1K", 1024},
                {"500M", 500 << 20},
                {"1.5G", (size_t)3 << 29},
                {"2g", (size_t)2 << 30},
                {"1T", (size_t)1 << 40}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        size_t bytes = 0;
        if (!duet_parse_size(good[i].text, &bytes) || bytes != good[i].bytes)
            fail_msg("%s: %zu, expected %zu", good[i].text, bytes, good[i].bytes);
    }
    static const char *const bad[] = {"",   "G",   "0",      "-1",  "1 G",  "1GB",      "1X",
                                      " 1", "1e9", "0.0001", "nan", "1..2", "99999999T"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t bytes;
        if (duet_parse_size(bad[i], &bytes)) fail_msg("'%s' is read as %zu", bad[i], bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_word_is_suggested),
        cmocka_unit_test(numbers_do_not_depend_on_the_locale),
        cmocka_unit_test(pairs_are_read),
        cmocka_unit_test(sizes_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
