/* COCO's rules all together: random scenes against a slow evaluator that follows the rules as they are
 * written down. */
#include "support/testing.h"

#include "support/coco_scenes.h"
#include "support/scratch_group.h"

static void same(double got, double want)
{
    if (!(fabs(got - want) < 1e-12)) fail_msg("got %.17g, expected %.17g", got, want);
}

enum { IMAGES = SCENE_IMAGES, CLASSES = SCENE_CLASSES, MOST = SCENE_MOST };

static double plain_overlap(const struct plain *d, const struct plain *g)
{
    double w = fmin(d->box[0] + d->box[2], g->box[0] + g->box[2]) - fmax(d->box[0], g->box[0]);
    double h = fmin(d->box[1] + d->box[3], g->box[1] + g->box[3]) - fmax(d->box[1], g->box[1]);
    if (w <= 0 || h <= 0) return 0;
    double both = w * h, area = d->box[2] * d->box[3];
    return both / (g->crowd ? area : area + g->box[2] * g->box[3] - both);
}

struct verdict {
    double score;
    bool hit, ignored;
};

/* One picture, class, area range and threshold; verdicts in the order of scores. Returns how many truths
 * count. */
static int judge(const struct plain *gts, int gt_count, const struct plain *dts, int dt_count,
                 const double range[2], double threshold, struct verdict *verdicts)
{
    int order[MOST], rank[MOST], n = 0, counting = 0;
    bool ignored[MOST], taken[MOST] = {false};
    for (int pass = 0; pass < 2; pass++)
        for (int g = 0; g < gt_count; g++) {
            bool ignore = gts[g].crowd || gts[g].area < range[0] || gts[g].area > range[1];
            if (ignore != pass) continue;
            ignored[n] = ignore;
            counting += !ignore;
            order[n++] = g;
        }
    for (int d = 0; d < dt_count; d++) {
        int k = d;
        for (; k > 0 && dts[rank[k - 1]].score < dts[d].score; k--) rank[k] = rank[k - 1];
        rank[k] = d;
    }
    for (int d = 0; d < dt_count; d++) {
        const struct plain *dt = &dts[rank[d]];
        double iou = fmin(threshold, 1 - 1e-10);
        int m = -1;
        for (int g = 0; g < n; g++) {
            if (taken[g] && !gts[order[g]].crowd) continue;
            if (m > -1 && !ignored[m] && ignored[g]) break;
            double o = plain_overlap(dt, &gts[order[g]]);
            if (o < iou) continue;
            iou = o;
            m = g;
        }
        bool outside = dt->area < range[0] || dt->area > range[1];
        verdicts[d] = (struct verdict){dt->score, m >= 0, m >= 0 ? ignored[m] : outside};
        if (m >= 0) taken[m] = true;
    }
    return counting;
}

static double plain_ap(const struct plain *gts, int gt_count, const struct plain *dts, int dt_count,
                       int category, const double range[2], double threshold, int limit, double *recall)
{
    static struct verdict all[IMAGES * MOST];
    int n = 0, positives = 0;
    for (int image = 0; image < IMAGES; image++) {
        struct plain g[MOST], d[MOST];
        struct verdict verdicts[MOST];
        int gs = 0, ds = 0;
        for (int i = 0; i < gt_count; i++)
            if (gts[i].image == image && gts[i].category == category) g[gs++] = gts[i];
        for (int i = 0; i < dt_count; i++)
            if (dts[i].image == image && dts[i].category == category) d[ds++] = dts[i];
        positives += judge(g, gs, d, ds, range, threshold, verdicts);
        for (int i = 0; i < ds && i < limit; i++) {
            int k = n++;
            for (; k > 0 && all[k - 1].score < verdicts[i].score; k--) all[k] = all[k - 1];
            all[k] = verdicts[i];
        }
    }
    *recall = -1;
    if (positives == 0) return -1;
    static double precision[IMAGES * MOST + 1], recalls[IMAGES * MOST + 1];
    double hits = 0, misses = 0, sum = 0;
    for (int i = 0; i < n; i++) {
        hits += all[i].hit && !all[i].ignored;
        misses += !all[i].hit && !all[i].ignored;
        precision[i] = hits / (hits + misses + 2.220446049250313e-16);
        recalls[i] = hits / positives;
    }
    for (int i = n - 1; i > 0; i--) precision[i - 1] = fmax(precision[i - 1], precision[i]);
    for (int r = 0; r <= 100; r++) {
        int i = 0;
        while (i < n && recalls[i] < (r == 100 ? 1 : r * 0.01)) i++;
        if (i < n) sum += precision[i];
    }
    *recall = hits / positives;
    return sum / 101;
}

static void compare(const struct scene_set *set)
{
    static const double ranges[4][2] = {{0, 1e10}, {0, 1024}, {1024, 9216}, {9216, 1e10}};
    static const int limits[] = {1, 3, MOST};
    const struct duet_coco_options options = {.limits = limits, .limit_count = 3};
    struct opened_scene o;
    scene_open_set(&scratch, set, &options, &o);
    for (int t = 0; t < 10; t++)
        for (int k = 0; k < CLASSES; k++)
            for (int a = 0; a < 4; a++)
                for (int m = 0; m < 3; m++) {
                    double recall, threshold = duet_coco_eval_scope(o.eval).thresholds[t];
                    double ap = plain_ap(set->gts, set->gt_count, set->dts, set->dt_count, k, ranges[a],
                                         threshold, limits[m], &recall);
                    same(duet_coco_ap(o.eval, (struct duet_coco_cut){t, k, a, m}), ap);
                    same(duet_coco_ar(o.eval, (struct duet_coco_cut){t, k, a, m}), recall);
                }
    scene_close(&o);
}

static void random_scenes_score_as_by_the_book(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int round = 0; round < 300; round++) {
        struct scene_set set;
        scene_random(&seed, &set);
        set.style = round % SCENE_STYLES; /* odd but valid: the score is the same */
        compare(&set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_scenes_score_as_by_the_book),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
