/* anchors.h: the boxes that SSD's predictions are relative to (ssd_anchor_generator of the TensorFlow object
 * detection API; scales .2, .35, .5, .65, .8, .95, and .1 on the first map). */
#ifndef DUET_ANCHORS_H
#define DUET_ANCHORS_H

#include "duet/ssdlite.h"

DUET_C_BEGIN

/* Centre and size, as fractions of the picture; not clipped to it. */
struct duet_anchor {
    float y, x, height, width;
};

/* Anchors of feature map `map`, a cell after the other, rows first: anchors[(row * width + column) * A + a].
 * On inputs that are not square, anchors keep their shape in input pixels.
 * `anchors` has room for height * width * duet_ssdlite_anchors_per_cell(map). Nothing is filled in for
 * a map that is not 0 .. 5 or an input without size. */
DUET_API void duet_anchors_fill(int map, int height, int width, int input_height, int input_width,
                                struct duet_anchor *anchors);

DUET_C_END
#endif
