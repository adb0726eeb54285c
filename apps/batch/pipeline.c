#include "batch/pipeline.h"

#include "cli/process.h"
#include "core/fail.h"

#include <pthread.h>
#include <stdlib.h>

/* Inputs in flight a worker. When one input in ten takes ten times as long (list scheduling, simulated), 2
 * keep 8 workers busy 52 % of the time, 4 80 %, 8 99 %, 16 no more than that. A slot is a few words. */
enum { SLOTS_A_WORKER = 8 };

/* Workers that one video is worth. Its frames are decoded one by one: at 3 ms each (1080p), they keep 5
 * detectors busy, or 25 segmenters; and each worker has memory of its own. */
enum { MOST_FOR_ONE = 16 };

/* A piece on its way. */
struct piece {
    struct piece *next;
    void *work;
    bool done; /* processed */
};

/* An input begun and not yet delivered. */
struct slot {
    void *source;
    struct piece *first, *last; /* in the order of taking */
    size_t queued;
    bool busy;  /* somebody is taking from it */
    bool many;  /* it has shown that it has more than one piece */
    bool ended; /* nothing more will be taken ... */
    bool cut;   /* ... although there was more */
};

struct pipeline {
    const struct duet_job *job;
    size_t count;
    size_t next; /* input to be begun next */
    size_t head; /* input being delivered; slots hold [head, head + window) */
    size_t window;
    size_t most;   /* pieces that an input with many may have waiting */
    size_t beyond; /* pieces waiting of inputs with many beyond the head */
    struct slot *slots;
    struct piece *pieces, *unused;
    int running; /* worker threads that may still take */
    bool stopping;
    pthread_mutex_t lock;
    pthread_cond_t room;  /* a worker may find something to do now, or has to stop */
    pthread_cond_t ready; /* something can be delivered, or a worker ended */
};

/* --- on the caller's thread alone ---------------------------------------------------------------------- */

/* All of one input. *complete tells whether it came to its end. */
static enum duet_status run_input(const struct duet_job *job, void *worker, size_t index, bool *complete,
                                  struct duet_error *error)
{
    void *source = NULL;
    bool more = true;
    enum duet_status status = DUET_OK;
    do {
        void *piece = job->take(job->ctx, index, &source, &more);
        if (!piece) break;
        job->process(job->ctx, worker, index, piece);
        status = job->deliver(job->ctx, index, piece, error);
    } while (status == DUET_OK && more && !duet_interrupted());
    if (job->close_source && source) job->close_source(job->ctx, source);
    *complete = !more;
    return status;
}

static enum duet_status run_alone(const struct duet_job *job, size_t count, int threads,
                                  struct duet_pipeline_outcome *outcome, struct duet_error *error)
{
    struct duet_pool pool;
    void *worker = NULL;
    enum duet_status status = duet_pool_create(threads, &pool, error);
    if (status == DUET_OK) status = job->create_worker(job->worker_ctx, &pool, &worker, error);
    for (size_t i = 0; status == DUET_OK && i < count && !duet_interrupted(); i++) {
        bool complete;
        status = run_input(job, worker, i, &complete, error);
        if (status != DUET_OK || !complete) break;
        outcome->finished = i + 1;
        if (job->finish) status = job->finish(job->ctx, i, error);
    }
    if (worker) job->close_worker(job->worker_ctx, worker);
    duet_pool_close(&pool);
    return status;
}

/* --- what to take next --------------------------------------------------------------------------------- */

enum choice { NOTHING_LEFT, WAIT, TAKE };

/* The head may always go on to its own limit; inputs beyond it share one, so that they cannot keep it from
 * going on. */
static bool has_room(const struct pipeline *pipeline, size_t index)
{
    const struct slot *slot = &pipeline->slots[index % pipeline->window];
    return index == pipeline->head ? slot->queued < pipeline->most : pipeline->beyond < pipeline->most;
}

/* The earliest input that can be taken from. While one has more pieces, none after it is begun. Locked. */
static enum choice choose(const struct pipeline *pipeline, size_t *index)
{
    bool waiting = false;
    if (pipeline->stopping || duet_interrupted()) return NOTHING_LEFT;
    for (size_t i = pipeline->head; i < pipeline->next; i++) {
        const struct slot *slot = &pipeline->slots[i % pipeline->window];
        if (slot->ended) continue;
        waiting = true;
        *index = i;
        if (!slot->busy && has_room(pipeline, i)) return TAKE;
        if (slot->many) return WAIT;
    }
    if (pipeline->next >= pipeline->count) return waiting ? WAIT : NOTHING_LEFT;
    if (pipeline->next >= pipeline->head + pipeline->window) return WAIT;
    *index = pipeline->next;
    return TAKE;
}

/* Input to take from, marked busy. False: there is no more to do. Locked. */
static bool claim(struct pipeline *pipeline, size_t *index)
{
    enum choice choice;
    while ((choice = choose(pipeline, index)) == WAIT) pthread_cond_wait(&pipeline->room, &pipeline->lock);
    if (choice == NOTHING_LEFT) return false;
    struct slot *slot = &pipeline->slots[*index % pipeline->window];
    if (*index == pipeline->next) {
        *slot = (struct slot){0};
        pipeline->next++;
    }
    slot->busy = true;
    return true;
}

/* --- with worker threads ------------------------------------------------------------------------------- */

struct worker {
    struct pipeline *pipeline;
    struct duet_pool pool;
    void *memory; /* from create_worker */
    pthread_t thread;
};

/* There is one for every input in the window, and for every piece that an input with many may add. */
static struct piece *append(struct pipeline *pipeline, size_t index, void *work)
{
    struct slot *slot = &pipeline->slots[index % pipeline->window];
    struct piece *piece = pipeline->unused;
    pipeline->unused = piece->next;
    *piece = (struct piece){.work = work};
    *(slot->first ? &slot->last->next : &slot->first) = piece;
    slot->last = piece;
    slot->queued++;
    return piece;
}

static void *pop(struct pipeline *pipeline, struct slot *slot)
{
    struct piece *piece = slot->first;
    slot->first = piece->next;
    slot->queued--;
    piece->next = pipeline->unused;
    pipeline->unused = piece;
    return piece->work;
}

/* Take a piece of the claimed input; NULL when there was none. Locked, but not while taking. */
static struct piece *take_one(struct pipeline *pipeline, size_t index)
{
    const struct duet_job *job = pipeline->job;
    struct slot *slot = &pipeline->slots[index % pipeline->window];
    bool more = true;
    pthread_mutex_unlock(&pipeline->lock);
    void *work = job->take(job->ctx, index, &slot->source, &more);
    bool last = !more || !work;
    if (last && job->close_source && slot->source) job->close_source(job->ctx, slot->source);
    pthread_mutex_lock(&pipeline->lock);
    if (last) slot->source = NULL;
    slot->busy = false;
    slot->ended = last;
    slot->cut = last && more;
    struct piece *piece = work ? append(pipeline, index, work) : NULL;
    if (more && !slot->many) {
        slot->many = true;
        if (index != pipeline->head) pipeline->beyond += slot->queued;
    } else if (slot->many && work && index != pipeline->head) {
        pipeline->beyond++;
    }
    pthread_cond_broadcast(&pipeline->room);
    if (last) pthread_cond_signal(&pipeline->ready);
    return piece;
}

static void *worker_main(void *arg)
{
    struct worker *me = arg;
    struct pipeline *pipeline = me->pipeline;
    const struct duet_job *job = pipeline->job;
    size_t index = 0;
    pthread_mutex_lock(&pipeline->lock);
    while (claim(pipeline, &index)) {
        struct piece *piece = take_one(pipeline, index);
        if (!piece) continue;
        pthread_mutex_unlock(&pipeline->lock);
        job->process(job->ctx, me->memory, index, piece->work);
        pthread_mutex_lock(&pipeline->lock);
        piece->done = true;
        pthread_cond_signal(&pipeline->ready);
    }
    pipeline->running--;
    pthread_cond_signal(&pipeline->ready);
    pthread_mutex_unlock(&pipeline->lock);
    return NULL;
}

/* The head is through: the next one becomes the head, and what waits of it no longer counts as beyond it. */
static void move_head(struct pipeline *pipeline)
{
    pipeline->head++;
    const struct slot *slot = &pipeline->slots[pipeline->head % pipeline->window];
    if (pipeline->head < pipeline->next && slot->many) pipeline->beyond -= slot->queued;
    pthread_cond_broadcast(&pipeline->room);
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
        bool begun = index < pipeline->next;
        if (begun && slot->first && slot->first->done) {
            void *result = pop(pipeline, slot);
            pthread_cond_broadcast(&pipeline->room);
            pthread_mutex_unlock(&pipeline->lock);
            status = job->deliver(job->ctx, index, result, error);
            pthread_mutex_lock(&pipeline->lock);
        } else if (begun && !slot->first && slot->ended) {
            if (slot->cut) break;
            move_head(pipeline);
            pthread_mutex_unlock(&pipeline->lock);
            if (job->finish) status = job->finish(job->ctx, index, error);
            pthread_mutex_lock(&pipeline->lock);
        } else if (pipeline->running == 0) {
            break;
        } else {
            pthread_cond_wait(&pipeline->ready, &pipeline->lock);
        }
    }
    pthread_mutex_unlock(&pipeline->lock);
    return status;
}

static enum duet_status start_workers(struct pipeline *pipeline, struct worker *workers, int threads,
                                      int *started, struct duet_error *error)
{
    for (*started = 0; *started < threads; ++*started) {
        struct worker *worker = &workers[*started];
        pthread_mutex_lock(&pipeline->lock);
        pipeline->running++;
        pthread_mutex_unlock(&pipeline->lock);
        if (!duet_process_start_thread(&worker->thread, worker_main, worker))
            return duet_fail(error, DUET_OUT_OF_MEMORY, "cannot start thread %d of %d", *started + 1,
                             threads);
    }
    return DUET_OK;
}

/* What was begun and not delivered. */
static void drop_rest(struct pipeline *pipeline)
{
    const struct duet_job *job = pipeline->job;
    for (size_t i = pipeline->head; i < pipeline->next; i++) {
        struct slot *slot = &pipeline->slots[i % pipeline->window];
        if (slot->source && job->close_source) job->close_source(job->ctx, slot->source);
        while (slot->first) job->drop(job->ctx, pop(pipeline, slot));
    }
}

static enum duet_status run_workers(struct pipeline *pipeline, struct worker *workers, int threads,
                                    struct duet_error *error)
{
    int started = 0;
    enum duet_status status = start_workers(pipeline, workers, threads, &started, error);
    if (status == DUET_OK) status = deliver_all(pipeline, error);
    pthread_mutex_lock(&pipeline->lock);
    pipeline->stopping = true;
    pthread_cond_broadcast(&pipeline->room);
    pthread_mutex_unlock(&pipeline->lock);
    for (int i = 0; i < started; i++) pthread_join(workers[i].thread, NULL);
    drop_rest(pipeline);
    return status;
}

static bool pipeline_open(struct pipeline *pipeline, int threads)
{
    pipeline->window = (size_t)threads * SLOTS_A_WORKER;
    pipeline->most = (size_t)threads + DUET_PIPELINE_AHEAD;
    /* The window's, the head's, those beyond it, and what each worker takes before it is counted. */
    size_t count = pipeline->window + 2 * pipeline->most + (size_t)threads;
    pipeline->slots = calloc(pipeline->window, sizeof *pipeline->slots);
    pipeline->pieces = calloc(count, sizeof *pipeline->pieces);
    if (!pipeline->slots || !pipeline->pieces) return false;
    for (size_t i = 0; i + 1 < count; i++) pipeline->pieces[i].next = &pipeline->pieces[i + 1];
    pipeline->unused = pipeline->pieces;
    return true;
}

static enum duet_status worker_open(struct worker *worker, struct pipeline *pipeline, int threads,
                                    struct duet_error *error)
{
    const struct duet_job *job = pipeline->job;
    worker->pipeline = pipeline;
    enum duet_status status = duet_pool_create(threads, &worker->pool, error);
    return status == DUET_OK ? job->create_worker(job->worker_ctx, &worker->pool, &worker->memory, error)
                             : status;
}

static void worker_close(struct worker *worker)
{
    if (!worker->pipeline) return;
    const struct duet_job *job = worker->pipeline->job;
    if (worker->memory) job->close_worker(job->worker_ctx, worker->memory);
    duet_pool_close(&worker->pool);
}

/* `threads` workers with `each` threads each. */
static enum duet_status run_together(const struct duet_job *job, size_t count, int threads, int each,
                                     struct duet_pipeline_outcome *outcome, struct duet_error *error)
{
    struct pipeline pipeline = {.job = job, .count = count};
    struct worker *workers = calloc((size_t)threads, sizeof *workers);
    enum duet_status status = DUET_OK;
    if (!workers || !pipeline_open(&pipeline, threads)) status = duet_no_memory(error, NULL, "for threads");
    for (int i = 0; status == DUET_OK && i < threads; i++)
        status = worker_open(&workers[i], &pipeline, each, error);
    pthread_mutex_init(&pipeline.lock, NULL);
    pthread_cond_init(&pipeline.room, NULL);
    pthread_cond_init(&pipeline.ready, NULL);
    if (status == DUET_OK) status = run_workers(&pipeline, workers, threads, error);
    outcome->finished = pipeline.head;
    pthread_cond_destroy(&pipeline.ready);
    pthread_cond_destroy(&pipeline.room);
    pthread_mutex_destroy(&pipeline.lock);
    for (int i = 0; workers && i < threads; i++) worker_close(&workers[i]);
    free(pipeline.pieces);
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
    bool enough = count >= (size_t)threads; /* one for each thread */
    int workers = enough || threads < MOST_FOR_ONE ? threads : MOST_FOR_ONE;
    if (job->most_workers > 0 && workers > job->most_workers) workers = job->most_workers;
    enum duet_status status = threads > 1 && (job->many || enough)
                                  ? run_together(job, count, workers, threads / workers, outcome, error)
                                  : run_alone(job, count, threads, outcome, error);
    outcome->interrupted = status == DUET_OK && outcome->finished < count;
    return status;
}
