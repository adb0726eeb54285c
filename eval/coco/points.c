/* Operating points: how far down the list of scores to go. */
#include "eval/coco/errors.h"

#include "coco/evaluation.h"
#include "core/fail.h"

struct walk {
    size_t kept, hits;
};

static double f1_of(const struct walk *walk, size_t positives)
{
    return 2.0 * (double)walk->hits / (double)(walk->kept + positives);
}

static struct duet_coco_point point_at(const struct walk *walk, size_t positives, double score, double below)
{
    return (struct duet_coco_point){.reached = true,
                                    .threshold = score - (score - below) / 2,
                                    .precision = (double)walk->hits / (double)walk->kept,
                                    .recall = (double)walk->hits / (double)positives,
                                    .f1 = f1_of(walk, positives),
                                    .kept = walk->kept,
                                    .hits = walk->hits,
                                    .positives = positives};
}

/* Walk down one category; equal scores are kept or dropped together. */
static struct duet_coco_point find_point(const struct duet_coco_eval *eval, size_t category, int threshold,
                                         enum duet_coco_goal goal, double precision)
{
    size_t positives = eval->positives[category * eval->area_count];
    struct duet_coco_point best = {.threshold = 1, .positives = positives};
    struct walk walk = {0, 0};
    size_t end = eval->category_ranks[category + 1];
    for (size_t i = eval->category_ranks[category]; positives > 0 && i < end; i++) {
        const struct coco_rank *rank = &eval->ranks[i];
        struct coco_match match = eval->matches[rank->found * eval->area_count];
        walk.kept += !(match.left_out >> threshold & 1);
        walk.hits += match.hit >> threshold & 1;
        double below = i + 1 < end ? eval->ranks[i + 1].score : rank->score > 0 ? 0 : rank->score - 1;
        if (below == rank->score || walk.hits == 0) continue;
        bool better = goal == DUET_COCO_BEST_F1 ? f1_of(&walk, positives) > best.f1
                                                : (double)walk.hits >= precision * (double)walk.kept;
        if (better) best = point_at(&walk, positives, rank->score, below);
    }
    return best;
}

enum duet_status duet_coco_find_points(const struct duet_coco_eval *eval, int threshold,
                                       enum duet_coco_goal goal, double precision,
                                       struct duet_coco_point *points, struct duet_error *error)
{
    if (threshold < 0 || (size_t)threshold >= eval->threshold_count)
        return duet_fail(error, DUET_BAD_ARGUMENT, "operating points at overlap threshold %d of %zu",
                         threshold, eval->threshold_count);
    if (goal == DUET_COCO_PRECISION && !(precision > 0 && precision <= 1))
        return duet_fail(error, DUET_BAD_ARGUMENT, "a precision of %g: expected above 0, at most 1",
                         precision);
    for (size_t k = 0; k < eval->category_count; k++)
        points[k] = find_point(eval, k, threshold, goal, precision);
    return DUET_OK;
}
