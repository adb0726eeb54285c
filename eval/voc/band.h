/* band.h: which pixels of a mask lie how near to a boundary. Internal to duet-eval. */
#ifndef DUET_EVAL_VOC_BAND_H
#define DUET_EVAL_VOC_BAND_H

#include "duet/image.h"

#include <stddef.h>

/* For each pixel of a GRAY8 mask the first of `widths` (ascending, 1..64) that reaches from it to a pixel of
 * another value; `count` when none does, and for pixels of value `none`. [height, width]; free() it. NULL
 * when out of memory. */
uint8_t *duet_voc_bands(const struct duet_image *mask, const int *widths, size_t count, int none);

#endif
