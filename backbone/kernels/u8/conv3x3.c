#include "kernels/conv3x3.h"

#include <string.h>

static void gather_taps(const struct duet_conv3x3_args *a, size_t x, uint8_t *window)
{
    for (size_t tap = 0; tap < 9; tap++, window += a->in_channels) {
        const uint8_t *row = a->rows[tap / 3];
        size_t at = x * a->stride + tap % 3 * a->rate; /* shifted right by pad_left */
        if (!row || at < a->pad_left || at - a->pad_left >= a->in_width)
            memset(window, a->input_zero, a->in_channels);
        else
            memcpy(window, row + (at - a->pad_left) * a->in_channels, a->in_channels);
    }
}

/* Of taps that lie side by side, `run` bytes in each row. */
static void gather_runs(const struct duet_conv3x3_args *a, size_t at, size_t run, uint8_t *window)
{
    for (size_t ky = 0; ky < 3; ky++)
        if (a->rows[ky])
            memcpy(window + ky * run, (const uint8_t *)a->rows[ky] + at, run);
        else
            memset(window + ky * run, a->input_zero, run);
}

/* Of a picture's pixel, 3 channels: three moves, of whose bytes those that follow overwrite what is too much.
 * The first layer of SSDLite: 2.5 ms with a call for each tap, 0.6 with these. */
enum { PICTURE_RUN = 9, MOVE = 16 };

static inline void gather_picture(const struct duet_conv3x3_args *a, size_t at, uint8_t *window)
{
    for (size_t ky = 0; ky < 3; ky++)
        memcpy(window + ky * PICTURE_RUN, (const uint8_t *)a->rows[ky] + at * 3, MOVE);
}

/* The nine taps of output pixel x, [9][in_channels]; up to MOVE bytes behind them are written, too. */
static void gather(const struct duet_conv3x3_args *a, size_t x, bool picture, uint8_t *window)
{
    const size_t shifted = x * a->stride, at = shifted - a->pad_left; /* the first tap's, if inside */
    if (a->rate != 1 || shifted < a->pad_left || at + 3 > a->in_width)
        gather_taps(a, x, window);
    else if (picture && (at * 3 + MOVE) <= a->in_width * 3)
        gather_picture(a, at, window);
    else
        gather_runs(a, at * a->in_channels, 3 * a->in_channels, window);
}

void duet_conv3x3_windows(const struct duet_conv3x3_args *a, const struct duet_packing *packing,
                          duet_conv1x1_fn *conv1x1)
{
    const size_t depth = 9 * a->in_channels, size = a->epilogue.output == DUET_U8 ? 1 : 4;
    const size_t padded = duet_packed_depth(packing, depth); /* whole units: weights there are 0 */
    const bool picture = a->in_channels == 3 && a->rows[0] && a->rows[1] && a->rows[2];
    uint8_t windows[DUET_SUM_DEPTH + MOVE];
    assert(padded <= DUET_SUM_DEPTH);
    const size_t most = DUET_SUM_DEPTH / padded; /* pixels at a time */
    for (size_t x = 0, count; x < a->out_width; x += count) {
        count = a->out_width - x < most ? a->out_width - x : most;
        for (size_t i = 0; i < count; i++) {
            gather(a, x + i, picture, windows + i * padded);
            for (size_t k = depth; k < padded; k++) windows[i * padded + k] = 0;
        }
        conv1x1(&(struct duet_conv1x1_args){.pixels = count,
                                            .in_channels = padded,
                                            .out_channels = a->out_channels,
                                            .input = windows,
                                            .input_stride = padded,
                                            .weights = a->weights,
                                            .panel_stride = padded * packing->panel,
                                            .weight_zeros = a->weight_zeros,
                                            .bias = a->bias,
                                            .output = (char *)a->output + x * a->out_channels * size,
                                            .output_stride = a->out_channels,
                                            .epilogue = a->epilogue});
    }
}

void duet_conv3x3_u8_scalar(const struct duet_conv3x3_args *a)
{
    static const struct duet_packing packing = DUET_U8_SCALAR_PACKING;
    duet_conv3x3_windows(a, &packing, duet_conv1x1_u8_scalar);
}
