/* vec_avx512.h: the vectors of the AVX-512 kernels: 16 floats, masks for the rest of a row. */
#ifndef DUET_KERNELS_VEC_AVX512_H
#define DUET_KERNELS_VEC_AVX512_H

#include <immintrin.h>
#include <stddef.h>

/* 14 x 2 sums, 2 vectors of weights and a value: 31 of the 32 registers. */
enum { VEC_LANES = 16, VEC_TILE_ROWS = 14, VEC_TILE_NARROW_ROWS = 14 };

typedef __m512 vec;

/* Keeps a value in a register: the compiler would rather read it again with every multiply-add, which costs
 * 10-15 % of a depthwise layer. */
#define VEC_KEEP(x) __asm__("" : "+v"(x))

#define vec_set1  _mm512_set1_ps
#define vec_load  _mm512_loadu_ps
#define vec_store _mm512_storeu_ps
#define vec_fma   _mm512_fmadd_ps
#define vec_add   _mm512_add_ps
#define vec_sub   _mm512_sub_ps
#define vec_mul   _mm512_mul_ps
#define vec_div   _mm512_div_ps

static inline __mmask16 vec_mask(size_t n)
{
    unsigned mask = n >= 16 ? 0xffffu : (1u << n) - 1u;
    return (__mmask16)mask;
}

/* The first n floats, or all when n is more; the others are 0 and not read. */
static inline vec vec_load_some(const float *from, size_t n)
{
    return _mm512_maskz_loadu_ps(vec_mask(n), from);
}

static inline void vec_store_some(float *to, vec x, size_t n)
{
    _mm512_mask_storeu_ps(to, vec_mask(n), x);
}

/* Lane by lane: x > y ? a : b. */
static inline vec vec_choose_more(vec x, vec y, vec a, vec b)
{
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, y, _CMP_GT_OQ), b, a);
}

/* 2^n of n + 1.5 * 2^23, for whole n. */
static inline vec vec_power_of_2(vec shifted)
{
    __m512i bits = _mm512_add_epi32(_mm512_castps_si512(shifted), _mm512_set1_epi32(127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(bits, 23));
}

/* The order of the operands makes a NaN the lower bound; see epilogue.h. */
static inline vec vec_clamp(vec x, vec low, vec high)
{
    return _mm512_min_ps(_mm512_max_ps(x, low), high);
}

/* --- half vectors: only what a tile's last columns need ------------------------------------------------ */

typedef __m256 vec_half;

#define vec_low_half _mm512_castps512_ps256
#define half_set1    _mm256_set1_ps
#define half_load    _mm256_loadu_ps
#define half_fma     _mm256_fmadd_ps
#define half_add     _mm256_add_ps

static inline vec_half half_load_some(const float *from, size_t n)
{
    return _mm256_maskz_loadu_ps((__mmask8)vec_mask(n), from);
}

static inline void half_store_some(float *to, vec_half x, size_t n)
{
    _mm256_mask_storeu_ps(to, (__mmask8)vec_mask(n), x);
}

static inline vec_half half_clamp(vec_half x, vec_half low, vec_half high)
{
    return _mm256_min_ps(_mm256_max_ps(x, low), high);
}

#endif
