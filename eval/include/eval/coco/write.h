/* write.h: COCO scores as text: for people, as JSON, as CSV.
 *
 * JSON: "stats" (the values of duet_coco_eval_lines: with COCO's own options the twelve, in pycocotools'
 * order, -1 where there is none), "lines" (what each of them is: "metric", "iou", "area", "max_detections",
 * "value", with replicates "interval"), "per_class" [{"id", "name", "ap", "stats" (as above, of this class),
 * "truths", "detections", with replicates "interval" (of "ap")}], "bootstrap" {"replicates", "seed",
 * "level"}, "errors" {"found", "background", "ap", "Cls": {"gain", "count"} ...}, "confusion" {"score",
 * "iou", "classes", "cells" [row = truth][column = detected]}, "warnings", "conditions". Numbers have full
 * precision; what was not asked for is not there. */
#ifndef DUET_EVAL_COCO_WRITE_H
#define DUET_EVAL_COCO_WRITE_H

#include "eval/coco/bootstrap.h"
#include "eval/coco/errors.h"
#include "eval/report/conditions.h"

/* What is to be written; all borrowed, any but `eval` and `conditions` may be NULL. */
struct duet_coco_outcome {
    const struct duet_coco_eval *eval;
    const struct duet_coco_replicates *replicates;
    const struct duet_coco_confusion *confusion;
    const struct duet_coco_tide *tide;
    bool per_class; /* a table of the classes for people too */
    const char *const *warnings;
    size_t warning_count;
    const struct duet_conditions *conditions;
};

/* All owned by the caller: free(). NULL when memory was refused. */

/* The lines as pycocotools prints them, with replicates followed by their interval; tables; conditions. */
char *duet_coco_table(const struct duet_coco_outcome *outcome);
char *duet_coco_json(const struct duet_coco_outcome *outcome);
/* A class a line: class,category_id,ap,ap_50,ap_75,ap_small ... ,truths,detections[,ap_low,ap_high]; the last
 * is the mean. Empty where there is no score. */
char *duet_coco_csv(const struct duet_coco_outcome *outcome);

/* class,category_id,iou,recall,precision,score: 101 lines a class and threshold (all areas, last limit). */
char *duet_coco_curves_csv(const struct duet_coco_eval *eval);
/* truth,CLASS,CLASS ...,background: a row a class, "background" the last. */
char *duet_coco_confusion_csv(const struct duet_coco_eval *eval, const struct duet_coco_confusion *confusion);

/* Operating points, as `detect --thresholds` reads them: {"format": "duet-thresholds", "version": 1, "iou",
 * "goal" ("f1" or "precision"), "precision" (of that goal), "classes": [{"id", "name", "threshold",
 * "reached", "precision", "recall", "f1", "kept", "hits", "truths"}], "conditions"}. */
struct duet_coco_points {
    const struct duet_coco_point *items; /* [category_count] */
    double overlap;
    enum duet_coco_goal goal;
    double precision;
};
char *duet_coco_points_json(const struct duet_coco_eval *eval, const struct duet_coco_points *points,
                            const struct duet_conditions *conditions);

/* Two evaluations of the same images beside each other. */
struct duet_coco_comparison {
    const struct duet_coco_eval *a, *b;
    const char *a_name, *b_name;
    const struct duet_coco_replicates *a_replicates, *b_replicates;
    const double *a_images, *b_images; /* [image_count] of duet_coco_image_scores */
    size_t shown;                      /* how many images, and classes, each way */
    const char *const *warnings;
    size_t warning_count;
    const struct duet_conditions *conditions;
};
char *duet_coco_comparison_table(const struct duet_coco_comparison *comparison);
/* {"lines": [{"metric", "iou", "area", "max_detections", "a", "b", "difference", "interval", "p"}],
 * "per_class": [{"id", "name", "a", ...}], "images": [{"id", "file_name", "a", "b", "difference"}] (those
 * that differ, most first), "better", "worse", "same" (numbers of images), "bootstrap", "warnings",
 * "conditions"} */
char *duet_coco_comparison_json(const struct duet_coco_comparison *comparison);

#endif
