/* epilogue_u8.h: what becomes of finished sums of bytes, 8 channels of a pixel at a time (epilogue.h). */
#ifndef DUET_KERNELS_ARM_EPILOGUE_U8_H
#define DUET_KERNELS_ARM_EPILOGUE_U8_H

#include "kernels/epilogue.h"

#include <arm_neon.h>

struct u8_floats {
    float32x4_t low, high;
};

static inline struct u8_floats u8_load_floats(const float *from)
{
    return (struct u8_floats){vld1q_f32(from), vld1q_f32(from + 4)};
}

static inline struct u8_floats u8_scaled(int32x4_t low, int32x4_t high, struct u8_floats scales)
{
    return (struct u8_floats){vmulq_f32(vcvtq_f32_s32(low), scales.low),
                              vmulq_f32(vcvtq_f32_s32(high), scales.high)};
}

static inline struct u8_floats u8_add_residual(struct u8_floats x, const uint8_t *residual,
                                               const struct duet_epilogue *e)
{
    int16x8_t r = vreinterpretq_s16_u16(vmovl_u8(vld1_u8(residual)));
    r = vsubq_s16(r, vdupq_n_s16((int16_t)e->residual_zero));
    const float32x4_t low = vcvtq_f32_s32(vmovl_s16(vget_low_s16(r)));
    const float32x4_t high = vcvtq_f32_s32(vmovl_high_s16(r));
    return (struct u8_floats){vaddq_f32(x.low, vmulq_n_f32(low, e->residual_scale)),
                              vaddq_f32(x.high, vmulq_n_f32(high, e->residual_scale))};
}

/* Not vmaxnmq and vminnmq, whose zeros have other signs than the scalar kernel's. */
static inline float32x4_t u8_clamped_half(float32x4_t x, const struct duet_epilogue *e)
{
    const float32x4_t low = vdupq_n_f32(e->low), high = vdupq_n_f32(e->high);
    x = vbslq_f32(vcgtq_f32(x, low), x, low);
    return vbslq_f32(vcltq_f32(x, high), x, high);
}

static inline struct u8_floats u8_clamped(struct u8_floats x, const struct duet_epilogue *e)
{
    return (struct u8_floats){u8_clamped_half(x.low, e), u8_clamped_half(x.high, e)};
}

static inline void u8_store_floats(float *to, struct u8_floats x, const struct duet_epilogue *e)
{
    x = u8_clamped(x, e);
    vst1q_f32(to, x.low);
    vst1q_f32(to + 4, x.high);
}

static inline void u8_store_bytes(uint8_t *to, struct u8_floats x, const struct duet_epilogue *e)
{
    x = u8_clamped(x, e);
    const int16x8_t q = vmovn_high_s32(vmovn_s32(vcvtnq_s32_f32(x.low)), vcvtnq_s32_f32(x.high));
    vst1_u8(to, vqmovun_s16(vaddq_s16(q, vdupq_n_s16((int16_t)e->zero))));
}

#endif
