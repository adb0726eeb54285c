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

/* All channels of `pixels` output pixels from x on, rate 1; rows may be missing, and so may the first column
 * of the first window and the last of the last. `pixels` and `stride` are constants where this is inlined. */
static inline __attribute__((always_inline)) void dense_tile(const int pixels, const size_t stride,
                                                             const struct duet_depthwise3x3_args *a, size_t x)
{
    /* Copies: a store through `out` might change what `a` points to, for all the compiler knows. */
    const size_t in_stride = a->input_stride, out_stride = a->output_stride, w_stride = a->weight_stride;
    const size_t channels = a->channels, second = x * stride + 1 - a->pad_left; /* the second column */
    const size_t columns = (size_t)(pixels - 1) * stride + 3;
    const bool no_first = second == 0, no_last = second + columns - 2 >= a->in_width;
    const float *const row0 = a->rows[0] ? a->rows[0] + second * in_stride : NULL;
    const float *const row1 = a->rows[1] ? a->rows[1] + second * in_stride : NULL;
    const float *const row2 = a->rows[2] ? a->rows[2] + second * in_stride : NULL;
    const float *const bias = a->bias, *const weights = a->weights;
    float *const out = a->output + x * out_stride;
    const vec low = vec_set1(a->low), high = vec_set1(a->high), zero = vec_set1(0.0f);
#define LOAD(from) (whole ? vec_load(from) : vec_load_some(from, n))
#define START(j)   vec s##j = start;
#define COLUMN(i)                                                                                            \
    if (i < columns)                                                                                         \
        v[i] = (i == 0 && no_first) || (i == columns - 1 && no_last)                                         \
                   ? zero                                                                                    \
                   : LOAD(row + i * in_stride - in_stride);
#define TAP0(j)                                                                                              \
    if (j < pixels && (j > 0 || !no_first)) s##j = vec_fma(v[j * stride], w0, s##j);
#define TAP1(j)                                                                                              \
    if (j < pixels) s##j = vec_fma(v[j * stride + 1], w1, s##j);
#define TAP2(j)                                                                                              \
    if (j < pixels && (j < pixels - 1 || !no_last)) s##j = vec_fma(v[j * stride + 2], w2, s##j);
#define ROW(ky)                                                                                              \
    if (row##ky) {                                                                                           \
        const float *const row = row##ky + c, *const w = weights + 3 * ky * w_stride + c;                    \
        const vec w0 = LOAD(w), w1 = LOAD(w + w_stride), w2 = LOAD(w + 2 * w_stride);                        \
        vec v[17];                                                                                           \
        DW_EACH_COLUMN(COLUMN)                                                                               \
        DW_EACH_PIXEL(TAP0)                                                                                  \
        DW_EACH_PIXEL(TAP1)                                                                                  \
        DW_EACH_PIXEL(TAP2)                                                                                  \
    }
#define STORE(j)                                                                                             \
    if (j < pixels && whole) vec_store(out + j * out_stride + c, vec_clamp(s##j, low, high));                \
    if (j < pixels && !whole) vec_store_some(out + j * out_stride + c, vec_clamp(s##j, low, high), n);
#define CHANNELS(is_whole)                                                                                   \
    {                                                                                                        \
        const bool whole = is_whole;                                                                         \
        const size_t n = channels - c;                                                                       \
        const vec start = LOAD(bias + c);                                                                    \
        DW_EACH_PIXEL(START)                                                                                 \
        ROW(0)                                                                                               \
        ROW(1)                                                                                               \
        ROW(2)                                                                                               \
        DW_EACH_PIXEL(STORE)                                                                                 \
        (void)n;                                                                                             \
    }
    size_t c = 0;
    for (; c + VEC_LANES <= channels; c += VEC_LANES) CHANNELS(true)
    if (c < channels) CHANNELS(false)
#undef LOAD
#undef START
#undef COLUMN
#undef TAP0
#undef TAP1
#undef TAP2
#undef ROW
#undef STORE
#undef CHANNELS
}

#define DENSE_FUNCTIONS(i)                                                                                   \
    static void dense_##i##_1(const struct duet_depthwise3x3_args *a, size_t x)                              \
    {                                                                                                        \
        dense_tile(i < VEC_DW_PIXELS ? i + 1 : 1, 1, a, x);                                                  \
    }                                                                                                        \
    static void dense_##i##_2(const struct duet_depthwise3x3_args *a, size_t x)                              \
    {                                                                                                        \
        dense_tile(i < VEC_DW_PIXELS ? i + 1 : 1, 2, a, x);                                                  \
    }
DW_EACH_PIXEL(DENSE_FUNCTIONS)
#undef DENSE_FUNCTIONS

/* Rate 1 and nothing missing but the outermost columns: every "SAME" padding of a dense window. */
static bool is_dense(const struct duet_depthwise3x3_args *a)
{
    return a->rate == 1 && a->pad_left <= 1 && (a->out_width - 1) * a->stride + 1 - a->pad_left < a->in_width;
}

static void dense(const struct duet_depthwise3x3_args *a)
{
#define CHOICES(i) {dense_##i##_1, dense_##i##_2},
    static void (*const choices[][2])(const struct duet_depthwise3x3_args *,
                                      size_t) = {DW_EACH_PIXEL(CHOICES)};
#undef CHOICES
    size_t tiles = (a->out_width + VEC_DW_PIXELS - 1) / VEC_DW_PIXELS;
    for (size_t i = 0, x = 0; i < tiles; i++) {
        size_t pixels = (a->out_width - x) / (tiles - i);
        choices[pixels - 1][a->stride - 1](a, x);
        x += pixels;
    }
}

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

static void sparse_tile(const struct duet_depthwise3x3_args *a, const struct duet_window *window, size_t x,
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

static void sparse(const struct duet_depthwise3x3_args *a)
{
    for (size_t x = 0; x < a->out_width;) {
        struct duet_window window =
            duet_window_at(x, a->in_width, a->out_width, a->stride, a->rate, a->pad_left);
        size_t tiles = (window.end - x + DW_SPARSE_PIXELS - 1) / DW_SPARSE_PIXELS;
        for (size_t i = 0; i < tiles; i++) {
            size_t pixels = (window.end - x) / (tiles - i);
            sparse_tile(a, &window, x, pixels);
            x += pixels;
        }
    }
}

static inline void depthwise3x3(const struct duet_depthwise3x3_args *a)
{
    if (a->out_width == 0) return;
    if (is_dense(a))
        dense(a);
    else
        sparse(a);
}
