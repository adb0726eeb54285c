/* pipeline.h: many inputs, several threads, results in input order.
 *
 * Workers take the inputs 0, 1, 2 ... one after the other, each doing all of an input's work (decode, infer,
 * annotate) with memory of its own; what they emit is delivered on the caller's thread in input order, the
 * same for any number of threads. No worker runs further ahead of the delivery than a fixed window, so memory
 * does not grow with the number of inputs.
 *
 *   take 0,1,2 ...      emit           deliver
 *   worker 0  ----+
 *   worker 1  ----+-->  slot[i % window]  --> caller's thread, input by input
 *   worker 2  ----+
 *
 * With one thread, everything happens on the caller's: one means one, though a second thread decoding ahead
 * would save some 3 of 20 ms a COCO picture; that is what two threads are for. With fewer inputs than
 * threads, inputs are taken one by one on the caller's thread too, and the worker gets a pool of all threads
 * to spread each input over.
 *
 * A first SIGINT or SIGTERM (common/process.h) stops the taking: inputs already taken are finished and
 * delivered, so that what was delivered is always a gapless beginning.
 */
#ifndef DUET_APPS_PIPELINE_H
#define DUET_APPS_PIPELINE_H

#include "duet/status.h"
#include "duet/threads.h"

#include <stdbool.h>
#include <stddef.h>

struct duet_emitter; /* opaque: where the results of one input go */

/* What is to be done. `ctx` is the caller's; process runs on several threads at once. */
struct duet_job {
    void *ctx;
    /* Memory of one worker. Called on the caller's thread, once a worker, before any work. `pool` is borrowed
     * until close_worker. On failure nothing has been done. */
    enum duet_status (*create_worker)(void *ctx, const struct duet_pool *pool, void **worker,
                                      struct duet_error *error);
    void (*close_worker)(void *ctx, void *worker); /* accepts NULL */
    /* Do input `index`, emitting any number of results. A failure is a result like any other. Returns whether
     * the input was worked through: false when duet_emit said stop and there was more to come. */
    bool (*process)(void *ctx, void *worker, size_t index, struct duet_emitter *emitter);
    /* Take one result, on the caller's thread, in order; owns it. A failure ends the pipeline. */
    enum duet_status (*deliver)(void *ctx, size_t index, void *result, struct duet_error *error);
    /* Input `index` is complete: all its results were delivered. On the caller's thread. May be NULL. */
    void (*finish)(void *ctx, size_t index);
    /* Free a result that will not be delivered. */
    void (*drop)(void *ctx, void *result);
};

/* Hand over a result (never NULL), which then belongs to the pipeline. False: begin nothing more. */
bool duet_emit(struct duet_emitter *emitter, void *result);

struct duet_pipeline_outcome {
    size_t finished;  /* inputs complete: 0 .. finished - 1 */
    bool interrupted; /* stopped by a signal before the end */
};

/* Work through `count` inputs with `threads` (1..256) threads. Errors: those of create_worker and deliver,
 * and DUET_OUT_OF_MEMORY when threads cannot be started. `outcome` is filled in any case. */
enum duet_status duet_pipeline_run(const struct duet_job *job, size_t count, int threads,
                                   struct duet_pipeline_outcome *outcome, struct duet_error *error);

#endif
