/* Images drawn anew, and two evaluations beside each other. */
#include "support/testing.h"

#include "eval/coco/bootstrap.h"
#include "support/coco_scenes.h"
#include "support/scratch_group.h"

static const int limits[] = {1, 3, SCENE_MOST};
static const struct duet_coco_options options = {.limits = limits, .limit_count = 3};

/* NaN stands for -1. */
static void same(double replicate, double score)
{
    if (score < 0 ? !isnan(replicate) : !(fabs(replicate - score) < 1e-12))
        fail_msg("a replicate gives %.17g, scoring the drawn images %.17g", replicate, score);
}

/* --- replicates --------------------------------------------------------------------------------------- */

/* The things of the drawn images, each image as often as it was drawn, under ids of its own. */
static int repeat(const struct plain *things, int count, const uint32_t *weights, struct plain *out)
{
    int made = 0, id = 0;
    for (int image = 0; image < SCENE_IMAGES; image++)
        for (uint32_t copy = 0; copy < weights[image]; copy++, id++)
            for (int i = 0; i < count; i++)
                if (things[i].image == image) {
                    out[made] = things[i];
                    out[made++].image = id;
                }
    return made;
}

static void compare_replicate(const struct scene_set *set, const struct duet_coco_replicates *replicates,
                              size_t replicate)
{
    static struct plain gts[SCENE_MOST * SCENE_IMAGES], dts[SCENE_MOST * 3 * SCENE_IMAGES];
    uint32_t weights[SCENE_IMAGES];
    struct opened_scene drawn;
    struct duet_coco_line lines[DUET_COCO_MAX_LINES];
    duet_bootstrap_resample(replicates->seed, replicate, weights, SCENE_IMAGES);
    int gt_count = repeat(set->gts, set->gt_count, weights, gts);
    int dt_count = repeat(set->dts, set->dt_count, weights, dts);
    scene_open(&scratch, &(struct scene_lists){gts, gt_count, dts, dt_count, SCENE_IMAGES, 0}, &options,
               &drawn);
    size_t count = duet_coco_eval_lines(drawn.eval, lines);
    assert_int_equal(count, replicates->line_count);
    for (size_t i = 0; i < count; i++)
        same(replicates->lines[i * replicates->count + replicate], lines[i].value);
    for (int k = 0; k < SCENE_CLASSES; k++)
        same(replicates->categories[(size_t)k * replicates->count + replicate],
             duet_coco_ap(drawn.eval, (struct duet_coco_cut){-1, k, 0, 2}));
    scene_close(&drawn);
}

/* Of equal scores in one image the copies come one after the other when images are repeated, and both copies
 * of the first before those of the second in a replicate: either is as good. */
static void a_draw_scores_as_the_drawn_images_do(void **state)
{
    (void)state;
    uint32_t seed = 3;
    for (int round = 0; round < 60; round++) {
        struct scene_set set;
        struct opened_scene o;
        struct duet_coco_replicates replicates;
        struct duet_error e;
        scene_random(&seed, &set);
        for (int i = 0; i < set.dt_count; i++)
            set.dts[i].score += i / 1024.0; /* no two are equal: see below */
        scene_open_set(&scratch, &set, &options, &o);
        assert_ok(duet_coco_bootstrap(o.eval, 5, (uint64_t)round, NULL, &replicates, &e), e);
        for (size_t replicate = 0; replicate < 5; replicate++)
            compare_replicate(&set, &replicates, replicate);
        duet_coco_replicates_close(&replicates);
        scene_close(&o);
    }
}

static void threads_change_nothing(void **state)
{
    (void)state;
    uint32_t seed = 7;
    struct scene_set set;
    struct opened_scene o;
    struct duet_coco_replicates one, many;
    struct duet_error e;
    struct duet_pool pool;
    scene_random(&seed, &set);
    scene_open_set(&scratch, &set, &options, &o);
    assert_ok(duet_pool_create(4, &pool, &e), e);
    assert_ok(duet_coco_bootstrap(o.eval, 200, 9, NULL, &one, &e), e);
    assert_ok(duet_coco_bootstrap(o.eval, 200, 9, &pool, &many, &e), e);
    assert_memory_equal(one.lines, many.lines, one.line_count * one.count * sizeof *one.lines);
    assert_memory_equal(one.categories, many.categories,
                        one.category_count * one.count * sizeof *one.categories);
    duet_coco_replicates_close(&many);
    assert_ok(duet_coco_bootstrap(o.eval, 200, 10, &pool, &many, &e), e);
    assert_true(memcmp(one.lines, many.lines, one.count * sizeof *one.lines) != 0);
    duet_pool_close(&pool);
    duet_coco_replicates_close(&one);
    duet_coco_replicates_close(&many);
    assert_fails(DUET_BAD_ARGUMENT, duet_coco_bootstrap(o.eval, 0, 9, NULL, &one, &e), e);
    assert_null(one.lines);
    scene_close(&o);
    scene_open(&scratch, &(struct scene_lists){NULL, 0, NULL, 0, 0, 0}, &options, &o);
    assert_fails(DUET_BAD_ARGUMENT, duet_coco_bootstrap(o.eval, 5, 9, NULL, &one, &e), e);
    scene_close(&o);
}

/* --- intervals ---------------------------------------------------------------------------------------- */

static void scores_of_none_have_no_interval(void **state)
{
    (void)state;
    double values[101], nothing[101], room[101];
    for (int i = 0; i <= 100; i++) {
        values[i] = 0.4 + i / 1000.0;
        nothing[i] = NAN;
    }
    struct duet_coco_replicates replicates = {.count = 101,
                                              .line_count = 1,
                                              .category_count = 1,
                                              .lines = values,
                                              .categories = nothing,
                                              .room = room};
    struct duet_interval interval = duet_coco_line_interval(&replicates, 0, 0.43);
    assert_true(fabs(interval.low - 0.3625) < 1e-12 && fabs(interval.high - 0.4575) < 1e-12);
    interval = duet_coco_line_interval(&replicates, 0, -1);
    assert_true(isnan(interval.low) && isnan(interval.high));
    interval = duet_coco_category_interval(&replicates, 0, 0.5);
    assert_true(isnan(interval.low) && isnan(interval.high));
}

static void differences_have_an_interval_and_a_p(void **state)
{
    (void)state;
    double a[99], b[99], room[99];
    for (int i = 0; i < 99; i++) {
        a[i] = 0.3 + i / 1000.0;
        b[i] = a[i] + 0.05 + (i - 49) / 10000.0; /* always better, by .0451 to .0549 */
    }
    struct duet_coco_replicates left = {.count = 99, .lines = a, .categories = a, .room = room},
                                right = {.count = 99, .lines = b, .categories = b, .room = room};
    struct duet_coco_difference d = duet_coco_compare_line(&left, &right, 0, 0.35, 0.40);
    assert_true(fabs(d.difference - 0.05) < 1e-12);
    assert_true(d.interval.low > 0.045 && d.interval.high < 0.055);
    assert_true(fabs(d.p - 2.0 / 100) < 1e-12);
    d = duet_coco_compare_line(&right, &left, 0, 0.40, 0.35);
    assert_true(fabs(d.difference + 0.05) < 1e-12 && fabs(d.p - 2.0 / 100) < 1e-12);
    d = duet_coco_compare_category(&left, &left, 0, 0.35, 0.35);
    assert_true(d.difference == 0 && d.p == 1 && d.interval.low == 0 && d.interval.high == 0);
    d = duet_coco_compare_line(&left, &right, 0, 0.35, -1);
    assert_true(isnan(d.difference) && isnan(d.p) && isnan(d.interval.low));
    /* As often more than twice the difference as less than none: luck. */
    for (int i = 0; i < 99; i++) b[i] = a[i] + (i - 40) / 1000.0;
    d = duet_coco_compare_line(&left, &right, 0, 0.35, 0.351);
    assert_true(d.p > 0.8 && d.interval.low < 0 && d.interval.high > 0);
}

/* --- two evaluations ---------------------------------------------------------------------------------- */

static void only_like_is_compared_with_like(void **state)
{
    (void)state;
    uint32_t seed = 11;
    struct scene_set set;
    struct opened_scene o;
    struct duet_error e;
    struct duet_coco_eval *other;
    static const int64_t images[] = {1, 2};
    static const int64_t categories[] = {1};
    static const int other_limits[] = {1, 3, 20};
    static const double thresholds[] = {.5};
    static const struct duet_coco_area areas[] = {{"all", 0, 1e9}};
    const struct {
        struct duet_coco_options options;
        const char *what;
    } cases[] = {
        {{.image_ids = images, .image_count = 2, .limits = limits, .limit_count = 3}, "images"},
        {{.category_ids = categories, .category_count = 1, .limits = limits, .limit_count = 3}, "classes"},
        {{.limits = other_limits, .limit_count = 3}, "limits on detections"},
        {{.thresholds = thresholds, .threshold_count = 1, .limits = limits, .limit_count = 3},
         "overlap thresholds"},
        {{.areas = areas, .area_count = 1, .limits = limits, .limit_count = 3}, "area ranges"}};
    scene_random(&seed, &set);
    scene_open_set(&scratch, &set, &options, &o);
    assert_ok(duet_coco_comparable(o.eval, o.eval, &e), e);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_ok(duet_coco_eval_open(&o.truth, &o.results, &cases[i].options, &other, &e), e);
        assert_fails(DUET_MISMATCH, duet_coco_comparable(o.eval, other, &e), e);
        assert_non_null(strstr(e.text, cases[i].what));
        duet_coco_eval_close(&other);
    }
    scene_close(&o);
}

/* An image by itself scores what an evaluation of it alone gives for the classes that are in it. */
static void images_score_as_they_do_alone(void **state)
{
    (void)state;
    uint32_t seed = 13;
    for (int round = 0; round < 40; round++) {
        struct scene_set set;
        struct opened_scene o;
        struct duet_error e;
        double scores[SCENE_IMAGES];
        scene_random(&seed, &set);
        scene_open_set(&scratch, &set, &options, &o);
        assert_ok(duet_coco_image_scores(o.eval, scores, &e), e);
        for (int i = 0; i < SCENE_IMAGES; i++) {
            const int64_t id = i + 1;
            struct duet_coco_options one = options;
            struct duet_coco_eval *alone;
            one.image_ids = &id;
            one.image_count = 1;
            assert_ok(duet_coco_eval_open(&o.truth, &o.results, &one, &alone, &e), e);
            double want = duet_coco_ap(alone, (struct duet_coco_cut){-1, -1, 0, 2});
            if (!(fabs(scores[i] - want) < 1e-12)) fail_msg("%.17g, alone %.17g", scores[i], want);
            duet_coco_eval_close(&alone);
        }
        scene_close(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_draw_scores_as_the_drawn_images_do),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(scores_of_none_have_no_interval),
        cmocka_unit_test(differences_have_an_interval_and_a_p),
        cmocka_unit_test(only_like_is_compared_with_like),
        cmocka_unit_test(images_score_as_they_do_alone),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
