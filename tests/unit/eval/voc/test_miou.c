#include "support/testing.h"

#include "core/os.h"
#include "core/random.h"
#include "data/labels/labels.h"
#include "data/picture/mask_read.h"
#include "data/voc/voc.h"
#include "eval/voc/miou.h"
#include "voc/band.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <time.h>

/* Digits to classes, '.' to void, '?' to 21. Owned: duet_image_close. */
static struct duet_image mask_of(const char *const *rows, int height)
{
    struct duet_image mask;
    struct duet_error e;
    assert_ok(duet_image_create(&mask, (int)strlen(rows[0]), height, DUET_GRAY8, &e), e);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < mask.width; x++) {
            char c = rows[y][x];
            duet_image_row(&mask, y)[x] = (uint8_t)(c == '.' ? 255 : c == '?' ? 21 : c - '0');
        }
    return mask;
}

#define MASK(...)                                                                                            \
    mask_of((const char *const[]){__VA_ARGS__}, (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)))

/* Count a pair of masks and close them. */
static enum duet_status count_masks(struct duet_image truth, struct duet_image predicted, const int *bands,
                                    size_t band_count, struct duet_voc_counts *counts, struct duet_error *e)
{
    const struct duet_voc_pair pair = {&truth, &predicted, "truth.png", "found.png"};
    enum duet_status status = duet_voc_count(&pair, 21, bands, band_count, counts, e);
    duet_image_close(&truth);
    duet_image_close(&predicted);
    return status;
}

static struct duet_voc_miou *create(void)
{
    struct duet_voc_miou *miou;
    struct duet_error e;
    assert_ok(duet_voc_miou_create((struct duet_voc_classes){21, duet_labels_voc()}, &miou, &e), e);
    return miou;
}

static void add(struct duet_voc_miou *miou, const char *id, struct duet_image truth,
                struct duet_image predicted)
{
    struct duet_voc_counts counts;
    struct duet_error e;
    assert_ok(count_masks(truth, predicted, NULL, 0, &counts, &e), e);
    assert_ok(duet_voc_miou_add(miou, id, &counts, &e), e);
    duet_voc_counts_close(&counts);
}

static struct duet_voc_scores scores_of(const struct duet_voc_miou *miou, int plane)
{
    struct duet_voc_pixels pixels;
    struct duet_voc_scores scores;
    duet_voc_miou_pixels(miou, plane, &pixels);
    duet_voc_score(&pixels, &scores);
    return scores;
}

/* The matrix of a plane, after `before` was freed. */
static uint64_t *confusion_of(const struct duet_voc_miou *miou, int plane, uint64_t *before)
{
    free(before);
    uint64_t *confusion = duet_voc_miou_confusion(miou, plane);
    assert_non_null(confusion);
    return confusion;
}

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-15)

/* --- scores ------------------------------------------------------------------------------------------- */

static void scores_are_those_counted_by_hand(void **state)
{
    (void)state;
    struct duet_voc_miou *miou = create();
    /* Truth: six 0, three 1, two void. Found: one 0 as 2, one 1 as 0. */
    add(miou, "a", MASK("0001", "0.01", "0.01"), MASK("0021", "0000", "0101"));
    uint64_t *c = NULL;
    c = confusion_of(miou, 0, c);
    assert_true(c[0 * 21 + 0] == 6 && c[0 * 21 + 2] == 1 && c[1 * 21 + 1] == 2 && c[1 * 21 + 0] == 1);
    free(c);
    struct duet_voc_scores s = scores_of(miou, 0);
    assert_int_equal(s.pixels, 10);
    NEAR(s.iou[0], 6.0 / 8);
    NEAR(s.iou[1], 2.0 / 3);
    assert_true(s.iou[2] == 0); /* predicted, never there: present, and wrong */
    assert_true(isnan(s.accuracy[2]) && isnan(s.iou[3]));
    assert_int_equal(s.present, 3);
    NEAR(s.miou, (6.0 / 8 + 2.0 / 3) / 3);
    assert_true(isnan(s.miou_strict));
    NEAR(s.pixel_accuracy, 0.8);
    NEAR(s.accuracy[0], 6.0 / 7);
    NEAR(s.mean_accuracy, (6.0 / 7 + 2.0 / 3) / 2);
    duet_voc_miou_close(&miou);
    assert_null(miou);
    duet_voc_miou_close(&miou);
    duet_voc_miou_close(NULL);
}

static void pictures_add_up_and_stay_apart(void **state)
{
    (void)state;
    struct duet_voc_miou *miou = create();
    add(miou, "first", MASK("00"), MASK("01"));
    add(miou, "void", MASK(".."), MASK("01"));
    add(miou, "third", MASK("01"), MASK("01"));
    assert_int_equal(duet_voc_miou_count(miou), 3);
    assert_string_equal(duet_voc_miou_id(miou, 1), "void");
    assert_string_equal(duet_voc_miou_id(miou, 2), "third");
    assert_int_equal(duet_voc_miou_counts(miou, 1).count, 0);
    uint64_t *c = NULL;
    c = confusion_of(miou, 0, c);
    assert_true(c[0 * 21 + 0] == 2 && c[0 * 21 + 1] == 1 && c[1 * 21 + 1] == 1 && c[1 * 21 + 0] == 0);
    struct duet_voc_pixels third;
    duet_voc_miou_image_pixels(miou, 2, 0, &third);
    assert_true(third.truth[0] == 1 && third.predicted[0] == 1 && third.both[0] == 1 && third.both[1] == 1);
    free(c);
    duet_voc_miou_close(&miou);
}

static void truth_against_itself_is_perfect(void **state)
{
    (void)state;
    struct duet_voc_miou *miou = create();
    struct duet_image truth, found;
    struct duet_error e;
    assert_ok(duet_image_create(&truth, 21, 1, DUET_GRAY8, &e), e);
    assert_ok(duet_image_create(&found, 21, 1, DUET_GRAY8, &e), e);
    for (int i = 0; i < 21; i++) truth.pixels[i] = found.pixels[i] = (uint8_t)i;
    add(miou, "all", truth, found);
    struct duet_voc_scores s = scores_of(miou, 0);
    assert_true(s.miou == 1 && s.miou_strict == 1 && s.pixel_accuracy == 1 && s.mean_accuracy == 1);
    assert_int_equal(s.present, 21);
    duet_voc_miou_close(&miou);
}

static void nothing_scores_nothing(void **state)
{
    (void)state;
    struct duet_voc_miou *miou = create();
    struct duet_voc_scores s = scores_of(miou, 0);
    assert_true(isnan(s.miou) && isnan(s.miou_strict) && isnan(s.pixel_accuracy) && isnan(s.mean_accuracy));
    struct duet_voc_intervals i;
    struct duet_error e;
    assert_fails(DUET_BAD_ARGUMENT, duet_voc_miou_bootstrap(miou, 0, 10, 1, &i, &e), e);
    duet_voc_miou_close(&miou);
}

/* --- other classes than VOC's -------------------------------------------------------------------------- */

static const int class_counts[] = {2, 3, 19, 151, DUET_VOC_MAX_CLASSES};

/* Random pairs of so many classes, some void, against what counting by the definition gives; in two planes.
 */
static void random_pairs_score_as_defined(void **state)
{
    (void)state;
    const char *given = getenv("DUET_SEED");
    uint64_t random = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    printf("# DUET_SEED=%" PRIu64 "\n", random);
    static uint64_t counted[DUET_VOC_MAX_CLASSES][DUET_VOC_MAX_CLASSES];
    for (size_t n = 0; n < sizeof class_counts / sizeof *class_counts; n++) {
        int classes = class_counts[n];
        static const int wide[] = {DUET_VOC_MAX_WIDTH};
        struct duet_error e;
        struct duet_image masks[2];
        struct duet_voc_counts counts;
        struct duet_voc_miou *miou;
        memset(counted, 0, sizeof counted);
        for (int i = 0; i < 2; i++) assert_ok(duet_image_create(&masks[i], 60, 50, DUET_GRAY8, &e), e);
        for (int y = 0; y < 50; y++)
            for (int x = 0; x < 60; x++) {
                int truth = (int)(duet_random(&random) % (unsigned)classes);
                int found =
                    duet_random(&random) % 3 ? truth : (int)(duet_random(&random) % (unsigned)classes);
                bool open = duet_random(&random) % 10 == 0;
                duet_image_row(&masks[0], y)[x] = (uint8_t)(open ? DUET_VOC_VOID : truth);
                duet_image_row(&masks[1], y)[x] = (uint8_t)found;
                if (!open) counted[truth][found]++;
            }
        const struct duet_voc_pair pair = {&masks[0], &masks[1], "truth", "found"};
        assert_ok(duet_voc_miou_create((struct duet_voc_classes){.count = classes}, &miou, &e), e);
        assert_ok(duet_voc_count(&pair, classes, wide, 1, &counts, &e), e);
        assert_ok(duet_voc_miou_add(miou, "a", &counts, &e), e);
        uint64_t *got = confusion_of(miou, 0, NULL);
        double sum = 0;
        int present = 0;
        for (int i = 0; i < classes; i++) {
            uint64_t either = 0;
            for (int k = 0; k < classes; k++) {
                assert_int_equal(got[i * classes + k], counted[i][k]);
                either += counted[i][k] + (k == i ? 0 : counted[k][i]);
            }
            if (either > 0) sum += (double)counted[i][i] / (double)either, present++;
        }
        struct duet_voc_scores s = scores_of(miou, 0), near = scores_of(miou, 1);
        NEAR(s.miou, sum / present);
        assert_int_equal(s.present, present);
        assert_true(present == classes ? s.miou_strict == s.miou : isnan(s.miou_strict));
        assert_true(near.miou == s.miou && near.pixels == s.pixels); /* noise: all lies near a boundary */
        free(got);
        duet_voc_miou_close(&miou);
        duet_voc_counts_close(&counts);
        for (int i = 0; i < 2; i++) duet_image_close(&masks[i]);
    }
}

static void numbers_of_classes_have_limits(void **state)
{
    (void)state;
    struct duet_image mask = MASK("01");
    const struct duet_voc_pair pair = {&mask, &mask, "truth", "found"};
    for (int i = 0; i < 3; i++) {
        const int wrong[] = {1, DUET_VOC_MAX_CLASSES + 1, -1};
        struct duet_error e;
        struct duet_voc_counts counts;
        struct duet_voc_miou *miou = (void *)1;
        assert_fails(DUET_BAD_ARGUMENT, duet_voc_count(&pair, wrong[i], NULL, 0, &counts, &e), e);
        assert_fails(DUET_BAD_ARGUMENT,
                     duet_voc_miou_create((struct duet_voc_classes){.count = wrong[i]}, &miou, &e), e);
        assert_null(miou);
    }
    duet_image_close(&mask);
}

/* --- faults ------------------------------------------------------------------------------------------- */

static void refuses(struct duet_image truth, struct duet_image predicted, const char *words)
{
    struct duet_voc_counts counts = {.count = 9};
    struct duet_error e;
    assert_fails(DUET_MISMATCH, count_masks(truth, predicted, NULL, 0, &counts, &e), e);
    assert_string_equal(e.text, words);
    assert_true(counts.cells == NULL && counts.count == 0);
}

static void wrong_masks_are_named(void **state)
{
    (void)state;
    refuses(MASK("000"), MASK("00"), "found.png: 2x1 pixels, but the truth truth.png has 3x1");
    refuses(MASK("00"), MASK("00", "00"), "found.png: 2x2 pixels, but the truth truth.png has 2x1");
    refuses(MASK("000", "000"), MASK("000", "0?0"),
            "found.png: the pixel at x 1, y 1 is 21: expected a class, 0 to 20");
    refuses(MASK("00"), MASK("0."), "found.png: the pixel at x 1, y 0 is 255: expected a class, 0 to 20");
    /* What the truth leaves open must be decided all the same. */
    refuses(MASK("0."), MASK("0."), "found.png: the pixel at x 1, y 0 is 255: expected a class, 0 to 20");
    refuses(MASK("0?"), MASK("00"),
            "truth.png: the pixel at x 1, y 0 is 21: expected a class, 0 to 20, or 255 for void");
}

static void wrong_bands_are_refused(void **state)
{
    (void)state;
    static const int zero[] = {0}, wide[] = {65}, twice[] = {3, 3}, falling[] = {3, 2},
                     many[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    struct duet_voc_counts counts;
    struct duet_error e;
    assert_fails(DUET_BAD_ARGUMENT, count_masks(MASK("0"), MASK("0"), zero, 1, &counts, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, count_masks(MASK("0"), MASK("0"), wide, 1, &counts, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, count_masks(MASK("0"), MASK("0"), twice, 2, &counts, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, count_masks(MASK("0"), MASK("0"), falling, 2, &counts, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, count_masks(MASK("0"), MASK("0"), many, 9, &counts, &e), e);
    assert_ok(count_masks(MASK("0"), MASK("0"), many, 8, &counts, &e), e);
    duet_voc_counts_close(&counts);
    struct duet_image rgb, grey = MASK("0");
    assert_ok(duet_image_create(&rgb, 1, 1, DUET_RGB8, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, count_masks(grey, rgb, NULL, 0, &counts, &e), e);
}

/* --- bands -------------------------------------------------------------------------------------------- */

/* Distance to the next pixel of another value by looking at all of them; squared. */
static int nearest(const struct duet_image *m, int x, int y)
{
    int best = 1 << 30;
    for (int v = 0; v < m->height; v++)
        for (int u = 0; u < m->width; u++)
            if (duet_image_row(m, v)[u] != duet_image_row(m, y)[x] &&
                (u - x) * (u - x) + (v - y) * (v - y) < best)
                best = (u - x) * (u - x) + (v - y) * (v - y);
    return best;
}

static void check_bands(const struct duet_image *m, const int *widths, size_t count)
{
    uint8_t *bands = duet_voc_bands(m, widths, count, 255);
    assert_non_null(bands);
    for (int y = 0; y < m->height; y++)
        for (int x = 0; x < m->width; x++) {
            int distance = nearest(m, x, y);
            size_t want = 0;
            while (want < count && distance > widths[want] * widths[want]) want++;
            if (duet_image_row(m, y)[x] == 255) want = count;
            if (bands[y * m->width + x] != want)
                fail_msg("%dx%d: at %d,%d band %d, expected %zu", m->width, m->height, x, y,
                         bands[y * m->width + x], want);
        }
    free(bands);
}

static uint32_t random_state = 12345;

static int random_below(int n)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (int)((random_state >> 8) % (uint32_t)n);
}

/* Blobs: rectangles laid over each other. */
static struct duet_image random_mask(int width, int height, int classes)
{
    struct duet_image m;
    struct duet_error e;
    assert_ok(duet_image_create(&m, width, height, DUET_GRAY8, &e), e);
    for (int i = random_below(8); i > 0; i--) {
        int left = random_below(width), top = random_below(height), c = random_below(classes);
        int right = left + random_below(width - left) + 1, bottom = top + random_below(height - top) + 1;
        for (int y = top; y < bottom; y++)
            memset(duet_image_row(&m, y) + left, c == classes - 1 ? 255 : c, (size_t)(right - left));
    }
    return m;
}

static void bands_are_where_distances_say(void **state)
{
    (void)state;
    static const int one[] = {1}, some[] = {1, 3, 5}, wide[] = {2, 64};
    for (int i = 0; i < 150; i++) {
        struct duet_image m = random_mask(1 + random_below(40), 1 + random_below(40), 2 + random_below(4));
        check_bands(&m, one, 1);
        check_bands(&m, some, 3);
        check_bands(&m, wide, 2);
        duet_image_close(&m);
    }
}

static void bands_hold_the_pixels_near_boundaries(void **state)
{
    (void)state;
    static const int widths[] = {1, 3};
    struct duet_voc_counts counts;
    struct duet_error e;
    /* The truth changes between x 4 and 5, and to void between 8 and 9; found is wrong at 0 and 3. */
    assert_ok(count_masks(MASK("000001111."), MASK("2003011111"), widths, 2, &counts, &e), e);
    struct duet_voc_miou *miou = create();
    assert_ok(duet_voc_miou_add(miou, "a", &counts, &e), e);
    duet_voc_counts_close(&counts);
    uint64_t *c = NULL;
    c = confusion_of(miou, 0, c);
    assert_true(c[0 * 21 + 0] == 3 && c[0 * 21 + 2] == 1 && c[0 * 21 + 3] == 1 && c[1 * 21 + 1] == 4);
    c = confusion_of(miou, 1, c); /* x 4, 5, 8 */
    assert_true(c[0 * 21 + 0] == 1 && c[0 * 21 + 3] == 0 && c[1 * 21 + 1] == 2);
    c = confusion_of(miou, 2, c); /* x 2 .. 8 */
    assert_true(c[0 * 21 + 0] == 2 && c[0 * 21 + 3] == 1 && c[0 * 21 + 2] == 0 && c[1 * 21 + 1] == 4);
    free(c);
    duet_voc_miou_close(&miou);
}

/* --- bootstrap ---------------------------------------------------------------------------------------- */

static void intervals_follow_the_pictures(void **state)
{
    (void)state;
    struct duet_voc_miou *miou = create();
    struct duet_error e;
    struct duet_voc_intervals a, b;
    /* One class, half of the pictures right: accuracy .5 with a standard deviation of .5 / sqrt(100). */
    for (int i = 0; i < 100; i++) add(miou, "x", MASK("0"), i % 2 ? MASK("0") : MASK("1"));
    assert_ok(duet_voc_miou_bootstrap(miou, 0, 2000, 1, &a, &e), e);
    assert_true(fabs(a.pixel_accuracy.low - 0.40) < 0.02 && fabs(a.pixel_accuracy.high - 0.60) < 0.02);
    assert_true(a.iou[1].low == 0 && a.iou[1].high == 0 && isnan(a.iou[2].low));
    assert_ok(duet_voc_miou_bootstrap(miou, 0, 2000, 1, &b, &e), e);
    assert_true(a.miou.low == b.miou.low && a.miou.high == b.miou.high);
    duet_voc_miou_close(&miou);
}

/* --- the reference ------------------------------------------------------------------------------------ */

static void the_reference_matrix_has_the_reference_scores(void **state)
{
    (void)state;
    testing_need_shared(shared);
    char *path = duet_text("%s/golden/deeplabv3/reference_val_dev160.json", shared);
    json_t *reference = json_load_file(path, 0, NULL);
    assert_non_null(reference);
    struct duet_voc_pixels pixels = {.classes = 21};
    struct duet_voc_scores s;
    for (size_t i = 0; i < 21; i++)
        for (size_t j = 0; j < 21; j++) {
            const json_t *row = json_array_get(json_object_get(reference, "confusion"), i);
            uint64_t count = (uint64_t)json_integer_value(json_array_get(row, j));
            pixels.truth[i] += count;
            pixels.predicted[j] += count;
            if (i == j) pixels.both[i] = count;
        }
    duet_voc_score(&pixels, &s);
    for (size_t i = 0; i < 21; i++)
        NEAR(s.iou[i], json_number_value(json_array_get(json_object_get(reference, "iou"), i)));
    NEAR(s.miou, json_number_value(json_object_get(reference, "miou")));
    assert_true(s.miou == s.miou_strict);
    NEAR(s.pixel_accuracy, json_number_value(json_object_get(reference, "pixel_accuracy")));
    json_decref(reference);
    free(path);
}

/* Masks of the real list against themselves, void as background. */
static void real_masks_against_themselves_are_perfect(void **state)
{
    (void)state;
    testing_need_shared(shared);
    static const int widths[] = {1, 3, 5, 10, 20, 40};
    char *root = duet_text("%s/data/voc/VOC2012", shared);
    struct duet_voc_list *list;
    struct duet_error e;
    struct duet_voc_miou *miou = create();
    assert_ok(duet_voc_list_open(root, DUET_VOC_SEGMENTATION, "val_dev160", &list, &e), e);
    for (size_t i = 0; i < duet_voc_list_count(list); i++) {
        char *path = duet_voc_mask_path(root, duet_voc_list_id(list, i));
        struct duet_image truth, found;
        struct duet_voc_counts counts;
        assert_ok(duet_mask_read(path, NULL, &truth, &e), e);
        assert_ok(duet_mask_read(path, NULL, &found, &e), e);
        for (int y = 0; y < found.height; y++)
            for (int x = 0; x < found.width; x++)
                if (duet_image_row(&found, y)[x] == 255) duet_image_row(&found, y)[x] = 0;
        assert_ok(count_masks(truth, found, widths, i < 10 ? 6 : 0, &counts, &e), e);
        assert_ok(duet_voc_miou_add(miou, path, &counts, &e), e);
        duet_voc_counts_close(&counts);
        free(path);
    }
    struct duet_voc_scores s = scores_of(miou, 0);
    assert_true(s.miou == 1 && s.miou_strict == 1 && s.pixel_accuracy == 1);
    for (int plane = 1; plane <= 6; plane++) assert_true(scores_of(miou, plane).miou == 1);
    duet_voc_list_close(&list);
    duet_voc_miou_close(&miou);
    free(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_those_counted_by_hand),
        cmocka_unit_test(pictures_add_up_and_stay_apart),
        cmocka_unit_test(truth_against_itself_is_perfect),
        cmocka_unit_test(nothing_scores_nothing),
        cmocka_unit_test(random_pairs_score_as_defined),
        cmocka_unit_test(numbers_of_classes_have_limits),
        cmocka_unit_test(wrong_masks_are_named),
        cmocka_unit_test(wrong_bands_are_refused),
        cmocka_unit_test(bands_are_where_distances_say),
        cmocka_unit_test(bands_hold_the_pixels_near_boundaries),
        cmocka_unit_test(intervals_follow_the_pictures),
        cmocka_unit_test(the_reference_matrix_has_the_reference_scores),
        cmocka_unit_test(real_masks_against_themselves_are_perfect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
