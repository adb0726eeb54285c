/* The numbers of pycocotools itself: 100 images of COCO val2014 with made-up boxes and masks, and the 200
 * development images with the reference network's detections. */
#include "support/testing.h"

#include "core/os.h"
#include "duet/coco_map.h"

#include <math.h>

static char *path_of(const char *shared, const char *name)
{
    return duet_text("%s/%s", shared, name);
}

static void never(void *ctx, const char *text)
{
    (void)ctx;
    fail_msg("a warning: %s", text);
}

struct opened {
    struct duet_coco_truth truth;
    struct duet_coco_results results;
    struct duet_coco_eval *eval;
};

static void open_all(struct opened *opened, const char *shared, const char *truth, const char *results,
                     enum duet_coco_type type)
{
    struct duet_error e;
    bool masks = type == DUET_COCO_MASKS;
    char *truth_path = path_of(shared, truth), *results_path = path_of(shared, results);
    assert_ok(duet_coco_truth_open(truth_path, masks, &opened->truth, &e), e);
    if (masks)
        assert_ok(duet_coco_results_open_masks(results_path, &opened->results, &e), e);
    else
        assert_ok(duet_coco_results_open(results_path, &opened->results, &e), e);
    const struct duet_coco_options options = {.struct_size = sizeof options, .type = type, .warn = never};
    assert_ok(duet_coco_eval_open(&opened->truth, &opened->results, &options, &opened->eval, &e), e);
    free(truth_path);
    free(results_path);
}

static void close_all(struct opened *opened)
{
    duet_coco_eval_close(&opened->eval);
    duet_coco_results_close(&opened->results);
    duet_coco_truth_close(&opened->truth);
}

static void near(double got, double want, double tolerance, const char *what, int index)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%s %d: got %.17g, expected %.17g", what, index, got, want);
}

static void check_twelve(const struct opened *opened, const char *shared, const char *file, double tolerance)
{
    struct duet_coco_line lines[DUET_COCO_MAX_LINES];
    assert_int_equal(duet_coco_eval_lines(opened->eval, lines), 12);
    char *path = path_of(shared, file);
    FILE *stream = fopen(path, "r");
    assert_non_null(stream);
    for (int i = 0; i < 12; i++) {
        double want;
        assert_int_equal(fscanf(stream, "%*[^-0-9.]"), 0);
        assert_int_equal(fscanf(stream, "%lf", &want), 1);
        near(lines[i].value, want, tolerance, file, i);
    }
    fclose(stream);
    free(path);
}

static void check_classes(const struct opened *opened, const char *shared, const char *file)
{
    const struct duet_coco_scope scope = duet_coco_eval_scope(opened->eval);
    char *path = path_of(shared, file);
    FILE *stream = fopen(path, "r");
    assert_non_null(stream);
    int id, rows = 0;
    double want;
    for (; fscanf(stream, "%d %lf", &id, &want) == 2; rows++) {
        int k = 0;
        while (k < (int)scope.category_count && scope.category_ids[k] != id) k++;
        assert_true(k < (int)scope.category_count);
        near(duet_coco_ap(opened->eval, (struct duet_coco_cut){-1, k, 0, 2}), want, 1e-9, file, id);
    }
    assert_int_equal(rows, scope.category_count);
    fclose(stream);
    free(path);
}

static void boxes_of_the_golden_set(void **state)
{
    (void)state;
    testing_need_shared(shared);
    struct opened opened;
    open_all(&opened, shared, "golden/cocoeval/instances_val2014_100.json",
             "golden/cocoeval/instances_val2014_fakebbox100_results.json", DUET_COCO_BOXES);
    check_twelve(&opened, shared, "golden/cocoeval/val2014_fakebbox100_expected.txt", 1e-9);
    check_classes(&opened, shared, "golden/cocoeval/val2014_fakebbox100_per_class_ap.tsv");
    close_all(&opened);
}

static void masks_of_the_golden_set(void **state)
{
    (void)state;
    testing_need_shared(shared);
    struct opened opened;
    open_all(&opened, shared, "golden/cocoeval/instances_val2014_100.json",
             "golden/cocoeval/instances_val2014_fakesegm100_results.json", DUET_COCO_MASKS);
    check_twelve(&opened, shared, "golden/cocoeval/val2014_fakesegm100_expected.txt", 1e-9);
    check_classes(&opened, shared, "golden/cocoeval/val2014_fakesegm100_per_class_ap.tsv");
    close_all(&opened);
}

static void the_development_images(void **state)
{
    (void)state;
    testing_need_shared(shared);
    struct opened opened;
    open_all(&opened, shared, "data/coco/instances_val2017_dev200.json",
             "data/coco/reference_detections_dev200.json", DUET_COCO_BOXES);
    check_twelve(&opened, shared, "data/coco/reference_metrics_dev200.txt", 1e-6);
    close_all(&opened);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boxes_of_the_golden_set),
        cmocka_unit_test(masks_of_the_golden_set),
        cmocka_unit_test(the_development_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
