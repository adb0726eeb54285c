/* vec_u8_avxvnni.h: sums of AVX-VNNI: quads of bytes, without saturation. */
#ifndef DUET_KERNELS_VEC_U8_AVXVNNI_H
#define DUET_KERNELS_VEC_U8_AVXVNNI_H

#include "kernels/x86/vec_u8_256.h"

enum { U8_UNIT = 4 };

#define weights_load sums_load

/* Input bytes have no sign, weights have one. */
static inline sums sums_dot(sums sum, sums unit, sums weights)
{
    sum = _mm256_dpbusd_avx_epi32(sum, unit, weights);
    SUMS_KEEP(sum);
    return sum;
}

#endif
