/* Depthwise 3x3 convolution of bytes: the specification. */
#include "kernels/depthwise3x3.h"

static int32_t sum_of(const struct duet_depthwise3x3_args *a, const uint8_t *const rows[3], size_t x,
                      size_t c)
{
    int32_t sum = ((const int32_t *)a->bias)[c];
    for (size_t tap = 0; tap < 9; tap++) {
        const uint8_t *row = rows[tap / 3];
        size_t at = x * a->stride + tap % 3 * a->rate; /* shifted right by pad_left */
        if (!row || at < a->pad_left || at - a->pad_left >= a->in_width) continue;
        sum += (row[(at - a->pad_left) * a->pixel_stride + c] - a->input_zero) *
               ((const int16_t *)a->weights)[tap * a->weight_stride + c];
    }
    return sum;
}

void duet_depthwise3x3_u8_scalar(const struct duet_depthwise3x3_args *a)
{
    duet_depthwise3x3_promise(a, 1);
    assert(duet_epilogue_is_whole(&a->epilogue) && a->epilogue.output != DUET_I32);
    const size_t size = a->epilogue.output == DUET_U8 ? 1 : 4;
    char *output = a->output;
    for (size_t y = a->y_begin; y < a->y_end; y++) {
        const uint8_t *rows[3];
        for (size_t ky = 0; ky < 3; ky++) rows[ky] = duet_depthwise3x3_bytes(a, y, ky);
        for (size_t x = 0; x < a->out_width; x++, output += a->output_stride * size)
            for (size_t c = 0; c < a->channels; c++)
                duet_epilogue_store(&a->epilogue, sum_of(a, rows, x, c), c, NULL, output);
    }
}
