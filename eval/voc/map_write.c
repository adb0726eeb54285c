#include "eval/voc/map_write.h"

#include "data/labels/labels.h"
#include "report/text.h"

#include <inttypes.h>
#include <math.h>

enum { FIRST = 1, CLASSES = DUET_VOC_MAP_CLASSES };

static const char *class_name(int class_id)
{
    return duet_labels_voc().items[class_id].name;
}

/* --- the table ---------------------------------------------------------------------------------------- */

static void put_headline(struct duet_buffer *b, const char *name, double value,
                         const struct duet_interval *interval, const char *word)
{
    duet_putf(b, "%-12s", name);
    duet_put_cell(b, value, 9);
    if (interval) {
        duet_put(b, "  ");
        duet_put_range(b, *interval);
    }
    duet_putf(b, "  %s\n", word);
}

char *duet_voc_map_table(const struct duet_voc_map_outcome *o)
{
    struct duet_buffer b = {0};
    const struct duet_voc_ap mean = duet_voc_map_mean(o->map);
    duet_putf(&b, "%-12s %8s %8s %8s %8s %10s %8s %8s %10s%s\n", "class", "AP", "AP 2007", "recall",
              "objects", "difficult", "found", "right", "duplicates", o->intervals ? "   95 % of AP" : "");
    for (int i = FIRST; i < CLASSES; i++) {
        const struct duet_voc_class *c = duet_voc_map_class(o->map, i);
        duet_putf(&b, "%-12s", class_name(i));
        duet_put_cell(&b, c->ap.all_points, 9);
        duet_put_cell(&b, c->ap.eleven_points, 9);
        duet_put_cell(&b, c->recall, 9);
        duet_putf(&b, " %8zu %10zu %8zu %8zu %10zu", c->positives, c->difficult, c->found, c->right,
                  c->duplicates);
        if (o->intervals) {
            duet_put(&b, "   ");
            duet_put_range(&b, o->intervals->all_points[i]);
        }
        duet_put(&b, "\n");
    }
    duet_put(&b, "\n");
    put_headline(&b, "mAP", mean.all_points, o->intervals ? &o->intervals->all_points[0] : NULL,
                 "all points, the rule since 2010");
    put_headline(&b, "mAP 2007", mean.eleven_points, o->intervals ? &o->intervals->eleven_points[0] : NULL,
                 "eleven points");
    duet_put(&b, "\n");
    duet_put_condition_lines(&b, o->conditions);
    return duet_buffer_text(&b);
}

/* --- JSON --------------------------------------------------------------------------------------------- */

/* One number a class: a score, or a count. */
struct column {
    const char *name;
    double (*score)(const struct duet_voc_class *c);
    size_t (*count)(const struct duet_voc_class *c);
};

static double ap(const struct duet_voc_class *c)
{
    return c->ap.all_points;
}
static double ap_2007(const struct duet_voc_class *c)
{
    return c->ap.eleven_points;
}
static double recall(const struct duet_voc_class *c)
{
    return c->recall;
}
static size_t positives(const struct duet_voc_class *c)
{
    return c->positives;
}
static size_t difficult(const struct duet_voc_class *c)
{
    return c->difficult;
}
static size_t found(const struct duet_voc_class *c)
{
    return c->found;
}
static size_t right(const struct duet_voc_class *c)
{
    return c->right;
}
static size_t duplicates(const struct duet_voc_class *c)
{
    return c->duplicates;
}
static size_t background(const struct duet_voc_class *c)
{
    return c->background;
}

static const struct column columns[] = {
    {"ap", ap, NULL},
    {"ap_2007", ap_2007, NULL},
    {"recall", recall, NULL},
    {"positives", NULL, positives},
    {"difficult", NULL, difficult},
    {"found", NULL, found},
    {"right", NULL, right},
    {"duplicates", NULL, duplicates},
    {"background", NULL, background},
};
#define COLUMN_COUNT (sizeof columns / sizeof columns[0])

static void put_column(struct duet_buffer *b, const struct duet_voc_map *map, const struct column *column)
{
    duet_putf(b, " \"%s\": [", column->name);
    for (int i = FIRST; i < CLASSES; i++) {
        const struct duet_voc_class *c = duet_voc_map_class(map, i);
        if (i > FIRST) duet_put(b, ", ");
        if (column->score)
            duet_put_score(b, column->score(c));
        else
            duet_putf(b, "%zu", column->count(c));
    }
    duet_put(b, "],\n");
}

static void put_intervals(struct duet_buffer *b, const char *name, const struct duet_interval *intervals)
{
    duet_putf(b, ",\n  \"%s\": [", name);
    for (int i = FIRST; i < CLASSES; i++) {
        if (i > FIRST) duet_put(b, ", ");
        duet_put_interval(b, intervals[i]);
    }
    duet_put(b, "]");
}

static void put_bootstrap(struct duet_buffer *b, const struct duet_voc_map_outcome *o)
{
    if (!o->intervals) return;
    duet_putf(b, " \"bootstrap\": {\"replicates\": %zu, \"seed\": %" PRIu64 ", \"level\": 0.95,\n  \"map\": ",
              o->replicates, o->seed);
    duet_put_interval(b, o->intervals->all_points[0]);
    duet_put(b, ", \"map_2007\": ");
    duet_put_interval(b, o->intervals->eleven_points[0]);
    put_intervals(b, "ap", o->intervals->all_points);
    put_intervals(b, "ap_2007", o->intervals->eleven_points);
    duet_put(b, "},\n");
}

char *duet_voc_map_json(const struct duet_voc_map_outcome *o)
{
    struct duet_buffer b = {0};
    const struct duet_voc_ap mean = duet_voc_map_mean(o->map);
    duet_put(&b, "{\n \"map\": ");
    duet_put_score(&b, mean.all_points);
    duet_put(&b, ",\n \"map_2007\": ");
    duet_put_score(&b, mean.eleven_points);
    duet_put(&b, ",\n \"classes\": [");
    for (int i = FIRST; i < CLASSES; i++) duet_putf(&b, "%s\"%s\"", i > FIRST ? ", " : "", class_name(i));
    duet_put(&b, "],\n");
    for (size_t i = 0; i < COLUMN_COUNT; i++) put_column(&b, o->map, &columns[i]);
    put_bootstrap(&b, o);
    duet_put(&b, " \"conditions\": ");
    duet_put_conditions(&b, o->conditions);
    duet_put(&b, "\n}\n");
    return duet_buffer_text(&b);
}

/* --- CSV ---------------------------------------------------------------------------------------------- */

/* A field of a score; empty where there is none. */
static void put_field(struct duet_buffer *b, double value)
{
    duet_put(b, ",");
    if (!isnan(value)) duet_put_double(b, value);
}

char *duet_voc_map_csv(const struct duet_voc_map_outcome *o)
{
    struct duet_buffer b = {0};
    duet_put(&b, "class,class_id");
    for (size_t i = 0; i < COLUMN_COUNT; i++) duet_putf(&b, ",%s", columns[i].name);
    duet_put(&b, o->intervals ? ",ap_low,ap_high\n" : "\n");
    for (int i = FIRST; i < CLASSES; i++) {
        const struct duet_voc_class *c = duet_voc_map_class(o->map, i);
        duet_putf(&b, "%s,%d", class_name(i), i);
        for (size_t j = 0; j < COLUMN_COUNT; j++) {
            if (columns[j].score)
                put_field(&b, columns[j].score(c));
            else
                duet_putf(&b, ",%zu", columns[j].count(c));
        }
        if (o->intervals) {
            put_field(&b, o->intervals->all_points[i].low);
            put_field(&b, o->intervals->all_points[i].high);
        }
        duet_put(&b, "\n");
    }
    return duet_buffer_text(&b);
}
