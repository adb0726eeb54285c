/* What a description becomes: which layers are steps, which are fused, and that no byte hangs on it. */
#include "support/run_network.h"

static struct duet_error e;

/* --- outputs that are wanted ---------------------------------------------------------------------------- */

static duet_node add_trunk(struct duet_network *network)
{
    duet_node node = duet_network_input(network, "input", 3);
    node = duet_network_conv(
        network, node,
        (struct duet_conv){
            .name = "conv", .kernel = 3, .stride = 2, .channels = 16, .activation = DUET_RELU6});
    node = duet_network_conv(network, node,
                             (struct duet_conv){.name = "expand", .channels = 96, .activation = DUET_RELU6});
    node = duet_network_depthwise(network, node,
                                  (struct duet_conv){.name = "depthwise", .activation = DUET_RELU6});
    return duet_network_conv(network, node, (struct duet_conv){.name = "project", .channels = 24});
}

static void add_detector(struct duet_network *network, duet_node trunk)
{
    duet_node node = duet_network_depthwise(
        network, trunk, (struct duet_conv){.name = "a.depthwise", .stride = 2, .activation = DUET_RELU6});
    node = duet_network_conv(network, node, (struct duet_conv){.name = "a.predict", .channels = 9});
    duet_network_output(network, "a", node);
}

static void add_classifier(struct duet_network *network, duet_node trunk)
{
    duet_node mean = duet_network_global_mean(network, "b.mean", trunk);
    mean = duet_network_broadcast(network, "b.spread", mean, trunk);
    mean = duet_network_concat(network, "b.concat", (duet_node[]){mean, trunk}, 2);
    duet_network_output(network, "b",
                        duet_network_conv(network, mean, (struct duet_conv){.name = "b.logits", .channels = 5}));
}

static struct duet_network *trunk_and(bool detector, bool classifier)
{
    struct duet_network *network;
    assert_ok(duet_network_create(&network, &e), e);
    duet_node trunk = add_trunk(network);
    if (detector) add_detector(network, trunk);
    if (classifier) add_classifier(network, trunk);
    assert_ok(duet_network_check(network, &e), e);
    return network;
}

/* A network with both heads of which one is wanted does what the network with that head alone does. */
static void assert_like_alone(const struct duet_network *both, const struct duet_network *alone,
                              const struct duet_weights *weights, const char *wanted)
{
    struct duet_compile_options options = {.struct_size = sizeof options, .height = 35, .width = 50};
    struct duet_compiled *a, *b;
    struct duet_memory memory = DUET_MEMORY, want_memory = DUET_MEMORY;
    assert_ok(duet_compile(alone, weights, &options, &a, &e), e);
    assert_ok(duet_network_memory(alone, &options, &want_memory, &e), e);
    options.outputs = &wanted;
    options.output_count = 1;
    assert_ok(duet_compile(both, weights, &options, &b, &e), e);
    assert_ok(duet_network_memory(both, &options, &memory, &e), e);
    assert_memory_equal(&memory, &want_memory, sizeof memory);
    assert_int_equal(duet_compiled_step_count(a), duet_compiled_step_count(b));
    for (int i = 0; i < duet_compiled_step_count(a); i++)
        assert_string_equal(step_info(a, i).name, step_info(b, i).name);
    assert_int_equal(duet_compiled_weight_bytes(a), duet_compiled_weight_bytes(b));
    size_t count, here;
    float *want = run_network(a, alone, 1, &count), *got = run_network(b, both, 2, &here);
    assert_int_equal(count, here);
    assert_memory_equal(want, got, count * sizeof *want);
    free(want);
    free(got);
    duet_compiled_close(&a);
    duet_compiled_close(&b);
}

static void what_no_wanted_output_needs_is_left_out(void **state)
{
    (void)state;
    static const char *const names[2] = {"a", "b"};
    struct duet_network *both = trunk_and(true, true);
    for (int head = 0; head < 2; head++) {
        struct duet_network *alone = trunk_and(head == 0, head == 1);
        struct duet_weights *weights = random_weights(alone, 1); /* without the other head's */
        assert_like_alone(both, alone, weights, names[head]);
        duet_weights_close(&weights);
        duet_network_close(&alone);
    }
    duet_network_close(&both);
}

static void outputs_that_are_wanted_are_checked(void **state)
{
    (void)state;
    struct duet_network *both = trunk_and(true, true);
    struct duet_weights *weights = random_weights(both, 1);
    struct duet_compiled *compiled;
    struct duet_memory memory = DUET_MEMORY;
    const char *names[3] = {"b", "nobody", NULL};
    struct duet_compile_options options = {
        .struct_size = sizeof options, .height = 35, .width = 50, .outputs = names, .output_count = 2};
    assert_fails(DUET_NOT_FOUND, duet_compile(both, weights, &options, &compiled, &e), e);
    assert_non_null(strstr(e.text, "no output 'nobody'"));
    assert_fails(DUET_NOT_FOUND, duet_network_memory(both, &options, &memory, &e), e);
    options.outputs = names + 2;
    options.output_count = 1;
    assert_fails(DUET_BAD_ARGUMENT, duet_compile(both, weights, &options, &compiled, &e), e);
    options.output_count = 0;
    assert_fails(DUET_BAD_ARGUMENT, duet_compile(both, weights, &options, &compiled, &e), e);
    options.outputs = NULL;
    options.output_count = 1;
    assert_fails(DUET_BAD_ARGUMENT, duet_compile(both, weights, &options, &compiled, &e), e);
    duet_weights_close(&weights);
    duet_network_close(&both);
}

/* --- fusion --------------------------------------------------------------------------------------------- */

enum { V1_PAIRS = 6 };

/* As MobileNetV1 is: a convolution, then depthwise and pointwise layers in turn, each with an activation. */
static struct duet_network *mobilenet_v1(void)
{
    struct duet_network *network;
    assert_ok(duet_network_create(&network, &e), e);
    duet_node node = duet_network_input(network, "input", 3);
    node = duet_network_conv(
        network, node,
        (struct duet_conv){
            .name = "conv", .kernel = 3, .stride = 2, .channels = 16, .activation = DUET_RELU6});
    for (int i = 0; i < V1_PAIRS; i++) {
        char name[2][32];
        snprintf(name[0], sizeof name[0], "pair%d.depthwise", i);
        snprintf(name[1], sizeof name[1], "pair%d.pointwise", i);
        node = duet_network_depthwise(
            network, node,
            (struct duet_conv){.name = name[0], .stride = 1 + i % 2, .activation = DUET_RELU6});
        node = duet_network_conv(
            network, node,
            (struct duet_conv){.name = name[1], .channels = 24 + 40 * i, .activation = DUET_RELU6});
    }
    duet_network_output(network, "end", node);
    assert_ok(duet_network_check(network, &e), e);
    return network;
}

static void every_pair_of_mobilenet_v1_is_one_step(void **state)
{
    (void)state;
    struct duet_network *network = mobilenet_v1();
    struct duet_weights *weights = random_weights(network, 3);
    struct duet_compiled *plain = compile_network(network, weights, 61, 90, true, NULL);
    struct duet_compiled *fused = compile_network(network, weights, 61, 90, false, NULL);
    assert_int_equal(duet_compiled_step_count(plain), 1 + 2 * V1_PAIRS);
    assert_int_equal(duet_compiled_step_count(fused), V1_PAIRS); /* the first covers the convolution, too */
    for (int i = 0; i < V1_PAIRS; i++) assert_non_null(strstr(step_info(fused, i).kernel, "separable"));
    size_t count, here;
    float *want = run_network(plain, network, 1, &count);
    for (int threads = 1; threads <= 3; threads++) {
        float *got = run_network(fused, network, threads, &here);
        assert_int_equal(count, here);
        assert_memory_equal(want, got, count * sizeof *want);
        free(got);
    }
    free(want);
    duet_compiled_close(&plain);
    duet_compiled_close(&fused);
    duet_weights_close(&weights);
    duet_network_close(&network);
}

/* --- infos ---------------------------------------------------------------------------------------------- */

/* As programs see them that were compiled for an older and for a newer library. */
static void infos_are_filled_as_far_as_both_sides_know_them(void **state)
{
    (void)state;
    struct duet_network *network = trunk_and(true, true);
    int count = duet_network_layer_count(network);
    struct duet_shape older[16];
    struct {
        struct duet_layer_info known;
        uint64_t unknown;
    } newer[16];
    struct duet_layer_info info[16];
    assert_in_range(count, 1, 16);
    memset(newer, 0xff, sizeof newer);
    assert_ok(duet_network_account(network, 35, 50, info, sizeof *info, &e), e);
    assert_ok(
        duet_network_account(network, 35, 50, (struct duet_layer_info *)(void *)older, sizeof *older, &e), e);
    assert_ok(duet_network_account(network, 35, 50, &newer[0].known, sizeof *newer, &e), e);
    for (int i = 0; i < count; i++) {
        assert_true(info[i].bytes > 0);
        assert_memory_equal(&older[i], &info[i].output, sizeof older[i]);
        assert_memory_equal(&newer[i].known, &info[i], sizeof info[i]);
        assert_true(newer[i].unknown == 0);
    }
    struct duet_compile_options options = {.struct_size = sizeof options, .height = 35, .width = 50};
    struct duet_memory memory = DUET_MEMORY, part = {.struct_size = 2 * sizeof(size_t), .thread_bytes = 7};
    assert_ok(duet_network_memory(network, &options, &memory, &e), e);
    assert_ok(duet_network_memory(network, &options, &part, &e), e);
    assert_true(part.session_bytes == memory.session_bytes && part.thread_bytes == 7);
    memory.struct_size = 0;
    assert_fails(DUET_BAD_ARGUMENT, duet_network_memory(network, &options, &memory, &e), e);
    duet_network_close(&network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_no_wanted_output_needs_is_left_out),
        cmocka_unit_test(outputs_that_are_wanted_are_checked),
        cmocka_unit_test(every_pair_of_mobilenet_v1_is_one_step),
        cmocka_unit_test(infos_are_filled_as_far_as_both_sides_know_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
