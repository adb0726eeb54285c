/* Where records go: what is refused before any work, and files that appear whole or not at all. */
#include "support/records.h"

#include "data/coco/images.h"

/* --- checks before work --------------------------------------------------------------------------------- */

static void check_fails(struct duet_writer *writer, const char *source, const char *text)
{
    struct duet_error e;
    assert_fails(DUET_BAD_ARGUMENT, duet_writer_check(writer, source, NULL, &e), e);
    assert_string_equal(e.text, text);
}

static void coco_wants_image_ids(void **state)
{
    (void)state;
    struct duet_error e;
    struct into_memory m = memory_writer((struct duet_writer_options){.format = DUET_FORMAT_COCO});
    check_fails(m.writer, "cat.jpg",
                "cat.jpg: no image id: its name ends in no digits, and no --coco-images was given");
    assert_ok(duet_writer_check(m.writer, "a/1.jpg", NULL, &e), e);
    check_fails(m.writer, "b/0001.jpg", "b/0001.jpg: its image id, 1, is that of a/1.jpg too");
    check_fails(m.writer, "a/1.jpg", "a/1.jpg: given twice, and its image id, 1, can be used once");
    struct duet_record r = still(0, "cat.jpg", &one);
    refused(&m, &r, "cat.jpg: no image id: its name ends in no digits, and no --coco-images was given");
    r = still(0, "1.mp4", &one);
    r.moving = true;
    assert_fails(DUET_UNSUPPORTED, duet_writer_write(m.writer, &r, &e), e);
    ends_as(&m, "[]\n");

    static const char json[] = "{\"images\":[{\"id\":42,\"file_name\":\"cat.jpg\"}]}";
    struct duet_coco_images *images;
    assert_ok(duet_coco_images_open(scratch_write(&scratch, "i.json", json, sizeof json - 1), &images, &e),
              e);
    m = memory_writer((struct duet_writer_options){.format = DUET_FORMAT_COCO, .coco_images = images});
    assert_ok(duet_writer_check(m.writer, "pets/cat.jpg", NULL, &e), e);
    check_fails(m.writer, "1.jpg",
                "1.jpg: no image id: the file given as --coco-images does not name it, or by several ids");
    r = still(0, "pets/cat.jpg", &one);
    put(&m, &r);
    ends_as(&m, "[\n{\"image_id\":42,\"category_id\":18,\"bbox\":[10.5,20.25,100,50.1],\"score\":0.93}\n]\n");
    duet_coco_images_close(&images);
}

static void stems_that_collide_are_refused(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_labels labels = three_labels();
    char *folder = new_folder("stems");
    struct duet_writer_options options = to_path(DUET_FORMAT_YOLO, folder);
    struct duet_writer *writer;
    options.labels = &labels;
    assert_ok(duet_writer_open(&options, &writer, &e), e);
    assert_ok(duet_writer_check(writer, "a/x.jpg", NULL, &e), e);
    assert_ok(duet_writer_check(writer, "a/x.y.jpg", NULL, &e), e);
    check_fails(writer, "b/x.png", "b/x.png: its file, x.txt, is that of a/x.jpg too");
    check_fails(writer, "a/x.jpg", "a/x.jpg: given twice, and its file, x.txt, can be used once");
    check_fails(writer, "classes.jpg",
                "classes.jpg: its file, classes.txt, is that of the list of classes too");
    struct duet_record r = still(0, "b/x.gif", &none); /* never checked */
    assert_fails(DUET_BAD_ARGUMENT, duet_writer_write(writer, &r, &e), e);
    duet_writer_discard(&writer);

    options.format = DUET_FORMAT_VOC;
    assert_ok(duet_writer_open(&options, &writer, &e), e);
    assert_ok(duet_writer_check(writer, "a/x.jpg", NULL, &e), e);
    check_fails(writer, "b/x.png", "b/x.png: its image id, x, is that of a/x.jpg too");
    check_fails(writer, "my cat.jpg", "my cat.jpg: its name is no VOC image id: it has white space in it");
    check_fails(writer, "folder/", "folder/: its name is no VOC image id: it is empty");
    duet_writer_discard(&writer);
    assert_int_equal(scratch_count(&scratch, "stems"), 0);
    free(folder);
}

/* Names below a folder keep their subfolders, as annotated pictures do, and never lead out of the results'.
 */
static void subfolders_are_kept(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_labels labels = three_labels();
    char *folder = new_folder("below");
    struct duet_writer_options options = to_path(DUET_FORMAT_YOLO, folder);
    struct duet_writer *writer;
    options.labels = &labels;
    assert_ok(duet_writer_open(&options, &writer, &e), e);
    assert_ok(duet_writer_check(writer, "in/a/x.jpg", "a/x.jpg", &e), e);
    assert_ok(duet_writer_check(writer, "in/b/x.jpg", "b/x.jpg", &e), e);
    assert_ok(duet_writer_check(writer, "in/b.c/x", "b.c/x", &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_writer_check(writer, "in/b/x.png", "b/x.png", &e), e);
    assert_string_equal(e.text, "in/b/x.png: its file, b/x.txt, is that of in/b/x.jpg too");
    static const char *const outside[] = {"../x.jpg", "/x.jpg", "a/../../x.jpg", "a/..", ".."};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        struct duet_record bad = still(0, "x.jpg", &none);
        bad.name = outside[i];
        if (duet_writer_check(writer, "x.jpg", outside[i], &e) != DUET_BAD_ARGUMENT)
            fail_msg("%s", outside[i]);
        if (duet_writer_write(writer, &bad, &e) != DUET_BAD_ARGUMENT) fail_msg("%s", outside[i]);
        bad.moving = true;
        bad.name = "../x.mp4";
        if (duet_writer_write(writer, &bad, &e) != DUET_BAD_ARGUMENT) fail_msg("a frame");
    }
    assert_ok(duet_writer_check(writer, "x", "a..b/..x", &e), e); /* only looks like it */
    struct duet_record r = still(0, "in/a/x.jpg", &none);
    r.name = "a/x.jpg";
    assert_ok(duet_writer_write(writer, &r, &e), e);
    r = still(1, "in/b/v.mp4", &none);
    r.name = "b/v.mp4", r.moving = true, r.frame = 7;
    assert_ok(duet_writer_write(writer, &r, &e), e);
    assert_ok(duet_writer_commit(&writer, &e), e);
    holds("below/a/x.txt", "");
    holds("below/b/v_000007.txt", "");
    assert_int_equal(scratch_count(&scratch, "below"), 3); /* and classes.txt */

    options = to_path(DUET_FORMAT_VOC, folder);
    options.labels = &labels;
    assert_ok(duet_writer_open(&options, &writer, &e), e);
    assert_ok(duet_writer_check(writer, "in/a/x.jpg", "a/x.jpg", &e), e);
    assert_ok(duet_writer_check(writer, "in/b/x.jpg", "b/x.jpg", &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_writer_check(writer, "in/b/x.png", "b/x.png", &e), e);
    r = still(0, "in/b/x.jpg", &one);
    r.name = "b/x.jpg";
    assert_ok(duet_writer_write(writer, &r, &e), e);
    assert_ok(duet_writer_commit(&writer, &e), e);
    holds("below/comp4_det_test_dog.txt", "b/x 0.93 11.5 21.25 110.5 70.35\n");
    free(folder);
}

static void foreign_categories_are_refused(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_labels labels = three_labels();
    char *folder = new_folder("foreign");
    for (int format = DUET_FORMAT_YOLO; format <= DUET_FORMAT_VOC; format++) {
        struct duet_writer_options options = to_path((enum duet_format)format, folder);
        struct duet_writer *writer;
        options.labels = &labels;
        assert_ok(duet_writer_open(&options, &writer, &e), e);
        struct duet_detection items[2] = {dog_and_light[0], dog_and_light[0]};
        struct duet_detections list = {.items = items, .count = 2};
        items[1].category_id = 2;
        struct duet_record r = still(0, "1.jpg", &list);
        assert_fails(DUET_BAD_ARGUMENT, duet_writer_write(writer, &r, &e), e);
        assert_string_equal(e.text, "1.jpg: detections[1] has the category 2, which is not among the labels");
        duet_writer_discard(&writer);
    }
    assert_int_equal(scratch_count(&scratch, "foreign"), 0);
    free(folder);
}

static void open_fails(enum duet_status status, struct duet_writer_options options, const char *part)
{
    struct duet_error e;
    struct duet_writer *writer = (struct duet_writer *)&e;
    assert_fails(status, duet_writer_open(&options, &writer, &e), e);
    if (!strstr(e.text, part)) fail_msg("\"%s\" says nothing of \"%s\"", e.text, part);
    assert_null(writer);
}

static void options_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    struct duet_labels nothing = {NULL, 0};
    static const struct duet_label same[] = {{1, "hot dog"}, {2, "hot_dog"}};
    struct duet_labels twins = {same, 2};
    open_fails(DUET_BAD_ARGUMENT, to_path(DUET_FORMAT_COUNT, "x"), "unknown result format");
    open_fails(DUET_BAD_ARGUMENT, to_path(DUET_FORMAT_YOLO, NULL), "yolo needs a folder");
    open_fails(DUET_BAD_ARGUMENT, to_path(DUET_FORMAT_VOC, "-"), "voc needs a folder");
    open_fails(DUET_BAD_ARGUMENT, to_path(DUET_FORMAT_CSV, NULL), "neither a file nor a stream");
    open_fails(DUET_BAD_ARGUMENT, to_path(DUET_FORMAT_CSV, ""), "name is empty");
    char *folder = new_folder("senseless");
    open_fails(DUET_BAD_ARGUMENT, to_path(DUET_FORMAT_YOLO, folder), "labels");
    struct duet_writer_options options = to_path(DUET_FORMAT_VOC, folder);
    options.labels = &nothing;
    open_fails(DUET_BAD_ARGUMENT, options, "labels");
    options.labels = &twins;
    open_fails(DUET_BAD_ARGUMENT, options, "comp4_det_test_hot_dog.txt: the name of two classes' files");
    open_fails(DUET_BAD_ARGUMENT, (struct duet_writer_options){0}, "neither a file nor a stream");
    assert_int_equal(scratch_count(&scratch, "senseless"), 0);
    free(folder);
}

/* --- files ---------------------------------------------------------------------------------------------- */

static void what_exists_is_kept_unless_forced(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_writer *writer;
    struct duet_labels labels = three_labels();
    char *folder = new_folder("existing"), *path = duet_path_join(folder, "out");
    scratch_write(&scratch, "existing/out", "precious", 8);
    scratch_write(&scratch, "existing/a.txt", "precious", 8);
    for (int format = 0; format < DUET_FORMAT_YOLO; format++)
        open_fails(DUET_EXISTS, to_path((enum duet_format)format, path), path);
    open_fails(DUET_BAD_ARGUMENT, to_path(DUET_FORMAT_CSV, folder), folder);
    struct duet_writer_options options = to_path(DUET_FORMAT_CSV, folder);
    options.force = true; /* not even then is a folder replaced by a file */
    open_fails(DUET_BAD_ARGUMENT, options, "is a folder");

    options = to_path(DUET_FORMAT_YOLO, folder);
    options.labels = &labels;
    assert_ok(duet_writer_open(&options, &writer, &e), e);
    assert_fails(DUET_EXISTS, duet_writer_check(writer, "in/a.jpg", NULL, &e), e);
    assert_non_null(strstr(e.text, "existing/a.txt: exists already"));
    struct duet_record r = still(0, "in/a.jpg", &none);
    assert_fails(DUET_EXISTS, duet_writer_write(writer, &r, &e), e);
    duet_writer_discard(&writer);
    holds("existing/a.txt", "precious");
    options.force = true;
    assert_ok(duet_writer_open(&options, &writer, &e), e);
    assert_ok(duet_writer_check(writer, "in/a.jpg", NULL, &e), e);
    assert_ok(duet_writer_write(writer, &r, &e), e);
    assert_ok(duet_writer_commit(&writer, &e), e);
    holds("existing/a.txt", "");
    options.force = false;
    open_fails(DUET_EXISTS, options, "existing/classes.txt");

    scratch_write(&scratch, "existing/comp4_det_test_dog.txt", "precious", 8);
    options.format = DUET_FORMAT_VOC;
    open_fails(DUET_EXISTS, options, "existing/comp4_det_test_dog.txt");
    holds("existing/comp4_det_test_dog.txt", "precious");
    holds("existing/out", "precious");
    assert_int_equal(scratch_count(&scratch, "existing"), 4);
    free(path);
    free(folder);
}

static void a_file_appears_when_complete_or_not_at_all(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_writer *writer;
    char *folder = new_folder("atomic"), *path = duet_path_join(folder, "out.json");
    struct duet_writer_options options = to_path(DUET_FORMAT_COCO, path);
    struct duet_record r = still(0, "1.jpg", &one);
    assert_ok(duet_writer_open(&options, &writer, &e), e);
    assert_ok(duet_writer_write(writer, &r, &e), e);
    assert_false(duet_path_exists(path));
    duet_writer_discard(&writer);
    assert_null(writer);
    assert_int_equal(scratch_count(&scratch, "atomic"), 0);
    assert_ok(duet_writer_open(&options, &writer, &e), e);
    assert_ok(duet_writer_commit(&writer, &e), e);
    holds("atomic/out.json", "[]\n");
    options.force = true;
    assert_ok(duet_writer_open(&options, &writer, &e), e);
    assert_ok(duet_writer_write(writer, &r, &e), e);
    holds("atomic/out.json", "[]\n"); /* the old one, until the new one is whole */
    assert_ok(duet_writer_commit(&writer, &e), e);
    holds("atomic/out.json",
          "[\n{\"image_id\":1,\"category_id\":18,\"bbox\":[10.5,20.25,100,50.1],\"score\":0.93}\n]\n");
    assert_int_equal(scratch_count(&scratch, "atomic"), 1);
    duet_writer_discard(&writer);
    duet_writer_discard(NULL);
    free(path);
    free(folder);
}

static void a_place_that_cannot_be_written_is_an_error_at_once(void **state)
{
    (void)state;
    struct duet_labels labels = three_labels();
    scratch_write(&scratch, "a file", "x", 1);
    char *under_a_file = duet_path_join(scratch.folder, "a file/out");
    char *nowhere = duet_path_join(scratch.folder, "no/such/folder/out");
    for (int format = 0; format < DUET_FORMAT_COUNT; format++) {
        struct duet_writer_options options = to_path((enum duet_format)format, under_a_file);
        options.labels = &labels;
        open_fails(format < DUET_FORMAT_YOLO ? DUET_NOT_FOUND : DUET_EXISTS, options, "a file");
        options.output = nowhere;
        if (format < DUET_FORMAT_YOLO) open_fails(DUET_NOT_FOUND, options, nowhere);
    }
    free(under_a_file);
    free(nowhere);
}

static void a_folder_that_may_not_be_written_is_an_error_at_once(void **state)
{
    (void)state;
    struct duet_labels labels = three_labels();
    char *folder = new_folder("read-only"), *path = duet_path_join(folder, "out");
    assert_int_equal(chmod(scratch.folder, 0755), 0);
    assert_int_equal(chmod(folder, 0555), 0);
    /* Permissions do not bind the superuser, who may however become nobody for a while. */
    bool superuser = geteuid() == 0, bound = !superuser || seteuid(65534) == 0;
    bound = bound && eaccess(folder, X_OK) == 0 && eaccess(folder, W_OK) != 0;
    for (int format = 0; bound && format < DUET_FORMAT_COUNT; format++) {
        struct duet_writer_options options =
            to_path((enum duet_format)format, format < DUET_FORMAT_YOLO ? path : folder);
        options.labels = &labels;
        open_fails(DUET_IO_ERROR, options, "read-only");
    }
    if (superuser) assert_int_equal(seteuid(0), 0);
    free(path);
    free(folder);
    if (!bound) {
        fprintf(stderr, "# skipped: nobody who is bound by permissions can reach the build folder\n");
        skip();
    }
}

static void a_full_disk_is_never_silent(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_writer *writer;
    struct duet_record r = still(0, "1.jpg", &one);
    for (int format = 0; format < DUET_FORMAT_YOLO; format++)
        for (int named = 0; named < 2; named++) {
            FILE *full = fopen("/dev/full", "wb");
            if (!full) skip();
            struct duet_writer_options options =
                to_path((enum duet_format)format, named ? "/dev/full" : NULL);
            options.stream = full;
            assert_ok(duet_writer_open(&options, &writer, &e), e); /* a device needs no force */
            assert_fails(DUET_IO_ERROR, duet_writer_write(writer, &r, &e), e);
            assert_non_null(strstr(e.text, "No space left"));
            assert_fails(DUET_IO_ERROR, duet_writer_write(writer, &r, &e), e);
            assert_fails(DUET_IO_ERROR, duet_writer_commit(&writer, &e), e);
            assert_non_null(strstr(e.text, "No space left"));
            assert_null(writer);
            if (format != DUET_FORMAT_NDJSON) { /* and without a record: header or brackets are lost too */
                assert_ok(duet_writer_open(&options, &writer, &e), e);
                assert_fails(DUET_IO_ERROR, duet_writer_commit(&writer, &e), e);
            }
            fclose(full);
        }
    struct stat st;
    assert_int_equal(stat("/dev/full", &st), 0);
    assert_true(S_ISCHR(st.st_mode)); /* still the device */
}

/* Their ids are those of the pictures that --annotate makes of them. */
static void frames_have_the_ids_of_their_pictures(void **state)
{
    (void)state;
    static const char json[] =
        "{\"images\":[{\"id\":42,\"file_name\":\"v_000007.png\"},"
        "{\"id\":43,\"file_name\":\"v_000008.jpg\"},{\"id\":44,\"file_name\":\"w_1234567.png\"}]}";
    struct duet_error e;
    struct duet_coco_images *images;
    assert_ok(
        duet_coco_images_open(scratch_write(&scratch, "frames.json", json, sizeof json - 1), &images, &e), e);
    struct into_memory m =
        memory_writer((struct duet_writer_options){.format = DUET_FORMAT_COCO, .coco_images = images});
    struct duet_record r = still(0, "x/v.mp4", &one);
    r.moving = true, r.frame = 7;
    put(&m, &r);
    r.frame = 8;
    put(&m, &r);
    r.frame = 9;
    refused(&m, &r, "x/v.mp4: no image id: the file given as --coco-images names no v_000009.png, nor .jpg");
    r = (struct duet_record){.source = "v.mp4", .moving = true, .frame = 8, .gap = 3.25};
    put(&m, &r); /* has no detections */
    r = still(1, "rtsp://x/stream", &one);
    r.moving = true, r.frame = 1234567, r.name = "w.mkv";
    put(&m, &r);
    ends_as(&m, "[\n"
                "{\"image_id\":42,\"category_id\":18,\"bbox\":[10.5,20.25,100,50.1],\"score\":0.93},\n"
                "{\"image_id\":43,\"category_id\":18,\"bbox\":[10.5,20.25,100,50.1],\"score\":0.93},\n"
                "{\"image_id\":44,\"category_id\":18,\"bbox\":[10.5,20.25,100,50.1],\"score\":0.93}\n"
                "]\n");
    duet_coco_images_close(&images);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coco_wants_image_ids),
        cmocka_unit_test(stems_that_collide_are_refused),
        cmocka_unit_test(subfolders_are_kept),
        cmocka_unit_test(foreign_categories_are_refused),
        cmocka_unit_test(options_that_make_no_sense_are_refused),
        cmocka_unit_test(what_exists_is_kept_unless_forced),
        cmocka_unit_test(a_file_appears_when_complete_or_not_at_all),
        cmocka_unit_test(a_place_that_cannot_be_written_is_an_error_at_once),
        cmocka_unit_test(a_folder_that_may_not_be_written_is_an_error_at_once),
        cmocka_unit_test(a_full_disk_is_never_silent),
        cmocka_unit_test(frames_have_the_ids_of_their_pictures),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
