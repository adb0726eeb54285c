/* The numbers of pycocotools itself: 100 images of COCO val2014 with made-up boxes and masks, and the 200
 * development images with the reference network's detections. */
#include "support/testing.h"

#include "core/os.h"
#include "eval/coco/errors.h"

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
    assert_ok(duet_coco_results_open(results_path, masks, &opened->results, &e), e);
    const struct duet_coco_options options = {.type = type, .warn = never};
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

/* What TIDE's program gives, followed step by step for these files. */
struct tide_row {
    enum duet_coco_error kind;
    double gain;
    size_t count; /* 0: not looked at */
};

static void check_tide(const struct opened *opened, double ap, const struct tide_row rows[DUET_COCO_ERRORS])
{
    struct duet_coco_tide tide;
    struct duet_error e;
    assert_ok(duet_coco_tide_measure(opened->eval, .5, .1, &tide, &e), e);
    near(tide.ap, ap, 1e-12, "TIDE's AP", 0);
    for (int i = 0; i < DUET_COCO_ERRORS; i++) {
        near(tide.gain[rows[i].kind], rows[i].gain, 1e-12, duet_coco_error_name(rows[i].kind), i);
        if (rows[i].count) assert_int_equal(tide.count[rows[i].kind], rows[i].count);
    }
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
    static const struct tide_row rows[] = {{DUET_COCO_ERROR_CLASS, 0.222460397441685, 83},
                                           {DUET_COCO_ERROR_LOCATION, 0.0022789102370710168, 1},
                                           {DUET_COCO_ERROR_BOTH, 0, 0},
                                           {DUET_COCO_ERROR_DUPLICATE, 0.00018972971237033676, 1},
                                           {DUET_COCO_ERROR_BACKGROUND, 0, 0},
                                           {DUET_COCO_ERROR_MISSED, 0.08523573787723365, 97},
                                           {DUET_COCO_ERROR_FALSE_HIT, 0.06821587524510463, 85},
                                           {DUET_COCO_ERROR_FALSE_MISS, 0.17684978535217183, 0}};
    check_tide(&opened, 0.6420498881733425, rows);
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
    static const struct tide_row rows[] = {{DUET_COCO_ERROR_CLASS, 0.024137748029085842, 426},
                                           {DUET_COCO_ERROR_LOCATION, 0.08786612005097837, 6294},
                                           {DUET_COCO_ERROR_BOTH, 0.006762735970191613, 2370},
                                           {DUET_COCO_ERROR_DUPLICATE, 0.003920109544498658, 995},
                                           {DUET_COCO_ERROR_BACKGROUND, 0.01897887316336451, 8226},
                                           {DUET_COCO_ERROR_MISSED, 0.10362502106081223, 405},
                                           {DUET_COCO_ERROR_FALSE_HIT, 0.11725395346702343, 0},
                                           {DUET_COCO_ERROR_FALSE_MISS, 0.24547145629186395, 0}};
    check_tide(&opened, 0.44697715318794584, rows);
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
