#include "support/run_network.h"

#include "duet/mobilenet_v2.h"

#include "network/compiled.h"

static struct duet_error e;

/* The trunk, with two outputs. */
static struct duet_network *trunk(int output_stride)
{
    struct duet_network *network;
    struct duet_mobilenet_v2 layers;
    const struct duet_mobilenet_v2_config config = {0.35, 8, output_stride, true};
    assert_ok(duet_network_create(&network, &e), e);
    assert_ok(duet_mobilenet_v2_build(network, &config, &layers, &e), e);
    duet_network_output(network, "early", layers.block[5]);
    duet_network_output(network, "late", layers.conv_1);
    return network;
}

/* Its weights, with channels to leave out in every depthwise layer. */
static struct duet_weights *weights_of(const struct duet_network *network)
{
    struct duet_weights *random = random_weights(network, 4),
                        *weights = with_dead_channels(random, "block7.");
    duet_weights_close(&random);
    return weights;
}

/* Layers packed, and of those how many lie where the other's do. */
struct common {
    int packed, shared;
};

static struct common compare(const struct duet_compiled *a, const struct duet_compiled *b)
{
    struct common n = {0};
    assert_int_equal(a->layer_count, b->layer_count);
    for (int i = 0; i < a->layer_count; i++) {
        n.packed += a->packed.layers[i].weights != NULL;
        n.shared += a->packed.layers[i].weights &&
                    a->packed.layers[i].weights == b->packed.layers[i].weights &&
                    a->packed.layers[i].live == b->packed.layers[i].live;
    }
    return n;
}

/* Run on one thread: the bytes that a compilation from weights of its own gives? */
static void assert_right(struct duet_compiled *compiled, const struct duet_network *network, int side,
                         bool unfused)
{
    size_t count, here;
    struct duet_weights *own = weights_of(network);
    struct duet_compiled *alone =
        compile_network(network, own, side, side, unfused, duet_compiled_level(compiled));
    float *want = run_network(alone, network, 1, &count);
    float *got = run_network(compiled, network, 1, &here);
    assert_int_equal(here, count);
    assert_memory_equal(got, want, count * sizeof *got);
    free(want);
    free(got);
    duet_compiled_close(&alone);
    duet_weights_close(&own);
}

static void any_size_and_stride_packs_once(void **state)
{
    (void)state;
    enum { SIZES = 9, STRIDES = 2 };
    static const int strides[STRIDES] = {16, 8};
    struct duet_network *networks[STRIDES] = {trunk(strides[0]), trunk(strides[1])};
    struct duet_weights *weights = weights_of(networks[0]);
    struct duet_compiled *all[STRIDES][SIZES];
    for (int s = 0; s < STRIDES; s++)
        for (int i = 0; i < SIZES; i++) {
            int side = 33 + 16 * i;
            all[s][i] = compile_network(networks[s], weights, side, side, false, NULL);
            struct common n = compare(all[0][0], all[s][i]);
            assert_true(n.packed > 40 && n.shared == n.packed);
            assert_int_equal(duet_compiled_weight_bytes(all[s][i]), duet_compiled_weight_bytes(all[0][0]));
        }
    assert_right(all[1][8], networks[1], 33 + 16 * 8, false);
    for (int s = 0; s < STRIDES; s++) {
        for (int i = 0; i < SIZES; i++) duet_compiled_close(&all[s][i]);
        duet_network_close(&networks[s]);
    }
    duet_weights_close(&weights);
}

/* What is missing is added to what is there. */
static void outputs_add_what_they_need(void **state)
{
    (void)state;
    struct duet_network *network = trunk(32);
    struct duet_weights *weights = weights_of(network);
    struct duet_compiled *early;
    const char *const name = "early";
    struct duet_compile_options options = DUET_COMPILE_OPTIONS;
    options.height = options.width = 65;
    options.outputs = &name;
    options.output_count = 1;
    assert_ok(duet_compile(network, weights, &options, &early, &e), e);
    struct duet_compiled *both = compile_network(network, weights, 65, 65, false, NULL);
    struct common n = compare(early, both), m = compare(both, early);
    assert_true(n.packed > 10 && n.shared == n.packed && m.packed > n.packed && m.shared == n.shared);
    assert_true(duet_compiled_weight_bytes(early) < duet_compiled_weight_bytes(both));
    assert_right(both, network, 65, false);
    duet_compiled_close(&early);
    duet_compiled_close(&both);
    duet_weights_close(&weights);
    duet_network_close(&network);
}

/* Projections lie there twice where channels are left out, once for steps that cannot; whoever comes first.
 */
static void steps_of_both_kinds_find_theirs(void **state)
{
    (void)state;
    struct duet_network *network = trunk(32);
    for (int first = 0; first < 2; first++) {
        struct duet_weights *weights = weights_of(network);
        struct duet_compiled *compiled[2]; /* fused, unfused */
        for (int i = first, k = 0; k < 2; i = !i, k++)
            compiled[i] = compile_network(network, weights, 65, 65, i == 1, NULL);
        struct common n = compare(compiled[0], compiled[1]);
        assert_true(n.shared < n.packed && n.shared > n.packed / 2);
        for (int i = 0; i < 2; i++) {
            struct duet_compiled *again = compile_network(network, weights, 49, 49, i == 1, NULL);
            n = compare(compiled[i], again);
            assert_int_equal(n.shared, n.packed);
            duet_compiled_close(&again);
            assert_right(compiled[i], network, 65, i == 1);
            duet_compiled_close(&compiled[i]);
        }
        duet_weights_close(&weights);
    }
    duet_network_close(&network);
}

/* expand -> depthwise, with the activation given -> project */
static struct duet_network *chain(enum duet_activation activation)
{
    struct duet_network *network;
    assert_ok(duet_network_create(&network, &e), e);
    duet_node node = duet_network_input(network, "input", 3);
    node = duet_network_conv(network, node,
                             (struct duet_conv){.name = "wide", .channels = 48, .activation = DUET_RELU6});
    node = duet_network_depthwise(network, node,
                                  (struct duet_conv){.name = "a.depthwise.", .activation = activation});
    node = duet_network_conv(network, node, (struct duet_conv){.name = "narrow", .channels = 40});
    duet_network_output(network, "end", node);
    return network;
}

/* Where negative values pass, no channel is dead: that network must not find what the other one packed. */
static void networks_that_differ_may_share_a_set(void **state)
{
    (void)state;
    struct duet_network *networks[2] = {chain(DUET_RELU6), chain(DUET_LINEAR)};
    struct duet_weights *weights = weights_of(networks[0]);
    struct duet_compiled *compiled[2];
    for (int i = 0; i < 2; i++) compiled[i] = compile_network(networks[i], weights, 17, 17, false, NULL);
    struct common n = compare(compiled[0], compiled[1]);
    assert_true(n.packed == 3 && n.shared == 2);
    assert_true(duet_compiled_weight_bytes(compiled[0]) < duet_compiled_weight_bytes(compiled[1]));
    for (int i = 0; i < 2; i++) {
        assert_right(compiled[i], networks[i], 17, false);
        duet_compiled_close(&compiled[i]);
        duet_network_close(&networks[i]);
    }
    duet_weights_close(&weights);
}

static void levels_have_their_own(void **state)
{
    (void)state;
    struct duet_network *network = trunk(32);
    struct duet_weights *weights = weights_of(network);
    for (int i = 0; duet_kernels_level(i); i++) {
        if (!duet_kernels_runs(duet_kernels_level(i))) continue;
        struct duet_compiled *compiled =
            compile_network(network, weights, 33, 33, false, duet_kernels_level(i));
        assert_right(compiled, network, 33, false);
        duet_compiled_close(&compiled);
    }
    duet_weights_close(&weights);
    duet_network_close(&network);
}

/* As for a level whose panels this machine may not have. */
static void panels_of_another_width_are_packed_anew(void **state)
{
    (void)state;
    struct duet_network *network = chain(DUET_RELU6);
    struct duet_weights *weights = weights_of(network);
    struct duet_compiled *compiled = compile_network(network, weights, 17, 17, false, NULL);
    struct duet_kernels other = compiled->kernels;
    struct packed_weights packed;
    other.of[DUET_F32].conv1x1.packing.panel /= 2;
    assert_ok(duet_packed_take(network, weights, &other, &compiled->plan, &packed, &e), e);
    for (int i = 1; i < compiled->layer_count; i++)
        if ((packed.layers[i].weights == compiled->packed.layers[i].weights) !=
            (duet_network_layer(network, i)->op == DUET_OP_DEPTHWISE))
            fail_msg("layer %s", duet_network_layer(network, i)->name);
    duet_packed_close(&packed);
    duet_compiled_close(&compiled);
    duet_weights_close(&weights);
    duet_network_close(&network);
}

static void weights_may_go_first(void **state)
{
    (void)state;
    struct duet_network *network = trunk(32);
    struct duet_weights *weights = weights_of(network), *second = duet_weights_retain(weights);
    assert_ptr_equal(second, weights);
    duet_weights_close(&weights);
    assert_null(weights);
    assert_non_null(duet_weights_find(second, "backbone.conv.weight"));
    struct duet_compiled *a = compile_network(network, second, 33, 33, false, NULL);
    struct duet_compiled *b = compile_network(network, second, 65, 65, false, NULL);
    duet_weights_close(&second);
    duet_compiled_close(&a);
    assert_right(b, network, 65, false);
    duet_compiled_close(&b);
    duet_network_close(&network);
}

/* A failure leaves the store as it was; a set may grow in between, and its tensors move. */
static void a_tensor_that_was_missing_is_found_later(void **state)
{
    (void)state;
    enum { MORE = 1000 };
    struct duet_network *network = chain(DUET_RELU6);
    struct duet_weights *all = weights_of(network), *weights;
    struct duet_compiled *compiled;
    struct duet_compile_options options = DUET_COMPILE_OPTIONS;
    options.height = options.width = 9;
    assert_ok(duet_weights_create(&weights, &e), e);
    for (size_t i = 0; i < duet_weights_count(all); i++) {
        const struct duet_tensor *t = duet_weights_at(all, i);
        assert_fails(DUET_NOT_FOUND, duet_compile(network, weights, &options, &compiled, &e), e);
        assert_non_null(strstr(e.text, t->name));
        assert_ok(duet_weights_add(weights, t->name, t->dtype, &t->shape, t->data, &e), e);
    }
    compiled = compile_network(network, weights, 9, 9, false, NULL);
    for (int i = 0; i < MORE; i++) {
        char name[32];
        snprintf(name, sizeof name, "more %d", i);
        assert_ok(duet_weights_add(weights, name, DUET_U8, &(struct duet_shape){.rank = 0}, name, &e), e);
    }
    struct duet_compiled *again = compile_network(network, weights, 17, 17, false, NULL);
    struct common n = compare(compiled, again);
    assert_true(n.packed == 3 && n.shared == 3);
    assert_right(again, network, 17, false);
    duet_compiled_close(&compiled);
    duet_compiled_close(&again);
    duet_weights_close(&weights);
    duet_weights_close(&all);
    duet_network_close(&network);
}

/* --- threads -------------------------------------------------------------------------------------------- */

enum { JOBS = 12 };

struct jobs {
    struct duet_network *network;
    struct duet_weights *weights;
    struct duet_compiled *compiled[JOBS];
};

static int side_of(int job)
{
    return 33 + 8 * (job / 4);
}

/* Every other one unfused, every third and fourth scalar; no assertions: they jump. */
static void do_job(void *arg, int job, int worker)
{
    (void)worker;
    struct jobs *jobs = arg;
    struct duet_session *session;
    struct duet_weights *weights = duet_weights_retain(jobs->weights);
    const char *const cpu = job % 4 >= 2 ? "scalar" : NULL;
    struct duet_compile_options options = DUET_COMPILE_OPTIONS;
    options.height = options.width = side_of(job);
    options.unfused = job % 2;
    options.cpu = cpu;
    if (duet_compile(jobs->network, weights, &options, &jobs->compiled[job], NULL) == DUET_OK &&
        duet_session_create(jobs->compiled[job], 1, &session, NULL) == DUET_OK)
        duet_session_close(&session);
    duet_weights_close(&weights);
}

static void threads_that_compile_at_once_share_too(void **state)
{
    (void)state;
    struct duet_pool pool;
    struct jobs jobs = {.network = trunk(32)};
    jobs.weights = weights_of(jobs.network);
    assert_ok(duet_pool_create(4, &pool, &e), e);
    pool.run(pool.ctx, do_job, &jobs, JOBS);
    duet_pool_close(&pool);
    duet_weights_close(&jobs.weights);
    for (int job = 0; job < JOBS; job++) {
        assert_non_null(jobs.compiled[job]);
        struct common n = compare(jobs.compiled[job], jobs.compiled[job % 4]);
        assert_true(n.packed > 40 && n.shared == n.packed);
    }
    for (int job = 0; job < JOBS; job++) {
        assert_right(jobs.compiled[job], jobs.network, side_of(job), job % 2);
        duet_compiled_close(&jobs.compiled[job]);
    }
    duet_network_close(&jobs.network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_size_and_stride_packs_once),
        cmocka_unit_test(outputs_add_what_they_need),
        cmocka_unit_test(steps_of_both_kinds_find_theirs),
        cmocka_unit_test(networks_that_differ_may_share_a_set),
        cmocka_unit_test(levels_have_their_own),
        cmocka_unit_test(panels_of_another_width_are_packed_anew),
        cmocka_unit_test(weights_may_go_first),
        cmocka_unit_test(a_tensor_that_was_missing_is_found_later),
        cmocka_unit_test(threads_that_compile_at_once_share_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
