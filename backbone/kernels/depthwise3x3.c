#include "kernels/depthwise3x3.h"

/* The output pixel itself holds the chain while it grows. */
static void pixel(const struct duet_depthwise3x3_args *a, const float *const rows[3], size_t x, float *out)
{
    const float *bias = a->bias;
    for (size_t c = 0; c < a->channels; c++) out[c] = bias[c];
    for (size_t tap = 0; tap < 9; tap++) {
        const float *row = rows[tap / 3];
        size_t at = x * a->stride + tap % 3 * a->rate; /* shifted right by pad_left */
        if (!row || at < a->pad_left || at - a->pad_left >= a->in_width) continue;
        const float *in = row + (at - a->pad_left) * a->pixel_stride;
        const float *weights = (const float *)a->weights + tap * a->weight_stride;
        for (size_t c = 0; c < a->channels; c++) out[c] += in[c] * weights[c];
    }
    for (size_t c = 0; c < a->channels; c++) out[c] = duet_epilogue_apply(a->epilogue, out[c]);
}

void duet_depthwise3x3_scalar(const struct duet_depthwise3x3_args *a)
{
    duet_depthwise3x3_promise(a, sizeof(float));
    float *out = a->output;
    for (size_t y = a->y_begin; y < a->y_end; y++) {
        const float *rows[3];
        for (size_t ky = 0; ky < 3; ky++) rows[ky] = duet_depthwise3x3_row(a, y, ky);
        for (size_t x = 0; x < a->out_width; x++, out += a->output_stride) pixel(a, rows, x, out);
    }
}
