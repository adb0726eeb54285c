/* COCO's rules one by one, on boxes and masks written by hand. */
#include "support/testing.h"

#include "eval/coco/map.h"
#include "support/scratch.h"

#include <math.h>

static struct scratch truth_file, results_file;

static int make_scratch(void **state)
{
    (void)state;
    scratch_make(&truth_file);
    scratch_make(&results_file);
    return 0;
}

static int remove_scratch(void **state)
{
    (void)state;
    scratch_remove(&truth_file);
    scratch_remove(&results_file);
    return 0;
}

/* --- scoring what is written down ----------------------------------------------------------------------- */

struct scored {
    struct duet_coco_truth truth;
    struct duet_coco_results results;
    struct duet_coco_eval *eval;
    char warnings[4096];
};

static void keep_warning(void *ctx, const char *text)
{
    char *warnings = ctx;
    size_t length = strlen(warnings);
    snprintf(warnings + length, 4096 - length, "%s\n", text);
}

static enum duet_status score_with(struct scored *s, const char *annotations, const char *results,
                                   struct duet_coco_options options, struct duet_error *error)
{
    struct duet_error e;
    bool masks = options.type == DUET_COCO_MASKS;
    char *truth = duet_text("{\"images\":[{\"id\":1,\"width\":200,\"height\":200},{\"id\":2,\"width\":200,"
                            "\"height\":200}],\"categories\":[{\"id\":1,\"name\":\"a\"},{\"id\":2}],"
                            "\"annotations\":[%s]}",
                            annotations);
    char *list = duet_text("[%s]", results);
    *s = (struct scored){0};
    options.warn = keep_warning;
    options.warn_ctx = s->warnings;
    assert_ok(duet_coco_truth_open(scratch_memory(&truth_file, truth, strlen(truth)), masks, &s->truth, &e),
              e);
    const char *path = scratch_memory(&results_file, list, strlen(list));
    assert_ok(duet_coco_results_open(path, masks, &s->results, &e), e);
    free(truth);
    free(list);
    return duet_coco_eval_open(&s->truth, &s->results, &options, &s->eval, error);
}

static void score(struct scored *s, const char *annotations, const char *results)
{
    struct duet_error e;
    assert_ok(score_with(s, annotations, results, (struct duet_coco_options){0}, &e), e);
}

static void done(struct scored *s)
{
    duet_coco_eval_close(&s->eval);
    assert_null(s->eval);
    duet_coco_results_close(&s->results);
    duet_coco_truth_close(&s->truth);
}

/* Annotation and result of category 1, image 1. */
#define GT(id, x, y, w, h, more)                                                                             \
    "{\"id\":" #id ",\"image_id\":1,\"category_id\":1,\"iscrowd\":0,\"bbox\":[" #x "," #y "," #w "," #h      \
    "],\"area\":" more "}"
#define CROWD(id, x, y, w, h)                                                                                \
    "{\"id\":" #id ",\"image_id\":1,\"category_id\":1,\"iscrowd\":1,\"bbox\":[" #x "," #y "," #w "," #h      \
    "],\"area\":100}"
#define DT(x, y, w, h, score)                                                                                \
    "{\"image_id\":1,\"category_id\":1,\"bbox\":[" #x "," #y "," #w "," #h "],\"score\":" #score "}"

enum { ALL, SMALL, MEDIUM, LARGE };
enum { ONE, TEN, HUNDRED };

static void is(double got, double want)
{
    if (!(fabs(got - want) < 1e-12)) fail_msg("got %.17g, expected %.17g", got, want);
}

static double ap50(const struct scored *s, int area)
{
    return duet_coco_ap(s->eval, (struct duet_coco_cut){0, 0, area, HUNDRED});
}

static double ar50(const struct scored *s, int area)
{
    return duet_coco_ar(s->eval, (struct duet_coco_cut){0, 0, area, HUNDRED});
}

/* AP when the first `reached` of 101 recalls have the precision. */
static double share(int reached, double precision)
{
    return reached * precision / 101;
}

/* --- matching ------------------------------------------------------------------------------------------- */

static void a_perfect_result_scores_one(void **state)
{
    (void)state;
    struct scored s;
    score(&s, GT(1, 0, 0, 10, 10, "100"), DT(0, 0, 10, 10, 0.5));
    is(ap50(&s, ALL), 1);
    is(duet_coco_ap(s.eval, (struct duet_coco_cut){-1, -1, ALL, HUNDRED}), 1);
    is(duet_coco_ar(s.eval, (struct duet_coco_cut){-1, -1, ALL, ONE}), 1);
    assert_string_equal(s.warnings, "");
    done(&s);
}

static void equal_overlaps_go_to_the_later_truth(void **state)
{
    (void)state;
    struct scored s;
    /* The first detection overlaps both by exactly .5; only if it takes the later one is the other left for
     * the second detection. */
    const char *found = DT(0, 0, 20, 10, 0.9) "," DT(0, 0, 10, 10, 0.8);
    score(&s, GT(1, 0, 0, 10, 10, "100") "," GT(2, 10, 0, 10, 10, "100"), found);
    is(ap50(&s, ALL), 1);
    done(&s);
    score(&s, GT(1, 10, 0, 10, 10, "100") "," GT(2, 0, 0, 10, 10, "100"), found);
    is(ap50(&s, ALL), share(51, 1));
    done(&s);
}

static void a_better_overlap_wins(void **state)
{
    (void)state;
    struct scored s;
    score(&s, GT(1, 0, 0, 10, 10, "100") "," GT(2, 1, 0, 10, 10, "100"),
          DT(0, 0, 10, 10, 0.9) "," DT(1, 0, 10, 10, 0.8));
    is(duet_coco_ap(s.eval, (struct duet_coco_cut){9, 0, ALL, HUNDRED}), 1);
    done(&s);
}

static void a_truth_is_taken_once(void **state)
{
    (void)state;
    struct scored s;
    score(&s, GT(1, 0, 0, 10, 10, "100") "," GT(2, 100, 0, 10, 10, "100"),
          DT(0, 0, 10, 10, 0.9) "," DT(0, 0, 10, 10, 0.8) "," DT(100, 0, 10, 10, 0.7));
    is(ap50(&s, ALL), (51 + 50 * 2.0 / 3) / 101);
    done(&s);
}

static void crowds_take_many_and_count_for_nothing(void **state)
{
    (void)state;
    struct scored s;
    /* Three detections in the crowd, by their own area: two wholly, one by half and just enough for .5. */
    score(&s, GT(1, 0, 0, 10, 10, "100") "," CROWD(2, 50, 50, 100, 100),
          DT(60, 60, 5, 5, 0.9) "," DT(70, 60, 5, 5, 0.8) "," DT(45, 80, 10, 10, 0.7) "," DT(0, 0, 10, 10,
                                                                                             0.6));
    is(ap50(&s, ALL), 1);
    assert_int_equal(duet_coco_positives(s.eval, 0, ALL), 1);
    /* At .55 the half one is a miss. */
    is(duet_coco_ap(s.eval, (struct duet_coco_cut){1, 0, ALL, HUNDRED}), 0.5);
    done(&s);
}

static void a_crowd_is_the_last_resort(void **state)
{
    (void)state;
    struct scored s;
    /* The crowd comes first in the file and holds the detection wholly; the real one, overlapping by .6, is
     * taken all the same. */
    score(&s, CROWD(1, 0, 0, 100, 100) "," GT(2, 0, 0, 10, 10, "100"), DT(0, 0, 10, 6, 0.9));
    is(ap50(&s, ALL), 1);
    is(duet_coco_ap(s.eval, (struct duet_coco_cut){3, 0, ALL, HUNDRED}), 0); /* .65: nothing found */
    done(&s);
}

static void both_ends_of_an_area_range_are_in_it(void **state)
{
    (void)state;
    struct scored s;
    score(&s, GT(1, 0, 0, 32, 32, "1024") "," GT(2, 100, 100, 96, 96, "9216"),
          DT(0, 0, 32, 32, 0.9) "," DT(100, 100, 96, 96, 0.8));
    assert_int_equal(duet_coco_positives(s.eval, 0, SMALL), 1);
    assert_int_equal(duet_coco_positives(s.eval, 0, MEDIUM), 2);
    assert_int_equal(duet_coco_positives(s.eval, 0, LARGE), 1);
    is(ap50(&s, SMALL), 1);
    is(ap50(&s, MEDIUM), 1);
    is(ap50(&s, LARGE), 1);
    done(&s);
}

static void the_area_of_a_truth_is_its_own(void **state)
{
    (void)state;
    struct scored s;
    /* A box of 10000 with a mask of 50: small. */
    score(&s, GT(1, 0, 0, 100, 100, "50"), DT(0, 0, 100, 100, 0.9));
    is(ap50(&s, SMALL), 1);
    is(ap50(&s, LARGE), -1);
    done(&s);
}

static void what_is_out_of_range_is_left_out(void **state)
{
    (void)state;
    struct scored s;
    /* Of the four, the first takes a large truth, the second takes nothing and is large, the third takes
     * nothing and is small, the fourth takes the small truth. */
    score(&s, GT(1, 0, 0, 100, 100, "10000") "," GT(2, 150, 0, 10, 10, "100"),
          DT(0, 0, 100, 100, 0.9) "," DT(100, 100, 100, 100, 0.8) "," DT(190, 190, 5, 5,
                                                                         0.7) "," DT(150, 0, 10, 10, 0.6));
    is(ap50(&s, SMALL), 0.5);
    is(ap50(&s, LARGE), 1);
    is(ap50(&s, MEDIUM), -1);
    is(ap50(&s, ALL), (51 + 50 * 0.5) / 101);
    done(&s);
}

static void an_overlap_of_one_is_enough_for_a_threshold_of_one(void **state)
{
    (void)state;
    struct scored s;
    struct duet_error e;
    const double one[] = {1};
    assert_ok(score_with(&s, GT(1, 0.1, 0.2, 10.3, 10.7, "100"), DT(0.1, 0.2, 10.3, 10.7, 0.9),
                         (struct duet_coco_options){.thresholds = one, .threshold_count = 1}, &e),
              e);
    is(ap50(&s, ALL), 1);
    done(&s);
}

/* --- curves --------------------------------------------------------------------------------------------- */

static void precision_is_read_at_101_recalls(void **state)
{
    (void)state;
    struct scored s;
    struct duet_error e;
    struct duet_coco_curve curve;
    /* Of three truths the first is found, then come a miss and the second: recall 1/3 at 1, 2/3 at 2/3. */
    score(&s, GT(1, 0, 0, 10, 10, "100") "," GT(2, 20, 0, 10, 10, "100") "," GT(3, 40, 0, 10, 10, "100"),
          DT(0, 0, 10, 10, 0.9) "," DT(90, 0, 10, 10, 0.8) "," DT(20, 0, 10, 10, 0.7));
    is(ap50(&s, ALL), (34 + 33 * 2.0 / 3) / 101); /* .00 to .33, .34 to .66 */
    is(ar50(&s, ALL), 2.0 / 3);
    assert_ok(duet_coco_eval_curve(s.eval, (struct duet_coco_cut){0, 0, ALL, HUNDRED}, &curve, &e), e);
    is(curve.recall, 2.0 / 3);
    for (int r = 0; r < DUET_COCO_RECALLS; r++) {
        is(curve.precision[r], r <= 33 ? 1 : r <= 66 ? 2.0 / 3 : 0);
        is(curve.score[r], r <= 33 ? 0.9 : r <= 66 ? 0.7 : 0);
    }
    assert_ok(duet_coco_eval_curve(s.eval, (struct duet_coco_cut){0, 1, ALL, HUNDRED}, &curve, &e), e);
    is(curve.precision[0], -1);
    is(curve.recall, -1);
    assert_fails(DUET_BAD_ARGUMENT,
                 duet_coco_eval_curve(s.eval, (struct duet_coco_cut){-1, 0, ALL, HUNDRED}, &curve, &e), e);
    done(&s);
}

static void precision_is_the_best_beyond(void **state)
{
    (void)state;
    struct scored s;
    struct duet_error e;
    struct duet_coco_curve curve;
    /* miss, hit, hit: 1/2 at recall 1/2, 2/3 at 1; levelled 2/3 everywhere; the first score is the miss's. */
    score(&s, GT(1, 0, 0, 10, 10, "100") "," GT(2, 20, 0, 10, 10, "100"),
          DT(90, 0, 10, 10, 0.9) "," DT(0, 0, 10, 10, 0.8) "," DT(20, 0, 10, 10, 0.7));
    is(ap50(&s, ALL), 2.0 / 3);
    assert_ok(duet_coco_eval_curve(s.eval, (struct duet_coco_cut){0, 0, ALL, HUNDRED}, &curve, &e), e);
    is(curve.score[0], 0.9);
    is(curve.score[1], 0.8);
    is(curve.score[51], 0.7);
    done(&s);
}

static void equal_scores_keep_the_file_s_order(void **state)
{
    (void)state;
    struct scored s;
    const char *truth = GT(1, 0, 0, 10, 10, "100");
    score(&s, truth, DT(0, 0, 10, 10, 0.5) "," DT(90, 0, 10, 10, 0.5));
    is(ap50(&s, ALL), 1);
    done(&s);
    score(&s, truth, DT(90, 0, 10, 10, 0.5) "," DT(0, 0, 10, 10, 0.5));
    is(ap50(&s, ALL), 0.5);
    done(&s);
    /* Of two images the lower id comes first, wherever it stands in the file. */
    score(&s, truth,
          "{\"image_id\":2,\"category_id\":1,\"bbox\":[0,0,9,9],\"score\":0.5}," DT(0, 0, 10, 10, 0.5));
    is(ap50(&s, ALL), 1);
    done(&s);
}

static void limits_are_for_a_picture_and_class(void **state)
{
    (void)state;
    struct scored s;
    score(&s,
          GT(1, 0, 0, 10, 10, "100") "," GT(
              2, 20, 0, 10, 10,
              "100") ","
                     "{\"id\":3,\"image_id\":1,\"category_id\":2,\"bbox\":[0,0,10,10],\"area\":100},"
                     "{\"id\":4,\"image_id\":2,\"category_id\":1,\"bbox\":[0,0,10,10],\"area\":100}",
          DT(20, 0, 10, 10, 0.8) "," DT(
              0, 0, 10, 10, 0.9) ","
                                 "{\"image_id\":1,\"category_id\":2,\"bbox\":[0,0,10,10],\"score\":0.1},"
                                 "{\"image_id\":2,\"category_id\":1,\"bbox\":[0,0,10,10],\"score\":0.1}");
    is(duet_coco_ar(s.eval, (struct duet_coco_cut){0, 0, ALL, ONE}), 2.0 / 3);
    is(duet_coco_ar(s.eval, (struct duet_coco_cut){0, 1, ALL, ONE}), 1);
    is(duet_coco_ar(s.eval, (struct duet_coco_cut){0, 0, ALL, TEN}), 1);
    done(&s);
}

static void no_more_than_the_last_limit_is_looked_at(void **state)
{
    (void)state;
    struct scored s;
    struct duet_error e;
    const int limits[] = {2};
    assert_ok(score_with(&s, GT(1, 0, 0, 10, 10, "100"),
                         DT(50, 0, 10, 10, 0.9) "," DT(60, 0, 10, 10, 0.8) "," DT(0, 0, 10, 10, 0.7),
                         (struct duet_coco_options){.limits = limits, .limit_count = 1}, &e),
              e);
    is(duet_coco_ar(s.eval, (struct duet_coco_cut){0, 0, ALL, 0}), 0);
    assert_int_equal(duet_coco_eval_scope(s.eval).detection_count, 2);
    done(&s);
}

static void an_absent_class_is_left_out_of_means(void **state)
{
    (void)state;
    struct scored s;
    score(&s, GT(1, 0, 0, 10, 10, "100"),
          DT(0, 0, 10, 10, 0.5) ",{\"image_id\":1,\"category_id\":2,\"bbox\":[0,0,9,9],\"score\":1}");
    is(duet_coco_ap(s.eval, (struct duet_coco_cut){-1, 1, ALL, HUNDRED}), -1);
    is(duet_coco_ar(s.eval, (struct duet_coco_cut){-1, 1, ALL, HUNDRED}), -1);
    is(duet_coco_ap(s.eval, (struct duet_coco_cut){-1, -1, ALL, HUNDRED}), 1);
    is(duet_coco_ap(s.eval, (struct duet_coco_cut){-1, -1, LARGE, HUNDRED}), -1);
    struct duet_coco_line lines[DUET_COCO_MAX_LINES];
    assert_int_equal(duet_coco_eval_lines(s.eval, lines), 12);
    char text[DUET_COCO_LINE_TEXT];
    static const char *const want[12] = {
        " Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 1.000",
        " Average Precision  (AP) @[ IoU=0.50      | area=   all | maxDets=100 ] = 1.000",
        " Average Precision  (AP) @[ IoU=0.75      | area=   all | maxDets=100 ] = 1.000",
        " Average Precision  (AP) @[ IoU=0.50:0.95 | area= small | maxDets=100 ] = 1.000",
        " Average Precision  (AP) @[ IoU=0.50:0.95 | area=medium | maxDets=100 ] = -1.000",
        " Average Precision  (AP) @[ IoU=0.50:0.95 | area= large | maxDets=100 ] = -1.000",
        " Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets=  1 ] = 1.000",
        " Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets= 10 ] = 1.000",
        " Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 1.000",
        " Average Recall     (AR) @[ IoU=0.50:0.95 | area= small | maxDets=100 ] = 1.000",
        " Average Recall     (AR) @[ IoU=0.50:0.95 | area=medium | maxDets=100 ] = -1.000",
        " Average Recall     (AR) @[ IoU=0.50:0.95 | area= large | maxDets=100 ] = -1.000"};
    for (int i = 0; i < 12; i++) {
        duet_coco_line_text(s.eval, &lines[i], text);
        assert_string_equal(text, want[i]);
    }
    done(&s);
}

/* --- what is odd ---------------------------------------------------------------------------------------- */

static void an_annotation_with_the_id_0_counts(void **state)
{
    (void)state;
    struct scored s;
    score(&s, GT(0, 0, 0, 10, 10, "100"), DT(0, 0, 10, 10, 0.5));
    is(ap50(&s, ALL), 1);
    assert_string_equal(s.warnings,
                        "1 annotation with the id 0: here it counts when it is found, pycocotools "
                        "takes it for a miss\n");
    done(&s);
}

static void empty_results_score_0(void **state)
{
    (void)state;
    struct scored s;
    score(&s, GT(1, 0, 0, 10, 10, "100"), "");
    is(ap50(&s, ALL), 0);
    is(ar50(&s, ALL), 0);
    assert_string_equal(s.warnings, "the results are empty: they score 0\n");
    done(&s);
    score(&s, "", "");
    is(ap50(&s, ALL), -1);
    done(&s);
}

static void strangers_are_named_and_left_out(void **state)
{
    (void)state;
    struct scored s;
    score(&s, GT(1, 0, 0, 10, 10, "100"),
          "{\"image_id\":7,\"category_id\":1,\"bbox\":[0,0,9,9],\"score\":0.9},"
          "{\"image_id\":-8,\"category_id\":1,\"bbox\":[0,0,9,9],\"score\":0.9},"
          "{\"image_id\":7,\"category_id\":1,\"bbox\":[0,0,9,9],\"score\":0.9},"
          "{\"image_id\":1,\"category_id\":3,\"bbox\":[0,0,9,9],\"score\":0.9}," DT(0, 0, 10, 10, 0.5));
    is(ap50(&s, ALL), 1);
    assert_string_equal(s.warnings,
                        "3 results with image ids that the ground truth does not list (7, -8): left out\n"
                        "1 result with category id that the ground truth does not list (3): left out\n");
    done(&s);
}

static void odd_boxes_are_told(void **state)
{
    (void)state;
    struct scored s;
    score(&s, GT(1, 0, 0, 10, 10, "100"),
          DT(0, 0, 10, 10, 0.9) "," DT(10, 10, -10, -10, 0.8) "," DT(0, 0, 201.5, 10, 0.7) "," DT(0, 0, 200.5,
                                                                                                  10, 0.7));
    is(ap50(&s, ALL), 1);
    assert_string_equal(s.warnings,
                        "1 result with a negative width or height (the first: results[1])\n"
                        "1 result reaches out of the image by more than a pixel (the first: results[2])\n");
    done(&s);
}

static void numbers_that_are_none_are_refused(void **state)
{
    (void)state;
    struct scored s;
    struct duet_error e;
    const struct duet_coco_options usual = {0};
    assert_fails(
        DUET_BAD_ARGUMENT,
        score_with(&s, GT(1, 0, 0, 10, 10, "100"), DT(0, 0, 1, 1, 1) "," DT(0, 0, 1, 1, 1e999), usual, &e),
        e);
    assert_non_null(strstr(e.text, ": results[1]: a score or bbox that is not finite (1 such results)"));
    assert_null(s.eval);
    done(&s);
    assert_fails(DUET_BAD_ARGUMENT,
                 score_with(&s, "{\"id\":4,\"image_id\":1,\"category_id\":1,\"area\":3}", DT(0, 0, 1, 1, 1),
                            usual, &e),
                 e);
    assert_non_null(strstr(e.text, ": annotations[0] (id 4): has no \"bbox\" (1 such annotation)"));
    assert_memory_equal(e.text, s.truth.path, strlen(s.truth.path)); /* the file that lacks it */
    done(&s);
    assert_fails(DUET_BAD_ARGUMENT,
                 score_with(&s, "",
                            "{\"image_id\":1,\"category_id\":1,\"score\":1,\"segmentation\":[[0,0,1,0,1,1]]}",
                            usual, &e),
                 e);
    assert_non_null(strstr(e.text, ": results[0] has no \"bbox\""));
    done(&s);
}

/* --- options -------------------------------------------------------------------------------------------- */

static void parts_can_be_scored(void **state)
{
    (void)state;
    struct scored s;
    struct duet_error e;
    const int64_t images[] = {2, 2};
    const int64_t categories[] = {2};
    const char *truth =
        GT(1, 0, 0, 10, 10,
           "100") ","
                  "{\"id\":2,\"image_id\":2,\"category_id\":1,\"bbox\":[0,0,10,10],\"area\":100},"
                  "{\"id\":3,\"image_id\":2,\"category_id\":2,\"bbox\":[0,0,10,10],\"area\":100}";
    const char *found = "{\"image_id\":2,\"category_id\":1,\"bbox\":[0,0,10,10],\"score\":1}";
    assert_ok(
        score_with(&s, truth, found, (struct duet_coco_options){.image_ids = images, .image_count = 2}, &e),
        e);
    is(duet_coco_ap(s.eval, (struct duet_coco_cut){0, -1, ALL, HUNDRED}), 0.5);
    assert_int_equal(duet_coco_eval_scope(s.eval).image_count, 1);
    done(&s);
    assert_ok(score_with(&s, truth, found,
                         (struct duet_coco_options){.category_ids = categories, .category_count = 1}, &e),
              e);
    is(duet_coco_ap(s.eval, (struct duet_coco_cut){0, -1, ALL, HUNDRED}), 0);
    assert_int_equal(duet_coco_eval_scope(s.eval).category_count, 1);
    assert_string_equal(s.warnings, "");
    done(&s);
}

static void other_ranges_give_other_lines(void **state)
{
    (void)state;
    struct scored s;
    struct duet_error e;
    const double thresholds[] = {.3, .75};
    const int limits[] = {5, 300};
    const struct duet_coco_area areas[] = {{"any", 0, 1e9}, {"tiny", 0, 64}};
    assert_ok(score_with(&s, GT(1, 0, 0, 10, 10, "50"), DT(0, 0, 10, 10, 0.5),
                         (struct duet_coco_options){.thresholds = thresholds,
                                                    .threshold_count = 2,
                                                    .limits = limits,
                                                    .limit_count = 2,
                                                    .areas = areas,
                                                    .area_count = 2},
                         &e),
              e);
    struct duet_coco_line lines[DUET_COCO_MAX_LINES];
    static const char *const want[] = {
        " Average Precision  (AP) @[ IoU=0.30:0.75 | area=   any | maxDets=300 ] = 1.000",
        " Average Precision  (AP) @[ IoU=0.50      | area=   any | maxDets=300 ] = -1.000",
        " Average Precision  (AP) @[ IoU=0.75      | area=   any | maxDets=300 ] = 1.000",
        " Average Precision  (AP) @[ IoU=0.30:0.75 | area=  tiny | maxDets=300 ] = 1.000",
        " Average Recall     (AR) @[ IoU=0.30:0.75 | area=   any | maxDets=  5 ] = 1.000",
        " Average Recall     (AR) @[ IoU=0.30:0.75 | area=   any | maxDets=300 ] = 1.000",
        " Average Recall     (AR) @[ IoU=0.30:0.75 | area=  tiny | maxDets=300 ] = 1.000"};
    assert_int_equal(duet_coco_eval_lines(s.eval, lines), sizeof want / sizeof want[0]);
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        char text[DUET_COCO_LINE_TEXT];
        duet_coco_line_text(s.eval, &lines[i], text);
        assert_string_equal(text, want[i]);
    }
    done(&s);
}

static void options_are_checked(void **state)
{
    (void)state;
    static const double falling[] = {.5, .4}, over[] = {1.5};
    static const int none[] = {0};
    static const int64_t unknown[] = {7};
    static const int64_t strangers[] = {1, 9};
    static const struct duet_coco_area backward[] = {{"x", 2, 1}};
    const struct duet_coco_options cases[] = {
        {.thresholds = falling, .threshold_count = 2},  {.thresholds = over, .threshold_count = 1},
        {.thresholds = falling, .threshold_count = 0},  {.limits = none, .limit_count = 1},
        {.category_ids = unknown, .category_count = 1}, {.image_ids = strangers, .image_count = 2},
        {.areas = backward, .area_count = 1},           {.areas = backward, .area_count = 9},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scored s;
        struct duet_error e;
        assert_fails(DUET_BAD_ARGUMENT,
                     score_with(&s, GT(1, 0, 0, 1, 1, "1"), DT(0, 0, 1, 1, 1), cases[i], &e), e);
        assert_null(s.eval);
        done(&s);
    }
}

/* --- masks ---------------------------------------------------------------------------------------------- */

#define MASK_GT(id, crowd, polygon, area)                                                                    \
    "{\"id\":" #id ",\"image_id\":1,\"category_id\":1,\"iscrowd\":" #crowd                                   \
    ",\"bbox\":[0,0,20,20],\"segmentation\":[" polygon "],\"area\":" #area "}"
#define MASK_DT(polygon, score)                                                                              \
    "{\"image_id\":1,\"category_id\":1,\"segmentation\":[" polygon "],\"score\":" #score "}"
#define SQUARE "[0,0,20,0,20,20,0,20]"
#define HALF   "[0,0,10,0,10,20,0,20]"

static void masks_are_compared_pixel_by_pixel(void **state)
{
    (void)state;
    struct scored s;
    struct duet_error e;
    const struct duet_coco_options masks = {.type = DUET_COCO_MASKS};
    assert_ok(score_with(&s, MASK_GT(1, 0, SQUARE, 400), MASK_DT(HALF, 0.5), masks, &e), e);
    is(duet_coco_ap(s.eval, (struct duet_coco_cut){0, 0, ALL, HUNDRED}), 1); /* exactly .5 */
    is(duet_coco_ap(s.eval, (struct duet_coco_cut){1, 0, ALL, HUNDRED}), 0);
    done(&s);
    assert_ok(score_with(&s, MASK_GT(1, 1, SQUARE, 400) "," MASK_GT(2, 0, "[50,50,60,50,60,60,50,60]", 100),
                         MASK_DT(HALF, 0.9) "," MASK_DT("[50,50,60,50,60,60,50,60]", 0.5), masks, &e),
              e);
    is(duet_coco_ap(s.eval, (struct duet_coco_cut){9, 0, ALL, HUNDRED}), 1); /* wholly in the crowd */
    done(&s);
}

static void boxes_can_stand_for_masks_and_masks_for_boxes(void **state)
{
    (void)state;
    struct scored s;
    struct duet_error e;
    const struct duet_coco_options masks = {.type = DUET_COCO_MASKS};
    assert_ok(score_with(&s, MASK_GT(1, 0, SQUARE, 400), DT(0, 0, 20, 10, 0.5), masks, &e), e);
    is(duet_coco_ap(s.eval, (struct duet_coco_cut){0, 0, ALL, HUNDRED}), 1);
    is(duet_coco_ap(s.eval, (struct duet_coco_cut){1, 0, ALL, HUNDRED}), 0);
    duet_coco_eval_close(&s.eval);
    assert_ok(duet_coco_eval_open(&s.truth, &s.results, NULL, &s.eval, &e), e);
    is(duet_coco_ap(s.eval, (struct duet_coco_cut){0, 0, ALL, HUNDRED}), 1);
    done(&s);
    assert_ok(score_with(&s, MASK_GT(1, 0, SQUARE, 400), MASK_DT("[0,0,20,0,20,20]", 0.5), masks, &e), e);
    duet_coco_eval_close(&s.eval);
    assert_ok(duet_coco_eval_open(&s.truth, &s.results, NULL, &s.eval, &e), e);
    is(duet_coco_ap(s.eval, (struct duet_coco_cut){8, 0, ALL, HUNDRED}),
       1); /* the box around it is 20x20 or 19 */
    done(&s);
}

/* pycocotools takes a detection's area from its box where the first result has one, even between masks. */
static void areas_follow_the_first_result(void **state)
{
    (void)state;
    struct scored s;
    struct duet_error e;
    const struct duet_coco_options masks = {.type = DUET_COCO_MASKS};
    const char *truth = MASK_GT(1, 0, SQUARE, 400);
    const char *with_box = "{\"image_id\":1,\"category_id\":1,\"bbox\":[50,50,100,100],"
                           "\"segmentation\":[[50,50,60,50,60,60,50,60]],\"score\":0.9}";
    assert_ok(score_with(&s, truth, with_box, masks, &e), e);
    duet_coco_eval_close(&s.eval);
    char *both = duet_text("%s,%s", with_box, MASK_DT(SQUARE, 0.5));
    done(&s);
    assert_ok(score_with(&s, truth, both, masks, &e), e);
    is(ap50(&s, SMALL), 1); /* the miss is large by its box */
    done(&s);
    free(both);
    both = duet_text("%s,%s", MASK_DT(SQUARE, 0.5), with_box);
    assert_ok(score_with(&s, truth, both, masks, &e), e);
    is(ap50(&s, SMALL), 0.5); /* and small by its mask */
    done(&s);
    free(both);
}

static void masks_of_another_size_are_told(void **state)
{
    (void)state;
    struct scored s;
    struct duet_error e;
    const struct duet_coco_options masks = {.type = DUET_COCO_MASKS};
    assert_ok(score_with(&s, MASK_GT(1, 0, SQUARE, 400),
                         "{\"image_id\":1,\"category_id\":1,\"score\":1,\"segmentation\":"
                         "{\"size\":[20,20],\"counts\":[0,400]}}",
                         masks, &e),
              e);
    is(ap50(&s, ALL), 0);
    assert_string_equal(s.warnings, "1 mask is of another size than the image: no overlap with anything\n");
    done(&s);
    assert_fails(DUET_BAD_ARGUMENT, score_with(&s, GT(6, 0, 0, 10, 10, "100"), "", masks, &e), e);
    assert_non_null(strstr(e.text, ": annotations[0] (id 6): has no \"segmentation\" (1 such annotation)"));
    assert_memory_equal(e.text, s.truth.path, strlen(s.truth.path));
    done(&s);
    assert_fails(DUET_BAD_ARGUMENT,
                 score_with(&s, MASK_GT(1, 0, SQUARE, 400),
                            "{\"image_id\":1,\"category_id\":1,\"score\":1,\"segmentation\":null}", masks,
                            &e),
                 e);
    assert_non_null(strstr(e.text, ": results[0] has no \"bbox\" and no \"segmentation\""));
    done(&s);
    assert_ok(score_with(&s, GT(6, 0, 0, 10, 10, "100"), "", (struct duet_coco_options){0}, &e), e);
    duet_coco_eval_close(&s.eval);
    assert_fails(DUET_BAD_ARGUMENT, duet_coco_eval_open(&s.truth, &s.results, &masks, &s.eval, &e), e);
    assert_string_equal(e.text, "the ground truth was read without masks");
    done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_perfect_result_scores_one),
        cmocka_unit_test(equal_overlaps_go_to_the_later_truth),
        cmocka_unit_test(a_better_overlap_wins),
        cmocka_unit_test(a_truth_is_taken_once),
        cmocka_unit_test(crowds_take_many_and_count_for_nothing),
        cmocka_unit_test(a_crowd_is_the_last_resort),
        cmocka_unit_test(both_ends_of_an_area_range_are_in_it),
        cmocka_unit_test(the_area_of_a_truth_is_its_own),
        cmocka_unit_test(what_is_out_of_range_is_left_out),
        cmocka_unit_test(an_overlap_of_one_is_enough_for_a_threshold_of_one),
        cmocka_unit_test(precision_is_read_at_101_recalls),
        cmocka_unit_test(precision_is_the_best_beyond),
        cmocka_unit_test(equal_scores_keep_the_file_s_order),
        cmocka_unit_test(limits_are_for_a_picture_and_class),
        cmocka_unit_test(no_more_than_the_last_limit_is_looked_at),
        cmocka_unit_test(an_absent_class_is_left_out_of_means),
        cmocka_unit_test(an_annotation_with_the_id_0_counts),
        cmocka_unit_test(empty_results_score_0),
        cmocka_unit_test(strangers_are_named_and_left_out),
        cmocka_unit_test(odd_boxes_are_told),
        cmocka_unit_test(numbers_that_are_none_are_refused),
        cmocka_unit_test(parts_can_be_scored),
        cmocka_unit_test(other_ranges_give_other_lines),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(masks_are_compared_pixel_by_pixel),
        cmocka_unit_test(boxes_can_stand_for_masks_and_masks_for_boxes),
        cmocka_unit_test(areas_follow_the_first_result),
        cmocka_unit_test(masks_of_another_size_are_told),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
