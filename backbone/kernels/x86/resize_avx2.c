#include "kernels/x86/x86.h"

#include <immintrin.h>
#include <string.h>

/* Four bytes: the three channels of a pixel and one of its neighbour. */
static inline int pixel_bytes(const uint8_t *row, uint32_t x)
{
    int bytes;
    memcpy(&bytes, row + (size_t)x * 3, sizeof bytes);
    return bytes;
}

/* Two pixels of a row as floats, four lanes each. */
static inline __m256 two_pixels(const uint8_t *row, uint32_t x0, uint32_t x1)
{
    __m128i bytes = _mm_insert_epi32(_mm_cvtsi32_si128(pixel_bytes(row, x0)), pixel_bytes(row, x1), 1);
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
}

/* from + (to - from) * fraction, each step rounded. */
static inline __m256 between(__m256 from, __m256 to, __m256 fraction)
{
    return _mm256_add_ps(from, _mm256_mul_ps(_mm256_sub_ps(to, from), fraction));
}

/* Two pixels at a time. A fourth byte of the row's last pixel may not be there to read, nor floats after the
 * output's last pixel to write: what comes near either is left to the scalar kernel. */
void duet_resize_avx2(const struct duet_resize_args *a)
{
    duet_resize_promise(a);
    const struct duet_resize_tap *c = a->columns;
    const uint32_t last = a->out_width ? c[a->out_width - 1].high : 0;
    const __m256 fy = _mm256_set1_ps(a->fraction), scale = _mm256_set1_ps(a->scale),
                 shift = _mm256_set1_ps(a->shift);
    const __m256i close_up = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7);
    size_t x = 0;
    for (; x + 3 <= a->out_width && c[x + 1].high < last; x += 2) {
        const struct duet_resize_tap l = c[x], r = c[x + 1];
        __m256 fx = _mm256_set_m128(_mm_set1_ps(r.fraction), _mm_set1_ps(l.fraction));
        __m256 top = between(two_pixels(a->top, l.low, r.low), two_pixels(a->top, l.high, r.high), fx);
        __m256 bottom =
            between(two_pixels(a->bottom, l.low, r.low), two_pixels(a->bottom, l.high, r.high), fx);
        __m256 value = _mm256_add_ps(_mm256_mul_ps(between(top, bottom, fy), scale), shift);
        _mm256_storeu_ps(a->output + x * 3, _mm256_permutevar8x32_ps(value, close_up));
    }
    struct duet_resize_args rest = *a;
    rest.columns += x;
    rest.out_width -= x;
    rest.output += x * 3;
    duet_resize_scalar(&rest);
}
