#include "support/testing.h"

#include "data/coco/subset.h"
#include "support/scratch_group.h"

#include <jansson.h>
#include <math.h>

/* --- copying -------------------------------------------------------------------------------------------- */

static enum duet_status copy_text(const char *json, const int64_t *ids, size_t count, char **text,
                                  struct duet_error *error)
{
    size_t size = 0;
    FILE *out = open_memstream(text, &size);
    assert_non_null(out);
    enum duet_status status =
        duet_coco_copy_subset(scratch_memory(&scratch, json, strlen(json)), NULL, ids, count, out, "out", error);
    assert_int_equal(fclose(out), 0);
    return status;
}

static const char sample[] =
    "{\"info\": {\"images\": [{\"id\": 1}], \"x\": [[], {}, null, true]}, \"e\": [], \"n\": 1.50E+3,\n"
    " \"annotations\": [\n"
    "  {\"id\": 1, \"image_id\": 7, \"bbox\": [0.10, 1e400, -0, 12345678901234567890], \"t\": {\"image_id\": "
    "9}},\n"
    "  {\"id\": 7, \"image_id\": 8, \"segmentation\": [[1, 2], [3]]},\n"
    "  {\"t\": \"\\\"\\\\\\u0001\\u00e9\\n/\", \"image_id\": 9.0, \"id\": 2},\n"
    "  {\"id\": 3, \"image_id\": \"7\"}, {\"id\": 4}],\n"
    " \"categories\": [{\"id\": 8}],\n"
    " \"images\": [{\"id\": 8}, {\"file_name\": \"a\", \"id\": 7}, {\"id\": 9, \"image_id\": 8}]}";

static void only_what_belongs_to_the_images_stays(void **state)
{
    (void)state;
    struct duet_error e;
    char *text;
    const int64_t ids[] = {7, 9};
    assert_ok(copy_text(sample, ids, 2, &text, &e), e);
    assert_string_equal(
        text, "{\"info\":{\"images\":[{\"id\":1}],\n\"x\":[[],{},null,true]},\n\"e\":[],\n\"n\":1.50e+3,\n"
              "\"annotations\":[{\"id\":1,\"image_id\":7,\"bbox\":[0.10,1e400,-0,12345678901234567890],"
              "\"t\":{\"image_id\":9}},\n"
              "{\"t\":\"\\\"\\\\\\u0001\xc3\xa9\\n/\",\"image_id\":9.0,\"id\":2}],\n"
              "\"categories\":[{\"id\":8}],\n"
              "\"images\":[{\"file_name\":\"a\",\"id\":7},\n{\"id\":9,\"image_id\":8}]}\n");
    free(text);
    assert_ok(copy_text(sample, ids, 0, &text, &e), e);
    assert_non_null(strstr(text, "\"annotations\":[],"));
    assert_non_null(strstr(text, "\"images\":[]}"));
    free(text);
    const int64_t last[] = {8};
    assert_ok(copy_text(sample, last, 1, &text, &e), e);
    assert_non_null(
        strstr(text, "\"annotations\":[{\"id\":7,\"image_id\":8,\"segmentation\":[[1,2],[3]]}],"));
    free(text);
}

static void faults_are_told(void **state)
{
    (void)state;
    struct duet_error e;
    char *text;
    const int64_t ids[] = {7};
    for (size_t size = 0; size < sizeof sample - 1; size++) {
        char cut[sizeof sample];
        memcpy(cut, sample, size);
        cut[size] = '\0';
        assert_fails(DUET_BAD_FORMAT, copy_text(cut, ids, 1, &text, &e), e);
        free(text);
    }
    FILE *full = fopen("/dev/full", "w");
    if (!full) skip();
    setvbuf(full, NULL, _IONBF, 0);
    const char *path = scratch_memory(&scratch, sample, sizeof sample - 1);
    assert_fails(DUET_IO_ERROR, duet_coco_copy_subset(path, NULL, ids, 1, full, "/dev/full", &e), e);
    assert_non_null(strstr(e.text, "/dev/full: cannot write"));
    fclose(full);
}

/* The copy, read as JSON, is the original less what does not belong. */
static void the_official_file_is_copied(void **state)
{
    (void)state;
    testing_need_shared(shared);
    struct duet_error e;
    struct duet_coco_truth truth;
    int64_t *ids;
    char *path = duet_text("%s/data/coco/instances_val2017_dev200.json", shared);
    assert_ok(duet_coco_truth_open(path, false, &truth, &e), e);
    assert_ok(duet_coco_choose_images(&truth, 50, 1, false, &ids, &e), e);
    FILE *out = fopen(scratch_path(&scratch, "part.json"), "w");
    assert_non_null(out);
    assert_ok(duet_coco_copy_subset(path, NULL, ids, 50, out, "part", &e), e);
    assert_int_equal(fclose(out), 0);
    json_t *whole = json_load_file(path, 0, NULL), *part = json_load_file(scratch.path, 0, NULL);
    assert_non_null(whole);
    assert_non_null(part);
    static const char *const lists[] = {"images", "annotations"}, *const keys[] = {"id", "image_id"};
    for (int l = 0; l < 2; l++) {
        json_t *list = json_object_get(whole, lists[l]);
        for (size_t i = json_array_size(list); i-- > 0;) {
            int64_t id = json_integer_value(json_object_get(json_array_get(list, i), keys[l]));
            bool kept = false;
            for (int k = 0; k < 50; k++) kept |= ids[k] == id;
            if (!kept) json_array_remove(list, i);
        }
    }
    assert_true(json_equal(whole, part));
    assert_int_equal(json_array_size(json_object_get(part, "images")), 50);
    json_decref(whole);
    json_decref(part);
    free(ids);
    free(path);
    duet_coco_truth_close(&truth);
}

/* --- choosing ------------------------------------------------------------------------------------------- */

enum { IMAGES = 400, CLASSES = 4 };

/* Image i has class 0 in 3 of 4, class 1 in every 5th, class 2 in every 40th, class 3 in two. */
static bool has(int image, int k)
{
    static const int every[] = {0, 5, 40, 200};
    return k == 0 ? image % 4 != 0 : image % every[k] == 1;
}

static void make_truth(struct duet_coco_truth *truth)
{
    char *text = NULL;
    size_t size = 0;
    struct duet_error e;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    fprintf(out, "{\"categories\":[{\"id\":1},{\"id\":2},{\"id\":3},{\"id\":4}],\"images\":[");
    for (int i = 0; i < IMAGES; i++) fprintf(out, "%s{\"id\":%d}", i ? "," : "", 3 * i);
    fprintf(out, "],\"annotations\":[{\"id\":1,\"image_id\":-5,\"category_id\":9}");
    for (int i = 0; i < IMAGES; i++)
        for (int k = 0; k < CLASSES; k++)
            if (has(i, k)) fprintf(out, ",{\"id\":1,\"image_id\":%d,\"category_id\":%d}", 3 * i, k + 1);
    fprintf(out, "]}");
    assert_int_equal(fclose(out), 0);
    assert_ok(duet_coco_truth_open(scratch_memory(&scratch, text, size), false, truth, &e), e);
    free(text);
}

static void choices_can_be_made_again(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_coco_truth truth;
    int64_t *one, *again, *other, *all;
    make_truth(&truth);
    for (int stratify = 0; stratify < 2; stratify++) {
        assert_ok(duet_coco_choose_images(&truth, 100, 5, stratify, &one, &e), e);
        assert_ok(duet_coco_choose_images(&truth, 100, 5, stratify, &again, &e), e);
        assert_ok(duet_coco_choose_images(&truth, 100, 6, stratify, &other, &e), e);
        assert_ok(duet_coco_choose_images(&truth, IMAGES, 6, stratify, &all, &e), e);
        assert_memory_equal(one, again, 100 * sizeof *one);
        assert_true(memcmp(one, other, 100 * sizeof *one) != 0);
        for (int i = 0; i < 100; i++) {
            assert_non_null(duet_coco_truth_image(&truth, one[i]));
            if (i > 0) assert_true(one[i] > one[i - 1]);
        }
        for (int i = 0; i < IMAGES; i++) assert_int_equal(all[i], 3 * i);
        free(one);
        free(again);
        free(other);
        free(all);
    }
    assert_fails(DUET_BAD_ARGUMENT, duet_coco_choose_images(&truth, 0, 5, false, &one, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_coco_choose_images(&truth, IMAGES + 1, 5, false, &one, &e), e);
    assert_null(one);
    duet_coco_truth_close(&truth);
}

static void every_class_keeps_its_share(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_coco_truth truth;
    make_truth(&truth);
    for (uint64_t seed = 0; seed < 20; seed++) {
        int64_t *ids;
        int count[CLASSES] = {0}, without = 0;
        assert_ok(duet_coco_choose_images(&truth, 100, seed, true, &ids, &e), e);
        for (int i = 0; i < 100; i++) {
            bool any = false;
            for (int k = 0; k < CLASSES; k++) {
                count[k] += has((int)ids[i] / 3, k);
                any |= has((int)ids[i] / 3, k);
            }
            without += !any;
        }
        free(ids);
        assert_true(abs(count[0] - 75) <= 4 && abs(count[1] - 20) <= 3);
        assert_true(count[2] >= 2 && count[2] <= 3);
        assert_true(count[3] >= 1); /* .5 of an image is one */
        assert_true(abs(without - 20) <= 4);
    }
    duet_coco_truth_close(&truth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_belongs_to_the_images_stays), cmocka_unit_test(faults_are_told),
        cmocka_unit_test(the_official_file_is_copied),           cmocka_unit_test(choices_can_be_made_again),
        cmocka_unit_test(every_class_keeps_its_share),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
