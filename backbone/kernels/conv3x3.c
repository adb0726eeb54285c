#include "kernels/conv3x3.h"

enum { PANEL = DUET_CONV3X3_SCALAR_PANEL };

static void add_tap(float sum[PANEL], const float *in, const float *weights, size_t in_channels)
{
    for (size_t k = 0; k < in_channels; k++)
        for (size_t j = 0; j < PANEL; j++) sum[j] += in[k] * weights[k * PANEL + j];
}

static void pixel_panel(const struct duet_conv3x3_args *a, size_t x, size_t n0, const float *weights)
{
    size_t columns = a->out_channels - n0 < PANEL ? a->out_channels - n0 : PANEL;
    float *out = (float *)a->output + x * a->out_channels + n0;
    const float *bias = (const float *)a->bias + n0;
    float sum[PANEL] = {0};
    for (size_t j = 0; j < columns; j++) sum[j] = bias[j];
    for (size_t tap = 0; tap < 9; tap++) {
        const float *row = a->rows[tap / 3];
        size_t at = x * a->stride + tap % 3 * a->rate; /* shifted right by pad_left */
        if (!row || at < a->pad_left || at - a->pad_left >= a->in_width) continue;
        add_tap(sum, row + (at - a->pad_left) * a->in_channels, weights + tap * a->in_channels * PANEL,
                a->in_channels);
    }
    for (size_t j = 0; j < columns; j++) out[j] = duet_epilogue_apply(a->epilogue, sum[j]);
}

void duet_conv3x3_scalar(const struct duet_conv3x3_args *a)
{
    duet_conv3x3_promise(a, PANEL, sizeof(float));
    const float *weights = a->weights;
    for (size_t n0 = 0; n0 < a->out_channels; n0 += PANEL) {
        for (size_t x = 0; x < a->out_width; x++) pixel_panel(a, x, n0, weights);
        weights += 9 * a->in_channels * PANEL;
    }
}
