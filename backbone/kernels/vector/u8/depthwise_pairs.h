/* depthwise_pairs.h: depthwise windows of bytes (depthwise3x3.h) from products of pairs of int16: exact, of
 * any weights. Nine taps are five pairs: the upper two rows of each column, and in the third row each column
 * with the one before it, where a window's first two taps are a pair and the last one is half of another.
 *
 * Included by a level once for each width, with DW(name) for that width's own names. A level gives
 *
 *   DW_CHANNELS                          of a group
 *   DW(row), DW(load), DW(weights)       that many int16, from bytes and from int16; DW(set1)
 *   DW(pairs_low), DW(pairs_high)        two rows' numbers side by side, for one half of the channels each
 *   struct DW(sums), DW(dot)             .low and .high, int32 of these halves; adds products of pairs to one
 *   DW(spread)                           sums, from int32 in order
 *   struct DW(scales), DW(scales_of)     the same of floats
 *   DW(store_bytes), DW(store_floats)    the epilogue */
#include "kernels/depthwise3x3.h"

struct DW(pairs) {
    DW(row) low, high;
};

/* Three rows of a column. */
struct DW(column) {
    struct DW(pairs) above, below;
};

struct DW(group) {
    struct DW(pairs) above[3], below, last;
    struct DW(sums) bias;
    struct DW(scales) scales;
};

DW_INLINE struct DW(pairs) DW(pairs_of)(DW(row) a, DW(row) b)
{
    return (struct DW(pairs)){DW(pairs_low)(a, b), DW(pairs_high)(a, b)};
}

/* `before`: the third row of the column before. */
DW_INLINE struct DW(column) DW(column_of)(DW(row) first, DW(row) second, DW(row) third, DW(row) before)
{
    return (struct DW(column)){DW(pairs_of)(first, second), DW(pairs_of)(before, third)};
}

DW_INLINE struct DW(sums) DW(add)(struct DW(sums) s, struct DW(pairs) x, const struct DW(pairs) * w)
{
    return (struct DW(sums)){DW(dot)(s.low, x.low, w->low), DW(dot)(s.high, x.high, w->high)};
}

DW_INLINE struct DW(sums) DW(begin)(const struct DW(column) * c, const struct DW(group) * g)
{
    return DW(add)(g->bias, c->above, &g->above[0]);
}

DW_INLINE struct DW(sums)
    DW(middle)(struct DW(sums) s, const struct DW(column) * c, const struct DW(group) * g)
{
    return DW(add)(DW(add)(s, c->above, &g->above[1]), c->below, &g->below);
}

DW_INLINE struct DW(sums)
    DW(finish)(struct DW(sums) s, const struct DW(column) * c, const struct DW(group) * g)
{
    return DW(add)(DW(add)(s, c->above, &g->above[2]), c->below, &g->last);
}

/* Channels c and on. */
static struct DW(group) DW(group_of)(const struct duet_depthwise3x3_args *a, size_t c)
{
    struct DW(group) g = {.bias = DW(spread)((const int32_t *)a->bias + c),
                          .scales = DW(scales_of)(a->epilogue.scales + c)};
    DW(row) taps[9];
    for (size_t i = 0; i < 9; i++)
        taps[i] = DW(weights)((const int16_t *)a->weights + i * a->weight_stride + c);
    const struct DW(pairs) zero = {DW(set1)(-a->input_zero), DW(set1)(-a->input_zero)};
    for (size_t kx = 0; kx < 3; kx++) {
        g.above[kx] = DW(pairs_of)(taps[kx], taps[3 + kx]);
        g.bias = DW(add)(g.bias, zero, &g.above[kx]);
    }
    g.below = DW(pairs_of)(taps[6], taps[7]);
    g.last = DW(pairs_of)(DW(set1)(0), taps[8]);
    g.bias = DW(add)(DW(add)(g.bias, zero, &g.below), zero, &g.last);
    return g;
}

#include "kernels/vector/u8/depthwise3x3.h"
