#include "support/testing.h"

#include "common/annotate.h"
#include "common/batch.h"

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
    expect_path("d", "a.2024", DUET_ANNOTATE_JPG, "d/a.2024.jpg");
}

/* Inputs are given as path, relative, path, relative ... */
static enum duet_status check_inputs(const char *const *names, size_t count, enum duet_annotate_format format,
                                     const char *folder, bool force, struct duet_error *e)
{
    struct duet_input items[8] = {0};
    struct duet_inputs inputs = {items, count, 8, 0, NULL};
    for (size_t i = 0; i < count; i++) {
        items[i].path = names[2 * i];
        items[i].relative = names[2 * i + 1];
    }
    return duet_annotate_check(&inputs, NULL, folder, format, force, e);
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
        cmocka_unit_test(names_follow_the_picture),
        cmocka_unit_test(targets_are_told_apart),
        cmocka_unit_test(what_is_there_is_kept),
        cmocka_unit_test(words_stand_for_enums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
