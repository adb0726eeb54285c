/* conv1x1.h: the body of every vector level's conv1x1 kernel of bytes. See tile.h.
 *
 * Pixels are taken in blocks. Those whose units are not bytes of the input as they lie (a level that
 * multiplies pairs of int16; input channels that do not fill the last unit) are written anew first, once for
 * all output channels. */
#include "kernels/conv1x1.h"
#include "kernels/vector/u8/tile.h"
#include "kernels/vector/u8/zeros.h"

#define U8_PACKING                                                                                           \
    {                                                                                                        \
        U8_PANEL, U8_UNIT, 1, 0, duet_pack_whole                                                             \
    }
static const struct duet_packing u8_packing = U8_PACKING;

enum {
    U8_BLOCK_BYTES = 2 * DUET_SUM_DEPTH, /* the deepest pixel in int16 */
    U8_BLOCK_PIXELS = 240,               /* at most: many times any tile's rows */
    U8_ROWS = 48                         /* whose sums are finished at a time */
};

/* Pixels and what they share. */
struct u8_block {
    size_t first, count;
    const char *input;   /* of the first pixel */
    size_t input_stride; /* bytes */
    size_t units;
    int32_t byte_sums[U8_BLOCK_PIXELS]; /* of each pixel; only where weights have zeros */
};

/* A pixel's bytes as units, zeros behind them. */
static void u8_write_units(const uint8_t *from, size_t depth, size_t units, char *to)
{
    if (U8_UNIT == 2) {
        int16_t *pairs = (int16_t *)(void *)to;
        for (size_t k = 0; k < depth; k++) pairs[k] = from[k];
        if (depth % 2) pairs[depth] = 0;
    } else {
        memset(to + (units - 1) * 4, 0, 4);
        memcpy(to, from, depth);
    }
}

/* Its pixels as units: where they lie, or in `space`. */
static void u8_find_units(const struct duet_conv1x1_args *a, struct u8_block *b,
                          int16_t space[U8_BLOCK_BYTES / 2])
{
    const uint8_t *input = (const uint8_t *)a->input + b->first * a->input_stride;
    b->input = (const char *)input;
    b->input_stride = a->input_stride;
    if (U8_UNIT == 4 && a->in_channels % 4 == 0) return;
    b->input = (const char *)space;
    b->input_stride = b->units * 4;
    if (a->input_stride == a->in_channels && a->in_channels % U8_UNIT == 0) {
        u8_write_units(input, b->count * a->in_channels, b->count * b->units, (char *)space);
        return;
    }
    for (size_t i = 0; i < b->count; i++)
        u8_write_units(input + i * a->input_stride, a->in_channels, b->units,
                       (char *)space + i * b->input_stride);
}

static void u8_open_block(const struct duet_conv1x1_args *a, struct u8_block *b,
                          int16_t space[U8_BLOCK_BYTES / 2])
{
    u8_find_units(a, b, space);
    for (size_t i = 0; i < b->count && a->weight_zeros; i++)
        b->byte_sums[i] = u8_byte_sum((const uint8_t *)b->input + i * b->input_stride, b->units * 4);
}

/* The block's pixels by the columns from n0 on, in tiles of nearly equal height, taller ones first. */
static void u8_block_columns(const struct duet_conv1x1_args *a, const struct u8_block *b, size_t n0)
{
    const size_t columns = a->out_channels - n0 < U8_GROUP ? a->out_channels - n0 : U8_GROUP;
    const bool two = columns > U8_LANES;
    const size_t size = a->epilogue.output == DUET_U8 ? 1 : 4;
    int32_t bias[U8_GROUP] = {0}, zeros[U8_GROUP] = {0}, rows[U8_ROWS * U8_GROUP];
    float scales[U8_GROUP] = {0};
    memcpy(bias, (const int32_t *)a->bias + n0, columns * sizeof *bias);
    if (a->weight_zeros) memcpy(zeros, a->weight_zeros + n0, columns * sizeof *zeros);
    if (a->epilogue.scales) memcpy(scales, a->epilogue.scales + n0, columns * sizeof *scales);

    struct u8_tile t = {.input = b->input,
                        .input_stride = b->input_stride,
                        .units = b->units,
                        .bias = bias,
                        .zeros = zeros,
                        .byte_sums = a->weight_zeros ? b->byte_sums : NULL};
    for (size_t v = 0; v < 2; v++) {
        const size_t n = v == 0 || two ? n0 + v * U8_LANES : n0;
        t.weights[v] = (const char *)a->weights + n / U8_PANEL * a->panel_stride + n % U8_PANEL * U8_UNIT;
    }
    struct finish f = {.epilogue = &a->epilogue,
                       .scales = scales,
                       .residual_stride = a->residual_stride,
                       .output_stride = a->output_stride,
                       .columns = columns};
    const size_t most = two ? U8_TILE_ROWS : U8_NARROW_ROWS, tiles = (b->count + most - 1) / most;
    size_t taller = b->count % tiles, shorter = tiles - taller, height = b->count / tiles + 1;
    for (size_t p = 0; p < b->count;) {
        if (taller == 0) taller = shorter, height--, shorter = 0;
        t.count = taller < U8_ROWS / height ? taller : U8_ROWS / height;
        taller -= t.count;
        const size_t count = t.count * height, pixel = b->first + p;
        u8_tile_of(height, two)(&t, rows);
        f.output = (char *)a->output + (pixel * a->output_stride + n0) * size;
        if (a->residual) f.residual = (const uint8_t *)a->residual + pixel * a->residual_stride + n0;
        finish_rows(&f, count, rows);
        t.input += count * b->input_stride;
        if (t.byte_sums) t.byte_sums += count;
        p += count;
    }
}

static void conv1x1_u8(const struct duet_conv1x1_args *a)
{
    duet_conv1x1_u8_promise(a, &u8_packing);
    _Alignas(64) int16_t space[U8_BLOCK_BYTES / 2];
    struct u8_block b = {.units = (a->in_channels + U8_UNIT - 1) / U8_UNIT};
    size_t most = b.units ? U8_BLOCK_BYTES / (b.units * 4) : U8_BLOCK_PIXELS;
    if (most > U8_BLOCK_PIXELS) most = U8_BLOCK_PIXELS;
    size_t blocks = (a->pixels + most - 1) / most;
    for (; blocks > 0; blocks--, b.first += b.count) {
        b.count = (a->pixels - b.first + blocks - 1) / blocks;
        u8_open_block(a, &b, space);
        for (size_t n0 = 0; n0 < a->out_channels; n0 += U8_GROUP) u8_block_columns(a, &b, n0);
    }
}
