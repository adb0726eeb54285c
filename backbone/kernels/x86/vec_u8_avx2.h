/* vec_u8_avx2.h: sums of AVX2: pairs of int16, whose products it adds exactly. (vpmaddubsw, which multiplies
 * bytes, saturates.) */
#ifndef DUET_KERNELS_VEC_U8_AVX2_H
#define DUET_KERNELS_VEC_U8_AVX2_H

#include "kernels/x86/vec_u8_256.h"

enum { U8_UNIT = 2 };

/* A unit of weights in every lane. */
static inline sums weights_load(const char *from)
{
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)from));
}

/* Lane by lane: sum + the products of a unit of input and one of weights. */
static inline sums sums_dot(sums sum, sums unit, sums weights)
{
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(unit, weights));
    SUMS_KEEP(sum);
    return sum;
}

#endif
