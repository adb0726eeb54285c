/* conv1x1.h: 1x1 convolution of float32 pixels: a matrix product with everything around it fused.
 *
 *   output[p][n] = clamp(bias[n] + sum over k of input[p][k] * weights[k][n] + residual[p][n], low, high)
 *
 * Contract: every output is one chain of multiply-adds that starts at the bias and takes k in ascending
 * order; the residual is added last. So the result does not depend on how pixels, channels or panels are
 * split.
 *
 * Weights are packed in panels of `panel` output channels (a property of the kernel level):
 *   packed[n / panel][k][n % panel], missing columns of the last panel zero, 64-byte aligned (a panel of
 * fewer bytes: aligned to that). The output has no float in common with the input. Internal.
 */
#ifndef DUET_KERNELS_CONV1X1_H
#define DUET_KERNELS_CONV1X1_H

#include "kernels/apart.h"

#include <assert.h>

struct duet_conv1x1_args {
    size_t pixels, in_channels, out_channels;
    const float *input; /* [pixels][input_stride], the first in_channels of each used */
    size_t input_stride;
    const float *weights; /* packed; panels lie panel_stride floats apart: in_channels * panel, or more when
                           * only some of the input channels take part */
    size_t panel_stride;
    const float *bias;     /* [out_channels]; NULL: chains go on from what `output` holds */
    const float *residual; /* [pixels][residual_stride], NULL: none */
    size_t residual_stride;
    float *output; /* [pixels][output_stride] */
    size_t output_stride;
    float low, high; /* -INFINITY, INFINITY: no activation */
};

typedef void duet_conv1x1_fn(const struct duet_conv1x1_args *args);

struct duet_conv1x1_kernel {
    size_t panel;
    duet_conv1x1_fn *run;
};

/* What a caller promises; the first line of every version. */
static inline void duet_conv1x1_promise(const struct duet_conv1x1_args *a, size_t panel)
{
    (void)panel; /* where there are no assertions */
    if (a->pixels == 0 || a->out_channels == 0) return;
    assert(a->weights &&
           (uintptr_t)a->weights % (panel * sizeof(float) < 64 ? panel * sizeof(float) : 64) == 0);
    assert(a->panel_stride >= a->in_channels * panel);
    assert(a->input_stride == 0 || a->input_stride >= a->in_channels || a->pixels == 1);
    assert(a->output_stride >= a->out_channels || a->pixels == 1);
    assert(!a->residual || a->residual_stride >= a->out_channels || a->pixels == 1);
    assert(a->low <= a->high);
    assert(a->in_channels == 0 ||
           duet_apart(a->output, duet_span(a->pixels, a->output_stride, a->out_channels), a->input,
                      duet_span(a->pixels, a->input_stride, a->in_channels)));
}

#define DUET_CONV1X1_SCALAR_PANEL 16
void duet_conv1x1_scalar(const struct duet_conv1x1_args *args);

/* Floats of packed weights. */
static inline size_t duet_conv1x1_packed_size(size_t in_channels, size_t out_channels, size_t panel)
{
    return (out_channels + panel - 1) / panel * panel * in_channels;
}

/* weights [in_channels][out_channels] -> packed; of rows[0 .. in_channels-1] of them only, unless `rows` is
 * NULL. */
void duet_conv1x1_pack(const uint32_t *rows, size_t in_channels, size_t out_channels, size_t panel,
                       const float *weights, float *packed);

#endif
