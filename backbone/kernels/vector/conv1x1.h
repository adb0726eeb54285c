/* conv1x1.h: the body of every vector level's conv1x1 kernel. See tile.h. */
#include "kernels/conv1x1.h"
#include "kernels/vector/tile.h"

static void conv1x1_panel(const struct duet_conv1x1_args *a, size_t n0, const float *weights)
{
    struct tile_run run = {a->input, weights, a->in_channels};
    struct tile t = {.runs = &run,
                     .run_count = 1,
                     .input_stride = a->input_stride,
                     .columns = a->out_channels - n0 < TILE_PANEL ? a->out_channels - n0 : TILE_PANEL,
                     .bias = a->bias ? (const float *)a->bias + n0 : NULL,
                     .residual = a->residual ? (const float *)a->residual + n0 : NULL,
                     .residual_stride = a->residual_stride,
                     .output = (float *)a->output + n0,
                     .output_stride = a->output_stride,
                     .epilogue = a->epilogue};
    tile_pixels(&t, a->pixels);
}

static void conv1x1(const struct duet_conv1x1_args *a)
{
    duet_conv1x1_promise(a, TILE_PANEL, sizeof(float));
    const float *weights = a->weights;
    for (size_t n0 = 0; n0 < a->out_channels; n0 += TILE_PANEL) {
        conv1x1_panel(a, n0, weights);
        weights += a->panel_stride;
    }
}
