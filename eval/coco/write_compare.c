/* Two evaluations beside each other, for people and as JSON. */
#include "coco/write_parts.h"

#include "coco/evaluation.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is compared, worked out. */
struct pairs {
    struct duet_coco_line lines[DUET_COCO_MAX_LINES];
    size_t line_count;
    struct duet_coco_difference *line_differences; /* [line_count] */
    struct duet_coco_difference *categories;       /* [category_count] */
    size_t *category_order;                        /* [category_count] largest difference first */
    size_t *image_order;                           /* [differing] best gain first */
    size_t differing, better, worse, same;
    bool failed;
};

static void pairs_close(struct pairs *pairs)
{
    free(pairs->line_differences);
    free(pairs->categories);
    free(pairs->category_order);
    free(pairs->image_order);
}

/* --- putting them in order ---------------------------------------------------------------------------- */

static double image_gain(const struct duet_coco_comparison *c, size_t image)
{
    return c->b_images[image] - c->a_images[image];
}

static int by_gain(const void *a, const void *b, void *comparison)
{
    size_t i = *(const size_t *)a, k = *(const size_t *)b;
    double x = image_gain(comparison, i), y = image_gain(comparison, k);
    if (x != y) return x > y ? -1 : 1;
    return i < k ? -1 : i > k;
}

/* Largest difference first, whichever way; those without one last. */
static int by_size(const void *a, const void *b, void *differences)
{
    const struct duet_coco_difference *all = differences;
    size_t i = *(const size_t *)a, k = *(const size_t *)b;
    double x = isnan(all[i].difference) ? -1 : fabs(all[i].difference);
    double y = isnan(all[k].difference) ? -1 : fabs(all[k].difference);
    if (x != y) return x > y ? -1 : 1;
    return i < k ? -1 : i > k;
}

static void order_images(struct pairs *pairs, const struct duet_coco_comparison *c, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (c->a_images[i] < 0) continue; /* without ground truth in both */
        double gain = image_gain(c, i);
        pairs->better += gain > 0;
        pairs->worse += gain < 0;
        pairs->same += gain == 0;
        if (gain != 0) pairs->image_order[pairs->differing++] = i;
    }
    qsort_r(pairs->image_order, pairs->differing, sizeof *pairs->image_order, by_gain, (void *)(uintptr_t)c);
}

static void pairs_open(struct pairs *pairs, const struct duet_coco_comparison *c)
{
    const struct duet_coco_scope scope = duet_coco_eval_scope(c->a);
    struct duet_coco_line b_lines[DUET_COCO_MAX_LINES];
    *pairs = (struct pairs){.failed = false};
    pairs->line_count = duet_coco_eval_lines(c->a, pairs->lines);
    duet_coco_eval_lines(c->b, b_lines);
    pairs->line_differences = calloc(pairs->line_count + 1, sizeof *pairs->line_differences);
    pairs->categories = calloc(scope.category_count + 1, sizeof *pairs->categories);
    pairs->category_order = calloc(scope.category_count + 1, sizeof *pairs->category_order);
    pairs->image_order = calloc(scope.image_count + 1, sizeof *pairs->image_order);
    pairs->failed =
        !pairs->line_differences || !pairs->categories || !pairs->category_order || !pairs->image_order;
    if (pairs->failed) return;
    for (size_t i = 0; i < pairs->line_count; i++)
        pairs->line_differences[i] = duet_coco_compare_line(c->a_replicates, c->b_replicates, i,
                                                            pairs->lines[i].value, b_lines[i].value);
    for (size_t k = 0; k < scope.category_count; k++) {
        pairs->category_order[k] = k;
        pairs->categories[k] = duet_coco_compare_category(
            c->a_replicates, c->b_replicates, k, duet_coco_class_value(c->a, &pairs->lines[0], (int)k),
            duet_coco_class_value(c->b, &b_lines[0], (int)k));
    }
    qsort_r(pairs->category_order, scope.category_count, sizeof *pairs->category_order, by_size,
            pairs->categories);
    order_images(pairs, c, scope.image_count);
}

/* --- for people --------------------------------------------------------------------------------------- */

/* "+0.0123" */
static void put_signed(struct duet_buffer *b, double value, int width)
{
    struct duet_buffer text = {0};
    duet_put(&text, isnan(value) || value < 0 ? "-" : "+");
    if (!isnan(value)) duet_put_fixed(&text, fabs(value), 4);
    duet_put_padded(b, &text, width);
}

/* "  0.2920  0.3010  +0.0090  [-0.0012, +0.0190]  0.084" */
static void put_difference(struct duet_buffer *b, const struct duet_coco_difference *d)
{
    duet_put_cell(b, duet_coco_none_as_nan(d->a), 9);
    duet_put_cell(b, duet_coco_none_as_nan(d->b), 9);
    put_signed(b, d->difference, 10);
    if (!isnan(d->p)) {
        duet_put(b, "  [");
        put_signed(b, d->interval.low, 7);
        duet_put(b, ", ");
        put_signed(b, d->interval.high, 7);
        duet_put(b, "]  ");
        duet_put_fixed(b, d->p, 3);
    }
    duet_put(b, "\n");
}

static void put_head(struct duet_buffer *b, const char *what)
{
    duet_putf(b, "%-22s%9s%9s%10s  %-18s  p\n", what, "A", "B", "B - A", "95 %");
}

static void put_lines(struct duet_buffer *b, const struct duet_coco_comparison *c, const struct pairs *pairs)
{
    const struct duet_coco_scope scope = duet_coco_eval_scope(c->a);
    put_head(b, "score");
    for (size_t i = 0; i < pairs->line_count; i++) {
        const struct duet_coco_line *line = &pairs->lines[i];
        char name[64], iou[16] = "";
        if (line->threshold > 0) snprintf(iou, sizeof iou, " at .%02.0f", line->threshold * 100);
        snprintf(name, sizeof name, "%s%s %s, %d", line->recall ? "AR" : "AP", iou,
                 scope.areas[line->cut.area].name, scope.limits[line->cut.limit]);
        duet_putf(b, "%-22s", name);
        put_difference(b, &pairs->line_differences[i]);
    }
}

static void put_classes(struct duet_buffer *b, const struct duet_coco_comparison *c,
                        const struct pairs *pairs)
{
    const struct duet_coco_scope scope = duet_coco_eval_scope(c->a);
    duet_put(b, "\n");
    put_head(b, "AP of classes");
    for (size_t i = 0; i < scope.category_count && i < c->shown; i++) {
        size_t k = pairs->category_order[i];
        if (isnan(pairs->categories[k].difference)) break;
        duet_put_class_name(b, &scope, k);
        duet_put(b, "      ");
        put_difference(b, &pairs->categories[k]);
    }
    if (scope.category_count > c->shown) duet_put(b, "(those that differ most)\n");
}

static void put_image(struct duet_buffer *b, const struct duet_coco_comparison *c, size_t image)
{
    const struct duet_coco_scope scope = duet_coco_eval_scope(c->a);
    char room[DUET_COCO_ID_ROOM];
    duet_put_head_column(b, duet_coco_id_text(scope.ids, scope.image_ids[image], room), 22);
    duet_put_cell(b, c->a_images[image], 9);
    duet_put_cell(b, c->b_images[image], 9);
    put_signed(b, image_gain(c, image), 10);
    duet_put(b, "  ");
    duet_put_shown(b, duet_coco_truth_image(c->a->truth, scope.image_ids[image])->file_name);
    duet_put(b, "\n");
}

static void put_images(struct duet_buffer *b, const struct duet_coco_comparison *c, const struct pairs *pairs)
{
    duet_putf(b, "\n%zu images are better in B, %zu are worse, %zu the same\n", pairs->better, pairs->worse,
              pairs->same);
    if (pairs->differing) duet_putf(b, "%-22s%9s%9s%10s\n", "image", "A", "B", "B - A");
    size_t shown = c->shown;
    for (size_t i = 0; i < pairs->differing; i++) {
        if (i >= shown && pairs->differing - i > shown) {
            if (i == shown) duet_put(b, "...\n");
            continue;
        }
        put_image(b, c, pairs->image_order[i]);
    }
}

char *duet_coco_comparison_table(const struct duet_coco_comparison *comparison)
{
    struct duet_buffer b = {0};
    struct pairs pairs;
    pairs_open(&pairs, comparison);
    b.failed = pairs.failed;
    if (!pairs.failed) {
        duet_put(&b, "A  ");
        duet_put_shown(&b, comparison->a_name);
        duet_put(&b, "\nB  ");
        duet_put_shown(&b, comparison->b_name);
        duet_put(&b, "\n\n");
        put_lines(&b, comparison, &pairs);
        put_classes(&b, comparison, &pairs);
        put_images(&b, comparison, &pairs);
        duet_put(&b, "\n");
        duet_put_condition_lines(&b, comparison->conditions);
    }
    pairs_close(&pairs);
    return duet_buffer_text(&b);
}

/* --- JSON --------------------------------------------------------------------------------------------- */

static void put_json_difference(struct duet_buffer *b, const struct duet_coco_difference *d)
{
    duet_put_jsonf(b, ", \"a\": %f, \"b\": %f, \"difference\": %f, \"interval\": [%f, %f], \"p\": %f}", d->a,
                   d->b, d->difference, d->interval.low, d->interval.high, d->p);
}

static void put_json_images(struct duet_buffer *b, const struct duet_coco_comparison *c,
                            const struct pairs *pairs)
{
    const struct duet_coco_scope scope = duet_coco_eval_scope(c->a);
    duet_putf(b, " \"better\": %zu,\n \"worse\": %zu,\n \"same\": %zu,\n \"images\": [", pairs->better,
              pairs->worse, pairs->same);
    for (size_t i = 0; i < pairs->differing; i++) {
        size_t image = pairs->image_order[i];
        duet_put(b, i > 0 ? ",\n  {\"id\": " : "\n  {\"id\": ");
        duet_put_coco_id(b, scope.ids, scope.image_ids[image]);
        duet_put_jsonf(b, ", \"file_name\": %s, \"a\": %f, \"b\": %f, \"difference\": %f}",
                       duet_coco_truth_image(c->a->truth, scope.image_ids[image])->file_name,
                       c->a_images[image], c->b_images[image], image_gain(c, image));
    }
    duet_put(b, "],\n");
}

static void put_json(struct duet_buffer *b, const struct duet_coco_comparison *c, const struct pairs *pairs)
{
    const struct duet_coco_scope scope = duet_coco_eval_scope(c->a);
    duet_put_jsonf(b, "{\n \"a\": %s,\n \"b\": %s,\n \"lines\": [", c->a_name, c->b_name);
    for (size_t i = 0; i < pairs->line_count; i++) {
        duet_put(b, i > 0 ? ",\n  {" : "\n  {");
        duet_put_line_keys(b, c->a, &pairs->lines[i]);
        put_json_difference(b, &pairs->line_differences[i]);
    }
    duet_put(b, "],\n \"per_class\": [");
    for (size_t k = 0; k < scope.category_count; k++) {
        duet_put(b, k > 0 ? ",\n  " : "\n  ");
        duet_put_class_keys(b, &scope, k);
        put_json_difference(b, &pairs->categories[k]);
    }
    duet_put(b, "],\n");
    put_json_images(b, c, pairs);
    duet_put_bootstrap(b, c->a_replicates->count, c->a_replicates->seed);
    duet_put(b, "},\n ");
    duet_put_warnings(b, c->warnings, c->warning_count);
    duet_put(b, ",\n");
    duet_put_conditions(b, c->conditions);
    duet_put(b, "\n}\n");
}

char *duet_coco_comparison_json(const struct duet_coco_comparison *comparison)
{
    struct duet_buffer b = {0};
    struct pairs pairs;
    pairs_open(&pairs, comparison);
    b.failed = pairs.failed;
    if (!pairs.failed) put_json(&b, comparison, &pairs);
    pairs_close(&pairs);
    return duet_buffer_text(&b);
}
