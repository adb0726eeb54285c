/* Two evaluations beside each other, and images by themselves. */
#include "eval/coco/bootstrap.h"

#include "coco/evaluation.h"
#include "core/fail.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum duet_status duet_coco_comparable(const struct duet_coco_eval *a, const struct duet_coco_eval *b,
                                      struct duet_error *error)
{
    const char *what = NULL;
    if (a->truth != b->truth) what = "ground truth";
    if (a->type != b->type) what = "type";
    if (a->image_count != b->image_count ||
        memcmp(a->image_ids, b->image_ids, a->image_count * sizeof *a->image_ids) != 0)
        what = "images";
    if (a->category_count != b->category_count ||
        memcmp(a->category_ids, b->category_ids, a->category_count * sizeof *a->category_ids) != 0)
        what = "classes";
    if (a->threshold_count != b->threshold_count ||
        memcmp(a->thresholds, b->thresholds, a->threshold_count * sizeof *a->thresholds) != 0)
        what = "overlap thresholds";
    if (a->limit_count != b->limit_count ||
        memcmp(a->limits, b->limits, a->limit_count * sizeof *a->limits) != 0)
        what = "limits on detections";
    for (size_t i = 0; a->area_count == b->area_count && i < a->area_count; i++)
        if (a->areas[i].least != b->areas[i].least || a->areas[i].most != b->areas[i].most)
            what = "area ranges";
    if (a->area_count != b->area_count) what = "area ranges";
    if (!what) return DUET_OK;
    return duet_fail(error, DUET_MISMATCH, "two evaluations of different %s cannot be compared", what);
}

/* `replicates` are those of one of the two, with as many in each row. */
static struct duet_coco_difference compare(const struct duet_coco_replicates *replicates, const double *a_row,
                                           const double *b_row, double a, double b)
{
    struct duet_coco_difference result = {a, b, NAN, {NAN, NAN}, NAN};
    if (a < 0 || b < 0) return result;
    result.difference = b - a;
    size_t count = replicates->count;
    for (size_t i = 0; i < count; i++) replicates->room[i] = b_row[i] - a_row[i]; /* NaN where either is */
    result.interval = duet_bootstrap_interval(replicates->room, count, result.difference);
    result.p = duet_bootstrap_p(replicates->room, count, result.difference);
    return result;
}

struct duet_coco_difference duet_coco_compare_line(const struct duet_coco_replicates *a_replicates,
                                                   const struct duet_coco_replicates *b_replicates,
                                                   size_t line, double a, double b)
{
    size_t row = line * a_replicates->count;
    return compare(a_replicates, a_replicates->lines + row, b_replicates->lines + row, a, b);
}

struct duet_coco_difference duet_coco_compare_category(const struct duet_coco_replicates *a_replicates,
                                                       const struct duet_coco_replicates *b_replicates,
                                                       size_t category, double a, double b)
{
    size_t row = category * a_replicates->count;
    return compare(a_replicates, a_replicates->categories + row, b_replicates->categories + row, a, b);
}

/* --- images by themselves ----------------------------------------------------------------------------- */

/* AP of one class in one image, at one threshold. The cell's detections are in the order of scores. */
static double cell_ap(const struct duet_coco_eval *eval, const struct coco_cell *cell, uint32_t positives,
                      size_t t, double *precision)
{
    uint32_t hits = 0, misses = 0;
    for (uint32_t d = 0; d < cell->found_count; d++) {
        struct coco_match match = eval->matches[(cell->found + d) * eval->area_count];
        if (match.left_out >> t & 1) continue;
        if (!(match.hit >> t & 1)) {
            misses++;
            continue;
        }
        hits++;
        precision[hits - 1] = hits / ((double)misses + hits + DBL_EPSILON);
    }
    double sum = 0, best = 0;
    uint32_t next = hits; /* points beyond this have been read */
    for (int r = DUET_COCO_RECALLS - 1; r >= 0; r--) {
        while (next > 0 && (double)next / positives >= duet_coco_recall(r))
            best = fmax(best, precision[--next]);
        sum += best;
    }
    return sum / DUET_COCO_RECALLS;
}

static uint32_t positives_in(const struct duet_coco_eval *eval, const struct coco_cell *cell)
{
    uint32_t count = 0;
    for (uint32_t g = 0; g < cell->truth_count; g++) count += !(eval->ignored[cell->truth + g] & 1);
    return count;
}

enum duet_status duet_coco_image_scores(const struct duet_coco_eval *eval, double *scores,
                                        struct duet_error *error)
{
    uint32_t *classes = calloc(eval->image_count + 1, sizeof *classes);
    uint32_t most = 0;
    for (size_t c = 0; c < eval->cell_count; c++)
        if (eval->cells[c].found_count > most) most = eval->cells[c].found_count;
    double *precision = calloc((size_t)most + 1, sizeof *precision);
    enum duet_status status = DUET_OK;
    if (!classes || !precision) status = duet_no_memory(error, NULL, "to score images");
    for (size_t i = 0; status == DUET_OK && i < eval->image_count; i++) scores[i] = 0;
    for (size_t c = 0; status == DUET_OK && c < eval->cell_count; c++) {
        const struct coco_cell *cell = &eval->cells[c];
        uint32_t positives = positives_in(eval, cell);
        if (positives == 0) continue;
        double sum = 0;
        for (size_t t = 0; t < eval->threshold_count; t++)
            sum += cell_ap(eval, cell, positives, t, precision);
        scores[cell->image] += sum / (double)eval->threshold_count;
        classes[cell->image]++;
    }
    for (size_t i = 0; status == DUET_OK && i < eval->image_count; i++)
        scores[i] = classes[i] ? scores[i] / classes[i] : -1;
    free(classes);
    free(precision);
    return status;
}
