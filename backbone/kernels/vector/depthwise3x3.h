/* depthwise3x3.h: the body of every vector level's depthwise3x3 kernel: a few output pixels side by side, and
 * all channels of them, so that each weight is loaded once for all of these pixels and, in the dense case,
 * each column of the input once for the up to three pixels whose windows hold it. */
#include "kernels/depthwise3x3.h"
#include "kernels/vector/window.h"

enum { DW_SPARSE_PIXELS = 4 };

#define DW_EACH_PIXEL(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)
#define DW_EACH_COLUMN(DO)                                                                                   \
    DO(0)                                                                                                    \
    DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15) DO(16)

/* Output pixels that start at the same x, and where their windows start. */
struct dw_tile {
    const float *rows[3]; /* at the first column of the first window; NULL: outside */
    float *output;
};

/* One vector of channels of `pixels` windows that lie wholly inside (but for missing rows), rate 1. `pixels`,
 * `stride` and `whole` are constants where this is inlined. */
static inline __attribute__((always_inline)) void dense_vector(const int pixels, const int stride,
                                                               const bool whole,
                                                               const struct duet_depthwise3x3_args *a,
                                                               const struct dw_tile *t, size_t c)
{
    const size_t n = a->channels - c;
#define LOAD(from) (whole ? vec_load(from) : vec_load_some(from, n))
    const vec bias = LOAD(a->bias + c);
#define START(j) vec s##j = bias;
    DW_EACH_PIXEL(START)
#undef START
    for (size_t ky = 0; ky < 3; ky++) {
        if (!t->rows[ky]) continue;
        const float *row = t->rows[ky] + c, *weights = a->weights + 3 * ky * a->weight_stride + c;
        vec x[17];
#define COLUMN(i)                                                                                            \
    if (i < (pixels - 1) * stride + 3) x[i] = LOAD(row + i * a->input_stride);
        DW_EACH_COLUMN(COLUMN)
#undef COLUMN
        const vec w0 = LOAD(weights), w1 = LOAD(weights + a->weight_stride),
                  w2 = LOAD(weights + 2 * a->weight_stride);
#define TAP0(j)                                                                                              \
    if (j < pixels) s##j = vec_fma(x[j * stride], w0, s##j);
#define TAP1(j)                                                                                              \
    if (j < pixels) s##j = vec_fma(x[j * stride + 1], w1, s##j);
#define TAP2(j)                                                                                              \
    if (j < pixels) s##j = vec_fma(x[j * stride + 2], w2, s##j);
        DW_EACH_PIXEL(TAP0)
        DW_EACH_PIXEL(TAP1)
        DW_EACH_PIXEL(TAP2)
#undef TAP0
#undef TAP1
#undef TAP2
    }
    const vec low = vec_set1(a->low), high = vec_set1(a->high);
#define STORE(j)                                                                                             \
    if (j < pixels && whole) vec_store(t->output + j * a->output_stride + c, vec_clamp(s##j, low, high));    \
    if (j < pixels && !whole)                                                                                \
        vec_store_some(t->output + j * a->output_stride + c, vec_clamp(s##j, low, high), n);
    DW_EACH_PIXEL(STORE)
#undef STORE
#undef LOAD
}

#define DENSE_FUNCTIONS(i)                                                                                   \
    static void dense_##i##_1(const struct duet_depthwise3x3_args *a, const struct dw_tile *t)               \
    {                                                                                                        \
        size_t c = 0;                                                                                        \
        for (; c + VEC_LANES <= a->channels; c += VEC_LANES)                                                 \
            dense_vector(i < VEC_DW_PIXELS ? i + 1 : 0, 1, true, a, t, c);                                   \
        if (c < a->channels) dense_vector(i < VEC_DW_PIXELS ? i + 1 : 0, 1, false, a, t, c);                 \
    }                                                                                                        \
    static void dense_##i##_2(const struct duet_depthwise3x3_args *a, const struct dw_tile *t)               \
    {                                                                                                        \
        size_t c = 0;                                                                                        \
        for (; c + VEC_LANES <= a->channels; c += VEC_LANES)                                                 \
            dense_vector(i < VEC_DW_PIXELS ? i + 1 : 0, 2, true, a, t, c);                                   \
        if (c < a->channels) dense_vector(i < VEC_DW_PIXELS ? i + 1 : 0, 2, false, a, t, c);                 \
    }
DW_EACH_PIXEL(DENSE_FUNCTIONS)
#undef DENSE_FUNCTIONS

/* A window's taps inside the picture. */
struct dw_taps {
    int count;
    const float *input[9]; /* for the first pixel of a tile */
    const float *weights[9];
};

/* One vector of channels of up to DW_SPARSE_PIXELS windows of any stride and rate, at the edges too. */
static inline __attribute__((always_inline)) void sparse_vector(const size_t pixels, const bool whole,
                                                                const struct duet_depthwise3x3_args *a,
                                                                const struct dw_taps *taps, float *output,
                                                                size_t c)
{
    const size_t n = a->channels - c, step = a->stride * a->input_stride;
    vec s0 = whole ? vec_load(a->bias + c) : vec_load_some(a->bias + c, n), s1 = s0, s2 = s0, s3 = s0;
    for (int i = 0; i < taps->count; i++) {
        const float *in = taps->input[i] + c, *weights = taps->weights[i] + c;
#define LOAD(from) (whole ? vec_load(from) : vec_load_some(from, n))
        const vec w = LOAD(weights);
        s0 = vec_fma(LOAD(in), w, s0);
        if (pixels > 1) s1 = vec_fma(LOAD(in + step), w, s1);
        if (pixels > 2) s2 = vec_fma(LOAD(in + 2 * step), w, s2);
        if (pixels > 3) s3 = vec_fma(LOAD(in + 3 * step), w, s3);
#undef LOAD
    }
    const vec low = vec_set1(a->low), high = vec_set1(a->high);
#define STORE(j)                                                                                             \
    if (j < pixels && whole) vec_store(output + j * a->output_stride + c, vec_clamp(s##j, low, high));       \
    if (j < pixels && !whole)                                                                                \
        vec_store_some(output + j * a->output_stride + c, vec_clamp(s##j, low, high), n);
    STORE(0)
    STORE(1)
    STORE(2)
    STORE(3)
#undef STORE
}

static inline __attribute__((always_inline)) void sparse_pixels(const size_t pixels,
                                                                const struct duet_depthwise3x3_args *a,
                                                                const struct dw_taps *taps, float *output)
{
    size_t c = 0;
    for (; c + VEC_LANES <= a->channels; c += VEC_LANES) sparse_vector(pixels, true, a, taps, output, c);
    if (c < a->channels) sparse_vector(pixels, false, a, taps, output, c);
}

static void sparse(const struct duet_depthwise3x3_args *a, const struct duet_window *window, size_t x,
                   size_t pixels)
{
    struct dw_taps taps = {0};
    for (size_t tap = 0; tap < 9; tap++) {
        if (!a->rows[tap / 3] || !window->inside[tap % 3]) continue;
        size_t at = x * a->stride + tap % 3 * a->rate - a->pad_left;
        taps.input[taps.count] = a->rows[tap / 3] + at * a->input_stride;
        taps.weights[taps.count++] = a->weights + tap * a->weight_stride;
    }
    float *output = a->output + x * a->output_stride;
    if (pixels == 1)
        sparse_pixels(1, a, &taps, output);
    else if (pixels == 2)
        sparse_pixels(2, a, &taps, output);
    else if (pixels == 3)
        sparse_pixels(3, a, &taps, output);
    else
        sparse_pixels(4, a, &taps, output);
}

static void dense(const struct duet_depthwise3x3_args *a, size_t x, size_t pixels)
{
#define CHOICES(i) {dense_##i##_1, dense_##i##_2},
    static void (*const choices[][2])(const struct duet_depthwise3x3_args *,
                                      const struct dw_tile *) = {DW_EACH_PIXEL(CHOICES)};
#undef CHOICES
    size_t at = x * a->stride - a->pad_left;
    struct dw_tile t = {.output = a->output + x * a->output_stride};
    for (size_t ky = 0; ky < 3; ky++) t.rows[ky] = a->rows[ky] ? a->rows[ky] + at * a->input_stride : NULL;
    choices[pixels - 1][a->stride - 1](a, &t);
}

static inline void depthwise3x3(const struct duet_depthwise3x3_args *a)
{
    for (size_t x = 0; x < a->out_width;) {
        struct duet_window window =
            duet_window_at(x, a->in_width, a->out_width, a->stride, a->rate, a->pad_left);
        bool is_dense = a->rate == 1 && window.inside[0] && window.inside[1] && window.inside[2];
        size_t most = is_dense ? VEC_DW_PIXELS : DW_SPARSE_PIXELS, tiles = (window.end - x + most - 1) / most;
        for (size_t i = 0; i < tiles; i++) {
            size_t pixels = (window.end - x) / (tiles - i);
            if (is_dense)
                dense(a, x, pixels);
            else
                sparse(a, &window, x, pixels);
            x += pixels;
        }
    }
}
