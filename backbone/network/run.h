/* run.h: what the parts of a running network share. Internal to backbone/network. */
#ifndef DUET_NETWORK_RUN_H
#define DUET_NETWORK_RUN_H

#include "network/compiled.h"

struct duet_session {
    struct duet_compiled *compiled;
    int threads;
    float *arena;
    char *scratch; /* scratch_bytes for each worker, in the same block */
};

/* A run of one step by `pieces` workers. */
struct work {
    struct duet_session *session;
    const struct step *step;
    int pieces;
};

/* The part of `count` that piece `index` of `pieces` takes. */
struct share {
    size_t begin, end;
};

static inline struct share duet_share(size_t count, int index, int pieces)
{
    size_t i = (size_t)index, n = (size_t)pieces;
    return (struct share){count * i / n, count * (i + 1) / n};
}

static inline float *duet_result(const struct work *w, duet_node node)
{
    return w->session->arena + w->session->compiled->plan.offset[node];
}

static inline float *duet_scratch(const struct work *w, int worker)
{
    return (float *)(w->session->scratch + (size_t)worker * w->session->compiled->plan.scratch_bytes);
}

static inline const size_t *duet_dims(const struct work *w, duet_node node)
{
    return w->session->compiled->plan.info[node].output.dims;
}

/* Runs task(arg, 0 .. pieces-1), on the pool unless there is only one. */
void duet_run_pieces(const struct duet_pool *pool, duet_task *task, void *arg, int pieces);

/* --- convolutions (convolve.c) ------------------------------------------------------------------------- */

/* A 1x1 convolution, or a part of its input channels: k0 .. k1. */
struct pointwise {
    duet_node node;
    size_t pixels;
    const float *input; /* channel k0 of the first pixel */
    size_t input_stride;
    size_t k0, k1;
    const float *start; /* what the sums start from where k0 > 0; NULL: from what `output` holds */
    const float *residual;
    float *output;
    size_t output_stride;
};

/* Output channels c0 .. c1 (c0 a multiple of DUET_CHUNK_UNIT); `output` is that of channel c0. */
void duet_run_pointwise(const struct duet_compiled *compiled, const struct pointwise *p, size_t c0,
                        size_t c1);

/* One worker's share: of the pixels, or of the output channels where that is better. */
void duet_run_pointwise_share(const struct duet_compiled *compiled, const struct pointwise *p, int index,
                              int pieces);

/* Rows y0 .. y1 and channels c0 .. c1 of a convolution of the whole tensor of layer `source`;
 * `output` [y1 - y0][width][c1 - c0]. */
void duet_run_conv_rows(const struct work *w, duet_node node, duet_node source, size_t y0, size_t y1,
                        size_t c0, size_t c1, float *output);

/* Rows of a depthwise convolution; see kernels/depthwise3x3.h. Pointers are those of the first channel. */
struct depthwise_rows {
    const float *input;
    size_t ring_rows, pixel_stride;
    size_t y_begin, y_end;
    float *output;
    size_t output_stride;
};

/* Channels c0 .. c1. */
void duet_run_depthwise_rows(const struct work *w, duet_node node, duet_node source,
                             const struct depthwise_rows *rows, size_t c0, size_t c1);

/* --- the fused step (separable.c) ---------------------------------------------------------------------- */

void duet_run_separable(struct work *w, const struct duet_pool *pool);

#endif
