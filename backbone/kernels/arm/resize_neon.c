#include "kernels/arm/arm.h"

#include <arm_neon.h>
#include <string.h>

/* The three channels of a pixel, and one of its neighbour, as floats. */
static inline float32x4_t pixel(const uint8_t *row, uint32_t x)
{
    uint32_t bytes;
    memcpy(&bytes, row + (size_t)x * 3, sizeof bytes);
    uint16x8_t wide = vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(bytes)));
    return vcvtq_f32_u32(vmovl_u16(vget_low_u16(wide)));
}

/* from + (to - from) * fraction, each step rounded. */
static inline float32x4_t between(float32x4_t from, float32x4_t to, float32x4_t fraction)
{
    return vaddq_f32(from, vmulq_f32(vsubq_f32(to, from), fraction));
}

/* A pixel at a time; the next one overwrites its fourth lane. A fourth byte of the row's last pixel may not
 * be there to read, nor a float after the output's last pixel to write: what comes near either is left to the
 * scalar kernel. */
void duet_resize_neon(const struct duet_resize_args *a)
{
    duet_resize_promise(a);
    const struct duet_resize_tap *c = a->columns;
    const uint32_t last = a->out_width ? c[a->out_width - 1].high : 0;
    const float32x4_t fy = vdupq_n_f32(a->fraction), scale = vdupq_n_f32(a->scale),
                      shift = vdupq_n_f32(a->shift);
    size_t x = 0;
    for (; x + 2 <= a->out_width && c[x].high < last; x++) {
        const float32x4_t fx = vdupq_n_f32(c[x].fraction);
        float32x4_t top = between(pixel(a->top, c[x].low), pixel(a->top, c[x].high), fx);
        float32x4_t bottom = between(pixel(a->bottom, c[x].low), pixel(a->bottom, c[x].high), fx);
        float32x4_t value = vaddq_f32(vmulq_f32(between(top, bottom, fy), scale), shift);
        vst1q_f32(a->output + x * 3, value);
    }
    struct duet_resize_args rest = *a;
    rest.columns += x;
    rest.out_width -= x;
    rest.output += x * 3;
    duet_resize_scalar(&rest);
}
