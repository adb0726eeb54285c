#include "support/testing.h"

#include "batch/pipeline.h"
#include "cli/console.h"
#include "cli/process.h"
#include "core/fail.h"

#include <signal.h>
#include <stdatomic.h>
#include <time.h>

/* A made-up job: input i gives (i % 3) + 1 results, i * 10 + r each, and takes a time of its own. */
struct job {
    atomic_int workers, alive, opened, sources, taken, dropped;
    atomic_int inside, most_inside; /* pieces taken and not delivered */
    atomic_int working, most_working;
    int delivered, finished, pool_threads;
    size_t count;
    int results_a_input;  /* 0: (i % 3) + 1 */
    int fail_at_delivery; /* deliver no. n fails; -1: none */
    int fail_at_worker;   /* create_worker no. n fails; -1: none */
    int fail_at_finish;   /* finish of input n fails; -1: none */
    int cut_at; /* take no. n of an input gives nothing, as a source that a signal ended; -1: none */
    size_t interrupt_after;     /* a SIGINT when input n is finished; SIZE_MAX: none */
    bool slow_first, even_last; /* the last piece says that it is the last */
    bool many;
    int most_workers; /* 0: any number */
    size_t expected_index;
    int expected_result;
    atomic_size_t furthest, head;
    size_t widest; /* furthest input begun less input being delivered */
};

static void pause_ms(int ms)
{
    struct timespec time = {0, ms * 1000000L};
    nanosleep(&time, NULL);
}

static enum duet_status create_worker(void *ctx, const struct duet_pool *pool, void **worker,
                                      struct duet_error *error)
{
    struct job *job = ctx;
    job->pool_threads = pool->threads;
    *worker = NULL;
    if (atomic_fetch_add(&job->workers, 1) == job->fail_at_worker)
        return duet_fail(error, DUET_OUT_OF_MEMORY, "no worker");
    *worker = calloc(1, sizeof(int));
    atomic_fetch_add(&job->alive, 1);
    return DUET_OK;
}

static void close_worker(void *ctx, void *worker)
{
    struct job *job = ctx;
    atomic_fetch_sub(&job->alive, 1);
    free(worker);
}

static int results_of(const struct job *job, size_t index)
{
    return job->results_a_input ? job->results_a_input : (int)(index % 3) + 1;
}

static void raise_to(atomic_int *most, int value)
{
    int seen = atomic_load(most);
    while (value > seen && !atomic_compare_exchange_weak(most, &seen, value)) continue;
}

/* An input: what stands here without a lock is one thread's at a time, or there is a race. */
struct source {
    int taken;
};

struct piece {
    int value, processed;
};

static void *take(void *ctx, size_t index, void **p, bool *more)
{
    struct job *job = ctx;
    if (!*p) {
        *p = calloc(1, sizeof(struct source));
        atomic_fetch_add(&job->opened, 1);
        atomic_fetch_add(&job->sources, 1);
    }
    struct source *source = *p;
    size_t furthest = atomic_load(&job->furthest);
    while (index > furthest && !atomic_compare_exchange_weak(&job->furthest, &furthest, index)) continue;
    if (source->taken == job->cut_at) return NULL;
    if (source->taken == results_of(job, index)) {
        *more = false;
        return NULL;
    }
    struct piece *piece = calloc(1, sizeof *piece);
    piece->value = (int)index * 10 + source->taken++;
    atomic_fetch_add(&job->taken, 1);
    raise_to(&job->most_inside, atomic_fetch_add(&job->inside, 1) + 1);
    if (job->even_last && source->taken == results_of(job, index)) *more = false;
    return piece;
}

static void close_source(void *ctx, void *source)
{
    struct job *job = ctx;
    atomic_fetch_sub(&job->sources, 1);
    free(source);
}

static void process(void *ctx, void *worker, size_t index, void *p)
{
    struct job *job = ctx;
    struct piece *piece = p;
    ++*(int *)worker; /* a race, if two threads had the same worker */
    raise_to(&job->most_working, atomic_fetch_add(&job->working, 1) + 1);
    if (job->slow_first && index == 0) pause_ms(50);
    if (index % 7 == 3 || job->many) pause_ms(1);
    piece->processed++;
    atomic_fetch_sub(&job->working, 1);
}

static enum duet_status deliver(void *ctx, size_t index, void *result, struct duet_error *error)
{
    struct job *job = ctx;
    int value = ((struct piece *)result)->value, processed = ((struct piece *)result)->processed;
    free(result);
    atomic_fetch_sub(&job->inside, 1);
    if (processed != 1) return duet_fail(error, DUET_MISMATCH, "processed %d times", processed);
    size_t ahead = atomic_load(&job->furthest);
    if (ahead > index && ahead - index > job->widest) job->widest = ahead - index;
    if (index != job->expected_index || value != (int)index * 10 + job->expected_result)
        return duet_fail(error, DUET_MISMATCH, "input %zu gave %d, expected %d of %zu", index, value,
                         job->expected_result, job->expected_index);
    job->expected_result++;
    if (job->delivered++ == job->fail_at_delivery) return duet_fail(error, DUET_IO_ERROR, "disk full");
    return DUET_OK;
}

static enum duet_status finish(void *ctx, size_t index, struct duet_error *error)
{
    struct job *job = ctx;
    job->finished++;
    job->expected_index = index + 1;
    job->expected_result = 0;
    if (index == job->interrupt_after) raise(SIGINT);
    return (int)index == job->fail_at_finish ? duet_fail(error, DUET_IO_ERROR, "disk full") : DUET_OK;
}

static void drop(void *ctx, void *result)
{
    struct job *job = ctx;
    atomic_fetch_add(&job->dropped, 1);
    free(result);
}

static void reset(struct job *job)
{
    memset(job, 0, sizeof *job);
    job->fail_at_delivery = job->fail_at_worker = job->fail_at_finish = job->cut_at = -1;
    job->interrupt_after = SIZE_MAX;
}

static enum duet_status run(struct job *job, size_t count, int threads, struct duet_pipeline_outcome *outcome,
                            struct duet_error *error)
{
    struct duet_job table = {job,    job,     create_worker, close_worker,
                             take,   process, close_source,  deliver,
                             finish, drop,    job->many,     job->most_workers};
    job->count = count;
    enum duet_status status = duet_pipeline_run(&table, count, threads, outcome, error);
    assert_int_equal(job->alive, 0); /* every worker was closed */
    assert_int_equal(job->sources, 0);
    assert_int_equal(job->taken, job->delivered + job->dropped); /* nothing was lost or leaked */
    assert_int_equal(job->finished, outcome->finished);
    return status;
}

static void results_come_in_order_for_any_number_of_threads(void **state)
{
    (void)state;
    static const size_t counts[] = {0, 1, 2, 3, 7, 100};
    struct duet_error e;
    struct duet_pipeline_outcome outcome;
    struct job job;
    for (int threads = 1; threads <= 9; threads++) {
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            reset(&job);
            job.slow_first = threads % 2 == 0;
            job.even_last = threads % 3 == 0;
            assert_ok(run(&job, counts[c], threads, &outcome, &e), e);
            assert_int_equal(outcome.finished, counts[c]);
            assert_false(outcome.interrupted);
            assert_int_equal(job.opened, counts[c]);
            assert_int_equal(job.dropped, 0);
            /* Fewer inputs than threads: one worker with a pool; else a worker each, without. */
            bool together = threads > 1 && counts[c] >= (size_t)threads;
            assert_int_equal(job.workers, together ? threads : 1);
            assert_int_equal(job.pool_threads, together ? 1 : threads);
            assert_true(job.widest <= (size_t)threads * 8);
        }
    }
    reset(&job);
    assert_fails(DUET_BAD_ARGUMENT, run(&job, 1, 0, &outcome, &e), e);
}

static void fewer_workers_get_more_threads_each(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_pipeline_outcome outcome;
    for (int most = 1; most <= 9; most++) {
        struct job job;
        reset(&job);
        job.most_workers = most;
        assert_ok(run(&job, 40, 8, &outcome, &e), e);
        assert_int_equal(job.workers, most < 8 ? most : 8);
        assert_int_equal(job.pool_threads, most < 8 ? 8 / most : 1);
    }
}

static void an_input_may_give_more_than_its_queue_holds(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_pipeline_outcome outcome;
    for (int threads = 1; threads <= 4; threads++) {
        struct job job;
        reset(&job);
        job.results_a_input = 9;
        assert_ok(run(&job, 20, threads, &outcome, &e), e);
        assert_int_equal(job.delivered, 180);
    }
}

static void a_failed_delivery_ends_everything(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_pipeline_outcome outcome;
    for (int threads = 1; threads <= 4; threads++) {
        for (int at = 0; at < 30; at += 7) {
            struct job job;
            reset(&job);
            job.results_a_input = at % 2 ? 9 : 0;
            job.fail_at_delivery = at;
            assert_fails(DUET_IO_ERROR, run(&job, 100, threads, &outcome, &e), e);
            assert_string_equal(e.text, "disk full");
            assert_int_equal(job.delivered, at + 1);
            assert_true(job.opened < 60);
        }
    }
}

static void a_worker_that_cannot_be_made_is_an_error(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_pipeline_outcome outcome;
    for (int at = 0; at < 3; at++) {
        struct job job;
        reset(&job);
        job.fail_at_worker = at;
        assert_fails(DUET_OUT_OF_MEMORY, run(&job, 100, 3, &outcome, &e), e);
        assert_int_equal(job.taken, 0);
    }
}

static void an_interrupt_keeps_a_gapless_beginning(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_pipeline_outcome outcome;
    for (int threads = 1; threads <= 4; threads++) {
        struct job job;
        reset(&job);
        job.results_a_input = 1; /* else some would be cut */
        job.even_last = true;
        job.interrupt_after = 10;
        duet_process_catch_signals();
        assert_ok(run(&job, 1000, threads, &outcome, &e), e);
        duet_process_forget_signals();
        assert_true(outcome.interrupted);
        assert_true(outcome.finished >= 11 && outcome.finished <= 11 + 8 * (size_t)threads);
        assert_int_equal(job.taken, outcome.finished); /* what was begun was finished */
        assert_int_equal(job.dropped, 0);
    }
}

static void any_number_of_signals_only_asks(void **state)
{
    (void)state;
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGTERM, SIGTERM};
    duet_process_catch_signals();
    assert_int_equal(duet_process_exit_code(7), 7);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        raise(signals[i]);
        assert_true(duet_interrupted());
        assert_int_equal(duet_process_hurried(), i > 0);
        assert_int_equal(duet_process_exit_code(7), 128 + SIGTERM); /* the first one's */
    }
    duet_process_forget_signals();
    assert_false(duet_interrupted() || duet_process_hurried());
}

static void an_interrupt_cuts_long_inputs(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_pipeline_outcome outcome;
    for (int threads = 1; threads <= 3; threads++) {
        struct job job;
        reset(&job);
        job.results_a_input = 1000000;
        duet_process_catch_signals();
        raise(SIGTERM);
        assert_true(duet_interrupted());
        assert_ok(run(&job, 5, threads, &outcome, &e), e);
        duet_process_forget_signals();
        assert_true(outcome.interrupted);
        assert_int_equal(outcome.finished, 0);
    }
}

static void a_long_input_is_worked_on_side_by_side_and_bounded(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_pipeline_outcome outcome;
    for (int threads = 1; threads <= 4; threads++)
        for (size_t count = 1; count <= 3; count++) {
            struct job job;
            reset(&job);
            job.many = true;
            job.results_a_input = 200;
            job.even_last = count == 2;
            assert_ok(run(&job, count, threads, &outcome, &e), e);
            assert_int_equal(job.delivered, 200 * count);
            assert_int_equal(job.workers, threads);
            assert_in_range(job.most_working, threads > 1 ? 2 : 1,
                            threads); /* all, unless others keep us waiting */
            /* The head's, those of the input after it, and the one being delivered. */
            assert_in_range(job.most_inside, threads, 2 * (threads + DUET_PIPELINE_AHEAD) + 1);
            if (count == 1) assert_in_range(job.most_inside, threads, threads + DUET_PIPELINE_AHEAD + 1);
        }
}

/* Decoding is one thread's at a time, and memory every worker's own: more threads than can be fed join in. */
static void many_threads_share_a_long_input(void **state)
{
    (void)state;
    static const struct {
        int threads;
        size_t count;
        int workers, each;
    } cases[] = {{15, 1, 15, 1}, {16, 1, 16, 1}, {31, 1, 16, 1}, {40, 3, 16, 2}, {40, 40, 40, 1}};
    struct duet_error e;
    struct duet_pipeline_outcome outcome;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct job job;
        reset(&job);
        job.many = true;
        job.results_a_input = 30;
        assert_ok(run(&job, cases[i].count, cases[i].threads, &outcome, &e), e);
        assert_int_equal(job.delivered, 30 * cases[i].count);
        assert_int_equal(job.workers, cases[i].workers);
        assert_int_equal(job.pool_threads, cases[i].each);
    }
}

/* A source that a signal ended says so by giving nothing: what it gave before is delivered. */
static void an_input_can_be_cut_while_it_is_waited_for(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_pipeline_outcome outcome;
    for (int threads = 1; threads <= 4; threads++) {
        struct job job;
        reset(&job);
        job.many = true;
        job.results_a_input = 100;
        job.cut_at = 7;
        assert_ok(run(&job, 1, threads, &outcome, &e), e);
        assert_true(outcome.interrupted);
        assert_int_equal(outcome.finished, 0);
        assert_int_equal(job.delivered, 7);
    }
}

static void a_failed_finish_ends_everything(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_pipeline_outcome outcome;
    for (int threads = 1; threads <= 4; threads++) {
        struct job job;
        reset(&job);
        job.fail_at_finish = 5;
        assert_fails(DUET_IO_ERROR, run(&job, 100, threads, &outcome, &e), e);
        assert_string_equal(e.text, "disk full");
        assert_int_equal(job.finished, 6);
    }
}

static void the_bar_fits(void **state)
{
    (void)state;
    char text[192];
    duet_console_format_bar(text, sizeof text, 79, 74, 200, 7.4);
    assert_string_equal(text, " 37% [==============>                         ] 74/200  10.0/s  ETA 0:12");
    duet_console_format_bar(text, sizeof text, 79, 200, 200, 20);
    assert_string_equal(text, "100% [========================================] 200/200  10.0/s  ETA 0:00");
    duet_console_format_bar(text, sizeof text, 79, 0, 0, 0);
    assert_non_null(strstr(text, "0/0"));
    duet_console_format_bar(text, sizeof text, 79, 1, 1000000, 3600);
    assert_null(strstr(text, "ETA"));
    duet_console_format_bar(text, sizeof text, 79, 1, 10, 1000);
    assert_non_null(strstr(text, "ETA 2:30:00"));
    for (size_t width = 35; width < 120; width++) {
        duet_console_format_bar(text, sizeof text, width, 74, 200, 7.4);
        assert_true(strlen(text) <= width);
    }
    duet_console_format_bar(text, sizeof text, 1, 74, 200, 7.4);
    assert_string_equal(text, " 37% 74/200  10.0/s  ETA 0:12");
}

static void the_bar_of_frames_fits(void **state)
{
    (void)state;
    char text[192];
    duet_console_format_frames(text, sizeof text, 79, 111, 4.44, 12, 4.6);
    assert_string_equal(text,
                        " 37% [=============>                      ] frame 111  0:04.4 of 0:12.0  24.1/s");
    duet_console_format_frames(text, sizeof text, 79, 111, 4.44, 0, 4.6); /* nobody knows how long it is */
    assert_string_equal(text, "frame 111  0:04.4  24.1/s");
    duet_console_format_frames(text, sizeof text, 79, 5, 3723.5, 3600, 0);
    assert_non_null(strstr(text, "frame 5  1:02:03.5 of 1:00:00.0  0.0/s"));
    assert_non_null(strstr(text, "100% ["));
    duet_console_format_frames(text, sizeof text, 79, 5, -1, 3600, 1);
    assert_non_null(strstr(text, "  0% ["));
    for (size_t width = 45; width < 120; width++) {
        duet_console_format_frames(text, sizeof text, width, 111, 4.44, 12, 4.6);
        assert_true(strlen(text) <= width);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_come_in_order_for_any_number_of_threads),
        cmocka_unit_test(fewer_workers_get_more_threads_each),
        cmocka_unit_test(an_input_may_give_more_than_its_queue_holds),
        cmocka_unit_test(a_failed_delivery_ends_everything),
        cmocka_unit_test(a_worker_that_cannot_be_made_is_an_error),
        cmocka_unit_test(an_interrupt_keeps_a_gapless_beginning),
        cmocka_unit_test(any_number_of_signals_only_asks),
        cmocka_unit_test(an_interrupt_cuts_long_inputs),
        cmocka_unit_test(a_long_input_is_worked_on_side_by_side_and_bounded),
        cmocka_unit_test(many_threads_share_a_long_input),
        cmocka_unit_test(an_input_can_be_cut_while_it_is_waited_for),
        cmocka_unit_test(a_failed_finish_ends_everything),
        cmocka_unit_test(the_bar_fits),
        cmocka_unit_test(the_bar_of_frames_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
