/* The kernels of AVX2 and FMA. */
#include "kernels/x86/depthwise_u8_avx2.h"
#include "kernels/x86/vec_avx2.h"
#include "kernels/x86/vec_u8_avx2.h"
#include "kernels/x86/x86.h"

enum { RESIZE_PIXELS = 2, RESIZE_SPARE = 1 };

static inline vec two_pixels(const uint8_t *row, uint32_t x0, uint32_t x1)
{
    __m128i bytes = _mm_insert_epi32(_mm_cvtsi32_si128(duet_x86_pixel(row, x0)), duet_x86_pixel(row, x1), 1);
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
}

static inline vec resize_low(const uint8_t *row, const struct duet_resize_tap *c)
{
    return two_pixels(row, c[0].low, c[1].low);
}

static inline vec resize_high(const uint8_t *row, const struct duet_resize_tap *c)
{
    return two_pixels(row, c[0].high, c[1].high);
}

static inline vec resize_fractions(const struct duet_resize_tap *c)
{
    return _mm256_set_m128(_mm_set1_ps(c[1].fraction), _mm_set1_ps(c[0].fraction));
}

/* The channels close up: 6 floats and 2 that the next pixels overwrite. */
static inline void resize_store(float *to, vec pixels)
{
    _mm256_storeu_ps(to, _mm256_permutevar8x32_ps(pixels, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7)));
}

#include "kernels/vector/level.h"
#include "kernels/vector/u8/level.h"

void duet_x86_fill_avx2(struct duet_kernels *k)
{
    fill_level(k);
    fill_level_u8(k);
    k->of[DUET_U8].depthwise3x3.run = depthwise3x3_u8;
}
