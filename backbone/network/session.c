#include "core/abi.h"
#include "core/fail.h"
#include "core/os.h"
#include "network/observe.h"
#include "network/steps.h"

#include <stdlib.h>
#include <string.h>

enum duet_status duet_session_create(struct duet_compiled *compiled, int threads,
                                     struct duet_session **session, struct duet_error *error)
{
    DUET_NEEDS(session, error);
    *session = NULL;
    DUET_NEEDS(compiled, error);
    if (threads < 1 || threads > DUET_MAX_THREADS)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%d threads: expected 1 to %d", threads, DUET_MAX_THREADS);
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
    for (int i = 1; i < compiled->input_count; i++) { /* not the picture: see duet_session_input */
        duet_node node = compiled->inputs[i].node;
        memset(s->arena + compiled->plan.offset[node], 0, compiled->plan.info[node].bytes);
    }
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

/* The end called `name`, as it lies in the arena. */
static enum duet_status view_end(const struct duet_session *session, const struct compiled_end *ends,
                                 int count, const char *name, const char *what, struct duet_view *view,
                                 struct duet_error *error)
{
    const struct plan *plan = &session->compiled->plan;
    for (int i = 0; i < count; i++)
        if (strcmp(ends[i].name, name) == 0) {
            const struct duet_layer_info *info = &plan->info[ends[i].node];
            *view = duet_view_dense(info->dtype, &info->output, session->arena + plan->offset[ends[i].node]);
            return DUET_OK;
        }
    return duet_fail(error, DUET_NOT_FOUND, "no %s '%s' in what was compiled", what, name);
}

enum duet_status duet_session_input(struct duet_session *session, const char *name, struct duet_view *view,
                                    struct duet_error *error)
{
    DUET_NEEDS(view, error);
    *view = (struct duet_view){0};
    DUET_NEEDS(session, error);
    const struct duet_compiled *c = session->compiled;
    return view_end(session, c->inputs, c->input_count, name ? name : c->inputs[0].name, "input", view,
                    error);
}

enum duet_status duet_session_output(const struct duet_session *session, const char *name,
                                     struct duet_view *view, struct duet_error *error)
{
    DUET_NEEDS(view, error);
    *view = (struct duet_view){0};
    DUET_NEEDS(session, error);
    DUET_NEEDS(name, error);
    const struct duet_compiled *c = session->compiled;
    return view_end(session, c->outputs, c->output_count, name, "output", view, error);
}

duet_node duet_compiled_step_layer(const struct duet_compiled *compiled, int step)
{
    duet_node node = compiled->plan.steps[step].output;
    return node < compiled->layer_count ? node : -1;
}

int duet_compiled_step_stage(const struct duet_compiled *compiled, int step)
{
    return compiled->plan.steps[step].stage;
}

struct duet_view duet_session_result(const struct duet_session *session, int step)
{
    const struct plan *plan = &session->compiled->plan;
    duet_node node = plan->steps[step].output;
    return duet_view_dense(plan->info[node].dtype, &plan->info[node].output,
                           session->arena + plan->offset[node]);
}

/* --- running ------------------------------------------------------------------------------------------- */

static void run_piece(void *arg, int index, int worker)
{
    const struct work *w = arg;
    struct share rows = duet_share(duet_dims(w, w->step->output)[1], index, w->pieces);
    if (w->step->kind == STEP_CONV)
        duet_step_conv(w, index, worker);
    else if (w->step->kind == STEP_DEPTHWISE)
        duet_step_depthwise(w, rows);
    else
        duet_plain_step(w->step)->run(w, rows);
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

/* Which steps a run takes, of one stage or all of them. */
struct part {
    int begin, end;
    int from, to; /* the stage that must be next, and that which is then */
};

static enum duet_status run_part(struct duet_session *session, const struct duet_run_options *options,
                                 struct part part, struct duet_error *error)
{
    const struct duet_pool single = duet_pool_single();
    if (atomic_exchange(&session->busy, true))
        return duet_fail(error, DUET_BUSY, "the session is being run by another thread");
    enum duet_status status = DUET_OK;
    if (part.from > 0 && part.from != session->next_stage)
        status = duet_fail(error, DUET_BAD_ARGUMENT, "stage %d of a network, of which stage %d is next",
                           part.from, session->next_stage);
    for (int i = part.begin; status == DUET_OK && i < part.end; i++) {
        if (duet_cancelled(options->cancel))
            status = duet_fail(error, DUET_INTERRUPTED, "stopped on request");
        else
            run_step(session, options->pool ? options->pool : &single, i);
    }
    session->next_stage = status == DUET_OK && part.to < session->compiled->plan.stage_count ? part.to : 0;
    atomic_store(&session->busy, false);
    return status;
}

/* What a run is told, after a look at what would write past the session's memory. */
static enum duet_status check_run(const struct duet_session *session, const struct duet_run_options *given,
                                  struct duet_run_options *options, struct duet_error *error)
{
    static const struct duet_run_options defaults = DUET_RUN_OPTIONS;
    DUET_NEEDS(session, error);
    enum duet_status status =
        duet_options_copy(options, sizeof *options, &defaults, given, "run options", error);
    return status == DUET_OK ? duet_pool_check(options->pool, session->threads, error) : status;
}

enum duet_status duet_session_run(struct duet_session *session, const struct duet_run_options *given,
                                  struct duet_error *error)
{
    struct duet_run_options options;
    enum duet_status status = check_run(session, given, &options, error);
    if (status != DUET_OK) return status;
    return run_part(session, &options, (struct part){.end = session->compiled->plan.step_count}, error);
}

enum duet_status duet_session_run_stage(struct duet_session *session, int stage,
                                        const struct duet_run_options *given, struct duet_error *error)
{
    struct duet_run_options options;
    enum duet_status status = check_run(session, given, &options, error);
    if (status != DUET_OK) return status;
    const struct plan *plan = &session->compiled->plan;
    if (stage < 0 || stage >= plan->stage_count)
        return duet_fail(error, DUET_BAD_ARGUMENT, "stage %d: expected 0 to %d", stage,
                         plan->stage_count - 1);
    struct part part = {.from = stage, .to = stage + 1};
    while (part.begin < plan->step_count && plan->steps[part.begin].stage < stage) part.begin++;
    for (part.end = part.begin; part.end < plan->step_count && plan->steps[part.end].stage == stage;)
        part.end++;
    return run_part(session, &options, part, error);
}

enum duet_status duet_session_run_step(struct duet_session *session, int step,
                                       const struct duet_run_options *given, struct duet_error *error)
{
    struct duet_run_options options;
    enum duet_status status = check_run(session, given, &options, error);
    if (status != DUET_OK) return status;
    int count = session->compiled->plan.step_count;
    if (step < 0 || step >= count)
        return duet_fail(error, DUET_BAD_ARGUMENT, "step %d: expected 0 to %d", step, count - 1);
    return run_part(session, &options, (struct part){.begin = step, .end = step + 1}, error);
}
