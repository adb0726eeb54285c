/* mobilenet_v2.h: the backbone (Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
 * arXiv 1801.04381, Table 2). */
#ifndef DUET_MOBILENET_V2_H
#define DUET_MOBILENET_V2_H

#include "duet/network.h"

DUET_C_BEGIN

#define DUET_MOBILENET_V2_BLOCKS 17

struct duet_mobilenet_v2_config {
    double width_multiplier; /* 0.1 .. 4; 1.0 is the paper's table */
    int channel_divisor; /* channel counts are rounded to a multiple of it, 1 .. 64: 8 in the authors' code */
    int output_stride;   /* input size / feature size: 8, 16 or 32. Past it strides become atrous rates */
    bool last_convolution; /* with conv_1, the 1x1 to 1280 channels (not widened below 1280) */
};

/* Its layers, as numbers for the heads to hang on. -1 where the configuration has none. */
struct duet_mobilenet_v2 {
    duet_node input;
    duet_node conv;                             /* first 3x3 */
    duet_node expand[DUET_MOBILENET_V2_BLOCKS]; /* [0] is -1: the first block does not expand */
    duet_node depthwise[DUET_MOBILENET_V2_BLOCKS];
    duet_node block[DUET_MOBILENET_V2_BLOCKS]; /* block outputs: projection, or its sum with the input */
    duet_node conv_1;
    int output_stride; /* that it was built with */
};

/* channels * multiplier rounded to a multiple of divisor, at least divisor, never more than 10 % below the
 * unrounded value (the authors' make_divisible). 0 for what makes no sense: a divisor below 1, channels out
 * of range. */
DUET_API int duet_mobilenet_v2_channels(int channels, double multiplier, int divisor);

/* Add the backbone to `network`. Layers: "backbone.conv", "backbone.block0.depthwise",
 * "backbone.block0.project", "backbone.block1.expand" ... "backbone.block16.project", "backbone.conv_1";
 * sums are called "backbone.blockN.add".
 * Errors: DUET_BAD_ARGUMENT for a configuration out of range; else those of duet_network_check. */
DUET_API enum duet_status duet_mobilenet_v2_build(struct duet_network *network,
                                                  const struct duet_mobilenet_v2_config *config,
                                                  struct duet_mobilenet_v2 *layers, struct duet_error *error);

DUET_C_END
#endif
