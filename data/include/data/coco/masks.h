/* masks.h: the masks ("segmentation") of a COCO file, kept about as small as they stand there, and made
 * into runs one at a time. Internal to Duet; how they are read: masks_read.h.
 *
 * Compressed text is kept as it is, counts are kept as such text; polygons with at most two decimals, which
 * is how COCO's are, take 4 bytes a coordinate, others 8. */
#ifndef DUET_DATA_COCO_MASKS_H
#define DUET_DATA_COCO_MASKS_H

#include "data/coco/rle.h"

/* Zero to begin with. A mask is known by a number that is never 0. */
struct duet_coco_masks {
    unsigned char *bytes;
    size_t size, capacity;
};

void duet_coco_masks_close(struct duet_coco_masks *masks);
/* Growing left up to a third unused. */
void duet_coco_masks_trim(struct duet_coco_masks *masks);

/* Memory that making runs needs. Zero to begin with. */
struct duet_coco_mask_scratch {
    struct duet_rle_scratch polygon;
    struct duet_rle one, sum;
    double *xy;
    size_t capacity;
};
void duet_coco_mask_scratch_close(struct duet_coco_mask_scratch *scratch);

/* Does filling it take the size of the image? */
bool duet_coco_mask_wants_size(const struct duet_coco_masks *masks, size_t mask);

/* Fill `rle` with a mask. Polygons are filled in a picture of height x width; runs have a size of their own.
 * Errors: DUET_OUT_OF_MEMORY, DUET_TOO_LARGE. */
enum duet_status duet_coco_mask_runs(const struct duet_coco_masks *masks, size_t mask, uint32_t height,
                                     uint32_t width, struct duet_coco_mask_scratch *scratch,
                                     struct duet_rle *rle, struct duet_error *error);

#endif
