/* vec_avx2.h: the vectors of the AVX2 kernels: 8 floats. */
#ifndef DUET_KERNELS_VEC_AVX2_H
#define DUET_KERNELS_VEC_AVX2_H

#include <immintrin.h>
#include <stddef.h>

/* 6 x 2 sums, 2 vectors of weights and a value: 15 of the 16 registers. Panels of one vector: 12 x 1. */
enum { VEC_LANES = 8, VEC_TILE_ROWS = 6, VEC_TILE_NARROW_ROWS = 12 };

typedef __m256 vec;

/* See vec_avx512.h. Sixteen registers are too few for it: 10 % slower. */
#define VEC_KEEP(x) ((void)(x))

#define vec_set1  _mm256_set1_ps
#define vec_load  _mm256_loadu_ps
#define vec_store _mm256_storeu_ps
#define vec_fma   _mm256_fmadd_ps
#define vec_add   _mm256_add_ps
#define vec_sub   _mm256_sub_ps
#define vec_mul   _mm256_mul_ps
#define vec_div   _mm256_div_ps

static inline __m256i vec_mask(size_t n)
{
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n >= 8 ? 8 : (int)n), lanes);
}

/* The first n floats, or all when n is more; the others are 0 and not read. */
static inline vec vec_load_some(const float *from, size_t n)
{
    return _mm256_maskload_ps(from, vec_mask(n));
}

static inline void vec_store_some(float *to, vec x, size_t n)
{
    _mm256_maskstore_ps(to, vec_mask(n), x);
}

/* Lane by lane: x > y ? a : b. */
static inline vec vec_choose_more(vec x, vec y, vec a, vec b)
{
    return _mm256_blendv_ps(b, a, _mm256_cmp_ps(x, y, _CMP_GT_OQ));
}

/* 2^n of n + 1.5 * 2^23, for whole n. */
static inline vec vec_power_of_2(vec shifted)
{
    __m256i bits = _mm256_add_epi32(_mm256_castps_si256(shifted), _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(bits, 23));
}

/* The order of the operands makes a NaN the lower bound; see epilogue.h. */
static inline vec vec_clamp(vec x, vec low, vec high)
{
    return _mm256_min_ps(_mm256_max_ps(x, low), high);
}

/* --- half vectors: only what a tile's last columns need ------------------------------------------------ */

typedef __m128 vec_half;

#define vec_low_half _mm256_castps256_ps128
#define half_set1    _mm_set1_ps
#define half_load    _mm_loadu_ps
#define half_fma     _mm_fmadd_ps
#define half_add     _mm_add_ps

static inline vec_half half_load_some(const float *from, size_t n)
{
    return _mm_maskload_ps(from, _mm256_castsi256_si128(vec_mask(n)));
}

static inline void half_store_some(float *to, vec_half x, size_t n)
{
    _mm_maskstore_ps(to, _mm256_castsi256_si128(vec_mask(n)), x);
}

static inline vec_half half_clamp(vec_half x, vec_half low, vec_half high)
{
    return _mm_min_ps(_mm_max_ps(x, low), high);
}

#endif
