/* depthwise3x3.h: rows of a depthwise 3x3 convolution of float32 pixels, vectorised along channels.
 *
 *   output[y][x][c] = clamp(bias[c] + sum over ky, kx of
 *                           input[y * stride + ky * rate - pad_top][x * stride + kx * rate - pad_left][c]
 *                           * weights[ky * 3 + kx][c], low, high)
 *
 * Contract: one chain from the bias, taps in ascending order; taps outside the picture are left out. The
 * output has no float in common with the input. Internal.
 */
#ifndef DUET_KERNELS_DEPTHWISE3X3_H
#define DUET_KERNELS_DEPTHWISE3X3_H

#include "kernels/apart.h"

#include <assert.h>

struct duet_depthwise3x3_args {
    /* Row r of the input lies at input + (r % ring_rows) * row_stride: a ring needs to hold only the rows
     * that the wanted output rows read. */
    const float *input;
    size_t ring_rows, row_stride, pixel_stride; /* strides in floats */
    size_t in_height, in_width, out_width, channels;
    size_t stride, rate, pad_top, pad_left;
    const float *weights; /* [9][weight_stride] */
    size_t weight_stride;
    const float *bias;     /* [channels] */
    size_t y_begin, y_end; /* the wanted output rows */
    float *output;         /* [y_end - y_begin][out_width][output_stride] */
    size_t output_stride;
    float low, high;
};

typedef void duet_depthwise3x3_fn(const struct duet_depthwise3x3_args *args);

/* What a caller promises; the first line of every version. */
static inline void duet_depthwise3x3_promise(const struct duet_depthwise3x3_args *a)
{
    if (a->y_begin >= a->y_end || a->out_width == 0 || a->channels == 0) return;
    assert((a->stride == 1 || a->stride == 2) && a->rate >= 1);
    assert(a->in_height > 0 && a->in_width > 0 && a->pad_top <= a->rate && a->pad_left <= a->rate);
    assert(a->pixel_stride >= a->channels && a->weight_stride >= a->channels);
    assert(a->output_stride >= a->channels && a->low <= a->high);
    assert(a->row_stride >= duet_span(a->in_width, a->pixel_stride, a->channels));
    assert(a->ring_rows >= a->in_height ||
           a->ring_rows >= duet_span(a->y_end - a->y_begin, a->stride, 2 * a->rate + 1) ||
           a->y_end - a->y_begin == 1);
    assert(duet_apart(
        a->output, duet_span((a->y_end - a->y_begin) * a->out_width, a->output_stride, a->channels), a->input,
        duet_span(a->ring_rows < a->in_height ? a->ring_rows : a->in_height, a->row_stride,
                  duet_span(a->in_width, a->pixel_stride, a->channels))));
}

void duet_depthwise3x3_scalar(const struct duet_depthwise3x3_args *args);

/* Input row that tap row ky of output row y reads; NULL: above or below the picture. */
static inline const float *duet_depthwise3x3_row(const struct duet_depthwise3x3_args *a, size_t y, size_t ky)
{
    size_t at = y * a->stride + ky * a->rate; /* shifted down by pad_top */
    if (at < a->pad_top || at - a->pad_top >= a->in_height) return NULL;
    at -= a->pad_top;
    if (at >= a->ring_rows) at %= a->ring_rows; /* most often not: a division takes as long as a pixel */
    return a->input + at * a->row_stride;
}

#endif
