#include "core/fail.h"
#include "core/os.h"
#include "network/steps.h"

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
    s->scratch = s->arena + arena;
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
    return session ? (float *)(session->arena + session->compiled->input_offset) : NULL;
}

const float *duet_session_output(const struct duet_session *session, const char *name,
                                 struct duet_shape *shape)
{
    const struct duet_compiled *c = session ? session->compiled : NULL;
    for (int i = 0; c && name && i < c->output_count; i++) {
        if (strcmp(c->outputs[i].name, name) != 0) continue;
        if (shape) *shape = c->outputs[i].shape;
        return (const float *)(session->arena + c->outputs[i].offset);
    }
    return NULL;
}

/* --- running ------------------------------------------------------------------------------------------- */

static void run_piece(void *arg, int index, int worker)
{
    const struct work *w = arg;
    struct share rows = duet_share(duet_dims(w, w->step->output)[1], index, w->pieces);
    switch (w->step->kind) {
    case STEP_CONV:
        duet_step_conv(w, index, worker);
        break;
    case STEP_DEPTHWISE:
        duet_step_depthwise(w, rows);
        break;
    case STEP_ADD:
        duet_step_add(w, rows);
        break;
    case STEP_CONCAT:
        duet_step_concat(w, rows);
        break;
    case STEP_BROADCAST:
        duet_step_broadcast(w, rows);
        break;
    case STEP_GLOBAL_MEAN:
        duet_step_global_mean(w);
        break;
    case STEP_SEPARABLE: /* has pieces of its own */
        break;
    }
}

static void run_step(struct duet_session *session, const struct duet_pool *pool, int step)
{
    struct work work = {session, &session->compiled->plan.steps[step], pool->threads};
    if (work.step->serial) work.pieces = 1;
    if (work.step->kind == STEP_SEPARABLE)
        duet_step_separable(&work, pool);
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
