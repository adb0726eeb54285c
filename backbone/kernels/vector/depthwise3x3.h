/* depthwise3x3.h: the body of every vector level's depthwise3x3 kernel.
 *
 * Dense windows: one vector of channels at a time over all wanted rows, its nine weights in
 * registers, four output pixels side by side: each column of the input is loaded once for the up to three
 * windows that hold it, and what the next row will read again is three rows of one vector, which lie in L1
 * even at 150 pixels of 64 bytes. Wider tiles were measured slower (Zen 4: 4 pixels 10.3 cycles a pixel and
 * vector, 8 pixels 11.2 and more; 9 is what the multiplications take).
 */
#include "kernels/depthwise3x3.h"
#include "kernels/vector/window.h"

enum { DW_PIXELS = 4 };

#define DW_EACH_COLUMN(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8)

/* One vector of channels. */
struct dw_vector {
    vec weights[9], bias, low, high;
    size_t lanes; /* channels there are from its first on */
};

/* `pixels` output pixels whose windows begin one column before `in0`, `in1` and `in2` (NULL: no such row),
 * but that the first window may have no first column and the last no last. All but the pointers and the
 * strides are constants where this is inlined. */
static inline __attribute__((always_inline)) void
dense_tile(const size_t pixels, const size_t stride, const bool whole, const bool no_first,
           const bool no_last, const struct dw_vector *v, const float *in0, const float *in1,
           const float *in2, size_t pixel_stride, float *out, size_t out_stride)
{
    const size_t columns = (pixels - 1) * stride + 3;
    vec s0 = v->bias, s1 = s0, s2 = s0, s3 = s0;
#define LOAD(from) (whole ? vec_load(from) : vec_load_some(from, v->lanes))
#define COLUMN(i)                                                                                            \
    vec x##i = v->bias; /* stays so where it is not used */                                                  \
    if (i < columns && !(i == 0 && no_first) && !(i == columns - 1 && no_last)) {                            \
        x##i = LOAD(in + i * pixel_stride - pixel_stride);                                                   \
        VEC_KEEP(x##i);                                                                                      \
    }
#define FMA(j, kx, x, ky)                                                                                    \
    if (j < pixels && !(j == 0 && kx == 0 && no_first) && !(j == pixels - 1 && kx == 2 && no_last))          \
        s##j = vec_fma(x, v->weights[3 * ky + kx], s##j);
#define ROW(ky)                                                                                              \
    if (in##ky) {                                                                                            \
        const float *const in = in##ky;                                                                      \
        DW_EACH_COLUMN(COLUMN)                                                                               \
        if (stride == 1) {                                                                                   \
            FMA(0, 0, x0, ky)                                                                                \
            FMA(1, 0, x1, ky)                                                                                \
            FMA(2, 0, x2, ky)                                                                                \
            FMA(3, 0, x3, ky)                                                                                \
            FMA(0, 1, x1, ky)                                                                                \
            FMA(1, 1, x2, ky)                                                                                \
            FMA(2, 1, x3, ky)                                                                                \
            FMA(3, 1, x4, ky) FMA(0, 2, x2, ky) FMA(1, 2, x3, ky) FMA(2, 2, x4, ky) FMA(3, 2, x5, ky)        \
        } else {                                                                                             \
            FMA(0, 0, x0, ky)                                                                                \
            FMA(1, 0, x2, ky)                                                                                \
            FMA(2, 0, x4, ky)                                                                                \
            FMA(3, 0, x6, ky)                                                                                \
            FMA(0, 1, x1, ky)                                                                                \
            FMA(1, 1, x3, ky)                                                                                \
            FMA(2, 1, x5, ky)                                                                                \
            FMA(3, 1, x7, ky) FMA(0, 2, x2, ky) FMA(1, 2, x4, ky) FMA(2, 2, x6, ky) FMA(3, 2, x8, ky)        \
        }                                                                                                    \
    }
    ROW(0)
    ROW(1)
    ROW(2)
#define STORE(j)                                                                                             \
    if (j < pixels && whole) vec_store(out + j * out_stride, vec_clamp(s##j, v->low, v->high));              \
    if (j < pixels && !whole)                                                                                \
        vec_store_some(out + j * out_stride, vec_clamp(s##j, v->low, v->high), v->lanes);
    STORE(0)
    STORE(1)
    STORE(2)
    STORE(3)
#undef STORE
#undef ROW
#undef FMA
#undef COLUMN
#undef LOAD
}

/* `pixels` output pixels of one row and one vector of channels: tiles of four, the last one of one to four.
 * The inputs (NULL: no such row) are the second column of the first window, which may have no first; the last
 * window may have no last. */
static inline __attribute__((always_inline)) void
dense_line(const size_t stride, const bool whole, bool no_first, const bool no_last,
           const struct dw_vector *v, const float *in0, const float *in1, const float *in2, float *out,
           size_t pixels, const size_t in_stride, const size_t out_stride)
{
#define TILE(pixels, is_first, is_last)                                                                      \
    dense_tile(pixels, stride, whole, is_first, is_last, v, in0, in1, in2, in_stride, out, out_stride)
#define EITHER(pixels)                                                                                       \
    if (no_first && no_last)                                                                                 \
        TILE(pixels, true, true);                                                                            \
    else if (no_first)                                                                                       \
        TILE(pixels, true, false);                                                                           \
    else if (no_last)                                                                                        \
        TILE(pixels, false, true);                                                                           \
    else                                                                                                     \
        TILE(pixels, false, false);
#define NEXT                                                                                                 \
    {                                                                                                        \
        size_t step = DW_PIXELS * stride * in_stride;                                                        \
        if (in0) in0 += step;                                                                                \
        if (in1) in1 += step;                                                                                \
        if (in2) in2 += step;                                                                                \
        out += DW_PIXELS * out_stride;                                                                       \
        left -= DW_PIXELS;                                                                                   \
    }
    size_t left = pixels;
    if (left > DW_PIXELS && no_first) {
        TILE(DW_PIXELS, true, false);
        NEXT no_first = false;
    }
    while (left > DW_PIXELS) {
        TILE(DW_PIXELS, false, false);
        NEXT
    }
    if (left == 1) {
        EITHER(1)
    } else if (left == 2) {
        EITHER(2)
    } else if (left == 3) {
        EITHER(3)
    } else {
        EITHER(4)
    }
#undef NEXT
#undef EITHER
#undef TILE
}

/* Output row y. With an atrous rate it is as many interleaved rows of rate 1, whose pixels lie `rate` apart.
 */
static inline __attribute__((always_inline)) void
dense_row(const size_t stride, const bool atrous, const bool whole, const struct duet_depthwise3x3_args *a,
          const struct dw_vector *v, size_t y, size_t c, float *out)
{
    const size_t rate = atrous ? a->rate : 1, in_stride = a->pixel_stride;
    const float *const row0 = duet_depthwise3x3_row(a, y, 0), *const row1 = duet_depthwise3x3_row(a, y, 1);
    const float *const row2 = duet_depthwise3x3_row(a, y, 2);
    for (size_t x = 0; x < rate && x < a->out_width; x++) {
        size_t pixels = atrous ? (a->out_width - x + rate - 1) / rate : a->out_width;
        size_t second = x * stride + rate - a->pad_left, last = x + (pixels - 1) * rate;
        dense_line(stride, whole, x * stride < a->pad_left,
                   last * stride + 2 * rate - a->pad_left >= a->in_width, v,
                   row0 ? row0 + second * in_stride + c : NULL, row1 ? row1 + second * in_stride + c : NULL,
                   row2 ? row2 + second * in_stride + c : NULL, out + x * a->output_stride, pixels,
                   rate * in_stride, rate * a->output_stride);
    }
}

static inline __attribute__((always_inline)) void dense_rows(const size_t stride, const bool atrous,
                                                             const bool whole,
                                                             const struct duet_depthwise3x3_args *a, size_t c)
{
    struct dw_vector v = {
        .lanes = a->channels - c, .low = vec_set1(a->epilogue.low), .high = vec_set1(a->epilogue.high)};
    const float *weights = (const float *)a->weights + c;
    v.bias = vec_load_some((const float *)a->bias + c, v.lanes);
    for (size_t tap = 0; tap < 9; tap++)
        v.weights[tap] = vec_load_some(weights + tap * a->weight_stride, v.lanes);
    float *out = (float *)a->output + c;
    for (size_t y = a->y_begin; y < a->y_end; y++, out += a->out_width * a->output_stride)
        dense_row(stride, atrous, whole, a, &v, y, c, out);
}

static inline __attribute__((always_inline)) void dense_channels(const size_t stride, const bool atrous,
                                                                 const struct duet_depthwise3x3_args *a)
{
    size_t c = 0;
    for (; c + VEC_LANES <= a->channels; c += VEC_LANES) dense_rows(stride, atrous, true, a, c);
    if (c < a->channels) dense_rows(stride, atrous, false, a, c);
}

static void dense(const struct duet_depthwise3x3_args *a)
{
    if (a->stride == 2)
        dense_channels(2, false, a);
    else if (a->rate == 1)
        dense_channels(1, false, a);
    else
        dense_channels(1, true, a);
}

/* Nothing missing but the outermost columns: every "SAME" padding of stride 1, or of rate 1. */
static bool is_dense(const struct duet_depthwise3x3_args *a)
{
    if (a->stride == 1 && a->pad_left == a->rate && a->out_width == a->in_width) return true;
    return a->rate == 1 && a->pad_left <= 1 && (a->out_width - 1) * a->stride + 1 - a->pad_left < a->in_width;
}

/* --- stride 2 with a rate, and odd paddings ------------------------------------------------------------ */

/* A window's taps inside the picture. */
struct dw_taps {
    int count;
    const float *input[9]; /* for the first pixel of a tile */
    const float *weights[9];
};

/* One vector of channels of up to DW_PIXELS windows of any stride and rate, at the edges too. */
static inline __attribute__((always_inline)) void sparse_vector(const size_t pixels, const bool whole,
                                                                const struct duet_depthwise3x3_args *a,
                                                                const struct dw_taps *taps, float *output,
                                                                size_t c)
{
    const size_t n = a->channels - c, step = a->stride * a->pixel_stride;
#define LOAD(from) (whole ? vec_load(from) : vec_load_some(from, n))
    vec s0 = LOAD((const float *)a->bias + c), s1 = s0, s2 = s0, s3 = s0;
    for (int i = 0; i < taps->count; i++) {
        const float *in = taps->input[i] + c;
        const vec w = LOAD(taps->weights[i] + c);
        s0 = vec_fma(LOAD(in), w, s0);
        if (pixels > 1) s1 = vec_fma(LOAD(in + step), w, s1);
        if (pixels > 2) s2 = vec_fma(LOAD(in + 2 * step), w, s2);
        if (pixels > 3) s3 = vec_fma(LOAD(in + 3 * step), w, s3);
    }
    const vec low = vec_set1(a->epilogue.low), high = vec_set1(a->epilogue.high);
#define STORE(j)                                                                                             \
    if (j < pixels && whole) vec_store(output + j * a->output_stride + c, vec_clamp(s##j, low, high));       \
    if (j < pixels && !whole)                                                                                \
        vec_store_some(output + j * a->output_stride + c, vec_clamp(s##j, low, high), n);
    STORE(0)
    STORE(1)
    STORE(2)
    STORE(3)
#undef STORE
#undef LOAD
}

static inline __attribute__((always_inline)) void sparse_pixels(const size_t pixels,
                                                                const struct duet_depthwise3x3_args *a,
                                                                const struct dw_taps *taps, float *output)
{
    size_t c = 0;
    for (; c + VEC_LANES <= a->channels; c += VEC_LANES) sparse_vector(pixels, true, a, taps, output, c);
    if (c < a->channels) sparse_vector(pixels, false, a, taps, output, c);
}

static void sparse_tile(const struct duet_depthwise3x3_args *a, const float *const rows[3],
                        const struct duet_window *window, size_t x, size_t pixels, float *output)
{
    struct dw_taps taps = {0};
    for (size_t tap = 0; tap < 9; tap++) {
        if (!rows[tap / 3] || !window->inside[tap % 3]) continue;
        size_t at = x * a->stride + tap % 3 * a->rate - a->pad_left;
        taps.input[taps.count] = rows[tap / 3] + at * a->pixel_stride;
        taps.weights[taps.count++] = (const float *)a->weights + tap * a->weight_stride;
    }
    if (pixels == 1)
        sparse_pixels(1, a, &taps, output);
    else if (pixels == 2)
        sparse_pixels(2, a, &taps, output);
    else if (pixels == 3)
        sparse_pixels(3, a, &taps, output);
    else
        sparse_pixels(4, a, &taps, output);
}

static void sparse_row(const struct duet_depthwise3x3_args *a, const float *const rows[3], float *output)
{
    for (size_t x = 0; x < a->out_width;) {
        struct duet_window window =
            duet_window_at(x, a->in_width, a->out_width, a->stride, a->rate, a->pad_left);
        size_t tiles = (window.end - x + DW_PIXELS - 1) / DW_PIXELS;
        for (size_t i = 0; i < tiles; i++) {
            size_t pixels = (window.end - x) / (tiles - i);
            sparse_tile(a, rows, &window, x, pixels, output + x * a->output_stride);
            x += pixels;
        }
    }
}

static void depthwise3x3(const struct duet_depthwise3x3_args *a)
{
    duet_depthwise3x3_promise(a, sizeof(float));
    if (a->out_width == 0) return;
    if (is_dense(a)) {
        dense(a);
        return;
    }
    float *output = a->output;
    for (size_t y = a->y_begin; y < a->y_end; y++, output += a->out_width * a->output_stride) {
        const float *rows[3];
        for (size_t ky = 0; ky < 3; ky++) rows[ky] = duet_depthwise3x3_row(a, y, ky);
        sparse_row(a, rows, output);
    }
}
