/* depthwise_u8_avx2.h: depthwise3x3 of bytes on AVX2, of any weights: groups of 16 channels, and of 8. */
#ifndef DUET_KERNELS_DEPTHWISE_U8_AVX2_H
#define DUET_KERNELS_DEPTHWISE_U8_AVX2_H

#include "kernels/depthwise3x3.h"

#include <immintrin.h>
#include <string.h>

#define DW_INLINE static inline __attribute__((always_inline))

/* --- 16 channels --------------------------------------------------------------------------------------- */

typedef __m256i dw_row_16;

DW_INLINE dw_row_16 dw_load_16(const uint8_t *from)
{
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)from));
}

#define dw_set1_16(x) _mm256_set1_epi16((short)(x))

DW_INLINE dw_row_16 dw_weights_16(const int16_t *from)
{
    return _mm256_loadu_si256((const __m256i *)from);
}

#define dw_pairs_low_16  _mm256_unpacklo_epi16 /* channels 0-3, 8-11 */
#define dw_pairs_high_16 _mm256_unpackhi_epi16 /* channels 4-7, 12-15 */

struct dw_sums_16 {
    __m256i low, high;
};

/* VNNI adds in the same instruction. */
DW_INLINE __m256i dw_dot_16(__m256i sum, __m256i numbers, __m256i weights)
{
#if defined(__AVX512VNNI__)
    return _mm256_dpwssd_epi32(sum, numbers, weights);
#elif defined(__AVXVNNI__)
    return _mm256_dpwssd_avx_epi32(sum, numbers, weights);
#else
    return _mm256_add_epi32(sum, _mm256_madd_epi16(numbers, weights));
#endif
}

/* 16 numbers of 4 bytes, as sums lie. */
DW_INLINE struct dw_sums_16 dw_spread_16(const void *from)
{
    const __m256i a = _mm256_loadu_si256(from), b = _mm256_loadu_si256((const __m256i *)from + 1);
    return (struct dw_sums_16){_mm256_permute2x128_si256(a, b, 0x20), _mm256_permute2x128_si256(a, b, 0x31)};
}

struct dw_scales_16 {
    __m256 low, high;
};

DW_INLINE struct dw_scales_16 dw_scales_of_16(const float *from)
{
    const struct dw_sums_16 s = dw_spread_16(from);
    return (struct dw_scales_16){_mm256_castsi256_ps(s.low), _mm256_castsi256_ps(s.high)};
}

DW_INLINE __m256 dw_scaled_16(__m256i sum, __m256 scale, float high)
{
    return _mm256_min_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(sum), scale), _mm256_set1_ps(high));
}

/* What is below `low` is kept there when it is a byte: the conversion to int32 makes what is too small the
 * smallest number, and the others saturate. */
DW_INLINE void dw_store_bytes_16(uint8_t *out, struct dw_sums_16 s, const struct dw_scales_16 *scales,
                                 const struct duet_epilogue *e)
{
    const __m256i low = _mm256_cvtps_epi32(dw_scaled_16(s.low, scales->low, e->high));
    const __m256i high = _mm256_cvtps_epi32(dw_scaled_16(s.high, scales->high, e->high));
    const __m256i words = _mm256_adds_epi16(_mm256_packs_epi32(low, high), _mm256_set1_epi16((short)e->zero));
    const __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    const __m128i least = _mm_set1_epi8((char)((int)e->low + e->zero));
    _mm_storeu_si128((__m128i *)out, _mm_max_epu8(bytes, least));
}

DW_INLINE void dw_store_floats_16(float *out, struct dw_sums_16 s, const struct dw_scales_16 *scales,
                                  const struct duet_epilogue *e)
{
    const __m256 least = _mm256_set1_ps(e->low);
    const __m256 low = _mm256_max_ps(dw_scaled_16(s.low, scales->low, e->high), least);
    const __m256 high = _mm256_max_ps(dw_scaled_16(s.high, scales->high, e->high), least);
    _mm256_storeu_ps(out, _mm256_permute2f128_ps(low, high, 0x20));
    _mm256_storeu_ps(out + 8, _mm256_permute2f128_ps(low, high, 0x31));
}

/* --- 8 channels ---------------------------------------------------------------------------------------- */

typedef __m128i dw_row_8;

DW_INLINE dw_row_8 dw_load_8(const uint8_t *from)
{
    return _mm_cvtepu8_epi16(_mm_loadl_epi64((const __m128i *)from));
}

#define dw_set1_8(x) _mm_set1_epi16((short)(x))

DW_INLINE dw_row_8 dw_weights_8(const int16_t *from)
{
    return _mm_loadu_si128((const __m128i *)from);
}

#define dw_pairs_low_8  _mm_unpacklo_epi16
#define dw_pairs_high_8 _mm_unpackhi_epi16

struct dw_sums_8 {
    __m128i low, high;
};

DW_INLINE __m128i dw_dot_8(__m128i sum, __m128i numbers, __m128i weights)
{
    return _mm_add_epi32(sum, _mm_madd_epi16(numbers, weights));
}

DW_INLINE struct dw_sums_8 dw_spread_8(const void *from)
{
    return (struct dw_sums_8){_mm_loadu_si128(from), _mm_loadu_si128((const __m128i *)from + 1)};
}

struct dw_scales_8 {
    __m128 low, high;
};

DW_INLINE struct dw_scales_8 dw_scales_of_8(const float *from)
{
    return (struct dw_scales_8){_mm_loadu_ps(from), _mm_loadu_ps(from + 4)};
}

DW_INLINE __m128 dw_scaled_8(__m128i sum, __m128 scale, float high)
{
    return _mm_min_ps(_mm_mul_ps(_mm_cvtepi32_ps(sum), scale), _mm_set1_ps(high));
}

DW_INLINE void dw_store_bytes_8(uint8_t *out, struct dw_sums_8 s, const struct dw_scales_8 *scales,
                                const struct duet_epilogue *e)
{
    const __m128i low = _mm_cvtps_epi32(dw_scaled_8(s.low, scales->low, e->high));
    const __m128i high = _mm_cvtps_epi32(dw_scaled_8(s.high, scales->high, e->high));
    const __m128i words = _mm_adds_epi16(_mm_packs_epi32(low, high), _mm_set1_epi16((short)e->zero));
    const __m128i least = _mm_set1_epi8((char)((int)e->low + e->zero));
    _mm_storel_epi64((__m128i *)out, _mm_max_epu8(_mm_packus_epi16(words, words), least));
}

DW_INLINE void dw_store_floats_8(float *out, struct dw_sums_8 s, const struct dw_scales_8 *scales,
                                 const struct duet_epilogue *e)
{
    const __m128 least = _mm_set1_ps(e->low);
    _mm_storeu_ps(out, _mm_max_ps(dw_scaled_8(s.low, scales->low, e->high), least));
    _mm_storeu_ps(out + 4, _mm_max_ps(dw_scaled_8(s.high, scales->high, e->high), least));
}

/* --- the kernel ---------------------------------------------------------------------------------------- */

#define DW(name)    dw_##name##_16
#define DW_CHANNELS 16
#include "kernels/vector/u8/depthwise_pairs.h"
#undef DW
#undef DW_CHANNELS
#define DW(name)    dw_##name##_8
#define DW_CHANNELS 8
#include "kernels/vector/u8/depthwise_pairs.h"
#undef DW
#undef DW_CHANNELS

/* What is left of 16 channels is done by 8, the last of them once more where fewer are left. */
static void depthwise3x3_u8(const struct duet_depthwise3x3_args *a)
{
    duet_depthwise3x3_promise(a, 1);
    assert(duet_epilogue_is_whole(&a->epilogue) && a->epilogue.output != DUET_I32);
    size_t c = 0;
    if (a->channels < 8) {
        duet_depthwise3x3_u8_scalar(a);
        return;
    }
    for (; c + 16 <= a->channels; c += 16) dw_rows_16(a, c);
    for (; c < a->channels; c += 8) dw_rows_8(a, c + 8 <= a->channels ? c : a->channels - 8);
}

#endif
