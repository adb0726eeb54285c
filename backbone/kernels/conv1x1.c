#include "kernels/conv1x1.h"

/* One pixel against one panel. */
static void pixel_panel(const struct duet_conv1x1_args *a, size_t p, size_t n0, const float *weights)
{
    enum { PANEL = DUET_CONV1X1_SCALAR_PANEL };
    size_t columns = a->out_channels - n0 < PANEL ? a->out_channels - n0 : PANEL;
    const float *in = (const float *)a->input + p * a->input_stride;
    float *out = (float *)a->output + p * a->output_stride + n0;
    const float *start = a->bias ? (const float *)a->bias + n0 : out, *residual = a->residual;
    float sum[PANEL] = {0};
    for (size_t j = 0; j < columns; j++) sum[j] = start[j];
    for (size_t k = 0; k < a->in_channels; k++)
        for (size_t j = 0; j < PANEL; j++) sum[j] += in[k] * weights[k * PANEL + j];
    for (size_t j = 0; j < columns; j++) {
        float value = residual ? sum[j] + residual[p * a->residual_stride + n0 + j] : sum[j];
        out[j] = duet_epilogue_apply(a->epilogue, value);
    }
}

void duet_conv1x1_scalar(const struct duet_conv1x1_args *a)
{
    duet_conv1x1_promise(a, DUET_CONV1X1_SCALAR_PANEL, sizeof(float));
    const float *weights = a->weights;
    for (size_t n0 = 0; n0 < a->out_channels; n0 += DUET_CONV1X1_SCALAR_PANEL) {
        for (size_t p = 0; p < a->pixels; p++) pixel_panel(a, p, n0, weights);
        weights += a->panel_stride;
    }
}
