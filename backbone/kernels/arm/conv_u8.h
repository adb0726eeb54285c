/* conv_u8.h: the body of every ARM level's convolutions of bytes: up to 8 pixels by a panel of 8 output
 * channels, all sums in registers: 16 of them, which leaves 8 for the pixels' inputs, taken by lane, and 8
 * for weights. Included by the level's own file, after it has written over struct u8_sums (sums_u8.h)
 *
 *   - U8_PACKING: struct duet_packing's initializer, of panels of 8; u8_weight: what packed weights are
 *   - U8_UNIT, U8_BLOCK: so many k lie in a row of packed weights, and go into a step of the loop
 *   - u8_unit, u8_block: these functions add so many k to the sums of `rows` pixels, `stride` bytes apart;
 *     `rows` is a constant where they are inlined
 *   - u8_finish: brings the sums into the order of struct u8_sums */
#include "kernels/arm/epilogue_u8.h"
#include "kernels/conv1x1.h"
#include "kernels/conv3x3.h"

#include <string.h>

static const struct duet_packing u8_packing = U8_PACKING;

/* A panel's columns, those that it lacks zero. */
struct u8_columns {
    int32_t bias[U8_PANEL], zeros[U8_PANEL];
    float scales[U8_PANEL];
};

/* Tiles of equal height, one after the other, in a panel. */
struct u8_tiles {
    const uint8_t *input;
    size_t input_stride, depth;
    const u8_weight *weights;
    size_t columns; /* 1 .. U8_PANEL */
    const struct u8_columns *of;
    const int32_t *input_sums; /* of the pixels; NULL: no weight_zeros */
    const uint8_t *residual;   /* NULL: none */
    size_t residual_stride;
    char *output;
    size_t output_stride; /* bytes */
    const struct duet_epilogue *epilogue;
    size_t count;
};

/* --- sums ---------------------------------------------------------------------------------------------- */

/* The last bytes of a pixel, fewer than a unit, and then what counts as 0: there may be weights. */
static inline uint64_t u8_last(const uint8_t *input, size_t depth)
{
    const size_t rest = depth % U8_UNIT;
    uint64_t last = 0;
    if (depth < U8_UNIT) {
        for (size_t i = 0; i < rest; i++) last |= (uint64_t)input[i] << 8 * i;
    } else {
        memcpy(&last, input + depth - U8_UNIT, U8_UNIT);
        last >>= 8 * (U8_UNIT - rest);
    }
    return last | (uint64_t)u8_packing.offset * 0x0101010101010101 << 8 * rest;
}

U8_ALWAYS_INLINE struct u8_sums u8_sum(const int rows, const struct u8_tiles *t, const uint8_t *input)
{
    struct u8_sums sums = u8_no_sums();
    const size_t stride = t->input_stride;
    const u8_weight *w = t->weights;
    size_t left = t->depth;
    const uint8_t *in = input;
    for (; left >= U8_BLOCK; left -= U8_BLOCK, in += U8_BLOCK, w += U8_BLOCK * U8_PANEL)
        u8_block(rows, in, stride, w, &sums);
    for (; left >= U8_UNIT; left -= U8_UNIT, in += U8_UNIT, w += U8_UNIT * U8_PANEL)
        u8_unit(rows, in, stride, w, &sums);
    if (left > 0) {
        uint64_t last[U8_ROWS];
        for (int i = 0; i < rows; i++) last[i] = u8_last(input + (size_t)i * stride, t->depth);
        u8_unit(rows, (const uint8_t *)last, sizeof last[0], w, &sums);
    }
    u8_finish(rows, &sums);
    return sums;
}

/* --- what becomes of them ------------------------------------------------------------------------------ */

/* The results of a pixel; `to` has room for a whole panel. */
static inline void u8_finished(int32x4_t s0, int32x4_t s1, const struct u8_tiles *t, const uint8_t *residual,
                               void *to)
{
    if (t->epilogue->output == DUET_I32) {
        vst1q_s32(to, s0);
        vst1q_s32((int32_t *)to + 4, s1);
        return;
    }
    struct u8_floats x = u8_scaled(s0, s1, u8_load_floats(t->of->scales));
    if (residual) x = u8_add_residual(x, residual, t->epilogue);
    if (t->epilogue->output == DUET_F32)
        u8_store_floats(to, x, t->epilogue);
    else
        u8_store_bytes(to, x, t->epilogue);
}

/* Of `rows` pixels from number `at` on. Not inlined: the sums pass through memory, which is a few stores and
 * loads a tile, so that there is one epilogue and not one for each number of rows. */
static __attribute__((noinline)) void u8_finish_tile(int rows, const struct u8_tiles *t, size_t at,
                                                     const struct u8_sums *sums)
{
    const size_t bytes = t->columns * (t->epilogue->output == DUET_U8 ? 1 : 4);
    const bool whole = t->columns == U8_PANEL;
    const int32x4_t bias0 = vld1q_s32(t->of->bias), bias1 = vld1q_s32(t->of->bias + 4);
    const int32x4_t zeros0 = vld1q_s32(t->of->zeros), zeros1 = vld1q_s32(t->of->zeros + 4);
    for (int i = 0; i < rows; i++, at++) {
        int32x4_t s0 = vaddq_s32(sums->of[i][0], bias0), s1 = vaddq_s32(sums->of[i][1], bias1);
        if (t->input_sums) {
            s0 = vmlsq_n_s32(s0, zeros0, t->input_sums[at]);
            s1 = vmlsq_n_s32(s1, zeros1, t->input_sums[at]);
        }
        const uint8_t *residual = t->residual ? t->residual + at * t->residual_stride : NULL;
        char *to = t->output + at * t->output_stride;
        if (whole) {
            u8_finished(s0, s1, t, residual, to);
        } else {
            uint8_t some_residual[U8_PANEL] = {0};
            int32_t some[U8_PANEL];
            if (residual) memcpy(some_residual, residual, t->columns);
            u8_finished(s0, s1, t, residual ? some_residual : NULL, some);
            memcpy(to, some, bytes);
        }
    }
}

/* --- tiles --------------------------------------------------------------------------------------------- */

#define U8_TILES(i)                                                                                          \
    static void u8_tiles_##i(const struct u8_tiles *t, size_t at)                                            \
    {                                                                                                        \
        for (size_t tile = 0; tile < t->count; tile++, at += i + 1) {                                        \
            const struct u8_sums sums = u8_sum(i + 1, t, t->input + at * t->input_stride);                   \
            u8_finish_tile(i + 1, t, at, &sums);                                                             \
        }                                                                                                    \
    }
U8_EACH_ROW(U8_TILES)
#undef U8_TILES

/* All pixels, in tiles of nearly equal height, the taller ones first. */
static void u8_pixels(struct u8_tiles *t, size_t pixels)
{
#define CHOICE(i) u8_tiles_##i,
    static void (*const choices[])(const struct u8_tiles *, size_t) = {U8_EACH_ROW(CHOICE)};
#undef CHOICE
    const size_t tiles = (pixels + U8_ROWS - 1) / U8_ROWS;
    const size_t rows = pixels / tiles, taller = pixels % tiles;
    if (taller > 0) {
        t->count = taller;
        choices[rows](t, 0);
    }
    t->count = tiles - taller;
    choices[rows - 1](t, taller * (rows + 1));
}

/* --- the kernels --------------------------------------------------------------------------------------- */

static int32_t u8_input_sum(const uint8_t *input, size_t depth)
{
    uint32_t sum = 0;
    size_t k = 0;
    for (; k + 16 <= depth; k += 16) sum += vaddlvq_u8(vld1q_u8(input + k));
    for (; k < depth; k++) sum += input[k];
    return (int32_t)sum;
}

/* `pixels` from number p on, and the panel of column n0. */
static void u8_panel(const struct duet_conv1x1_args *a, size_t p, size_t pixels, size_t n0,
                     const u8_weight *weights, const int32_t *input_sums)
{
    const size_t size = a->epilogue.output == DUET_U8 ? 1 : 4;
    struct u8_columns of = {.bias = {0}};
    struct u8_tiles t = {.input = (const uint8_t *)a->input + p * a->input_stride,
                         .input_stride = a->input_stride,
                         .depth = a->in_channels,
                         .weights = weights,
                         .columns = a->out_channels - n0 < U8_PANEL ? a->out_channels - n0 : U8_PANEL,
                         .of = &of,
                         .input_sums = input_sums,
                         .residual_stride = a->residual_stride,
                         .output = (char *)a->output + (p * a->output_stride + n0) * size,
                         .output_stride = a->output_stride * size,
                         .epilogue = &a->epilogue};
    memcpy(of.bias, (const int32_t *)a->bias + n0, t.columns * sizeof of.bias[0]);
    if (a->weight_zeros) memcpy(of.zeros, a->weight_zeros + n0, t.columns * sizeof of.zeros[0]);
    if (a->epilogue.output != DUET_I32)
        memcpy(of.scales, a->epilogue.scales + n0, t.columns * sizeof of.scales[0]);
    if (a->residual) t.residual = (const uint8_t *)a->residual + p * a->residual_stride + n0;
    u8_pixels(&t, pixels);
}

/* So many pixels at a time go through all panels. */
enum { U8_CHUNK = 128 };

static void conv1x1_u8(const struct duet_conv1x1_args *a)
{
    duet_conv1x1_u8_promise(a, &u8_packing);
    const bool has_sums = a->weight_zeros && u8_packing.number == 1;
    int32_t input_sums[U8_CHUNK];
    for (size_t p = 0, count; p < a->pixels; p += count) {
        count = a->pixels - p < U8_CHUNK ? a->pixels - p : U8_CHUNK;
        for (size_t i = 0; has_sums && i < count; i++)
            input_sums[i] =
                u8_input_sum((const uint8_t *)a->input + (p + i) * a->input_stride, a->in_channels);
        const u8_weight *weights = a->weights;
        for (size_t n0 = 0; n0 < a->out_channels; n0 += U8_PANEL, weights += a->panel_stride)
            u8_panel(a, p, count, n0, weights, has_sums ? input_sums : NULL);
    }
}

static void conv3x3_u8(const struct duet_conv3x3_args *a)
{
    duet_conv3x3_windows(a, &u8_packing, conv1x1_u8);
}
