/* deeplabv3.h: the DeepLabv3 head (Chen et al., arXiv 1706.05587) in the light form that arXiv 1801.04381
 * section 6.3 puts on MobileNetV2, and in full. */
#ifndef DUET_DEEPLABV3_H
#define DUET_DEEPLABV3_H

#include "duet/mobilenet_v2.h"

DUET_C_BEGIN

struct duet_head; /* duet/head.h */

/* Rates of the atrous branches at output stride 16; doubled at 8 (and halved at 32). */
#define DUET_DEEPLABV3_RATES                                                                                 \
    {                                                                                                        \
        6, 12, 18                                                                                            \
    }

struct duet_deeplabv3_config {
    int classes;          /* with background: 21 for PASCAL VOC */
    int depth;            /* channels inside the head: 256 */
    bool atrous_branches; /* full ASPP: three 3x3 atrous convolutions beside the 1x1 */
};

/* Add `head`, a DUET_DEEPLABV3, to `network` on its one tap of `backbone`, whose output stride tells the rates.
 * Layers, under the head's name ("deeplabv3" here):
 *   "deeplabv3.pool" (mean over the map), "deeplabv3.image_pooling" (1x1, ReLU),
 *   "deeplabv3.image_features" (that, repeated over the map), "deeplabv3.aspp0" (1x1),
 *   "deeplabv3.aspp1" .. "aspp3" (3x3 atrous; only with atrous_branches), "deeplabv3.concat" (pooling first),
 *   "deeplabv3.concat_projection" (1x1), "deeplabv3.logits" (1x1, linear).
 * ReLU, not ReLU6. Output: "deeplabv3.logits" [1, h, w, classes], h and w being the input's divided by the
 * output stride, rounded up. Errors: DUET_BAD_ARGUMENT (classes not 2 .. 255, depth not 1 .. 4096, a tap that is
 * not there), those of duet_network_check. */
DUET_API enum duet_status duet_deeplabv3_build(struct duet_network *network,
                                               const struct duet_mobilenet_v2 *backbone,
                                               const struct duet_head *head, struct duet_error *error);

DUET_C_END
#endif
