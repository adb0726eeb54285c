#include "support/testing.h"

#include "data/coco/images.h"
#include "support/scratch_group.h"

static enum duet_status open_bytes(const void *bytes, size_t size, struct duet_coco_images **images,
                                   struct duet_error *error)
{
    return duet_coco_images_open(scratch_memory(&scratch, bytes, size), images, error);
}

static enum duet_status open_text(const char *text, struct duet_coco_images **images,
                                  struct duet_error *error)
{
    return open_bytes(text, strlen(text), images, error);
}

/* The id that `images` gives for a path; -1 for none. */
static int64_t id_of(const struct duet_coco_images *images, const char *path)
{
    int64_t id = -1;
    return duet_coco_images_find(images, path, &id) ? id : -1;
}

/* Fails with `status`, and the text ends in `words` after the file's name. */
static void refuses(enum duet_status status, const char *json, const char *words)
{
    struct duet_error e;
    struct duet_coco_images *images = NULL;
    assert_fails(status, open_text(json, &images, &e), e);
    assert_null(images);
    char *whole = duet_text("%s: %s", scratch.path, words);
    assert_string_equal(e.text, whole);
    free(whole);
}

static const char sample[] =
    "{\"info\": {\"images\": [1, {\"id\": \"x\"}]},\n"
    " \"licenses\": [], \"images\": [\n"
    "  {\"license\": 2, \"file_name\": \"000000000139.jpg\", \"id\": 139, \"tags\": [{\"id\": 7}, \"id\"]},\n"
    "  {\"id\": 7, \"file_name\": \"train/a.jpg\"},\n"
    "  {\"id\": 8, \"file_name\": \"val/a.jpg\"},\n"
    "  {\"id\": 9.0, \"file_name\": \"val/b.jpg\"},\n"
    "  {\"id\": 9, \"file_name\": \"val/b.jpg\"},\n"
    "  {\"id\": 0, \"file_name\": \"\\u732b \\\"\\u00e9\\\".jpg\"}],\n"
    " \"annotations\": [{\"id\": 5, \"images\": [], \"segmentation\": [[1.5, 2e3]], \"x\": null, \"y\": "
    "true}]}\n";

static void names_lead_to_ids(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_coco_images *images;
    assert_ok(open_text(sample, &images, &e), e);
    assert_int_equal(id_of(images, "000000000139.jpg"), 139);
    assert_int_equal(id_of(images, "/data/val2017/000000000139.jpg"), 139);
    assert_int_equal(id_of(images, "./000000000139.jpg"), 139);
    assert_int_equal(id_of(images, "x000000000139.jpg"), -1);
    assert_int_equal(id_of(images, "000000000139.jpg/"), -1);
    assert_int_equal(id_of(images, "train/a.jpg"), 7);
    assert_int_equal(id_of(images, "/big/val/a.jpg"), 8);
    assert_int_equal(id_of(images, "bigval/a.jpg"), -1); /* not at a '/' */
    assert_int_equal(id_of(images, "a.jpg"), -1);        /* two ids */
    assert_int_equal(id_of(images, "test/a.jpg"), -1);
    assert_int_equal(id_of(images, "b.jpg"), 9);
    assert_int_equal(id_of(images, "elsewhere/b.jpg"), 9);
    assert_int_equal(id_of(images, "p/\xe7\x8c\xab \"\xc3\xa9\".jpg"), 0);
    assert_int_equal(id_of(images, ""), -1);
    duet_coco_images_close(&images);
    assert_null(images);
    duet_coco_images_close(&images);
    duet_coco_images_close(NULL);
}

static void a_whole_name_outweighs_a_last_component(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_coco_images *images;
    assert_ok(
        open_text("{\"images\":[{\"id\":1,\"file_name\":\"x/a.jpg\"},{\"id\":2,\"file_name\":\"a.jpg\"}]}",
                  &images, &e),
        e);
    assert_int_equal(id_of(images, "x/a.jpg"), 1);
    assert_int_equal(id_of(images, "a.jpg"), 2);
    assert_int_equal(id_of(images, "y/a.jpg"), 2);
    duet_coco_images_close(&images);
}

static void many_names_are_all_found(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_coco_images *images;
    FILE *stream = fopen(scratch_path(&scratch, "many.json"), "wb");
    assert_non_null(stream);
    fputs("{\"images\":[", stream); /* some chunks long */
    for (int i = 0; i < 20000; i++)
        fprintf(stream, "%s{\"file_name\":\"dir%d/%012d.jpg\",\"id\":%d}", i ? "," : "", i % 7, i, i * 3);
    fputs("]}", stream);
    fclose(stream);
    assert_ok(duet_coco_images_open(scratch_path(&scratch, "many.json"), &images, &e), e);
    for (int i = 0; i < 20000; i++) {
        char name[64];
        snprintf(name, sizeof name, "%012d.jpg", i);
        assert_int_equal(id_of(images, name), i * 3);
    }
    duet_coco_images_close(&images);
}

static void wrong_files_are_refused_with_their_place(void **state)
{
    (void)state;
    refuses(DUET_BAD_FORMAT, "", "line 1, column 1: broken JSON: premature EOF");
    refuses(DUET_BAD_FORMAT, "[]", "line 1, column 1: expected an object with \"images\", got an array");
    refuses(DUET_BAD_FORMAT, "7 ", "line 1, column 1: expected an object with \"images\", got a number");
    refuses(DUET_BAD_FORMAT, "{}", "no \"images\" in it, expected a COCO instances file");
    refuses(DUET_BAD_FORMAT, "{\"images\": {}}",
            "line 1, column 12: \"images\": expected an array, got an object");
    refuses(DUET_BAD_FORMAT, "{\"images\":\n 5}",
            "line 2, column 2: \"images\": expected an array, got a number");
    refuses(DUET_BAD_FORMAT, "{\"images\":[3]}",
            "line 1, column 12: images[0]: expected an object, got a number");
    refuses(DUET_BAD_FORMAT, "{\"images\":[[]]}",
            "line 1, column 12: images[0]: expected an object, got an array");
    refuses(DUET_BAD_FORMAT, "{\"images\":[\n\n{\"file_name\":\"a\"}]}",
            "line 3, column 17: images[0] has no \"id\"");
    refuses(DUET_BAD_FORMAT, "{\"images\":[{\"id\":{}}]}",
            "line 1, column 18: images[0].id: expected a number or a string, got an object");
    refuses(DUET_BAD_FORMAT, "{\"images\":[]} x",
            "line 1, column 15: broken JSON: trailing garbage");
    refuses(DUET_BAD_FORMAT, "{\"images\":[{\"file_name\":\"\xff\",\"id\":1}]}",
            "line 1, column 26: broken JSON: invalid bytes in UTF8 string.");
}

static void contradictions_are_refused(void **state)
{
    (void)state;
    refuses(DUET_MISMATCH, "{\"images\":[{\"id\":1,\"file_name\":\"a\"},\n{\"id\":2,\"file_name\":\"a\"}]}",
            "line 2, column 24: images[1]: 'a' has the id 2 here and 1 before");
}

static void what_names_cannot_be_costs_only_that_image(void **state)
{
    (void)state;
    struct duet_coco_images *images = NULL;
    struct duet_error e;
    int64_t id;
    char room[DUET_COCO_ID_ROOM];
    assert_ok(
        open_text(
            "\xef\xbb\xbf{\"images\":[{\"id\":1},{\"id\":2,\"file_name\":null},{\"id\":3,\"file_name\":7},"
            "{\"id\":4,\"id\":\"v 1\",\"file_name\":\"x\",\"file_name\":\"lab\\\\in\\\\a.png\"},"
            "{\"id\":9007199254740993,\"file_name\":\"b.png\"}]}",
            &images, &e),
        e);
    assert_true(duet_coco_images_find(images, "data/lab/in/a.png", &id));
    assert_string_equal(duet_coco_id_text(duet_coco_images_ids(images), id, room), "v 1");
    assert_true(duet_coco_images_find(images, "a.png", &id));
    assert_true(duet_coco_images_find(images, "b.png", &id));
    assert_int_equal(id, 9007199254740993);
    assert_false(duet_coco_images_find(images, "7", &id));
    duet_coco_images_close(&images);
}

/* `count` times `piece`, behind "{\"images\":[],\"x\":" */
static char *repeated(const char *piece, size_t count, size_t *size)
{
    static const char head[] = "{\"images\":[],\"x\":";
    size_t length = strlen(piece);
    *size = sizeof head - 1 + count * length;
    char *text = malloc(*size + 1);
    assert_non_null(text);
    strcpy(text, head);
    for (size_t i = 0; i < count; i++) memcpy(text + sizeof head - 1 + i * length, piece, length);
    return text;
}

static void limits_hold(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_coco_images *images = NULL;
    size_t size;
    char *deep = repeated("[", 1000000, &size);
    assert_fails(DUET_TOO_LARGE, open_bytes(deep, size, &images, &e), e);
    assert_non_null(strstr(e.text, "nested deeper than 1000"));
    free(deep);
    char *deep_objects = repeated("{\"a\":", 1000000, &size);
    assert_fails(DUET_TOO_LARGE, open_bytes(deep_objects, size, &images, &e), e);
    free(deep_objects);
    char *long_text = repeated("aaaaaaaaaaaaaaaa", 2u << 20, &size);
    long_text[strlen("{\"images\":[],\"x\":")] = '"';
    assert_fails(DUET_TOO_LARGE, open_bytes(long_text, size, &images, &e), e);
    assert_non_null(strstr(e.text, "a string longer than 16777216 bytes"));
    free(long_text);
    assert_fails(DUET_NOT_FOUND, duet_coco_images_open("no/such.json", &images, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_coco_images_open(scratch.folder, &images, &e), e);
    assert_null(images);
}

static void a_file_cut_anywhere_is_broken(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof sample - 2; size++) { /* the last newline may go */
        struct duet_error e;
        struct duet_coco_images *images = NULL;
        assert_fails(DUET_BAD_FORMAT, open_bytes(sample, size, &images, &e), e);
        assert_non_null(strstr(e.text, "line "));
        assert_null(images);
    }
}

/* Whatever a byte is changed into, the reader answers: with images, or with an error and nothing. */
static void a_file_with_any_byte_changed_is_answered(void **state)
{
    (void)state;
    static const unsigned char replacements[] = {0, '"', '{', ']', '9', '\\', 0xff};
    char bytes[sizeof sample - 1];
    for (size_t at = 0; at < sizeof bytes; at++)
        for (size_t i = 0; i < sizeof replacements; i++) {
            struct duet_error e;
            struct duet_coco_images *images = NULL;
            memcpy(bytes, sample, sizeof bytes);
            bytes[at] = (char)replacements[i];
            enum duet_status status = open_bytes(bytes, sizeof bytes, &images, &e);
            assert_true((status == DUET_OK) == (images != NULL));
            duet_coco_images_close(&images);
        }
}

static void the_official_file_reads(void **state)
{
    (void)state;
    testing_need_shared(shared);
    struct duet_error e;
    struct duet_coco_images *images;
    char *path = duet_text("%s/data/coco/instances_val2017_dev200.json", shared);
    assert_ok(duet_coco_images_open(path, &images, &e), e);
    assert_int_equal(id_of(images, "val2017/000000000139.jpg"), 139);
    duet_coco_images_close(&images);
    free(path);
}

static void stems_end_in_ids(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int64_t id; /* -1: none */
    } cases[] = {
        {"000000000139.jpg", 139},
        {"a/b/COCO_val2014_000000000042.jpg", 42},
        {"12/cat.jpg", -1},
        {"cat.jpg", -1},
        {"7", 7},
        {"7.tar.gz", -1},
        {"x9.8.jpg", 8},
        {".5", 5},
        {"-", -1},
        {"", -1},
        {"a/", -1},
        {"0.png", 0},
        {"9007199254740992.png", 9007199254740992},
        {"9007199254740993.png", -1},
        {"99999999999999999999999999.png", -1},
        {"0000000000000000000000000001.png", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t id = -1;
        assert_int_equal(duet_coco_id_from_stem(cases[i].path, &id), cases[i].id >= 0);
        assert_int_equal(id, cases[i].id);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_lead_to_ids),
        cmocka_unit_test(a_whole_name_outweighs_a_last_component),
        cmocka_unit_test(many_names_are_all_found),
        cmocka_unit_test(wrong_files_are_refused_with_their_place),
        cmocka_unit_test(contradictions_are_refused),
        cmocka_unit_test(what_names_cannot_be_costs_only_that_image),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(a_file_cut_anywhere_is_broken),
        cmocka_unit_test(a_file_with_any_byte_changed_is_answered),
        cmocka_unit_test(the_official_file_reads),
        cmocka_unit_test(stems_end_in_ids),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
