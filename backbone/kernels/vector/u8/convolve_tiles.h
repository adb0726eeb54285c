/* convolve_tiles.h: convolutions of bytes on a matrix unit: tiles of 16 pixels by 16 output channels, whose
 * sums grow by 16 pixels of up to 64 input bytes times as many weights of 16 channels. Two by two of them at
 * a time, so that what is loaded is multiplied twice. A panel of packed weights is a column of tiles as it
 * lies.
 *
 * Included after vectors of 16 lanes (x86/vec_u8_avx512vnni.h), which finish the sums, and the tile
 * instructions (x86/tiles_amx.h, which says what they are). */
#include "kernels/kernels.h"
#include "kernels/vector/u8/finish.h"
#include "kernels/vector/u8/zeros.h"

#define TILES_PACKING                                                                                        \
    {                                                                                                        \
        16, 4, 1, 0, duet_pack_whole                                                                         \
    }
static const struct duet_packing tiles_packing = TILES_PACKING;

enum {
    TILES_PIXELS = 32,       /* of a block of sums, and its output channels */
    TILES_PIXELS_MOST = 256, /* whose bytes are added up, or copied, at a time */
    TILES_COPY_BYTES = 2 * DUET_SUM_DEPTH
};
_Static_assert((int)U8_GROUP == (int)TILES_PIXELS, "rows of sums are two tiles wide");

/* How a pixel's bytes are cut: in steps of equal length. Where that is not possible the last step begins
 * earlier by `again` bytes, so that it ends with the packed weights; in a copy of the input these are 0. */
struct tiles_steps {
    size_t count, bytes, again;
    bool copied;
};

static struct tiles_steps tiles_steps_of(size_t depth)
{
    const size_t units = (depth + 3) / 4;
    size_t count = (units + 15) / 16;
    if (count == 0) return (struct tiles_steps){0, 4, 0, false};
    if (units % count > 0 && units % (count + 1) == 0) count++;
    if (units % count == 0) return (struct tiles_steps){count, units / count * 4, 0, depth % 4 > 0};
    return (struct tiles_steps){count, 64, count * 64 - units * 4, true};
}

/* Pixels, as the steps want them. */
struct tiles_input {
    const uint8_t *bytes; /* of the first pixel */
    size_t stride, first, count;
    int32_t byte_sums[TILES_PIXELS_MOST]; /* of each pixel; only where weights have zeros */
};

static void tiles_copy(const uint8_t *from, size_t depth, const struct tiles_steps *s, uint8_t *to)
{
    const size_t last = (s->count - 1) * s->bytes;
    memcpy(to, from, last);
    memset(to + last, 0, s->bytes);
    memcpy(to + last + s->again, from + last, depth - last);
}

static void tiles_open(const struct duet_conv1x1_args *a, const struct tiles_steps *s, struct tiles_input *in,
                       uint8_t *copies)
{
    const uint8_t *from = (const uint8_t *)a->input + in->first * a->input_stride;
    in->bytes = s->copied ? copies : from;
    in->stride = s->copied ? s->count * s->bytes : a->input_stride;
    for (size_t i = 0; i < in->count; i++, from += a->input_stride) {
        if (a->weight_zeros) in->byte_sums[i] = u8_byte_sum(from, a->in_channels);
        if (s->copied) tiles_copy(from, a->in_channels, s, copies + i * in->stride);
    }
}

/* The sums of up to 32 pixels and 32 channels: tiles 0 to 3, by rows. What they are made of: pixels in 4 and
 * 5, weights in 6 and 7. */
static inline __attribute__((always_inline)) void
tiles_sums(const bool two_rows, const bool two_columns, const struct tiles_steps *s, const uint8_t *input,
           size_t stride, const int8_t *const weights[2], const int32_t *bias, int32_t *to)
{
    tile_load(0, bias, 0);
    if (two_columns) tile_load(1, bias + 16, 0);
    if (two_rows) tile_load(2, bias, 0);
    if (two_rows && two_columns) tile_load(3, bias + 16, 0);
    for (size_t i = 0; i < s->count; i++, input += s->bytes) {
        const size_t k = i * s->bytes - (i + 1 == s->count ? s->again : 0);
        tile_load(4, input, stride);
        tile_load(6, weights[0] + k * 16, 64);
        tile_dot(0, 4, 6);
        if (two_columns) tile_load(7, weights[1] + k * 16, 64);
        if (two_columns) tile_dot(1, 4, 7);
        if (two_rows) tile_load(5, input + 16 * stride, stride);
        if (two_rows) tile_dot(2, 5, 6);
        if (two_rows && two_columns) tile_dot(3, 5, 7);
    }
    const size_t row = U8_GROUP * sizeof *to;
    tile_store(0, to, row);
    if (two_columns) tile_store(1, to + 16, row);
    if (two_rows) tile_store(2, to + 16 * U8_GROUP, row);
    if (two_rows && two_columns) tile_store(3, to + 16 * U8_GROUP + 16, row);
}

/* Pixels `from` up to `end` of the input by the columns from n0 on. All blocks have the tiles configured. */
static void tiles_columns(const struct duet_conv1x1_args *a, const struct tiles_steps *s,
                          const struct tiles_input *in, size_t from, size_t end, size_t n0)
{
    const size_t columns = a->out_channels - n0 < U8_GROUP ? a->out_channels - n0 : U8_GROUP;
    const size_t size = a->epilogue.output == DUET_U8 ? 1 : 4;
    const int8_t *const panel = (const int8_t *)a->weights + n0 / 16 * a->panel_stride;
    const int8_t *const weights[2] = {panel, panel + a->panel_stride};
    _Alignas(64) int32_t bias[U8_GROUP] = {0}, zeros[U8_GROUP] = {0}, rows[TILES_PIXELS * U8_GROUP];
    float scales[U8_GROUP] = {0};
    memcpy(bias, (const int32_t *)a->bias + n0, columns * sizeof *bias);
    if (a->weight_zeros) memcpy(zeros, a->weight_zeros + n0, columns * sizeof *zeros);
    if (a->epilogue.scales) memcpy(scales, a->epilogue.scales + n0, columns * sizeof *scales);
    struct finish f = {.epilogue = &a->epilogue,
                       .scales = scales,
                       .residual_stride = a->residual_stride,
                       .output_stride = a->output_stride,
                       .columns = columns};
    for (size_t p = from; p < end; p += TILES_PIXELS) {
        const size_t count = end - p < TILES_PIXELS ? end - p : TILES_PIXELS, pixel = in->first + p;
        const uint8_t *input = in->bytes + p * in->stride;
        if (count > 16 && columns > 16)
            tiles_sums(true, true, s, input, in->stride, weights, bias, rows);
        else if (count > 16)
            tiles_sums(true, false, s, input, in->stride, weights, bias, rows);
        else if (columns > 16)
            tiles_sums(false, true, s, input, in->stride, weights, bias, rows);
        else
            tiles_sums(false, false, s, input, in->stride, weights, bias, rows);
        if (a->weight_zeros) u8_take_zeros(rows, count, zeros, in->byte_sums + p);
        f.output = (char *)a->output + (pixel * a->output_stride + n0) * size;
        if (a->residual) f.residual = (const uint8_t *)a->residual + pixel * a->residual_stride + n0;
        finish_rows(&f, count, rows);
    }
}

/* Blocks of so many pixels, in tiles of that many rows. */
static void tiles_pixels(const struct duet_conv1x1_args *a, const struct tiles_steps *s,
                         const struct tiles_input *in, size_t from, size_t end)
{
    const size_t rows = end - from < TILES_PIXELS ? end - from : TILES_PIXELS;
    if (rows == 0) return;
    tiles_configure(rows < 16 ? rows : 16, rows > 16 ? rows - 16 : 0, s->bytes);
    for (size_t n0 = 0; n0 < a->out_channels; n0 += U8_GROUP) tiles_columns(a, s, in, from, end, n0);
}

static void tiles_conv1x1(const struct duet_conv1x1_args *a)
{
    duet_conv1x1_u8_promise(a, &tiles_packing);
    _Alignas(64) uint8_t copies[TILES_COPY_BYTES];
    const struct tiles_steps s = tiles_steps_of(a->in_channels);
    size_t most = TILES_PIXELS_MOST;
    if (s.copied && most > sizeof copies / (s.count * s.bytes)) most = sizeof copies / (s.count * s.bytes);
    if (most > TILES_PIXELS) most -= most % TILES_PIXELS;
    struct tiles_input in = {.first = 0};
    for (; in.first < a->pixels; in.first += in.count) {
        in.count = a->pixels - in.first < most ? a->pixels - in.first : most;
        tiles_open(a, &s, &in, copies);
        const size_t whole = in.count - in.count % TILES_PIXELS;
        tiles_pixels(a, &s, &in, 0, whole);
        tiles_pixels(a, &s, &in, whole, in.count);
    }
    tiles_release();
}

static void tiles_conv3x3(const struct duet_conv3x3_args *a)
{
    duet_conv3x3_windows(a, &tiles_packing, tiles_conv1x1);
}

static inline void fill_tiles(struct duet_kernels *k)
{
    k->of[DUET_U8].conv1x1 = (struct duet_conv1x1_kernel){TILES_PACKING, tiles_conv1x1};
    k->of[DUET_U8].conv3x3 = (struct duet_conv3x3_kernel){TILES_PACKING, tiles_conv3x3};
}
