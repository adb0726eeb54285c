#include "common/pipeline.h"

#include "common/process.h"
#include "core/fail.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

/* Results an input may have waiting; a video that is not yet at the head of the queue stops there. */
enum { SLOT_RESULTS = 4 };
/* Inputs in flight a worker. When one input in ten takes ten times as long (list scheduling, simulated), 2
 * keep 8 workers busy 52 % of the time, 4 80 %, 8 99 %, 16 no more than that. A slot is a few words. */
enum { SLOTS_A_WORKER = 8 };

struct slot {
    void *results[SLOT_RESULTS]; /* a ring: `queued` of them from `first` on */
    int first, queued;
    bool done; /* nothing more will come ... */
    bool cut;  /* ... although there was more */
};

struct pipeline {
    const struct duet_job *job;
    size_t count;
    size_t next; /* input to be taken next */
    size_t head; /* input being delivered; slots hold [head, head + window) */
    size_t window;
    struct slot *slots;
    int running; /* worker threads that may still take inputs */
    bool stopping;
    pthread_mutex_t lock;
    pthread_cond_t room;  /* the head moved on, a slot has room, or we are stopping */
    pthread_cond_t ready; /* something can be delivered, or a worker ended */
};

struct duet_emitter {
    struct pipeline *pipeline; /* NULL: deliver at once, on this thread */
    const struct duet_job *job;
    size_t index;
    enum duet_status status; /* of deliveries on this thread */
    struct duet_error *error;
};

/* --- on the caller's thread alone ---------------------------------------------------------------------- */

static bool deliver_now(struct duet_emitter *emitter, void *result)
{
    if (emitter->status != DUET_OK) {
        emitter->job->drop(emitter->job->ctx, result);
        return false;
    }
    emitter->status = emitter->job->deliver(emitter->job->ctx, emitter->index, result, emitter->error);
    return emitter->status == DUET_OK && !duet_interrupted();
}

static enum duet_status run_alone(const struct duet_job *job, size_t count, int threads,
                                  struct duet_pipeline_outcome *outcome, struct duet_error *error)
{
    struct duet_pool pool;
    void *worker = NULL;
    enum duet_status status = duet_pool_create(threads, &pool, error);
    if (status == DUET_OK) status = job->create_worker(job->ctx, &pool, &worker, error);
    for (size_t i = 0; status == DUET_OK && i < count && !duet_interrupted(); i++) {
        struct duet_emitter emitter = {NULL, job, i, DUET_OK, error};
        bool complete = job->process(job->ctx, worker, i, &emitter);
        status = emitter.status;
        if (status != DUET_OK || !complete) break;
        outcome->finished = i + 1;
        if (job->finish) job->finish(job->ctx, i);
    }
    if (worker) job->close_worker(job->ctx, worker);
    duet_pool_close(&pool);
    return status;
}

/* --- with worker threads ------------------------------------------------------------------------------- */

static bool emit_queued(struct pipeline *pipeline, size_t index, void *result)
{
    struct slot *slot = &pipeline->slots[index % pipeline->window];
    pthread_mutex_lock(&pipeline->lock);
    while (slot->queued == SLOT_RESULTS && !pipeline->stopping)
        pthread_cond_wait(&pipeline->room, &pipeline->lock);
    bool taken = !pipeline->stopping;
    if (taken) {
        slot->results[(slot->first + slot->queued) % SLOT_RESULTS] = result;
        slot->queued++;
        pthread_cond_signal(&pipeline->ready);
    }
    pthread_mutex_unlock(&pipeline->lock);
    if (!taken) pipeline->job->drop(pipeline->job->ctx, result);
    return taken && !duet_interrupted();
}

bool duet_emit(struct duet_emitter *emitter, void *result)
{
    return emitter->pipeline ? emit_queued(emitter->pipeline, emitter->index, result)
                             : deliver_now(emitter, result);
}

/* The next input, once the window has room for it. False: there is no more to do. Locked. */
static bool take(struct pipeline *pipeline, size_t *index)
{
    for (;;) {
        if (pipeline->stopping || duet_interrupted() || pipeline->next >= pipeline->count) return false;
        if (pipeline->next < pipeline->head + pipeline->window) break;
        pthread_cond_wait(&pipeline->room, &pipeline->lock);
    }
    *index = pipeline->next++;
    return true;
}

struct worker {
    struct pipeline *pipeline;
    void *memory; /* from create_worker */
    pthread_t thread;
};

static void *worker_main(void *arg)
{
    struct worker *me = arg;
    struct pipeline *pipeline = me->pipeline;
    size_t index = 0;
    pthread_mutex_lock(&pipeline->lock);
    while (take(pipeline, &index)) {
        pthread_mutex_unlock(&pipeline->lock);
        struct duet_emitter emitter = {pipeline, pipeline->job, index, DUET_OK, NULL};
        bool complete = pipeline->job->process(pipeline->job->ctx, me->memory, index, &emitter);
        pthread_mutex_lock(&pipeline->lock);
        struct slot *slot = &pipeline->slots[index % pipeline->window];
        slot->done = true;
        slot->cut = !complete;
        pthread_cond_signal(&pipeline->ready);
    }
    pipeline->running--;
    pthread_cond_signal(&pipeline->ready);
    pthread_mutex_unlock(&pipeline->lock);
    return NULL;
}

static void *pop(struct slot *slot)
{
    void *result = slot->results[slot->first];
    slot->first = (slot->first + 1) % SLOT_RESULTS;
    slot->queued--;
    return result;
}

/* Deliver in order until all is done, no worker will bring more, or a delivery fails. */
static enum duet_status deliver_all(struct pipeline *pipeline, struct duet_error *error)
{
    const struct duet_job *job = pipeline->job;
    enum duet_status status = DUET_OK;
    pthread_mutex_lock(&pipeline->lock);
    while (status == DUET_OK && pipeline->head < pipeline->count) {
        struct slot *slot = &pipeline->slots[pipeline->head % pipeline->window];
        size_t index = pipeline->head;
        if (slot->queued > 0) {
            void *result = pop(slot);
            pthread_cond_broadcast(&pipeline->room);
            pthread_mutex_unlock(&pipeline->lock);
            status = job->deliver(job->ctx, index, result, error);
            pthread_mutex_lock(&pipeline->lock);
        } else if (slot->done && slot->cut) {
            break;
        } else if (slot->done) {
            *slot = (struct slot){0};
            pipeline->head++;
            pthread_cond_broadcast(&pipeline->room);
            pthread_mutex_unlock(&pipeline->lock);
            if (job->finish) job->finish(job->ctx, index);
            pthread_mutex_lock(&pipeline->lock);
        } else if (pipeline->running == 0) {
            break;
        } else {
            pthread_cond_wait(&pipeline->ready, &pipeline->lock);
        }
    }
    pipeline->stopping = true;
    pthread_cond_broadcast(&pipeline->room);
    pthread_mutex_unlock(&pipeline->lock);
    return status;
}

/* Worker threads leave signals to the caller's thread. */
static enum duet_status start_workers(struct pipeline *pipeline, struct worker *workers, int threads,
                                      int *started, struct duet_error *error)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    enum duet_status status = DUET_OK;
    for (*started = 0; *started < threads; ++*started) {
        struct worker *worker = &workers[*started];
        pthread_mutex_lock(&pipeline->lock);
        pipeline->running++;
        pthread_mutex_unlock(&pipeline->lock);
        if (pthread_create(&worker->thread, NULL, worker_main, worker) == 0) continue;
        status = duet_fail(error, DUET_OUT_OF_MEMORY, "cannot start thread %d of %d", *started + 1, threads);
        break;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}

static enum duet_status run_workers(struct pipeline *pipeline, struct worker *workers, int threads,
                                    struct duet_error *error)
{
    int started = 0;
    enum duet_status status = start_workers(pipeline, workers, threads, &started, error);
    if (status == DUET_OK) {
        status = deliver_all(pipeline, error);
    } else {
        pthread_mutex_lock(&pipeline->lock);
        pipeline->stopping = true;
        pthread_cond_broadcast(&pipeline->room);
        pthread_mutex_unlock(&pipeline->lock);
    }
    for (int i = 0; i < started; i++) pthread_join(workers[i].thread, NULL);
    for (size_t i = 0; i < pipeline->window; i++)
        while (pipeline->slots[i].queued > 0)
            pipeline->job->drop(pipeline->job->ctx, pop(&pipeline->slots[i]));
    return status;
}

static enum duet_status run_together(const struct duet_job *job, size_t count, int threads,
                                     struct duet_pipeline_outcome *outcome, struct duet_error *error)
{
    const struct duet_pool single = duet_pool_single();
    struct pipeline pipeline = {.job = job, .count = count, .window = (size_t)threads * SLOTS_A_WORKER};
    struct worker *workers = calloc((size_t)threads, sizeof *workers);
    pipeline.slots = calloc(pipeline.window, sizeof *pipeline.slots);
    enum duet_status status = DUET_OK;
    if (!workers || !pipeline.slots) status = duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for threads");
    for (int i = 0; status == DUET_OK && i < threads; i++) {
        workers[i].pipeline = &pipeline;
        status = job->create_worker(job->ctx, &single, &workers[i].memory, error);
    }
    pthread_mutex_init(&pipeline.lock, NULL);
    pthread_cond_init(&pipeline.room, NULL);
    pthread_cond_init(&pipeline.ready, NULL);
    if (status == DUET_OK) status = run_workers(&pipeline, workers, threads, error);
    outcome->finished = pipeline.head;
    pthread_cond_destroy(&pipeline.ready);
    pthread_cond_destroy(&pipeline.room);
    pthread_mutex_destroy(&pipeline.lock);
    for (int i = 0; workers && i < threads; i++)
        if (workers[i].memory) job->close_worker(job->ctx, workers[i].memory);
    free(pipeline.slots);
    free(workers);
    return status;
}

enum duet_status duet_pipeline_run(const struct duet_job *job, size_t count, int threads,
                                   struct duet_pipeline_outcome *outcome, struct duet_error *error)
{
    *outcome = (struct duet_pipeline_outcome){0};
    if (threads < 1 || threads > 256)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%d threads: expected 1 to 256", threads);
    bool together = threads > 1 && count >= (size_t)threads;
    enum duet_status status = (together ? run_together : run_alone)(job, count, threads, outcome, error);
    outcome->interrupted = status == DUET_OK && outcome->finished < count;
    return status;
}
