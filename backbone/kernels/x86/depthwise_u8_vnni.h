/* depthwise_u8_vnni.h: depthwise3x3 of bytes by VNNI: with AVX-512 groups of 64 channels and of fewer,
 * without it of 32 and of 16. */
#ifndef DUET_KERNELS_DEPTHWISE_U8_VNNI_H
#define DUET_KERNELS_DEPTHWISE_U8_VNNI_H

#include "kernels/x86/depthwise_u8_avx2.h"

#if defined(__AVX512VNNI__)
#define DW_QUADS  dpbusd_epi32
#define DW_WIDEST 64
#else
#define DW_QUADS  dpbusd_avx_epi32
#define DW_WIDEST 32
#endif

#define DW(name)    dw_##name##_q16
#define DW_V(name)  _mm_##name
#define DW_VEC      __m128i
#define DW_REALS    __m128
#define DW_CHANNELS 16
#include "kernels/x86/depthwise_u8_quads.h"

#define DW(name)    dw_##name##_q32
#define DW_V(name)  _mm256_##name
#define DW_VEC      __m256i
#define DW_REALS    __m256
#define DW_CHANNELS 32
#include "kernels/x86/depthwise_u8_quads.h"

#if DW_WIDEST == 64
#define DW(name)    dw_##name##_q64
#define DW_V(name)  _mm512_##name
#define DW_VEC      __m512i
#define DW_REALS    __m512
#define DW_CHANNELS 64
#include "kernels/x86/depthwise_u8_quads.h"
#endif

#include "kernels/vector/u8/depthwise_vnni.h"

#endif
