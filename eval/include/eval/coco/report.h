/* report.h: the parts of a report that show COCO's scores. */
#ifndef DUET_EVAL_COCO_REPORT_H
#define DUET_EVAL_COCO_REPORT_H

#include "eval/coco/write.h"
#include "eval/report/report.h"

/* Headline, warnings, conditions, classes, curves; error breakdown, confusion matrix and operating points
 * where they are given (`points` may be NULL). */
void duet_coco_report(struct duet_report *report, const struct duet_coco_outcome *outcome,
                      const struct duet_coco_points *points);

/* Images (places in the scope) with the lowest of `scores` (duet_coco_image_scores), worst first, into
 * `images`; with `best`, those with the highest, best first. Of equal ones those with more ground truths come
 * first. Images without a score are passed over. Returns how many, at most `most`. */
size_t duet_coco_rank(const struct duet_coco_eval *eval, const double *scores, bool best, size_t *images,
                      size_t most);

/* A picture (RGB8) with its ground truths, and beside it with the detections that score `score` or more: best
 * first each takes the ground truth of its class that it overlaps most, by `overlap` or more. `value` is the
 * image's own score. Errors: those of duet_report_boxes. */
struct duet_coco_shown {
    size_t image; /* place in the scope */
    double value, score, overlap;
};
enum duet_status duet_coco_report_picture(struct duet_report *report, const struct duet_coco_eval *eval,
                                          const struct duet_coco_shown *shown,
                                          const struct duet_image *picture, struct duet_error *error);

#endif
