#include "eval/agreement.h"

#include "core/abi.h"
#include "core/fail.h"
#include "core/grow.h"

#include <math.h>
#include <string.h>

typedef struct duet_coco_result result; /* this file is about nothing else */

double duet_box_iou(const result *a, const result *b)
{
    double width = fmin(a->x + a->width, b->x + b->width) - fmax(a->x, b->x);
    double height = fmin(a->y + a->height, b->y + b->height) - fmax(a->y, b->y);
    if (!(a->width > 0 && a->height > 0 && b->width > 0 && b->height > 0 && width > 0 && height > 0))
        return 0;
    if (!isfinite(a->x + a->y + b->x + b->y)) return 0; /* fmin and fmax pass over a NaN */
    double common = width * height;
    double iou = common / (a->width * a->height + b->width * b->height - common);
    return isfinite(iou) ? iou : 0;
}

/* --- order -------------------------------------------------------------------------------------------- */

#define THREE_WAY(a, b) (((a) > (b)) - ((a) < (b)))

/* Picture, then class. */
static int compare_group(const result *a, const result *b)
{
    int order = THREE_WAY(a->image_id, b->image_id);
    return order ? order : THREE_WAY(a->category_id, b->category_id);
}

/* For qsort over pointers into one array: by group, then as they stood. */
static int compare_results(const void *a, const void *b)
{
    const result *x = *(const result *const *)a, *y = *(const result *const *)b;
    int order = compare_group(x, y);
    return order ? order : THREE_WAY(x, y);
}

/* The results with min_score or more, sorted. NULL when out of memory. */
static const result **sorted(const struct duet_coco_results *results, double min_score, size_t *count)
{
    size_t bytes;
    const result **list =
        duet_mul_size(results->count + 1, sizeof(const result *), &bytes) ? malloc(bytes) : NULL;
    if (!list) return NULL;
    *count = 0;
    for (size_t i = 0; i < results->count; i++)
        if (results->items[i].score >= min_score) list[(*count)++] = &results->items[i];
    qsort(list, *count, sizeof *list, compare_results);
    return list;
}

/* --- pairing ------------------------------------------------------------------------------------------ */

/* A reference and a candidate that agree. */
struct pair {
    double iou;
    size_t reference, candidate; /* in the sorted lists */
};

struct work {
    const struct duet_agreement_options *options;
    const result **references, **candidates; /* sorted */
    size_t reference_count, candidate_count;
    bool *found, *used; /* a flag a reference, a flag a candidate */
    struct pair *pairs; /* of the group at hand */
    size_t pair_count, pair_capacity;
    struct duet_agreement_miss *misses; /* [kept], highest score first */
    size_t kept, max_kept;
};

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    int order = THREE_WAY(y->iou, x->iou);
    if (!order) order = THREE_WAY(x->reference, y->reference);
    return order ? order : THREE_WAY(x->candidate, y->candidate);
}

/* The end of the group that begins at `begin`. */
static size_t group_end(const result **list, size_t begin, size_t count)
{
    size_t end = begin;
    while (end < count && compare_group(list[begin], list[end]) == 0) end++;
    return end;
}

static bool add_pairs(struct work *work, size_t reference, size_t first, size_t end)
{
    const result *r = work->references[reference];
    for (size_t i = first; i < end; i++) {
        const result *c = work->candidates[i];
        if (!(fabs(r->score - c->score) <= work->options->max_distance)) continue;
        double iou = duet_box_iou(r, c);
        if (!(iou > work->options->min_iou)) continue;
        struct pair *pairs =
            duet_grow(work->pairs, &work->pair_capacity, work->pair_count + 1, sizeof *pairs);
        if (!pairs) return false;
        work->pairs = pairs;
        pairs[work->pair_count++] = (struct pair){iou, reference, i};
    }
    return true;
}

/* Keep a miss if it is among the worst. */
static void add_miss(struct work *work, const result *reference, size_t first, size_t end)
{
    struct duet_agreement_miss miss = {.reference = *reference};
    size_t place = work->kept;
    while (place > 0 && work->misses[place - 1].reference.score < reference->score) place--;
    if (place == work->max_kept) return;
    for (size_t i = first; i < end; i++) {
        double iou = duet_box_iou(reference, work->candidates[i]);
        if (!(iou > miss.iou)) continue;
        miss.iou = iou;
        miss.nearest = *work->candidates[i];
        miss.has_nearest = true;
    }
    if (work->kept < work->max_kept) work->kept++;
    memmove(&work->misses[place + 1], &work->misses[place],
            (work->kept - place - 1) * sizeof work->misses[0]);
    work->misses[place] = miss;
}

/* References [begin, end) of one picture and class against candidates [first, last) of the same. */
static bool match_group(struct work *work, size_t begin, size_t end, size_t first, size_t last)
{
    work->pair_count = 0;
    for (size_t i = begin; i < end; i++)
        if (!add_pairs(work, i, first, last)) return false;
    if (work->pair_count) qsort(work->pairs, work->pair_count, sizeof work->pairs[0], compare_pairs);
    for (size_t i = 0; i < work->pair_count; i++) {
        const struct pair *pair = &work->pairs[i];
        if (work->found[pair->reference] || work->used[pair->candidate]) continue;
        work->found[pair->reference] = work->used[pair->candidate] = true;
    }
    for (size_t i = begin; i < end; i++)
        if (!work->found[i]) add_miss(work, work->references[i], first, last);
    return true;
}

static bool match_all(struct work *work)
{
    size_t first = 0;
    for (size_t begin = 0; begin < work->reference_count;) {
        size_t end = group_end(work->references, begin, work->reference_count);
        const result *group = work->references[begin];
        while (first < work->candidate_count && compare_group(work->candidates[first], group) < 0) first++;
        size_t last = first;
        while (last < work->candidate_count && compare_group(work->candidates[last], group) == 0) last++;
        if (!match_group(work, begin, end, first, last)) return false;
        begin = end;
        first = last;
    }
    return true;
}

/* --- the whole ---------------------------------------------------------------------------------------- */

static enum duet_status check_options(const struct duet_agreement_options *options, struct duet_error *error)
{
    if (isfinite(options->min_score) && isfinite(options->min_iou) && isfinite(options->max_distance))
        return DUET_OK;
    return duet_fail(error, DUET_BAD_ARGUMENT,
                     "agreement: the score %g, the overlap %g and the distance %g "
                     "must be finite numbers",
                     options->min_score, options->min_iou, options->max_distance);
}

static bool prepare(struct work *work, const struct duet_coco_results *references,
                    const struct duet_coco_results *candidates)
{
    work->references = sorted(references, work->options->min_score, &work->reference_count);
    work->candidates = sorted(candidates, -INFINITY, &work->candidate_count);
    work->found = calloc(references->count + 1, sizeof(bool));
    work->used = calloc(candidates->count + 1, sizeof(bool));
    work->max_kept = work->options->max_misses ? work->options->max_misses : 10;
    if (work->max_kept > references->count) work->max_kept = references->count;
    work->misses = calloc(work->max_kept + 1, sizeof work->misses[0]);
    return work->references && work->candidates && work->found && work->used && work->misses;
}

enum duet_status duet_agreement_measure(const struct duet_coco_results *references,
                                        const struct duet_coco_results *candidates,
                                        const struct duet_agreement_options *options,
                                        struct duet_agreement *agreement, struct duet_error *error)
{
    *agreement = (struct duet_agreement){0};
    struct duet_agreement_options known;
    enum duet_status status = duet_options_copy(&known, sizeof known, options, "agreement", error);
    if (status == DUET_OK) status = check_options(&known, error);
    if (status != DUET_OK) return status;

    struct work work = {.options = &known};
    if (prepare(&work, references, candidates) && match_all(&work)) {
        agreement->looked_for = work.reference_count;
        for (size_t i = 0; i < work.reference_count; i++) agreement->found += work.found[i];
        agreement->misses = work.misses;
        agreement->miss_count = work.kept;
        work.misses = NULL;
    } else {
        status =
            duet_fail(error, DUET_OUT_OF_MEMORY, "agreement: no memory to compare %zu detections with %zu",
                      references->count, candidates->count);
    }
    free(work.references);
    free(work.candidates);
    free(work.found);
    free(work.used);
    free(work.pairs);
    free(work.misses);
    return status;
}

void duet_agreement_close(struct duet_agreement *agreement)
{
    if (!agreement) return;
    free(agreement->misses);
    *agreement = (struct duet_agreement){0};
}
