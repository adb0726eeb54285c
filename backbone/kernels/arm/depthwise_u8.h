/* depthwise_u8.h: depthwise3x3 of bytes on NEON: 8 channels at a time, products of int16 added to int32. */
#ifndef DUET_KERNELS_ARM_DEPTHWISE_U8_H
#define DUET_KERNELS_ARM_DEPTHWISE_U8_H

#include "kernels/arm/epilogue_u8.h"
#include "kernels/depthwise3x3.h"

#include <string.h>

#define DW(name)    dw_##name##_u8
#define DW_INLINE   static inline __attribute__((always_inline))
#define DW_CHANNELS 8

typedef int16x8_t DW(row);

DW_INLINE int16x8_t DW(load)(const uint8_t *from)
{
    return vreinterpretq_s16_u16(vmovl_u8(vld1_u8(from)));
}

/* Three rows of a column. */
struct DW(column) {
    int16x8_t rows[3];
};

DW_INLINE struct DW(column)
    DW(column_of)(int16x8_t first, int16x8_t second, int16x8_t third, int16x8_t before)
{
    (void)before;
    return (struct DW(column)){{first, second, third}};
}

struct DW(sums) {
    int32x4_t low, high;
};

struct DW(group) {
    int16x8_t weights[9];
    struct DW(sums) bias;
    struct u8_floats scales;
};

DW_INLINE struct DW(sums) DW(add)(struct DW(sums) s, int16x8_t x, int16x8_t w)
{
    return (struct DW(sums)){vmlal_s16(s.low, vget_low_s16(x), vget_low_s16(w)),
                             vmlal_high_s16(s.high, x, w)};
}

/* A column of weights, the one of `kx`. */
DW_INLINE struct DW(sums) DW(add_column)(struct DW(sums) s, const struct DW(column) * c,
                                         const struct DW(group) * g, const size_t kx)
{
    s = DW(add)(s, c->rows[0], g->weights[kx]);
    s = DW(add)(s, c->rows[1], g->weights[3 + kx]);
    return DW(add)(s, c->rows[2], g->weights[6 + kx]);
}

DW_INLINE struct DW(sums) DW(begin)(const struct DW(column) * c, const struct DW(group) * g)
{
    return DW(add_column)(g->bias, c, g, 0);
}

DW_INLINE struct DW(sums)
    DW(middle)(struct DW(sums) s, const struct DW(column) * c, const struct DW(group) * g)
{
    return DW(add_column)(s, c, g, 1);
}

DW_INLINE struct DW(sums)
    DW(finish)(struct DW(sums) s, const struct DW(column) * c, const struct DW(group) * g)
{
    return DW(add_column)(s, c, g, 2);
}

/* Channels c and on. */
static struct DW(group) DW(group_of)(const struct duet_depthwise3x3_args *a, size_t c)
{
    const int32_t *bias = (const int32_t *)a->bias + c;
    struct DW(group) g = {.bias = {vld1q_s32(bias), vld1q_s32(bias + 4)},
                          .scales = u8_load_floats(a->epilogue.scales + c)};
    const int16x8_t zero = vdupq_n_s16((int16_t)-a->input_zero);
    for (size_t tap = 0; tap < 9; tap++) {
        g.weights[tap] = vld1q_s16((const int16_t *)a->weights + tap * a->weight_stride + c);
        g.bias = DW(add)(g.bias, zero, g.weights[tap]);
    }
    return g;
}

DW_INLINE void DW(store_bytes)(void *to, struct DW(sums) s, const struct u8_floats *scales,
                               const struct duet_epilogue *e)
{
    u8_store_bytes(to, u8_scaled(s.low, s.high, *scales), e);
}

DW_INLINE void DW(store_floats)(void *to, struct DW(sums) s, const struct u8_floats *scales,
                                const struct duet_epilogue *e)
{
    u8_store_floats(to, u8_scaled(s.low, s.high, *scales), e);
}

#include "kernels/vector/u8/depthwise3x3.h"

/* The last 8 channels are done once more where fewer are left. */
static void depthwise3x3_u8(const struct duet_depthwise3x3_args *a)
{
    duet_depthwise3x3_promise(a, 1);
    assert(duet_epilogue_is_whole(&a->epilogue) && a->epilogue.output != DUET_I32);
    if (a->channels < 8) {
        duet_depthwise3x3_u8_scalar(a);
        return;
    }
    for (size_t c = 0; c < a->channels; c += 8) DW(rows)(a, c + 8 <= a->channels ? c : a->channels - 8);
}

#endif
