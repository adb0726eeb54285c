/* depthwise3x3.h: one output row of a depthwise 3x3 convolution of float32 pixels, vectorised along channels.
 *
 *   output[x][c] = clamp(bias[c] + sum over ky, kx of rows[ky][x * stride + kx * rate - pad_left][c]
 *                                                     * weights[ky * 3 + kx][c], low, high)
 *
 * Contract: one chain from the bias, taps in ascending order; taps outside the picture are left out.
 * Internal.
 */
#ifndef DUET_KERNELS_DEPTHWISE3X3_H
#define DUET_KERNELS_DEPTHWISE3X3_H

#include <stddef.h>

struct duet_depthwise3x3_args {
    const float *rows[3]; /* [in_width][input_stride]; NULL: above or below the picture */
    size_t input_stride;  /* floats between pixels */
    size_t in_width, out_width, channels;
    size_t stride, rate, pad_left;
    const float *weights; /* [9][weight_stride] */
    size_t weight_stride;
    const float *bias; /* [channels] */
    float *output;     /* [out_width][output_stride] */
    size_t output_stride;
    float low, high;
};

typedef void duet_depthwise3x3_fn(const struct duet_depthwise3x3_args *args);

void duet_depthwise3x3_scalar(const struct duet_depthwise3x3_args *args);

#endif
