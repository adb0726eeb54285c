/* depthwise3x3.h: rows of a depthwise 3x3 convolution of pixels, vectorised along channels.
 *
 *   output[y][x][c] = epilogue(bias[c] + sum over ky, kx of
 *                           input[y * stride + ky * rate - pad_top][x * stride + kx * rate - pad_left][c]
 *                           * weights[ky * 3 + kx][c])
 *
 * Contract: one chain from the bias, taps in ascending order; taps outside the picture are left out.
 * Numbers are of the slot's type (kernels.h), strides count them. The output has none in common with the
 * input.
 *
 * Of bytes: weights are int16 of what they stand for (-255 .. 255), the bias is int32, each input byte counts
 * as what it is above input_zero, and the epilogue makes the sum a byte or a float32. Internal.
 */
#ifndef DUET_KERNELS_DEPTHWISE3X3_H
#define DUET_KERNELS_DEPTHWISE3X3_H

#include "kernels/apart.h"
#include "kernels/epilogue.h"
#include "kernels/pack.h"

#include <assert.h>

struct duet_depthwise3x3_args {
    /* Row r of the input lies at input + (r % ring_rows) * row_stride: a ring needs to hold only the rows
     * that the wanted output rows read. */
    const void *input;
    size_t ring_rows, row_stride, pixel_stride;
    size_t in_height, in_width, out_width, channels;
    size_t stride, rate, pad_top, pad_left;
    const void *weights; /* [9][weight_stride] */
    size_t weight_stride;
    const void *bias;      /* [channels] */
    uint8_t input_zero;    /* of bytes */
    size_t y_begin, y_end; /* the wanted output rows */
    void *output;          /* [y_end - y_begin][out_width][output_stride] */
    size_t output_stride;
    struct duet_epilogue epilogue;
};

typedef void duet_depthwise3x3_fn(const struct duet_depthwise3x3_args *args);

struct duet_depthwise3x3_kernel {
    struct duet_packing packing; /* weights [9][channels]: as they are */
    duet_depthwise3x3_fn *run;
};

/* What a caller promises; the first line of every version. `size` is that of a number. */
static inline void duet_depthwise3x3_promise(const struct duet_depthwise3x3_args *a, size_t size)
{
    (void)size; /* where there are no assertions */
    if (a->y_begin >= a->y_end || a->out_width == 0 || a->channels == 0) return;
    assert((a->stride == 1 || a->stride == 2) && a->rate >= 1);
    assert(a->in_height > 0 && a->in_width > 0 && a->pad_top <= a->rate && a->pad_left <= a->rate);
    assert(a->pixel_stride >= a->channels && a->weight_stride >= a->channels);
    assert(a->output_stride >= a->channels && a->epilogue.low <= a->epilogue.high);
    assert(a->row_stride >= duet_span(a->in_width, a->pixel_stride, a->channels));
    assert(a->ring_rows >= a->in_height ||
           a->ring_rows >= duet_span(a->y_end - a->y_begin, a->stride, 2 * a->rate + 1) ||
           a->y_end - a->y_begin == 1);
    assert(duet_apart(
        a->output, duet_span((a->y_end - a->y_begin) * a->out_width, a->output_stride, a->channels), a->input,
        duet_span(a->ring_rows < a->in_height ? a->ring_rows : a->in_height, a->row_stride,
                  duet_span(a->in_width, a->pixel_stride, a->channels)),
        size));
}

void duet_depthwise3x3_scalar(const struct duet_depthwise3x3_args *args);
duet_depthwise3x3_fn duet_depthwise3x3_u8_scalar; /* packing: DUET_U8_DEPTHWISE_PACKING */

/* Where the row lies that tap row ky of output row y reads; SIZE_MAX: above or below the picture. */
static inline size_t duet_depthwise3x3_row_at(const struct duet_depthwise3x3_args *a, size_t y, size_t ky)
{
    size_t at = y * a->stride + ky * a->rate; /* shifted down by pad_top */
    if (at < a->pad_top || at - a->pad_top >= a->in_height) return SIZE_MAX;
    at -= a->pad_top;
    return at < a->ring_rows ? at
                             : at % a->ring_rows; /* most often so: a division takes as long as a pixel */
}

/* Input row of float32 that tap row ky of output row y reads; NULL: above or below the picture. */
static inline const float *duet_depthwise3x3_row(const struct duet_depthwise3x3_args *a, size_t y, size_t ky)
{
    size_t at = duet_depthwise3x3_row_at(a, y, ky);
    return at == SIZE_MAX ? NULL : (const float *)a->input + at * a->row_stride;
}

/* The same of bytes. */
static inline const uint8_t *duet_depthwise3x3_bytes(const struct duet_depthwise3x3_args *a, size_t y,
                                                     size_t ky)
{
    size_t at = duet_depthwise3x3_row_at(a, y, ky);
    return at == SIZE_MAX ? NULL : (const uint8_t *)a->input + at * a->row_stride;
}

#endif
