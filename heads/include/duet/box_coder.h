/* box_coder.h: encodings to boxes (faster_rcnn_box_coder of the TensorFlow object detection API, scale
 * factors 10, 10, 5, 5; Ren et al., arXiv 1506.01497, equation 2). */
#ifndef DUET_BOX_CODER_H
#define DUET_BOX_CODER_H

#include "duet/anchors.h"

DUET_C_BEGIN

/* Corners as fractions of the picture; may reach beyond it. */
struct duet_corners {
    float ymin, xmin, ymax, xmax;
};

/* code = ty, tx, th, tw; NULL: no box, all zero. */
DUET_API struct duet_corners duet_box_decode(const float code[4], struct duet_anchor anchor);

DUET_C_END
#endif
