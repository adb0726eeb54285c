/* by_image.h: an evaluation's detections and ground truths image by image, over all classes. Internal to
 * duet-eval. */
#ifndef DUET_EVAL_COCO_BY_IMAGE_H
#define DUET_EVAL_COCO_BY_IMAGE_H

#include "coco/eval.h"

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
};

struct coco_by_image; /* opaque */

/* Errors: DUET_OUT_OF_MEMORY. */
enum duet_status duet_coco_by_image_open(const struct duet_coco_eval *eval, struct coco_by_image **list,
                                         struct duet_error *error);
void duet_coco_by_image_close(struct coco_by_image **list);
struct coco_image_items duet_coco_by_image_at(const struct coco_by_image *list, size_t image);

/* Overlaps of all with all: [found_count][truth_count], borrowed until the next call. */
enum duet_status duet_coco_image_overlaps(const struct coco_by_image *list,
                                          const struct coco_image_items *image, const double **values,
                                          struct duet_error *error);

#endif
