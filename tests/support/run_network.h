/* run_network.h: any network description compiled and run on seeded numbers. */
#ifndef DUET_RUN_NETWORK_H
#define DUET_RUN_NETWORK_H

#include "support/random_weights.h"
#include "support/sessions.h"

/* Owned: duet_compiled_close. */
static inline struct duet_compiled *compile_network(const struct duet_network *network,
                                                    const struct duet_weights *weights, int height, int width,
                                                    bool unfused, const char *cpu)
{
    struct duet_error e;
    struct duet_compiled *compiled;
    struct duet_compile_options options = {
        .struct_size = sizeof options, .height = height, .width = width, .unfused = unfused, .cpu = cpu};
    assert_ok(duet_compile(network, weights, &options, &compiled, &e), e);
    return compiled;
}

static inline struct duet_step_info step_info(const struct duet_compiled *compiled, int step)
{
    struct duet_error e;
    struct duet_step_info info = DUET_STEP_INFO;
    assert_ok(duet_compiled_step(compiled, step, &info, &e), e);
    return info;
}

/* A session with its input filled. Owned: duet_session_close. */
static inline struct duet_session *filled_session(struct duet_compiled *compiled, int threads)
{
    struct duet_error e;
    struct duet_session *session;
    uint64_t seed = 7;
    assert_ok(duet_session_create(compiled, threads, &session, &e), e);
    struct duet_view view;
    size_t count;
    assert_ok(duet_session_input(session, NULL, &view, &e), e);
    assert_true(duet_shape_elements(&view.shape, &count));
    float *input = view.data;
    for (size_t i = 0; i < count; i++) input[i] = random_weight(&seed);
    return session;
}

/* All compiled outputs of the last run, in one block. Owned: free. */
static inline float *session_outputs(const struct duet_session *session, const struct duet_network *network,
                                     size_t *count)
{
    float *all = NULL;
    *count = 0;
    for (int i = 0; i < duet_network_output_count(network); i++) {
        const char *name;
        struct duet_view view;
        size_t here;
        duet_network_output_at(network, i, &name);
        if (duet_session_output(session, name, &view, NULL) == DUET_NOT_FOUND) continue; /* not wanted */
        const float *output = session_output(session, name, &here);
        all = realloc(all, (*count + here) * sizeof *all);
        assert_non_null(all);
        memcpy(all + *count, output, here * sizeof *all);
        *count += here;
    }
    assert_non_null(all);
    return all;
}

/* The outputs of one run. Owned: free. */
static inline float *run_network(struct duet_compiled *compiled, const struct duet_network *network,
                                 int threads, size_t *count)
{
    struct duet_error e;
    struct duet_pool pool;
    assert_ok(duet_pool_create(threads, &pool, &e), e);
    struct duet_session *session = filled_session(compiled, threads);
    struct duet_run_options run = {.struct_size = sizeof run, .pool = &pool};
    assert_ok(duet_session_run(session, &run, &e), e);
    float *all = session_outputs(session, network, count);
    duet_session_close(&session);
    duet_pool_close(&pool);
    return all;
}

#endif
