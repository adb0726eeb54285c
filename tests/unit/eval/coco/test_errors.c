/* Confusion matrix, TIDE's breakdown, operating points: on boxes written by hand. (TIDE's numbers for real
 * detections: golden/test_cocoeval.c.) */
#include "support/testing.h"

#include "eval/coco/errors.h"
#include "support/coco_scenes.h"
#include "support/scratch_group.h"

#define COUNT(array) (int)(sizeof(array) / sizeof(array)[0])

/* --- confusion matrix ----------------------------------------------------------------------------------- */

static void matrix_is(const struct opened_scene *o, double score, const uint64_t want[4][4])
{
    struct duet_coco_confusion c;
    struct duet_error e;
    assert_ok(duet_coco_confusion_count(o->eval, score, .5, &c, &e), e);
    assert_int_equal(c.side, 4);
    for (int truth = 0; truth < 4; truth++)
        for (int found = 0; found < 4; found++)
            if (c.cells[truth * 4 + found] != want[truth][found])
                fail_msg("truth %d, found %d: %d", truth, found, (int)c.cells[truth * 4 + found]);
    duet_coco_confusion_close(&c);
    assert_null(c.cells);
}

static void classes_are_taken_for_others(void **state)
{
    (void)state;
    const struct plain gts[] = {
        {0, 0, false, {0, 0, 10, 10}, 100, 0},  {0, 1, false, {20, 0, 10, 10}, 100, 0},
        {0, 2, false, {40, 0, 10, 10}, 100, 0}, {0, 0, true, {60, 0, 100, 100}, 10000, 0},
        {1, 2, false, {0, 0, 10, 10}, 100, 0},
    };
    const struct plain dts[] = {
        {0, 0, false, {0, 0, 10, 10}, 0, .9},   /* right */
        {0, 0, false, {1, 0, 10, 10}, 0, .8},   /* again: background */
        {0, 2, false, {20, 0, 10, 10}, 0, .7},  /* class 1 taken for 2 */
        {0, 0, false, {70, 10, 10, 10}, 0, .6}, /* in the crowd of its class: nothing */
        {0, 1, false, {80, 10, 10, 10}, 0, .6}, /* in another's crowd: background */
        {0, 2, false, {44, 0, 20, 10}, 0, .6},  /* too far off: background, and class 2 missed */
        {1, 1, false, {0, 0, 10, 10}, 0, .95},  /* better scored than ... */
        {1, 2, false, {0, 0, 10, 9}, 0, .5},    /* ... the one of the right class, which goes first */
        {2, 2, false, {0, 0, 10, 9}, 0, .4},
    };
    struct opened_scene o;
    scene_open(&scratch, &(struct scene_lists){gts, COUNT(gts), dts, COUNT(dts), SCENE_IMAGES, 0}, NULL, &o);
    static const uint64_t at_half[4][4] = {{1, 0, 0, 0}, {0, 0, 1, 0}, {0, 0, 1, 1}, {1, 2, 1, 0}};
    static const uint64_t at_all[4][4] = {{1, 0, 0, 0}, {0, 0, 1, 0}, {0, 0, 1, 1}, {1, 2, 2, 0}};
    static const uint64_t at_most[4][4] = {{1, 0, 0, 0}, {0, 0, 0, 1}, {0, 1, 0, 1}, {0, 0, 0, 0}};
    matrix_is(&o, .5, at_half);
    matrix_is(&o, 0, at_all);
    matrix_is(&o, .9, at_most);
    struct duet_coco_confusion c;
    struct duet_error e;
    assert_fails(DUET_BAD_ARGUMENT, duet_coco_confusion_count(o.eval, .5, 0, &c, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_coco_confusion_count(o.eval, (double)NAN, .5, &c, &e), e);
    scene_close(&o);
}

static void rows_add_up_to_the_truths(void **state)
{
    (void)state;
    uint32_t seed = 5;
    for (int round = 0; round < 100; round++) {
        struct scene_set set;
        struct opened_scene o;
        struct duet_coco_confusion c;
        struct duet_error e;
        uint64_t rows[4] = {0}, columns[4] = {0};
        scene_random(&seed, &set);
        scene_open_set(&scratch, &set, NULL, &o);
        assert_ok(duet_coco_confusion_count(o.eval, .3, .5, &c, &e), e);
        for (int i = 0; i < 16; i++) {
            rows[i / 4] += c.cells[i];
            columns[i % 4] += c.cells[i];
        }
        for (int k = 0; k < 3; k++) {
            uint64_t truths = 0, found = 0;
            for (int i = 0; i < set.gt_count; i++) truths += set.gts[i].category == k && !set.gts[i].crowd;
            for (int i = 0; i < set.dt_count; i++)
                found += set.dts[i].category == k && set.dts[i].score >= .3;
            assert_int_equal(rows[k], truths);
            assert_true(columns[k] <= found);
        }
        duet_coco_confusion_close(&c);
        scene_close(&o);
    }
}

/* --- TIDE ----------------------------------------------------------------------------------------------- */

static void every_kind_of_error_is_told(void **state)
{
    (void)state;
    const struct plain gts[] = {
        {0, 0, false, {0, 0, 10, 10}, 100, 0},  {0, 1, false, {20, 0, 10, 10}, 100, 0},
        {0, 2, false, {40, 0, 10, 10}, 100, 0}, {0, 0, true, {100, 0, 100, 100}, 10000, 0},
        {1, 0, false, {0, 0, 10, 10}, 100, 0},
    };
    const struct plain dts[] = {
        {0, 0, false, {0, 0, 10, 10}, 0, .9},    /* right */
        {0, 0, false, {0, 0, 10, 9}, 0, .8},     /* the same again */
        {0, 0, false, {20, 0, 10, 10}, 0, .7},   /* wrong class */
        {0, 2, false, {44, 0, 10, 10}, 0, .6},   /* wrong place: 6 of 14 */
        {0, 0, false, {44, 4, 10, 10}, 0, .5},   /* both: 36 of 164 */
        {0, 0, false, {60, 60, 10, 10}, 0, .4},  /* nothing there */
        {0, 0, false, {110, 10, 10, 10}, 0, .3}, /* in the crowd: left out */
        {2, 1, false, {0, 0, 10, 10}, 0, .2},    /* an image without ground truth */
    };
    struct opened_scene o;
    struct duet_coco_tide tide;
    struct duet_error e;
    scene_open(&scratch, &(struct scene_lists){gts, COUNT(gts), dts, COUNT(dts), SCENE_IMAGES, 0}, NULL, &o);
    assert_ok(duet_coco_tide_measure(o.eval, .5, .1, &tide, &e), e);
    static const size_t want[DUET_COCO_ERRORS] = {
        [DUET_COCO_ERROR_CLASS] = 1,     [DUET_COCO_ERROR_LOCATION] = 1,   [DUET_COCO_ERROR_BOTH] = 1,
        [DUET_COCO_ERROR_DUPLICATE] = 1, [DUET_COCO_ERROR_BACKGROUND] = 2, [DUET_COCO_ERROR_MISSED] = 1,
        [DUET_COCO_ERROR_FALSE_HIT] = 6, [DUET_COCO_ERROR_FALSE_MISS] = 3};
    for (int i = 0; i < DUET_COCO_ERRORS; i++)
        if (tide.count[i] != want[i])
            fail_msg("%s: %zu", duet_coco_error_name((enum duet_coco_error)i), tide.count[i]);
    /* Class 0: found .5 of the recall with precision 1; the others nothing: (51 / 101) / 3. */
    assert_true(fabs(tide.ap - 51.0 / 101 / 3) < 1e-12);
    /* In its place, class 2 is perfect; with its class, class 1 is (but for the miss in image 2, which comes
     * after) and a wrong one of class 0 less, which changes nothing. */
    assert_true(fabs(tide.gain[DUET_COCO_ERROR_LOCATION] - 1.0 / 3) < 1e-12);
    assert_true(fabs(tide.gain[DUET_COCO_ERROR_CLASS] - 1.0 / 3) < 1e-12);
    assert_true(fabs(tide.gain[DUET_COCO_ERROR_MISSED] - (1 - 51.0 / 101) / 3) < 1e-12);
    assert_true(fabs(tide.gain[DUET_COCO_ERROR_FALSE_HIT]) < 1e-12);
    assert_fails(DUET_BAD_ARGUMENT, duet_coco_tide_measure(o.eval, .5, .5, &tide, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_coco_tide_measure(o.eval, .5, 0, &tide, &e), e);
    scene_close(&o);
}

static void one_error_is_mended_for_a_truth(void **state)
{
    (void)state;
    /* Two detections beside the same truth: mended, the better scored is the hit and the other is gone. */
    const struct plain gts[] = {{0, 0, false, {0, 0, 10, 10}, 100, 0}};
    const struct plain dts[] = {{0, 0, false, {5, 0, 10, 10}, 0, .8}, {0, 0, false, {4, 0, 10, 10}, 0, .9}};
    struct opened_scene o;
    struct duet_coco_tide tide;
    struct duet_error e;
    scene_open(&scratch, &(struct scene_lists){gts, COUNT(gts), dts, COUNT(dts), SCENE_IMAGES, 0}, NULL, &o);
    assert_ok(duet_coco_tide_measure(o.eval, .5, .1, &tide, &e), e);
    assert_int_equal(tide.count[DUET_COCO_ERROR_LOCATION], 2);
    assert_int_equal(tide.count[DUET_COCO_ERROR_MISSED], 0);
    assert_true(tide.ap == 0 && tide.gain[DUET_COCO_ERROR_LOCATION] == 1);
    scene_close(&o);
    scene_open(&scratch, &(struct scene_lists){NULL, 0, NULL, 0, SCENE_IMAGES, 0}, NULL, &o);
    assert_ok(duet_coco_tide_measure(o.eval, .5, .1, &tide, &e), e);
    assert_true(isnan(tide.ap));
    scene_close(&o);
}

/* --- operating points ----------------------------------------------------------------------------------- */

static void thresholds_are_found(void **state)
{
    (void)state;
    /* Class 0: hit, hit, miss and hit with one score, miss: 4 truths. Class 1: only misses. Class 2: no
     * truth. */
    const struct plain gts[] = {
        {0, 0, false, {0, 0, 10, 10}, 100, 0},  {0, 0, false, {20, 0, 10, 10}, 100, 0},
        {0, 0, false, {40, 0, 10, 10}, 100, 0}, {0, 0, false, {60, 0, 10, 10}, 100, 0},
        {0, 1, false, {60, 0, 10, 10}, 100, 0},
    };
    const struct plain dts[] = {
        {0, 0, false, {0, 0, 10, 10}, 0, .9},   {0, 0, false, {20, 0, 10, 10}, 0, .8},
        {0, 0, false, {80, 50, 10, 10}, 0, .6}, {0, 0, false, {40, 0, 10, 10}, 0, .6},
        {0, 0, false, {80, 0, 10, 10}, 0, .2},  {0, 1, false, {80, 0, 10, 10}, 0, .2},
        {0, 2, false, {80, 0, 10, 10}, 0, .2},
    };
    struct opened_scene o;
    struct duet_coco_point points[3];
    struct duet_error e;
    scene_open(&scratch, &(struct scene_lists){gts, COUNT(gts), dts, COUNT(dts), SCENE_IMAGES, 0}, NULL, &o);
    assert_ok(duet_coco_find_points(o.eval, 0, DUET_COCO_BEST_F1, 0, points, &e), e);
    assert_true(points[0].reached && fabs(points[0].threshold - .4) < 1e-12);
    assert_int_equal(points[0].kept, 4);
    assert_int_equal(points[0].hits, 3);
    assert_int_equal(points[0].positives, 4);
    assert_true(points[0].precision == .75 && points[0].recall == .75 && points[0].f1 == .75);
    assert_false(points[1].reached);
    assert_true(points[1].threshold == 1);
    assert_int_equal(points[1].positives, 1);
    assert_false(points[2].reached);
    assert_ok(duet_coco_find_points(o.eval, 0, DUET_COCO_PRECISION, .8, points, &e), e);
    assert_true(fabs(points[0].threshold - .7) < 1e-12 && points[0].precision == 1 && points[0].recall == .5);
    assert_ok(duet_coco_find_points(o.eval, 0, DUET_COCO_PRECISION, .6, points, &e), e);
    assert_true(fabs(points[0].threshold - .1) < 1e-12 && points[0].hits == 3 && points[0].kept == 5);
    assert_fails(DUET_BAD_ARGUMENT, duet_coco_find_points(o.eval, 10, DUET_COCO_BEST_F1, 0, points, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_coco_find_points(o.eval, 0, DUET_COCO_PRECISION, 0, points, &e), e);
    scene_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_are_taken_for_others), cmocka_unit_test(rows_add_up_to_the_truths),
        cmocka_unit_test(every_kind_of_error_is_told),  cmocka_unit_test(one_error_is_mended_for_a_truth),
        cmocka_unit_test(thresholds_are_found),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
