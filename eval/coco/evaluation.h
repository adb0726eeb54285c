/* evaluation.h: the evaluation that eval/coco/map.h hands out, and its steps. Internal to duet-eval. */
#ifndef DUET_EVAL_COCO_EVALUATION_H
#define DUET_EVAL_COCO_EVALUATION_H

#include "eval/coco/map.h"

/* The detections and the ground truths of one class in one picture. */
struct coco_cell {
    uint32_t image;              /* place in image_ids */
    uint32_t found, found_count; /* first detection, how many: highest score first, at most the last limit */
    uint32_t truth, truth_count; /* first ground truth, how many: in the file's order */
};

/* What became of a detection in an area range: bit t stands for threshold t. */
struct coco_match {
    uint32_t hit;      /* it took a ground truth that counts */
    uint32_t left_out; /* it does not count itself */
};

/* A detection in the order of scores of its class. */
struct coco_rank {
    double score;
    uint32_t found;
    uint32_t place; /* within its cell, from 0 */
};

struct duet_coco_eval {
    const struct duet_coco_truth *truth;
    const struct duet_coco_results *results;
    enum duet_coco_type type;
    double thresholds[DUET_COCO_MAX_THRESHOLDS];
    int limits[DUET_COCO_MAX_LIMITS];
    struct duet_coco_area areas[DUET_COCO_MAX_AREAS];
    size_t threshold_count, limit_count, area_count;
    int64_t *image_ids;    /* [image_count] ascending */
    int64_t *category_ids; /* [category_count] ascending */
    const char **category_names;
    size_t image_count, category_count;
    bool areas_of_masks; /* a detection's area is its mask's, not its box's */

    struct coco_cell *cells; /* by category, then by image; only those that hold anything */
    size_t cell_count;
    size_t *category_cells; /* [category_count + 1] where a category's cells begin */
    uint32_t *found;        /* [found_count] numbers of results, cell by cell */
    uint32_t *truths;       /* [truth_count] numbers of annotations, cell by cell */
    size_t found_count, truth_count;

    struct coco_match *matches; /* [found_count][area_count] */
    uint8_t *ignored;           /* [truth_count] bit a: does not count in area a */

    struct coco_rank *ranks; /* [found_count] category by category, each highest score first */
    size_t *category_ranks;  /* [category_count + 1] where a category's begin */

    size_t *positives; /* [category_count][area_count] */
    double *ap, *ar;   /* [area_count][limit_count][category_count][threshold_count] */

    void (*warn)(void *ctx, const char *text);
    void *warn_ctx;
};

/* --- the steps, each over what those before it filled in ---------------------------------------------- */

/* Fill thresholds, limits, areas, image_ids, category_ids and their names (scope.c). */
enum duet_status duet_coco_set_scope(struct duet_coco_eval *eval, const struct duet_coco_options *options,
                                     struct duet_error *error);

/* Fill cells, found, truths (cells.c). */
enum duet_status duet_coco_make_cells(struct duet_coco_eval *eval, struct duet_error *error);

/* Fill matches and ignored (match.c). */
enum duet_status duet_coco_match(struct duet_coco_eval *eval, struct duet_error *error);

/* Fill ranks, positives, ap and ar (curve.c). */
enum duet_status duet_coco_accumulate(struct duet_coco_eval *eval, struct duet_error *error);

/* --- what they share ---------------------------------------------------------------------------------- */

/* Tell the caller what is odd (scope.c). */
void duet_coco_warn(const struct duet_coco_eval *eval, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Sort by score, highest first, keeping the order of equals. `spare` has the same size. */
void duet_coco_sort_ranks(struct coco_rank *ranks, size_t count, struct coco_rank *spare);

/* Place of an id, or SIZE_MAX. */
size_t duet_coco_find_image(const struct duet_coco_eval *eval, int64_t id);
size_t duet_coco_find_category(const struct duet_coco_eval *eval, int64_t id);

static inline uint32_t duet_coco_all_thresholds(const struct duet_coco_eval *eval)
{
    return (uint32_t)(((uint64_t)1 << eval->threshold_count) - 1);
}

/* As numpy's linspace(0, 1, 101) has the recalls. */
static inline double duet_coco_recall(int i)
{
    return i + 1 < DUET_COCO_RECALLS ? i * .01 : 1;
}

/* Where ap and ar have the first threshold of that area, limit and category. */
static inline size_t duet_coco_slot(const struct duet_coco_eval *eval, size_t area, size_t limit,
                                    size_t category)
{
    return ((area * eval->limit_count + limit) * eval->category_count + category) * eval->threshold_count;
}

/* --- overlaps of one cell (overlap.c) ----------------------------------------------------------------- */

struct coco_overlaps; /* opaque; memory kept from cell to cell */

enum duet_status duet_coco_overlaps_open(const struct duet_coco_eval *eval, struct coco_overlaps **overlaps,
                                         struct duet_error *error);
void duet_coco_overlaps_close(struct coco_overlaps **overlaps);

/* How many masks of detections had another size than their image, so far. */
size_t duet_coco_overlaps_odd_sizes(const struct coco_overlaps *overlaps);

/* For detections found[0..found_count) and truths[0..truth_count), all of one picture: *values is
 * [found_count][truth_count] overlaps, *areas [found_count] areas of the detections; both borrowed until the
 * next call. */
enum duet_status duet_coco_overlaps_of(struct coco_overlaps *overlaps, size_t image, const uint32_t *found,
                                       size_t found_count, const uint32_t *truths, size_t truth_count,
                                       const double **values, const double **areas, struct duet_error *error);

#endif
