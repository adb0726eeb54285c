/* conv3x3.h: the body of every vector level's conv3x3 kernel. See tile.h. */
#include "kernels/conv3x3.h"
#include "kernels/vector/tile.h"
#include "kernels/vector/window.h"

/* The taps inside the picture for the output pixels from x on. With rate 1 the taps of a row lie
 * side by side and make one run. Returns the number of runs. */
static size_t list_runs(const struct duet_conv3x3_args *a, const struct duet_window *window, size_t x,
                        const float *weights, struct tile_run runs[9])
{
    size_t count = 0;
    for (size_t tap = 0; tap < 9; tap++) {
        const float *row = a->rows[tap / 3];
        if (!row || !window->inside[tap % 3]) continue;
        size_t at = x * a->stride + tap % 3 * a->rate - a->pad_left;
        struct tile_run run = {row + at * a->in_channels, weights + tap * a->in_channels * TILE_PANEL,
                               a->in_channels};
        bool joins = a->rate == 1 && tap % 3 > 0 && window->inside[tap % 3 - 1];
        if (joins)
            runs[count - 1].depth += run.depth;
        else
            runs[count++] = run;
    }
    return count;
}

static void conv3x3_panel(const struct duet_conv3x3_args *a, size_t n0, const float *weights)
{
    struct tile_run runs[9];
    struct tile t = {.runs = runs,
                     .input_stride = a->stride * a->in_channels,
                     .columns = a->out_channels - n0 < TILE_PANEL ? a->out_channels - n0 : TILE_PANEL,
                     .bias = (const float *)a->bias + n0,
                     .output_stride = a->out_channels,
                     .epilogue = a->epilogue};
    for (size_t x = 0; x < a->out_width;) {
        struct duet_window window =
            duet_window_at(x, a->in_width, a->out_width, a->stride, a->rate, a->pad_left);
        t.run_count = list_runs(a, &window, x, weights, runs);
        t.output = (float *)a->output + x * a->out_channels + n0;
        tile_pixels(&t, window.end - x);
        x = window.end;
    }
}

static void conv3x3(const struct duet_conv3x3_args *a)
{
    duet_conv3x3_promise(a, TILE_PANEL, sizeof(float));
    const float *weights = a->weights;
    for (size_t n0 = 0; n0 < a->out_channels; n0 += TILE_PANEL) {
        conv3x3_panel(a, n0, weights);
        weights += 9 * a->in_channels * TILE_PANEL;
    }
}
