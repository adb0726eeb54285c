#include "heads/preprocess.h"

#include "core/fail.h"

#include <stdlib.h>

enum duet_status duet_stretch_create(int height, int width, struct stretch *stretch, struct duet_error *error)
{
    *stretch = (struct stretch){height, width, calloc((size_t)height, sizeof *stretch->rows),
                                calloc((size_t)width, sizeof *stretch->columns)};
    if (stretch->rows && stretch->columns) return DUET_OK;
    duet_stretch_close(stretch);
    return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory to resize pictures to %dx%d", width, height);
}

void duet_stretch_close(struct stretch *stretch)
{
    free(stretch->rows);
    free(stretch->columns);
    *stretch = (struct stretch){0};
}

struct work {
    const struct stretch *stretch;
    const struct duet_kernels *kernels;
    const struct duet_image *image;
    float scale, shift, *output;
};

static void run_row(void *arg, int y, int worker)
{
    (void)worker;
    const struct work *w = arg;
    struct duet_resize_tap tap = w->stretch->rows[y];
    size_t width = (size_t)w->stretch->width;
    w->kernels->resize(&(struct duet_resize_args){.top = duet_image_row(w->image, (int)tap.low),
                                                  .bottom = duet_image_row(w->image, (int)tap.high),
                                                  .fraction = tap.fraction,
                                                  .columns = w->stretch->columns,
                                                  .out_width = width,
                                                  .output = w->output + (size_t)y * width * 3,
                                                  .scale = w->scale,
                                                  .shift = w->shift});
}

struct duet_affine duet_stretch_run(struct stretch *stretch, const struct duet_kernels *kernels,
                                    const struct duet_image *image, float scale, float shift,
                                    const struct duet_pool *pool, float *output)
{
    duet_resize_taps((size_t)image->height, (size_t)stretch->height, stretch->rows);
    duet_resize_taps((size_t)image->width, (size_t)stretch->width, stretch->columns);
    struct work work = {stretch, kernels, image, scale, shift, output};
    pool->run(pool->ctx, run_row, &work, stretch->height);
    float width = (float)image->width, height = (float)image->height;
    return (struct duet_affine){width, height, 0, 0, width, height};
}
