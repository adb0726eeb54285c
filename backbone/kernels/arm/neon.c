/* The kernels of NEON. */
#include "kernels/arm/arm.h"
#include "kernels/arm/depthwise_u8.h"
#include "kernels/arm/sums_u8.h"
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

/* --- convolutions of bytes ----------------------------------------------------------------------------- */

#define U8_PACKING                                                                                           \
    {                                                                                                        \
        U8_PANEL, 1, sizeof(int16_t), 0, duet_pack_whole                                                     \
    }

enum { U8_UNIT = 1, U8_BLOCK = 8 };

typedef int16_t u8_weight;

U8_ALWAYS_INLINE void u8_block(const int rows, const uint8_t *in, size_t stride, const int16_t *w,
                               struct u8_sums *s)
{
#define LOAD(i)                                                                                              \
    const int16x8_t x##i =                                                                                   \
        i < rows ? vreinterpretq_s16_u16(vmovl_u8(vld1_u8(in + i * stride))) : vdupq_n_s16(0);
#define ROW(i)                                                                                               \
    if (i < rows) {                                                                                          \
        s->of[i][0] = vmlal_laneq_s16(s->of[i][0], vget_low_s16(wk), x##i, lane);                            \
        s->of[i][1] = vmlal_high_laneq_s16(s->of[i][1], wk, x##i, lane);                                     \
    }
#define UNIT(k)                                                                                              \
    {                                                                                                        \
        enum { lane = k };                                                                                   \
        const int16x8_t wk = vld1q_s16(w + k * U8_PANEL);                                                    \
        U8_EACH_ROW(ROW)                                                                                     \
        U8_NO_EARLIER_LOADS                                                                                  \
    }
    U8_EACH_ROW(LOAD)
    UNIT(0)
    UNIT(1)
    UNIT(2)
    UNIT(3)
    UNIT(4)
    UNIT(5)
    UNIT(6)
    UNIT(7)
#undef UNIT
#undef ROW
#undef LOAD
}

U8_ALWAYS_INLINE void u8_unit(const int rows, const uint8_t *in, size_t stride, const int16_t *w,
                              struct u8_sums *s)
{
    const int16x8_t wk = vld1q_s16(w);
#define ROW(i)                                                                                               \
    if (i < rows) {                                                                                          \
        s->of[i][0] = vmlal_n_s16(s->of[i][0], vget_low_s16(wk), in[i * stride]);                            \
        s->of[i][1] = vmlal_high_n_s16(s->of[i][1], wk, in[i * stride]);                                     \
    }
    U8_EACH_ROW(ROW)
#undef ROW
}

static inline void u8_finish(const int rows, struct u8_sums *s)
{
    (void)rows; /* they are in order */
    (void)s;
}

#include "kernels/arm/conv_u8.h"

void duet_arm_fill_neon(struct duet_kernels *k)
{
    fill_level(k);
    k->of[DUET_U8].conv1x1 = (struct duet_conv1x1_kernel){U8_PACKING, conv1x1_u8};
    k->of[DUET_U8].conv3x3 = (struct duet_conv3x3_kernel){U8_PACKING, conv3x3_u8};
    k->of[DUET_U8].depthwise3x3.run = depthwise3x3_u8;
}
