#include "eval/voc/write.h"

#include "core/labels.h"
#include "report/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum duet_status duet_voc_summarize(const struct duet_voc_outcome *outcome, struct duet_voc_summary *summary,
                                    struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    *summary = (struct duet_voc_summary){.outcome = outcome, .classes = duet_voc_miou_classes(outcome->miou)};
    duet_voc_miou_pixels(outcome->miou, 0, &summary->pixels);
    for (int plane = 0; plane <= (int)outcome->band_count && status == DUET_OK; plane++) {
        struct duet_voc_pixels pixels;
        duet_voc_miou_pixels(outcome->miou, plane, &pixels);
        duet_voc_score(&pixels, &summary->scores[plane]);
        if (outcome->replicates > 0)
            status = duet_voc_miou_bootstrap(outcome->miou, plane, outcome->replicates, outcome->seed,
                                             &summary->intervals[plane], error);
    }
    return status;
}

/* --- the table ---------------------------------------------------------------------------------------- */

static const char *name_of(const struct duet_voc_summary *summary, int class_id)
{
    return duet_labels_name(&summary->classes.labels, class_id);
}

/* Columns for the names: as the longest takes, within reason. */
static int name_columns(const struct duet_voc_summary *summary)
{
    size_t most = 12;
    for (int c = 0; c < summary->classes.count; c++) {
        size_t length = strlen(name_of(summary, c));
        if (length > most) most = length;
    }
    return most < 32 ? (int)most : 32;
}

static void put_classes(struct duet_buffer *b, const struct duet_voc_summary *summary)
{
    const struct duet_voc_scores *scores = &summary->scores[0];
    const struct duet_voc_pixels *pixels = &summary->pixels;
    int columns = name_columns(summary);
    duet_putf(b, "%-*s %8s %9s %11s %11s%s\n", columns, "class", "IOU", "accuracy", "truth px", "found px",
              summary->outcome->replicates > 0 ? "   95 % of IOU" : "");
    for (int c = 0; c < summary->classes.count; c++) {
        duet_put_head_column(b, name_of(summary, c), columns);
        duet_put(b, " ");
        duet_put_cell(b, scores->iou[c], 8);
        duet_put_cell(b, scores->accuracy[c], 10);
        duet_putf(b, " %11" PRIu64 " %11" PRIu64, pixels->truth[c], pixels->predicted[c]);
        duet_put_range(b, "   ", summary->outcome->replicates > 0 ? &summary->intervals[0].iou[c] : NULL);
        duet_put(b, "\n");
    }
}

/* "mIOU            0.7060  [0.6731, 0.7345]  over ..." */
static void put_headline(struct duet_buffer *b, const struct duet_voc_summary *summary, const char *name,
                         double value, const struct duet_interval *interval, const char *word)
{
    duet_putf(b, "%-16s", name);
    if (isnan(value))
        duet_put(b, "   nan");
    else
        duet_put_cell(b, value, 6);
    duet_put_range(b, "  ", summary->outcome->replicates > 0 ? interval : NULL);
    duet_putf(b, "%s%s\n", word[0] ? "  " : "", word);
}

static void put_headlines(struct duet_buffer *b, const struct duet_voc_summary *summary)
{
    const struct duet_voc_scores *scores = &summary->scores[0];
    const struct duet_voc_intervals *intervals = &summary->intervals[0];
    char present[80], absent[80], all[80];
    int classes = summary->classes.count;
    snprintf(present, sizeof present, "over the %d classes present", scores->present);
    snprintf(absent, sizeof absent, "%d of %d classes are absent: strictly there is no mean",
             classes - scores->present, classes);
    snprintf(all, sizeof all, "over all %d classes", classes);
    put_headline(b, summary, "mIOU", scores->miou, &intervals->miou, present);
    put_headline(b, summary, "mIOU, strict", scores->miou_strict, NULL,
                 scores->present == classes ? all : absent);
    put_headline(b, summary, "pixel accuracy", scores->pixel_accuracy, &intervals->pixel_accuracy, "");
    put_headline(b, summary, "mean accuracy", scores->mean_accuracy, &intervals->mean_accuracy,
                 "over the classes in the truth");
    for (size_t i = 0; i < summary->outcome->band_count; i++) {
        char name[32];
        snprintf(name, sizeof name, "mIOU at %d px", summary->outcome->bands[i]);
        put_headline(b, summary, name, summary->scores[i + 1].miou, &summary->intervals[i + 1].miou,
                     i == 0 ? "within so many pixels of a boundary" : "");
    }
}

char *duet_voc_table(const struct duet_voc_summary *summary)
{
    struct duet_buffer b = {0};
    put_classes(&b, summary);
    duet_put(&b, "\n");
    put_headlines(&b, summary);
    duet_put(&b, "\n");
    duet_put_condition_lines(&b, summary->outcome->conditions);
    return duet_buffer_text(&b);
}

/* --- JSON --------------------------------------------------------------------------------------------- */

static void put_confusion(struct duet_buffer *b, const struct duet_voc_summary *summary)
{
    int classes = summary->classes.count;
    uint64_t *cells = duet_voc_miou_confusion(summary->outcome->miou, 0);
    if (!cells) b->failed = true;
    duet_put(b, " \"confusion\": [");
    for (int i = 0; cells && i < classes * classes; i++)
        duet_putf(b, "%s%" PRIu64, i % classes > 0 ? ", " : i > 0 ? "],\n  [" : "\n  [", cells[i]);
    duet_put(b, "]],\n");
    free(cells);
}

static void put_boundaries(struct duet_buffer *b, const struct duet_voc_summary *summary)
{
    const struct duet_voc_outcome *outcome = summary->outcome;
    duet_put(b, " \"boundary\": [");
    for (size_t i = 0; i < outcome->band_count; i++) {
        const struct duet_voc_scores *scores = &summary->scores[i + 1];
        duet_put(b, i > 0 ? ",\n" : "\n");
        duet_put_jsonf(b,
                       "  {\"width\": %d, \"miou\": %f, \"pixel_accuracy\": %f, \"iou\": ", outcome->bands[i],
                       scores->miou, scores->pixel_accuracy);
        duet_put_scores(b, scores->iou, (size_t)summary->classes.count);
        duet_put(b, "}");
    }
    duet_put(b, "],\n");
}

static void put_bootstrap(struct duet_buffer *b, const struct duet_voc_summary *summary)
{
    const struct duet_voc_outcome *outcome = summary->outcome;
    const struct duet_voc_intervals *intervals = summary->intervals;
    if (outcome->replicates == 0) return;
    duet_put_bootstrap(b, outcome->replicates, outcome->seed);
    duet_put_jsonf(
        b, ",\n  \"miou\": [%f, %f], \"pixel_accuracy\": [%f, %f], \"mean_accuracy\": [%f, %f],\n  \"iou\": ",
        intervals->miou.low, intervals->miou.high, intervals->pixel_accuracy.low,
        intervals->pixel_accuracy.high, intervals->mean_accuracy.low, intervals->mean_accuracy.high);
    duet_put_intervals(b, intervals->iou, (size_t)summary->classes.count);
    duet_put(b, ",\n  \"boundary\": [");
    for (size_t i = 0; i < outcome->band_count; i++) {
        if (i > 0) duet_put(b, ", ");
        duet_put_interval(b, intervals[i + 1].miou);
    }
    duet_put(b, "]},\n");
}

static void put_images(struct duet_buffer *b, const struct duet_voc_miou *miou)
{
    duet_put(b, " \"images\": [");
    for (size_t i = 0; i < duet_voc_miou_count(miou); i++) {
        const struct duet_voc_counts counts = duet_voc_miou_counts(miou, i);
        struct duet_voc_pixels pixels;
        struct duet_voc_scores scores;
        duet_voc_miou_image_pixels(miou, i, 0, &pixels);
        duet_voc_score(&pixels, &scores);
        duet_put(b, i > 0 ? ",\n" : "\n");
        duet_put_jsonf(b, "  {\"id\": %s, \"miou\": %f, \"cells\": [", duet_voc_miou_id(miou, i),
                       scores.miou);
        for (size_t k = 0; k < counts.count && counts.cells[k].plane == 0; k++)
            duet_putf(b, "%s[%d, %d, %" PRIu32 "]", k > 0 ? ", " : "", counts.cells[k].truth,
                      counts.cells[k].predicted, counts.cells[k].pixels);
        duet_put(b, "]}");
    }
    duet_put(b, "]\n");
}

char *duet_voc_json(const struct duet_voc_summary *summary)
{
    const struct duet_voc_scores *scores = &summary->scores[0];
    const size_t classes = (size_t)summary->classes.count;
    struct duet_buffer b = {0};
    duet_put_jsonf(
        &b, "{\n \"miou\": %f,\n \"miou_strict\": %f,\n \"pixel_accuracy\": %f,\n \"mean_accuracy\": %f,\n",
        scores->miou, scores->miou_strict, scores->pixel_accuracy, scores->mean_accuracy);
    duet_putf(&b, " \"present\": %d,\n \"pixels\": %" PRIu64 ",\n \"iou\": ", scores->present,
              scores->pixels);
    duet_put_scores(&b, scores->iou, classes);
    duet_put(&b, ",\n \"accuracy\": ");
    duet_put_scores(&b, scores->accuracy, classes);
    duet_put(&b, ",\n \"classes\": [");
    for (size_t c = 0; c < classes; c++) duet_put_jsonf(&b, c > 0 ? ", %s" : "%s", name_of(summary, (int)c));
    duet_put(&b, "],\n");
    put_confusion(&b, summary);
    put_boundaries(&b, summary);
    put_bootstrap(&b, summary);
    duet_put_conditions(&b, summary->outcome->conditions);
    duet_put(&b, ",\n");
    put_images(&b, summary->outcome->miou);
    duet_put(&b, "}\n");
    return duet_buffer_text(&b);
}

/* --- CSV ---------------------------------------------------------------------------------------------- */

static void put_row(struct duet_buffer *b, const struct duet_voc_summary *summary, int class_id)
{
    const struct duet_voc_outcome *outcome = summary->outcome;
    const struct duet_voc_intervals *intervals = &summary->intervals[0];
    bool mean = class_id == summary->classes.count;
    uint64_t truth = mean ? summary->scores[0].pixels : summary->pixels.truth[class_id];
    uint64_t predicted = mean ? truth : summary->pixels.predicted[class_id];
    duet_put_csv(b, mean ? "mean" : name_of(summary, class_id));
    duet_put(b, ",");
    if (!mean) duet_putf(b, "%d", class_id);
    duet_put_field(b, mean ? summary->scores[0].miou : summary->scores[0].iou[class_id]);
    duet_put_field(b, mean ? summary->scores[0].mean_accuracy : summary->scores[0].accuracy[class_id]);
    duet_putf(b, ",%" PRIu64 ",%" PRIu64, truth, predicted);
    for (size_t i = 1; i <= outcome->band_count; i++)
        duet_put_field(b, mean ? summary->scores[i].miou : summary->scores[i].iou[class_id]);
    if (outcome->replicates > 0)
        duet_put_interval_fields(b, mean ? intervals->miou : intervals->iou[class_id]);
    duet_put(b, "\n");
}

char *duet_voc_csv(const struct duet_voc_summary *summary)
{
    const struct duet_voc_outcome *outcome = summary->outcome;
    struct duet_buffer b = {0};
    duet_put(&b, "class,class_id,iou,accuracy,truth_pixels,predicted_pixels");
    for (size_t i = 0; i < outcome->band_count; i++) duet_putf(&b, ",iou_within_%d", outcome->bands[i]);
    duet_put(&b, outcome->replicates > 0 ? ",iou_low,iou_high\n" : "\n");
    for (int c = 0; c <= summary->classes.count; c++) put_row(&b, summary, c);
    return duet_buffer_text(&b);
}
