/* From matches to precision and recall. */
#include "coco/evaluation.h"

#include "core/fail.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

/* --- the order of scores ------------------------------------------------------------------------------ */

/* Merge two neighbouring sorted runs of `from` into `to`. */
static void merge(const struct coco_rank *from, size_t begin, size_t middle, size_t end, struct coco_rank *to)
{
    size_t left = begin, right = middle;
    for (size_t i = begin; i < end; i++) {
        bool take_left = left < middle && (right == end || !(from[right].score > from[left].score));
        to[i] = from[take_left ? left++ : right++];
    }
}

void duet_coco_sort_ranks(struct coco_rank *ranks, size_t count, struct coco_rank *spare)
{
    enum { RUN = 8 };
    for (size_t begin = 0; begin < count; begin += RUN) { /* short runs by insertion */
        size_t end = begin + RUN < count ? begin + RUN : count;
        for (size_t i = begin + 1; i < end; i++) {
            struct coco_rank one = ranks[i];
            size_t k = i;
            for (; k > begin && one.score > ranks[k - 1].score; k--) ranks[k] = ranks[k - 1];
            ranks[k] = one;
        }
    }
    struct coco_rank *from = ranks, *to = spare;
    for (size_t run = RUN; run < count; run *= 2) {
        for (size_t begin = 0; begin < count; begin += 2 * run) {
            size_t middle = begin + run < count ? begin + run : count;
            size_t end = middle + run < count ? middle + run : count;
            merge(from, begin, middle, end, to);
        }
        struct coco_rank *swap = from;
        from = to;
        to = swap;
    }
    if (from != ranks) memcpy(ranks, from, count * sizeof *ranks);
}

static enum duet_status rank_all(struct duet_coco_eval *eval, struct duet_error *error)
{
    struct coco_rank *spare = calloc(eval->found_count + 1, sizeof *spare);
    eval->ranks = calloc(eval->found_count + 1, sizeof *eval->ranks);
    eval->category_ranks = calloc(eval->category_count + 1, sizeof *eval->category_ranks);
    if (!spare || !eval->ranks || !eval->category_ranks) {
        free(spare);
        return duet_no_memory(error, NULL, "to evaluate");
    }
    size_t at = 0;
    for (size_t k = 0; k < eval->category_count; k++) {
        eval->category_ranks[k] = at;
        for (size_t c = eval->category_cells[k]; c < eval->category_cells[k + 1]; c++)
            for (uint32_t i = 0; i < eval->cells[c].found_count; i++, at++)
                eval->ranks[at] =
                    (struct coco_rank){eval->results->items[eval->found[eval->cells[c].found + i]].score,
                                       eval->cells[c].found + i, i};
        duet_coco_sort_ranks(eval->ranks + eval->category_ranks[k], at - eval->category_ranks[k], spare);
    }
    eval->category_ranks[eval->category_count] = at;
    free(spare);
    return DUET_OK;
}

/* --- curves ------------------------------------------------------------------------------------------- */

/* The points of a curve where something was found: elsewhere recall stays and precision falls. */
struct points {
    double *precision, *score; /* [count] */
    uint32_t count;
    uint32_t left_out; /* detections that did not count, so far */
};

struct accumulator {
    struct duet_coco_eval *eval;
    double *memory;
    struct coco_match *matches; /* of one category and area, in the order of scores */
    struct points points[DUET_COCO_MAX_THRESHOLDS];
};

static size_t largest_category(const struct duet_coco_eval *eval)
{
    size_t largest = 0;
    for (size_t k = 0; k < eval->category_count; k++) {
        size_t truths = 0;
        for (size_t c = eval->category_cells[k]; c < eval->category_cells[k + 1]; c++)
            truths += eval->cells[c].truth_count;
        if (truths > largest) largest = truths;
    }
    return largest;
}

static size_t most_found(const struct duet_coco_eval *eval)
{
    size_t most = 0;
    for (size_t k = 0; k < eval->category_count; k++) {
        size_t count = eval->category_ranks[k + 1] - eval->category_ranks[k];
        if (count > most) most = count;
    }
    return most;
}

static void accumulator_close(struct accumulator *acc)
{
    free(acc->memory);
    free(acc->matches);
}

static enum duet_status accumulator_open(struct accumulator *acc, struct duet_coco_eval *eval,
                                         struct duet_error *error)
{
    size_t room = largest_category(eval) + 1; /* no more is found than there is */
    acc->eval = eval;
    acc->memory = calloc(room * 2 * eval->threshold_count, sizeof *acc->memory);
    acc->matches = calloc(most_found(eval) + 1, sizeof *acc->matches);
    if (!acc->memory || !acc->matches) return duet_no_memory(error, NULL, "to evaluate");
    for (size_t t = 0; t < eval->threshold_count; t++) {
        acc->points[t].precision = acc->memory + room * 2 * t;
        acc->points[t].score = acc->points[t].precision + room;
    }
    return DUET_OK;
}

/* Matches lie cell by cell: brought together once for all that is to be walked over them. */
static void gather(struct accumulator *acc, size_t category, size_t area)
{
    const struct duet_coco_eval *eval = acc->eval;
    size_t begin = eval->category_ranks[category], count = eval->category_ranks[category + 1] - begin;
    for (size_t i = 0; i < count; i++)
        acc->matches[i] = eval->matches[eval->ranks[begin + i].found * eval->area_count + area];
}

/* Walk down one category's detections; note where each threshold finds something. */
static void walk_category(struct accumulator *acc, size_t category, size_t limit)
{
    const struct duet_coco_eval *eval = acc->eval;
    const uint32_t most = (uint32_t)eval->limits[limit], all = duet_coco_all_thresholds(eval);
    size_t begin = eval->category_ranks[category], count = eval->category_ranks[category + 1] - begin;
    uint32_t seen = 0;
    for (size_t t = 0; t < eval->threshold_count; t++) acc->points[t].count = acc->points[t].left_out = 0;
    for (size_t i = 0; i < count; i++) {
        struct coco_match match = acc->matches[i];
        const struct coco_rank *rank = &eval->ranks[begin + i];
        if (match.left_out == all || rank->place >= most) continue;
        seen++;
        for (uint32_t bits = match.left_out; bits; bits &= bits - 1)
            acc->points[__builtin_ctz(bits)].left_out++;
        for (uint32_t bits = match.hit; bits; bits &= bits - 1) {
            struct points *points = &acc->points[__builtin_ctz(bits)];
            double hits = points->count + 1.0, misses = (double)(seen - points->left_out) - hits;
            points->precision[points->count] = hits / (misses + hits + DBL_EPSILON);
            points->score[points->count++] = rank->score;
        }
    }
}

/* Precision as the best at that recall or beyond. */
static void level(struct points *points)
{
    for (size_t i = points->count; i-- > 1;)
        if (points->precision[i] > points->precision[i - 1]) points->precision[i - 1] = points->precision[i];
}

/* The first point with that recall or more. */
static size_t first_reaching(double recall, size_t positives, size_t from, size_t count)
{
    while (from < count && (double)(from + 1) / (double)positives < recall) from++;
    return from;
}

static double mean_precision(struct points *points, size_t positives)
{
    double sum = 0;
    size_t at = 0;
    level(points);
    for (int r = 0; r < DUET_COCO_RECALLS; r++) {
        at = first_reaching(duet_coco_recall(r), positives, at, points->count);
        if (at == points->count) break;
        sum += points->precision[at];
    }
    return sum / DUET_COCO_RECALLS;
}

static void score_category(struct accumulator *acc, size_t category, size_t area, size_t limit)
{
    struct duet_coco_eval *eval = acc->eval;
    size_t positives = eval->positives[category * eval->area_count + area];
    size_t slot = duet_coco_slot(eval, area, limit, category);
    if (positives > 0) walk_category(acc, category, limit);
    for (size_t t = 0; t < eval->threshold_count; t++) {
        struct points *points = &acc->points[t];
        eval->ap[slot + t] = positives ? mean_precision(points, positives) : -1;
        eval->ar[slot + t] = positives ? (double)points->count / (double)positives : -1;
    }
}

static void count_positives(struct duet_coco_eval *eval)
{
    for (size_t k = 0; k < eval->category_count; k++)
        for (size_t c = eval->category_cells[k]; c < eval->category_cells[k + 1]; c++)
            for (uint32_t g = 0; g < eval->cells[c].truth_count; g++)
                for (size_t a = 0; a < eval->area_count; a++)
                    eval->positives[k * eval->area_count + a] +=
                        !(eval->ignored[eval->cells[c].truth + g] >> a & 1);
}

enum duet_status duet_coco_accumulate(struct duet_coco_eval *eval, struct duet_error *error)
{
    struct accumulator acc = {0};
    size_t slots = eval->area_count * eval->limit_count * eval->category_count * eval->threshold_count;
    eval->positives = calloc(eval->category_count * eval->area_count + 1, sizeof *eval->positives);
    eval->ap = calloc(slots + 1, sizeof *eval->ap);
    eval->ar = calloc(slots + 1, sizeof *eval->ar);
    if (!eval->positives || !eval->ap || !eval->ar) return duet_no_memory(error, NULL, "to evaluate");
    count_positives(eval);
    enum duet_status status = rank_all(eval, error);
    if (status == DUET_OK) status = accumulator_open(&acc, eval, error);
    for (size_t k = 0; status == DUET_OK && k < eval->category_count; k++)
        for (size_t a = 0; a < eval->area_count; a++) {
            gather(&acc, k, a);
            for (size_t m = 0; m < eval->limit_count; m++) score_category(&acc, k, a, m);
        }
    accumulator_close(&acc);
    return status;
}

enum duet_status duet_coco_eval_curve(const struct duet_coco_eval *eval, struct duet_coco_cut cut,
                                      struct duet_coco_curve *curve, struct duet_error *error)
{
    struct accumulator acc = {0};
    size_t category = (size_t)cut.category, area = (size_t)cut.area, limit = (size_t)cut.limit, at = 0;
    if (cut.threshold < 0 || (size_t)cut.threshold >= eval->threshold_count || cut.category < 0 ||
        category >= eval->category_count || cut.area < 0 || area >= eval->area_count || cut.limit < 0 ||
        limit >= eval->limit_count)
        return duet_fail(error, DUET_BAD_ARGUMENT,
                         "a curve of threshold %d, category %d, area %d, limit %d: "
                         "there is none",
                         cut.threshold, cut.category, cut.area, cut.limit);
    size_t positives = eval->positives[category * eval->area_count + area];
    enum duet_status status = accumulator_open(&acc, (struct duet_coco_eval *)(uintptr_t)eval, error);
    if (status != DUET_OK) {
        accumulator_close(&acc);
        return status;
    }
    gather(&acc, category, area);
    if (positives > 0) walk_category(&acc, category, limit);
    struct points *points = &acc.points[cut.threshold];
    curve->recall = positives ? (double)points->count / (double)positives : -1;
    level(points);
    for (int r = 0; r < DUET_COCO_RECALLS; r++) {
        at = positives ? first_reaching(duet_coco_recall(r), positives, at, points->count) : 0;
        bool reached = at < points->count;
        curve->precision[r] = positives == 0 ? -1 : reached ? points->precision[at] : 0;
        curve->score[r] = positives == 0 ? -1 : reached ? points->score[at] : 0;
    }
    /* Recall 0 is reached by any first detection, be it right or wrong. */
    size_t first = eval->category_ranks[category];
    if (positives > 0 && first < eval->category_ranks[category + 1])
        curve->score[0] = eval->ranks[first].score;
    accumulator_close(&acc);
    return DUET_OK;
}
