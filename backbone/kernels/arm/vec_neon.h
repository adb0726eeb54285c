/* vec_neon.h: the vectors of the NEON kernels: 4 floats. */
#ifndef DUET_KERNELS_VEC_NEON_H
#define DUET_KERNELS_VEC_NEON_H

#include <arm_neon.h>
#include <stddef.h>

/* 10 x 2 sums, 2 vectors of weights and 10 values, which the multiply-adds take by lane: all 32 registers.
 * The compiler loads every value of a step before it uses the first; with more rows it kept sums in memory.
 */
enum { VEC_LANES = 4, VEC_TILE_ROWS = 10, VEC_TILE_NARROW_ROWS = 14 };

typedef float32x4_t vec;

/* See x86/vec_avx512.h. Here nothing is read by a multiply-add. */
#define VEC_KEEP(x) ((void)(x))

#define vec_set1         vdupq_n_f32
#define vec_load         vld1q_f32
#define vec_store        vst1q_f32
#define vec_fma(a, b, c) vfmaq_f32(c, a, b)
#define vec_add          vaddq_f32
#define vec_sub          vsubq_f32
#define vec_mul          vmulq_f32
#define vec_div          vdivq_f32

/* The first n floats, or all when n is more; the others are 0 and not read. */
static inline vec vec_load_some(const float *from, size_t n)
{
    if (n >= 4) return vld1q_f32(from);
    vec x = vdupq_n_f32(0.0f);
    if (n > 0) x = vld1q_lane_f32(from, x, 0);
    if (n > 1) x = vld1q_lane_f32(from + 1, x, 1);
    if (n > 2) x = vld1q_lane_f32(from + 2, x, 2);
    return x;
}

static inline void vec_store_some(float *to, vec x, size_t n)
{
    if (n >= 4) {
        vst1q_f32(to, x);
        return;
    }
    if (n > 0) vst1q_lane_f32(to, x, 0);
    if (n > 1) vst1q_lane_f32(to + 1, x, 1);
    if (n > 2) vst1q_lane_f32(to + 2, x, 2);
}

/* Lane by lane: x > y ? a : b. */
static inline vec vec_choose_more(vec x, vec y, vec a, vec b)
{
    return vbslq_f32(vcgtq_f32(x, y), a, b);
}

/* 2^n of n + 1.5 * 2^23, for whole n. */
static inline vec vec_power_of_2(vec shifted)
{
    uint32x4_t bits = vaddq_u32(vreinterpretq_u32_f32(shifted), vdupq_n_u32(127));
    return vreinterpretq_f32_u32(vshlq_n_u32(bits, 23));
}

/* A NaN becomes the lower bound (see epilogue.h): fmaxnm, unlike fmax, prefers the number to a NaN. (Not to a
 * signalling one, but x comes out of an addition and those are quiet.) */
static inline vec vec_clamp(vec x, vec low, vec high)
{
    return vminnmq_f32(vmaxnmq_f32(x, low), high);
}

/* --- half vectors: only what a tile's last columns need ------------------------------------------------ */

typedef float32x2_t vec_half;

#define vec_low_half      vget_low_f32
#define half_set1         vdup_n_f32
#define half_load         vld1_f32
#define half_fma(a, b, c) vfma_f32(c, a, b)
#define half_add          vadd_f32

static inline vec_half half_load_some(const float *from, size_t n)
{
    if (n >= 2) return vld1_f32(from);
    vec_half x = vdup_n_f32(0.0f);
    return n > 0 ? vld1_lane_f32(from, x, 0) : x;
}

static inline void half_store_some(float *to, vec_half x, size_t n)
{
    if (n >= 2)
        vst1_f32(to, x);
    else if (n > 0)
        vst1_lane_f32(to, x, 0);
}

static inline vec_half half_clamp(vec_half x, vec_half low, vec_half high)
{
    return vminnm_f32(vmaxnm_f32(x, low), high);
}

#endif
