/* vec_u8_plain.h: vectors of bytes' kernels in plain C, of as many lanes and bytes a unit as the file that
 * includes it says: U8_LANES, U8_UNIT, U8_TILE_ROWS, U8_NARROW_ROWS. They are what x86/vec_u8_256.h and the
 * like are, instruction by instruction, so that a level's loops are tested where its instructions are not. */
#ifndef DUET_VEC_U8_PLAIN_H
#define DUET_VEC_U8_PLAIN_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Not inlined: unrolled for every row of every tile they took compilers half a minute a level. */
#define PLAIN static __attribute__((noinline, unused))

typedef struct {
    int32_t lane[U8_LANES];
} sums;

typedef struct {
    float lane[U8_LANES];
} reals;

#define EACH_LANE(result, value)                                                                             \
    do {                                                                                                     \
        for (int i = 0; i < U8_LANES; i++) (result).lane[i] = (value);                                       \
    } while (0)

PLAIN sums sums_load(const void *from)
{
    sums x;
    memcpy(&x, from, sizeof x);
    return x;
}

PLAIN void sums_store(void *to, sums x)
{
    memcpy(to, &x, sizeof x);
}

PLAIN sums sums_set1(int32_t value)
{
    sums x;
    EACH_LANE(x, value);
    return x;
}

PLAIN sums sums_sub(sums x, sums y)
{
    EACH_LANE(x, (int32_t)((uint32_t)x.lane[i] - (uint32_t)y.lane[i]));
    return x;
}

PLAIN sums sums_mul(sums x, sums y)
{
    EACH_LANE(x, (int32_t)((uint32_t)x.lane[i] * (uint32_t)y.lane[i]));
    return x;
}

PLAIN sums unit_spread(const void *from)
{
    int32_t unit;
    memcpy(&unit, from, sizeof unit);
    return sums_set1(unit);
}

/* vpmovsxbw, where a unit is of int16. */
static inline sums weights_load(const char *from)
{
    int16_t wide[2 * U8_LANES];
    if (U8_UNIT == 4) return sums_load(from);
    for (int i = 0; i < 2 * U8_LANES; i++) wide[i] = ((const int8_t *)(const void *)from)[i];
    return sums_load(wide);
}

/* vpmaddwd and an addition: two int16 by two. */
static inline int32_t lane_pairs(int32_t sum, const int32_t *unit, const int32_t *weights)
{
    int16_t x[2], w[2];
    memcpy(x, unit, sizeof x);
    memcpy(w, weights, sizeof w);
    for (int j = 0; j < 2; j++) sum = (int32_t)((uint32_t)sum + (uint32_t)(x[j] * w[j]));
    return sum;
}

/* vpdpbusd: four bytes by four signed ones. */
static inline int32_t lane_quads(int32_t sum, const int32_t *unit, const int32_t *weights)
{
    uint8_t x[4];
    int8_t w[4];
    memcpy(x, unit, sizeof x);
    memcpy(w, weights, sizeof w);
    for (int j = 0; j < 4; j++) sum = (int32_t)((uint32_t)sum + (uint32_t)(x[j] * w[j]));
    return sum;
}

PLAIN sums sums_dot(sums sum, sums unit, sums weights)
{
    if (U8_UNIT == 2)
        EACH_LANE(sum, lane_pairs(sum.lane[i], &unit.lane[i], &weights.lane[i]));
    else
        EACH_LANE(sum, lane_quads(sum.lane[i], &unit.lane[i], &weights.lane[i]));
    return sum;
}

PLAIN reals reals_set1(float value)
{
    reals x;
    EACH_LANE(x, value);
    return x;
}

PLAIN reals reals_load(const float *from)
{
    reals x;
    memcpy(&x, from, sizeof x);
    return x;
}

PLAIN void reals_store(float *to, reals x)
{
    memcpy(to, &x, sizeof x);
}

PLAIN reals reals_add(reals x, reals y)
{
    EACH_LANE(x, x.lane[i] + y.lane[i]);
    return x;
}

PLAIN reals reals_mul(reals x, reals y)
{
    EACH_LANE(x, x.lane[i] * y.lane[i]);
    return x;
}

PLAIN reals reals_of(sums x)
{
    reals y;
    EACH_LANE(y, (float)x.lane[i]);
    return y;
}

/* The second operand, where they are equal or one is no number. */
PLAIN reals reals_clamp(reals x, reals low, reals high)
{
    EACH_LANE(x, x.lane[i] > low.lane[i] ? x.lane[i] : low.lane[i]);
    EACH_LANE(x, x.lane[i] < high.lane[i] ? x.lane[i] : high.lane[i]);
    return x;
}

PLAIN sums bytes_load(const uint8_t *from)
{
    sums x;
    EACH_LANE(x, from[i]);
    return x;
}

PLAIN void bytes_store(uint8_t *to, reals x, int zero)
{
    for (int i = 0; i < U8_LANES; i++) to[i] = (uint8_t)((int)nearbyintf(x.lane[i]) + zero);
}

struct byte_range {
    float low, high;
    int zero;
};

static inline struct byte_range byte_range_of(float low, float high, int zero)
{
    return (struct byte_range){low, high, zero};
}

PLAIN void bytes_store_rows(uint8_t *to, uint8_t *to2, reals x, reals y, reals x2, reals y2,
                            const struct byte_range *range)
{
    const reals low = reals_set1(range->low), high = reals_set1(range->high);
    bytes_store(to, reals_clamp(x, low, high), range->zero);
    bytes_store(to + U8_LANES, reals_clamp(y, low, high), range->zero);
    bytes_store(to2, reals_clamp(x2, low, high), range->zero);
    bytes_store(to2 + U8_LANES, reals_clamp(y2, low, high), range->zero);
}

#undef EACH_LANE
#undef PLAIN

#endif
