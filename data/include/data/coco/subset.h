/* subset.h: a part of a COCO data set: which images, and an instances file of them alone. */
#ifndef DUET_DATA_COCO_SUBSET_H
#define DUET_DATA_COCO_SUBSET_H

#include "data/coco/truth.h"

#include <stdio.h>

/* Choose `count` images at random, the same ones for the same ids and seed. `stratify`: so that every
 * category keeps its share of images as nearly as can be: again and again the category that is rarest (in
 * images not yet chosen) and still lacks some gets one of its images; images without annotations are a
 * category of their own. *ids are ascending; owned: free(). Errors: DUET_BAD_ARGUMENT (more than there are,
 * or none), DUET_OUT_OF_MEMORY. */
enum duet_status duet_coco_choose_images(const struct duet_coco_truth *truth, size_t count, uint64_t seed,
                                         bool stratify, int64_t **ids, struct duet_error *error);

/* Copy the instances file at `path`, as a stream, to `out`: everything, as it stands there, but for the
 * entries of "images" and "annotations" that belong to no image of `ids` (ascending; `named` are the ids of
 * the ground truth read from it). Numbers and strings keep their value to the digit; white space does not
 * stay. `name` stands for `out` in error texts. Errors: those of reading, DUET_IO_ERROR. */
enum duet_status duet_coco_copy_subset(const char *path, const struct duet_coco_ids *named,
                                       const int64_t *ids, size_t count, FILE *out, const char *name,
                                       struct duet_error *error);

#endif
