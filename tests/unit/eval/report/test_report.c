#include "support/testing.h"

#include "eval/coco/report.h"
#include "eval/voc/report.h"
#include "report/parts.h"
#include "support/scratch_group.h"

#include <expat.h>
#include <math.h>

/* --- reading a page ----------------------------------------------------------------------------------- */

/* What a page is made of. */
struct seen {
    int elements, scripts, handlers, outside, images;
    bool hostile_text, hostile_attribute;
};

#define HOSTILE "</td><script>alert('1')</script>\"onload=x &amp; \x01\xff\xc3("

static void on_begin(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
    struct seen *seen = ctx;
    seen->elements++;
    seen->scripts += strcasecmp(name, "script") == 0 || strcasecmp(name, "iframe") == 0;
    seen->images += strcmp(name, "img") == 0 || strcmp(name, "image") == 0;
    for (; *attributes; attributes += 2) {
        bool address = strcmp(attributes[0], "src") == 0 || strcmp(attributes[0], "href") == 0;
        seen->handlers += strncasecmp(attributes[0], "on", 2) == 0;
        seen->outside += address && (strchr(attributes[1], ':') || attributes[1][0] == '/');
        seen->hostile_attribute |= strstr(attributes[1], "<script>alert('1')</script>\"onload=x") != NULL;
    }
}

static void on_text(void *ctx, const XML_Char *text, int length)
{
    struct seen *seen = ctx;
    if (length == 6 && memcmp(text, "script", 6) == 0) seen->hostile_text = true;
}

/* The page must be well-formed: what was put in as text cannot have become markup. */
static struct seen read_page(const char *name)
{
    struct seen seen = {0};
    char *text = scratch_read(&scratch, name);
    assert_non_null(text);
    XML_Parser parser = XML_ParserCreate("UTF-8");
    XML_SetUserData(parser, &seen);
    XML_SetElementHandler(parser, on_begin, NULL);
    XML_SetCharacterDataHandler(parser, on_text);
    if (XML_Parse(parser, text, (int)strlen(text), XML_TRUE) != XML_STATUS_OK)
        fail_msg("%s: line %lu: %s", name, (unsigned long)XML_GetCurrentLineNumber(parser),
                 XML_ErrorString(XML_GetErrorCode(parser)));
    XML_ParserFree(parser);
    assert_int_equal(seen.scripts, 0);
    assert_int_equal(seen.handlers, 0);
    assert_int_equal(seen.outside, 0);
    free(text);
    return seen;
}

static struct duet_report *open_report(const char *name, const char *title)
{
    struct duet_report *report;
    struct duet_error e;
    assert_ok(duet_report_open(scratch_path(&scratch, name), title, title, &report, &e), e);
    return report;
}

/* --- parts -------------------------------------------------------------------------------------------- */

static void text_is_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *text, *html;
    } cases[] = {
        {"a<b>&\"c'", "a&lt;b&gt;&amp;&quot;c&#39;"},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x95", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x95"},
        {"\x01|\x7f|\x1b[2J|\n\t", "\\x01|\\x7f|\\x1b[2J|\n\t"},
        {"\xff\xc3(\xe2\x82", "\\xff\\xc3(\\xe2\\x82"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct duet_buffer b = {0};
        duet_put_html(&b, cases[i].text);
        assert_int_equal(b.size, strlen(cases[i].html));
        assert_memory_equal(b.data, cases[i].html, b.size);
        duet_buffer_close(&b);
    }
}

static void every_part_keeps_hostile_names_harmless(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_report *report = open_report("hostile", HOSTILE);
    struct duet_buffer *b = duet_report_page(report);
    const char *warnings[] = {HOSTILE, "plain"};
    struct duet_conditions conditions = {0};
    duet_conditions_text(&conditions, HOSTILE, HOSTILE);
    duet_report_section(report, HOSTILE, HOSTILE);
    duet_report_conditions(report, &conditions);
    duet_report_warnings(report, warnings, 2);
    const struct duet_interval interval = {0.1, 0.3};
    const struct duet_tile tiles[] = {{HOSTILE, 0.2, &interval, HOSTILE}, {"none", NAN, NULL, NULL}};
    duet_put_tiles(b, tiles, 2);
    static const double x[] = {0, 0.5, NAN, 7}, y[] = {1, NAN, INFINITY, -3};
    const struct duet_chart_line line = {x, y, 4, "red", HOSTILE};
    const struct duet_chart chart = {HOSTILE, HOSTILE, HOSTILE, 1, true, 300, 200, &line, 1};
    duet_put_chart(b, &chart);
    const char *names[] = {HOSTILE, "b"};
    static const uint64_t cells[] = {3, 1, 0, 0};
    const struct duet_matrix matrix = {names, cells, 2, "truth", "found"};
    duet_put_matrix(b, &matrix);
    duet_put_confusions(b, &matrix, SIZE_MAX, 5);
    duet_put(b, "<table><tr>");
    duet_put_bar_cell(b, NAN, &interval);
    duet_put_bar_cell(b, 2, &(struct duet_interval){NAN, NAN});
    duet_put_score_cell(b, INFINITY);
    duet_put(b, "</tr></table>");

    struct duet_image image;
    assert_ok(duet_image_create(&image, 20, 10, DUET_RGB8, &e), e);
    const struct duet_report_key keys[] = {{1, 2, 3, HOSTILE}};
    const struct duet_report_heading heading = {HOSTILE, HOSTILE, keys, 1};
    const struct duet_report_picture picture = {&image, HOSTILE};
    assert_ok(duet_report_pictures(report, &heading, &picture, 1, &e), e);
    static const struct duet_report_mark marks[] = {{1, 2, 3, 4, DUET_REPORT_HIT, HOSTILE},
                                                    {-5, NAN, -3, INFINITY, DUET_REPORT_MISSED, NULL}};
    const struct duet_report_boxes sets[] = {{marks, 2, HOSTILE}, {NULL, 0, "nothing"}};
    assert_ok(duet_report_boxes(report, &heading, &image, sets, 2, &e), e);
    assert_ok(duet_report_commit(&report, &e), e);
    assert_null(report);

    struct seen seen = read_page("hostile/index.html");
    assert_true(seen.elements > 60 && seen.hostile_text && seen.hostile_attribute);
    assert_int_equal(seen.images, 3);
    assert_int_equal(scratch_count(&scratch, "hostile/pictures"), 2);
    duet_image_close(&image);
    duet_conditions_close(&conditions);
}

static void numbers_do_not_leave_their_charts(void **state)
{
    (void)state;
    struct duet_buffer b = {0};
    static const double x[] = {-1, 0.5, 9}, y[] = {-1, 0.5, 9};
    const struct duet_chart_line line = {x, y, 3, "red", NULL};
    const struct duet_chart chart = {NULL, NULL, NULL, 1, false, 144, 128, &line, 1};
    duet_put_chart(&b, &chart); /* the axes take 100 by 100, from 30, 8 */
    duet_put_bytes(&b, "", 1);
    assert_non_null(strstr(b.data, "d=\"M30 108L80 58L130 8\""));
    b.size = 0;
    duet_put_bar_cell(&b, 0.5, &(struct duet_interval){0.25, 0.75});
    duet_put_bytes(&b, "", 1);
    assert_non_null(strstr(b.data, "<rect x=\"0\" y=\"1\" width=\"85\""));
    assert_non_null(strstr(b.data, "<rect x=\"42.5\" y=\"5.25\" width=\"85\""));
    duet_buffer_close(&b);
}

static void confusions_come_largest_first(void **state)
{
    (void)state;
    struct duet_buffer b = {0};
    const char *names[] = {"a", "b", "c"};
    static const uint64_t cells[] = {90, 7, 3, 0, 0, 0, 1, 30, 69};
    const struct duet_matrix matrix = {names, cells, 3, "truth", "found"};
    duet_put_confusions(&b, &matrix, SIZE_MAX, 2);
    duet_put_bytes(&b, "", 1);
    const char *first = strstr(b.data, "<td>c</td><td class=\"word\">b</td><td>30</td><td>30.0 %</td>");
    const char *second = strstr(b.data, "<td>a</td><td class=\"word\">b</td><td>7</td><td>7.0 %</td>");
    assert_true(first && second && first < second);
    assert_null(strstr(b.data, "<td>3</td>"));
    b.size = 0;
    duet_put_confusions(&b, &matrix, 1, 9);
    duet_put_bytes(&b, "", 1);
    assert_null(strstr(b.data, ">b<"));
    assert_non_null(strstr(b.data, "<td>3</td>"));
    duet_buffer_close(&b);
}

/* --- VOC ---------------------------------------------------------------------------------------------- */

static struct duet_image mask(int width, int height, int from, int class_id)
{
    struct duet_image m;
    struct duet_error e;
    assert_ok(duet_image_create(&m, width, height, DUET_GRAY8, &e), e);
    for (int y = 0; y < height; y++) memset(duet_image_row(&m, y) + from, class_id, (size_t)(width - from));
    return m;
}

static const struct duet_label names[] = {{0, "background"}, {6, HOSTILE}};
static const struct duet_voc_classes classes = {7, {names, 2}};

/* Pictures with class 6 from column 10 on, found from `found` on. */
static void add_picture(struct duet_voc_miou *miou, const char *id, int class_id, int found)
{
    static const int bands[] = {2};
    struct duet_image truth = mask(20, 10, 10, class_id), predicted = mask(20, 10, found, class_id);
    const struct duet_voc_pair pair = {&truth, &predicted, "t", "p"};
    struct duet_voc_counts counts;
    struct duet_error e;
    assert_ok(duet_voc_count(&pair, 7, bands, 1, &counts, &e), e);
    assert_ok(duet_voc_miou_add(miou, id, &counts, &e), e);
    duet_voc_counts_close(&counts);
    duet_image_close(&truth);
    duet_image_close(&predicted);
}

static void pictures_are_ranked(void **state)
{
    (void)state;
    struct duet_voc_miou *miou;
    struct duet_error e;
    size_t images[10];
    assert_ok(duet_voc_miou_create(classes, &miou, &e), e);
    add_picture(miou, "good", 6, 11);
    add_picture(miou, "empty", 0, 11);
    add_picture(miou, "bad", 6, 19);
    add_picture(miou, "perfect", 6, 10);
    add_picture(miou, "bad too", 6, 19);
    assert_int_equal(duet_voc_rank(miou, false, images, 10), 4);
    assert_true(images[0] == 2 && images[1] == 4 && images[2] == 0 && images[3] == 3);
    assert_int_equal(duet_voc_rank(miou, true, images, 2), 2);
    assert_true(images[0] == 3 && images[1] == 0);
    assert_int_equal(duet_voc_rank(miou, true, images, 0), 0);
    duet_voc_miou_close(&miou);
}

static void a_page_of_masks_is_well_formed(void **state)
{
    (void)state;
    static const int bands[] = {2};
    struct duet_voc_miou *miou;
    struct duet_error e;
    struct duet_conditions conditions = {0};
    assert_ok(duet_voc_miou_create(classes, &miou, &e), e);
    add_picture(miou, HOSTILE, 6, 12);
    const struct duet_voc_outcome outcome = {miou, bands, 1, 10, 1, &conditions};
    static struct duet_voc_summary summary;
    assert_ok(duet_voc_summarize(&outcome, &summary, &e), e);
    struct duet_report *report = open_report("voc", "masks");
    duet_voc_report_masks(report, &summary);
    struct duet_image image, truth = mask(20, 10, 10, 6), small = mask(19, 10, 10, 6);
    assert_ok(duet_image_create(&image, 20, 10, DUET_RGB8, &e), e);
    assert_ok(duet_voc_report_picture(report, miou, 0, &image, &truth, &truth, &e), e);
    assert_fails(DUET_MISMATCH, duet_voc_report_picture(report, miou, 0, &image, &small, &small, &e), e);
    assert_fails(DUET_MISMATCH, duet_voc_report_picture(report, miou, 0, &image, &truth, &small, &e), e);
    assert_ok(duet_report_commit(&report, &e), e);
    assert_int_equal(read_page("voc/index.html").images, 3);
    duet_image_close(&image);
    duet_image_close(&truth);
    duet_image_close(&small);
    duet_voc_miou_close(&miou);
}

static void a_page_of_boxes_is_well_formed(void **state)
{
    (void)state;
    static const struct duet_voc_truth truths[] = {{0, 1, 1, 1, 9, 9, false}};
    static const struct duet_voc_detection found[] = {{0, 1, 0.5, 1, 1, 9, 9}, {0, 2, 0.5, 1, 1, 9, 9}};
    struct duet_voc_map *map;
    struct duet_error e;
    struct duet_conditions conditions = {0};
    assert_ok(duet_voc_map_open(truths, 1, found, 2, 1, DUET_VOC_MAP_OVERLAP, &map, &e), e);
    const struct duet_voc_map_outcome outcome = {map, NULL, 0, 0, &conditions};
    struct duet_report *report = open_report("boxes", "boxes");
    duet_voc_report_detections(report, &outcome);
    assert_ok(duet_report_commit(&report, &e), e);
    read_page("boxes/index.html");
    duet_voc_map_close(&map);
}

/* --- COCO --------------------------------------------------------------------------------------------- */

static const char coco_truth[] =
    "{\"images\": [{\"id\": 1, \"file_name\": \"<b>1.jpg\", \"width\": 20, \"height\": 10},"
    "{\"id\": 2, \"file_name\": \"2.jpg\", \"width\": 20, \"height\": 10},"
    "{\"id\": 3, \"width\": 20, \"height\": 10}],\n"
    "\"categories\": [{\"id\": 7, \"name\": \"</svg><script>7\"}, {\"id\": 9, \"name\": \"nine\"},"
    "{\"id\": 11, \"name\": \"absent\"}],\n"
    "\"annotations\": [{\"id\": 1, \"image_id\": 1, \"category_id\": 7, \"bbox\": [0, 0, 8, 8], \"area\": "
    "64},"
    "{\"id\": 2, \"image_id\": 1, \"category_id\": 9, \"bbox\": [10, 0, 8, 8], \"area\": 64},"
    "{\"id\": 3, \"image_id\": 1, \"category_id\": 9, \"bbox\": [0, 0, 20, 9], \"area\": 90, \"iscrowd\": 1},"
    "{\"id\": 4, \"image_id\": 2, \"category_id\": 9, \"bbox\": [1, 1, 8, 8], \"area\": 64}]}";
static const char coco_found[] =
    "[{\"image_id\": 1, \"category_id\": 7, \"bbox\": [0, 0, 8, 7], \"score\": 0.9},"
    "{\"image_id\": 1, \"category_id\": 7, \"bbox\": [10, 0, 8, 8], \"score\": 0.8},"
    "{\"image_id\": 2, \"category_id\": 9, \"bbox\": [1, 1, 8, 8], \"score\": 0.4}]";

static size_t count_of(const char *text, const char *what)
{
    size_t count = 0;
    for (; (text = strstr(text, what)); text++) count++;
    return count;
}

static void a_page_of_coco_scores_is_well_formed(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_coco_truth truth;
    struct duet_coco_results results;
    struct duet_coco_eval *eval;
    struct duet_coco_replicates replicates;
    struct duet_coco_confusion confusion;
    struct duet_coco_tide tide;
    struct duet_coco_point items[3];
    struct duet_conditions conditions = {0};
    static const char *const warnings[] = {HOSTILE};
    scratch_write(&scratch, "truth.json", coco_truth, sizeof coco_truth - 1);
    assert_ok(duet_coco_truth_open(scratch.path, false, &truth, &e), e);
    scratch_write(&scratch, "found.json", coco_found, sizeof coco_found - 1);
    assert_ok(duet_coco_results_open(scratch.path, false, &results, &e), e);
    assert_ok(duet_coco_eval_open(&truth, &results, NULL, &eval, &e), e);
    assert_ok(duet_coco_bootstrap(eval, 10, 1, NULL, &replicates, &e), e);
    assert_ok(duet_coco_confusion_count(eval, 0.5, 0.5, &confusion, &e), e);
    assert_ok(duet_coco_tide_measure(eval, 0.5, 0.1, &tide, &e), e);
    assert_ok(duet_coco_find_points(eval, 0, DUET_COCO_BEST_F1, 0, items, &e), e);
    const struct duet_coco_points points = {items, 0.5, DUET_COCO_BEST_F1, 0};
    const struct duet_coco_outcome outcome = {eval, &replicates, &confusion, &tide,
                                              true, warnings,    1,          &conditions};
    struct duet_report *report = open_report("coco", "coco");
    duet_coco_report(report, &outcome, &points);

    double scores[3];
    size_t images[3];
    assert_ok(duet_coco_image_scores(eval, scores, &e), e);
    assert_int_equal(duet_coco_rank(eval, scores, false, images, 3), 2);
    assert_true(images[0] == 0 && images[1] == 1);
    assert_int_equal(duet_coco_rank(eval, scores, true, images, 1), 1);
    assert_true(images[0] == 1);
    struct duet_image picture;
    assert_ok(duet_image_create(&picture, 20, 10, DUET_RGB8, &e), e);
    const struct duet_coco_shown shown = {0, scores[0], 0.5, 0.5};
    assert_ok(duet_coco_report_picture(report, eval, &shown, &picture, &e), e);
    assert_ok(duet_report_commit(&report, &e), e);
    assert_int_equal(read_page("coco/index.html").images, 2);
    char *page = scratch_read(&scratch, "coco/index.html");
    assert_non_null(strstr(page, "1 of 2 found, 1 wrong"));
    assert_non_null(strstr(page, "nine (crowd)"));
    assert_non_null(strstr(page, "&lt;/svg&gt;&lt;script&gt;7 90%"));
    assert_int_equal(count_of(page, "stroke-dasharray"), 1); /* the one that was missed */
    assert_int_equal(count_of(page, "stroke=\"#3ddc84\""), 1);
    assert_int_equal(count_of(page, "stroke=\"#ff5a48\""), 1);
    free(page);
    duet_image_close(&picture);
    duet_coco_replicates_close(&replicates);
    duet_coco_confusion_close(&confusion);
    duet_coco_eval_close(&eval);
    duet_coco_results_close(&results);
    duet_coco_truth_close(&truth);
}

static void a_folder_that_cannot_be_made_is_told(void **state)
{
    (void)state;
    struct duet_report *report;
    struct duet_error e;
    scratch_write(&scratch, "file", "x", 1);
    assert_fails(DUET_EXISTS, duet_report_open(scratch_path(&scratch, "file/x"), "t", "s", &report, &e), e);
    assert_null(report);
    report = open_report("gone", "t");
    scratch_delete(scratch_path(&scratch, "gone"));
    assert_fails(DUET_NOT_FOUND, duet_report_commit(&report, &e), e);
    assert_null(report);
    duet_report_discard(&report);
    duet_report_discard(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_escaped),
        cmocka_unit_test(every_part_keeps_hostile_names_harmless),
        cmocka_unit_test(numbers_do_not_leave_their_charts),
        cmocka_unit_test(confusions_come_largest_first),
        cmocka_unit_test(pictures_are_ranked),
        cmocka_unit_test(a_page_of_masks_is_well_formed),
        cmocka_unit_test(a_page_of_boxes_is_well_formed),
        cmocka_unit_test(a_page_of_coco_scores_is_well_formed),
        cmocka_unit_test(a_folder_that_cannot_be_made_is_told),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
