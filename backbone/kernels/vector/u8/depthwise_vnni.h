/* depthwise_vnni.h: the depthwise3x3 kernel of bytes of levels that multiply quads: from dw_rows_q16,
 * dw_rows_q32 and, where DW_WIDEST is 64, dw_rows_q64 (depthwise_quads.h), and depthwise3x3_u8, a kernel for
 * weights that are not int8, and for few channels. */
#include "kernels/depthwise3x3.h"

/* Quantized per tensor, with a zero point of their own, weights often are not. Takes less than a percent of
 * the layer. */
static bool dw_are_int8(const struct duet_depthwise3x3_args *a)
{
    unsigned beyond = 0;
    for (size_t tap = 0; tap < 9; tap++) {
        const int16_t *weights = (const int16_t *)a->weights + tap * a->weight_stride;
        for (size_t c = 0; c < a->channels; c++) beyond |= (unsigned)(weights[c] + 128) & ~255u;
    }
    return beyond == 0;
}

/* The last group does channels once more where fewer than 16 are left. */
static void depthwise3x3_vnni(const struct duet_depthwise3x3_args *a)
{
    duet_depthwise3x3_promise(a, 1);
    assert(duet_epilogue_is_whole(&a->epilogue) && a->epilogue.output != DUET_I32);
    if (a->channels < 16 || !dw_are_int8(a)) {
        depthwise3x3_u8(a);
        return;
    }
    size_t c = 0;
#if DW_WIDEST == 64
    for (; c + 64 <= a->channels; c += 64) dw_rows_q64(a, c);
#endif
    for (; c + 32 <= a->channels; c += 32) dw_rows_q32(a, c);
    for (; c < a->channels; c += 16) dw_rows_q16(a, c + 16 <= a->channels ? c : a->channels - 16);
}
