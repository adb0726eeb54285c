/* The separable step: [expand ->] depthwise -> project [-> add]. See plan.h for its two ways to run. Neither
 * changes a byte: every number is one chain of multiply-adds in an order of its own. */
#include "network/steps.h"

#include "kernels/padding.h"
#include "network/convolve.h"

/* A step under way, its group of channels, and what is read off the plan again and again. */
struct fused {
    const struct work *work;
    size_t stride, rate, pad_top;
    size_t channels;            /* of the depthwise layer */
    const size_t *middle, *out; /* shapes around the depthwise layer */
    duet_node source;           /* the layer that the depthwise one reads */
    const uint32_t *live;       /* channels that the projection reads; NULL: all */
    size_t depth;               /* how many */
    size_t k_begin, k_end;      /* of these, those in the strip */
    size_t size;                /* bytes of a number of what is expanded and filtered */
    char *strip;                /* [pixels][k_end - k_begin] */
};

/* How many of the channels before c the projection reads. */
static size_t live_before(const struct fused *f, size_t c)
{
    if (!f->live) return c;
    size_t low = 0, high = f->depth;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (f->live[middle] < c)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct fused begin(const struct work *w)
{
    const struct step *s = w->step;
    const struct duet_layer *depthwise = &w->session->compiled->layers[s->depthwise];
    struct fused f = {.work = w,
                      .stride = (size_t)depthwise->stride,
                      .rate = (size_t)depthwise->rate,
                      .size = s->dtype == DUET_U8 ? 1 : sizeof(float),
                      .out = duet_dims(w, s->depthwise),
                      .source = s->expand >= 0 ? s->expand : s->inputs[0]};
    f.middle = duet_dims(w, f.source);
    f.channels = f.out[3];
    f.pad_top = duet_same_padding(f.middle[1], f.out[1], depthwise->stride, depthwise->rate);
    f.live = w->session->compiled->packed.layers[s->project].live;
    f.depth = f.k_end = w->session->compiled->packed.layers[s->project].depth;
    return f;
}

/* Rows from .. to of channels c0 .. c1 of the expanded tensor, into the ring [ring_rows][width][c1 - c0]. */
static void expand(const struct fused *f, size_t from, size_t to, size_t c0, size_t c1, char *ring,
                   size_t ring_rows)
{
    const struct step *s = f->work->step;
    size_t row = f->middle[2] * (c1 - c0) * f->size;
    while (from < to) { /* in runs that do not wrap */
        size_t slot = from % ring_rows, run = ring_rows - slot;
        if (run > to - from) run = to - from;
        duet_conv_rows(f->work, s->expand, s->inputs[0], from, from + run, c0, c1, ring + slot * row);
        from += run;
    }
}

/* The `count` live channels of a pixel whose first channel is c0, side by side. */
static void close_up(const uint32_t *live, size_t count, size_t c0, const float *pixel, float *to)
{
    for (size_t k = 0; k < count; k++) to[k] = pixel[live[k] - c0];
}

static void close_up_bytes(const uint32_t *live, size_t count, size_t c0, const uint8_t *pixel, uint8_t *to)
{
    for (size_t k = 0; k < count; k++) to[k] = pixel[live[k] - c0];
}

/* Output rows y0 .. y1 of channels c0 .. c1 into the strip, whose first row is y0. */
static void depthwise(const struct fused *f, size_t y0, size_t y1, size_t c0, size_t c1, const char *ring,
                      size_t ring_rows, char *spare)
{
    duet_node node = f->work->step->depthwise;
    size_t k0 = live_before(f, c0), k1 = live_before(f, c1), width = f->k_end - f->k_begin,
           pixels = f->out[2];
    char *strip = f->strip + (k0 - f->k_begin) * f->size;
    struct depthwise_rows rows = {ring, ring_rows, c1 - c0, y0, y1, strip, width};
    if (f->work->step->expand < 0) {
        rows.input = duet_number(f->work, f->source, c0);
        rows.ring_rows = f->middle[1];
        rows.pixel_stride = f->channels;
    }
    if (k1 - k0 == c1 - c0) {
        duet_depthwise_rows(f->work, node, f->source, &rows, c0, c1);
        return;
    }
    if (k0 == k1) return;
    rows.output = spare;
    rows.output_stride = c1 - c0;
    for (size_t y = y0; y < y1; y++, strip += pixels * width * f->size) {
        rows.y_begin = y;
        rows.y_end = y + 1;
        duet_depthwise_rows(f->work, node, f->source, &rows, c0, c1);
        for (size_t x = 0; x < pixels; x++)
            if (f->size == 1)
                close_up_bytes(f->live + k0, k1 - k0, c0, (const uint8_t *)spare + x * (c1 - c0),
                               (uint8_t *)strip + x * width);
            else
                close_up(f->live + k0, k1 - k0, c0, (const float *)(const void *)spare + x * (c1 - c0),
                         (float *)(void *)strip + x * width);
    }
}

/* The projection of the strip's channels for the output pixels from `pixel` on, where the strip begins. */
static struct pointwise projection(const struct fused *f, size_t pixel, size_t pixels)
{
    const struct step *s = f->work->step;
    size_t channels = duet_dims(f->work, s->project)[3];
    return (struct pointwise){.node = s->project,
                              .output_node = s->output,
                              .pixels = pixels,
                              .input = f->strip,
                              .input_stride = f->k_end - f->k_begin,
                              .k0 = f->k_begin,
                              .k1 = f->k_end,
                              .residual =
                                  s->add >= 0 ? duet_number(f->work, s->inputs[1], pixel * channels) : NULL,
                              .residual_node = s->inputs[1],
                              .output = duet_number(f->work, s->output, pixel * channels),
                              .output_stride = channels};
}

/* --- by rows ------------------------------------------------------------------------------------------- */

/* Expanded rows that output rows before `end` need. */
static size_t rows_needed(const struct fused *f, size_t end)
{
    size_t reach = (end - 1) * f->stride + 2 * f->rate + 1;
    size_t need = reach > f->pad_top ? reach - f->pad_top : 0;
    return need < f->middle[1] ? need : f->middle[1];
}

/* One worker's share of the output rows, strip by strip. */
static void rows_piece(void *arg, int index, int worker)
{
    const struct work *w = arg;
    const struct step *s = w->step;
    struct fused f = begin(w);
    struct share rows = duet_share(f.out[1], index, w->pieces);
    char *scratch = duet_scratch(w, worker);
    f.strip = scratch + s->spare_bytes;
    char *rings = f.strip + duet_align(s->strip_rows * f.out[2] * f.channels * f.size);
    /* Expanded rows below this are in the rings, of which each chunk of channels has one. */
    size_t ready = rows.begin * f.stride > f.pad_top ? rows.begin * f.stride - f.pad_top : 0;

    for (size_t y = rows.begin; y < rows.end; y += s->strip_rows) {
        size_t end = rows.end - y < s->strip_rows ? rows.end : y + s->strip_rows;
        size_t need = rows_needed(&f, end);
        for (size_t c0 = 0; c0 < f.channels; c0 += s->chunk) {
            size_t c1 = f.channels - c0 < s->chunk ? f.channels : c0 + s->chunk;
            char *ring = rings + c0 * s->ring_rows * f.middle[2] * f.size;
            if (s->expand >= 0) expand(&f, ready, need, c0, c1, ring, s->ring_rows);
            depthwise(&f, y, end, c0, c1, ring, s->ring_rows, scratch);
        }
        if (need > ready) ready = need;
        size_t width = f.out[2], channels = duet_dims(w, s->project)[3];
        struct pointwise p = projection(&f, y * width, (end - y) * width);
        duet_pointwise(w->session->compiled, &p, 0, channels);
    }
}

/* --- by channels --------------------------------------------------------------------------------------- */

/* A group of channels, filtered together and then projected. */
struct group {
    struct fused fused; /* the strip holds the group's channels that are read */
    size_t begin, end;
};

/* One worker's share of the group's channels: expanded and filtered over the whole height. */
static void filter_piece(void *arg, int index, int worker)
{
    const struct group *g = arg;
    const struct fused *f = &g->fused;
    const struct step *s = f->work->step;
    char *scratch = duet_scratch(f->work, worker);
    char *ring = scratch + s->spare_bytes;
    struct share units = duet_share(duet_chunk_units(g->end - g->begin), index, f->work->pieces);
    size_t end = g->begin + units.end * DUET_CHUNK_UNIT;
    if (end > g->end) end = g->end;
    for (size_t c0 = g->begin + units.begin * DUET_CHUNK_UNIT; c0 < end; c0 += s->chunk) {
        size_t c1 = end - c0 < s->chunk ? end : c0 + s->chunk;
        if (s->expand >= 0) expand(f, 0, f->middle[1], c0, c1, ring, f->middle[1]);
        depthwise(f, 0, f->out[1], c0, c1, ring, f->middle[1], scratch);
    }
}

/* One worker's share of what the group adds to the projection. */
static void project_piece(void *arg, int index, int worker)
{
    (void)worker;
    const struct fused *f = &((const struct group *)arg)->fused;
    struct pointwise p = projection(f, 0, f->out[1] * f->out[2]);
    duet_pointwise_share(f->work->session->compiled, &p, index, f->work->pieces);
}

/* Channels of a group: as many as keep each worker's part of the strip within the budget, and the same number
 * of units for every worker. */
static size_t group_channels(const struct fused *f)
{
    if (f->work->step->group) return f->work->step->group;
    if (f->size == 1)
        return duet_chunk_units(f->channels) * DUET_CHUNK_UNIT; /* bytes hold no half-finished sums */
    size_t pieces = (size_t)f->work->pieces, bytes = f->out[1] * f->out[2] * f->depth * sizeof(float);
    size_t groups = bytes / (f->work->session->compiled->plan.budget.strip * pieces) + 1;
    size_t each = (duet_chunk_units(f->channels) + groups - 1) / groups;
    return (each + pieces - 1) / pieces * pieces * DUET_CHUNK_UNIT;
}

static void run_by_channels(struct work *w, const struct duet_pool *pool)
{
    struct group g = {.fused = begin(w)};
    struct fused *f = &g.fused;
    size_t step = group_channels(f);
    f->strip = duet_result(w, w->step->depthwise);
    for (; g.begin < f->channels; g.begin = g.end) {
        g.end = f->channels - g.begin < step ? f->channels : g.begin + step;
        f->k_begin = live_before(f, g.begin);
        f->k_end = live_before(f, g.end);
        /* A group that nothing is read of adds nothing; but someone must write the biases. */
        if (f->k_begin == f->k_end && (f->depth > 0 || g.begin > 0)) continue;
        duet_run_pieces(pool, filter_piece, &g, w->pieces);
        duet_run_pieces(pool, project_piece, &g, w->pieces);
    }
}

void duet_step_separable(struct work *w, const struct duet_pool *pool)
{
    if (w->step->by_channels)
        run_by_channels(w, pool);
    else
        duet_run_pieces(pool, rows_piece, w, w->pieces);
}
