#include "eval/voc/map_write.h"

#include "data/labels/labels.h"
#include "report/text.h"

#include <stddef.h>

enum { FIRST = 1, CLASSES = DUET_VOC_MAP_CLASSES };

/* --- the table ---------------------------------------------------------------------------------------- */

static void put_headline(struct duet_buffer *b, const char *name, double value,
                         const struct duet_interval *interval, const char *word)
{
    duet_putf(b, "%-12s", name);
    duet_put_cell(b, value, 9);
    duet_put_range(b, "  ", interval);
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
        duet_putf(&b, "%-12s", duet_voc_class_name(i));
        duet_put_cell(&b, c->ap.all_points, 9);
        duet_put_cell(&b, c->ap.eleven_points, 9);
        duet_put_cell(&b, c->recall, 9);
        duet_putf(&b, " %8zu %10zu %8zu %8zu %10zu", c->positives, c->difficult, c->found, c->right,
                  c->duplicates);
        duet_put_range(&b, "   ", o->intervals ? &o->intervals->all_points[i] : NULL);
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
    bool is_count; /* size_t; else double */
    size_t offset; /* in struct duet_voc_class */
};

#define AT(member) offsetof(struct duet_voc_class, member)
static const struct column columns[] = {
    {"ap", false, AT(ap.all_points)},     {"ap_2007", false, AT(ap.eleven_points)},
    {"recall", false, AT(recall)},        {"positives", true, AT(positives)},
    {"difficult", true, AT(difficult)},   {"found", true, AT(found)},
    {"right", true, AT(right)},           {"duplicates", true, AT(duplicates)},
    {"background", true, AT(background)},
};
#define COLUMN_COUNT (sizeof columns / sizeof columns[0])

/* Counts are far from where a double leaves integers out. */
static double number_of(const struct duet_voc_class *c, const struct column *column)
{
    const char *at = (const char *)c + column->offset;
    return column->is_count ? (double)*(const size_t *)at : *(const double *)at;
}

static void put_column(struct duet_buffer *b, const struct duet_voc_map *map, const struct column *column)
{
    duet_putf(b, " \"%s\": [", column->name);
    for (int i = FIRST; i < CLASSES; i++) {
        if (i > FIRST) duet_put(b, ", ");
        duet_put_score(b, number_of(duet_voc_map_class(map, i), column));
    }
    duet_put(b, "],\n");
}

static void put_bootstrap(struct duet_buffer *b, const struct duet_voc_map_outcome *o)
{
    if (!o->intervals) return;
    const struct duet_interval *all = o->intervals->all_points, *eleven = o->intervals->eleven_points;
    duet_put_bootstrap(b, o->replicates, o->seed);
    duet_put_jsonf(b, ",\n  \"map\": [%f, %f], \"map_2007\": [%f, %f],\n  \"ap\": ", all[0].low, all[0].high,
                   eleven[0].low, eleven[0].high);
    duet_put_intervals(b, all + FIRST, CLASSES - FIRST);
    duet_put(b, ",\n  \"ap_2007\": ");
    duet_put_intervals(b, eleven + FIRST, CLASSES - FIRST);
    duet_put(b, "},\n");
}

char *duet_voc_map_json(const struct duet_voc_map_outcome *o)
{
    struct duet_buffer b = {0};
    const struct duet_voc_ap mean = duet_voc_map_mean(o->map);
    duet_put_jsonf(&b, "{\n \"map\": %f,\n \"map_2007\": %f,\n \"classes\": [", mean.all_points,
                   mean.eleven_points);
    for (int i = FIRST; i < CLASSES; i++)
        duet_putf(&b, "%s\"%s\"", i > FIRST ? ", " : "", duet_voc_class_name(i));
    duet_put(&b, "],\n");
    for (size_t i = 0; i < COLUMN_COUNT; i++) put_column(&b, o->map, &columns[i]);
    put_bootstrap(&b, o);
    return duet_json_end(&b, o->conditions);
}

/* --- CSV ---------------------------------------------------------------------------------------------- */

char *duet_voc_map_csv(const struct duet_voc_map_outcome *o)
{
    struct duet_buffer b = {0};
    duet_put(&b, "class,class_id");
    for (size_t i = 0; i < COLUMN_COUNT; i++) duet_putf(&b, ",%s", columns[i].name);
    duet_put(&b, o->intervals ? ",ap_low,ap_high\n" : "\n");
    for (int i = FIRST; i < CLASSES; i++) {
        const struct duet_voc_class *c = duet_voc_map_class(o->map, i);
        duet_putf(&b, "%s,%d", duet_voc_class_name(i), i);
        for (size_t j = 0; j < COLUMN_COUNT; j++) duet_put_field(&b, number_of(c, &columns[j]));
        if (o->intervals) duet_put_interval_fields(&b, o->intervals->all_points[i]);
        duet_put(&b, "\n");
    }
    return duet_buffer_text(&b);
}
