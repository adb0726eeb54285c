/* Foreign text, wherever it leaves Duet: nothing in it steers a terminal, ends a line or looks like another
 * name. */
#include "support/records.h"

#include "core/fail.h"
#include "core/text.h"
#include "data/json/text.h"

#include <errno.h>
#include <jansson.h>

/* --- characters ----------------------------------------------------------------------------------------- */

static void what_is_not_plain_is_written_out(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"caf\xc3\xa9 \xe7\x8c\xab \xf0\x9f\x90\x88 C:\\x",
         "caf\xc3\xa9 \xe7\x8c\xab \xf0\x9f\x90\x88 C:\\x"},
        {"\t\n\x1b[31m\x7f", "\\x09\\x0a\\x1b[31m\\x7f"},
        {"\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "\\u0080\\u009b\\u009f\xc2\xa0"},
        {"\xc2\xad\xd8\x9c\xe1\xa0\x8e", "\\u00ad\\u061c\\u180e"},
        {"\xe2\x80\x8b\xe2\x80\x8e\xe2\x80\x8f", "\\u200b\\u200e\\u200f"},
        {"\xe2\x80\x8c\xe2\x80\x8d", "\xe2\x80\x8c\xe2\x80\x8d"}, /* joiners */
        {"\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa\xe2\x80\xae\xe2\x80\xaf",
         "\\u2028\\u2029\\u202a\\u202e\xe2\x80\xaf"},
        {"\xe2\x81\xa0\xe2\x81\xa6\xe2\x81\xa9\xe2\x81\xaf", "\\u2060\\u2066\\u2069\\u206f"},
        {"\xef\xbb\xbf\xef\xbf\xb9", "\\ufeff\\ufff9"},
        {"\xf3\xa0\x81\x81", "\\U000e0041"},
        {"\xff\xc3(\xe2\x82\xf0\x9f\x90", "\\xff\\xc3(\\xe2\\x82\\xf0\\x9f\\x90"},
        {"\xed\xa0\x80\xc0\xaf", "\\xed\\xa0\\x80\\xc0\\xaf"}, /* a surrogate; '/', overlong */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char shown[200], again[200];
        duet_text_show(shown, sizeof shown, cases[i][0], strlen(cases[i][0]));
        assert_string_equal(shown, cases[i][1]);
        duet_text_show(again, sizeof again, shown, strlen(shown));
        assert_string_equal(again, shown);
    }
}

static void what_is_shown_is_cut_behind_a_character(void **state)
{
    (void)state;
    static const char text[] = "a\x1b\xc3\xa9";
    static const char *const want[] = {"", "a", "a", "a", "a", "a\\x1b", "a\\x1b", "a\\x1b\xc3\xa9"};
    for (size_t size = 1; size <= 8; size++) {
        char shown[8];
        duet_text_show(shown, size, text, sizeof text - 1);
        assert_string_equal(shown, want[size - 1]);
    }
    char shown[8];
    duet_text_show(shown, sizeof shown, "a\0b", 3);
    assert_string_equal(shown, "a\\x00b");
}

static void errors_are_one_line_of_whole_characters(void **state)
{
    (void)state;
    struct duet_error e;
    duet_fail(&e, DUET_NOT_FOUND, "%s: %s",
              "\xe2\x80\xae"
              "gpj.exe",
              "\xc2\x9b"
              "2J\n");
    assert_string_equal(e.text, "\\u202egpj.exe: \\u009b2J\\x0a");
    char cats[DUET_ERROR_TEXT + 3] = "x"; /* three bytes each: one stands across the end */
    for (size_t i = 0; i < DUET_ERROR_TEXT / 3; i++) memcpy(cats + 1 + 3 * i, "\xe7\x8c\xab", 4);
    duet_fail(&e, DUET_NOT_FOUND, "%s", cats);
    assert_int_equal(strlen(e.text), 1 + 3 * ((DUET_ERROR_TEXT - 2) / 3));
    assert_int_equal(strncmp(e.text, cats, strlen(e.text)), 0);
    assert_null(strchr(e.text, '\\'));
    char controls[DUET_ERROR_TEXT + 3]; /* grow to four bytes each */
    memset(controls, 1, sizeof controls - 1);
    controls[sizeof controls - 1] = '\0';
    duet_fail_errno(&e, ENOENT, "%s", controls);
    assert_int_equal(strlen(e.text), (DUET_ERROR_TEXT - 1) / 4 * 4);
}

static void a_printed_line_is_one_line(void **state)
{
    (void)state;
    char *text = NULL, name[9000];
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    duet_print_line(stream, "%-6s|%d", "a\r\nb", 7);
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    duet_print_line(stream, "%s", name);
    fclose(stream);
    assert_memory_equal(text, "a\\x0d\\x0ab  |7\nnnn", 18);
    assert_int_equal(size, 15 + 7999 + 4);
    assert_string_equal(text + size - 5, "n\xe2\x80\xa6\n");
    free(text);
}

/* --- buffers -------------------------------------------------------------------------------------------- */

static void puts_as(void (*put_text)(struct duet_buffer *, const char *), const char *text, const char *want)
{
    struct duet_buffer b = {0};
    put_text(&b, text);
    duet_put_bytes(&b, "", 1);
    assert_string_equal(b.data, want);
    duet_buffer_close(&b);
}

static void csv_is_quoted_and_computes_nothing(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {"dog", "dog"},
        {"a-b=c+d@e", "a-b=c+d@e"},
        {"a, \"b\"", "\"a, \"\"b\"\"\""},
        {"two\nlines\r", "\"two\nlines\r\""},
        {"=1+1", "'=1+1"},
        {"+1", "'+1"},
        {"-1", "'-1"},
        {"@SUM(A1)", "'@SUM(A1)"},
        {"-", "-"},
        {"\t=1", "'\t=1"},
        {"\r=1", "\"'\r=1\""},
        {"  =1", "'  =1"},
        {"\"=1,2\"", "\"'\"\"=1,2\"\"\""},
        {"\xef\xbc\x9d"
         "1",
         "'\xef\xbc\x9d"
         "1"}, /* the wide '=' */
        {"\x1b[2J\xe2\x80\xae\xff", "\\x1b[2J\\u202e\\xff"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        puts_as(duet_put_csv, cases[i][0], cases[i][1]);
}

static void json_strings_may_hold_nul(void **state)
{
    (void)state;
    struct duet_buffer b = {0};
    duet_put_json_bytes(&b, "a\0\xe7\x8c\xab", 4); /* its last character is cut */
    assert_int_equal(b.size, 12);
    assert_memory_equal(b.data, "\"a\\u0000\xef\xbf\xbd\"", 12);
    duet_buffer_close(&b);
}

static void columns_are_as_wide_as_asked(void **state)
{
    (void)state;
    static const struct {
        const char *text, *tail, *head;
    } cases[] = {
        {"abc", "abc   |", "abc   |"},
        {"abcdef", "abcdef|", "abcdef|"},
        {"abcdefg",
         "\xe2\x80\xa6"
         "cdefg|",
         "abcde\xe2\x80\xa6|"},
        {"\xe7\x8c\xab\xe7\x8c\xab\xe7\x8c\xab\xe7\x8c\xab", "\xe2\x80\xa6\xe7\x8c\xab\xe7\x8c\xab |",
         "\xe7\x8c\xab\xe7\x8c\xab\xe2\x80\xa6 |"},
        {"e\xcc\x81"
         "a\xe2\x80\x8d"
         "b",
         "e\xcc\x81"
         "a\xe2\x80\x8d"
         "b   |",
         "e\xcc\x81"
         "a\xe2\x80\x8d"
         "b   |"},
        {"a\nb", "a\\x0ab|", "a\\x0ab|"},
        {"a\nbc",
         "\xe2\x80\xa6"
         "bc   |",
         "a\\x0a\xe2\x80\xa6|"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct duet_buffer b = {0};
        duet_put_tail_column(&b, cases[i].text, 6);
        duet_put_bytes(&b, "|", 2);
        assert_string_equal(b.data, cases[i].tail);
        b.size = 0;
        duet_put_head_column(&b, cases[i].text, 6);
        duet_put_bytes(&b, "|", 2);
        assert_string_equal(b.data, cases[i].head);
        duet_buffer_close(&b);
    }
}

/* --- records -------------------------------------------------------------------------------------------- */

#define HOSTILE "=\xc2\x9b\x1b]0;x\a\n\"'<b>,\xe2\x80\xae\xe2\x80\xa8\xff\x7f"

/* Every character shows itself, or is one of `others`. */
static void assert_plain(const char *text, const char *others)
{
    for (struct duet_character c; *text; text += c.bytes) {
        c = duet_character_at(text, SIZE_MAX);
        if (!c.plain && (c.bytes > 1 || !strchr(others, *text)))
            fail_msg("U+%04X is there, before: %.40s", c.code, text + c.bytes);
    }
}

static char *record_as(enum duet_format format)
{
    static struct duet_detection items[] = {{1, HOSTILE, 0.5f, {1, 2, 3, 4}, 0}};
    static const struct duet_detections found = {.items = items, .count = 1};
    struct into_memory m = memory_writer((struct duet_writer_options){.format = format});
    struct duet_record record = still(0, HOSTILE "/000001.jpg", &found);
    put(&m, &record);
    return finish(&m);
}

static void records_hold_no_hostile_byte(void **state)
{
    (void)state;
    char *text = record_as(DUET_FORMAT_TABLE);
    assert_plain(text, "\n");
    assert_int_equal(strcspn(strchr(text, '\n') + 1, "\n") + 1,
                     strlen(strchr(text, '\n') + 1)); /* two lines */
    free(text);
    text = record_as(DUET_FORMAT_CSV);
    assert_plain(text, "\n");
    assert_non_null(
        strstr(text, "\n0,\"'=\\u009b\\x1b]0;x\\x07\n\"\"'<b>,\\u202e\\u2028\\xff\\x7f/000001.jpg\",,,\"'="));
    free(text);
    text = record_as(DUET_FORMAT_COCO);
    assert_plain(text, "\n");
    free(text);
    text = record_as(DUET_FORMAT_NDJSON);
    assert_plain(text, "\n");
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "source")),
                        "=\xc2\x9b\x1b]0;x\a\n\"'<b>,\xe2\x80\xae\xe2\x80\xa8\xef\xbf\xbd\x7f/000001.jpg");
    json_decref(json);
    free(text);
}

/* One line a class, however it is called: a line's number is what results name it by. */
static void yolo_has_a_line_a_class(void **state)
{
    (void)state;
    struct duet_error e;
    const struct duet_label items[] = {{1, "two\nlines"},
                                       {2, "\xe2\x80\xae"
                                           "dog"}};
    const struct duet_labels labels = {items, 2};
    char *folder = new_folder("yolo");
    struct duet_writer_options options = to_path(DUET_FORMAT_YOLO, folder);
    struct duet_writer *writer;
    options.labels = &labels;
    assert_ok(duet_writer_open(&options, &writer, &e), e);
    assert_ok(duet_writer_commit(&writer, &e), e);
    holds("yolo/classes.txt", "two\\x0alines\n\\u202edog\n");
    free(folder);
}

static void voc_has_plain_names_of_files(void **state)
{
    (void)state;
    struct duet_error e;
    const struct duet_label items[] = {{1, "a/b c\x1b\xc2\x9b\xe2\x80\xae"}};
    const struct duet_labels labels = {items, 1};
    char *folder = new_folder("voc");
    struct duet_writer_options options = to_path(DUET_FORMAT_VOC, folder);
    struct duet_writer *writer;
    options.labels = &labels;
    assert_ok(duet_writer_open(&options, &writer, &e), e);
    static const char *const bad[] = {"a\x1b.jpg",
                                      "a\xe2\x80\xa8"
                                      "b.jpg",
                                      "a\xc2\xa0"
                                      "b.jpg",
                                      "a\xc2\x85.jpg"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_fails(DUET_BAD_ARGUMENT, duet_writer_check(writer, bad[i], NULL, &e), e);
    assert_ok(duet_writer_check(writer, "caf\xe9.jpg", NULL, &e), e); /* Latin-1: the name of a file all the same */
    assert_ok(duet_writer_commit(&writer, &e), e);
    holds("voc/comp4_det_test_a_b_c______.txt", "");
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_plain_is_written_out),
        cmocka_unit_test(what_is_shown_is_cut_behind_a_character),
        cmocka_unit_test(errors_are_one_line_of_whole_characters),
        cmocka_unit_test(a_printed_line_is_one_line),
        cmocka_unit_test(csv_is_quoted_and_computes_nothing),
        cmocka_unit_test(json_strings_may_hold_nul),
        cmocka_unit_test(columns_are_as_wide_as_asked),
        cmocka_unit_test(records_hold_no_hostile_byte),
        cmocka_unit_test(yolo_has_a_line_a_class),
        cmocka_unit_test(voc_has_plain_names_of_files),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
