#include "support/testing.h"

#include "core/os.h"
#include "eval/agreement.h"

#include <math.h>

static const struct duet_agreement_options usual = {
    .struct_size = sizeof usual, .min_score = 0.05, .min_iou = 0.5, .max_distance = 0.01};

/* A detection of picture 1, class 1: 100 pixels wide and tall. */
static struct duet_coco_result at(double x, double score)
{
    return (struct duet_coco_result){
        .image_id = 1, .category_id = 1, .score = score, .x = x, .y = 0, .width = 100, .height = 100};
}

static struct duet_agreement measure(struct duet_coco_result *references, size_t reference_count,
                                     struct duet_coco_result *candidates, size_t candidate_count,
                                     const struct duet_agreement_options *options)
{
    struct duet_error e;
    struct duet_agreement agreement;
    struct duet_coco_results r = {.items = references, .count = reference_count},
                             c = {.items = candidates, .count = candidate_count};
    assert_ok(duet_agreement_measure(&r, &c, options, &agreement, &e), e);
    return agreement;
}

static void expect(struct duet_agreement agreement, size_t looked_for, size_t found, size_t misses)
{
    assert_int_equal(agreement.looked_for, looked_for);
    assert_int_equal(agreement.found, found);
    assert_int_equal(agreement.miss_count, misses);
    duet_agreement_close(&agreement);
    assert_null(agreement.misses);
}

static void overlap_is_intersection_over_union(void **state)
{
    (void)state;
    struct duet_coco_result a = at(0, 1), b = at(50, 1);
    assert_true(duet_box_iou(&a, &a) == 1);
    assert_true(duet_box_iou(&a, &b) == 5000.0 / 15000.0);
    assert_true(duet_box_iou(&a, &b) == duet_box_iou(&b, &a));
    b.x = 100; /* touching */
    assert_true(duet_box_iou(&a, &b) == 0);
    b.x = 200;
    assert_true(duet_box_iou(&a, &b) == 0);
    b = a, b.width = 0;
    assert_true(duet_box_iou(&a, &b) == 0);
    assert_true(duet_box_iou(&b, &b) == 0);
    b.width = -100;
    assert_true(duet_box_iou(&b, &b) == 0);
    b = a, b.y = (double)NAN;
    assert_true(duet_box_iou(&a, &b) == 0);
    b = a, b.width = (double)INFINITY;
    assert_true(duet_box_iou(&b, &b) == 0);
}

static void the_same_set_agrees_wholly(void **state)
{
    (void)state;
    struct duet_coco_result set[] = {at(0, 0.9), at(300, 0.8), at(0, 0.9), at(0, 0.05), at(0, 0.049)};
    expect(measure(set, 5, set, 5, &usual), 4, 4, 0);
    expect(measure(set, 0, set, 5, &usual), 0, 0, 0);
    expect(measure(set, 5, set, 0, &usual), 4, 0, 4);
    expect(measure(NULL, 0, NULL, 0, &usual), 0, 0, 0);
}

static void each_condition_can_fail(void **state)
{
    (void)state;
    struct duet_coco_result r = at(0, 0.5), c = at(0, 0.5);
    c.score = 0.509;
    expect(measure(&r, 1, &c, 1, &usual), 1, 1, 0);
    c.score = 0.511;
    expect(measure(&r, 1, &c, 1, &usual), 1, 0, 1);
    c.score = 0.489;
    expect(measure(&r, 1, &c, 1, &usual), 1, 0, 1);
    c = at(33, 0.5); /* 67 / 133 */
    expect(measure(&r, 1, &c, 1, &usual), 1, 1, 0);
    c = at(34, 0.5); /* 66 / 134 */
    expect(measure(&r, 1, &c, 1, &usual), 1, 0, 1);
    c = at(0, 0.5), c.image_id = 2;
    expect(measure(&r, 1, &c, 1, &usual), 1, 0, 1);
    c = at(0, 0.5), c.category_id = 2;
    expect(measure(&r, 1, &c, 1, &usual), 1, 0, 1);
    c = at(0, (double)NAN);
    expect(measure(&r, 1, &c, 1, &usual), 1, 0, 1);
    r.score = (double)NAN; /* no score that could be looked for */
    expect(measure(&r, 1, &c, 1, &usual), 0, 0, 0);
}

static void a_candidate_serves_once_and_the_best_overlap_first(void **state)
{
    (void)state;
    /* Both references reach the first candidate, only the second one reaches the other as well. */
    struct duet_coco_result references[] = {at(0, 0.5), at(10, 0.5)}, one[] = {at(8, 0.5)};
    struct duet_agreement a = measure(references, 2, one, 1, &usual);
    assert_int_equal(a.found, 1);
    assert_int_equal(a.miss_count, 1);
    assert_true(a.misses[0].reference.x == 0); /* the nearer one has it */
    assert_true(a.misses[0].has_nearest && a.misses[0].nearest.x == 8);
    assert_true(a.misses[0].iou == 9200.0 / 10800.0);
    duet_agreement_close(&a);
    struct duet_coco_result two[] = {at(8, 0.5), at(-20, 0.5)};
    expect(measure(references, 2, two, 2, &usual), 2, 2, 0);
    struct duet_coco_result twins[] = {at(0, 0.5), at(0, 0.5)};
    expect(measure(twins, 2, twins, 1, &usual), 2, 1, 1);
}

static void the_order_of_the_sets_does_not_matter(void **state)
{
    (void)state;
    enum { COUNT = 500 };
    struct duet_coco_result references[COUNT], candidates[COUNT];
    for (int i = 0; i < COUNT; i++) {
        references[i] = at(i % 10 * 60, 0.1 + i % 7 * 0.1);
        references[i].image_id = i % 13;
        references[i].category_id = i % 3;
        candidates[COUNT - 1 - i] = references[i];
        candidates[COUNT - 1 - i].x += i % 5 * 10; /* 40 of 100 is too much */
    }
    expect(measure(references, COUNT, references, COUNT, &usual), COUNT, COUNT, 0);
    struct duet_agreement a = measure(references, COUNT, candidates, COUNT, &usual);
    assert_int_equal(a.looked_for, COUNT);
    assert_true(a.found >= COUNT / 5 * 4 && a.found < COUNT);
    duet_agreement_close(&a);
}

static void the_worst_misses_are_kept(void **state)
{
    (void)state;
    struct duet_coco_result references[30], candidate = at(900, 0.5);
    for (int i = 0; i < 30; i++) references[i] = at(0, 0.1 + (i * 7 % 30) / 100.0);
    references[29].image_id = 2; /* a group of its own does not matter */
    struct duet_agreement a = measure(references, 30, &candidate, 1, &usual);
    assert_int_equal(a.looked_for, 30);
    assert_int_equal(a.found, 0);
    assert_int_equal(a.miss_count, 10);
    for (int i = 0; i < 10; i++) {
        assert_true(fabs(a.misses[i].reference.score - (0.39 - i / 100.0)) < 1e-12);
        assert_false(a.misses[i].has_nearest);
    }
    duet_agreement_close(&a);
    struct duet_agreement_options options = usual;
    struct duet_error e;
    options.struct_size = sizeof options + 1; /* of a newer program */
    struct duet_coco_results nothing = {0};
    assert_fails(DUET_BAD_ARGUMENT, duet_agreement_measure(&nothing, &nothing, &options, &a, &e), e);
    options = usual;
    options.max_misses = 3;
    expect(measure(references, 30, &candidate, 1, &options), 30, 0, 3);
    options.max_misses = SIZE_MAX;
    expect(measure(references, 30, &candidate, 1, &options), 30, 0, 30);
}

static void options_must_be_numbers(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_agreement agreement;
    struct duet_coco_results nothing = {0};
    struct duet_agreement_options options = usual;
    options.min_iou = (double)NAN;
    assert_fails(DUET_BAD_ARGUMENT, duet_agreement_measure(&nothing, &nothing, &options, &agreement, &e), e);
    duet_agreement_close(&agreement);
    duet_agreement_close(NULL);
}

static void the_reference_file_agrees_with_itself(void **state)
{
    (void)state;
    testing_need_shared(shared);
    struct duet_error e;
    struct duet_coco_results r, moved;
    struct duet_agreement a;
    struct duet_agreement_options options = {sizeof options, 0.05, 0.97, 0.003, 0};
    char *path = duet_text("%s/data/coco/reference_detections_dev200.json", shared);
    assert_ok(duet_coco_results_open(path, &r, &e), e);
    assert_ok(duet_coco_results_open(path, &moved, &e), e);
    assert_ok(duet_agreement_measure(&r, &r, &options, &a, &e), e);
    assert_true(a.looked_for > 1000);
    assert_int_equal(a.found, a.looked_for);
    duet_agreement_close(&a);
    for (size_t i = 0; i < moved.count; i++) moved.items[i].score += 0.0031;
    assert_ok(duet_agreement_measure(&r, &moved, &options, &a, &e), e);
    assert_true(a.found < a.looked_for / 20);
    duet_agreement_close(&a);
    duet_coco_results_close(&r);
    duet_coco_results_close(&moved);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlap_is_intersection_over_union),
        cmocka_unit_test(the_same_set_agrees_wholly),
        cmocka_unit_test(each_condition_can_fail),
        cmocka_unit_test(a_candidate_serves_once_and_the_best_overlap_first),
        cmocka_unit_test(the_order_of_the_sets_does_not_matter),
        cmocka_unit_test(the_worst_misses_are_kept),
        cmocka_unit_test(options_must_be_numbers),
        cmocka_unit_test(the_reference_file_agrees_with_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
