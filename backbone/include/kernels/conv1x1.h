/* conv1x1.h: 1x1 convolution of pixels: a matrix product with everything around it fused.
 *
 *   output[p][n] = epilogue(bias[n] + sum over k of input[p][k] * weights[k][n] + residual[p][n])
 *
 * Contract: every output is one chain of multiply-adds that starts at the bias and takes k in ascending
 * order; the residual is added last. So the result does not depend on how pixels, channels or panels are
 * split. Numbers are of the slot's type (kernels.h), strides count them. The output has none in common with
 * the input.
 *
 * Of bytes (DUET_U8): weights are int8, or what is left of uint8 ones when their zero point is taken away,
 * the bias is int32 and comes from duet_pack_bias, sums are exact int32 (the caller sees to it that they fit:
 * DUET_SUM_DEPTH, DUET_SUM_BIAS), the epilogue makes them bytes, float32 or leaves them, and the residual is
 * bytes. Internal.
 */
#ifndef DUET_KERNELS_CONV1X1_H
#define DUET_KERNELS_CONV1X1_H

#include "kernels/apart.h"
#include "kernels/epilogue.h"
#include "kernels/pack.h"

#include <assert.h>

struct duet_conv1x1_args {
    size_t pixels, in_channels, out_channels;
    const void *input; /* [pixels][input_stride], the first in_channels of each used */
    size_t input_stride;
    const void *weights; /* packed; panels lie panel_stride numbers apart: in_channels (whole units) * panel,
                          * or more when only some of the input channels take part */
    size_t panel_stride;
    const int32_t *weight_zeros; /* of bytes: [out_channels], as they were packed with; NULL: all 0 */
    const void *bias;     /* [out_channels]; NULL, in float32 only: chains go on from what `output` holds */
    const void *residual; /* [pixels][residual_stride], NULL: none */
    size_t residual_stride;
    void *output; /* [pixels][output_stride] */
    size_t output_stride;
    struct duet_epilogue epilogue;
};

/* Of bytes: so many rows of weights, at most, keep every sum within int32, whatever bytes and weights are:
 * 255 * 255 * 32768 = 2,130,739,200, which leaves biases up to 16,744,447 either way. (Networks look at each
 * channel's own: network/whole.h.) */
#define DUET_SUM_DEPTH 32768
#define DUET_SUM_BIAS  16744447

typedef void duet_conv1x1_fn(const struct duet_conv1x1_args *args);

/* What the scalar kernels of bytes want. */
#define DUET_U8_SCALAR_PACKING                                                                               \
    {                                                                                                        \
        16, 1, sizeof(int16_t), 0, duet_pack_whole                                                           \
    }

struct duet_conv1x1_kernel {
    struct duet_packing packing;
    duet_conv1x1_fn *run;
};

/* What a caller promises; the first line of every version. `size` is that of a number. */
static inline void duet_conv1x1_promise(const struct duet_conv1x1_args *a, size_t panel, size_t size)
{
    (void)panel; /* where there are no assertions */
    (void)size;
    if (a->pixels == 0 || a->out_channels == 0) return;
    assert(duet_packed_is_aligned(a->weights, panel, size));
    assert(a->panel_stride >= a->in_channels * panel);
    assert(a->input_stride == 0 || a->input_stride >= a->in_channels || a->pixels == 1);
    assert(a->output_stride >= a->out_channels || a->pixels == 1);
    assert(!a->residual || a->residual_stride >= a->out_channels || a->pixels == 1);
    assert(a->epilogue.low <= a->epilogue.high);
    assert(a->in_channels == 0 ||
           duet_apart(a->output, duet_span(a->pixels, a->output_stride, a->out_channels), a->input,
                      duet_span(a->pixels, a->input_stride, a->in_channels), size));
}

/* The same of bytes; of the packing's panel and number. */
static inline void duet_conv1x1_u8_promise(const struct duet_conv1x1_args *a,
                                           const struct duet_packing *packing)
{
    if (a->pixels == 0 || a->out_channels == 0) return;
    assert(duet_packed_is_aligned(a->weights, packing->panel, packing->unit * packing->number));
    assert(a->panel_stride >= duet_packed_depth(packing, a->in_channels) * packing->panel);
    assert(a->input_stride == 0 || a->input_stride >= a->in_channels || a->pixels == 1);
    assert(a->output_stride >= a->out_channels || a->pixels == 1);
    assert(!a->residual || a->residual_stride >= a->out_channels || a->pixels == 1);
    assert(a->bias && duet_epilogue_is_whole(&a->epilogue));
    (void)packing;
}

#define DUET_CONV1X1_SCALAR_PANEL 16
void duet_conv1x1_scalar(const struct duet_conv1x1_args *args);
duet_conv1x1_fn duet_conv1x1_u8_scalar; /* packing: DUET_U8_SCALAR_PACKING */

#endif
