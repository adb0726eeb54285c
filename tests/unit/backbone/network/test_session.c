/* Sessions: what goes in and comes out, and what stops a run. */
#include "support/run_network.h"

static struct duet_error e;

/* Five layers that are shared by the threads of a pool. */
static struct duet_network *chain(void)
{
    struct duet_network *network;
    assert_ok(duet_network_create(&network, &e), e);
    duet_node node = duet_network_input(network, "picture", 3);
    for (int i = 0; i < 5; i++) {
        char name[16];
        snprintf(name, sizeof name, "conv%d", i);
        node =
            duet_network_conv(network, node, (struct duet_conv){.name = name, .kernel = 3, .channels = 16});
    }
    duet_network_output(network, "end", node);
    assert_ok(duet_network_check(network, &e), e);
    return network;
}

enum { HEIGHT = 40, WIDTH = 50 };

/* A session of two threads on a chain. */
static struct duet_session *session_on_chain(void)
{
    struct duet_network *network = chain();
    struct duet_weights *weights = random_weights(network, 1);
    struct duet_compiled *compiled = compile_network(network, weights, HEIGHT, WIDTH, true, NULL);
    struct duet_session *session = filled_session(compiled, 2);
    duet_compiled_close(&compiled);
    duet_weights_close(&weights);
    duet_network_close(&network);
    return session;
}

static void views_show_what_lies_there(void **state)
{
    (void)state;
    struct duet_session *session = session_on_chain();
    struct duet_view picture, same, end;
    assert_ok(duet_session_input(session, NULL, &picture, &e), e);
    assert_ok(duet_session_input(session, "picture", &same, &e), e);
    assert_memory_equal(&picture, &same, sizeof picture);
    assert_true(picture.dtype == DUET_F32 && duet_view_is_dense(&picture));
    assert_true(duet_shape_equal(&picture.shape, &(struct duet_shape){4, {1, HEIGHT, WIDTH, 3}}));
    assert_ok(duet_session_output(session, "end", &end, &e), e);
    assert_true(duet_shape_equal(&end.shape, &(struct duet_shape){4, {1, HEIGHT, WIDTH, 16}}));
    assert_int_equal(end.strides[1], WIDTH * 16 * (int)sizeof(float));
    assert_fails(DUET_NOT_FOUND, duet_session_input(session, "heat", &same, &e), e);
    assert_non_null(strstr(e.text, "no input 'heat'"));
    assert_null(same.data);
    assert_fails(DUET_NOT_FOUND, duet_session_output(session, "conv0", &same, &e), e);
    assert_non_null(strstr(e.text, "no output 'conv0'"));
    duet_session_close(&session);
}

/* A pool of two that does something else, too, whenever it is used. */
struct meddler {
    struct duet_session *session;
    struct duet_cancel *cancel;
    int runs;
};

static void meddle(void *ctx, duet_task *task, void *arg, int count)
{
    struct meddler *m = ctx;
    m->runs++;
    if (m->session) assert_fails(DUET_BUSY, duet_session_run(m->session, NULL, &e), e);
    if (m->session) assert_fails(DUET_BUSY, duet_session_run_step(m->session, 0, NULL, &e), e);
    if (m->runs == 2) duet_cancel(m->cancel);
    for (int i = 0; i < count; i++) task(arg, i, i);
}

static void a_session_that_is_run_is_busy(void **state)
{
    (void)state;
    struct duet_session *session = session_on_chain();
    struct meddler m = {.session = session};
    struct duet_pool pool = {&m, 2, meddle};
    struct duet_run_options run = {.struct_size = sizeof run, .pool = &pool};
    assert_ok(duet_session_run(session, &run, &e), e);
    assert_int_equal(m.runs, 5);
    assert_ok(duet_session_run(session, NULL, &e), e);
    duet_session_close(&session);
}

static void a_run_can_be_stopped_between_steps(void **state)
{
    (void)state;
    struct duet_session *session = session_on_chain();
    struct duet_cancel cancel = {0};
    struct meddler m = {.cancel = &cancel};
    struct duet_pool pool = {&m, 2, meddle};
    struct duet_run_options run = {.struct_size = sizeof run, .pool = &pool, .cancel = &cancel};
    assert_fails(DUET_INTERRUPTED, duet_session_run(session, &run, &e), e);
    assert_int_equal(m.runs, 2);
    assert_fails(DUET_INTERRUPTED, duet_session_run(session, &run, &e), e);
    assert_int_equal(m.runs, 2);
    cancel.flag = 0;
    assert_ok(duet_session_run(session, &run, &e), e);
    assert_int_equal(m.runs, 2 + 5);
    duet_session_close(&session);
}

static void options_of_a_run_may_be_those_of_another_version(void **state)
{
    (void)state;
    struct duet_session *session = session_on_chain();
    struct {
        struct duet_run_options known;
        void *unknown;
    } newer = {DUET_RUN_OPTIONS, NULL};
    newer.known.struct_size = sizeof newer;
    assert_ok(duet_session_run(session, &newer.known, &e), e);
    newer.unknown = &newer;
    assert_fails(DUET_UNSUPPORTED, duet_session_run(session, &newer.known, &e), e);
    newer.known.struct_size = 0;
    assert_fails(DUET_BAD_ARGUMENT, duet_session_run(session, &newer.known, &e), e);
    duet_session_close(&session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_show_what_lies_there),
        cmocka_unit_test(a_session_that_is_run_is_busy),
        cmocka_unit_test(a_run_can_be_stopped_between_steps),
        cmocka_unit_test(options_of_a_run_may_be_those_of_another_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
