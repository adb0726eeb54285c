#include "eval/voc/map.h"

#include "core/fail.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES = DUET_VOC_MAP_CLASSES };

enum outcome { LEFT_OUT, RIGHT, BACKGROUND, DUPLICATE };

/* A detection, by class, then by score. */
struct rank {
    uint32_t image;
    uint32_t place; /* among all detections, as they came */
    double score;
    uint8_t class_id;
    uint8_t outcome;
};

struct duet_voc_map {
    struct duet_voc_class classes[CLASSES];
    struct rank *ranks;
    size_t first[CLASSES + 1]; /* where a class's ranks begin */
    uint32_t *owners;          /* [positives of all classes] their images, class by class */
    size_t first_owner[CLASSES + 1];
    size_t image_count;
    double *curve; /* [2 x most detections of a class] room for recalls and precisions */
    size_t most;
};

void duet_voc_map_close(struct duet_voc_map **map)
{
    if (!map || !*map) return;
    free((*map)->ranks);
    free((*map)->owners);
    free((*map)->curve);
    free(*map);
    *map = NULL;
}

const struct duet_voc_class *duet_voc_map_class(const struct duet_voc_map *map, int class_id)
{
    return &map->classes[class_id];
}

/* --- matching ----------------------------------------------------------------------------------------- */

/* Ground truths of one class and picture lie side by side, in their order. */
struct slot {
    const struct duet_voc_truth *truth;
    bool taken;
};

static int by_class_image(const void *a, const void *b)
{
    const struct duet_voc_truth *x = ((const struct slot *)a)->truth, *y = ((const struct slot *)b)->truth;
    if (x->class_id != y->class_id) return x->class_id < y->class_id ? -1 : 1;
    if (x->image != y->image) return x->image < y->image ? -1 : 1;
    return (x > y) - (x < y);
}

static int by_class_score(const void *a, const void *b)
{
    const struct rank *x = a, *y = b;
    if (x->class_id != y->class_id) return x->class_id < y->class_id ? -1 : 1;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static double overlap(const struct duet_voc_detection *d, const struct duet_voc_truth *t)
{
    double width = fmin(d->xmax, t->xmax) - fmax(d->xmin, t->xmin) + 1;
    double height = fmin(d->ymax, t->ymax) - fmax(d->ymin, t->ymin) + 1;
    if (!(width > 0 && height > 0)) return -1;
    double of_found = (d->xmax - d->xmin + 1) * (d->ymax - d->ymin + 1);
    double of_truth = (t->xmax - t->xmin + 1) * (t->ymax - t->ymin + 1);
    return width * height / (of_found + of_truth - width * height);
}

/* The first slot of that class and image, or where it would be. */
static size_t lower_bound(const struct slot *slots, size_t count, int class_id, size_t image)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct duet_voc_truth *t = slots[middle].truth;
        if (t->class_id < class_id || (t->class_id == class_id && t->image < image))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum outcome match(const struct duet_voc_detection *d, struct slot *slots, size_t count,
                          double threshold)
{
    double best = -1;
    struct slot *nearest = NULL;
    if (!(d->xmax - d->xmin > -1 && d->ymax - d->ymin > -1)) return BACKGROUND; /* not a pixel in it */
    for (size_t i = lower_bound(slots, count, d->class_id, d->image); i < count; i++) {
        const struct duet_voc_truth *t = slots[i].truth;
        if (t->class_id != d->class_id || t->image != d->image) break;
        double o = overlap(d, t);
        if (o > best) best = o, nearest = &slots[i];
    }
    if (!nearest || best < threshold) return BACKGROUND;
    if (nearest->truth->difficult) return LEFT_OUT;
    if (nearest->taken) return DUPLICATE;
    nearest->taken = true;
    return RIGHT;
}

static void match_all(struct duet_voc_map *map, const struct duet_voc_detection *found, size_t found_count,
                      struct slot *slots, size_t slot_count, double threshold)
{
    for (size_t i = 0; i < found_count; i++) {
        struct rank *rank = &map->ranks[i];
        struct duet_voc_class *c = &map->classes[rank->class_id];
        enum outcome outcome = match(&found[rank->place], slots, slot_count, threshold);
        rank->outcome = (uint8_t)outcome;
        c->right += outcome == RIGHT;
        c->background += outcome == BACKGROUND;
        c->duplicates += outcome == DUPLICATE;
    }
}

/* --- curves ------------------------------------------------------------------------------------------- */

static double weight_of(const uint32_t *weights, uint32_t image)
{
    return weights ? weights[image] : 1;
}

static double positives_of(const struct duet_voc_map *map, int class_id, const uint32_t *weights)
{
    double positives = 0;
    for (size_t i = map->first_owner[class_id]; i < map->first_owner[class_id + 1]; i++)
        positives += weight_of(weights, map->owners[i]);
    return positives;
}

/* Fill the curve of a class, each picture counting `weights` times (NULL: once). A detection that is left out
 * adds no point. */
static size_t fill_curve(const struct duet_voc_map *map, int class_id, const uint32_t *weights,
                         double *recall, double *precision)
{
    double right = 0, wrong = 0, positives = positives_of(map, class_id, weights);
    size_t points = 0;
    for (size_t i = map->first[class_id]; i < map->first[class_id + 1]; i++) {
        const struct rank *rank = &map->ranks[i];
        double weight = weight_of(weights, rank->image);
        if (rank->outcome == LEFT_OUT || weight == 0) continue;
        *(rank->outcome == RIGHT ? &right : &wrong) += weight;
        recall[points] = positives > 0 ? right / positives : 0;
        precision[points++] = right / (right + wrong);
    }
    return points;
}

/* Recall 0, .1 ... 1 as the development kit's 0:0.1:1 makes them, from both ends to the middle: the fourth is
 * 3 * 0.1, an ulp over .3, so that a recall of 3/10 does not reach it. */
static double eleven(int i)
{
    return i <= 5 ? i * 0.1 : 1 - (10 - i) * 0.1;
}

/* AP of a curve; `precision` is made monotone. */
static struct duet_voc_ap score_curve(const double *recall, double *precision, size_t points)
{
    struct duet_voc_ap ap = {0};
    for (size_t i = points; i-- > 1;)
        if (precision[i] > precision[i - 1]) precision[i - 1] = precision[i];
    double before = 0;
    for (size_t i = 0; i < points; i++) {
        ap.all_points += (recall[i] - before) * precision[i];
        before = recall[i];
    }
    size_t at = 0;
    for (int i = 0; i <= 10; i++) {
        while (at < points && recall[at] < eleven(i)) at++;
        if (at < points) ap.eleven_points += precision[at] / 11;
    }
    return ap;
}

static struct duet_voc_ap score_class(const struct duet_voc_map *map, int class_id, const uint32_t *weights)
{
    if (positives_of(map, class_id, weights) == 0) return (struct duet_voc_ap){NAN, NAN};
    double *recall = map->curve, *precision = map->curve + map->most;
    size_t points = fill_curve(map, class_id, weights, recall, precision);
    return score_curve(recall, precision, points);
}

static struct duet_voc_ap mean_of(const struct duet_voc_ap *aps)
{
    struct duet_voc_ap sum = {0};
    int count = 0;
    for (int c = 1; c < CLASSES; c++) {
        if (isnan(aps[c].all_points)) continue;
        sum.all_points += aps[c].all_points;
        sum.eleven_points += aps[c].eleven_points;
        count++;
    }
    if (count == 0) return (struct duet_voc_ap){NAN, NAN};
    return (struct duet_voc_ap){sum.all_points / count, sum.eleven_points / count};
}

struct duet_voc_ap duet_voc_map_mean(const struct duet_voc_map *map)
{
    struct duet_voc_ap aps[CLASSES];
    for (int c = 1; c < CLASSES; c++) aps[c] = map->classes[c].ap;
    return mean_of(aps);
}

size_t duet_voc_map_curve(const struct duet_voc_map *map, int class_id, double *recall, double *precision)
{
    return fill_curve(map, class_id, NULL, recall, precision);
}

/* --- opening ------------------------------------------------------------------------------------------ */

static enum duet_status check(const struct duet_voc_truth *truths, size_t truth_count,
                              const struct duet_voc_detection *found, size_t found_count, size_t image_count,
                              double threshold, struct duet_error *error)
{
    if (!(threshold > 0 && threshold <= 1))
        return duet_fail(error, DUET_BAD_ARGUMENT, "an overlap of %g: expected over 0, up to 1", threshold);
    if (found_count >= UINT32_MAX || truth_count >= UINT32_MAX || image_count >= UINT32_MAX)
        return duet_fail(error, DUET_TOO_LARGE, "%zu detections, %zu ground truths, %zu images: too many",
                         found_count, truth_count, image_count);
    for (size_t i = 0; i < truth_count; i++) {
        const struct duet_voc_truth *t = &truths[i];
        if (t->image >= image_count || t->class_id < 1 || t->class_id >= CLASSES ||
            !isfinite(t->xmin + t->ymin + t->xmax + t->ymax))
            return duet_fail(error, DUET_BAD_ARGUMENT,
                             "ground truth %zu: image %zu of %zu, class %d, or its box is not finite", i,
                             t->image, image_count, t->class_id);
    }
    for (size_t i = 0; i < found_count; i++) {
        const struct duet_voc_detection *d = &found[i];
        if (d->image >= image_count || d->class_id < 1 || d->class_id >= CLASSES ||
            !isfinite(d->score + d->xmin + d->ymin + d->xmax + d->ymax))
            return duet_fail(error, DUET_BAD_ARGUMENT,
                             "detection %zu: image %zu of %zu, class %d, or its box or score is not finite",
                             i, d->image, image_count, d->class_id);
    }
    return DUET_OK;
}

static void rank_all(struct duet_voc_map *map, const struct duet_voc_detection *found, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        map->ranks[i] = (struct rank){.image = (uint32_t)found[i].image,
                                      .place = (uint32_t)i,
                                      .score = found[i].score,
                                      .class_id = (uint8_t)found[i].class_id};
        map->classes[found[i].class_id].found++;
    }
    qsort(map->ranks, count, sizeof *map->ranks, by_class_score);
    for (int c = 0; c < CLASSES; c++) {
        map->first[c + 1] = map->first[c] + map->classes[c].found;
        if (map->classes[c].found > map->most) map->most = map->classes[c].found;
    }
}

/* Slots, and who has the positives. */
static void line_up(struct duet_voc_map *map, struct slot *slots, const struct duet_voc_truth *truths,
                    size_t count)
{
    for (size_t i = 0; i < count; i++) slots[i] = (struct slot){&truths[i], false};
    qsort(slots, count, sizeof *slots, by_class_image);
    size_t owners = 0;
    for (size_t i = 0; i < count; i++) {
        const struct duet_voc_truth *t = slots[i].truth;
        map->classes[t->class_id].positives += !t->difficult;
        map->classes[t->class_id].difficult += t->difficult;
        if (!t->difficult) map->owners[owners++] = (uint32_t)t->image;
    }
    for (int c = 0; c < CLASSES; c++)
        map->first_owner[c + 1] = map->first_owner[c] + map->classes[c].positives;
}

static void score_all(struct duet_voc_map *map)
{
    for (int c = 1; c < CLASSES; c++) {
        struct duet_voc_class *k = &map->classes[c];
        k->ap = score_class(map, c, NULL);
        k->recall = k->positives > 0 ? (double)k->right / (double)k->positives : NAN;
    }
}

enum duet_status duet_voc_map_open(const struct duet_voc_truth *truths, size_t truth_count,
                                   const struct duet_voc_detection *found, size_t found_count,
                                   size_t image_count, double threshold, struct duet_voc_map **out,
                                   struct duet_error *error)
{
    *out = NULL;
    enum duet_status status = check(truths, truth_count, found, found_count, image_count, threshold, error);
    if (status != DUET_OK) return status;
    struct duet_voc_map *map = calloc(1, sizeof *map);
    struct slot *slots = calloc(truth_count + 1, sizeof *slots);
    if (map) {
        map->image_count = image_count;
        map->ranks = calloc(found_count + 1, sizeof *map->ranks);
        map->owners = calloc(truth_count + 1, sizeof *map->owners);
        if (map->ranks) rank_all(map, found, found_count);
        map->curve = calloc(2 * map->most + 1, sizeof *map->curve);
    }
    if (map && slots && map->ranks && map->owners && map->curve) {
        line_up(map, slots, truths, truth_count);
        match_all(map, found, found_count, slots, truth_count, threshold);
        score_all(map);
        *out = map;
    } else {
        status = duet_fail(error, DUET_OUT_OF_MEMORY, "no memory to score %zu detections", found_count);
        duet_voc_map_close(&map);
    }
    free(slots);
    return status;
}

/* --- bootstrap ---------------------------------------------------------------------------------------- */

/* First AP of all points, then of eleven; the mean stands where class 0 would. */
static void score_choice(void *ctx, const uint32_t *weights, double *out)
{
    const struct duet_voc_map *map = ctx;
    struct duet_voc_ap aps[CLASSES];
    for (int c = 1; c < CLASSES; c++) aps[c] = score_class(map, c, weights);
    aps[0] = mean_of(aps);
    for (int c = 0; c < CLASSES; c++) {
        out[c] = aps[c].all_points;
        out[CLASSES + c] = aps[c].eleven_points;
    }
}

enum duet_status duet_voc_map_bootstrap(const struct duet_voc_map *map, size_t replicates, uint64_t seed,
                                        struct duet_voc_map_intervals *intervals, struct duet_error *error)
{
    const struct duet_bootstrap_scoring scoring = {score_choice, (void *)(uintptr_t)map, 2 * CLASSES,
                                                   map->image_count};
    struct duet_interval found[2 * CLASSES];
    *intervals = (struct duet_voc_map_intervals){0};
    enum duet_status status = duet_bootstrap_run(&scoring, replicates, seed, found, error);
    if (status != DUET_OK) return status;
    memcpy(intervals->all_points, found, sizeof intervals->all_points);
    memcpy(intervals->eleven_points, found + CLASSES, sizeof intervals->eleven_points);
    return DUET_OK;
}
