/* COCO scores for spreadsheets. */
#include "coco/write_parts.h"

#include <inttypes.h>

/* A class's id after its name. A number is one also below 0, where a text would not be taken for one. */
static void put_id(struct duet_buffer *b, const struct duet_coco_scope *scope, size_t category)
{
    char room[DUET_COCO_ID_ROOM];
    const int64_t id = scope->category_ids[category];
    const char *text = duet_coco_id_text(scope->ids, id, room);
    duet_put(b, ",");
    (duet_coco_id_is_string(scope->ids, id) ? duet_put_csv : duet_put)(b, text);
}

/* ",ap", ",ap_50", ",ap_small", ",ar_max_1", ",ar_small" */
static void put_head(struct duet_buffer *b, const struct duet_coco_scope *scope,
                     const struct duet_coco_line *line)
{
    duet_put(b, line->recall ? ",ar" : ",ap");
    if (line->threshold > 0) duet_putf(b, "_%.0f", line->threshold * 100);
    if (line->cut.area > 0) {
        duet_put(b, "_");
        duet_put(b, scope->areas[line->cut.area].name);
    } else if (line->recall) {
        duet_putf(b, "_max_%d", scope->limits[line->cut.limit]);
    }
}

/* A class, or (-1) the mean. */
static void put_row(struct duet_buffer *b, const struct duet_coco_outcome *outcome,
                    const struct duet_coco_line *lines, size_t count, int category)
{
    const struct duet_coco_scope scope = duet_coco_eval_scope(outcome->eval);
    size_t truths = 0, detections = 0;
    for (int k = 0; k < (int)scope.category_count; k++) {
        if (category >= 0 && k != category) continue;
        truths += duet_coco_positives(outcome->eval, k, 0);
        detections += duet_coco_detections(outcome->eval, k);
    }
    if (category < 0) {
        duet_put(b, "mean,");
    } else {
        duet_put_csv(b, scope.category_names[category]);
        put_id(b, &scope, (size_t)category);
    }
    for (size_t i = 0; i < count; i++)
        duet_put_field(b, duet_coco_none_as_nan(duet_coco_class_value(outcome->eval, &lines[i], category)));
    duet_putf(b, ",%zu,%zu", truths, detections);
    if (outcome->replicates) {
        double ap = duet_coco_class_value(outcome->eval, &lines[0], category);
        struct duet_interval interval =
            category < 0 ? duet_coco_line_interval(outcome->replicates, 0, ap)
                         : duet_coco_category_interval(outcome->replicates, (size_t)category, ap);
        duet_put_interval_fields(b, interval);
    }
    duet_put(b, "\n");
}

char *duet_coco_csv(const struct duet_coco_outcome *outcome)
{
    const struct duet_coco_scope scope = duet_coco_eval_scope(outcome->eval);
    struct duet_coco_line lines[DUET_COCO_MAX_LINES];
    size_t count = duet_coco_eval_lines(outcome->eval, lines);
    struct duet_buffer b = {0};
    duet_put(&b, "class,category_id");
    for (size_t i = 0; i < count; i++) put_head(&b, &scope, &lines[i]);
    duet_put(&b, ",truths,detections");
    duet_put(&b, outcome->replicates ? ",ap_low,ap_high\n" : "\n");
    for (int k = 0; k < (int)scope.category_count; k++) put_row(&b, outcome, lines, count, k);
    put_row(&b, outcome, lines, count, -1);
    return duet_buffer_text(&b);
}

static bool put_curve(struct duet_buffer *b, const struct duet_coco_eval *eval,
                      const struct duet_coco_scope *scope, struct duet_coco_cut cut)
{
    struct duet_coco_curve curve;
    if (duet_coco_eval_curve(eval, cut, &curve, NULL) != DUET_OK) return false;
    for (int r = 0; curve.recall >= 0 && r < DUET_COCO_RECALLS; r++) {
        duet_put_csv(b, scope->category_names[cut.category]);
        put_id(b, scope, (size_t)cut.category);
        duet_put_field(b, scope->thresholds[cut.threshold]);
        duet_put_field(b, r / 100.0);
        duet_put_field(b, curve.precision[r]);
        duet_put_field(b, curve.score[r]);
        duet_put(b, "\n");
    }
    return true;
}

char *duet_coco_curves_csv(const struct duet_coco_eval *eval)
{
    const struct duet_coco_scope scope = duet_coco_eval_scope(eval);
    struct duet_buffer b = {0};
    duet_put(&b, "class,category_id,iou,recall,precision,score\n");
    bool good = true;
    for (int k = 0; good && k < (int)scope.category_count; k++)
        for (int t = 0; good && t < (int)scope.threshold_count; t++)
            good = put_curve(&b, eval, &scope, (struct duet_coco_cut){t, k, 0, (int)scope.limit_count - 1});
    b.failed |= !good;
    return duet_buffer_text(&b);
}

char *duet_coco_confusion_csv(const struct duet_coco_eval *eval, const struct duet_coco_confusion *confusion)
{
    const struct duet_coco_scope scope = duet_coco_eval_scope(eval);
    struct duet_buffer b = {0};
    duet_put(&b, "truth");
    for (size_t k = 0; k < scope.category_count; k++) {
        duet_put(&b, ",");
        duet_put_csv(&b, scope.category_names[k]);
    }
    duet_put(&b, ",background\n");
    for (size_t row = 0; row < confusion->side; row++) {
        duet_put_csv(&b, row < scope.category_count ? scope.category_names[row] : "background");
        for (size_t column = 0; column < confusion->side; column++)
            duet_putf(&b, ",%" PRIu64, confusion->cells[row * confusion->side + column]);
        duet_put(&b, "\n");
    }
    return duet_buffer_text(&b);
}
