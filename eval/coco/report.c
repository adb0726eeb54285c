#include "eval/coco/report.h"

#include "coco/write_parts.h"
#include "report/parts.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is being reported. */
struct view {
    struct duet_report *report;
    struct duet_buffer *page;
    const struct duet_coco_outcome *outcome;
    struct duet_coco_scope scope;
    int low, high; /* places of the overlaps .50 and .75 in the scope's list; -1: it has none */
};

/* A class and what it is sorted by. */
struct place {
    size_t category;
    double ap; /* NaN: none */
};

static const char *category_name(const struct view *v, size_t category)
{
    const char *name = v->scope.category_names[category];
    return name[0] ? name : "(no name)";
}

/* ".75", "1" */
static void overlap_text(char text[16], double overlap)
{
    int hundredths = (int)lrint(overlap * 100);
    snprintf(text, 16, hundredths >= 100 ? "1" : ".%02d", hundredths);
}

static int threshold_place(const struct duet_coco_scope *scope, double overlap)
{
    for (size_t i = 0; i < scope->threshold_count; i++)
        if (fabs(scope->thresholds[i] - overlap) < 1e-9) return (int)i;
    return -1;
}

/* --- headline ----------------------------------------------------------------------------------------- */

/* "AP", "AP at .50", "AR, small", "AR, 10 a class" */
static void line_name(const struct view *v, const struct duet_coco_line *line, char text[96])
{
    char at[32] = "", overlap[16], more[48] = "";
    if (line->cut.threshold != -1) {
        overlap_text(overlap, line->threshold);
        snprintf(at, sizeof at, " at %s", overlap);
    }
    if (line->cut.area > 0)
        snprintf(more, sizeof more, ", %.31s", v->scope.areas[line->cut.area].name);
    else if (line->recall)
        snprintf(more, sizeof more, ", %d a class", v->scope.limits[line->cut.limit]);
    snprintf(text, 96, "%s%s%s", line->recall ? "AR" : "AP", at, more);
}

static void put_headline(const struct view *v)
{
    struct duet_coco_line lines[DUET_COCO_MAX_LINES];
    struct duet_tile tiles[DUET_COCO_MAX_LINES];
    struct duet_interval intervals[DUET_COCO_MAX_LINES];
    char names[DUET_COCO_MAX_LINES][96];
    size_t count = duet_coco_eval_lines(v->outcome->eval, lines);
    for (size_t i = 0; i < count; i++) {
        line_name(v, &lines[i], names[i]);
        tiles[i] = (struct duet_tile){.name = names[i], .value = duet_coco_none_as_nan(lines[i].value)};
        if (!v->outcome->replicates) continue;
        intervals[i] = duet_coco_line_interval(v->outcome->replicates, i, lines[i].value);
        tiles[i].interval = &intervals[i];
    }
    duet_put_tiles(v->page, tiles, count);
}

/* --- classes ------------------------------------------------------------------------------------------ */

/* AP of a class at the last limit; -1 for a threshold: the mean of all. */
static double class_ap(const struct view *v, size_t category, int threshold, int area)
{
    const struct duet_coco_cut cut = {threshold, (int)category, area, (int)v->scope.limit_count - 1};
    return duet_coco_none_as_nan(duet_coco_ap(v->outcome->eval, cut));
}

static int by_ap(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (isnan(x->ap) != isnan(y->ap)) return isnan(x->ap) ? 1 : -1;
    if (!isnan(x->ap) && x->ap != y->ap) return x->ap > y->ap ? -1 : 1;
    return (x->category > y->category) - (x->category < y->category);
}

/* Best class first, those without ground truth last. Owned: free(). NULL when out of memory. */
static struct place *sort_classes(const struct view *v)
{
    struct place *places = calloc(v->scope.category_count + 1, sizeof *places);
    if (!places) return NULL;
    for (size_t i = 0; i < v->scope.category_count; i++) places[i] = (struct place){i, class_ap(v, i, -1, 0)};
    qsort(places, v->scope.category_count, sizeof *places, by_ap);
    return places;
}

static void put_name_cell(const struct view *v, size_t category)
{
    duet_put_class_cell(v->page, duet_class_color((int)v->scope.category_ids[category]),
                        category_name(v, category));
}

static void put_class(const struct view *v, const struct place *place)
{
    const struct duet_coco_eval *eval = v->outcome->eval;
    struct duet_buffer *b = v->page;
    size_t c = place->category;
    put_name_cell(v, c);
    duet_put_score_cell(b, place->ap);
    struct duet_interval interval = {NAN, NAN};
    if (v->outcome->replicates) interval = duet_coco_category_interval(v->outcome->replicates, c, place->ap);
    duet_put_bar_cell(b, place->ap, &interval);
    if (v->low >= 0) duet_put_score_cell(b, class_ap(v, c, v->low, 0));
    if (v->high >= 0) duet_put_score_cell(b, class_ap(v, c, v->high, 0));
    for (size_t a = 1; a < v->scope.area_count; a++) duet_put_score_cell(b, class_ap(v, c, -1, (int)a));
    duet_putf(b, "<td>%zu</td><td>%zu</td></tr>\n", duet_coco_positives(eval, (int)c, 0),
              duet_coco_detections(eval, (int)c));
}

static void put_classes(const struct view *v, const struct place *places)
{
    struct duet_buffer *b = v->page;
    duet_report_section(v->report, "Classes", "Best first. A dash: no ground truth of that kind.");
    duet_putf(b, "<div class=\"wide\"><table>\n<tr><th>class</th><th>AP</th><th class=\"word\">%s</th>%s%s",
              v->outcome->replicates ? "with its 95 % interval" : "", v->low >= 0 ? "<th>at .50</th>" : "",
              v->high >= 0 ? "<th>at .75</th>" : "");
    for (size_t a = 1; a < v->scope.area_count; a++) duet_put_htmlf(b, "<th>%s</th>", v->scope.areas[a].name);
    duet_put(b, "<th>objects</th><th>boxes</th></tr>\n");
    for (size_t i = 0; i < v->scope.category_count; i++) put_class(v, &places[i]);
    duet_put(b, "</table></div>\n");
}

/* --- curves ------------------------------------------------------------------------------------------- */

/* Recalls 0, .01 ... 1 and precisions at them. */
struct curve {
    double recall[DUET_COCO_RECALLS], precision[DUET_COCO_RECALLS];
    size_t count;
};

/* Up to the last recall that is reached. */
static size_t reached(const struct duet_coco_curve *c)
{
    size_t count = DUET_COCO_RECALLS;
    while (count > 0 && !(c->precision[count - 1] > 0)) count--;
    return count;
}

/* The curve of a class, or the mean of all classes' (category -1). */
static void read_curve(const struct view *v, int threshold, int category, struct curve *curve)
{
    size_t first = category < 0 ? 0 : (size_t)category, classes = 0;
    size_t end = category < 0 ? v->scope.category_count : first + 1;
    *curve = (struct curve){.count = 0};
    for (size_t i = 0; i < DUET_COCO_RECALLS; i++) curve->recall[i] = (double)i / (DUET_COCO_RECALLS - 1);
    for (size_t c = first; c < end; c++) {
        struct duet_coco_curve one;
        const struct duet_coco_cut cut = {threshold, (int)c, 0, (int)v->scope.limit_count - 1};
        if (duet_coco_positives(v->outcome->eval, (int)c, 0) == 0) continue;
        if (duet_coco_eval_curve(v->outcome->eval, cut, &one, NULL) != DUET_OK) {
            v->page->failed = true;
            continue;
        }
        size_t count = reached(&one);
        if (count > curve->count) curve->count = count;
        for (size_t i = 0; i < count; i++) curve->precision[i] += one.precision[i];
        classes++;
    }
    for (size_t i = 0; classes > 0 && i < DUET_COCO_RECALLS; i++) curve->precision[i] /= (double)classes;
}

static void put_mean_curves(const struct view *v)
{
    struct curve curves[DUET_COCO_MAX_THRESHOLDS];
    struct duet_chart_line lines[DUET_COCO_MAX_THRESHOLDS];
    char colors[DUET_COCO_MAX_THRESHOLDS][32], names[DUET_COCO_MAX_THRESHOLDS][16];
    for (size_t t = 0; t < v->scope.threshold_count; t++) {
        read_curve(v, (int)t, -1, &curves[t]);
        overlap_text(names[t], v->scope.thresholds[t]);
        lines[t] =
            (struct duet_chart_line){curves[t].recall, curves[t].precision, curves[t].count,
                                     duet_ramp_color(colors[t], t, v->scope.threshold_count), names[t]};
    }
    const struct duet_chart chart = {.title = "Mean of all classes, for each overlap that makes a hit",
                                     .x_name = "recall",
                                     .y_name = "precision",
                                     .x_most = 1,
                                     .width = 560,
                                     .height = 360,
                                     .lines = lines,
                                     .count = v->scope.threshold_count};
    duet_put(v->page, "<div class=\"charts\">\n");
    duet_put_chart(v->page, &chart);
    duet_put(v->page, "</div>\n");
}

static void put_class_curves(const struct view *v, size_t category)
{
    const int places[] = {v->low >= 0 ? v->low : 0, v->high};
    static const char *const colors[] = {"#2563b8", "#b97700"};
    struct curve curves[2];
    struct duet_chart_line lines[2];
    size_t count = 0;
    for (size_t i = 0; i < 2; i++) {
        if (places[i] < 0) continue;
        read_curve(v, places[i], (int)category, &curves[count]);
        lines[count] = (struct duet_chart_line){curves[count].recall, curves[count].precision,
                                                curves[count].count, colors[i], NULL};
        count++;
    }
    const struct duet_chart chart = {.title = category_name(v, category),
                                     .x_most = 1,
                                     .width = 190,
                                     .height = 150,
                                     .lines = lines,
                                     .count = count};
    duet_put_chart(v->page, &chart);
}

static void put_curves(const struct view *v, const struct place *places)
{
    duet_report_section(v->report, "Precision over recall",
                        "From the best detection to the last: how many of the objects are found (to the "
                        "right), and how many of the detections are right (up), as COCO takes it: the best "
                        "precision at that recall or beyond.");
    put_mean_curves(v);
    duet_put(v->page, "<p class=\"soft\">Each class: ");
    duet_put(v->page, v->low >= 0 ? "overlap .50 in blue" : "the lowest overlap in blue");
    duet_put(v->page, v->high >= 0 ? ", .75 in amber.</p>\n" : ".</p>\n");
    duet_put(v->page, "<div class=\"charts\">\n");
    for (size_t i = 0; i < v->scope.category_count; i++)
        if (!isnan(places[i].ap)) put_class_curves(v, places[i].category);
    duet_put(v->page, "</div>\n");
}

/* --- errors ------------------------------------------------------------------------------------------- */

static void put_tide(const struct view *v)
{
    static const char *const words[DUET_COCO_ERRORS] = {
        [DUET_COCO_ERROR_CLASS] = "the right place, the wrong class",
        [DUET_COCO_ERROR_LOCATION] = "the right class, not quite the place",
        [DUET_COCO_ERROR_BOTH] = "wrong class, and not quite the place",
        [DUET_COCO_ERROR_DUPLICATE] = "found before, by a better detection",
        [DUET_COCO_ERROR_BACKGROUND] = "nothing is there",
        [DUET_COCO_ERROR_MISSED] = "objects that no detection came near",
        [DUET_COCO_ERROR_FALSE_HIT] = "all detections that are wrong",
        [DUET_COCO_ERROR_FALSE_MISS] = "all objects that were not found",
    };
    const struct duet_coco_tide *tide = v->outcome->tide;
    struct duet_buffer *b = v->page;
    char found[16], background[16], text[200];
    double most = 1e-9;
    for (int i = 0; i < DUET_COCO_ERRORS; i++) most = fmax(most, tide->gain[i]);
    overlap_text(found, tide->found);
    overlap_text(background, tide->background);
    snprintf(text, sizeof text,
             "By how much AP at %s would rise if all errors of one kind were mended (TIDE). Near: an overlap "
             "of %s and more; not quite: of %s to that.",
             found, found, background);
    duet_report_section(v->report, "What goes wrong", text);
    duet_put(b, "<table>\n<tr><th>kind</th><th class=\"word\">what it is</th><th>how often</th><th>AP gained"
                "</th><th></th></tr>\n");
    for (int i = 0; i < DUET_COCO_ERRORS; i++) {
        duet_putf(b, "<tr><td>%s</td><td class=\"word\">%s</td><td>%zu</td>",
                  duet_coco_error_name((enum duet_coco_error)i), words[i], tide->count[i]);
        duet_put_score_cell(b, tide->gain[i]);
        duet_put_bar_cell(b, tide->gain[i] / most, NULL);
        duet_put(b, "</tr>\n");
    }
    duet_put(b, "</table>\n");
}

/* The rows and columns that hold anything, as a matrix of its own. */
static void put_confusion_of(const struct view *v, size_t *kept, uint64_t *cells, const char **names)
{
    const struct duet_coco_confusion *c = v->outcome->confusion;
    size_t side = 0;
    for (size_t i = 0; i < c->side; i++) {
        uint64_t sum = 0;
        for (size_t j = 0; j < c->side; j++) sum += c->cells[i * c->side + j] + c->cells[j * c->side + i];
        if (sum > 0) kept[side++] = i;
    }
    for (size_t i = 0; i < side; i++) {
        names[i] = kept[i] + 1 == c->side ? "background" : category_name(v, kept[i]);
        for (size_t j = 0; j < side; j++) cells[i * side + j] = c->cells[kept[i] * c->side + kept[j]];
    }
    const struct duet_matrix matrix = {names, cells, side, "truth", "found"};
    duet_put_matrix(v->page, &matrix);
    duet_put(v->page, "<h3>The most frequent confusions of two classes</h3>\n");
    duet_put_confusions(v->page, &matrix, side > 0 && kept[side - 1] + 1 == c->side ? side - 1 : SIZE_MAX,
                        20);
}

static void put_confusion(const struct view *v)
{
    const struct duet_coco_confusion *c = v->outcome->confusion;
    char overlap[16], text[240];
    overlap_text(overlap, c->overlap);
    snprintf(text, sizeof text,
             "Detections that score .%02d or more against what they overlap by %s or more. Row background: "
             "found where nothing is; column background: not found. In percent of the row.",
             (int)lrint(fmin(c->score, .99) * 100), overlap);
    duet_report_section(v->report, "What is taken for what", text);
    size_t *kept = calloc(c->side, sizeof *kept);
    uint64_t *cells = calloc(c->side * c->side, sizeof *cells);
    const char **names = calloc(c->side, sizeof *names);
    if (kept && cells && names)
        put_confusion_of(v, kept, cells, names);
    else
        v->page->failed = true;
    free(kept);
    free(cells);
    free(names);
}

/* --- operating points --------------------------------------------------------------------------------- */

static void put_points(const struct view *v, const struct duet_coco_points *points,
                       const struct place *places)
{
    struct duet_buffer *b = v->page;
    char overlap[16], text[200];
    overlap_text(overlap, points->overlap);
    if (points->goal == DUET_COCO_BEST_F1)
        snprintf(text, sizeof text, "For each class the threshold with the best F1, at an overlap of %s.",
                 overlap);
    else
        snprintf(text, sizeof text,
                 "For each class the threshold with the most recall at a precision of .%02d or more, at an "
                 "overlap of %s.",
                 (int)lrint(fmin(points->precision, .99) * 100), overlap);
    duet_report_section(v->report, "Where to put the threshold", text);
    duet_put(b,
             "<div class=\"wide\"><table>\n<tr><th>class</th><th>threshold</th><th>precision</th><th>recall"
             "</th><th>F1</th><th>boxes kept</th><th>right</th><th>objects</th></tr>\n");
    for (size_t i = 0; i < v->scope.category_count; i++) {
        const struct duet_coco_point *p = &points->items[places[i].category];
        if (!p->reached) continue;
        put_name_cell(v, places[i].category);
        duet_put_score_cell(b, p->threshold);
        duet_put_score_cell(b, p->precision);
        duet_put_score_cell(b, p->recall);
        duet_put_score_cell(b, p->f1);
        duet_putf(b, "<td>%zu</td><td>%zu</td><td>%zu</td></tr>\n", p->kept, p->hits, p->positives);
    }
    duet_put(b, "</table></div>\n");
}

/* --- the whole ---------------------------------------------------------------------------------------- */

void duet_coco_report(struct duet_report *report, const struct duet_coco_outcome *outcome,
                      const struct duet_coco_points *points)
{
    struct view v = {.report = report,
                     .page = duet_report_page(report),
                     .outcome = outcome,
                     .scope = duet_coco_eval_scope(outcome->eval)};
    v.low = threshold_place(&v.scope, .5);
    v.high = threshold_place(&v.scope, .75);
    struct place *places = sort_classes(&v);
    if (!places) {
        v.page->failed = true;
        return;
    }
    put_headline(&v);
    duet_report_warnings(report, outcome->warnings, outcome->warning_count);
    duet_report_section(report, "Conditions", NULL);
    duet_report_conditions(report, outcome->conditions);
    put_classes(&v, places);
    put_curves(&v, places);
    if (outcome->tide) put_tide(&v);
    if (outcome->confusion) put_confusion(&v);
    if (points) put_points(&v, points, places);
    free(places);
}
