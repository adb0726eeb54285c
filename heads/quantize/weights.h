/* weights.h: float32 weights as int8 of each output channel. Internal. */
#ifndef DUET_HEADS_QUANTIZE_WEIGHTS_H
#define DUET_HEADS_QUANTIZE_WEIGHTS_H

#include "duet/weights.h"

/* `floats` [rest][channels], the output channels last, to bytes of the same shape and scales [channels]:
 * symmetric, the largest magnitude of a channel becomes 127, the others are rounded to the nearest, ties to
 * even; then a few the other way, so that the errors of a channel add up to no more than half a unit: what it
 * is fed is mostly of one sign and size. (Of SSDLite on MobileNetV2 that alone gave 1.7 dB in the boxes and
 * 2.6 dB in the scores, the excess below 2.8 and 3.6, both 3.0 and 4.2.) `scales` come with the least that
 * each may be. */
void duet_weights_to_int8(const float *floats, size_t rest, size_t channels, int8_t *bytes, float *scales);

/* What each channel's result is too much by on the average, since its weights were rounded: the sum over
 * weights of (rounded - float) * the mean of what they are multiplied with. `means` [inputs]; `inputs` is 0
 * for depthwise filters, of which channel n has means[n]. */
void duet_weights_excess(const float *floats, size_t rest, size_t channels, const int8_t *bytes,
                         const float *scales, const double *means, size_t inputs, double *excess);

#endif
