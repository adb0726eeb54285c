/* write.h: segmentation scores as a table for people, as JSON and as CSV.
 *
 * JSON: "miou", "miou_strict" (null when a class is absent), "iou" (by class; null: absent),
 * "pixel_accuracy", "mean_accuracy", "accuracy", "present", "pixels", "classes" (names), "confusion" (a row a
 * class of the truth); "boundary": [{"width", "miou", "iou", "pixel_accuracy"}]; "bootstrap": {"replicates",
 * "seed", "level", "miou": [low, high], "pixel_accuracy", "mean_accuracy", "iou", "boundary": [[low, high] of
 * miou]}; "conditions"; "images": [{"id", "miou", "cells": [[truth, predicted, pixels], ...]}]. Numbers have
 * full precision.
 */
#ifndef DUET_EVAL_VOC_WRITE_H
#define DUET_EVAL_VOC_WRITE_H

#include "eval/report/conditions.h"
#include "eval/voc/miou.h"

/* What is to be written; all borrowed. */
struct duet_voc_outcome {
    const struct duet_voc_miou *miou;
    const int *bands; /* widths that were counted */
    size_t band_count;
    size_t replicates; /* for intervals; 0: none */
    uint64_t seed;
    const struct duet_conditions *conditions;
};

/* The same, worked out. Index: plane. */
struct duet_voc_summary {
    const struct duet_voc_outcome *outcome; /* borrowed */
    struct duet_voc_classes classes;        /* those of outcome->miou */
    struct duet_voc_pixels pixels;          /* of plane 0 */
    struct duet_voc_scores scores[1 + DUET_VOC_MAX_BANDS];
    struct duet_voc_intervals intervals[1 + DUET_VOC_MAX_BANDS]; /* when there are replicates */
};

/* Errors: those of duet_voc_miou_bootstrap. */
enum duet_status duet_voc_summarize(const struct duet_voc_outcome *outcome, struct duet_voc_summary *summary,
                                    struct duet_error *error);

/* The whole text; free() it. NULL when out of memory. CSV has a class a line, then their mean:
 * class,class_id, iou,accuracy,truth_pixels,predicted_pixels[,iou_within_W ...][,iou_low,iou_high]; empty
 * where there is no score. */
char *duet_voc_table(const struct duet_voc_summary *summary);
char *duet_voc_json(const struct duet_voc_summary *summary);
char *duet_voc_csv(const struct duet_voc_summary *summary);

#endif
