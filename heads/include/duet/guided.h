/* guided.h: a light segmentation head that reads the detector's boxes: masks of what was found, for a
 * fraction of a second trunk.
 *
 *   boxes   the detection head's boxes of the same pass, a map a class           [H/8, W/8, classes - 1]
 *   middle  = concat(ReLU(lateral x13), up(ReLU(deep x16)), boxes at half size)  [H/16, W/16, .]
 *   z       = ReLU(fuse(ReLU(depthwise middle)) + pool mean(x16))                [H/16, W/16, depth]
 *   z      += ReLU(project(ReLU(depthwise z)))     twice, atrous rates 2 and 4
 *   y       = concat(up(ReLU(reduce z)), ReLU(skip x5), boxes)                   [H/8, W/8, .]
 *   y       = ReLU(project(ReLU(depthwise y)))
 *   y      += ReLU(project(ReLU(depthwise y)))                                   [H/8, W/8, decoder]
 *   logits y                                                                     [H/8, W/8, classes]
 *
 * x13, x16, x5 are the head's three taps: the expansion of block 13, block 16 and block 5. Sizes are those at
 * output stride 32. Pooling and atrous context are DeepLabv3's (arXiv 1706.05587).
 */
#ifndef DUET_GUIDED_H
#define DUET_GUIDED_H

#include "duet/mobilenet_v2.h"

DUET_C_BEGIN

struct duet_head; /* duet/head.h */

struct duet_guided_config {
    int classes;                       /* with background: 21 for PASCAL VOC */
    int depth, lateral, decoder, skip; /* channels: 256, 128, 128, 32 */
    const char *boxes_of;              /* name of the detection head whose boxes it reads */
    float box_threshold;               /* boxes that score above it are painted: 0.05 */
    const int *categories; /* [classes - 1] which of that head's category ids map k shows; 0: none */
};

/* Add the head to `network` on top of `backbone`. Layers, each with the head's name in front: "lateral",
 * "deep", "deep_features", "boxes" (a side input, bytes: score * 255, standing for 4 times the score),
 * "boxes_half", "middle", "pool", "image_features", "fuse.depthwise", "fuse.concat" (pooling first),
 * "fuse.project", "context0.depthwise" .. "context1.add", "reduce", "up", "skip", "decoder.concat",
 * "decoder0.depthwise" .. "decoder1.add", "logits" (linear). ReLU, not ReLU6. Output: "logits", one cell for
 * each of the third tap's. Errors: DUET_BAD_ARGUMENT (a field of the config out of range), those of
 * duet_head_taps and duet_network_check. */
DUET_API enum duet_status duet_guided_build(struct duet_network *network,
                                            const struct duet_mobilenet_v2 *backbone,
                                            const struct duet_head *head, struct duet_error *error);

DUET_C_END
#endif
