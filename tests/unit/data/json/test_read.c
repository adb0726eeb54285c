#include "support/testing.h"

#include "coco/names.h"
#include "data/json/text.h"
#include "support/comma_locale.h"
#include "support/scratch_group.h"
#include "json/read.h"

#include <math.h>

static double number(const char *text)
{
    struct duet_json_token token = {DUET_JSON_NUMBER, 0, text, strlen(text)};
    return duet_json_double(&token);
}

/* --- reading files -------------------------------------------------------------------------------------- */

/* The tokens as text: containers as they stand, "key":, 'string', numbers and words. */
static bool note_token(void *ctx, struct duet_json_reader *reader, const struct duet_json_token *token)
{
    static const char *const ends[] = {"{", "}", "[", "]"};
    struct duet_buffer *said = ctx;
    (void)reader;
    if (token->kind < DUET_JSON_KEY) {
        duet_putf(said, "%d%s", token->depth, ends[token->kind]);
        return true;
    }
    const char *quote = token->kind == DUET_JSON_KEY ? "\"" : token->kind == DUET_JSON_STRING ? "'" : " ";
    duet_put(said, quote);
    duet_put_bytes(said, token->text, token->length);
    duet_put(said, quote);
    return true;
}

/* Behind so much white space, which puts the text across the reader's chunks at every place. */
static void reads_behind(size_t spaces, const char *json, const char *tokens)
{
    struct duet_error e;
    struct duet_buffer said = {0}, file = {0};
    for (size_t i = 0; i < spaces; i++) duet_put(&file, " ");
    duet_put(&file, json);
    const char *path = scratch_memory(&scratch, file.data, file.size);
    assert_ok(duet_json_read(path, note_token, &said, &e), e);
    duet_put_bytes(&said, "", 1);
    assert_string_equal(said.data, tokens);
    duet_buffer_close(&said);
    duet_buffer_close(&file);
}

static void breaks(const char *json, const char *words)
{
    struct duet_error e;
    struct duet_buffer said = {0};
    assert_fails(DUET_BAD_FORMAT,
                 duet_json_read(scratch_memory(&scratch, json, strlen(json)), note_token, &said, &e), e);
    if (!strstr(e.text, words)) fail_msg("%s: got \"%s\", expected \"%s\"", json, e.text, words);
    duet_buffer_close(&said);
}

static void files_are_read_as_python_reads_them(void **state)
{
    (void)state;
    static const char json[] =
        "{\"a\\\"\\u00e9\": [1, -0.5E+3, 0E0, NaN, Infinity, -Infinity, true, null, [], {}],\n"
        "\"\": \"\\ud83d\\udc08 \\ud83d. \\udc08\\/\\b\\n\xe7\x8c\xab\"}";
    static const char tokens[] =
        "0{\"a\"\xc3\xa9\"1[ 1  -0.5e+3  0e0  NaN  Infinity  -Infinity  true  null 2[2]2{2}1]\"\""
        "'\xf0\x9f\x90\x88 ?. \xed\xb0\x88/\b\n\xe7\x8c\xab'0}";
    reads_behind(0, json, tokens);
    for (size_t i = 0; i <= sizeof json; i++) reads_behind(((size_t)1 << 18) - i, json, tokens);
    reads_behind(0, "\xef\xbb\xbf[7]", "0[ 7 0]");
    reads_behind(0, " 12 ", " 12 ");
    assert_true(isnan(number("NaN")) && number("Infinity") > 1e308 && number("-Infinity") < -1e308);
}

static void what_is_no_json_is_told_with_its_place(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "[1", "[\"a", "[1,\n]", "{\"a\":1,}", "{\"a\" 1}", "[1}", "{\"a\":1]", "[] []", "[\"a\tb\"]", "[\"\\x\"]",
        "[\"\\u12g4\"]", "01", "1.", ".5", "+1", "1e", "-", "nan", "infinity", "True", "--1", "1a", "NaNN", "-NaN",
        "1NaN", "NaN1", "NaInfinity", "Infinit", "--Infinity", "NNaN", "Infinity0", "I", "N"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) breaks(texts[i], ": broken JSON: ");
    breaks("[\n\"a\xc3\"]", "line 2, column 4: broken JSON: invalid bytes in UTF8 string.");
    breaks("\xff\xfe[", ": is UTF-16, expected UTF-8");
}

/* --- reading numbers ------------------------------------------------------------------------------------ */

static void reads_like_strtod(const char *text)
{
    double got = number(text), want = strtod(text, NULL);
    if (memcmp(&got, &want, sizeof got) != 0) fail_msg("%s: got %a, expected %a", text, got, want);
}

static void numbers_are_read_correctly_rounded(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "0", "-0", "0.0", "1", "-1", "0.1", "0.236", "1e22", "1e23", "1e-22", "1e-23", "258.15", "1E+2",
        "9007199254740992", "9007199254740993", "9007199254740993.0", "9007199254740992.5",
        "9223372036854775807", "9223372036854775808", "18446744073709551615", "0.91137999296188354",
        "0.9113799929618835449", "1.7976931348623157e308", "1.7976931348623159e308", "1e309", "1e99999999999",
        "4.9e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "2.2250738585072011e-308", "1e-400",
        "0.000000000000000000000000000000123", "123456789012345678901234567890", "0e999999999",
        /* half way between two doubles, and a hair to either side */
        "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203124",
        "1.00000000000000011102230246251565404236316680908203126",
        "9007199254740993.0000000000000000000000000000000000000000000000001"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) reads_like_strtod(cases[i]);
    char text[2000]; /* 800 digits and more: half way, decided by the very last one */
    snprintf(text, sizeof text, "9007199254740993.%01000d", 1);
    reads_like_strtod(text);
    snprintf(text, sizeof text, "9007199254740993%0*d", 900, 0);
    reads_like_strtod(text);
}

static uint64_t random_bits(uint64_t *seed) /* xorshift */
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    return *seed ^= *seed << 17;
}

static void random_numbers_are_read_correctly_rounded(void **state)
{
    (void)state;
    uint64_t seed = 20240229;
    for (int i = 0; i < 200000; i++) {
        char text[64];
        uint64_t bits = random_bits(&seed);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value)) {
            snprintf(text, sizeof text, "%.*g", 1 + (int)(bits % 21), value);
            reads_like_strtod(text);
        }
        /* Up to 19 digits: once in some thousand the remainder of a division decides. */
        snprintf(text, sizeof text, "%llu.%0*llu", (unsigned long long)(bits % 10), 15 + (int)(bits % 4),
                 (unsigned long long)(random_bits(&seed) % 1000000000000000));
        reads_like_strtod(text);
        snprintf(text, sizeof text, "0.%019llu", (unsigned long long)(bits % 10000000000000000000u));
        reads_like_strtod(text);
    }
}

static void whole_numbers_are_told_from_others(void **state)
{
    (void)state;
    static const char *const whole[] = {"0", "-7", "139.0", "1e3", "9007199254740991", "-0"};
    static const char *const other[] = {"0.5", "9007199254740992", "1e400", "-1e300", "1e-5"};
    int64_t value;
    for (size_t i = 0; i < 6; i++) {
        struct duet_json_token token = {DUET_JSON_NUMBER, 0, whole[i], strlen(whole[i])};
        assert_true(duet_json_integer(&token, &value));
        assert_int_equal(value, (int64_t)strtod(whole[i], NULL));
    }
    for (size_t i = 0; i < 5; i++) {
        struct duet_json_token token = {DUET_JSON_NUMBER, 0, other[i], strlen(other[i])};
        assert_false(duet_json_integer(&token, &value));
    }
}

/* --- writing numbers ------------------------------------------------------------------------------------ */

static const char *text_of(struct duet_buffer *buffer)
{
    duet_put_bytes(buffer, "", 1);
    assert_false(buffer->failed);
    buffer->size = 0;
    return buffer->data;
}

static void numbers_are_written_short(void **state)
{
    (void)state;
    struct duet_buffer b = {0};
    static const struct {
        float value;
        const char *text;
    } floats[] = {{0.0f, "0"},
                  {0.1f, "0.1"},
                  {0.93f, "0.93"},
                  {640.0f, "640"},
                  {-1.5f, "-1.5"},
                  {1e-8f, "1e-08"},
                  {16777216.0f, "16777216"},
                  {0.333333343f, "0.33333334"},
                  {3.4028235e38f, "3.4028235e+38"},
                  {1e-45f, "1.4013e-45"},
                  {1e6f, "1e+06"},
                  {123456.0f, "123456"}};
    for (size_t i = 0; i < sizeof floats / sizeof floats[0]; i++) {
        duet_put_float(&b, floats[i].value);
        assert_string_equal(text_of(&b), floats[i].text);
    }
    duet_put_double(&b, 0.1);
    assert_string_equal(text_of(&b), "0.1");
    duet_put_double(&b, 0.1 + 0.2);
    assert_string_equal(text_of(&b), "0.30000000000000004");
    duet_put_double(&b, 1.7976931348623157e308);
    assert_string_equal(text_of(&b), "1.7976931348623157e+308");
    duet_put_rounded(&b, 2.0 / 3, 6);
    assert_string_equal(text_of(&b), "0.666667");
    duet_put_fixed(&b, 2.0 / 3, 2);
    assert_string_equal(text_of(&b), "0.67");
    duet_put_fixed(&b, -1.7976931348623157e308, 9);
    assert_int_equal(strlen(text_of(&b)), 1 + 309 + 1 + 9);
    duet_buffer_close(&b);
}

static void what_was_written_reads_back(void **state)
{
    (void)state;
    struct duet_buffer b = {0};
    uint64_t seed = 7;
    for (int i = 0; i < 50000; i++) {
        uint64_t bits = random_bits(&seed);
        uint32_t low = (uint32_t)bits;
        float f;
        double d;
        memcpy(&f, &low, sizeof f);
        memcpy(&d, &bits, sizeof d);
        if (isfinite(f)) {
            duet_put_float(&b, f);
            assert_true((float)number(text_of(&b)) == f);
        }
        if (isfinite(d)) {
            duet_put_double(&b, d);
            assert_true(number(text_of(&b)) == d);
        }
    }
    duet_buffer_close(&b);
}

static void a_locale_with_a_comma_changes_nothing(void **state)
{
    (void)state;
    if (!comma_locale(&scratch)) skip();
    char local[16];
    snprintf(local, sizeof local, "%.1f", 0.5);
    assert_string_not_equal(local, "0.5");
    numbers_are_written_short(state);
    what_was_written_reads_back(state);
    assert_true(number("0.5") == 0.5);
    assert_true(number("1.00000000000000011102230246251565404236316680908203126") > 1.0);
    setlocale(LC_NUMERIC, "C");
}

/* --- strings -------------------------------------------------------------------------------------------- */

static void strings_are_escaped(void **state)
{
    (void)state;
    struct duet_buffer b = {0};
    static const char *const cases[][2] = {
        {"", "\"\""},
        {"a b", "\"a b\""},
        {"\"\\/", "\"\\\"\\\\/\""},
        {"\b\t\n\v\f\r\x01\x1f\x7f", "\"\\b\\t\\n\\u000b\\f\\r\\u0001\\u001f\\u007f\""},
        {"\xc2\x9b|\xe2\x80\xae|\xe2\x80\xa8|\xf3\xa0\x81\x81|\xef\xbb\xbf",
         "\"\\u009b|\\u202e|\\u2028|\\udb40\\udc41|\\ufeff\""},
        {"\xc3\xa9\xe7\x8c\xab\xf0\x9f\x90\x88", "\"\xc3\xa9\xe7\x8c\xab\xf0\x9f\x90\x88\""},
        {"\xff.", "\"\xef\xbf\xbd.\""},
        {"\xe9t\xe9", "\"\xef\xbf\xbdt\xef\xbf\xbd\""},               /* Latin-1 */
        {"\xe7\x8c", "\"\xef\xbf\xbd\""},                             /* cut short */
        {"\xe7\x8cz", "\"\xef\xbf\xbdz\""},                           /* cut short, then more */
        {"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},                 /* overlong */
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* a surrogate */
        {"\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* past U+10FFFF */
        {"\xf0\x9f\x90", "\"\xef\xbf\xbd\""},
        {"\xe0\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        duet_put_json_string(&b, cases[i][0]);
        assert_string_equal(text_of(&b), cases[i][1]);
    }
    duet_buffer_close(&b);
}

static void a_buffer_out_of_memory_stays_failed(void **state)
{
    (void)state;
    struct duet_buffer b = {0};
    duet_put(&b, "begun");
    duet_put_bytes(&b, "", SIZE_MAX - 100); /* cannot be had */
    assert_true(b.failed);
    duet_put(&b, "more");
    assert_int_equal(b.size, 5);
    duet_buffer_close(&b);
    assert_null(b.data);
}

static void names_are_numbered_and_found(void **state)
{
    (void)state;
    struct duet_names names = {0};
    char name[32];
    bool added;
    assert_int_equal(duet_names_find(&names, "x", 1), DUET_NAME_NONE);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 3000; i++) {
            int length = snprintf(name, sizeof name, "name%d", i);
            assert_int_equal(duet_names_add(&names, name, (size_t)length, &added), i);
            assert_int_equal(added, round == 0);
        }
    assert_int_equal(names.count, 3000);
    assert_string_equal(duet_names_text(&names, 2999), "name2999");
    assert_int_equal(duet_names_find(&names, "name12", 6), 12);
    assert_int_equal(duet_names_find(&names, "name12", 5), 1);
    assert_int_equal(duet_names_find(&names, "nam", 3), DUET_NAME_NONE);
    assert_int_equal(duet_names_add(&names, "", 0, &added), 3000);
    assert_int_equal(duet_names_add(&names, "a\0b", 3, &added), 3001);
    assert_int_equal(duet_names_find(&names, "a\0c", 3), DUET_NAME_NONE);
    assert_int_equal(duet_names_find(&names, "a\0b", 3), 3001);
    duet_names_close(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read_as_python_reads_them),
        cmocka_unit_test(what_is_no_json_is_told_with_its_place),
        cmocka_unit_test(numbers_are_read_correctly_rounded),
        cmocka_unit_test(random_numbers_are_read_correctly_rounded),
        cmocka_unit_test(whole_numbers_are_told_from_others),
        cmocka_unit_test(numbers_are_written_short),
        cmocka_unit_test(what_was_written_reads_back),
        cmocka_unit_test(a_locale_with_a_comma_changes_nothing),
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(a_buffer_out_of_memory_stays_failed),
        cmocka_unit_test(names_are_numbered_and_found),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
