/* The kernels of NEON. */
#include "kernels/arm/arm.h"
#include "kernels/arm/vec_neon.h"

#include <string.h>

enum { RESIZE_PIXELS = 1, RESIZE_SPARE = 1 };

/* The three channels of a pixel, and one of its neighbour, as floats. */
static inline vec one_pixel(const uint8_t *row, uint32_t x)
{
    uint32_t bytes;
    memcpy(&bytes, row + (size_t)x * 3, sizeof bytes);
    uint16x8_t wide = vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(bytes)));
    return vcvtq_f32_u32(vmovl_u16(vget_low_u16(wide)));
}

static inline vec resize_low(const uint8_t *row, const struct duet_resize_tap *c)
{
    return one_pixel(row, c->low);
}

static inline vec resize_high(const uint8_t *row, const struct duet_resize_tap *c)
{
    return one_pixel(row, c->high);
}

static inline vec resize_fractions(const struct duet_resize_tap *c)
{
    return vec_set1(c->fraction);
}

/* The next pixel overwrites the fourth lane. */
static inline void resize_store(float *to, vec pixel)
{
    vec_store(to, pixel);
}

#include "kernels/vector/level.h"

void duet_arm_fill_neon(struct duet_kernels *k)
{
    fill_level(k);
}
