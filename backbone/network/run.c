#include "core/checked.h"
#include "core/fail.h"
#include "network/compiled.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct duet_session {
    struct duet_compiled *compiled;
    int threads;
    float *arena;
    char *scratch; /* scratch_bytes for each worker */
};

enum duet_status duet_session_create(struct duet_compiled *compiled, int threads, struct duet_session **out,
                                     struct duet_error *error)
{
    *out = NULL;
    if (threads < 1 || threads > 256)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%d threads: expected 1 to 256", threads);
    size_t arena = compiled->plan.arena_bytes + 64, scratch = compiled->plan.scratch_bytes + 64;
    struct duet_session *s = calloc(1, sizeof *s);
    if (s && duet_mul_size(scratch, (size_t)threads, &scratch)) {
        s->arena = aligned_alloc(64, arena / 64 * 64);
        s->scratch = aligned_alloc(64, scratch / 64 * 64);
    }
    if (!s || !s->arena || !s->scratch) {
        duet_session_close(&s);
        return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for a session of %zu bytes", arena + scratch);
    }
    s->compiled = duet_compiled_retain(compiled);
    s->threads = threads;
    *out = s;
    return DUET_OK;
}

void duet_session_close(struct duet_session **session)
{
    if (!session || !*session) return;
    duet_compiled_close(&(*session)->compiled); /* NULL when half-built */
    free((*session)->arena);
    free((*session)->scratch);
    free(*session);
    *session = NULL;
}

float *duet_session_input(struct duet_session *session)
{
    return session->arena + session->compiled->input_offset;
}

const float *duet_session_output(const struct duet_session *session, const char *name,
                                 struct duet_shape *shape)
{
    const struct duet_compiled *c = session->compiled;
    for (int i = 0; i < c->output_count; i++) {
        if (strcmp(c->outputs[i].name, name) != 0) continue;
        if (shape) *shape = c->outputs[i].shape;
        return session->arena + c->outputs[i].offset;
    }
    return NULL;
}

/* --- one step, one worker's share of its rows --------------------------------------------------------------
 */

/* A run of one step, cut into `pieces` along the rows of its output. */
struct work {
    struct duet_session *session;
    const struct step *step;
    int pieces;
};

static float *result(const struct work *w, duet_node node)
{
    return w->session->arena + w->session->compiled->plan.offset[node];
}

static const size_t *dims(const struct work *w, duet_node node)
{
    return w->session->compiled->plan.info[node].output.dims;
}

static float low_of(enum duet_activation activation)
{
    return activation == DUET_LINEAR ? -INFINITY : 0.0f;
}

static float high_of(enum duet_activation activation)
{
    return activation == DUET_RELU6 ? 6.0f : INFINITY;
}

/* Rows [y0, y1) of a 1x1 convolution without stride: pixels side by side. `input` is the first of them. */
static void run_pointwise(const struct work *w, duet_node node, size_t pixels, const float *input,
                          const float *residual, float *output)
{
    const struct duet_compiled *c = w->session->compiled;
    const struct duet_layer *layer = &c->layers[node];
    size_t in = (size_t)c->input_channels[node], out = (size_t)layer->channels;
    c->kernels.conv1x1.run(&(struct duet_conv1x1_args){.pixels = pixels,
                                                       .in_channels = in,
                                                       .out_channels = out,
                                                       .input = input,
                                                       .input_stride = in,
                                                       .weights = c->packed->layers[node].weights,
                                                       .panel_stride = in * c->kernels.conv1x1.panel,
                                                       .bias = c->packed->layers[node].bias,
                                                       .residual = residual,
                                                       .residual_stride = out,
                                                       .output = output,
                                                       .output_stride = out,
                                                       .low = low_of(layer->activation),
                                                       .high = high_of(layer->activation)});
}

/* Input rows that row y of a 3x3 window reads; NULL where it hangs over the edge. */
static void window_rows(const struct duet_layer *layer, size_t y, size_t pad_top, size_t in_height,
                        const float *first_row, size_t row_floats, size_t ring_rows, const float *rows[3])
{
    for (size_t tap = 0; tap < 3; tap++) {
        size_t at = y * (size_t)layer->stride + tap * (size_t)layer->rate; /* shifted down by pad_top */
        bool inside = at >= pad_top && at - pad_top < in_height;
        rows[tap] = inside ? first_row + (at - pad_top) % ring_rows * row_floats : NULL;
    }
}

/* Row y of a 3x3 convolution from the whole tensor `input`. */
static void run_conv3x3_row(const struct work *w, duet_node node, const size_t *in, const float *input,
                            size_t y, float *output)
{
    const struct duet_compiled *c = w->session->compiled;
    const struct duet_layer *layer = &c->layers[node];
    const size_t *out = dims(w, node);
    size_t pad_top = duet_same_padding(in[1], out[1], layer->stride, layer->rate);
    struct duet_conv3x3_args args = {.in_width = in[2],
                                     .out_width = out[2],
                                     .in_channels = in[3],
                                     .out_channels = out[3],
                                     .stride = (size_t)layer->stride,
                                     .rate = (size_t)layer->rate,
                                     .pad_left = duet_same_padding(in[2], out[2], layer->stride, layer->rate),
                                     .weights = c->packed->layers[node].weights,
                                     .bias = c->packed->layers[node].bias,
                                     .output = output,
                                     .low = low_of(layer->activation),
                                     .high = high_of(layer->activation)};
    window_rows(layer, y, pad_top, in[1], input, in[2] * in[3], in[1], args.rows);
    c->kernels.conv3x3.run(&args);
}

/* Rows [y0, y1) of a convolution from the whole tensor of layer `source`. */
static void run_conv_rows(const struct work *w, duet_node node, duet_node source, size_t y0, size_t y1,
                          float *output)
{
    const struct duet_layer *layer = &w->session->compiled->layers[node];
    const size_t *in = dims(w, source), *out = dims(w, node);
    const float *input = result(w, source);
    size_t row = out[2] * out[3];
    if (layer->kernel == 1 && layer->stride == 1) {
        run_pointwise(w, node, (y1 - y0) * out[2], input + y0 * in[2] * in[3], NULL, output);
    } else if (layer->kernel == 1) {
        for (size_t i = 0; i < (y1 - y0) * out[2]; i++) { /* every second pixel; no published model has it */
            size_t y = (y0 + i / out[2]) * 2, x = i % out[2] * 2;
            run_pointwise(w, node, 1, input + (y * in[2] + x) * in[3], NULL, output + i * out[3]);
        }
    } else {
        for (size_t y = y0; y < y1; y++) run_conv3x3_row(w, node, in, input, y, output + (y - y0) * row);
    }
}

/* Row y of a depthwise convolution; row r of its input lies at first_row + (r % ring_rows) rows. */
static void run_depthwise_row(const struct work *w, duet_node node, const size_t *in, const float *first_row,
                              size_t ring_rows, size_t y, float *output)
{
    const struct duet_compiled *c = w->session->compiled;
    const struct duet_layer *layer = &c->layers[node];
    const size_t *out = dims(w, node);
    size_t channels = out[3];
    struct duet_depthwise3x3_args args = {.input_stride = channels,
                                          .in_width = in[2],
                                          .out_width = out[2],
                                          .channels = channels,
                                          .stride = (size_t)layer->stride,
                                          .rate = (size_t)layer->rate,
                                          .pad_left =
                                              duet_same_padding(in[2], out[2], layer->stride, layer->rate),
                                          .weights = c->packed->layers[node].weights,
                                          .weight_stride = channels,
                                          .bias = c->packed->layers[node].bias,
                                          .output = output,
                                          .output_stride = channels,
                                          .low = low_of(layer->activation),
                                          .high = high_of(layer->activation)};
    size_t pad_top = duet_same_padding(in[1], out[1], layer->stride, layer->rate);
    window_rows(layer, y, pad_top, in[1], first_row, in[2] * channels, ring_rows, args.rows);
    c->kernels.depthwise3x3(&args);
}

/* Expanded rows [from, to) into the ring, in runs that do not wrap. */
static void fill_ring(const struct work *w, float *ring, size_t from, size_t to)
{
    const struct step *s = w->step;
    const size_t *middle = dims(w, s->expand);
    while (from < to) {
        size_t slot = from % s->ring_rows, run = s->ring_rows - slot;
        if (run > to - from) run = to - from;
        run_conv_rows(w, s->expand, s->inputs[0], from, from + run, ring + slot * middle[2] * middle[3]);
        from += run;
    }
}

/* Output rows [y0, y1) of a separable step, strip by strip. */
static void run_separable_rows(const struct work *w, size_t y0, size_t y1, char *scratch)
{
    const struct step *s = w->step;
    const struct duet_layer *depthwise = &w->session->compiled->layers[s->depthwise];
    duet_node middle_node = s->expand >= 0 ? s->expand : s->inputs[0];
    const size_t *middle = dims(w, middle_node), *out = dims(w, s->depthwise);
    size_t stride = (size_t)depthwise->stride,
           pad = duet_same_padding(middle[1], out[1], depthwise->stride, depthwise->rate);
    size_t row = out[2] * out[3], out_row = out[2] * dims(w, s->project)[3];
    float *strip = (float *)scratch;
    float *ring = strip + (s->strip_rows * row + 15) / 16 * 16;
    const float *first_row = s->expand >= 0 ? ring : result(w, middle_node);
    size_t ring_rows = s->expand >= 0 ? s->ring_rows : middle[1];
    float *output = result(w, s->output);
    const float *residual = s->add >= 0 ? result(w, s->inputs[1]) : NULL;
    size_t ready = y0 * stride > pad ? y0 * stride - pad : 0; /* expanded rows below this are in the ring */

    for (size_t y = y0; y < y1; y += s->strip_rows) {
        size_t end = y1 - y < s->strip_rows ? y1 : y + s->strip_rows;
        if (s->expand >= 0) {
            size_t reach = (end - 1) * stride + 2 * (size_t)depthwise->rate + 1;
            size_t need = reach > pad ? reach - pad : 0;
            if (need > middle[1]) need = middle[1];
            fill_ring(w, ring, ready, need);
            if (need > ready) ready = need;
        }
        for (size_t i = y; i < end; i++)
            run_depthwise_row(w, s->depthwise, middle, first_row, ring_rows, i, strip + (i - y) * row);
        run_pointwise(w, s->project, (end - y) * out[2], strip, residual ? residual + y * out_row : NULL,
                      output + y * out_row);
    }
}

/* --- steps without kernels of their own: they move few bytes
 * ------------------------------------------------ */

static void run_add_rows(const struct work *w, size_t y0, size_t y1)
{
    const size_t *out = dims(w, w->step->output);
    size_t row = out[2] * out[3];
    const float *a = result(w, w->step->inputs[0]), *b = result(w, w->step->inputs[1]);
    float *output = result(w, w->step->output);
    for (size_t i = y0 * row; i < y1 * row; i++) output[i] = a[i] + b[i];
}

static void run_concat_rows(const struct work *w, size_t y0, size_t y1)
{
    const size_t *out = dims(w, w->step->output);
    size_t at = 0;
    for (int k = 0; k < w->step->input_count; k++) {
        size_t channels = dims(w, w->step->inputs[k])[3];
        const float *input = result(w, w->step->inputs[k]);
        float *output = result(w, w->step->output) + at;
        for (size_t p = y0 * out[2]; p < y1 * out[2]; p++)
            memcpy(output + p * out[3], input + p * channels, channels * sizeof(float));
        at += channels;
    }
}

static void run_broadcast_rows(const struct work *w, size_t y0, size_t y1)
{
    const size_t *out = dims(w, w->step->output);
    const float *input = result(w, w->step->inputs[0]);
    float *output = result(w, w->step->output);
    for (size_t p = y0 * out[2]; p < y1 * out[2]; p++)
        memcpy(output + p * out[3], input, out[3] * sizeof(float));
}

/* Always one piece: a sum in one order. */
static void run_global_mean(const struct work *w)
{
    const size_t *in = dims(w, w->step->inputs[0]);
    const float *input = result(w, w->step->inputs[0]);
    float *output = result(w, w->step->output);
    size_t pixels = in[1] * in[2], channels = in[3];
    memset(output, 0, channels * sizeof(float));
    for (size_t p = 0; p < pixels; p++)
        for (size_t c = 0; c < channels; c++) output[c] += input[p * channels + c];
    for (size_t c = 0; c < channels; c++) output[c] /= (float)pixels;
}

/* --- running
 * ------------------------------------------------------------------------------------------------ */

static void run_piece(void *arg, int index, int worker)
{
    const struct work *w = arg;
    const struct step *s = w->step;
    size_t height = dims(w, s->output)[1], pieces = (size_t)w->pieces;
    size_t y0 = height * (size_t)index / pieces, y1 = height * ((size_t)index + 1) / pieces;
    if (y0 == y1) return;
    size_t row = dims(w, s->output)[2] * dims(w, s->output)[3];
    switch (s->kind) {
    case STEP_CONV:
        run_conv_rows(w, s->project, s->inputs[0], y0, y1, result(w, s->output) + y0 * row);
        break;
    case STEP_DEPTHWISE: {
        const size_t *in = dims(w, s->inputs[0]);
        for (size_t y = y0; y < y1; y++)
            run_depthwise_row(w, s->depthwise, in, result(w, s->inputs[0]), in[1], y,
                              result(w, s->output) + y * row);
        break;
    }
    case STEP_SEPARABLE:
        run_separable_rows(w, y0, y1,
                           w->session->scratch + (size_t)worker * w->session->compiled->plan.scratch_bytes);
        break;
    case STEP_ADD:
        run_add_rows(w, y0, y1);
        break;
    case STEP_CONCAT:
        run_concat_rows(w, y0, y1);
        break;
    case STEP_BROADCAST:
        run_broadcast_rows(w, y0, y1);
        break;
    case STEP_GLOBAL_MEAN:
        run_global_mean(w);
        break;
    }
}

void duet_session_run_step(struct duet_session *session, const struct duet_pool *pool, int step)
{
    struct duet_pool single = duet_pool_single();
    if (!pool) pool = &single;
    struct work work = {session, &session->compiled->plan.steps[step], pool->threads};
    if (work.step->kind == STEP_GLOBAL_MEAN) work.pieces = 1;
    if (work.pieces == 1)
        run_piece(&work, 0, 0);
    else
        pool->run(pool->ctx, run_piece, &work, work.pieces);
}

void duet_session_run(struct duet_session *session, const struct duet_pool *pool)
{
    for (int i = 0; i < session->compiled->plan.step_count; i++) duet_session_run_step(session, pool, i);
}
