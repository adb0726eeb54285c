/* depthwise_quads.h: depthwise windows of bytes (depthwise3x3.h) from products of quads of bytes: of weights
 * that are int8. Three rows of a column are a quad, whose last byte has no weight: nine taps are three of
 * them, which a level adds to a sum each in one instruction.
 *
 * Included by a level once for each width, with DW(name) for that width's own names. A level gives
 *
 *   DW_CHANNELS                          of a group, 16 and more
 *   DW(vec)                              that many bytes, or a quarter as many of 4 bytes; DW(set1) of a byte
 *   DW(low8), DW(high8)                  of each 16 bytes of two vectors the first, or last, 8 side by side
 *   DW(low16), DW(high16)                the same of pairs of bytes
 *   DW(dot), DW(less)                    int32: adds products of quads, unsigned by signed; subtracts
 *   DW(bytes), DW(reals)                 the epilogue: bytes in order of four vectors of sums and of scales,
 * as they lie here; floats of one, which keep their places */
#include "kernels/depthwise3x3.h"

typedef DW(vec) DW(row);

/* Quads, of each 16 channels the first four, then four more ... */
struct DW(column) {
    DW(vec) quads[4];
};

/* int32, or floats, that lie alike. */
struct DW(sums) {
    DW(vec) of[4];
};

struct DW(group) {
    struct DW(column) weights[3];
    struct DW(sums) bias, scales;
};

DW_INLINE DW(vec) DW(load)(const void *from)
{
    DW(vec) x;
    memcpy(&x, from, sizeof x);
    return x;
}

DW_INLINE struct DW(column) DW(quads_of)(DW(vec) first, DW(vec) second, DW(vec) third, DW(vec) fourth)
{
    const DW(vec) a = DW(low8)(first, second), b = DW(low8)(third, fourth);
    const DW(vec) c = DW(high8)(first, second), d = DW(high8)(third, fourth);
    return (struct DW(column)){{DW(low16)(a, b), DW(high16)(a, b), DW(low16)(c, d), DW(high16)(c, d)}};
}

DW_INLINE struct DW(column) DW(column_of)(DW(vec) first, DW(vec) second, DW(vec) third, DW(vec) before)
{
    (void)before;
    return DW(quads_of)(first, second, third, third);
}

DW_INLINE struct DW(sums) DW(add)(struct DW(sums) s, const struct DW(column) * c, const struct DW(column) * w)
{
    for (int i = 0; i < 4; i++) s.of[i] = DW(dot)(s.of[i], c->quads[i], w->quads[i]);
    return s;
}

DW_INLINE struct DW(sums) DW(begin)(const struct DW(column) * c, const struct DW(group) * g)
{
    return DW(add)(g->bias, c, &g->weights[0]);
}

DW_INLINE struct DW(sums)
    DW(middle)(struct DW(sums) s, const struct DW(column) * c, const struct DW(group) * g)
{
    return DW(add)(s, c, &g->weights[1]);
}

DW_INLINE struct DW(sums)
    DW(finish)(struct DW(sums) s, const struct DW(column) * c, const struct DW(group) * g)
{
    return DW(add)(s, c, &g->weights[2]);
}

/* Numbers of 4 bytes, from their order to that of sums. */
static struct DW(sums) DW(spread)(const void *from)
{
    char to[4][DW_CHANNELS];
    for (size_t lane = 0; lane < DW_CHANNELS / 16; lane++)
        for (size_t i = 0; i < 4; i++)
            memcpy(to[i] + 16 * lane, (const char *)from + (4 * lane + i) * 16, 16);
    return (struct DW(sums)){{DW(load)(to[0]), DW(load)(to[1]), DW(load)(to[2]), DW(load)(to[3])}};
}

/* Channels c and on. */
static struct DW(group) DW(group_of)(const struct duet_depthwise3x3_args *a, size_t c)
{
    struct DW(group)
        g = {.bias = DW(spread)((const int32_t *)a->bias + c), .scales = DW(spread)(a->epilogue.scales + c)};
    int8_t taps[9][DW_CHANNELS];
    for (size_t tap = 0; tap < 9; tap++) {
        const int16_t *from = (const int16_t *)a->weights + tap * a->weight_stride + c;
        for (size_t i = 0; i < DW_CHANNELS; i++) taps[tap][i] = (int8_t)from[i];
    }
    const DW(vec) zero = DW(set1)(a->input_zero);
    struct DW(sums) much = {{DW(set1)(0), DW(set1)(0), DW(set1)(0), DW(set1)(0)}};
    for (size_t kx = 0; kx < 3; kx++) {
        g.weights[kx] =
            DW(quads_of)(DW(load)(taps[kx]), DW(load)(taps[3 + kx]), DW(load)(taps[6 + kx]), DW(set1)(0));
        much = DW(add)(much, &(struct DW(column)){{zero, zero, zero, zero}}, &g.weights[kx]);
    }
    for (int i = 0; i < 4; i++) g.bias.of[i] = DW(less)(g.bias.of[i], much.of[i]);
    return g;
}

DW_INLINE void DW(store_bytes)(uint8_t *out, struct DW(sums) s, const struct DW(sums) * scales,
                               const struct duet_epilogue *e)
{
    const DW(vec) bytes = DW(bytes)(s.of, scales->of, e);
    memcpy(out, &bytes, sizeof bytes);
}

DW_INLINE void DW(store_floats)(float *out, struct DW(sums) s, const struct DW(sums) * scales,
                                const struct duet_epilogue *e)
{
    for (size_t i = 0; i < 4; i++) {
        const DW(vec) x = DW(reals)(s.of[i], scales->of[i], e);
        char from[DW_CHANNELS];
        memcpy(from, &x, sizeof from);
        for (size_t lane = 0; lane < DW_CHANNELS / 16; lane++)
            memcpy(out + 16 * lane + 4 * i, from + 16 * lane, 16);
    }
}

#include "kernels/vector/u8/depthwise3x3.h"
