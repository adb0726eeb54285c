/* by_image.h: an evaluation's detections and ground truths image by image, over all classes. Internal to
 * duet-eval. */
#ifndef DUET_EVAL_COCO_BY_IMAGE_H
#define DUET_EVAL_COCO_BY_IMAGE_H

#include "coco/evaluation.h"

struct coco_image_detection {
    double score;
    uint32_t result;   /* its number */
    uint32_t category; /* place in the scope */
};

struct coco_image_truth {
    uint32_t annotation; /* its number */
    uint32_t category;
    bool crowd;
};

/* One image's. Borrowed from the list. */
struct coco_image_items {
    size_t image;                             /* place in image_ids */
    const struct coco_image_detection *found; /* highest score first; equal ones in the file's order */
    const struct coco_image_truth *truths;    /* in the file's order */
    size_t found_count, truth_count;
    const double *overlaps; /* [found_count][truth_count]: of all with all */
};

struct coco_by_image; /* opaque */

/* Errors: DUET_OUT_OF_MEMORY. */
enum duet_status duet_coco_by_image_open(const struct duet_coco_eval *eval, struct coco_by_image **list,
                                         struct duet_error *error);
void duet_coco_by_image_close(struct coco_by_image **list);
/* The overlaps are borrowed until the next call. Errors: those of reading masks, DUET_OUT_OF_MEMORY. */
enum duet_status duet_coco_by_image_at(const struct coco_by_image *list, size_t number,
                                       struct coco_image_items *image, struct duet_error *error);

static inline double duet_coco_overlap_at(const struct coco_image_items *image, size_t found, size_t truth)
{
    return image->overlaps[found * image->truth_count + truth];
}

/* The ground truth that a detection overlaps most, by `least` or more (of equals the last), among those that
 * are neither crowds nor taken ([truth_count]) and of its own class, or of any; SIZE_MAX: none. */
size_t duet_coco_best_truth(const struct coco_image_items *image, size_t found, double least,
                            const bool *taken, bool any_class);
/* How much of a detection a crowd of its class covers at most. */
double duet_coco_in_crowd(const struct coco_image_items *image, size_t found);

#endif
