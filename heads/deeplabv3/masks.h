/* masks.h: logits to the class of every pixel, and what is in the picture. Internal. */
#ifndef DUET_HEADS_DEEPLABV3_MASKS_H
#define DUET_HEADS_DEEPLABV3_MASKS_H

#include "deeplabv3/logits.h"
#include "duet/image.h"
#include "duet/threads.h"

/* `classes` and, unless NULL, `confidence`: GRAY8 of the picture's size, see struct duet_segmentation. False
 * when out of memory. */
bool duet_masks_fill(const struct duet_segmentation_logits *logits, const struct duet_pool *pool,
                     struct duet_image *classes, struct duet_image *confidence);

/* The classes present, into items[logits->classes]; those that are not `wanted` become background first.
 * Returns how many there are. `confidence` may be NULL. */
size_t duet_masks_list(const struct duet_segmentation_logits *logits, const bool *wanted,
                       struct duet_image *classes, const struct duet_image *confidence,
                       struct duet_segment *items);

#endif
