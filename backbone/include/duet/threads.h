/* threads.h: where Duet gets its threads from.
 *
 * Nothing in Duet starts threads behind the caller's back: it is handed a pool. A pool runs a function for
 * the indices 0..count-1 and returns when all are done. Which index runs on which worker must not matter:
 * Duet's results are the same bytes for any number of threads.
 */
#ifndef DUET_THREADS_H
#define DUET_THREADS_H

#include "duet/status.h"

DUET_C_BEGIN

/* One piece of work. `worker` is 0..threads-1; no two pieces run at once under the same worker, so it
 * names the scratch memory that a piece may use. */
typedef void duet_task(void *arg, int index, int worker);

#define DUET_MAX_THREADS 256

struct duet_pool {
    void *ctx;
    int threads; /* workers, at least 1 */
    /* task(arg, 0 .. count - 1, worker), all done when it returns. Never called from within a task. */
    void (*run)(void *ctx, duet_task *task, void *arg, int count);
};

/* The caller's own thread, nothing else. Always works; needs no closing. */
DUET_API struct duet_pool duet_pool_single(void);

/* A pool of `threads` workers (1 .. DUET_MAX_THREADS; the caller's thread is one of them). One run at a time.
 * A worker without work looks for more for a twentieth of a millisecond (not where there are fewer processors
 * than workers), then sleeps. End with duet_pool_close, which also sets it to the single-thread pool. Errors:
 * DUET_BAD_ARGUMENT, DUET_OUT_OF_MEMORY. */
DUET_API enum duet_status duet_pool_create(int threads, struct duet_pool *pool, struct duet_error *error);
DUET_API void duet_pool_close(struct duet_pool *pool);

/* Whether a pool can be run with at most `most` workers. NULL is fine: it stands for the caller's thread.
 * Errors: DUET_BAD_ARGUMENT. */
DUET_API enum duet_status duet_pool_check(const struct duet_pool *pool, int most, struct duet_error *error);

/* How many threads this process may use (its CPU affinity), at least 1. */
DUET_API int duet_cpu_count(void);

DUET_C_END
#endif
