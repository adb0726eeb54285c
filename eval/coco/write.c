#include "eval/coco/write.h"

#include "coco/write_parts.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- what all have in common -------------------------------------------------------------------------- */

void duet_put_line_keys(struct duet_buffer *b, const struct duet_coco_eval *eval,
                        const struct duet_coco_line *line)
{
    const struct duet_coco_scope scope = duet_coco_eval_scope(eval);
    duet_putf(b, "\"metric\": \"%s\", \"iou\": \"", line->recall ? "AR" : "AP");
    bool all = line->cut.threshold == -1;
    duet_put_double(b, all ? scope.thresholds[0] : line->threshold);
    if (all && scope.threshold_count > 1) {
        duet_put(b, ":");
        duet_put_double(b, scope.thresholds[scope.threshold_count - 1]);
    }
    duet_put_jsonf(b, "\", \"area\": %s, \"max_detections\": %d", scope.areas[line->cut.area].name,
                   scope.limits[line->cut.limit]);
}

void duet_put_class_keys(struct duet_buffer *b, const struct duet_coco_scope *scope, size_t category)
{
    duet_put(b, "{\"id\": ");
    duet_put_coco_id(b, scope->ids, scope->category_ids[category]);
    duet_put_jsonf(b, ", \"name\": %s", scope->category_names[category]);
}

void duet_put_warnings(struct duet_buffer *b, const char *const *warnings, size_t count)
{
    duet_put(b, "\"warnings\": [");
    for (size_t i = 0; i < count; i++) duet_put_jsonf(b, i > 0 ? ", %s" : "%s", warnings[i]);
    duet_put(b, "]");
}

double duet_coco_class_value(const struct duet_coco_eval *eval, const struct duet_coco_line *line,
                             int category)
{
    struct duet_coco_cut cut = line->cut;
    cut.category = category;
    return line->recall ? duet_coco_ar(eval, cut) : duet_coco_ap(eval, cut);
}

void duet_put_class_name(struct duet_buffer *b, const struct duet_coco_scope *scope, size_t category)
{
    const char *name = scope->category_names[category];
    char room[DUET_COCO_ID_ROOM];
    if (!*name) name = duet_coco_id_text(scope->ids, scope->category_ids[category], room);
    duet_put_head_column(b, name, DUET_CLASS_COLUMNS);
}

/* --- for people --------------------------------------------------------------------------------------- */

static void put_lines(struct duet_buffer *b, const struct duet_coco_outcome *outcome)
{
    struct duet_coco_line lines[DUET_COCO_MAX_LINES];
    size_t count = duet_coco_eval_lines(outcome->eval, lines);
    for (size_t i = 0; i < count; i++) {
        char text[DUET_COCO_LINE_TEXT];
        duet_coco_line_text(outcome->eval, &lines[i], text);
        duet_put(b, text);
        if (outcome->replicates) {
            const struct duet_interval interval =
                duet_coco_line_interval(outcome->replicates, i, lines[i].value);
            duet_put_range(b, "  ", &interval);
        }
        duet_put(b, "\n");
    }
}

static void put_classes(struct duet_buffer *b, const struct duet_coco_outcome *outcome)
{
    const struct duet_coco_scope scope = duet_coco_eval_scope(outcome->eval);
    struct duet_coco_line lines[DUET_COCO_MAX_LINES];
    size_t count = duet_coco_eval_lines(outcome->eval, lines);
    duet_putf(b, "\n%-*s", DUET_CLASS_COLUMNS, "class");
    for (size_t i = 0; i < count; i++) {
        if (lines[i].recall && lines[i].cut.limit + 1 < (int)scope.limit_count) continue;
        char head[16];
        if (lines[i].threshold > 0)
            snprintf(head, sizeof head, "AP%.0f", lines[i].threshold * 100);
        else if (lines[i].cut.area > 0)
            snprintf(head, sizeof head, "%s %.3s", lines[i].recall ? "AR" : "AP",
                     scope.areas[lines[i].cut.area].name);
        else
            snprintf(head, sizeof head, "%s", lines[i].recall ? "AR" : "AP");
        duet_putf(b, " %7s", head);
    }
    duet_put(b, "   truths");
    duet_put(b, outcome->replicates ? "   95 % of AP\n" : "\n");
    for (size_t k = 0; k < scope.category_count; k++) {
        duet_put_class_name(b, &scope, k);
        for (size_t i = 0; i < count; i++)
            if (!lines[i].recall || lines[i].cut.limit + 1 == (int)scope.limit_count)
                duet_put_cell(
                    b, duet_coco_none_as_nan(duet_coco_class_value(outcome->eval, &lines[i], (int)k)), 8);
        duet_putf(b, " %8zu", duet_coco_positives(outcome->eval, (int)k, 0));
        if (outcome->replicates) {
            const struct duet_interval interval = duet_coco_category_interval(
                outcome->replicates, k, duet_coco_class_value(outcome->eval, &lines[0], (int)k));
            duet_put_range(b, "   ", &interval);
        }
        duet_put(b, "\n");
    }
}

static void put_tide(struct duet_buffer *b, const struct duet_coco_tide *tide)
{
    static const char *const words[DUET_COCO_ERRORS] = {"wrong class, right place",
                                                        "right class, wrong place",
                                                        "both wrong",
                                                        "found before, by a better one",
                                                        "nothing there",
                                                        "not found at all",
                                                        "all wrong detections",
                                                        "all that was not found"};
    duet_put(b, "\nTIDE, AP at ");
    duet_put_fixed(b, tide->found, 2);
    duet_put(b, ": ");
    duet_put_cell(b, tide->ap, 0);
    duet_putf(b, "\n%-9s %8s %8s\n", "error", "dAP", "count");
    for (int kind = 0; kind < DUET_COCO_ERRORS; kind++) {
        duet_putf(b, "%-9s", duet_coco_error_name((enum duet_coco_error)kind));
        duet_put_cell(b, tide->gain[kind], 9);
        duet_putf(b, " %8zu  %s\n", tide->count[kind], words[kind]);
    }
}

char *duet_coco_table(const struct duet_coco_outcome *outcome)
{
    struct duet_buffer b = {0};
    put_lines(&b, outcome);
    if (outcome->per_class) put_classes(&b, outcome);
    if (outcome->tide) put_tide(&b, outcome->tide);
    duet_put(&b, "\n");
    duet_put_condition_lines(&b, outcome->conditions);
    return duet_buffer_text(&b);
}

/* --- JSON --------------------------------------------------------------------------------------------- */

static void put_json_lines(struct duet_buffer *b, const struct duet_coco_outcome *outcome)
{
    struct duet_coco_line lines[DUET_COCO_MAX_LINES];
    size_t count = duet_coco_eval_lines(outcome->eval, lines);
    duet_put(b, " \"stats\": [");
    for (size_t i = 0; i < count; i++) duet_put_jsonf(b, i > 0 ? ", %f" : "%f", lines[i].value);
    duet_put(b, "],\n \"lines\": [");
    for (size_t i = 0; i < count; i++) {
        duet_put(b, i > 0 ? ",\n  {" : "\n  {");
        duet_put_line_keys(b, outcome->eval, &lines[i]);
        duet_put_jsonf(b, ", \"value\": %f", lines[i].value);
        if (outcome->replicates) {
            duet_put(b, ", \"interval\": ");
            duet_put_interval(b, duet_coco_line_interval(outcome->replicates, i, lines[i].value));
        }
        duet_put(b, "}");
    }
    duet_put(b, "],\n");
}

static void put_json_class(struct duet_buffer *b, const struct duet_coco_outcome *outcome, size_t category)
{
    const struct duet_coco_scope scope = duet_coco_eval_scope(outcome->eval);
    struct duet_coco_line lines[DUET_COCO_MAX_LINES];
    size_t count = duet_coco_eval_lines(outcome->eval, lines);
    duet_put_class_keys(b, &scope, category);
    const double ap = duet_coco_class_value(outcome->eval, &lines[0], (int)category);
    duet_put_jsonf(b, ", \"ap\": %f, \"stats\": [", ap);
    for (size_t i = 0; i < count; i++)
        duet_put_jsonf(b, i > 0 ? ", %f" : "%f",
                       duet_coco_class_value(outcome->eval, &lines[i], (int)category));
    duet_putf(b, "], \"truths\": %zu, \"detections\": %zu",
              duet_coco_positives(outcome->eval, (int)category, 0),
              duet_coco_detections(outcome->eval, (int)category));
    if (outcome->replicates) {
        duet_put(b, ", \"interval\": ");
        duet_put_interval(b, duet_coco_category_interval(outcome->replicates, category, ap));
    }
    duet_put(b, "}");
}

static void put_json_tide(struct duet_buffer *b, const struct duet_coco_tide *tide)
{
    duet_put_jsonf(b, " \"errors\": {\"found\": %f, \"background\": %f, \"ap\": %f", tide->found,
                   tide->background, tide->ap);
    for (int kind = 0; kind < DUET_COCO_ERRORS; kind++)
        duet_put_jsonf(b, ",\n  %s: {\"gain\": %f, \"count\": %zu}",
                       duet_coco_error_name((enum duet_coco_error)kind), tide->gain[kind], tide->count[kind]);
    duet_put(b, "},\n");
}

static void put_json_confusion(struct duet_buffer *b, const struct duet_coco_outcome *outcome)
{
    const struct duet_coco_confusion *confusion = outcome->confusion;
    const struct duet_coco_scope scope = duet_coco_eval_scope(outcome->eval);
    duet_put_jsonf(b, " \"confusion\": {\"score\": %f, \"iou\": %f, \"classes\": [", confusion->score,
                   confusion->overlap);
    for (size_t k = 0; k < scope.category_count; k++) duet_put_jsonf(b, "%s, ", scope.category_names[k]);
    duet_put(b, "\"background\"],\n  \"cells\": [");
    for (size_t i = 0; i < confusion->side * confusion->side; i++)
        duet_putf(b, "%s%" PRIu64,
                  i == 0                ? "\n   ["
                  : i % confusion->side ? ", "
                                        : "],\n   [",
                  confusion->cells[i]);
    duet_put(b, "]]},\n");
}

char *duet_coco_json(const struct duet_coco_outcome *outcome)
{
    const struct duet_coco_scope scope = duet_coco_eval_scope(outcome->eval);
    struct duet_buffer b = {0};
    duet_put(&b, "{\n");
    put_json_lines(&b, outcome);
    duet_put(&b, " \"per_class\": [");
    for (size_t k = 0; k < scope.category_count; k++) {
        duet_put(&b, k > 0 ? ",\n  " : "\n  ");
        put_json_class(&b, outcome, k);
    }
    duet_put(&b, "],\n");
    if (outcome->replicates) {
        duet_put_bootstrap(&b, outcome->replicates->count, outcome->replicates->seed);
        duet_put(&b, "},\n");
    }
    if (outcome->tide) put_json_tide(&b, outcome->tide);
    if (outcome->confusion) put_json_confusion(&b, outcome);
    duet_put(&b, " ");
    duet_put_warnings(&b, outcome->warnings, outcome->warning_count);
    duet_put(&b, ",\n");
    return duet_json_end(&b, outcome->conditions);
}

static void put_point(struct duet_buffer *b, const struct duet_coco_point *point)
{
    duet_put_jsonf(b, ", \"threshold\": %f, \"precision\": %f, \"recall\": %f, \"f1\": %f, \"reached\": ",
                   point->threshold, point->precision, point->recall, point->f1);
    duet_putf(b, "%s, \"kept\": %zu, \"hits\": %zu, \"truths\": %zu}", point->reached ? "true" : "false",
              point->kept, point->hits, point->positives);
}

char *duet_coco_points_json(const struct duet_coco_eval *eval, const struct duet_coco_points *points,
                            const struct duet_conditions *conditions)
{
    const struct duet_coco_scope scope = duet_coco_eval_scope(eval);
    struct duet_buffer b = {0};
    duet_put_jsonf(&b, "{\n \"format\": \"duet-thresholds\",\n \"version\": 1,\n \"iou\": %f,\n \"goal\": %s",
                   points->overlap, points->goal == DUET_COCO_BEST_F1 ? "f1" : "precision");
    if (points->goal == DUET_COCO_PRECISION) duet_put_jsonf(&b, ",\n \"precision\": %f", points->precision);
    duet_put(&b, ",\n \"classes\": [");
    for (size_t k = 0; k < scope.category_count; k++) {
        duet_put(&b, k > 0 ? ",\n  " : "\n  ");
        duet_put_class_keys(&b, &scope, k);
        put_point(&b, &points->items[k]);
    }
    duet_put(&b, "],\n");
    return duet_json_end(&b, conditions);
}
