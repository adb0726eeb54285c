/* conv3x3.h: one output row of a full 3x3 convolution of pixels (the first layer; ASPP's branches).
 *
 *   output[x][n] = epilogue(bias[n] + sum over ky, kx, k of rows[ky][x * stride + kx * rate - pad_left][k]
 *                                                 * weights[ky][kx][k][n])
 *
 * Contract: one chain from the bias, ky, kx, k ascending; taps outside the picture are left out.
 * Weights are packed as a matrix of 9 * in_channels rows. Numbers are of the slot's type (kernels.h). The
 * output has none in common with the rows.
 *
 * Of bytes: as conv1x1.h says; a tap outside the picture counts as input_zero, which the bias takes away.
 * They are 1x1 convolutions of windows that are gathered first: duet_conv3x3_windows. Internal.
 */
#ifndef DUET_KERNELS_CONV3X3_H
#define DUET_KERNELS_CONV3X3_H

#include "kernels/apart.h"
#include "kernels/conv1x1.h"
#include "kernels/epilogue.h"
#include "kernels/pack.h"

#include <assert.h>

struct duet_conv3x3_args {
    const void *rows[3]; /* [in_width][in_channels]; NULL: above or below the picture */
    size_t in_width, out_width, in_channels, out_channels;
    size_t stride, rate, pad_left;
    const void *weights; /* packed */
    const void *bias;    /* [out_channels] */
    const int32_t *weight_zeros; /* of bytes: as in conv1x1.h */
    uint8_t input_zero;          /* of bytes */
    void *output;        /* [out_width][out_channels] */
    struct duet_epilogue epilogue;
};

typedef void duet_conv3x3_fn(const struct duet_conv3x3_args *args);

struct duet_conv3x3_kernel {
    struct duet_packing packing;
    duet_conv3x3_fn *run;
};

/* What a caller promises; the first line of every version. `size` is that of a number. */
static inline void duet_conv3x3_promise(const struct duet_conv3x3_args *a, size_t panel, size_t size)
{
    (void)panel; /* where there are no assertions */
    (void)size;
    if (a->out_width == 0 || a->out_channels == 0) return;
    assert(a->in_width > 0 && a->in_channels > 0);
    assert((a->stride == 1 || a->stride == 2) && a->rate >= 1);
    assert(a->pad_left <= a->rate);
    assert(duet_packed_is_aligned(a->weights, panel, size));
    assert(a->epilogue.low <= a->epilogue.high);
    for (int i = 0; i < 3; i++)
        assert(!a->rows[i] || duet_apart(a->output, a->out_width * a->out_channels, a->rows[i],
                                         a->in_width * a->in_channels, size));
}

#define DUET_CONV3X3_SCALAR_PANEL 16
void duet_conv3x3_scalar(const struct duet_conv3x3_args *args);
duet_conv3x3_fn duet_conv3x3_u8_scalar; /* packing: DUET_U8_SCALAR_PACKING */

/* Of bytes, on a level's conv1x1: the windows of a few pixels at a time, [pixels][9 * in_channels]. At most
 * DUET_SUM_DEPTH taps and channels (conv1x1.h). */
void duet_conv3x3_windows(const struct duet_conv3x3_args *args, const struct duet_packing *packing,
                          duet_conv1x1_fn *conv1x1);

#endif
