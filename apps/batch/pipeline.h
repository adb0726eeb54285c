/* pipeline.h: many inputs, several threads, results in input order.
 *
 * An input is a source of pieces of work: a picture has one, a video one a frame. Workers take the pieces
 * one after the other, work them over side by side, each with memory of its own, and what comes out is
 * delivered on the caller's thread in the inputs' order and, within an input, in the order of taking: the
 * same for any number of threads.
 *
 *   take 0.0, 1.0, 1.1, 1.2, 2.0 ...     process              deliver
 *     (an input's pieces one by one)      worker 0  ----+
 *                                         worker 1  ----+-->  caller's thread, piece by piece
 *                                         worker 2  ----+
 *
 * Taking belongs to the work: several inputs are taken from at once (JPEG files are decoded side by side),
 * but one input by one thread at a time, so the frames of a video are decoded in order while others are
 * worked on. Nobody runs further ahead of the delivery than a window of inputs and, of an input with many
 * pieces, DUET_PIPELINE_AHEAD pieces more than there are threads; while an input has more pieces, no later
 * one is begun. So memory does not grow with the number of inputs or frames: of 4K frames (25 MB each) two
 * threads hold four, those being worked on included.
 *
 * A video's frames side by side rather than one by one on a pool of threads: detect gets through 121 frames
 * of a 640x480 clip a second with two threads that way, 106 with a pool, 63 with one thread. Sixteen frames
 * are enough at a time: more threads than that work together on one.
 *
 * With one thread, everything happens on the caller's: one means one. With fewer inputs than threads, and
 * none of them with many pieces, inputs are taken one by one on the caller's thread too, and the worker gets
 * a pool of all threads to spread each piece over.
 *
 * A first SIGINT or SIGTERM (cli/process.h) stops the taking: pieces already taken are finished and
 * delivered, so that what was delivered is always a gapless beginning.
 */
#ifndef DUET_APPS_BATCH_PIPELINE_H
#define DUET_APPS_BATCH_PIPELINE_H

#include "duet/status.h"
#include "duet/threads.h"

#include <stdbool.h>
#include <stddef.h>

#define DUET_PIPELINE_AHEAD 2

/* What is to be done. `ctx` is the caller's; take and process run on several threads at once. */
struct duet_job {
    void *ctx, *worker_ctx; /* the latter goes to create_worker and close_worker */
    /* Memory of one worker. Called on the caller's thread, once a worker, before any work. `pool` is borrowed
     * until close_worker. On failure nothing has been done. */
    enum duet_status (*create_worker)(void *ctx, const struct duet_pool *pool, void **worker,
                                      struct duet_error *error);
    void (*close_worker)(void *ctx, void *worker); /* accepts NULL */
    /* The next piece of input `index`; NULL when there is none. *more (true before) becomes false when it is
     * the last, or there was none: then it is not called again for this input. NULL with *more: the input is
     * cut short, as by a signal while it was waited for. *source (NULL before the first call) is the input's:
     * what take needs from one call to the next. A failure is a piece like any other. */
    void *(*take)(void *ctx, size_t index, void **source, bool *more);
    /* Work a piece over: it becomes the result. */
    void (*process)(void *ctx, void *worker, size_t index, void *piece);
    /* Free an input's source, after the last take. NULL: there are none. */
    void (*close_source)(void *ctx, void *source);
    /* Take one result, on the caller's thread, in order; owns it. A failure ends the pipeline. */
    enum duet_status (*deliver)(void *ctx, size_t index, void *result, struct duet_error *error);
    /* Input `index` is complete: all its results were delivered. On the caller's thread; a failure ends the
     * pipeline. May be NULL. */
    enum duet_status (*finish)(void *ctx, size_t index, struct duet_error *error);
    /* Free a piece that will not be delivered. */
    void (*drop)(void *ctx, void *piece);
    bool many;        /* some input has, or may have, many pieces */
    int most_workers; /* memory does not suffice for more; each then has several threads. 0: any number */
};

struct duet_pipeline_outcome {
    size_t finished;  /* inputs complete: 0 .. finished - 1 */
    bool interrupted; /* stopped by a signal before the end */
};

/* Work through `count` inputs with `threads` (1..256) threads. Errors: those of create_worker, deliver and
 * finish, and DUET_OUT_OF_MEMORY when threads cannot be started. `outcome` is filled in any case. */
enum duet_status duet_pipeline_run(const struct duet_job *job, size_t count, int threads,
                                   struct duet_pipeline_outcome *outcome, struct duet_error *error);

#endif
