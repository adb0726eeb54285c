#include "support/testing.h"

#include "coco/masks_read.h"
#include "data/coco/results.h"
#include "data/coco/truth.h"
#include "support/scratch_group.h"

#include <math.h>

static enum duet_status open_bytes(const void *bytes, size_t size, bool masks, struct duet_coco_truth *truth,
                                   struct duet_error *error)
{
    return duet_coco_truth_open(scratch_memory(&scratch, bytes, size), masks, truth, error);
}

static void refuses_with(enum duet_status status, bool masks, const char *json, const char *words)
{
    struct duet_error e;
    struct duet_coco_truth truth = {.image_count = 9};
    assert_fails(status, open_bytes(json, strlen(json), masks, &truth, &e), e);
    assert_null(truth.images);
    assert_null(truth.masks);
    assert_int_equal(truth.image_count, 0);
    char *whole = duet_text("%s: %s", scratch.path, words);
    assert_string_equal(e.text, whole);
    free(whole);
}

static void refuses(const char *json, const char *words)
{
    refuses_with(DUET_BAD_FORMAT, true, json, words);
}

/* Annotations first, as some files have them; ids that are no order; what nobody asked for in between. */
static const char sample[] =
    "{\"info\": {\"images\": [{\"id\": \"x\"}], \"annotations\": 5},\n"
    " \"annotations\": [\n"
    "  {\"segmentation\": [[1.5, 2, 3, 2, 3, 4.25], [0, 0, 1e1, 0, 0, 10.125]], \"area\": 12.5, \"iscrowd\": "
    "0, \"image_id\": 7, \"bbox\": [1.5, 2, 1.5, 2.25], \"category_id\": 3, \"id\": 11},\n"
    "  {\"id\": 5, \"image_id\": -2, \"category_id\": 90, \"bbox\": [0, 0, 4, 4], \"iscrowd\": true, "
    "\"area\": 5, \"segmentation\": {\"counts\": [7, 3, 2, 3, 1], \"size\": [4, 4]}, \"x\": [[{}]]},\n"
    "  {\"id\": 6, \"image_id\": -2, \"category_id\": 90, \"bbox\": [0, 0, 2, 3], \"iscrowd\": 0, "
    "\"segmentation\": {\"size\": [4, 4], \"extra\": [[1]], \"counts\": \"7320O\"}}],\n"
    " \"categories\": [{\"supercategory\": \"q\", \"id\": 90, \"name\": \"\\u732b\"}, {\"id\": 3}],\n"
    " \"images\": [{\"file_name\": \"b.jpg\", \"height\": 4, \"width\": 4, \"id\": 7, \"license\": 1},\n"
    "  {\"id\": -2, \"file_name\": \"a.jpg\"}]}\n";

static void all_of_it_is_read(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_coco_truth t;
    assert_ok(open_bytes(sample, sizeof sample - 1, false, &t, &e), e);
    assert_int_equal(t.image_count, 2);
    assert_int_equal(t.category_count, 2);
    assert_int_equal(t.annotation_count, 3);
    assert_int_equal(t.images[0].id, 7);
    assert_string_equal(t.images[0].file_name, "b.jpg");
    assert_int_equal(t.images[0].width, 4);
    assert_int_equal(t.images_by_id[0], 1);
    assert_ptr_equal(duet_coco_truth_image(&t, -2), &t.images[1]);
    assert_ptr_equal(duet_coco_truth_image(&t, 7), &t.images[0]);
    assert_null(duet_coco_truth_image(&t, 0));
    assert_string_equal(duet_coco_truth_category(&t, 90)->name, "\xe7\x8c\xab");
    assert_string_equal(duet_coco_truth_category(&t, 3)->name, "");
    assert_null(duet_coco_truth_category(&t, 4));
    const struct duet_coco_annotation *a = t.annotations;
    assert_int_equal(a[0].id, 11);
    assert_int_equal(a[0].image_id, 7);
    assert_int_equal(a[0].category_id, 3);
    assert_true(a[0].x == 1.5 && a[0].y == 2 && a[0].width == 1.5 && a[0].height == 2.25);
    assert_true(a[0].area == 12.5 && !a[0].crowd && a[0].mask == 0);
    assert_true(a[1].crowd && a[1].area == 5);
    assert_true(a[2].area == 6);
    assert_int_equal(t.odd[DUET_COCO_NO_AREA].count, 1);
    assert_int_equal(t.odd[DUET_COCO_NO_AREA].first, 6);
    for (int odd = 0; odd < DUET_COCO_ODDITIES; odd++)
        if (odd != DUET_COCO_NO_AREA) assert_int_equal(t.odd[odd].count, 0);
    assert_null(t.masks);
    duet_coco_truth_close(&t);
    assert_null(t.images);
    duet_coco_truth_close(&t);
    duet_coco_truth_close(NULL);
}

static void masks_are_read_when_asked_for(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_coco_truth t;
    struct duet_coco_mask_scratch memory = {0};
    struct duet_rle runs = {0}, other = {0};
    assert_ok(open_bytes(sample, sizeof sample - 1, true, &t, &e), e);
    for (int i = 0; i < 3; i++) assert_true(t.annotations[i].mask > 0);
    assert_ok(duet_coco_mask_runs(t.masks, t.annotations[1].mask, 9, 9, &memory, &runs, &e), e);
    assert_ok(duet_coco_mask_runs(t.masks, t.annotations[2].mask, 9, 9, &memory, &other, &e), e);
    assert_int_equal(runs.height, 4);
    assert_int_equal(runs.count, 5);
    assert_int_equal(other.count, 5);
    assert_memory_equal(runs.counts, other.counts, 5 * sizeof *runs.counts);
    /* Two polygons, one kept in hundredths, one not: both are there, as pixels in either. */
    struct duet_rle_scratch polygon = {0};
    struct duet_rle first = {0}, second = {0};
    const double one[] = {1.5, 2, 3, 2, 3, 4.25}, two[] = {0, 0, 10, 0, 0, 10.125};
    assert_ok(duet_rle_from_polygon(&first, one, 3, 12, 14, &polygon, &e), e);
    assert_ok(duet_rle_from_polygon(&second, two, 3, 12, 14, &polygon, &e), e);
    assert_true(duet_rle_union(&other, &first, &second));
    assert_ok(duet_coco_mask_runs(t.masks, t.annotations[0].mask, 12, 14, &memory, &runs, &e), e);
    assert_int_equal(runs.width, 14);
    assert_true(duet_rle_area(&runs) > 40);
    assert_int_equal(duet_rle_intersection(&runs, &other), duet_rle_area(&other));
    assert_int_equal(duet_rle_area(&runs), duet_rle_area(&other));
    duet_rle_close(&first);
    duet_rle_close(&second);
    duet_rle_close(&runs);
    duet_rle_close(&other);
    duet_rle_scratch_close(&polygon);
    duet_coco_mask_scratch_close(&memory);
    duet_coco_truth_close(&t);
}

static void coordinates_keep_every_bit(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_coco_results r;
    struct duet_coco_mask_scratch memory = {0};
    struct duet_rle runs = {0};
    const char *json = "[{\"image_id\":1,\"category_id\":1,\"score\":1,\"segmentation\":"
                       "[[510.66,0.01,-3.07,9999999.99,1,2.5,0.1,-0.0]]},\n"
                       "{\"image_id\":1,\"category_id\":1,\"score\":1,\"segmentation\":"
                       "[[510.665,0.1,0.30000000000000004,1e-9,-1,1e7]]}]";
    assert_ok(duet_coco_results_open(scratch_memory(&scratch, json, strlen(json)), true, &r, &e), e);
    assert_int_equal(r.without_box, 2);
    const double first[] = {510.66, 0.01, -3.07, 9999999.99, 1, 2.5, 0.1, -0.0};
    const double second[] = {510.665, 0.1, 0.30000000000000004, 1e-9, -1, 1e7};
    assert_ok(duet_coco_mask_runs(r.masks, r.items[0].mask, 2, 2, &memory, &runs, &e), e);
    assert_memory_equal(memory.xy, first, sizeof first);
    assert_ok(duet_coco_mask_runs(r.masks, r.items[1].mask, 2, 2, &memory, &runs, &e), e);
    assert_memory_equal(memory.xy, second, sizeof second);
    duet_rle_close(&runs);
    duet_coco_mask_scratch_close(&memory);
    duet_coco_results_close(&r);
}

/* No run at all is a mask of 0 pixels; found by fuzzing, with nothing read before it. */
static void a_mask_of_no_pixels_may_have_no_runs(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_coco_results r;
    struct duet_coco_mask_scratch memory = {0};
    struct duet_rle runs = {0};
    static const char *const counts[] = {"\"\"", "[]", "[0]"};
    for (size_t i = 0; i < 3; i++) {
        char *json = duet_text("[{\"image_id\":1,\"category_id\":1,\"score\":1,\"segmentation\":"
                               "{\"size\":[0,7],\"counts\":%s}}]",
                               counts[i]);
        assert_ok(duet_coco_results_open(scratch_memory(&scratch, json, strlen(json)), true, &r, &e), e);
        assert_ok(duet_coco_mask_runs(r.masks, r.items[0].mask, 0, 7, &memory, &runs, &e), e);
        assert_true(duet_rle_area(&runs) == 0 && runs.height == 0 && runs.width == 7);
        duet_coco_results_close(&r);
        free(json);
    }
    duet_rle_close(&runs);
    duet_coco_mask_scratch_close(&memory);
}

/* --- what is odd ---------------------------------------------------------------------------------------- */

static void oddities_are_counted(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_coco_truth t;
    const char *json =
        "{\"images\":[{\"id\":1},{\"id\":2},{\"id\":1,\"width\":10,\"height\":10,\"file_name\":\"twice\"},"
        "{\"id\":3}],\n"
        "\"categories\":[{\"id\":5,\"name\":\"a\"},{\"id\":4},{\"id\":5,\"name\":\"b\"}],\n"
        "\"annotations\":[\n"
        "{\"id\":1,\"image_id\":1,\"category_id\":5,\"bbox\":[0,0,-1,5],\"area\":1},\n"
        "{\"id\":2,\"image_id\":9,\"category_id\":5,\"bbox\":[0,0,1,5],\"area\":1,\"ignore\":1},\n"
        "{\"id\":3,\"image_id\":2,\"category_id\":8,\"bbox\":[0,0,1,5],\"area\":-1,\"iscrowd\":0},\n"
        "{\"id\":4,\"image_id\":1,\"category_id\":5,\"bbox\":[0,0,11,11],\"area\":1},\n"
        "{\"id\":4,\"image_id\":1,\"category_id\":5,\"bbox\":[0,0,11.5,11],\"area\":1},\n"
        "{\"id\":4,\"image_id\":1,\"category_id\":5,\"bbox\":[-1.5,0,1,1],\"area\":1},\n"
        "{\"id\":7,\"image_id\":1,\"category_id\":4,\"area\":1,\"segmentation\":null},\n"
        "{\"id\":8,\"image_id\":2,\"category_id\":4,\"bbox\":[0,0,1e6,5],\"segmentation\":[]}]}";
    assert_ok(open_bytes(json, strlen(json), true, &t, &e), e);
    assert_int_equal(t.image_count, 3);
    assert_int_equal(t.images[2].id, 3);
    assert_string_equal(duet_coco_truth_image(&t, 1)->file_name, "twice");
    assert_int_equal(duet_coco_truth_image(&t, 1)->index, 2);
    assert_ptr_equal(duet_coco_truth_image(&t, 3), &t.images[2]);
    assert_int_equal(t.category_count, 2);
    assert_string_equal(duet_coco_truth_category(&t, 5)->name, "b");
    assert_int_equal(t.annotation_count, 8);
    static const struct {
        enum duet_coco_oddity oddity;
        size_t count;
        int64_t first;
    } want[DUET_COCO_ODDITIES] = {
        {DUET_COCO_TWO_IMAGES, 1, 1},       {DUET_COCO_TWO_CATEGORIES, 1, 5},
        {DUET_COCO_TWO_ANNOTATIONS, 2, 4},  {DUET_COCO_UNKNOWN_IMAGE, 1, 2},
        {DUET_COCO_UNKNOWN_CATEGORY, 1, 3}, {DUET_COCO_NEGATIVE_SIZE, 2, 1},
        {DUET_COCO_OUTSIDE, 2, 4},          {DUET_COCO_NO_BOX, 1, 7},
        {DUET_COCO_NO_AREA, 1, 8},          {DUET_COCO_NO_MASK, 8, 1},
        {DUET_COCO_IGNORE, 1, 2},           {DUET_COCO_ODD_AREA, 0, 0},
        {DUET_COCO_NO_CROWD, 7, 1},         {DUET_COCO_TEXT_ID, 0, 0},
    };
    for (size_t i = 0; i < DUET_COCO_ODDITIES; i++) {
        const struct duet_coco_odd *odd = &t.odd[want[i].oddity];
        if (odd->count != want[i].count || odd->first != want[i].first)
            fail_msg("%s: %zu, first %lld", duet_coco_oddity_words(want[i].oddity), odd->count,
                     (long long)odd->first);
        assert_non_null(duet_coco_oddity_subject(want[i].oddity));
    }
    duet_coco_truth_close(&t);
}

/* --- what is refused ------------------------------------------------------------------------------------ */

#define LISTS "\"images\":[],\"categories\":[],\"annotations\":["

static void wrong_files_are_refused_with_their_place(void **state)
{
    (void)state;
    refuses("", "line 1, column 1: broken JSON: premature EOF");
    refuses("[]", "line 1, column 1: expected an object with \"images\", \"categories\" and \"annotations\", "
                  "got an array");
    refuses("{\"images\":[],\"categories\":[]}", "no \"annotations\" in it, expected a COCO instances file");
    refuses("{\"images\":[],\"annotations\":[]}", "no \"categories\" in it, expected a COCO instances file");
    refuses("{}", "no \"images\" in it, expected a COCO instances file");
    refuses("{\"images\":{}}", "line 1, column 11: \"images\": expected an array, got an object");
    refuses("{\"images\":[5]}", "line 1, column 12: images[0]: expected an object, got a number");
    refuses("{\"images\":[{\"file_name\":\"a\"}]}", "line 1, column 28: images[0] has no \"id\"");
    refuses("{\"images\":[{\"id\":NaN}]}",
            "line 1, column 20: images[0].id: expected a number or a string, got NaN");
    refuses("{\"categories\":[{\"id\":[1]}]}",
            "line 1, column 22: categories[0].id: expected a number or a string, got an array");
    refuses("{\"annotations\":[{}]}", "line 1, column 18: annotations[0] has no \"id\"");
    refuses("{\"annotations\":[{\"id\":1,\"image_id\":2}]}",
            "line 1, column 37: annotations[0] has no \"category_id\"");
    refuses("{\"annotations\":[{\"id\":1,\"image_id\":\"\\u0000\"}]}",
            "line 1, column 43: annotations[0].image_id: expected a number or a string, got a string");
}

/* --- what is passed over -------------------------------------------------------------------------------- */

/* One annotation with these fields in place of its own. */
static void open_annotation(const char *fields, struct duet_coco_truth *truth)
{
    struct duet_error e;
    char *json = duet_text("{" LISTS "{\"id\":1,\"image_id\":1,\"category_id\":1%s}]}", fields);
    assert_ok(open_bytes(json, strlen(json), true, truth, &e), e);
    assert_int_equal(truth->annotation_count, 1);
    free(json);
}

static void boxes_that_cannot_be_used_are_noted(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "has no \"bbox\""},
        {",\"bbox\":null", "bbox: expected an array of 4 numbers, got null"},
        {",\"bbox\":7.5", "bbox: expected an array of 4 numbers, got 7.5"},
        {",\"bbox\":{\"x\":1}", "bbox: expected an array of 4 numbers, got an object"},
        {",\"bbox\":[]", "bbox: expected 4 numbers, got 0"},
        {",\"bbox\":[1,2,3]", "bbox: expected 4 numbers, got 3"},
        {",\"bbox\":[1,2,3,4,5]", "bbox: expected 4 numbers, got 5"},
        {",\"bbox\":[1,2,3,NaN]", "bbox: expected finite numbers, got NaN"},
        {",\"bbox\":[1,2,-1e999,\"4\"]", "bbox: expected finite numbers, got -1e999"},
        {",\"bbox\":[1,2,[3],4]", "bbox: expected finite numbers, got an array"},
    };
    struct duet_coco_truth t;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        open_annotation(cases[i][0], &t);
        assert_false(t.annotations[0].has_box);
        assert_true(t.annotations[0].width == 0);
        assert_int_equal(t.odd[DUET_COCO_NO_BOX].count, 1);
        assert_string_equal(duet_coco_truth_fault(&t, 0, false), cases[i][1]);
        duet_coco_truth_close(&t);
    }
    open_annotation(",\"bbox\":null,\"bbox\":[1,2,3],\"bbox\":[1,2.5,true,4]", &t); /* the last counts */
    assert_true(t.annotations[0].has_box && t.annotations[0].y == 2.5 && t.annotations[0].width == 1);
    assert_int_equal(t.odd[DUET_COCO_NO_BOX].count, 0);
    duet_coco_truth_close(&t);
}

static void areas_and_crowds_are_what_python_makes_of_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool has_area, nan, crowd, has_crowd;
        double area;
    } cases[] = {
        {",\"area\":NaN,\"iscrowd\":0.0", true, true, false, true, 0},
        {",\"area\":-Infinity,\"iscrowd\":1.0", true, false, true, true, -INFINITY},
        {",\"area\":true,\"iscrowd\":true", true, false, true, true, 1},
        {",\"area\":\"7\",\"iscrowd\":\"0\"", false, false, false, false, 12},
        {",\"area\":null,\"iscrowd\":null", false, false, false, false, 12},
        {",\"area\":3,\"area\":{},\"iscrowd\":0.5", false, false, false, false, 12},
        {",\"area\":{},\"area\":3,\"iscrowd\":2", true, false, true, true, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct duet_coco_truth t;
        char *fields = duet_text(",\"bbox\":[0,0,3,4]%s", cases[i].text);
        open_annotation(fields, &t);
        const struct duet_coco_annotation *one = &t.annotations[0];
        assert_int_equal(one->has_area, cases[i].has_area);
        assert_true(cases[i].nan ? isnan(one->area) : one->area == cases[i].area);
        assert_int_equal(t.odd[DUET_COCO_NO_AREA].count, !cases[i].has_area);
        assert_int_equal(t.odd[DUET_COCO_ODD_AREA].count, !isfinite(one->area));
        assert_int_equal(one->crowd, cases[i].crowd);
        assert_int_equal(t.odd[DUET_COCO_NO_CROWD].count, !cases[i].has_crowd);
        free(fields);
        duet_coco_truth_close(&t);
    }
}

static void images_and_categories_may_say_anything_of_themselves(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_coco_truth t;
    const char *json = "\xef\xbb\xbf{\"info\":NaN,\"images\":[5],\"images\":["
                       "{\"id\":1,\"width\":null,\"height\":100.5,\"file_name\":7,\"license\":NaN},"
                       "{\"id\":2,\"width\":120000,\"height\":-1e300,\"file_name\":null},"
                       "{\"id\":3,\"width\":\"640\",\"file_name\":\"x\",\"file_name\":\"a\\u0000b\"}],"
                       "\"categories\":[{\"id\":1,\"name\":7},{\"id\":2,\"name\":[\"a\"]},{\"id\":3}],"
                       "\"annotations\":[]}";
    /* Of "images" the second counts, but the first is read, too. */
    assert_fails(DUET_BAD_FORMAT, open_bytes(json, strlen(json), true, &t, &e), e);
    char *good = duet_text("%s", json);
    memcpy(strstr(good, "[5]"), "[ ]", 3);
    assert_ok(open_bytes(good, strlen(good), true, &t, &e), e);
    free(good);
    assert_int_equal(t.image_count, 3);
    assert_true(t.images[0].width == 0 && t.images[0].height == 100.5);
    assert_true(t.images[1].width == 120000 && t.images[1].height == -1e300);
    assert_true(t.images[2].width == 0);
    for (int i = 0; i < 3; i++) assert_string_equal(t.images[i].file_name, "");
    assert_string_equal(t.categories[0].name, "7");
    assert_string_equal(t.categories[1].name, "");
    duet_coco_truth_close(&t);
}

/* --- ids ------------------------------------------------------------------------------------------------ */

/* The place in the file of the image with an id, as a word of a list; -1: none. */
static int image_of(const struct duet_coco_truth *t, const char *word, bool string)
{
    const struct duet_coco_id_words ids = duet_coco_id_of_word(t->ids, word, strlen(word));
    const struct duet_coco_image *image = duet_coco_truth_image(t, string ? ids.string : ids.number);
    return image ? (int)image->index : -1;
}

static void ids_are_those_that_python_tells_apart(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_coco_truth t;
    const char *json =
        "{\"images\":[{\"id\":\"b\"},{\"id\":9007199254740993},{\"id\":\"1\"},{\"id\":1},"
        "{\"id\":99999999999999999999},{\"id\":99999999999999999998},{\"id\":-9223372036854775808},"
        "{\"id\":0.5},{\"id\":\"\\u00e9\"},{\"id\":9007199254740992.0},{\"id\":1e400},{\"id\":null},"
        "{\"id\":-0.0},{\"id\":\"a\"}],"
        "\"categories\":[{\"id\":\"cat\"}],"
        "\"annotations\":[{\"id\":\"x\",\"image_id\":true,\"category_id\":\"cat\"},"
        "{\"id\":2,\"image_id\":\"b\",\"category_id\":\"dog\"}]}";
    assert_ok(open_bytes(json, strlen(json), true, &t, &e), e);
    assert_int_equal(t.image_count, 14); /* no two are one */
    static const struct {
        const char *word;
        bool string;
        int index;
    } cases[] = {{"b", true, 0},
                 {"9007199254740993", false, 1},
                 {"1", true, 2},
                 {"1", false, 3},
                 {"1.0", false, 3},
                 {"99999999999999999999", false, 4},
                 {"99999999999999999998", false, 5},
                 {"-9223372036854775808", false, 6},
                 {"5e-1", false, 7},
                 {"\xc3\xa9", true, 8},
                 {"9007199254740992", false, 9},
                 {"1e999", false, 10},
                 {"0", false, 12},
                 {"c", true, -1},
                 {"0", true, -1},
                 {"2", false, -1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(image_of(&t, cases[i].word, cases[i].string), cases[i].index);
    assert_int_equal(t.annotations[0].image_id, 1);
    assert_int_equal(t.annotations[0].category_id, t.categories[0].id);
    assert_int_equal(t.odd[DUET_COCO_UNKNOWN_IMAGE].count, 0);
    assert_int_equal(t.odd[DUET_COCO_UNKNOWN_CATEGORY].count, 1);
    assert_int_equal(t.odd[DUET_COCO_TEXT_ID].first, t.annotations[0].id);
    char room[DUET_COCO_ID_ROOM];
    assert_string_equal(duet_coco_id_text(t.ids, t.images[0].id, room), "b");
    assert_string_equal(duet_coco_id_text(t.ids, t.images[4].id, room), "99999999999999999999");
    assert_string_equal(duet_coco_id_text(t.ids, t.images[6].id, room), "-9223372036854775808");
    assert_string_equal(duet_coco_id_text(t.ids, 1, room), "1");
    /* In the order that they would be sorted in, numbers by size, strings by code points. */
    assert_true(t.images[13].id < t.images[0].id && t.images[0].id < t.images[8].id);
    assert_true(t.images[5].id < t.images[4].id && t.images[4].id < t.images[10].id);
    duet_coco_truth_close(&t);
}

/* --- masks that are none -------------------------------------------------------------------------------- */

static void no_mask(const char *mask, const char *words)
{
    struct duet_coco_truth t;
    char *fields = duet_text(",\"segmentation\":%s,\"bbox\":[0,0,1,1]", mask);
    char *want = duet_text("segmentation: %s", words);
    open_annotation(fields, &t);
    assert_int_equal(t.annotations[0].mask, 0);
    assert_true(t.annotations[0].has_box);
    assert_int_equal(t.odd[DUET_COCO_NO_MASK].count, 1);
    assert_string_equal(duet_coco_truth_fault(&t, 0, true), want);
    duet_coco_truth_close(&t);
    free(fields);
    free(want);
}

static void masks_that_are_none_are_noted(void **state)
{
    (void)state;
    no_mask("null", "expected polygons or runs, got null");
    no_mask("[]", "no polygons in it");
    no_mask("[[]]", "the first polygon needs 3 points, of 2 numbers each");
    no_mask("5", "expected polygons or runs, got 5");
    no_mask("\"x\"", "expected polygons or runs, got a string");
    no_mask("[1,2,3,4,5,6]", "expected polygons: [[x, y, x, y ...] ...], got 1");
    no_mask("[[1,2,3,4],[1,2,3,4,5,6]]", "the first polygon needs 3 points, of 2 numbers each");
    no_mask("[[1,2,3,4,5,null]]", "expected numbers, got null");
    no_mask("[[1,2,3,4,5,[6]]]", "expected numbers, got an array");
    no_mask("[[1,2,3,4,5,1e8]]", "expected coordinates within +-1e7, got 1e8");
    no_mask("{}", "no \"size\": [height, width]");
    no_mask("{\"size\":[4,4]}", "no \"counts\"");
    no_mask("{\"size\":[4],\"counts\":\"7320O\"}", "no \"size\": [height, width]");
    no_mask("{\"size\":[4,4,4]}", "expected \"size\": [height, width], got 4");
    no_mask("{\"size\":[4,\"4\"]}", "expected \"size\": [height, width], got a string");
    no_mask("{\"size\":16}", "expected \"size\": [height, width], got 16");
    no_mask("{\"size\":[-4,-4],\"counts\":\"7320O\"}", "no size a mask can have");
    no_mask("{\"size\":[65535,65535],\"counts\":[0]}", "no size a mask can have");
    no_mask("{\"size\":[4,5],\"counts\":\"7320O\"}", "its runs do not add up to its size");
    no_mask("{\"size\":[4,4],\"counts\":[7,3,2,3]}", "its runs do not add up to its size");
    no_mask("{\"size\":[4,4],\"counts\":\"7320~\"}", "not a compressed mask");
    no_mask("{\"counts\":[-1]}", "expected runs: whole numbers from 0 to 2^30, got -1");
    no_mask("{\"counts\":[2000000000]}", "expected runs: whole numbers from 0 to 2^30, got 2000000000");
    no_mask("{\"counts\":7}", "expected \"counts\": a string or an array, got 7");
}

static void limits_hold(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_coco_truth t;
    char *deep = malloc(100000);
    assert_non_null(deep);
    memset(deep, '[', 100000);
    memcpy(deep, "{\"x\":", 5);
    assert_fails(DUET_TOO_LARGE, open_bytes(deep, 100000, true, &t, &e), e);
    assert_non_null(strstr(e.text, "nested deeper than 1000"));
    free(deep);
    assert_fails(DUET_NOT_FOUND, duet_coco_truth_open("no/such.json", false, &t, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_coco_truth_open(scratch.folder, false, &t, &e), e);
}

static void a_file_cut_anywhere_is_broken(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof sample - 2; size++) { /* the last newline may go */
        struct duet_error e;
        struct duet_coco_truth t;
        assert_fails(DUET_BAD_FORMAT, open_bytes(sample, size, size % 2, &t, &e), e);
        assert_non_null(strstr(e.text, "line "));
        assert_null(t.annotations);
    }
}

/* Whatever a byte is changed into, the reader answers: with a truth, or with an error and nothing. */
static void a_file_with_any_byte_changed_is_answered(void **state)
{
    (void)state;
    static const unsigned char replacements[] = {0, '"', '{', ']', '9', '-', '\\', 0xff};
    char bytes[sizeof sample - 1];
    for (size_t at = 0; at < sizeof bytes; at++)
        for (size_t i = 0; i < sizeof replacements; i++) {
            struct duet_error e;
            struct duet_coco_truth t;
            memcpy(bytes, sample, sizeof bytes);
            bytes[at] = (char)replacements[i];
            if (open_bytes(bytes, sizeof bytes, true, &t, &e) == DUET_OK)
                assert_true(t.annotation_count <= 4);
            else
                assert_null(t.annotations);
            duet_coco_truth_close(&t);
        }
}

static void the_official_file_reads(void **state)
{
    (void)state;
    testing_need_shared(shared);
    struct duet_error e;
    struct duet_coco_truth t;
    char *path = duet_text("%s/data/coco/instances_val2017_dev200.json", shared);
    assert_ok(duet_coco_truth_open(path, true, &t, &e), e);
    assert_int_equal(t.image_count, 200);
    assert_int_equal(t.category_count, 80);
    assert_int_equal(t.annotation_count, 1640);
    size_t crowds = 0;
    for (size_t i = 0; i < t.annotation_count; i++) crowds += t.annotations[i].crowd;
    assert_int_equal(crowds, 18);
    for (int odd = 0; odd < DUET_COCO_ODDITIES; odd++) assert_int_equal(t.odd[odd].count, 0);
    duet_coco_truth_close(&t);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it_is_read),
        cmocka_unit_test(masks_are_read_when_asked_for),
        cmocka_unit_test(coordinates_keep_every_bit),
        cmocka_unit_test(a_mask_of_no_pixels_may_have_no_runs),
        cmocka_unit_test(oddities_are_counted),
        cmocka_unit_test(wrong_files_are_refused_with_their_place),
        cmocka_unit_test(boxes_that_cannot_be_used_are_noted),
        cmocka_unit_test(areas_and_crowds_are_what_python_makes_of_them),
        cmocka_unit_test(images_and_categories_may_say_anything_of_themselves),
        cmocka_unit_test(ids_are_those_that_python_tells_apart),
        cmocka_unit_test(masks_that_are_none_are_noted),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(a_file_cut_anywhere_is_broken),
        cmocka_unit_test(a_file_with_any_byte_changed_is_answered),
        cmocka_unit_test(the_official_file_reads),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
