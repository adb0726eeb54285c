/* The kernels of AVX-512 F, VL, DQ and BW. */
#include "kernels/x86/vec_avx512.h"
#include "kernels/x86/vec_u8_avx512.h"
#include "kernels/x86/x86.h"

enum { RESIZE_PIXELS = 4, RESIZE_SPARE = 0 };

static inline vec four_pixels(const uint8_t *row, uint32_t x0, uint32_t x1, uint32_t x2, uint32_t x3)
{
    __m128i bytes = _mm_setr_epi32(duet_x86_pixel(row, x0), duet_x86_pixel(row, x1), duet_x86_pixel(row, x2),
                                   duet_x86_pixel(row, x3));
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes));
}

static inline vec resize_low(const uint8_t *row, const struct duet_resize_tap *c)
{
    return four_pixels(row, c[0].low, c[1].low, c[2].low, c[3].low);
}

static inline vec resize_high(const uint8_t *row, const struct duet_resize_tap *c)
{
    return four_pixels(row, c[0].high, c[1].high, c[2].high, c[3].high);
}

/* The lanes of the fractions in four taps. */
static inline vec resize_fractions(const struct duet_resize_tap *c)
{
    const __m512i fractions = _mm512_setr_epi32(2, 2, 2, 2, 5, 5, 5, 5, 8, 8, 8, 8, 11, 11, 11, 11);
    return _mm512_permutexvar_ps(fractions, _mm512_maskz_loadu_ps(0x0fff, c));
}

/* The channels close up. */
static inline void resize_store(float *to, vec pixels)
{
    const __m512i channels = _mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 15, 15, 15, 15);
    _mm512_mask_storeu_ps(to, 0x0fff, _mm512_permutexvar_ps(channels, pixels));
}

#include "kernels/vector/level.h"
#include "kernels/vector/u8/level.h"

void duet_x86_fill_avx512(struct duet_kernels *k)
{
    fill_level(k);
    fill_level_u8(k);
}
