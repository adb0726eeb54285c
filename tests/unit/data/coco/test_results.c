#include "support/testing.h"

#include "data/coco/results.h"
#include "support/scratch_group.h"

#include <jansson.h>
#include <math.h>

static enum duet_status open_bytes(const void *bytes, size_t size, struct duet_coco_results *results,
                                   struct duet_error *error)
{
    return duet_coco_results_open(scratch_memory(&scratch, bytes, size), false, results, error);
}

static void refuses(const char *json, const char *words)
{
    struct duet_error e;
    struct duet_coco_results results = {.count = 9};
    assert_fails(DUET_BAD_FORMAT, open_bytes(json, strlen(json), &results, &e), e);
    assert_null(results.items);
    assert_int_equal(results.count, 0);
    char *whole = duet_text("%s: %s", scratch.path, words);
    assert_string_equal(e.text, whole);
    free(whole);
}

static const char sample[] =
    "[{\"image_id\": 139, \"category_id\": 18, \"bbox\": [10.5, 20.25, 1e2, 0], \"score\": 0.93},\n"
    " {\"score\":0.1, \"extra\": {\"bbox\": [[1], {\"score\": \"x\"}]}, \"bbox\":[-1,-2,-3,4],"
    "\"category_id\":-7,\"image_id\":9007199254740991},\n"
    " {\"image_id\":1.0,\"category_id\":2,\"score\":1,"
    "\"segmentation\":{\"size\":[1,2],\"counts\":\"01\"}},\n"
    " {\"image_id\":0,\"category_id\":0,\"score\":1e999,\"bbox\":[0,0,1,1],\"segmentation\":[[0,0,1]]}]\n";

static void results_are_read(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_coco_results r;
    assert_ok(open_bytes(sample, sizeof sample - 1, &r, &e), e);
    assert_int_equal(r.count, 4);
    assert_int_equal(r.items[0].image_id, 139);
    assert_int_equal(r.items[0].category_id, 18);
    assert_true(r.items[0].score == 0.93 && r.items[0].x == 10.5 && r.items[0].y == 20.25);
    assert_true(r.items[0].width == 100 && r.items[0].height == 0);
    assert_int_equal(r.items[1].image_id, 9007199254740991);
    assert_int_equal(r.items[1].category_id, -7);
    assert_true(r.items[1].x == -1 && r.items[1].width == -3 && r.items[1].height == 4);
    assert_true(r.items[2].width == 0 && r.items[2].score == 1);
    assert_true(isinf(r.items[3].score) && r.items[3].width == 1);
    assert_int_equal(r.not_finite, 1);
    assert_int_equal(r.without_box, 1);
    duet_coco_results_close(&r);
    assert_null(r.items);
    duet_coco_results_close(&r);
    duet_coco_results_close(NULL);
}

static void an_empty_array_is_no_results(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_coco_results r;
    assert_ok(open_bytes(" [ ] ", 5, &r, &e), e);
    assert_int_equal(r.count, 0);
    duet_coco_results_close(&r);
}

#define ITEM "{\"image_id\":1,\"category_id\":2,\"score\":0.5,\"bbox\":[1,2,3,4]}"

static void wrong_files_are_refused_with_their_place(void **state)
{
    (void)state;
    refuses("", "line 1, column 1: broken JSON: premature EOF");
    refuses("{}", "line 1, column 1: expected an array of results, got an object");
    refuses("null ", "line 1, column 4: expected an array of results, got null");
    refuses("[[]]", "line 1, column 2: results[0]: expected an object, got an array");
    refuses("[" ITEM ",\n3]", "line 2, column 1: results[1]: expected an object, got a number");
    refuses("[\n\n{}]", "line 3, column 2: results[0] has no \"image_id\"");
    refuses("[{\"image_id\":1}]", "line 1, column 15: results[0] has no \"category_id\"");
    refuses("[{\"image_id\":1,\"category_id\":2}]", "line 1, column 31: results[0] has no \"score\"");
    refuses("[{\"image_id\":1,\"category_id\":2,\"score\":1}]",
            "line 1, column 41: results[0] has no \"bbox\"");
    refuses("[{\"image_id\":{}}]",
            "line 1, column 14: results[0].image_id: expected a number or a string, got an object");
    refuses("[{\"category_id\":NaN}]",
            "line 1, column 19: results[0].category_id: expected a number or a string, got NaN");
    refuses("[{\"score\":null}]", "line 1, column 14: results[0].score: expected a number, got null");
    refuses("[{\"bbox\":3}]", "line 1, column 10: results[0].bbox: expected an array of 4 numbers, got 3");
    refuses("[{\"bbox\":{}}]",
            "line 1, column 10: results[0].bbox: expected an array of 4 numbers, got an object");
    refuses("[{\"bbox\":[1,2,3]}]", "line 1, column 16: results[0].bbox: expected 4 numbers, got 3");
    refuses("[{\"bbox\":[1,2,3,4,5]}]", "line 1, column 19: results[0].bbox: expected 4 numbers, got more");
    refuses("[{\"bbox\":[1,2,[],4]}]", "line 1, column 15: results[0].bbox: expected numbers, got an array");
    refuses("[{\"bbox\":[1,\"2\"]}]", "line 1, column 15: results[0].bbox: expected numbers, got a string");
    refuses("[{\"score\":\"0.5\"}]", "line 1, column 15: results[0].score: expected a number, got a string");
    refuses("[" ITEM "," ITEM, "line 1, column 120: broken JSON: premature EOF");
    refuses("[" ITEM ITEM "]", "line 1, column 61: broken JSON: after array element, I expect ',' or ']'");
    refuses("[" ITEM ",]", "line 1, column 62: broken JSON: unallowed token at this point in JSON text");
}

static void what_python_reads_is_read(void **state)
{
    (void)state;
    static const char json[] =
        "\xef\xbb\xbf[{\"image_id\":\"im 1\",\"category_id\":1.0,\"score\":0.25,\"score\":true,\"bbox\":[9],"
        "\"bbox\":[1,2,3,4],\"extra\":NaN},\n"
        "{\"image_id\":9007199254740993,\"category_id\":\"c\",\"score\":1,\"bbox\":[],\"segmentation\":null}"
        "]";
    struct duet_error e;
    struct duet_coco_results r;
    char room[DUET_COCO_ID_ROOM];
    char *text = duet_text("%s", json);
    memset(strstr(text, "\"bbox\":[9],"), ' ', strlen("\"bbox\":[9],")); /* the first is looked at, too */
    assert_ok(open_bytes(text, strlen(text), &r, &e), e);
    free(text);
    assert_int_equal(r.count, 2);
    assert_true(duet_coco_id_is_named(r.items[0].image_id));
    assert_string_equal(duet_coco_id_text(r.ids, r.items[0].image_id, room), "im 1");
    assert_int_equal(r.items[0].category_id, 1);
    assert_true(r.items[0].score == 1 && r.items[0].height == 4);
    assert_int_equal(r.items[1].image_id, 9007199254740993);
    assert_false(r.items[1].has_box);
    assert_int_equal(r.without_box, 1);
    duet_coco_results_close(&r);
}

static void a_file_cut_anywhere_is_broken(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof sample - 2; size++) {
        struct duet_error e;
        struct duet_coco_results r;
        assert_fails(DUET_BAD_FORMAT, open_bytes(sample, size, &r, &e), e);
        assert_null(r.items);
    }
}

static void a_file_with_any_byte_changed_is_answered(void **state)
{
    (void)state;
    static const unsigned char replacements[] = {0, '"', '[', '}', '9', '-', 0xff};
    char bytes[sizeof sample - 1];
    for (size_t at = 0; at < sizeof bytes; at++)
        for (size_t i = 0; i < sizeof replacements; i++) {
            struct duet_error e;
            struct duet_coco_results r;
            memcpy(bytes, sample, sizeof bytes);
            bytes[at] = (char)replacements[i];
            enum duet_status status = open_bytes(bytes, sizeof bytes, &r, &e);
            assert_true((status == DUET_OK) == (r.items != NULL));
            if (status == DUET_OK) assert_int_equal(r.count, 4);
            duet_coco_results_close(&r);
        }
}

static void a_file_of_many_chunks_reads_as_a_whole(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_coco_results r;
    FILE *stream = fopen(scratch_path(&scratch, "many.json"), "wb");
    assert_non_null(stream);
    enum { COUNT = 30000 };
    for (int i = 0; i < COUNT; i++)
        fprintf(stream,
                "%c{\"image_id\":%d,\"category_id\":%d,\"bbox\":[%d.5,%d.25,%d,%d],\"score\":0.%06d}\n",
                i ? ',' : '[', i, i % 90 + 1, i, i * 2, i * 3, i * 4, i);
    fputs("]", stream);
    fclose(stream);
    assert_ok(duet_coco_results_open(scratch_path(&scratch, "many.json"), false, &r, &e), e);
    assert_int_equal(r.count, COUNT);
    for (int i = 0; i < COUNT; i++) {
        const struct duet_coco_result *d = &r.items[i];
        assert_true(d->image_id == i && d->category_id == i % 90 + 1 && d->x == i + 0.5 &&
                    d->y == i * 2 + 0.25);
        assert_true(d->width == i * 3 && d->height == i * 4 && d->score == i / 1e6);
    }
    duet_coco_results_close(&r);
}

/* Against another JSON library, over the reference detections. */
static void the_reference_file_reads_as_jansson_reads_it(void **state)
{
    (void)state;
    testing_need_shared(shared);
    struct duet_error e;
    struct duet_coco_results r;
    char *path = duet_text("%s/data/coco/reference_detections_dev200.json", shared);
    assert_ok(duet_coco_results_open(path, false, &r, &e), e);
    json_t *array = json_load_file(path, 0, NULL);
    assert_non_null(array);
    assert_int_equal(r.count, 20000);
    assert_int_equal(r.count, json_array_size(array));
    for (size_t i = 0; i < r.count; i++) {
        json_t *d = json_array_get(array, i), *box = json_object_get(d, "bbox");
        assert_int_equal(r.items[i].image_id, json_integer_value(json_object_get(d, "image_id")));
        assert_int_equal(r.items[i].category_id, json_integer_value(json_object_get(d, "category_id")));
        assert_true(r.items[i].score == json_number_value(json_object_get(d, "score")));
        assert_true(r.items[i].x == json_number_value(json_array_get(box, 0)));
        assert_true(r.items[i].y == json_number_value(json_array_get(box, 1)));
        assert_true(r.items[i].width == json_number_value(json_array_get(box, 2)));
        assert_true(r.items[i].height == json_number_value(json_array_get(box, 3)));
    }
    json_decref(array);
    duet_coco_results_close(&r);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_read),
        cmocka_unit_test(an_empty_array_is_no_results),
        cmocka_unit_test(wrong_files_are_refused_with_their_place),
        cmocka_unit_test(what_python_reads_is_read),
        cmocka_unit_test(a_file_cut_anywhere_is_broken),
        cmocka_unit_test(a_file_with_any_byte_changed_is_answered),
        cmocka_unit_test(a_file_of_many_chunks_reads_as_a_whole),
        cmocka_unit_test(the_reference_file_reads_as_jansson_reads_it),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
