/* depthwise_u8_quads.h: the vectors of one width of depthwise3x3 by VNNI (vector/u8/depthwise_quads.h, which
 * it includes): DW_VEC, DW_REALS, instructions DW_V(name), of which DW_QUADS multiplies. Included by
 * depthwise_u8_vnni.h once for each width. */

#define DW_V_(name) DW_V(name) /* of the name that a macro stands for */

typedef DW_VEC DW(vec);

DW_INLINE DW_VEC DW(set1)(int x)
{
    return DW_V(set1_epi8)((char)x);
}

DW_INLINE DW_VEC DW(low8)(DW_VEC a, DW_VEC b)
{
    return DW_V(unpacklo_epi8)(a, b);
}

DW_INLINE DW_VEC DW(high8)(DW_VEC a, DW_VEC b)
{
    return DW_V(unpackhi_epi8)(a, b);
}

DW_INLINE DW_VEC DW(low16)(DW_VEC a, DW_VEC b)
{
    return DW_V(unpacklo_epi16)(a, b);
}

DW_INLINE DW_VEC DW(high16)(DW_VEC a, DW_VEC b)
{
    return DW_V(unpackhi_epi16)(a, b);
}

/* Input bytes have no sign, weights have one. */
DW_INLINE DW_VEC DW(dot)(DW_VEC sum, DW_VEC quads, DW_VEC weights)
{
    return DW_V_(DW_QUADS)(sum, quads, weights);
}

DW_INLINE DW_VEC DW(less)(DW_VEC a, DW_VEC b)
{
    return DW_V(sub_epi32)(a, b);
}

DW_INLINE DW_REALS DW(scaled)(DW_VEC sum, DW_VEC scales, const struct duet_epilogue *e)
{
    DW_REALS scale;
    memcpy(&scale, &scales, sizeof scale);
    return DW_V(min_ps)(DW_V(mul_ps)(DW_V(cvtepi32_ps)(sum), scale), DW_V(set1_ps)(e->high));
}

/* See dw_store_bytes_16 (depthwise_u8_avx2.h). What is packed lies in order again. */
DW_INLINE DW_VEC DW(bytes)(const DW_VEC s[4], const DW_VEC scales[4], const struct duet_epilogue *e)
{
    DW_VEC whole[4];
    for (int i = 0; i < 4; i++) whole[i] = DW_V(cvtps_epi32)(DW(scaled)(s[i], scales[i], e));
    const DW_VEC zero = DW_V(set1_epi16)((short)e->zero);
    const DW_VEC low = DW_V(adds_epi16)(DW_V(packs_epi32)(whole[0], whole[1]), zero);
    const DW_VEC high = DW_V(adds_epi16)(DW_V(packs_epi32)(whole[2], whole[3]), zero);
    return DW_V(max_epu8)(DW_V(packus_epi16)(low, high), DW(set1)((int)e->low + e->zero));
}

DW_INLINE DW_VEC DW(reals)(DW_VEC sum, DW_VEC scales, const struct duet_epilogue *e)
{
    const DW_REALS x = DW_V(max_ps)(DW(scaled)(sum, scales, e), DW_V(set1_ps)(e->low));
    DW_VEC bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

#include "kernels/vector/u8/depthwise_quads.h"

#undef DW
#undef DW_V
#undef DW_V_
#undef DW_VEC
#undef DW_REALS
#undef DW_CHANNELS
