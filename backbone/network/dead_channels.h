/* dead_channels.h: which channels of a depthwise layer can be anything but zero. Trained networks have dead
 * ones: in the COCO SSDLite 263 of 576 and 520 of 1280 in front of the two largest class predictors, 7 % of
 * all its multiply-adds. Internal to backbone/network. */
#ifndef DUET_NETWORK_DEAD_CHANNELS_H
#define DUET_NETWORK_DEAD_CHANNELS_H

#include "duet/network.h"

/* Fill live[] with the channels, ascending, of a depthwise layer with ReLU or ReLU6 whose inputs lie in 0..6
 * that are not zero for every such input; weights [9][channels], bias [channels]. Returns their number.
 * What is left out is zero to the last bit on every kernel level, so leaving it out of a sum changes
 * nothing, as long as it is multiplied by finite numbers only. */
size_t duet_live_channels(size_t channels, const float *weights, const float *bias, uint32_t *live);

/* The same in whole numbers, of inputs that lie 0 .. `most` above their zero point: what is left out has its
 * zero point as its result, which adds nothing to any sum. */
size_t duet_live_channels_u8(size_t channels, const int16_t *weights, const int32_t *bias, int most,
                             uint32_t *live);

#endif
