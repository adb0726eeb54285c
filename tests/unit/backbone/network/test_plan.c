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
    struct duet_memory memory, want_memory;
    assert_ok(duet_compile(alone, weights, &options, &a, &e), e);
    assert_ok(duet_network_memory(alone, &options, &want_memory, &e), e);
    options.outputs = &wanted;
    options.output_count = 1;
    assert_ok(duet_compile(both, weights, &options, &b, &e), e);
    assert_ok(duet_network_memory(both, &options, &memory, &e), e);
    assert_memory_equal(&memory, &want_memory, sizeof memory);
    assert_int_equal(duet_compiled_step_count(a), duet_compiled_step_count(b));
    for (int i = 0; i < duet_compiled_step_count(a); i++)
        assert_string_equal(duet_compiled_step(a, i).name, duet_compiled_step(b, i).name);
    assert_int_equal(duet_compiled_weight_bytes(a), duet_compiled_weight_bytes(b));
    size_t count, here;
    float *want = run_network(a, alone, 35, 50, 1, &count), *got = run_network(b, both, 35, 50, 2, &here);
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
    struct duet_memory memory;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_no_wanted_output_needs_is_left_out),
        cmocka_unit_test(outputs_that_are_wanted_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
