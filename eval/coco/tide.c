/* TIDE: what would mending all errors of one kind gain? */
#include "eval/coco/errors.h"

#include "coco/by_image.h"
#include "coco/evaluation.h"
#include "core/fail.h"
#include "core/grow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BEST_DETECTIONS = 100, RESOLUTION = 100 };

const char *duet_coco_error_name(enum duet_coco_error kind)
{
    static const char *const names[DUET_COCO_ERRORS] = {"Cls", "Loc",  "Both",     "Dupe",
                                                        "Bkg", "Miss", "FalsePos", "FalseNeg"};
    return names[kind];
}

enum { CORRECT = -1, OPEN = -2 };

/* A detection that counts. */
struct detection {
    double score;
    uint32_t category;
    int kind;        /* enum duet_coco_error, or CORRECT */
    bool mends;      /* mended, it would be the hit of ... */
    uint32_t mended; /* ... this category; else it would be gone */
};

struct tide {
    const struct duet_coco_eval *eval;
    double found, background;
    struct detection *detections; /* image by image, highest score first */
    size_t count, capacity;
    size_t *positives, *missed, *false_misses; /* [category_count] */
    size_t missed_count, false_miss_count;
};

/* --- one image ---------------------------------------------------------------------------------------- */

struct scene {
    const struct coco_image_items *image;
    size_t found_count; /* the best ones of it */
    bool *used;   /* [truth_count] taken by a detection */
    bool *usable; /* [truth_count] would be, if that one's error were mended */
};

enum which { SAME_CLASS, OTHER_CLASS, SAME_CLASS_FREE, SAME_CLASS_USED, ANY_CLASS };

/* The ground truth of that kind which overlaps most, of equals the first; SIZE_MAX, 0: none overlaps. */
static size_t nearest(const struct scene *scene, size_t d, enum which which, double *overlap)
{
    const struct coco_image_items *image = scene->image;
    size_t best = SIZE_MAX;
    *overlap = 0;
    for (size_t g = 0; g < image->truth_count; g++) {
        bool same = image->truths[g].category == image->found[d].category;
        if (image->truths[g].crowd || (which == OTHER_CLASS && same)) continue;
        if (which != OTHER_CLASS && which != ANY_CLASS && !same) continue;
        if ((which == SAME_CLASS_FREE && scene->used[g]) || (which == SAME_CLASS_USED && !scene->used[g]))
            continue;
        if (!(duet_coco_overlap_at(image, d, g) > *overlap)) continue;
        *overlap = duet_coco_overlap_at(image, d, g);
        best = g;
    }
    return best;
}

static bool any_truth(const struct coco_image_items *image)
{
    for (size_t g = 0; g < image->truth_count; g++)
        if (!image->truths[g].crowd) return true;
    return false;
}

/* The kind of a detection that took nothing; *truth is what it would have taken. */
static int kind_of(const struct tide *tide, const struct scene *scene, size_t d, size_t *truth)
{
    double overlap;
    *truth = SIZE_MAX;
    if (!any_truth(scene->image)) return DUET_COCO_ERROR_BACKGROUND;
    size_t g = nearest(scene, d, SAME_CLASS, &overlap);
    if (tide->background <= overlap && overlap <= tide->found) {
        *truth = g;
        return DUET_COCO_ERROR_LOCATION;
    }
    g = nearest(scene, d, OTHER_CLASS, &overlap);
    if (overlap >= tide->found) {
        *truth = g;
        return DUET_COCO_ERROR_CLASS;
    }
    nearest(scene, d, SAME_CLASS_USED, &overlap);
    if (overlap >= tide->found) return DUET_COCO_ERROR_DUPLICATE;
    nearest(scene, d, ANY_CLASS, &overlap);
    return overlap <= tide->background ? DUET_COCO_ERROR_BACKGROUND : DUET_COCO_ERROR_BOTH;
}

/* Mended, of all detections after one ground truth the best scored takes it; the others would be gone. */
static struct detection judge(const struct tide *tide, struct scene *scene, size_t d)
{
    const struct coco_image_detection *found = &scene->image->found[d];
    struct detection one = {.score = found->score, .category = found->category};
    size_t g;
    one.kind = kind_of(tide, scene, d, &g);
    if (g == SIZE_MAX || scene->used[g]) return one;
    one.mends = !scene->usable[g];
    one.mended = scene->image->truths[g].category;
    scene->usable[g] = true;
    return one;
}

static bool add(struct tide *tide, struct detection one)
{
    if (!DUET_GROW(tide->detections, tide->capacity, tide->count + 1)) return false;
    tide->detections[tide->count++] = one;
    return true;
}

/* `state` [found_count] is scratch. */
static bool judge_scene(struct tide *tide, struct scene *scene, int *state)
{
    const struct coco_image_items *image = scene->image;
    for (size_t d = 0; d < scene->found_count; d++) {
        double overlap;
        size_t g = nearest(scene, d, SAME_CLASS_FREE, &overlap);
        state[d] = g != SIZE_MAX && overlap >= tide->found ? CORRECT : OPEN;
        if (state[d] == CORRECT) scene->used[g] = true;
    }
    for (size_t d = 0; d < scene->found_count; d++) {
        if (state[d] == OPEN && duet_coco_in_crowd(image, d) > tide->found) continue;
        struct detection one = {image->found[d].score, image->found[d].category, CORRECT, false, 0};
        if (state[d] == OPEN) one = judge(tide, scene, d);
        if (!add(tide, one)) return false;
    }
    for (size_t g = 0; g < image->truth_count; g++) {
        uint32_t category = image->truths[g].category;
        if (image->truths[g].crowd) continue;
        tide->positives[category]++;
        tide->false_misses[category] += !scene->used[g];
        tide->missed[category] += !scene->used[g] && !scene->usable[g];
        tide->false_miss_count += !scene->used[g];
        tide->missed_count += !scene->used[g] && !scene->usable[g];
    }
    return true;
}

static enum duet_status judge_image(struct tide *tide, const struct coco_by_image *by_image, size_t number,
                                    struct duet_error *error)
{
    struct coco_image_items image;
    struct scene scene = {.image = &image};
    enum duet_status status = duet_coco_by_image_at(by_image, number, &image, error);
    if (status != DUET_OK) return status;
    scene.found_count = image.found_count < BEST_DETECTIONS ? image.found_count : BEST_DETECTIONS;
    scene.used = calloc(image.truth_count + 1, sizeof *scene.used);
    scene.usable = calloc(image.truth_count + 1, sizeof *scene.usable);
    int *state = calloc(scene.found_count + 1, sizeof *state);
    bool enough = scene.used && scene.usable && state && judge_scene(tide, &scene, state);
    free(scene.used);
    free(scene.usable);
    free(state);
    return enough ? DUET_OK : duet_no_memory(error, NULL, "for the error breakdown");
}

/* --- AP, as TIDE counts it ---------------------------------------------------------------------------- */

/* How the detections and ground truths are looked at. */
enum { AS_IT_IS = -1 };

/* Detection i under that view; false: it is gone. In *rank: score, category in `found`, whether it is right
 * in `place`. */
static bool view(const struct detection *one, int mended, struct coco_rank *rank)
{
    bool right = one->kind == CORRECT;
    *rank = (struct coco_rank){one->score, one->category, right};
    if (mended == DUET_COCO_ERROR_FALSE_HIT) rank->score = right;
    if (mended != one->kind || right) return true;
    if (!one->mends) return false;
    *rank = (struct coco_rank){one->score, one->mended, true};
    return true;
}

/* Sort by category, keeping the order; `starts` [category_count + 1]. */
static void by_category(const struct coco_rank *ranks, size_t count, size_t category_count, size_t *starts,
                        struct coco_rank *out)
{
    memset(starts, 0, (category_count + 1) * sizeof *starts);
    for (size_t i = 0; i < count; i++) starts[ranks[i].found + 1]++;
    for (size_t k = 0; k < category_count; k++) starts[k + 1] += starts[k];
    for (size_t i = 0; i < count; i++) out[starts[ranks[i].found]++] = ranks[i];
    memmove(starts + 1, starts, category_count * sizeof *starts);
    starts[0] = 0;
}

/* `precision` [count] is scratch. */
static double category_ap(const struct coco_rank *ranks, size_t count, size_t positives, double *precision)
{
    size_t hits = 0, at = 0;
    double sum = 0;
    if (positives == 0) return 0;
    for (size_t i = 0; i < count; i++) {
        hits += ranks[i].place;
        precision[i] = (double)hits / (double)(i + 1);
    }
    for (size_t i = count; i-- > 1;)
        if (precision[i] > precision[i - 1]) precision[i - 1] = precision[i];
    hits = count > 0 ? ranks[0].place : 0;
    for (int r = 0; r <= RESOLUTION; r++) {
        while (at < count && (double)hits / (double)positives < (double)r / RESOLUTION)
            if (++at < count) hits += ranks[at].place;
        if (at < count) sum += precision[at];
    }
    return sum / (RESOLUTION + 1);
}

struct scoring {
    struct coco_rank *ranks, *sorted, *spare; /* [detections] */
    double *precision;                        /* [detections] */
    size_t *starts;                           /* [category_count + 1] */
};

static void scoring_close(struct scoring *scoring)
{
    free(scoring->ranks);
    free(scoring->sorted);
    free(scoring->spare);
    free(scoring->precision);
    free(scoring->starts);
}

static bool scoring_open(struct scoring *scoring, const struct tide *tide)
{
    scoring->ranks = calloc(tide->count + 1, sizeof *scoring->ranks);
    scoring->sorted = calloc(tide->count + 1, sizeof *scoring->sorted);
    scoring->spare = calloc(tide->count + 1, sizeof *scoring->spare);
    scoring->precision = calloc(tide->count + 1, sizeof *scoring->precision);
    scoring->starts = calloc(tide->eval->category_count + 2, sizeof *scoring->starts);
    return scoring->ranks && scoring->sorted && scoring->spare && scoring->precision && scoring->starts;
}

/* The detections as they are, or with one kind of error mended: then TIDE has those that were wrong before
 * those that were right, which decides between equal scores. */
static size_t list_ranks(const struct tide *tide, int mended, struct coco_rank *ranks)
{
    size_t count = 0;
    for (int right = 0; right < 2; right++)
        for (size_t i = 0; i < tide->count; i++) {
            bool now = mended == AS_IT_IS ? right == 0 : (tide->detections[i].kind == CORRECT) == right;
            if (now && view(&tide->detections[i], mended, &ranks[count])) count++;
        }
    return count;
}

static double score(const struct tide *tide, int mended, struct scoring *scoring)
{
    const size_t category_count = tide->eval->category_count;
    size_t count = list_ranks(tide, mended, scoring->ranks), classes = 0;
    double sum = 0;
    by_category(scoring->ranks, count, category_count, scoring->starts, scoring->sorted);
    for (size_t k = 0; k < category_count; k++) {
        struct coco_rank *ranks = scoring->sorted + scoring->starts[k];
        size_t here = scoring->starts[k + 1] - scoring->starts[k], positives = tide->positives[k];
        if (mended == DUET_COCO_ERROR_MISSED) positives -= tide->missed[k];
        if (mended == DUET_COCO_ERROR_FALSE_MISS) positives -= tide->false_misses[k];
        if (here == 0 && positives == 0) continue;
        duet_coco_sort_ranks(ranks, here, scoring->spare);
        sum += category_ap(ranks, here, positives, scoring->precision);
        classes++;
    }
    return classes ? sum / (double)classes : NAN;
}

static enum duet_status score_all(const struct tide *tide, struct duet_coco_tide *result,
                                  struct duet_error *error)
{
    struct scoring scoring = {0};
    if (!scoring_open(&scoring, tide)) {
        scoring_close(&scoring);
        return duet_no_memory(error, NULL, "for the error breakdown");
    }
    result->ap = score(tide, AS_IT_IS, &scoring);
    for (int kind = 0; kind < DUET_COCO_ERRORS; kind++) {
        double gain = score(tide, kind, &scoring) - result->ap;
        bool special = kind == DUET_COCO_ERROR_FALSE_HIT || kind == DUET_COCO_ERROR_FALSE_MISS;
        result->gain[kind] = !special && gain < 0 ? 0 : gain;
    }
    for (size_t i = 0; i < tide->count; i++)
        if (tide->detections[i].kind >= 0) {
            result->count[tide->detections[i].kind]++;
            result->count[DUET_COCO_ERROR_FALSE_HIT]++;
        }
    result->count[DUET_COCO_ERROR_MISSED] = tide->missed_count;
    result->count[DUET_COCO_ERROR_FALSE_MISS] = tide->false_miss_count;
    scoring_close(&scoring);
    return DUET_OK;
}

/* --- all images --------------------------------------------------------------------------------------- */

/* In the order of the ground truth's file, which TIDE goes by. */
static enum duet_status judge_all(struct tide *tide, struct duet_error *error)
{
    const struct duet_coco_eval *eval = tide->eval;
    struct coco_by_image *by_image = NULL;
    enum duet_status status = duet_coco_by_image_open(eval, &by_image, error);
    for (size_t i = 0; status == DUET_OK && i < eval->truth->image_count; i++) {
        size_t place = duet_coco_find_image(eval, eval->truth->images[i].id);
        if (place != SIZE_MAX) status = judge_image(tide, by_image, place, error);
    }
    duet_coco_by_image_close(&by_image);
    return status;
}

enum duet_status duet_coco_tide_measure(const struct duet_coco_eval *eval, double found, double background,
                                        struct duet_coco_tide *tide, struct duet_error *error)
{
    *tide = (struct duet_coco_tide){.found = found, .background = background};
    if (!(background > 0 && background < found && found <= 1))
        return duet_fail(error, DUET_BAD_ARGUMENT,
                         "an error breakdown at overlaps %g and %g: expected 0 < background < found <= 1",
                         background, found);
    struct tide work = {.eval = eval, .found = found, .background = background};
    size_t *counts = calloc(3 * eval->category_count + 1, sizeof *counts);
    if (!counts) return duet_no_memory(error, NULL, "for the error breakdown");
    work.positives = counts;
    work.missed = counts + eval->category_count;
    work.false_misses = counts + 2 * eval->category_count;
    enum duet_status status = judge_all(&work, error);
    if (status == DUET_OK) status = score_all(&work, tide, error);
    free(work.detections);
    free(counts);
    return status;
}
