/* Means over scores, and the lines that pycocotools prints. */
#include "coco/evaluation.h"

#include "data/json/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The mean of what is not -1. */
static double mean_of(const struct duet_coco_eval *eval, const double *table, struct duet_coco_cut cut)
{
    double sum = 0;
    size_t count = 0;
    if (cut.threshold < -1 || cut.threshold >= (int)eval->threshold_count || cut.area < 0 ||
        (size_t)cut.area >= eval->area_count || cut.limit < 0 || (size_t)cut.limit >= eval->limit_count)
        return -1;
    for (size_t k = 0; k < eval->category_count; k++) {
        if (cut.category >= 0 && (size_t)cut.category != k) continue;
        const double *row = table + duet_coco_slot(eval, (size_t)cut.area, (size_t)cut.limit, k);
        for (size_t t = 0; t < eval->threshold_count; t++) {
            if ((cut.threshold >= 0 && (size_t)cut.threshold != t) || row[t] < 0) continue;
            sum += row[t];
            count++;
        }
    }
    return count ? sum / (double)count : -1;
}

double duet_coco_ap(const struct duet_coco_eval *eval, struct duet_coco_cut cut)
{
    return mean_of(eval, eval->ap, cut);
}

double duet_coco_ar(const struct duet_coco_eval *eval, struct duet_coco_cut cut)
{
    return mean_of(eval, eval->ar, cut);
}

size_t duet_coco_positives(const struct duet_coco_eval *eval, int category, int area)
{
    return eval->positives[(size_t)category * eval->area_count + (size_t)area];
}

size_t duet_coco_detections(const struct duet_coco_eval *eval, int category)
{
    return eval->category_ranks[category + 1] - eval->category_ranks[category];
}

/* The place of a threshold, or -2. */
static int find_threshold(const struct duet_coco_eval *eval, double threshold)
{
    for (size_t t = 0; t < eval->threshold_count; t++)
        if (fabs(eval->thresholds[t] - threshold) < 1e-12) return (int)t;
    return -2;
}

size_t duet_coco_eval_lines(const struct duet_coco_eval *eval,
                            struct duet_coco_line lines[DUET_COCO_MAX_LINES])
{
    int last = (int)eval->limit_count - 1;
    size_t count = 0;
    lines[count++] = (struct duet_coco_line){.cut = {-1, -1, 0, last}};
    lines[count++] = (struct duet_coco_line){.cut = {find_threshold(eval, .5), -1, 0, last}, .threshold = .5};
    lines[count++] =
        (struct duet_coco_line){.cut = {find_threshold(eval, .75), -1, 0, last}, .threshold = .75};
    for (int a = 1; a < (int)eval->area_count; a++)
        lines[count++] = (struct duet_coco_line){.cut = {-1, -1, a, last}};
    for (int m = 0; m < (int)eval->limit_count; m++)
        lines[count++] = (struct duet_coco_line){.recall = true, .cut = {-1, -1, 0, m}};
    for (int a = 1; a < (int)eval->area_count; a++)
        lines[count++] = (struct duet_coco_line){.recall = true, .cut = {-1, -1, a, last}};
    for (size_t i = 0; i < count; i++)
        lines[i].value = mean_of(eval, lines[i].recall ? eval->ar : eval->ap, lines[i].cut);
    return count;
}

/* Takes no memory: a line that could fail would have to be missed. */
void duet_coco_line_text(const struct duet_coco_eval *eval, const struct duet_coco_line *line,
                         char text[DUET_COCO_LINE_TEXT])
{
    char overlaps[DUET_FIXED_TEXT], to[DUET_FIXED_TEXT], value[DUET_FIXED_TEXT];
    bool all = line->cut.threshold == -1;
    duet_fixed_text(all ? eval->thresholds[0] : line->threshold, 2, overlaps);
    size_t used = strlen(overlaps);
    if (all)
        snprintf(overlaps + used, sizeof overlaps - used, ":%s",
                 duet_fixed_text(eval->thresholds[eval->threshold_count - 1], 2, to));
    snprintf(text, DUET_COCO_LINE_TEXT, " %-18s %s @[ IoU=%-9.20s | area=%6s | maxDets=%3d ] = %.40s",
             line->recall ? "Average Recall" : "Average Precision", line->recall ? "(AR)" : "(AP)", overlaps,
             eval->areas[line->cut.area].name, eval->limits[line->cut.limit],
             duet_fixed_text(line->value, 3, value));
}
