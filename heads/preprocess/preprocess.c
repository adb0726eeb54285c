#include "heads/preprocess.h"

#include "core/fail.h"
#include "preprocess/pad.h"

#include <stdlib.h>

enum duet_status duet_preprocess_create(const struct duet_head_input *input, struct preprocess *preprocess,
                                        struct duet_error *error)
{
    struct preprocess *const p = preprocess;
    bool pad = input->resize == DUET_PAD;
    *p = (struct preprocess){
        .input = *input, .scale = (float)(pad ? 1 / input->scale : input->scale), .shift = (float)input->shift};
    if (pad) {
        p->covers = calloc((size_t)input->width, sizeof *p->covers);
        if (p->covers) return DUET_OK;
    } else {
        p->rows = calloc((size_t)input->height, sizeof *p->rows);
        p->columns = calloc((size_t)input->width, sizeof *p->columns);
        if (p->rows && p->columns) return DUET_OK;
    }
    duet_preprocess_close(p);
    return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory to resize pictures to %dx%d", input->width,
                     input->height);
}

void duet_preprocess_close(struct preprocess *preprocess)
{
    free(preprocess->rows);
    free(preprocess->columns);
    free(preprocess->covers);
    *preprocess = (struct preprocess){0};
}

void duet_preprocess_size(const struct preprocess *preprocess, const struct duet_image *image, int *height,
                          int *width)
{
    *height = preprocess->input.height;
    *width = preprocess->input.width;
    if (preprocess->input.resize == DUET_PAD) duet_pad_size(image, *height, *width, height, width);
}

struct work {
    const struct preprocess *preprocess;
    const struct duet_kernels *kernels;
    const struct duet_image *image;
    float *input;
};

static void stretch_row(void *arg, int y, int worker)
{
    (void)worker;
    const struct work *w = arg;
    struct duet_resize_tap tap = w->preprocess->rows[y];
    size_t width = (size_t)w->preprocess->input.width;
    w->kernels->resize(&(struct duet_resize_args){.top = duet_image_row(w->image, (int)tap.low),
                                                  .bottom = duet_image_row(w->image, (int)tap.high),
                                                  .fraction = tap.fraction,
                                                  .columns = w->preprocess->columns,
                                                  .out_width = width,
                                                  .output = w->input + (size_t)y * width * 3,
                                                  .scale = w->preprocess->scale,
                                                  .shift = w->preprocess->shift});
}

struct duet_affine duet_preprocess_run(struct preprocess *preprocess, const struct duet_kernels *kernels,
                                       const struct duet_image *image, const struct duet_pool *pool,
                                       float *input)
{
    if (preprocess->input.resize == DUET_PAD) return duet_pad_run(preprocess, image, pool, input);
    duet_resize_taps((size_t)image->height, (size_t)preprocess->input.height, preprocess->rows);
    duet_resize_taps((size_t)image->width, (size_t)preprocess->input.width, preprocess->columns);
    struct work work = {preprocess, kernels, image, input};
    pool->run(pool->ctx, stretch_row, &work, preprocess->input.height);
    float width = (float)image->width, height = (float)image->height;
    return (struct duet_affine){width, height, 0, 0, width, height};
}
