/* truth_order.h: the second half of reading a ground truth. Internal to duet-data. */
#ifndef DUET_DATA_COCO_TRUTH_ORDER_H
#define DUET_DATA_COCO_TRUTH_ORDER_H

#include "data/coco/truth.h"

static inline void duet_coco_note(struct duet_coco_truth *truth, enum duet_coco_oddity oddity, int64_t id,
                                  size_t index)
{
    struct duet_coco_odd *odd = &truth->odd[oddity];
    if (odd->count++ > 0) return;
    odd->first = id;
    odd->index = index;
}

/* The place of an id in images_by_id, or in categories_by_id, or SIZE_MAX. */
size_t duet_coco_place_of(const struct duet_coco_truth *truth, int64_t id, bool image);

/* Number named ids in their order; drop images and categories whose id comes again, order both by id, note
 * what is odd about the annotations. False when out of memory. */
bool duet_coco_truth_order(struct duet_coco_truth *truth);

#endif
