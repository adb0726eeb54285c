/* Scores of images drawn anew: the walk of curve.c with images counted as often as they were drawn. */
#include "eval/coco/bootstrap.h"

#include "coco/evaluation.h"
#include "core/checked.h"
#include "core/fail.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A detection that counts, in the order of scores. */
struct entry {
    uint32_t image;
    struct coco_match match;
};

/* Ground truths of an image that count. */
struct stock {
    uint32_t image, count;
};

/* What one class has in one area range (at the last limit), or at one limit (in the first range). */
struct part {
    size_t entries, entry_count, stocks, stock_count; /* where in the plan's arrays, how many */
};

/* All that replicates look at. */
struct plan {
    const struct duet_coco_eval *eval;
    struct entry *entries;
    struct stock *stocks;
    struct part *areas;  /* [area_count][category_count] */
    struct part *limits; /* [limit_count - 1][category_count]: detections that hit only */
    size_t entry_count, stock_count, most_entries;
    uint32_t *images; /* [found_count] */
    struct duet_coco_line lines[DUET_COCO_MAX_LINES];
    size_t line_count;
};

static void plan_close(struct plan *plan)
{
    free(plan->entries);
    free(plan->stocks);
    free(plan->areas);
    free(plan->limits);
    free(plan->images);
}

static struct part *limit_part(const struct plan *plan, size_t limit, size_t category)
{
    return &plan->limits[limit * plan->eval->category_count + category];
}

static struct part *area_part(const struct plan *plan, size_t area, size_t category)
{
    return &plan->areas[area * plan->eval->category_count + category];
}

/* Entries of a class: `place` bounds the detections of an image; `hits`: only those that hit. With `out` NULL
 * they are only counted. */
static size_t list_entries(const struct plan *plan, size_t category, size_t area, uint32_t place, bool hits,
                           struct entry *out)
{
    const struct duet_coco_eval *eval = plan->eval;
    const uint32_t all = duet_coco_all_thresholds(eval);
    size_t count = 0;
    for (size_t i = eval->category_ranks[category]; i < eval->category_ranks[category + 1]; i++) {
        const struct coco_rank *rank = &eval->ranks[i];
        struct coco_match match = eval->matches[rank->found * eval->area_count + area];
        if (rank->place >= place || match.left_out == all || (hits && !match.hit)) continue;
        if (out) out[count] = (struct entry){plan->images[rank->found], match};
        count++;
    }
    return count;
}

static size_t list_stocks(const struct plan *plan, size_t category, size_t area, struct stock *out)
{
    const struct duet_coco_eval *eval = plan->eval;
    size_t count = 0;
    for (size_t c = eval->category_cells[category]; c < eval->category_cells[category + 1]; c++) {
        const struct coco_cell *cell = &eval->cells[c];
        uint32_t here = 0;
        for (uint32_t g = 0; g < cell->truth_count; g++)
            here += !(eval->ignored[cell->truth + g] >> area & 1);
        if (here == 0) continue;
        if (out) out[count] = (struct stock){cell->image, here};
        count++;
    }
    return count;
}

/* Go through all parts: first counting, then, with memory there, filling. */
static void list_all(struct plan *plan)
{
    const struct duet_coco_eval *eval = plan->eval;
    const uint32_t last = (uint32_t)eval->limits[eval->limit_count - 1];
    plan->entry_count = plan->stock_count = 0;
    for (size_t k = 0; k < eval->category_count; k++) {
        for (size_t a = 0; a < eval->area_count; a++) {
            struct part *part = area_part(plan, a, k);
            part->entries = plan->entry_count;
            part->stocks = plan->stock_count;
            struct entry *entries = plan->entries ? plan->entries + part->entries : NULL;
            part->entry_count = list_entries(plan, k, a, last, false, entries);
            part->stock_count = list_stocks(plan, k, a, plan->stocks ? plan->stocks + part->stocks : NULL);
            plan->entry_count += part->entry_count;
            plan->stock_count += part->stock_count;
            if (part->entry_count > plan->most_entries) plan->most_entries = part->entry_count;
        }
        for (size_t m = 0; m + 1 < eval->limit_count; m++) {
            struct part *part = limit_part(plan, m, k);
            *part = *area_part(plan, 0, k);
            part->entries = plan->entry_count;
            part->entry_count = list_entries(plan, k, 0, (uint32_t)eval->limits[m], true,
                                             plan->entries ? plan->entries + part->entries : NULL);
            plan->entry_count += part->entry_count;
        }
    }
}

static enum duet_status plan_open(struct plan *plan, const struct duet_coco_eval *eval,
                                  struct duet_error *error)
{
    *plan = (struct plan){.eval = eval};
    plan->line_count = duet_coco_eval_lines(eval, plan->lines);
    plan->areas = calloc(eval->area_count * eval->category_count + 1, sizeof *plan->areas);
    plan->limits = calloc(eval->limit_count * eval->category_count + 1, sizeof *plan->limits);
    plan->images = calloc(eval->found_count + 1, sizeof *plan->images);
    if (!plan->areas || !plan->limits || !plan->images)
        return duet_no_memory(error, NULL, "for the bootstrap");
    for (size_t c = 0; c < eval->cell_count; c++)
        for (uint32_t i = 0; i < eval->cells[c].found_count; i++)
            plan->images[eval->cells[c].found + i] = eval->cells[c].image;
    list_all(plan);
    plan->entries = calloc(plan->entry_count + 1, sizeof *plan->entries);
    plan->stocks = calloc(plan->stock_count + 1, sizeof *plan->stocks);
    if (!plan->entries || !plan->stocks) return duet_no_memory(error, NULL, "for the bootstrap");
    list_all(plan);
    return DUET_OK;
}

/* --- one replicate ------------------------------------------------------------------------------------ */

/* Memory of one worker. */
struct worker {
    uint32_t *weights;   /* [image_count] */
    double *precision;   /* [threshold_count][most_entries] where something is found */
    uint64_t *found;     /* the same: how much is found up to there */
    double *ap;          /* [area_count][category_count][threshold_count]; -1: no ground truth */
    double *ar;          /* [area_count][category_count] */
    double *ar_at_limit; /* [limit_count - 1][category_count] */
};

static void workers_close(struct worker *workers, int count)
{
    for (int i = 0; workers && i < count; i++) {
        free(workers[i].weights);
        free(workers[i].precision);
        free(workers[i].found);
        free(workers[i].ap);
        free(workers[i].ar);
        free(workers[i].ar_at_limit);
    }
    free(workers);
}

static bool worker_open(struct worker *worker, const struct plan *plan)
{
    const struct duet_coco_eval *eval = plan->eval;
    size_t points = eval->threshold_count * plan->most_entries + 1;
    size_t classes = eval->category_count * eval->area_count + 1;
    worker->weights = calloc(eval->image_count + 1, sizeof *worker->weights);
    worker->precision = calloc(points, sizeof *worker->precision);
    worker->found = calloc(points, sizeof *worker->found);
    worker->ap = calloc(classes * eval->threshold_count, sizeof *worker->ap);
    worker->ar = calloc(classes, sizeof *worker->ar);
    worker->ar_at_limit = calloc(eval->category_count * eval->limit_count + 1, sizeof *worker->ar_at_limit);
    return worker->weights && worker->precision && worker->found && worker->ap && worker->ar &&
           worker->ar_at_limit;
}

static uint64_t positives_of(const struct plan *plan, const struct part *part, const uint32_t *weights)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < part->stock_count; i++) {
        const struct stock *stock = &plan->stocks[part->stocks + i];
        sum += (uint64_t)weights[stock->image] * stock->count;
    }
    return sum;
}

/* Mean of the precisions at the 101 recalls. An image drawn twice has its detections twice, one after the
 * other: of the points between only the last can be the best. */
static double mean_precision(double *precision, const uint64_t *found, size_t points, uint64_t positives)
{
    double sum = 0;
    for (size_t i = points; i-- > 1;)
        if (precision[i] > precision[i - 1]) precision[i - 1] = precision[i];
    size_t at = 0;
    for (int r = 0; r < DUET_COCO_RECALLS; r++) {
        while (at < points && (double)found[at] / (double)positives < duet_coco_recall(r)) at++;
        if (at == points) break;
        sum += precision[at];
    }
    return sum / DUET_COCO_RECALLS;
}

/* AP at each threshold, and AR, of one class and area range. */
static void score_area(const struct plan *plan, struct worker *worker, size_t category, size_t area)
{
    const size_t thresholds = plan->eval->threshold_count;
    const struct part *part = area_part(plan, area, category);
    double *ap = worker->ap + (area * plan->eval->category_count + category) * thresholds;
    double *ar = worker->ar + area * plan->eval->category_count + category, recalls = 0;
    uint64_t positives = positives_of(plan, part, worker->weights), seen = 0;
    uint64_t hits[DUET_COCO_MAX_THRESHOLDS] = {0}, left_out[DUET_COCO_MAX_THRESHOLDS] = {0};
    size_t points[DUET_COCO_MAX_THRESHOLDS] = {0};
    for (size_t i = 0; positives > 0 && i < part->entry_count; i++) {
        const struct entry *entry = &plan->entries[part->entries + i];
        uint64_t weight = worker->weights[entry->image];
        if (weight == 0) continue;
        seen += weight;
        for (uint32_t bits = entry->match.left_out; bits; bits &= bits - 1)
            left_out[__builtin_ctz(bits)] += weight;
        for (uint32_t bits = entry->match.hit; bits; bits &= bits - 1) {
            int t = __builtin_ctz(bits);
            size_t at = (size_t)t * plan->most_entries + points[t]++;
            hits[t] += weight;
            double misses = (double)(seen - left_out[t] - hits[t]);
            worker->precision[at] = (double)hits[t] / (misses + (double)hits[t] + DBL_EPSILON);
            worker->found[at] = hits[t];
        }
    }
    for (size_t t = 0; t < thresholds; t++) {
        size_t at = t * plan->most_entries;
        ap[t] =
            positives ? mean_precision(worker->precision + at, worker->found + at, points[t], positives) : -1;
        recalls += positives ? (double)hits[t] / (double)positives : 0;
    }
    *ar = positives ? recalls / (double)thresholds : -1;
}

static double score_limit(const struct plan *plan, const struct worker *worker, size_t limit, size_t category)
{
    const struct part *part = limit_part(plan, limit, category);
    uint64_t positives = positives_of(plan, part, worker->weights), hits = 0;
    if (positives == 0) return -1;
    for (size_t i = 0; i < part->entry_count; i++) {
        const struct entry *entry = &plan->entries[part->entries + i];
        hits += (uint64_t)worker->weights[entry->image] * (uint64_t)__builtin_popcount(entry->match.hit);
    }
    return (double)hits / ((double)positives * (double)plan->eval->threshold_count);
}

/* The mean of what is not -1; NaN of nothing. */
static double mean_of(const double *values, size_t count, size_t step)
{
    double sum = 0;
    size_t valid = 0;
    for (size_t i = 0; i < count; i += step)
        if (values[i] >= 0) {
            sum += values[i];
            valid++;
        }
    return valid ? sum / (double)valid : NAN;
}

static double score_line(const struct plan *plan, const struct worker *worker,
                         const struct duet_coco_line *line)
{
    const struct duet_coco_eval *eval = plan->eval;
    size_t k = eval->category_count, t = eval->threshold_count;
    size_t area = (size_t)line->cut.area, limit = (size_t)line->cut.limit;
    if (line->recall && limit + 1 < eval->limit_count) return mean_of(worker->ar_at_limit + limit * k, k, 1);
    if (line->recall) return mean_of(worker->ar + area * k, k, 1);
    if (line->cut.threshold == -1) return mean_of(worker->ap + area * k * t, k * t, 1);
    if (line->cut.threshold < 0 || k == 0) return NAN;
    return mean_of(worker->ap + area * k * t + line->cut.threshold, k * t - (size_t)line->cut.threshold, t);
}

struct task {
    const struct plan *plan;
    struct worker *workers;
    struct duet_coco_replicates *replicates;
};

static void score_replicate(void *arg, int index, int number)
{
    const struct task *task = arg;
    const struct plan *plan = task->plan;
    const struct duet_coco_eval *eval = plan->eval;
    struct duet_coco_replicates *replicates = task->replicates;
    struct worker *worker = &task->workers[number];
    duet_bootstrap_resample(replicates->seed, (size_t)index, worker->weights, eval->image_count);
    for (size_t k = 0; k < eval->category_count; k++) {
        for (size_t a = 0; a < eval->area_count; a++) score_area(plan, worker, k, a);
        for (size_t m = 0; m + 1 < eval->limit_count; m++)
            worker->ar_at_limit[m * eval->category_count + k] = score_limit(plan, worker, m, k);
        replicates->categories[k * replicates->count + (size_t)index] =
            mean_of(worker->ap + k * eval->threshold_count, eval->threshold_count, 1);
    }
    for (size_t i = 0; i < plan->line_count; i++)
        replicates->lines[i * replicates->count + (size_t)index] = score_line(plan, worker, &plan->lines[i]);
}

/* --- all replicates ----------------------------------------------------------------------------------- */

void duet_coco_replicates_close(struct duet_coco_replicates *replicates)
{
    if (!replicates) return;
    free(replicates->lines);
    free(replicates->categories);
    free(replicates->room);
    *replicates = (struct duet_coco_replicates){0};
}

static enum duet_status score_all(const struct plan *plan, const struct duet_pool *pool,
                                  struct duet_coco_replicates *replicates, struct duet_error *error)
{
    struct task task = {plan, calloc((size_t)pool->threads, sizeof *task.workers), replicates};
    bool enough = task.workers != NULL;
    for (int i = 0; enough && i < pool->threads; i++) enough = worker_open(&task.workers[i], plan);
    if (enough) pool->run(pool->ctx, score_replicate, &task, (int)replicates->count);
    workers_close(task.workers, pool->threads);
    return enough ? DUET_OK : duet_no_memory(error, NULL, "for the bootstrap");
}

enum duet_status duet_coco_bootstrap(const struct duet_coco_eval *eval, size_t count, uint64_t seed,
                                     const struct duet_pool *pool, struct duet_coco_replicates *replicates,
                                     struct duet_error *error)
{
    const struct duet_pool single = duet_pool_single();
    struct plan plan;
    size_t lines, categories;
    *replicates = (struct duet_coco_replicates){0};
    if (count < 1 || count > 1000000 || eval->image_count == 0)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%zu draws of %zu images: expected 1 to 1000000, of some",
                         count, eval->image_count);
    enum duet_status status = plan_open(&plan, eval, error);
    if (status == DUET_OK) {
        *replicates = (struct duet_coco_replicates){.count = count,
                                                    .line_count = plan.line_count,
                                                    .category_count = eval->category_count,
                                                    .seed = seed};
        if (duet_mul_size(count, plan.line_count + 1, &lines) &&
            duet_mul_size(count, eval->category_count + 1, &categories)) {
            replicates->lines = calloc(lines, sizeof *replicates->lines);
            replicates->categories = calloc(categories, sizeof *replicates->categories);
            replicates->room = calloc(count, sizeof *replicates->room);
        }
        status = replicates->lines && replicates->categories && replicates->room
                     ? score_all(&plan, pool ? pool : &single, replicates, error)
                     : duet_no_memory(error, NULL, "for the bootstrap");
    }
    plan_close(&plan);
    if (status != DUET_OK) duet_coco_replicates_close(replicates);
    return status;
}

/* --- intervals ---------------------------------------------------------------------------------------- */

static struct duet_interval interval_of(const struct duet_coco_replicates *replicates, const double *rows,
                                        size_t row, double value)
{
    if (!(value >= 0) || replicates->count == 0) return (struct duet_interval){NAN, NAN};
    memcpy(replicates->room, rows + row * replicates->count, replicates->count * sizeof *rows);
    return duet_bootstrap_score_interval(replicates->room, replicates->count, value);
}

struct duet_interval duet_coco_line_interval(const struct duet_coco_replicates *replicates, size_t line,
                                             double value)
{
    return interval_of(replicates, replicates->lines, line, value);
}

struct duet_interval duet_coco_category_interval(const struct duet_coco_replicates *replicates,
                                                 size_t category, double value)
{
    return interval_of(replicates, replicates->categories, category, value);
}
