#include "support/testing.h"

#include "batch/annotate.h"
#include "batch/batch.h"
#include "batch/save_if.h"
#include "data/labels/labels.h"

#include <unistd.h>

static void expect_path(const char *folder, const char *relative, enum duet_annotate_format format,
                        const char *want)
{
    char *path = duet_annotate_path(folder, relative, format);
    assert_string_equal(path, want);
    free(path);
}

static void names_follow_the_picture(void **state)
{
    (void)state;
    expect_path("d", "a.jpg", DUET_ANNOTATE_SAME, "d/a.jpg");
    expect_path("d/", "sub/a.PNG", DUET_ANNOTATE_SAME, "d/sub/a.PNG");
    expect_path("/", "a.jpeg", DUET_ANNOTATE_SAME, "/a.jpeg");
    expect_path("d", "a.ppm", DUET_ANNOTATE_SAME, "d/a.ppm.png"); /* a.png may lie beside it */
    expect_path("d", "stdin", DUET_ANNOTATE_SAME, "d/stdin.png");
    expect_path("d", "x.y/a", DUET_ANNOTATE_SAME, "d/x.y/a.png");
    expect_path("d", ".jpg", DUET_ANNOTATE_SAME, "d/.jpg.png");
    expect_path("d", "sub.d/a.jpg", DUET_ANNOTATE_PNG, "d/sub.d/a.png");
    expect_path("d", "a.b.ppm", DUET_ANNOTATE_JPG, "d/a.b.jpg");
    expect_path("d", "sub/a.WebP", DUET_ANNOTATE_PNG, "d/sub/a.png");
    expect_path("d", "a.bmp", DUET_ANNOTATE_SAME, "d/a.bmp.png");
    expect_path("d", "a.2024", DUET_ANNOTATE_JPG, "d/a.2024.jpg");
}

/* Inputs are given as path, relative, path, relative ... */
static enum duet_status check_inputs(const char *const *names, size_t count, enum duet_annotate_format format,
                                     const char *folder, bool force, struct duet_error *e)
{
    struct duet_input items[8] = {0};
    struct duet_inputs inputs = {.items = items, .count = count, .capacity = 8};
    for (size_t i = 0; i < count; i++) {
        items[i].path = names[2 * i];
        items[i].relative = names[2 * i + 1];
    }
    return duet_annotate_check(&inputs, NULL, NULL, folder, format, force, e);
}

static void targets_are_told_apart(void **state)
{
    (void)state;
    struct duet_error e;
    const char *apart[] = {"x/a.jpg", "a.jpg", "y/sub/a.jpg", "sub/a.jpg",
                           "a.png",   "a.png", "a.ppm",       "a.ppm"};
    assert_ok(check_inputs(apart, 4, DUET_ANNOTATE_SAME, "not there", false, &e), e);
    assert_ok(check_inputs(NULL, 0, DUET_ANNOTATE_SAME, "not there", false, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, check_inputs(apart, 4, DUET_ANNOTATE_PNG, "not there", true, &e), e);
    const char *twins[] = {"x/a.jpg", "a.jpg", "x/b.jpg", "b.jpg", "y/a.jpg", "a.jpg"};
    assert_fails(DUET_BAD_ARGUMENT, check_inputs(twins, 3, DUET_ANNOTATE_SAME, "d", true, &e), e);
    assert_true(strstr(e.text, "x/a.jpg") && strstr(e.text, "y/a.jpg") && strstr(e.text, "d/a.jpg"));
}

static void what_is_there_is_kept(void **state)
{
    (void)state;
    struct duet_error e;
    char folder[] = "annotate_test_XXXXXX", path[64], other[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.png", folder);
    snprintf(other, sizeof other, "%s/b.png", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(link(path, other), 0);
    const char *elsewhere[] = {"elsewhere/a.png", "a.png"}, *itself[] = {path, "a.png"};
    const char *linked[] = {other, "a.png"}; /* the same file by another name */
    assert_fails(DUET_EXISTS, check_inputs(elsewhere, 1, DUET_ANNOTATE_SAME, folder, false, &e), e);
    assert_ok(check_inputs(elsewhere, 1, DUET_ANNOTATE_SAME, folder, true, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, check_inputs(itself, 1, DUET_ANNOTATE_SAME, folder, true, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, check_inputs(linked, 1, DUET_ANNOTATE_SAME, folder, true, &e), e);
    assert_int_equal(unlink(path) + unlink(other) + rmdir(folder), 0);
}

static void frames_and_videos_have_names(void **state)
{
    (void)state;
    static const struct {
        const char *folder, *relative;
        enum duet_annotate_format format;
        int64_t frame;
        const char *want;
    } cases[] = {{"d", "clip.mkv", DUET_ANNOTATE_SAME, 7, "d/clip.mp4"},
                 {"d/", "sub/a.b.mp4", DUET_ANNOTATE_SAME, 0, "d/sub/a.b.mp4"},
                 {"d", "video0", DUET_ANNOTATE_SAME, 0, "d/video0.mp4"},
                 {"d", "sub.d/clip", DUET_ANNOTATE_PNG, 12, "d/sub.d/clip_000012.png"},
                 {"d", "clip.mp4", DUET_ANNOTATE_JPG, 1234567, "d/clip_1234567.jpg"},
                 {"d", ".mp4", DUET_ANNOTATE_PNG, 0, "d/.mp4_000000.png"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *path =
            duet_annotate_frame_path(cases[i].folder, cases[i].relative, cases[i].format, cases[i].frame);
        assert_string_equal(path, cases[i].want);
        free(path);
    }
}

/* Of frames, it is not known how many there will be. */
static void frames_that_are_there_are_kept(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool taken;
    } cases[] = {{"a_000012.png", true},    {"a_1234567.png", true},  {"a_000012.jpg", false},
                 {"a_00012.png", false},    {"a_x000012.png", false}, {"b_000012.png", false},
                 {"a_000012.png.x", false}, {"a_.png", false},        {"a.mp4", false}};
    struct duet_error e;
    char folder[] = "annotate_test_XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    struct duet_input items[2] = {{.path = "x/a.mp4", .relative = "a.mp4"},
                                  {.path = "y/a.mkv", .relative = "a.mkv"}};
    struct duet_inputs inputs = {.items = items, .count = 1, .capacity = 2};
    const bool moving[] = {true, true};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, cases[i].name);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fclose(file);
        enum duet_status status = duet_annotate_check(&inputs, moving, NULL, folder, DUET_ANNOTATE_PNG, false, &e);
        if (status != (cases[i].taken ? DUET_EXISTS : DUET_OK)) fail_msg("%s: %d", cases[i].name, status);
        assert_ok(duet_annotate_check(&inputs, moving, NULL, folder, DUET_ANNOTATE_PNG, true, &e), e);
        assert_int_equal(unlink(path), 0);
    }
    inputs.count = 2;
    assert_fails(DUET_BAD_ARGUMENT, duet_annotate_check(&inputs, moving, NULL, folder, DUET_ANNOTATE_PNG, true, &e),
                 e);
    assert_fails(DUET_BAD_ARGUMENT,
                 duet_annotate_check(&inputs, moving, NULL, folder, DUET_ANNOTATE_SAME, true, &e), e);
    assert_int_equal(rmdir(folder), 0);
}

static void what_is_kept_is_read_and_holds(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_save_if terms;
    const struct duet_labels labels = duet_labels_coco();
    const struct duet_detection items[] = {{.label = "tv", .category_id = 72, .score = 0.6f},
                                           {.label = "dog", .category_id = 18, .score = 0.9f}};
    const struct duet_detections found = {.items = (struct duet_detection *)(uintptr_t)items, .count = 2},
                                 none = {0};
    static const struct {
        const char *text;
        bool holds;
    } cases[] = {{"tv>0.5", true},           {"tv>0.6", false},     {"tv>=0.6", true},
                 {"tvmonitor>0.59", true},   {"person>0.1", false}, {"person>0.1,dog>0.5", true},
                 {"any>0.9", false},         {"any>=0.9", true},    {" dog > 0.8 , cat>0", true},
                 {"traffic light>0", false}, {"any>0", true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_ok(duet_save_if_parse(cases[i].text, &labels, &terms, &e), e);
        if (duet_save_if_detections(&terms, &found) != cases[i].holds) fail_msg("%s", cases[i].text);
        assert_false(duet_save_if_detections(&terms, &none));
    }
    static const char *const wrong[] = {"",         "dog",      "dog>",    ">0.5",     "dog>x",
                                        "dog>1.5",  "dog>-1",   "dgo>0.5", "dog>0.5,", "dog<0.5",
                                        "dog>0.5x", "dog>>0.5", "dog=>0.5"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (duet_save_if_parse(wrong[i], &labels, &terms, &e) != DUET_BAD_ARGUMENT)
            fail_msg("'%s'", wrong[i]);
}

static void shares_of_segments_hold(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_save_if terms;
    const struct duet_labels labels = duet_labels_voc();
    const struct duet_segment items[] = {{.label = "background", .class_id = 0, .share = 0.9},
                                         {.label = "dog", .class_id = 12, .share = 0.1}};
    const struct duet_segments found = {.items = (struct duet_segment *)(uintptr_t)items, .count = 2};
    static const struct {
        const char *text;
        bool holds;
    } cases[] = {{"dog>0.05", true}, {"dog>0.1", false},       {"dog>=0.1", true}, {"any>0.5", false},
                 {"any>0.05", true}, {"background>0.5", true}, {"person>0", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_ok(duet_save_if_parse(cases[i].text, &labels, &terms, &e), e);
        if (duet_save_if_segments(&terms, &found) != cases[i].holds) fail_msg("%s", cases[i].text);
    }
}

/* The words of options are turned into enums by their place. */
static void words_stand_for_enums(void **state)
{
    (void)state;
    assert_string_equal(duet_batch_annotate_words[DUET_ANNOTATE_SAME], "same");
    assert_string_equal(duet_batch_annotate_words[DUET_ANNOTATE_PNG], "png");
    assert_string_equal(duet_batch_annotate_words[DUET_ANNOTATE_JPG], "jpg");
    assert_string_equal(duet_batch_exif_words[DUET_EXIF_APPLY], "apply");
    assert_string_equal(duet_batch_exif_words[DUET_EXIF_IGNORE], "ignore");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_follow_the_picture),       cmocka_unit_test(targets_are_told_apart),
        cmocka_unit_test(what_is_there_is_kept),          cmocka_unit_test(frames_and_videos_have_names),
        cmocka_unit_test(frames_that_are_there_are_kept), cmocka_unit_test(what_is_kept_is_read_and_holds),
        cmocka_unit_test(shares_of_segments_hold),        cmocka_unit_test(words_stand_for_enums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
