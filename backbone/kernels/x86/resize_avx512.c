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

/* Four pixels of a row as floats, four lanes each. */
static inline __m512 four_pixels(const uint8_t *row, uint32_t x0, uint32_t x1, uint32_t x2, uint32_t x3)
{
    __m128i bytes = _mm_setr_epi32(pixel_bytes(row, x0), pixel_bytes(row, x1), pixel_bytes(row, x2),
                                   pixel_bytes(row, x3));
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes));
}

static inline __m512 low_pixels(const uint8_t *row, const struct duet_resize_tap *c)
{
    return four_pixels(row, c[0].low, c[1].low, c[2].low, c[3].low);
}

static inline __m512 high_pixels(const uint8_t *row, const struct duet_resize_tap *c)
{
    return four_pixels(row, c[0].high, c[1].high, c[2].high, c[3].high);
}

/* from + (to - from) * fraction, each step rounded. */
static inline __m512 between(__m512 from, __m512 to, __m512 fraction)
{
    return _mm512_add_ps(from, _mm512_mul_ps(_mm512_sub_ps(to, from), fraction));
}

/* Four pixels at a time. A fourth byte of the row's last pixel may not be there to read: what comes near it
 * is left to the scalar kernel. */
void duet_resize_avx512(const struct duet_resize_args *a)
{
    duet_resize_promise(a);
    const struct duet_resize_tap *c = a->columns;
    const uint32_t last = a->out_width ? c[a->out_width - 1].high : 0;
    const __m512 fy = _mm512_set1_ps(a->fraction), scale = _mm512_set1_ps(a->scale),
                 shift = _mm512_set1_ps(a->shift);
    /* The lanes of the fractions in four taps, and of the channels in four pixels. */
    const __m512i fractions = _mm512_setr_epi32(2, 2, 2, 2, 5, 5, 5, 5, 8, 8, 8, 8, 11, 11, 11, 11);
    const __m512i close_up = _mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 15, 15, 15, 15);
    size_t x = 0;
    for (; x + 4 <= a->out_width && c[x + 3].high < last; x += 4) {
        __m512 fx = _mm512_permutexvar_ps(fractions, _mm512_maskz_loadu_ps(0x0fff, c + x));
        __m512 top = between(low_pixels(a->top, c + x), high_pixels(a->top, c + x), fx);
        __m512 bottom = between(low_pixels(a->bottom, c + x), high_pixels(a->bottom, c + x), fx);
        __m512 value = _mm512_add_ps(_mm512_mul_ps(between(top, bottom, fy), scale), shift);
        _mm512_mask_storeu_ps(a->output + x * 3, 0x0fff, _mm512_permutexvar_ps(close_up, value));
    }
    struct duet_resize_args rest = *a;
    rest.columns += x;
    rest.out_width -= x;
    rest.output += x * 3;
    duet_resize_scalar(&rest);
}
