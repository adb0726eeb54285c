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
    reals low, high;
    int zero;
};

static inline struct byte_range byte_range_of(float low, float high, int zero)
{
    return (struct byte_range){_mm512_set1_ps(low), _mm512_set1_ps(high), zero};
}

static inline void bytes_store_rows(uint8_t *to, uint8_t *to2, reals x, reals y, reals x2, reals y2,
                                    const struct byte_range *range)
{
    bytes_store(to, reals_clamp(x, range->low, range->high), range->zero);
    bytes_store(to + U8_LANES, reals_clamp(y, range->low, range->high), range->zero);
    bytes_store(to2, reals_clamp(x2, range->low, range->high), range->zero);
    bytes_store(to2 + U8_LANES, reals_clamp(y2, range->low, range->high), range->zero);
}

#endif
