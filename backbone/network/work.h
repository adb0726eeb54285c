/* work.h: one step under way: what every kind of step asks for. Internal to backbone/network. */
#ifndef DUET_NETWORK_WORK_H
#define DUET_NETWORK_WORK_H

#include "network/compiled.h"

#include <stdatomic.h>
#include <stdbool.h>

struct duet_session {
    struct duet_compiled *compiled;
    int threads;
    atomic_bool busy; /* somebody runs it */
    int next_stage;   /* of the run under way; 0: none is */
    char *arena;
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

static inline void *duet_result(const struct work *w, duet_node node)
{
    return w->session->arena + w->session->compiled->plan.offset[node];
}

/* Number `index` of it. */
static inline void *duet_number(const struct work *w, duet_node node, size_t index)
{
    return (char *)duet_result(w, node) + index * duet_plan_size(&w->session->compiled->plan, node);
}

static inline void *duet_scratch(const struct work *w, int worker)
{
    return w->session->scratch + (size_t)worker * w->session->compiled->plan.scratch_bytes;
}

static inline const size_t *duet_dims(const struct work *w, duet_node node)
{
    return w->session->compiled->plan.info[node].output.dims;
}

/* Runs task(arg, 0 .. pieces-1), on the pool unless there is only one. */
static inline void duet_run_pieces(const struct duet_pool *pool, duet_task *task, void *arg, int pieces)
{
    if (pieces == 1)
        task(arg, 0, 0);
    else
        pool->run(pool->ctx, task, arg, pieces);
}

#endif
