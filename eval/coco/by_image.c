#include "coco/by_image.h"

#include "core/fail.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct coco_by_image {
    struct coco_image_detection *found;
    struct coco_image_truth *truths;
    size_t *first_found, *first_truth; /* [image_count + 1] */
    struct coco_overlaps *overlaps;
};

void duet_coco_by_image_close(struct coco_by_image **list)
{
    struct coco_by_image *l = *list;
    if (!l) return;
    free(l->found);
    free(l->truths);
    free(l->first_found);
    free(l->first_truth);
    duet_coco_overlaps_close(&l->overlaps);
    free(l);
    *list = NULL;
}

static int compare_found(const void *a, const void *b)
{
    const struct coco_image_detection *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return x->result < y->result ? -1 : x->result > y->result;
}

static int compare_truths(const void *a, const void *b)
{
    const struct coco_image_truth *x = a, *y = b;
    return x->annotation < y->annotation ? -1 : x->annotation > y->annotation;
}

/* Where each image's begin. */
static void count_all(struct coco_by_image *list, const struct duet_coco_eval *eval)
{
    for (size_t c = 0; c < eval->cell_count; c++) {
        const struct coco_cell *cell = &eval->cells[c];
        list->first_found[cell->image + 1] += cell->found_count;
        list->first_truth[cell->image + 1] += cell->truth_count;
    }
    for (size_t i = 0; i < eval->image_count; i++) {
        list->first_found[i + 1] += list->first_found[i];
        list->first_truth[i + 1] += list->first_truth[i];
    }
}

/* The beginnings are moved along. */
static void fill_cell(struct coco_by_image *list, const struct duet_coco_eval *eval,
                      const struct coco_cell *cell, uint32_t category)
{
    for (uint32_t i = 0; i < cell->found_count; i++) {
        uint32_t number = eval->found[cell->found + i];
        list->found[list->first_found[cell->image]++] =
            (struct coco_image_detection){eval->results->items[number].score, number, category};
    }
    for (uint32_t i = 0; i < cell->truth_count; i++) {
        uint32_t number = eval->truths[cell->truth + i];
        list->truths[list->first_truth[cell->image]++] =
            (struct coco_image_truth){number, category, eval->truth->annotations[number].crowd};
    }
}

/* Where an image's end, the next one's begin. */
static void move_back(size_t *first, size_t count)
{
    memmove(first + 1, first, count * sizeof *first);
    first[0] = 0;
}

static void fill_all(struct coco_by_image *list, const struct duet_coco_eval *eval)
{
    for (size_t k = 0; k < eval->category_count; k++)
        for (size_t c = eval->category_cells[k]; c < eval->category_cells[k + 1]; c++)
            fill_cell(list, eval, &eval->cells[c], (uint32_t)k);
    move_back(list->first_found, eval->image_count);
    move_back(list->first_truth, eval->image_count);
    for (size_t i = 0; i < eval->image_count; i++) {
        size_t f = list->first_found[i], t = list->first_truth[i];
        qsort(list->found + f, list->first_found[i + 1] - f, sizeof *list->found, compare_found);
        qsort(list->truths + t, list->first_truth[i + 1] - t, sizeof *list->truths, compare_truths);
    }
}

enum duet_status duet_coco_by_image_open(const struct duet_coco_eval *eval, struct coco_by_image **list,
                                         struct duet_error *error)
{
    struct coco_by_image *l = *list = calloc(1, sizeof *l);
    bool enough = l != NULL;
    if (enough) {
        l->found = calloc(eval->found_count + 1, sizeof *l->found);
        l->truths = calloc(eval->truth_count + 1, sizeof *l->truths);
        l->first_found = calloc(eval->image_count + 1, sizeof *l->first_found);
        l->first_truth = calloc(eval->image_count + 1, sizeof *l->first_truth);
        enough = l->found && l->truths && l->first_found && l->first_truth;
    }
    if (enough) {
        count_all(l, eval);
        fill_all(l, eval);
    }
    enum duet_status status = enough ? duet_coco_overlaps_open(eval, &l->overlaps, error)
                                     : duet_no_memory(error, NULL, "to look at images");
    if (status != DUET_OK) duet_coco_by_image_close(list);
    return status;
}

enum duet_status duet_coco_by_image_at(const struct coco_by_image *list, size_t number,
                                       struct coco_image_items *image, struct duet_error *error)
{
    size_t first_found = list->first_found[number], first_truth = list->first_truth[number];
    *image = (struct coco_image_items){.image = number,
                                       .found = list->found + first_found,
                                       .truths = list->truths + first_truth,
                                       .found_count = list->first_found[number + 1] - first_found,
                                       .truth_count = list->first_truth[number + 1] - first_truth};
    uint32_t *found = calloc(image->found_count + 1, sizeof *found);
    uint32_t *truths = calloc(image->truth_count + 1, sizeof *truths);
    const double *areas;
    enum duet_status status = DUET_OK;
    if (!found || !truths) status = duet_no_memory(error, NULL, "to look at images");
    for (size_t i = 0; status == DUET_OK && i < image->found_count; i++) found[i] = image->found[i].result;
    for (size_t i = 0; status == DUET_OK && i < image->truth_count; i++)
        truths[i] = image->truths[i].annotation;
    if (status == DUET_OK)
        status = duet_coco_overlaps_of(list->overlaps, number, found, image->found_count, truths,
                                       image->truth_count, &image->overlaps, &areas, error);
    free(found);
    free(truths);
    return status;
}

size_t duet_coco_best_truth(const struct coco_image_items *image, size_t found, double least,
                            const bool *taken, bool any_class)
{
    double best = least;
    size_t chosen = SIZE_MAX;
    for (size_t g = 0; g < image->truth_count; g++) {
        if (taken[g] || image->truths[g].crowd) continue;
        if (!any_class && image->truths[g].category != image->found[found].category) continue;
        if (duet_coco_overlap_at(image, found, g) < best) continue;
        best = duet_coco_overlap_at(image, found, g);
        chosen = g;
    }
    return chosen;
}

double duet_coco_in_crowd(const struct coco_image_items *image, size_t found)
{
    double most = 0;
    for (size_t g = 0; g < image->truth_count; g++)
        if (image->truths[g].crowd && image->truths[g].category == image->found[found].category)
            most = fmax(most, duet_coco_overlap_at(image, found, g));
    return most;
}
