/* vec_u8_avx512vnni.h: sums of AVX512-VNNI: quads of bytes, without saturation. */
#ifndef DUET_KERNELS_VEC_U8_AVX512VNNI_H
#define DUET_KERNELS_VEC_U8_AVX512VNNI_H

#include "kernels/x86/vec_u8_512.h"

/* 14 x 2 sums, 2 vectors of weights and a unit of input: 31 of the 32 registers. */
enum { U8_UNIT = 4, U8_TILE_ROWS = 14, U8_NARROW_ROWS = 14 };

#define weights_load sums_load

/* Input bytes have no sign, weights have one. */
static inline sums sums_dot(sums sum, sums unit, sums weights)
{
    sum = _mm512_dpbusd_epi32(sum, unit, weights);
    SUMS_KEEP(sum);
    return sum;
}

#endif
