/* conv1x1.h: the body of every vector level's conv1x1 kernel. See tile.h. */
#include "kernels/conv1x1.h"
#include "kernels/vector/tile.h"

/* All pixels against one panel, in tiles of nearly equal height: a last tile of one or two pixels would leave
 * most of the multipliers idle. */
static void conv1x1_panel(const struct duet_conv1x1_args *a, size_t n0, const float *weights)
{
    struct tile_run run = {.weights = weights, .depth = a->in_channels};
    struct tile t = {.runs = &run,
                     .run_count = 1,
                     .input_stride = a->input_stride,
                     .columns = a->out_channels - n0 < TILE_PANEL ? a->out_channels - n0 : TILE_PANEL,
                     .bias = a->bias ? a->bias + n0 : NULL,
                     .residual_stride = a->residual_stride,
                     .output_stride = a->output_stride,
                     .low = a->low,
                     .high = a->high};
    size_t most = tile_rows(t.columns), tiles = (a->pixels + most - 1) / most;
    for (size_t i = 0, p = 0; i < tiles; i++) {
        size_t rows = (a->pixels - p) / (tiles - i);
        run.input = a->input + p * a->input_stride;
        t.residual = a->residual ? a->residual + p * a->residual_stride + n0 : NULL;
        t.output = a->output + p * a->output_stride + n0;
        tile_run(&t, rows);
        p += rows;
    }
}

static inline void conv1x1(const struct duet_conv1x1_args *a)
{
    const float *weights = a->weights;
    for (size_t n0 = 0; n0 < a->out_channels; n0 += TILE_PANEL) {
        conv1x1_panel(a, n0, weights);
        weights += a->panel_stride;
    }
}
