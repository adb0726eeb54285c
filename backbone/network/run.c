#include "network/run.h"
#include "core/fail.h"
#include "core/os.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum duet_status duet_session_create(struct duet_compiled *compiled, int threads,
                                     struct duet_session **session, struct duet_error *error)
{
    DUET_NEEDS(session, error);
    *session = NULL;
    DUET_NEEDS(compiled, error);
    if (threads < 1 || threads > 256)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%d threads: expected 1 to 256", threads);
    enum duet_status status =
        duet_check_memory(&compiled->plan, (size_t)threads, compiled->max_memory, error);
    if (status != DUET_OK) return status;
    /* Both parts are multiples of a cache line; the sum fits: that was checked. */
    size_t arena = compiled->plan.arena_bytes, bytes = arena + compiled->plan.scratch_bytes * (size_t)threads;
    struct duet_session *s = calloc(1, sizeof *s);
    if (s) s->arena = duet_alloc_pages(bytes);
    if (!s || !s->arena) {
        duet_session_close(&s);
        return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for a session of %zu bytes", bytes);
    }
    s->scratch = (char *)s->arena + arena;
    s->compiled = duet_compiled_retain(compiled);
    s->threads = threads;
    *session = s;
    return DUET_OK;
}

void duet_session_close(struct duet_session **session)
{
    if (!session || !*session) return;
    duet_compiled_close(&(*session)->compiled); /* NULL when half-built */
    free((*session)->arena);
    free(*session);
    *session = NULL;
}

float *duet_session_input(struct duet_session *session)
{
    return session ? session->arena + session->compiled->input_offset : NULL;
}

const float *duet_session_output(const struct duet_session *session, const char *name,
                                 struct duet_shape *shape)
{
    const struct duet_compiled *c = session ? session->compiled : NULL;
    for (int i = 0; c && name && i < c->output_count; i++) {
        if (strcmp(c->outputs[i].name, name) != 0) continue;
        if (shape) *shape = c->outputs[i].shape;
        return session->arena + c->outputs[i].offset;
    }
    return NULL;
}

/* --- steps without kernels of their own: they move few bytes ------------------------------------------- */

static void run_add_rows(const struct work *w, size_t y0, size_t y1)
{
    const size_t *out = duet_dims(w, w->step->output);
    size_t row = out[2] * out[3];
    const float *a = duet_result(w, w->step->inputs[0]), *b = duet_result(w, w->step->inputs[1]);
    float *output = duet_result(w, w->step->output);
    for (size_t i = y0 * row; i < y1 * row; i++) output[i] = a[i] + b[i];
}

static void run_concat_rows(const struct work *w, size_t y0, size_t y1)
{
    const size_t *out = duet_dims(w, w->step->output);
    size_t at = 0;
    for (int k = 0; k < w->step->input_count; k++) {
        size_t channels = duet_dims(w, w->step->inputs[k])[3];
        const float *input = duet_result(w, w->step->inputs[k]);
        float *output = duet_result(w, w->step->output) + at;
        for (size_t p = y0 * out[2]; p < y1 * out[2]; p++)
            memcpy(output + p * out[3], input + p * channels, channels * sizeof(float));
        at += channels;
    }
}

static void run_broadcast_rows(const struct work *w, size_t y0, size_t y1)
{
    const size_t *out = duet_dims(w, w->step->output);
    const float *input = duet_result(w, w->step->inputs[0]);
    float *output = duet_result(w, w->step->output);
    for (size_t p = y0 * out[2]; p < y1 * out[2]; p++)
        memcpy(output + p * out[3], input, out[3] * sizeof(float));
}

/* Always one piece: a sum in one order. */
static void run_global_mean(const struct work *w)
{
    const size_t *in = duet_dims(w, w->step->inputs[0]);
    const float *input = duet_result(w, w->step->inputs[0]);
    float *output = duet_result(w, w->step->output);
    size_t pixels = in[1] * in[2], channels = in[3];
    memset(output, 0, channels * sizeof(float));
    for (size_t p = 0; p < pixels; p++)
        for (size_t c = 0; c < channels; c++) output[c] += input[p * channels + c];
    for (size_t c = 0; c < channels; c++) output[c] /= (float)pixels;
}

/* --- running ------------------------------------------------------------------------------------------- */

/* A 1x1 convolution, input after input: each goes on where the last one's channels ended. What a single pixel
 * at the beginning adds is the same everywhere, so it is worked out once, and the others start from it. */
static void run_pointwise(const struct work *w, int index, int worker)
{
    const struct step *s = w->step;
    const struct duet_compiled *c = w->session->compiled;
    const size_t *out = duet_dims(w, s->output);
    struct pointwise p = {.node = s->project,
                          .pixels = out[1] * out[2],
                          .output = duet_result(w, s->output),
                          .output_stride = out[3]};
    for (int i = 0; i < s->input_count; i++, p.k0 = p.k1) {
        size_t channels = duet_dims(w, s->inputs[i])[3];
        p.k1 = p.k0 + channels;
        p.input = duet_result(w, s->inputs[i]);
        p.input_stride = s->spread[i] ? 0 : channels;
        if (i == 0 && s->spread[0] && s->input_count > 1) {
            struct pointwise once = p;
            once.pixels = 1;
            once.output = duet_scratch(w, worker);
            duet_run_pointwise(c, &once, 0, out[3]);
            p.start = once.output;
        } else {
            duet_run_pointwise_share(c, &p, index, w->pieces);
            p.start = NULL;
        }
    }
}

static void run_conv(const struct work *w, int index, int worker)
{
    const struct duet_layer *layer = &w->session->compiled->layers[w->step->project];
    const size_t *out = duet_dims(w, w->step->output);
    struct share y = duet_share(out[1], index, w->pieces);
    if (layer->kernel == 1 && layer->stride == 1)
        run_pointwise(w, index, worker);
    else if (y.begin < y.end)
        duet_run_conv_rows(w, w->step->project, w->step->inputs[0], y.begin, y.end, 0, out[3],
                           duet_result(w, w->step->output) + y.begin * out[2] * out[3]);
}

static void run_depthwise(const struct work *w, struct share y)
{
    duet_node source = w->step->inputs[0];
    const size_t *in = duet_dims(w, source), *out = duet_dims(w, w->step->output);
    float *output = duet_result(w, w->step->output) + y.begin * out[2] * out[3];
    struct depthwise_rows rows = {duet_result(w, source), in[1], in[3], y.begin, y.end, output, out[3]};
    duet_run_depthwise_rows(w, w->step->depthwise, source, &rows, 0, out[3]);
}

static void run_piece(void *arg, int index, int worker)
{
    const struct work *w = arg;
    struct share y = duet_share(duet_dims(w, w->step->output)[1], index, w->pieces);
    switch (w->step->kind) {
    case STEP_CONV:
        run_conv(w, index, worker);
        break;
    case STEP_DEPTHWISE:
        run_depthwise(w, y);
        break;
    case STEP_ADD:
        run_add_rows(w, y.begin, y.end);
        break;
    case STEP_CONCAT:
        run_concat_rows(w, y.begin, y.end);
        break;
    case STEP_BROADCAST:
        run_broadcast_rows(w, y.begin, y.end);
        break;
    case STEP_GLOBAL_MEAN:
        run_global_mean(w);
        break;
    case STEP_SEPARABLE: /* has pieces of its own */
        break;
    }
}

void duet_run_pieces(const struct duet_pool *pool, duet_task *task, void *arg, int pieces)
{
    if (pieces == 1)
        task(arg, 0, 0);
    else
        pool->run(pool->ctx, task, arg, pieces);
}

static void run_step(struct duet_session *session, const struct duet_pool *pool, int step)
{
    struct work work = {session, &session->compiled->plan.steps[step], pool->threads};
    if (work.step->serial) work.pieces = 1;
    if (work.step->kind == STEP_SEPARABLE)
        duet_run_separable(&work, pool);
    else
        duet_run_pieces(pool, run_piece, &work, work.pieces);
}

/* Steps first .. end, after a look at what would write past the session's memory. */
static enum duet_status run_steps(struct duet_session *session, const struct duet_pool *pool, int first,
                                  int end, struct duet_error *error)
{
    const struct duet_pool single = duet_pool_single();
    if (!pool) pool = &single;
    if (!session || first < 0 || end > session->compiled->plan.step_count)
        return duet_fail(error, DUET_BAD_ARGUMENT,
                         session ? "step %d: expected 0 to %d" : "no session to run", first,
                         session ? session->compiled->plan.step_count - 1 : 0);
    enum duet_status status = duet_pool_check(pool, session->threads, error);
    for (int i = first; status == DUET_OK && i < end; i++) run_step(session, pool, i);
    return status;
}

enum duet_status duet_session_run_step(struct duet_session *session, const struct duet_pool *pool, int step,
                                       struct duet_error *error)
{
    return run_steps(session, pool, step, step < INT_MAX ? step + 1 : step, error);
}

enum duet_status duet_session_run(struct duet_session *session, const struct duet_pool *pool,
                                  struct duet_error *error)
{
    return run_steps(session, pool, 0, duet_compiled_step_count(session ? session->compiled : NULL), error);
}
