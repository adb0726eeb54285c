/* vec_u8_256.h: the vectors that kernels of bytes finish their sums with, at levels of 8 lanes. vec_u8_avx2.h
 * and vec_u8_avxvnni.h say how sums are made. */
#ifndef DUET_KERNELS_VEC_U8_256_H
#define DUET_KERNELS_VEC_U8_256_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

/* 6 x 2 sums, 2 vectors of weights, a unit of input and a product: all 16 registers. One vector: 12 x 1. */
enum { U8_LANES = 8, U8_TILE_ROWS = 6, U8_NARROW_ROWS = 12 };

typedef __m256i sums; /* int32 */
typedef __m256 reals;

static inline sums sums_load(const void *from)
{
    return _mm256_loadu_si256((const __m256i *)from);
}

static inline void sums_store(void *to, sums x)
{
    _mm256_storeu_si256((__m256i *)to, x);
}

#define sums_set1 _mm256_set1_epi32
#define sums_sub  _mm256_sub_epi32
#define sums_mul  _mm256_mullo_epi32

/* Keeps products where the code has them: compilers would add them up first, and run out of registers. */
#define SUMS_KEEP(sum) __asm__ volatile("" : "+x"(sum))

/* U8_UNIT input bytes, or as many int16 as fill 4 bytes, in every lane. */
static inline sums unit_spread(const void *from)
{
    int32_t unit;
    memcpy(&unit, from, sizeof unit);
    return _mm256_set1_epi32(unit);
}

#define reals_set1  _mm256_set1_ps
#define reals_load  _mm256_loadu_ps
#define reals_store _mm256_storeu_ps
#define reals_add   _mm256_add_ps
#define reals_mul   _mm256_mul_ps
#define reals_of    _mm256_cvtepi32_ps

/* See epilogue.h for the order of the operands. */
static inline reals reals_clamp(reals x, reals low, reals high)
{
    return _mm256_min_ps(_mm256_max_ps(x, low), high);
}

/* U8_LANES bytes. */
static inline sums bytes_load(const uint8_t *from)
{
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)from));
}

/* Whole numbers nearest to clamped x, ties to even, + zero. */
static inline void bytes_store(uint8_t *to, reals x, int zero)
{
    const __m256i whole = _mm256_add_epi32(_mm256_cvtps_epi32(x), _mm256_set1_epi32(zero));
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
    _mm_storel_epi64((__m128i *)to, _mm_packus_epi16(words, words));
}

/* What whole rows of bytes are brought into. */
struct byte_range {
    reals high;
    __m256i zero, least; /* words, bytes */
};

static inline struct byte_range byte_range_of(float low, float high, int zero)
{
    return (struct byte_range){_mm256_set1_ps(high), _mm256_set1_epi16((short)zero),
                               _mm256_set1_epi8((char)((int)low + zero))};
}

/* Two vectors, clamped above: the words of their whole numbers, + zero. Far below the range they become -2^31
 * and then -32768: what is too low is still that. */
static inline __m256i words_of(reals x, reals y, const struct byte_range *range)
{
    const __m256i x_whole = _mm256_cvtps_epi32(_mm256_min_ps(x, range->high));
    const __m256i y_whole = _mm256_cvtps_epi32(_mm256_min_ps(y, range->high));
    return _mm256_add_epi16(_mm256_packs_epi32(x_whole, y_whole), range->zero);
}

/* bytes_store of two rows of two vectors each, not clamped yet: x and y to `to`, x2 and y2 to `to2`. Together
 * they take half as many instructions as vector by vector. */
static inline void bytes_store_rows(uint8_t *to, uint8_t *to2, reals x, reals y, reals x2, reals y2,
                                    const struct byte_range *range)
{
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i bytes = _mm256_packus_epi16(words_of(x, y, range), words_of(x2, y2, range));
    bytes = _mm256_permutevar8x32_epi32(_mm256_max_epu8(bytes, range->least), order);
    _mm_storeu_si128((__m128i *)to, _mm256_castsi256_si128(bytes));
    _mm_storeu_si128((__m128i *)to2, _mm256_extracti128_si256(bytes, 1));
}

#endif
