/* ssdlite.h: the SSDLite head (arXiv 1801.04381 section 6.2; ssdlite_mobilenet_v2_coco.config of the
 * TensorFlow object detection API): four extra feature maps, and on each of six maps two depthwise-separable
 * predictors, one for box encodings and one for class logits. */
#ifndef DUET_SSDLITE_H
#define DUET_SSDLITE_H

#include "duet/mobilenet_v2.h"

DUET_C_BEGIN

struct duet_head; /* duet/head.h */

#define DUET_SSDLITE_MAPS 6

struct duet_ssdlite_config {
    int classes; /* without background: 90 for COCO */
};

/* Anchors a cell of feature map `map` (0..5): 3 on the first, 6 on the others. */
DUET_API int duet_ssdlite_anchors_per_cell(int map);

/* Add `head`, a DUET_SSDLITE, to `network` on top of `backbone`. Its two taps are feature maps 0 and 1. Layers,
 * under the head's name ("ssdlite" here), for i = 0..3: "ssdlite.extra<i>.reduce" (1x1),
 * "ssdlite.extra<i>.depthwise" (stride 2), "ssdlite.extra<i>.expand" (1x1); for each map m = 0..5 and P in {box,
 * class}: "ssdlite.map<m>.<P>.depthwise", "ssdlite.map<m>.<P>.predict" (1x1, linear). Outputs: "ssdlite.box<m>"
 * [1, h, w, A*4] and "ssdlite.class<m>" [1, h, w, A*(classes+1)], index 0 of a class vector being background.
 * Errors: DUET_BAD_ARGUMENT (classes not 1 .. 10000, a tap that is not there), those of duet_network_check. */
DUET_API enum duet_status duet_ssdlite_build(struct duet_network *network,
                                             const struct duet_mobilenet_v2 *backbone,
                                             const struct duet_head *head, struct duet_error *error);

DUET_C_END
#endif
