/* bootstrap.h: how far COCO scores would move had other images of the same kind been measured, and
 * whether one detector's lead over another is more than luck. Images are drawn anew with replacement; who
 * matched whom within an image stays, so nothing is matched again.
 *
 * In a replicate the classes are those that have ground truth in it: a rare class is missing from some.
 *
 * What the intervals are, and how often they hold the truth: bootstrap.h. With a few hundred images COCO's AP
 * is too high for any interval of them to hold it: mistrust it, but not so much its difference between two
 * detectors on the same images. */
#ifndef DUET_EVAL_COCO_BOOTSTRAP_H
#define DUET_EVAL_COCO_BOOTSTRAP_H

#include "duet/threads.h"
#include "eval/bootstrap.h"
#include "eval/coco/map.h"

/* The scores of every replicate; NaN where there are none (-1). Owned: duet_coco_replicates_close. */
struct duet_coco_replicates {
    size_t count, line_count, category_count;
    uint64_t seed;
    double *lines;      /* [line_count][count] of duet_coco_eval_lines */
    double *categories; /* [category_count][count] AP over all thresholds */
    double *room;       /* [count] where intervals are made: replicates serve one thread at a time */
};

/* Draw `count` times. Replicate i of seed s is of the same images for every evaluation of as many images.
 * `pool` may be NULL (the caller's thread); the result does not depend on it. On failure *replicates is all
 * zero. Errors: DUET_BAD_ARGUMENT (no replicates, no images), DUET_OUT_OF_MEMORY. */
enum duet_status duet_coco_bootstrap(const struct duet_coco_eval *eval, size_t count, uint64_t seed,
                                     const struct duet_pool *pool, struct duet_coco_replicates *replicates,
                                     struct duet_error *error);

/* Free and zero. Accepts NULL and a zeroed struct. */
void duet_coco_replicates_close(struct duet_coco_replicates *replicates);

/* 95 % intervals of a score, `value`, from what the replicates gave for it; within 0..1. NaN when there is
 * none. */
struct duet_interval duet_coco_line_interval(const struct duet_coco_replicates *replicates, size_t line,
                                             double value);
struct duet_interval duet_coco_category_interval(const struct duet_coco_replicates *replicates,
                                                 size_t category, double value);

/* --- two evaluations of the same images --------------------------------------------------------------- */

struct duet_coco_difference {
    double a, b;                   /* the scores; -1: none */
    double difference;             /* b - a; NaN when one of them is none */
    struct duet_interval interval; /* of the difference, 95 % */
    /* How often the choice of images alone would make a difference as far from 0, were there none:
     * duet_bootstrap_p. NaN like the interval's ends. */
    double p;
};

/* Do both look at the same images, classes, thresholds, limits and areas of the same ground truth? Errors:
 * DUET_MISMATCH, the text says in what they differ. */
enum duet_status duet_coco_comparable(const struct duet_coco_eval *a, const struct duet_coco_eval *b,
                                      struct duet_error *error);

/* Compare one line, or one category's AP: `a` and `b` are its values, the replicates were made with the same
 * count and seed. */
struct duet_coco_difference duet_coco_compare_line(const struct duet_coco_replicates *a_replicates,
                                                   const struct duet_coco_replicates *b_replicates,
                                                   size_t line, double a, double b);
struct duet_coco_difference duet_coco_compare_category(const struct duet_coco_replicates *a_replicates,
                                                       const struct duet_coco_replicates *b_replicates,
                                                       size_t category, double a, double b);

/* Every image's own score: the mean over the classes that have ground truth in it of their AP in this image
 * alone; -1 when there is none. `scores` has room for scope.image_count. Errors: DUET_OUT_OF_MEMORY. */
enum duet_status duet_coco_image_scores(const struct duet_coco_eval *eval, double *scores,
                                        struct duet_error *error);

#endif
