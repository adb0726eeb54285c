/* tile.h: the inner loop of convolutions of bytes, for any vector instruction set: up to U8_TILE_ROWS pixels
 * by two vectors of output channels, or U8_NARROW_ROWS by one, all sums in registers. Included after the
 * header that defines the vectors (x86/vec_u8_avx2.h ...).
 *
 * A lane takes 4 bytes at a time: as many input channels as the level multiplies and adds at once, a unit.
 * Each step reads a unit of each pixel and U8_PANEL units of weights, whatever the level: the loop is that of
 * the float32 kernels (vector/tile.h). Weights are bytes in memory; a level that multiplies int16 widens them
 * as they are read, which costs it less than reading twice as many (SSDLite: 3 % less time).
 */
#ifndef DUET_KERNELS_U8_TILE_H
#define DUET_KERNELS_U8_TILE_H

#include "kernels/vector/u8/finish.h"

#include <stdbool.h>

enum { U8_PANEL = 16, U8_STEP = U8_PANEL * U8_UNIT /* bytes of weights from one unit to the next */ };

struct u8_tile {
    const char *input;   /* of the first pixel: its units */
    size_t input_stride; /* bytes from pixel to pixel */
    size_t units;
    const char *weights[2]; /* of each vector of columns */
    const int32_t *bias;    /* [U8_GROUP] */
    /* Weights are stored too large by `zeros` [U8_GROUP]; each pixel's bytes add up to so much. NULL: no. */
    const int32_t *zeros, *byte_sums;
    size_t count;           /* tiles of equal height, one after the other */
};

#define U8_EACH_ROW(DO)                                                                                      \
    DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13)

/* See vector/tile.h. */
#define U8_OWN_REGISTER(pointer) __asm__("" : "+r"(pointer))

/* `rows` and `two` are constants where this is inlined: what does not apply vanishes. */
static inline __attribute__((always_inline)) void u8_tile_body(const int rows, const bool two,
                                                               const struct u8_tile *t, int32_t *to)
{
    const sums b0 = sums_load(t->bias), b1 = two ? sums_load(t->bias + U8_LANES) : b0;
    const size_t stride = t->input_stride;
    for (size_t tile = 0; tile < t->count; tile++, to += rows * U8_GROUP) {
#define START(i) sums s##i##_0 = b0, s##i##_1 = b1;
        U8_EACH_ROW(START)
#undef START
        if (t->byte_sums) {
            const int32_t *byte_sums = t->byte_sums + tile * (size_t)rows;
            const sums z0 = sums_load(t->zeros), z1 = two ? sums_load(t->zeros + U8_LANES) : z0;
#define TAKE(i)                                                                                              \
    if (i < rows) {                                                                                          \
        const sums x = sums_set1(byte_sums[i]);                                                              \
        s##i##_0 = sums_sub(s##i##_0, sums_mul(x, z0));                                                      \
        if (two) s##i##_1 = sums_sub(s##i##_1, sums_mul(x, z1));                                             \
    }
            U8_EACH_ROW(TAKE)
#undef TAKE
        }
        /* Pointers to every third pixel; the two behind each are one and two strides away. */
        const char *in0 = t->input + tile * (size_t)rows * stride;
        const char *in3 = in0 + (rows > 3 ? 3 * stride : 0), *in6 = in0 + (rows > 6 ? 6 * stride : 0);
        const char *in9 = in0 + (rows > 9 ? 9 * stride : 0), *in12 = in0 + (rows > 12 ? 12 * stride : 0);
        const char *w0 = t->weights[0], *w1 = t->weights[1];
        U8_OWN_REGISTER(in3);
        U8_OWN_REGISTER(in6);
        U8_OWN_REGISTER(in9);
        U8_OWN_REGISTER(in12);
#define STEP(i)                                                                                              \
    if (i < rows) {                                                                                          \
        const char *const in = i < 3 ? in0 : i < 6 ? in3 : i < 9 ? in6 : i < 12 ? in9 : in12;                \
        const sums x = unit_spread(in + at + i % 3 * stride);                                                \
        s##i##_0 = sums_dot(s##i##_0, x, v0);                                                                \
        if (two) s##i##_1 = sums_dot(s##i##_1, x, v1);                                                       \
    }
        size_t left = t->units;
        for (; left >= 2; left -= 2, w0 += 2 * U8_STEP, w1 += 2 * U8_STEP) {
            for (int at = 0; at < 8; at += 4) {
                const sums v0 = weights_load(w0 + at / 4 * U8_STEP);
                const sums v1 = two ? weights_load(w1 + at / 4 * U8_STEP) : v0;
                U8_EACH_ROW(STEP)
            }
            in0 += 8, in3 += 8, in6 += 8, in9 += 8, in12 += 8;
        }
        if (left) {
            const int at = 0;
            const sums v0 = weights_load(w0), v1 = two ? weights_load(w1) : v0;
            U8_EACH_ROW(STEP)
        }
#undef STEP
#define STORE(i)                                                                                             \
    if (i < rows) {                                                                                          \
        sums_store(to + i * U8_GROUP, s##i##_0);                                                             \
        if (two) sums_store(to + i * U8_GROUP + U8_LANES, s##i##_1);                                         \
    }
        U8_EACH_ROW(STORE)
#undef STORE
    }
}

#define U8_TILE_FUNCTIONS(i)                                                                                 \
    static void u8_tile_##i##_one(const struct u8_tile *t, int32_t *to)                                      \
    {                                                                                                        \
        u8_tile_body(i < U8_NARROW_ROWS ? i + 1 : 0, false, t, to);                                          \
    }                                                                                                        \
    static void u8_tile_##i##_two(const struct u8_tile *t, int32_t *to)                                      \
    {                                                                                                        \
        u8_tile_body(i < U8_TILE_ROWS ? i + 1 : 0, true, t, to);                                             \
    }
U8_EACH_ROW(U8_TILE_FUNCTIONS)
#undef U8_TILE_FUNCTIONS

enum { U8_MOST_ROWS = 14 };

typedef void u8_tile_fn(const struct u8_tile *t, int32_t *to);

static inline u8_tile_fn *u8_tile_of(size_t rows, bool two)
{
#define CHOICES(i) {u8_tile_##i##_one, u8_tile_##i##_two},
    static u8_tile_fn *const choices[U8_MOST_ROWS][2] = {U8_EACH_ROW(CHOICES)};
#undef CHOICES
    return choices[rows - 1][two];
}

#endif
