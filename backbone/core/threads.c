#include "duet/threads.h"

#include "core/fail.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

/* Worker w runs the indices [count * w / threads, count * (w + 1) / threads): a static partition, so that
 * the same indices meet the same worker (and its caches) in every run. Worker 0 is the caller. */
struct pool {
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    duet_task *task; /* of the run under way */
    void *arg;
    int count;
    unsigned round; /* grows with every run */
    int busy;       /* helpers still at work */
    bool closing;
    int threads;
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

static void *helper_main(void *p)
{
    struct helper me = *(struct helper *)p;
    free(p);
    struct pool *pool = me.pool;
    unsigned seen = 0;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (pool->round == seen && !pool->closing) pthread_cond_wait(&pool->wake, &pool->lock);
        if (pool->closing) break;
        seen = pool->round;
        duet_task *task = pool->task;
        void *arg = pool->arg;
        int count = pool->count;
        pthread_mutex_unlock(&pool->lock);
        run_share(task, arg, count, me.worker, pool->threads);
        pthread_mutex_lock(&pool->lock);
        if (--pool->busy == 0) pthread_cond_signal(&pool->done);
    }
    pthread_mutex_unlock(&pool->lock);
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
    pthread_mutex_lock(&pool->lock);
    pool->task = task;
    pool->arg = arg;
    pool->count = count;
    pool->busy = pool->threads - 1;
    pool->round++;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    run_share(task, arg, count, 0, pool->threads);
    pthread_mutex_lock(&pool->lock);
    while (pool->busy > 0) pthread_cond_wait(&pool->done, &pool->lock);
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

enum duet_status duet_pool_create(int threads, struct duet_pool *out, struct duet_error *error)
{
    *out = duet_pool_single();
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
    pool->helpers = helpers;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->done, NULL);
    for (int i = 0; i < threads - 1; i++) {
        if (start_helper(pool, i)) continue;
        pool_end(pool, i);
        return duet_fail(error, DUET_OUT_OF_MEMORY, "cannot start thread %d of %d", i + 2, threads);
    }
    *out = (struct duet_pool){pool, threads, pool_run};
    return DUET_OK;
}

void duet_pool_close(struct duet_pool *pool)
{
    if (!pool) return;
    if (pool->run == pool_run) pool_end(pool->ctx, pool->threads - 1);
    *pool = duet_pool_single();
}

int duet_cpu_count(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    int n = CPU_COUNT(&set);
    return n < 1 ? 1 : n;
}
