#include "eval/voc/write.h"

#include "data/labels/labels.h"
#include "report/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { CLASSES = DUET_VOC_CLASSES };

enum duet_status duet_voc_summarize(const struct duet_voc_outcome *outcome, struct duet_voc_summary *summary,
                                    struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    *summary = (struct duet_voc_summary){.outcome = outcome};
    for (int plane = 0; plane <= (int)outcome->band_count && status == DUET_OK; plane++) {
        duet_voc_miou_confusion(outcome->miou, plane, &summary->confusion[plane]);
        duet_voc_score(&summary->confusion[plane], &summary->scores[plane]);
        if (outcome->replicates > 0)
            status = duet_voc_miou_bootstrap(outcome->miou, plane, outcome->replicates, outcome->seed,
                                             &summary->intervals[plane], error);
    }
    return status;
}

/* --- the table ---------------------------------------------------------------------------------------- */

static void put_classes(struct duet_buffer *b, const struct duet_voc_summary *summary)
{
    const struct duet_voc_scores *scores = &summary->scores[0];
    duet_putf(b, "%-12s %8s %9s %11s %11s%s\n", "class", "IOU", "accuracy", "truth px", "found px",
              summary->outcome->replicates > 0 ? "   95 % of IOU" : "");
    for (int c = 0; c < CLASSES; c++) {
        uint64_t truth, predicted;
        duet_voc_class_pixels(&summary->confusion[0], c, &truth, &predicted);
        duet_putf(b, "%-12s ", duet_voc_class_name(c));
        duet_put_cell(b, scores->iou[c], 8);
        duet_put_cell(b, scores->accuracy[c], 10);
        duet_putf(b, " %11" PRIu64 " %11" PRIu64, truth, predicted);
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
    char present[80], absent[80];
    snprintf(present, sizeof present, "over the %d classes present", scores->present);
    snprintf(absent, sizeof absent, "%d of %d classes are absent: strictly there is no mean",
             CLASSES - scores->present, CLASSES);
    put_headline(b, summary, "mIOU", scores->miou, &intervals->miou, present);
    put_headline(b, summary, "mIOU, strict", scores->miou_strict, NULL,
                 scores->present == CLASSES ? "over all 21 classes" : absent);
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

static void put_confusion(struct duet_buffer *b, const struct duet_voc_confusion *confusion)
{
    duet_put(b, " \"confusion\": [");
    for (int truth = 0; truth < CLASSES; truth++)
        for (int predicted = 0; predicted < CLASSES; predicted++)
            duet_putf(b, "%s%" PRIu64,
                      predicted > 0 ? ", "
                      : truth > 0   ? "],\n  ["
                                    : "\n  [",
                      confusion->cells[truth][predicted]);
    duet_put(b, "]],\n");
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
        duet_put_scores(b, scores->iou, CLASSES);
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
    duet_put_intervals(b, intervals->iou, CLASSES);
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
        struct duet_voc_confusion confusion;
        struct duet_voc_scores scores;
        duet_voc_miou_image_confusion(miou, i, 0, &confusion);
        duet_voc_score(&confusion, &scores);
        duet_put(b, i > 0 ? ",\n" : "\n");
        duet_put_jsonf(b, "  {\"id\": %s, \"miou\": %f, \"cells\": [", duet_voc_miou_id(miou, i),
                       scores.miou);
        const char *comma = "";
        for (int cell = 0; cell < CLASSES * CLASSES; cell++) {
            uint64_t pixels = confusion.cells[cell / CLASSES][cell % CLASSES];
            if (pixels == 0) continue;
            duet_putf(b, "%s[%d, %d, %" PRIu64 "]", comma, cell / CLASSES, cell % CLASSES, pixels);
            comma = ", ";
        }
        duet_put(b, "]}");
    }
    duet_put(b, "]\n");
}

char *duet_voc_json(const struct duet_voc_summary *summary)
{
    const struct duet_voc_scores *scores = &summary->scores[0];
    struct duet_buffer b = {0};
    duet_put_jsonf(
        &b, "{\n \"miou\": %f,\n \"miou_strict\": %f,\n \"pixel_accuracy\": %f,\n \"mean_accuracy\": %f,\n",
        scores->miou, scores->miou_strict, scores->pixel_accuracy, scores->mean_accuracy);
    duet_putf(&b, " \"present\": %d,\n \"pixels\": %" PRIu64 ",\n \"iou\": ", scores->present,
              scores->pixels);
    duet_put_scores(&b, scores->iou, CLASSES);
    duet_put(&b, ",\n \"accuracy\": ");
    duet_put_scores(&b, scores->accuracy, CLASSES);
    duet_put(&b, ",\n \"classes\": [");
    for (int c = 0; c < CLASSES; c++) duet_putf(&b, "%s\"%s\"", c > 0 ? ", " : "", duet_voc_class_name(c));
    duet_put(&b, "],\n");
    put_confusion(&b, &summary->confusion[0]);
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
    bool mean = class_id == CLASSES;
    uint64_t truth = summary->scores[0].pixels, predicted = truth;
    if (!mean) duet_voc_class_pixels(&summary->confusion[0], class_id, &truth, &predicted);
    if (mean)
        duet_put(b, "mean,");
    else
        duet_putf(b, "%s,%d", duet_voc_class_name(class_id), class_id);
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
    for (int c = 0; c <= CLASSES; c++) put_row(&b, summary, c);
    return duet_buffer_text(&b);
}
