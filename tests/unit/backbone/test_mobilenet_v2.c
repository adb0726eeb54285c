#include "support/testing.h"

#include "duet/head.h"

/* Sums over a network of the given configuration. */
struct totals {
    uint64_t madds, parameters, stored;
};

static struct duet_network *build(struct duet_mobilenet_v2_config config, struct duet_mobilenet_v2 *layers)
{
    struct duet_error e;
    struct duet_network *network;
    assert_ok(duet_network_create(&network, &e), e);
    assert_ok(duet_mobilenet_v2_build(network, &config, layers, &e), e);
    return network;
}

static struct totals account(const struct duet_network *network, int side, struct duet_layer_info *info)
{
    struct duet_error e;
    struct totals t = {0};
    assert_ok(duet_network_account(network, side, side, info, sizeof(struct duet_layer_info), &e), e);
    for (int i = 0; i < duet_network_layer_count(network); i++) {
        t.madds += info[i].madds;
        t.parameters += info[i].parameters;
        t.stored += info[i].parameters_stored;
    }
    return t;
}

static void channels_round_as_the_authors_do(void **state)
{
    (void)state;
    assert_int_equal(duet_mobilenet_v2_channels(32, 1.0, 8), 32);
    assert_int_equal(duet_mobilenet_v2_channels(16, 0.35, 8), 8);
    assert_int_equal(duet_mobilenet_v2_channels(24, 0.75, 8), 24); /* 18 -> 16 would lose over 10 % */
    assert_int_equal(duet_mobilenet_v2_channels(32, 1.4, 8), 48);
    assert_int_equal(duet_mobilenet_v2_channels(24, 0.5, 1), 12);
}

static void output_stride_turns_strides_into_rates(void **state)
{
    (void)state;
    static struct duet_layer_info info[200];
    static const struct {
        int output_stride, side, rate6, rate7, rate13, rate14;
    } cases[] = {{32, 17, 1, 1, 1, 1}, {16, 33, 1, 1, 1, 2}, {8, 65, 1, 2, 2, 4}};
    for (size_t i = 0; i < 3; i++) {
        struct duet_mobilenet_v2 layers;
        struct duet_network *network =
            build((struct duet_mobilenet_v2_config){1.0, 8, cases[i].output_stride, false}, &layers);
        account(network, 513, info);
        assert_int_equal(info[layers.block[16]].output.dims[1], cases[i].side);
        assert_int_equal(duet_network_layer(network, layers.depthwise[6])->rate, cases[i].rate6);
        assert_int_equal(duet_network_layer(network, layers.depthwise[7])->rate, cases[i].rate7);
        assert_int_equal(duet_network_layer(network, layers.depthwise[13])->rate, cases[i].rate13);
        assert_int_equal(duet_network_layer(network, layers.depthwise[14])->rate, cases[i].rate14);
        duet_network_close(&network);
    }
}

static void ssdlite_costs_what_the_paper_says(void **state)
{
    (void)state;
    static struct duet_layer_info info[200];
    struct duet_error e;
    struct duet_mobilenet_v2 layers;
    struct duet_network *network = build((struct duet_mobilenet_v2_config){1.0, 8, 32, true}, &layers);
    const struct duet_head head = duet_head_usual(DUET_SSDLITE);
    assert_ok(duet_ssdlite_build(network, &layers, &head, &e), e);
    struct totals t = account(network, 300, info);
    printf("# SSDLite 300: %.3f M parameters, %.3f M stored, %.1f MMAdds\n", (double)t.parameters / 1e6,
           (double)t.stored / 1e6, (double)t.madds / 1e6);
    /* The paper prints 4.3M; with batch-norm scale and shift and 91 columns it is 4.50M, folded 4.47M. */
    assert_int_equal(t.parameters, 4500543);
    assert_in_range(t.stored, 4300000, 4500000);
    assert_in_range(t.madds, 740000000, 800000000);
    static const size_t sides[DUET_SSDLITE_MAPS] = {19, 10, 5, 3, 2, 1};
    for (int m = 0; m < DUET_SSDLITE_MAPS; m++)
        assert_int_equal(info[duet_network_output_at(network, 2 * m, NULL)].output.dims[1], sides[m]);
    duet_network_close(&network);
}

static void bad_configurations_are_refused(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_mobilenet_v2 layers;
    struct duet_network *network;
    assert_ok(duet_network_create(&network, &e), e);
    struct duet_mobilenet_v2_config bad[] = {{0, 8, 32, true}, {1, 0, 32, true}, {1, 8, 4, true}};
    for (size_t i = 0; i < 3; i++)
        assert_fails(DUET_BAD_ARGUMENT, duet_mobilenet_v2_build(network, &bad[i], &layers, &e), e);
    duet_network_conv(network, 5, (struct duet_conv){.name = "x", .channels = 3});
    assert_fails(DUET_BAD_ARGUMENT, duet_network_check(network, &e), e);
    duet_network_close(&network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(channels_round_as_the_authors_do),
        cmocka_unit_test(output_stride_turns_strides_into_rates),
        cmocka_unit_test(ssdlite_costs_what_the_paper_says),
        cmocka_unit_test(bad_configurations_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
