/* 1x1 convolution of bytes: the specification. */
#include "kernels/conv1x1.h"

static const struct duet_packing packing = DUET_U8_SCALAR_PACKING;

void duet_conv1x1_u8_scalar(const struct duet_conv1x1_args *a)
{
    duet_conv1x1_u8_promise(a, &packing);
    const size_t size = a->epilogue.output == DUET_U8 ? 1 : 4;
    for (size_t p = 0; p < a->pixels; p++) {
        const uint8_t *input = (const uint8_t *)a->input + p * a->input_stride;
        const uint8_t *residual = a->residual ? (const uint8_t *)a->residual + p * a->residual_stride : NULL;
        char *output = (char *)a->output + p * a->output_stride * size;
        for (size_t n = 0; n < a->out_channels; n++) {
            const int16_t *weights =
                (const int16_t *)a->weights + n / packing.panel * a->panel_stride + n % packing.panel;
            int32_t sum = ((const int32_t *)a->bias)[n];
            for (size_t k = 0; k < a->in_channels; k++) sum += input[k] * weights[k * packing.panel];
            duet_epilogue_store(&a->epilogue, sum, n, residual ? residual + n : NULL, output);
        }
    }
}
