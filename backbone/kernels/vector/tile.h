/* tile.h: the inner loop of the convolutions, for any vector instruction set: up to VEC_TILE_ROWS pixels by
 * one panel of two vectors of output channels, all sums in registers. Included, after the header that defines
 * the vectors (x86/vec_avx512.h ...), by that level's conv1x1 and conv3x3.
 *
 * Each step reads one row of the panel and one value of each pixel and does 2 * rows multiply-adds. That is
 * far below what a core can load from L2, so the loop runs at the speed of the multipliers.
 *
 * The rows are spelt out by a macro rather than a loop over arrays: this way no compiler can leave a sum in
 * memory.
 */
#ifndef DUET_KERNELS_TILE_H
#define DUET_KERNELS_TILE_H

#include "kernels/epilogue.h"

#include <stdbool.h>
#include <stddef.h>

enum { TILE_PANEL = 2 * VEC_LANES };

/* A run of consecutive k: `depth` input values of each pixel against as many rows of the panel. */
struct tile_run {
    const float *input;   /* of the tile's first pixel */
    const float *weights; /* [depth][TILE_PANEL] */
    size_t depth;
};

struct tile {
    struct tile_run *runs;
    size_t run_count;
    size_t input_stride; /* floats between pixels */
    size_t columns;      /* output channels, 1 .. TILE_PANEL */
    const float *bias;   /* [columns]; NULL: sums go on from what `output` holds */
    const float *residual;
    size_t residual_stride;
    float *output;
    size_t output_stride;
    struct duet_epilogue epilogue;
    size_t count; /* tiles of equal height, one after the other */
};

#define TILE_EACH_ROW(DO)                                                                                    \
    DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13)

/* What a tile's columns take: so many vectors, or vectors and a half one, so that 24 channels do not cost as
 * much as 32. `whole`: every lane is an output channel. */
enum tile_shape { TILE_HALF, TILE_ONE, TILE_ONE_HALF, TILE_TWO, TILE_WHOLE, TILE_SHAPES };

/* Keeps the compiler from deriving one pointer from another, for which it would spend more registers than
 * there are. */
#define TILE_OWN_REGISTER(pointer) __asm__("" : "+r"(pointer))

/* `rows` and `shape` are constants where this is inlined: what does not apply vanishes. */
static inline __attribute__((always_inline)) void tile_body(const int rows, const enum tile_shape shape,
                                                            const struct tile *t)
{
    const bool first = shape != TILE_HALF, second = shape >= TILE_TWO, whole = shape == TILE_WHOLE;
    const bool half = shape == TILE_HALF || shape == TILE_ONE_HALF;
    const size_t at_half = first ? VEC_LANES : 0; /* the half vector's place in the panel */
    const size_t n = t->columns, n_second = n - VEC_LANES, n_half = n - at_half;
    const size_t in_stride = t->input_stride, out_stride = t->output_stride;

#define LOAD0(from) (whole ? vec_load(from) : vec_load_some(from, n))
#define LOAD1(from) (whole ? vec_load((from) + VEC_LANES) : vec_load_some((from) + VEC_LANES, n_second))
#define LOADH(from) half_load_some((from) + at_half, n_half)
    for (size_t tile = 0; tile < t->count; tile++) {
        float *const out = t->output + tile * (size_t)rows * out_stride;
        vec b0 = vec_set1(0.0f), b1 = b0;
        vec_half bh = half_set1(0.0f);
        if (t->bias) {
            if (first) b0 = LOAD0(t->bias);
            if (second) b1 = LOAD1(t->bias);
            if (half) bh = LOADH(t->bias);
        }
#define START(i)                                                                                             \
    vec s##i##_0 = b0, s##i##_1 = b1;                                                                        \
    vec_half s##i##_h = bh;
        TILE_EACH_ROW(START)
#undef START
        if (!t->bias) {
            const float *from = out;
#define GO_ON(i)                                                                                             \
    if (i < rows) {                                                                                          \
        if (first) s##i##_0 = LOAD0(from);                                                                   \
        if (second) s##i##_1 = LOAD1(from);                                                                  \
        if (half) s##i##_h = LOADH(from);                                                                    \
        from += out_stride;                                                                                  \
    }
            TILE_EACH_ROW(GO_ON)
#undef GO_ON
        }

        for (size_t r = 0; r < t->run_count; r++) {
            /* Pointers to every third pixel; the two behind each are one and two strides away. */
            const float *in0 = t->runs[r].input + tile * (size_t)rows * in_stride;
            const float *in3 = in0 + (rows > 3 ? 3 * in_stride : 0),
                        *in6 = in0 + (rows > 6 ? 6 * in_stride : 0);
            const float *in9 = in0 + (rows > 9 ? 9 * in_stride : 0),
                        *in12 = in0 + (rows > 12 ? 12 * in_stride : 0);
            const float *w = t->runs[r].weights, *const end = w + t->runs[r].depth * TILE_PANEL;
            TILE_OWN_REGISTER(in3);
            TILE_OWN_REGISTER(in6);
            TILE_OWN_REGISTER(in9);
            TILE_OWN_REGISTER(in12);
            for (; w < end; w += TILE_PANEL, in0++, in3++, in6++, in9++, in12++) {
                const vec w0 = first ? vec_load(w) : b0, w1 = second ? vec_load(w + VEC_LANES) : b1;
                const vec_half wh = half ? half_load(w + at_half) : bh;
                /* A value used by a vector and a half is spread over a register for both; by one in three
                 * pixels it is read twice instead, which keeps Zen 4's shuffling units out of the
                 * multipliers' way. */
#define STEP(i)                                                                                              \
    if (i < rows) {                                                                                          \
        const float *const in = i < 3 ? in0 : i < 6 ? in3 : i < 9 ? in6 : i < 12 ? in9 : in12;               \
        const vec x = vec_set1(in[i % 3 * in_stride]);                                                       \
        if (first) s##i##_0 = vec_fma(x, w0, s##i##_0);                                                      \
        if (second) s##i##_1 = vec_fma(x, w1, s##i##_1);                                                     \
        if (half) s##i##_h = half_fma(i % 3 == 0 ? half_set1(*in) : vec_low_half(x), wh, s##i##_h);          \
    }
                TILE_EACH_ROW(STEP)
#undef STEP
            }
        }

        if (t->residual) {
            const float *more = t->residual + tile * (size_t)rows * t->residual_stride;
#define ADD(i)                                                                                               \
    if (i < rows) {                                                                                          \
        if (first) s##i##_0 = vec_add(s##i##_0, LOAD0(more));                                                \
        if (second) s##i##_1 = vec_add(s##i##_1, LOAD1(more));                                               \
        if (half) s##i##_h = half_add(s##i##_h, LOADH(more));                                                \
        more += t->residual_stride;                                                                          \
    }
            TILE_EACH_ROW(ADD)
#undef ADD
        }

        const vec low = vec_set1(t->epilogue.low), high = vec_set1(t->epilogue.high);
        const vec_half low_h = vec_low_half(low), high_h = vec_low_half(high);
        float *to = out;
        TILE_OWN_REGISTER(to);
#define STORE(i)                                                                                             \
    if (i < rows) {                                                                                          \
        if (whole) vec_store(to, vec_clamp(s##i##_0, low, high));                                            \
        if (whole) vec_store(to + VEC_LANES, vec_clamp(s##i##_1, low, high));                                \
        if (first && !whole) vec_store_some(to, vec_clamp(s##i##_0, low, high), n);                          \
        if (second && !whole) vec_store_some(to + VEC_LANES, vec_clamp(s##i##_1, low, high), n_second);      \
        if (half) half_store_some(to + at_half, half_clamp(s##i##_h, low_h, high_h), n_half);                \
        to += out_stride;                                                                                    \
    }
        TILE_EACH_ROW(STORE)
#undef STORE
    }
#undef LOADH
#undef LOAD1
#undef LOAD0
}

/* Tiles of at most one vector leave registers for more pixels (VEC_TILE_NARROW_ROWS). */
#define TILE_FUNCTION(i, name, most, shape)                                                                  \
    static void tile_##i##_##name(const struct tile *t)                                                      \
    {                                                                                                        \
        tile_body(i < most ? i + 1 : 0, shape, t);                                                           \
    }
#define TILE_FUNCTIONS(i)                                                                                    \
    TILE_FUNCTION(i, half, VEC_TILE_NARROW_ROWS, TILE_HALF)                                                  \
    TILE_FUNCTION(i, one, VEC_TILE_NARROW_ROWS, TILE_ONE)                                                    \
    TILE_FUNCTION(i, one_half, VEC_TILE_ROWS, TILE_ONE_HALF)                                                 \
    TILE_FUNCTION(i, two, VEC_TILE_ROWS, TILE_TWO)                                                           \
    TILE_FUNCTION(i, whole, VEC_TILE_ROWS, TILE_WHOLE)
TILE_EACH_ROW(TILE_FUNCTIONS)
#undef TILE_FUNCTIONS
#undef TILE_FUNCTION

static inline enum tile_shape tile_shape(size_t columns)
{
    if (columns == TILE_PANEL) return TILE_WHOLE;
    return (enum tile_shape)((columns - 1) / (VEC_LANES / 2));
}

/* All pixels of a convolution, in tiles of nearly equal height: a last tile of one or two pixels would leave
 * most of the multipliers idle. First come the taller tiles. `t` is that of the first pixel and used up. */
static inline void tile_pixels(struct tile *t, size_t pixels)
{
#define CHOICES(i) {tile_##i##_half, tile_##i##_one, tile_##i##_one_half, tile_##i##_two, tile_##i##_whole},
    static void (*const choices[][TILE_SHAPES])(const struct tile *) = {TILE_EACH_ROW(CHOICES)};
#undef CHOICES
    const enum tile_shape shape = tile_shape(t->columns);
    const size_t most = shape > TILE_ONE ? VEC_TILE_ROWS : VEC_TILE_NARROW_ROWS;
    const size_t tiles = (pixels + most - 1) / most, taller = tiles ? pixels % tiles : 0;
    size_t rows = tiles ? pixels / tiles + 1 : 0;
    for (int i = 0; i < 2; i++, rows--) {
        t->count = i == 0 ? taller : tiles - taller;
        if (t->count == 0) continue;
        choices[rows - 1][shape](t);
        for (size_t r = 0; r < t->run_count; r++) t->runs[r].input += t->count * rows * t->input_stride;
        t->output += t->count * rows * t->output_stride;
        if (t->residual) t->residual += t->count * rows * t->residual_stride;
    }
}

#endif
