#include "duet/threads.h"

#include "core/fail.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

/* How long a worker looks for more work, and the caller for the last worker, before it sleeps. A network is a
 * few dozen runs with a microsecond or two in between: waking a sleeper takes 5-50 us each time, looking
 * takes none. Then it sleeps, so that an idle pool costs nothing. */
#define LOOK_NANOSECONDS 50000

/* Worker w runs the indices [count * w / threads, count * (w + 1) / threads): a static partition, so that
 * the same indices meet the same worker (and its caches) in every run. Worker 0 is the caller. */
struct pool {
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    /* Of the run under way: written before `round` moves, read after. */
    duet_task *task;
    void *arg;
    int count;
    atomic_uint round; /* grows with every run */
    atomic_int busy;   /* helpers still at work */
    int sleepers;      /* helpers that wait for `wake`; under the lock, as are the next two */
    bool caller_sleeps;
    bool closing;
    int threads;
    long look;          /* LOOK_NANOSECONDS, or 0 where the workers do not have a processor each */
    pthread_t *helpers; /* threads - 1 of them */
};

struct helper {
    struct pool *pool;
    int worker;
};

static void run_share(duet_task *task, void *arg, int count, int worker, int threads)
{
    int begin = (int)((long long)count * worker / threads);
    int end = (int)((long long)count * (worker + 1) / threads);
    for (int i = begin; i < end; i++) task(arg, i, worker);
}

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static int64_t nanoseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static bool new_round(const struct pool *pool, unsigned seen)
{
    return atomic_load_explicit(&pool->round, memory_order_acquire) != seen;
}

static bool all_done(const struct pool *pool, unsigned unused)
{
    (void)unused;
    return atomic_load_explicit(&pool->busy, memory_order_acquire) == 0;
}

/* Looks for a while whether `ready`; false: it is time to sleep. */
static bool look(const struct pool *pool, bool (*ready)(const struct pool *, unsigned), unsigned seen)
{
    if (ready(pool, seen)) return true;
    if (pool->look == 0) return false;
    for (int64_t end = nanoseconds() + pool->look; nanoseconds() < end;)
        for (int i = 0; i < 16; i++) {
            if (ready(pool, seen)) return true;
            relax();
        }
    return false;
}

/* Waits for a run after round `seen`; false: the pool closes. */
static bool wait_for_round(struct pool *pool, unsigned seen)
{
    if (look(pool, new_round, seen)) return true;
    pthread_mutex_lock(&pool->lock);
    pool->sleepers++;
    while (!new_round(pool, seen) && !pool->closing) pthread_cond_wait(&pool->wake, &pool->lock);
    pool->sleepers--;
    bool run = new_round(pool, seen);
    pthread_mutex_unlock(&pool->lock);
    return run;
}

static void *helper_main(void *p)
{
    struct helper me = *(struct helper *)p;
    free(p);
    struct pool *pool = me.pool;
    for (unsigned seen = 0; wait_for_round(pool, seen); seen++) {
        run_share(pool->task, pool->arg, pool->count, me.worker, pool->threads);
        if (atomic_fetch_sub_explicit(&pool->busy, 1, memory_order_acq_rel) > 1) continue;
        pthread_mutex_lock(&pool->lock);
        if (pool->caller_sleeps) pthread_cond_signal(&pool->done);
        pthread_mutex_unlock(&pool->lock);
    }
    return NULL;
}

static void pool_run(void *ctx, duet_task *task, void *arg, int count)
{
    struct pool *pool = ctx;
    if (count <= 0) return;
    if (count == 1) {
        task(arg, 0, 0);
        return;
    }
    pool->task = task;
    pool->arg = arg;
    pool->count = count;
    atomic_store_explicit(&pool->busy, pool->threads - 1, memory_order_relaxed);
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add_explicit(&pool->round, 1, memory_order_release);
    if (pool->sleepers > 0) pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    run_share(task, arg, count, 0, pool->threads);
    if (look(pool, all_done, 0)) return;
    pthread_mutex_lock(&pool->lock);
    pool->caller_sleeps = true;
    while (!all_done(pool, 0)) pthread_cond_wait(&pool->done, &pool->lock);
    pool->caller_sleeps = false;
    pthread_mutex_unlock(&pool->lock);
}

static void single_run(void *ctx, duet_task *task, void *arg, int count)
{
    (void)ctx;
    for (int i = 0; i < count; i++) task(arg, i, 0);
}

struct duet_pool duet_pool_single(void)
{
    return (struct duet_pool){NULL, 1, single_run};
}

/* Ends the first `started` helpers and frees the pool. */
static void pool_end(struct pool *pool, int started)
{
    pthread_mutex_lock(&pool->lock);
    pool->closing = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < started; i++) pthread_join(pool->helpers[i], NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_cond_destroy(&pool->done);
    pthread_mutex_destroy(&pool->lock);
    free(pool->helpers);
    free(pool);
}

static bool start_helper(struct pool *pool, int index)
{
    struct helper *helper = malloc(sizeof *helper);
    if (!helper) return false;
    *helper = (struct helper){pool, index + 1};
    if (pthread_create(&pool->helpers[index], NULL, helper_main, helper) == 0) return true;
    free(helper);
    return false;
}

enum duet_status duet_pool_create(int threads, struct duet_pool *made, struct duet_error *error)
{
    DUET_NEEDS(made, error);
    *made = duet_pool_single();
    if (threads < 1 || threads > 256)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%d threads: expected 1 to 256", threads);
    if (threads == 1) return DUET_OK;
    struct pool *pool = calloc(1, sizeof *pool);
    pthread_t *helpers = calloc((size_t)threads - 1, sizeof *helpers);
    if (!pool || !helpers) {
        free(pool);
        free(helpers);
        return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for %d threads", threads);
    }
    pool->threads = threads;
    pool->look = threads <= duet_cpu_count() ? LOOK_NANOSECONDS : 0;
    pool->helpers = helpers;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->done, NULL);
    for (int i = 0; i < threads - 1; i++) {
        if (start_helper(pool, i)) continue;
        pool_end(pool, i);
        return duet_fail(error, DUET_OUT_OF_MEMORY, "cannot start thread %d of %d", i + 2, threads);
    }
    *made = (struct duet_pool){pool, threads, pool_run};
    return DUET_OK;
}

void duet_pool_close(struct duet_pool *pool)
{
    if (!pool) return;
    if (pool->run == pool_run) pool_end(pool->ctx, pool->threads - 1);
    *pool = duet_pool_single();
}

enum duet_status duet_pool_check(const struct duet_pool *pool, int most, struct duet_error *error)
{
    if (!pool || (pool->run && pool->threads >= 1 && pool->threads <= most)) return DUET_OK;
    if (!pool->run) return duet_fail(error, DUET_BAD_ARGUMENT, "a pool without its function `run`");
    return duet_fail(error, DUET_BAD_ARGUMENT, "a pool of %d threads: expected 1 to %d", pool->threads, most);
}

int duet_cpu_count(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    int n = CPU_COUNT(&set);
    return n < 1 ? 1 : n;
}
