/* vec_u8_avx512.h: sums of AVX-512 without VNNI: pairs of int16, as vec_u8_avx2.h. */
#ifndef DUET_KERNELS_VEC_U8_AVX512_H
#define DUET_KERNELS_VEC_U8_AVX512_H

#include "kernels/x86/vec_u8_512.h"

/* 12 x 2 sums, 2 vectors of weights, a unit of input and products. */
enum { U8_UNIT = 2, U8_TILE_ROWS = 12, U8_NARROW_ROWS = 14 };

static inline sums weights_load(const char *from)
{
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(const void *)from));
}

static inline sums sums_dot(sums sum, sums unit, sums weights)
{
    sum = _mm512_add_epi32(sum, _mm512_madd_epi16(unit, weights));
    SUMS_KEEP(sum);
    return sum;
}

#endif
