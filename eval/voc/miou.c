#include "eval/voc/miou.h"

#include "core/fail.h"
#include "core/grow.h"

#include <math.h>
#include <string.h>

/* --- scores of a matrix ------------------------------------------------------------------------------- */

static double ratio(uint64_t part, uint64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : NAN;
}

void duet_voc_score(const struct duet_voc_pixels *pixels, struct duet_voc_scores *scores)
{
    double iou_sum = 0, accuracy_sum = 0;
    int with_pixels = 0;
    uint64_t right = 0;
    *scores = (struct duet_voc_scores){0};
    for (int c = 0; c < pixels->classes; c++) {
        uint64_t row = pixels->truth[c], column = pixels->predicted[c], both = pixels->both[c];
        scores->iou[c] = ratio(both, row + column - both);
        scores->accuracy[c] = ratio(both, row);
        if (row + column > 0) iou_sum += scores->iou[c], scores->present++;
        if (row > 0) accuracy_sum += scores->accuracy[c], with_pixels++;
        right += both;
        scores->pixels += row;
    }
    scores->miou = scores->present > 0 ? iou_sum / scores->present : NAN;
    scores->miou_strict = scores->present == pixels->classes ? scores->miou : NAN;
    scores->pixel_accuracy = ratio(right, scores->pixels);
    scores->mean_accuracy = with_pixels > 0 ? accuracy_sum / with_pixels : NAN;
}

/* --- all pictures ------------------------------------------------------------------------------------- */

struct image {
    size_t id;    /* where its id begins in `ids` */
    size_t first; /* its first cell */
    size_t count;
};

struct duet_voc_miou {
    struct duet_voc_classes classes;
    struct image *images;
    size_t count, capacity;
    struct duet_voc_cell *cells; /* of all pictures, one after the other */
    size_t cell_count, cell_capacity;
    char *ids; /* all ids, each with a terminator */
    size_t ids_size, ids_capacity;
};

enum duet_status duet_voc_miou_create(struct duet_voc_classes classes, struct duet_voc_miou **miou,
                                      struct duet_error *error)
{
    *miou = NULL;
    if (classes.count < 2 || classes.count > DUET_VOC_MAX_CLASSES)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%d classes: expected 2 to %d", classes.count,
                         DUET_VOC_MAX_CLASSES);
    *miou = calloc(1, sizeof **miou);
    if (!*miou) return duet_no_memory(error, NULL, "for scores");
    (*miou)->classes = classes;
    return DUET_OK;
}

struct duet_voc_classes duet_voc_miou_classes(const struct duet_voc_miou *miou)
{
    return miou->classes;
}

void duet_voc_miou_close(struct duet_voc_miou **miou)
{
    if (!miou || !*miou) return;
    free((*miou)->images);
    free((*miou)->cells);
    free((*miou)->ids);
    free(*miou);
    *miou = NULL;
}

/* Room for one more picture; false when memory is refused. */
static bool make_room(struct duet_voc_miou *miou, size_t id_size, size_t cell_count)
{
    size_t ids_size, cells_needed;
    if (!duet_add_size(miou->ids_size, id_size, &ids_size) ||
        !duet_add_size(miou->cell_count, cell_count, &cells_needed))
        return false;
    return DUET_GROW(miou->images, miou->capacity, miou->count + 1) &&
           DUET_GROW(miou->ids, miou->ids_capacity, ids_size) &&
           DUET_GROW(miou->cells, miou->cell_capacity, cells_needed + 1);
}

enum duet_status duet_voc_miou_add(struct duet_voc_miou *miou, const char *id,
                                   const struct duet_voc_counts *counts, struct duet_error *error)
{
    size_t id_size = strlen(id) + 1;
    if (!make_room(miou, id_size, counts->count)) return duet_no_memory(error, id, "for its scores");
    miou->images[miou->count++] = (struct image){miou->ids_size, miou->cell_count, counts->count};
    memcpy(miou->ids + miou->ids_size, id, id_size);
    miou->ids_size += id_size;
    if (counts->count > 0)
        memcpy(miou->cells + miou->cell_count, counts->cells, counts->count * sizeof *counts->cells);
    miou->cell_count += counts->count;
    return DUET_OK;
}

size_t duet_voc_miou_count(const struct duet_voc_miou *miou)
{
    return miou->count;
}

const char *duet_voc_miou_id(const struct duet_voc_miou *miou, size_t image)
{
    return miou->ids + miou->images[image].id;
}

struct duet_voc_counts duet_voc_miou_counts(const struct duet_voc_miou *miou, size_t image)
{
    const struct image *i = &miou->images[image];
    return (struct duet_voc_counts){miou->cells + i->first, i->count};
}

/* Add a picture's cells of a plane, `weight` times. */
static void accumulate(const struct duet_voc_miou *miou, size_t image, int plane, uint64_t weight,
                       struct duet_voc_pixels *pixels)
{
    struct duet_voc_counts counts = duet_voc_miou_counts(miou, image);
    for (size_t i = 0; i < counts.count; i++) {
        const struct duet_voc_cell *cell = &counts.cells[i];
        if (cell->plane != plane) continue;
        pixels->truth[cell->truth] += weight * cell->pixels;
        pixels->predicted[cell->predicted] += weight * cell->pixels;
        if (cell->truth == cell->predicted) pixels->both[cell->truth] += weight * cell->pixels;
    }
}

void duet_voc_miou_image_pixels(const struct duet_voc_miou *miou, size_t image, int plane,
                                struct duet_voc_pixels *pixels)
{
    *pixels = (struct duet_voc_pixels){.classes = miou->classes.count};
    accumulate(miou, image, plane, 1, pixels);
}

void duet_voc_miou_pixels(const struct duet_voc_miou *miou, int plane, struct duet_voc_pixels *pixels)
{
    *pixels = (struct duet_voc_pixels){.classes = miou->classes.count};
    for (size_t i = 0; i < miou->count; i++) accumulate(miou, i, plane, 1, pixels);
}

uint64_t *duet_voc_miou_confusion(const struct duet_voc_miou *miou, int plane)
{
    size_t side = (size_t)miou->classes.count;
    uint64_t *confusion = calloc(side * side, sizeof *confusion);
    for (size_t i = 0; confusion && i < miou->cell_count; i++) {
        const struct duet_voc_cell *cell = &miou->cells[i];
        if (cell->plane == plane) confusion[cell->truth * side + cell->predicted] += cell->pixels;
    }
    return confusion;
}

/* --- bootstrap ---------------------------------------------------------------------------------------- */

/* The scores that get an interval. */
enum { SCORE_MIOU, SCORE_PIXEL, SCORE_MEAN, SCORE_IOU };

struct choice {
    const struct duet_voc_miou *miou;
    int plane;
};

static void score_choice(void *ctx, const uint32_t *weights, double *out)
{
    const struct choice *choice = ctx;
    struct duet_voc_pixels pixels = {.classes = choice->miou->classes.count};
    struct duet_voc_scores scores;
    for (size_t i = 0; i < choice->miou->count; i++)
        if (!weights || weights[i] > 0)
            accumulate(choice->miou, i, choice->plane, weights ? weights[i] : 1, &pixels);
    duet_voc_score(&pixels, &scores);
    out[SCORE_MIOU] = scores.miou;
    out[SCORE_PIXEL] = scores.pixel_accuracy;
    out[SCORE_MEAN] = scores.mean_accuracy;
    for (int c = 0; c < pixels.classes; c++) out[SCORE_IOU + c] = scores.iou[c];
}

enum duet_status duet_voc_miou_bootstrap(const struct duet_voc_miou *miou, int plane, size_t replicates,
                                         uint64_t seed, struct duet_voc_intervals *intervals,
                                         struct duet_error *error)
{
    struct choice choice = {miou, plane};
    const size_t classes = (size_t)miou->classes.count;
    const struct duet_bootstrap_scoring scoring = {score_choice, &choice, SCORE_IOU + classes, miou->count};
    struct duet_interval found[SCORE_IOU + DUET_VOC_MAX_CLASSES];
    *intervals = (struct duet_voc_intervals){0};
    enum duet_status status = duet_bootstrap_run(&scoring, replicates, seed, found, error);
    if (status != DUET_OK) return status;
    intervals->miou = found[SCORE_MIOU];
    intervals->pixel_accuracy = found[SCORE_PIXEL];
    intervals->mean_accuracy = found[SCORE_MEAN];
    memcpy(intervals->iou, found + SCORE_IOU, classes * sizeof *found);
    return DUET_OK;
}
