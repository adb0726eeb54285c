/* vec_u8_512.h: the vectors that kernels of bytes finish their sums with, at levels of 16 lanes.
 * vec_u8_avx512.h and vec_u8_avx512vnni.h say how sums are made. See vec_u8_256.h. */
#ifndef DUET_KERNELS_VEC_U8_512_H
#define DUET_KERNELS_VEC_U8_512_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

enum { U8_LANES = 16 };

typedef __m512i sums; /* int32 */
typedef __m512 reals;

#define sums_load  _mm512_loadu_si512
#define sums_store _mm512_storeu_si512
#define sums_set1  _mm512_set1_epi32
#define sums_sub   _mm512_sub_epi32
#define sums_mul   _mm512_mullo_epi32

/* Keeps products where the code has them. */
#define SUMS_KEEP(sum) __asm__ volatile("" : "+v"(sum))

static inline sums unit_spread(const void *from)
{
    int32_t unit;
    memcpy(&unit, from, sizeof unit);
    return _mm512_set1_epi32(unit);
}

#define reals_set1  _mm512_set1_ps
#define reals_load  _mm512_loadu_ps
#define reals_store _mm512_storeu_ps
#define reals_add   _mm512_add_ps
#define reals_mul   _mm512_mul_ps
#define reals_of    _mm512_cvtepi32_ps

static inline reals reals_clamp(reals x, reals low, reals high)
{
    return _mm512_min_ps(_mm512_max_ps(x, low), high);
}

static inline sums bytes_load(const uint8_t *from)
{
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)from));
}

static inline void bytes_store(uint8_t *to, reals x, int zero)
{
    const __m512i whole = _mm512_add_epi32(_mm512_cvtps_epi32(x), _mm512_set1_epi32(zero));
    _mm_storeu_si128((__m128i *)to, _mm512_cvtepi32_epi8(whole));
}

struct byte_range {
    reals high;
    __m512i zero, least; /* words, bytes */
};

static inline struct byte_range byte_range_of(float low, float high, int zero)
{
    return (struct byte_range){_mm512_set1_ps(high), _mm512_set1_epi16((short)zero),
                               _mm512_set1_epi8((char)((int)low + zero))};
}

static inline __m512i words_of(reals x, reals y, const struct byte_range *range)
{
    const __m512i x_whole = _mm512_cvtps_epi32(_mm512_min_ps(x, range->high));
    const __m512i y_whole = _mm512_cvtps_epi32(_mm512_min_ps(y, range->high));
    return _mm512_add_epi16(_mm512_packs_epi32(x_whole, y_whole), range->zero);
}

static inline void bytes_store_rows(uint8_t *to, uint8_t *to2, reals x, reals y, reals x2, reals y2,
                                    const struct byte_range *range)
{
    /* Packing leaves four bytes of x, y, x2 and y2 in each quarter. */
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i bytes = _mm512_packus_epi16(words_of(x, y, range), words_of(x2, y2, range));
    bytes = _mm512_permutexvar_epi32(order, _mm512_max_epu8(bytes, range->least));
    _mm256_storeu_si256((__m256i *)to, _mm512_castsi512_si256(bytes));
    _mm256_storeu_si256((__m256i *)to2, _mm512_extracti64x4_epi64(bytes, 1));
}

#endif
