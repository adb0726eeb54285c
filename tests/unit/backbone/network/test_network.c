#include "support/heads.h"
#include "support/run_network.h"

#include "network/dead_channels.h"

struct shape_case {
    int height, width, output_stride;
    bool ssdlite, atrous;
};

static struct duet_network *build(struct shape_case c)
{
    struct duet_error e;
    struct duet_network *network;
    const struct duet_head ssdlite = SSDLITE_HEAD(300, 300, 5),
                           deeplabv3 = DEEPLABV3_HEAD(65, 65, c.output_stride, 7, 32, c.atrous);
    const struct duet_model_config config = {
        .backbone = {0.35, 8}, .heads = c.ssdlite ? &ssdlite : &deeplabv3, .head_count = 1};
    assert_ok(duet_model_network(&config, c.output_stride, &network, &e), e);
    return network;
}

static const struct shape_case cases[] = {
    {300, 300, 32, true, false}, {97, 64, 32, true, false}, {1, 1, 32, true, false},
    {65, 33, 16, false, false},  {81, 130, 8, false, true}, {7, 5, 16, false, true},
};

/* Plans for other caches, and the paper's splits. */
static const struct duet_compile_options ways[] = {
    {.split = 0},
    {.split = 1},
    {.split = 2},
    {.split = 5},
    {.split = 64},
    {.l1_bytes = 16 << 10, .l2_bytes = 256 << 10},
    {.l1_bytes = 128 << 10, .l2_bytes = 2 << 20},
};
enum { WAYS = sizeof ways / sizeof *ways };

/* Run on one to three threads: the bytes of `want`? */
static void assert_bytes(struct duet_compiled *compiled, const struct duet_network *network,
                         struct shape_case c, int way, const float *want, size_t count)
{
    for (int threads = 1; threads <= 3; threads++) {
        size_t here;
        float *got = run_network(compiled, network, threads, &here);
        assert_int_equal(here, count);
        if (memcmp(got, want, count * sizeof *got) != 0)
            fail_msg("%dx%d, way %d, %d threads: other bytes than layer by layer", c.width, c.height, way,
                     threads);
        free(got);
    }
}

static void assert_every_way(const struct duet_network *network, const struct duet_weights *weights,
                             struct shape_case c)
{
    struct duet_compiled *plain = compile_network(network, weights, c.height, c.width, true, NULL);
    struct duet_compiled *fused = compile_network(network, weights, c.height, c.width, false, NULL);
    assert_true(duet_compiled_step_count(fused) < duet_compiled_step_count(plain));
    /* A picture of one pixel saves nothing. */
    assert_true(duet_compiled_arena_bytes(fused) <= duet_compiled_arena_bytes(plain) || c.height == 1);
    size_t count;
    float *want = run_network(plain, network, 1, &count);
    double sum = 0;
    for (size_t k = 0; k < count; k++) sum += fabs((double)want[k]);
    assert_true(sum > 0 && isfinite(sum));
    for (int way = 0; way < WAYS; way++) {
        struct duet_error e;
        struct duet_compiled *compiled;
        struct duet_compile_options options = ways[way];
        options.struct_size = sizeof options;
        options.height = c.height;
        options.width = c.width;
        assert_ok(duet_compile(network, weights, &options, &compiled, &e), e);
        assert_bytes(compiled, network, c, way, want, count);
        duet_compiled_close(&compiled);
    }
    free(want);
    duet_compiled_close(&plain);
    duet_compiled_close(&fused);
}

/* Fusion, strips, groups, threads: none of them may change a byte. */
static void every_way_to_run_gives_the_same_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct duet_network *network = build(cases[i]);
        struct duet_weights *weights = random_weights(network, 1);
        assert_every_way(network, weights, cases[i]);
        duet_weights_close(&weights);
        duet_network_close(&network);
    }
}

static size_t memory_of(const struct duet_compiled *compiled)
{
    return duet_compiled_arena_bytes(compiled) + duet_compiled_scratch_bytes(compiled);
}

/* The paper's trade: more groups, less memory. */
static void a_split_saves_memory(void **state)
{
    (void)state;
    struct duet_error e;
    struct shape_case c = cases[0];
    struct duet_network *network = build(c);
    struct duet_weights *weights = random_weights(network, 1);
    struct duet_compiled *compiled;
    size_t before = SIZE_MAX;
    static const int splits[] = {1, 2, 64};
    for (size_t i = 0; i < sizeof splits / sizeof *splits; i++) {
        struct duet_compile_options options = {
            .struct_size = sizeof options, .height = c.height, .width = c.width, .split = splits[i]};
        assert_ok(duet_compile(network, weights, &options, &compiled, &e), e);
        size_t bytes = memory_of(compiled);
        printf("# split %d: %zu bytes\n", splits[i], bytes);
        /* The widest of them has two groups to make. */
        assert_true(splits[i] == 64 ? bytes <= before : bytes < before);
        before = bytes;
        duet_compiled_close(&compiled);
    }
    for (int split = -1; split <= 65; split += 66) {
        struct duet_compile_options options = {
            .struct_size = sizeof options, .height = c.height, .width = c.width, .split = split};
        assert_fails(DUET_BAD_ARGUMENT, duet_compile(network, weights, &options, &compiled, &e), e);
    }
    duet_weights_close(&weights);
    duet_network_close(&network);
}

/* Faster kernels round less often: near the scalar ones, never far. */
static void every_level_is_near_scalar(void **state)
{
    (void)state;
    struct shape_case c = {97, 64, 32, true, false};
    struct duet_network *network = build(c);
    struct duet_weights *weights = random_weights(network, 2);
    struct duet_compiled *scalar = compile_network(network, weights, c.height, c.width, false, "scalar");
    struct duet_compiled *best = compile_network(network, weights, c.height, c.width, false, NULL);
    size_t count, here;
    float *want = run_network(scalar, network, 1, &count), most = 0;
    float *got = run_network(best, network, 1, &here);
    for (size_t k = 0; k < count; k++) most = fmaxf(most, fabsf(got[k] - want[k]));
    printf("# %s: within %.2g of scalar\n", step_info(best, 0).kernel, (double)most);
    assert_true(most < 1e-3f);
    free(want);
    free(got);
    duet_compiled_close(&scalar);
    duet_compiled_close(&best);
    duet_weights_close(&weights);
    duet_network_close(&network);
}

/* Channels that are always zero are left out of the sums; no byte changes. */
static void dead_channels_are_left_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct shape_case c = cases[i];
        struct duet_network *network = build(c);
        struct duet_weights *random = random_weights(network, 4);
        struct duet_weights *weights = with_dead_channels(random, "block7.");
        struct duet_compiled *plain = compile_network(network, weights, c.height, c.width, true, NULL);
        struct duet_compiled *fused = compile_network(network, weights, c.height, c.width, false, NULL);
        assert_true(duet_compiled_weight_bytes(fused) < duet_compiled_weight_bytes(plain));
        duet_compiled_close(&plain);
        duet_compiled_close(&fused);
        assert_every_way(network, weights, c);
        duet_weights_close(&weights);
        duet_weights_close(&random);
        duet_network_close(&network);
    }
}

/* The largest chain that inputs in 0..6 give, found by trying each tap at both ends. */
static float largest_chain(const float *weights, size_t channels, float bias)
{
    float most = bias;
    for (int inputs = 0; inputs < 512; inputs++) {
        float sum = bias;
        for (size_t tap = 0; tap < 9; tap++)
            if (inputs >> tap & 1) sum = fmaf(6.0f, weights[tap * channels], sum);
        most = fmaxf(most, sum);
    }
    return most;
}

static void live_channels_are_those_that_can_fire(void **state)
{
    (void)state;
    enum { CHANNELS = 400 };
    static float weights[9 * CHANNELS], bias[CHANNELS];
    static uint32_t live[CHANNELS];
    uint64_t seed = 5;
    for (size_t i = 0; i < 9 * CHANNELS; i++) weights[i] = random_weight(&seed);
    for (size_t c = 0; c < CHANNELS; c++) bias[c] = random_weight(&seed) * 30;
    bias[7] = 0; /* dead: no weight is positive */
    for (size_t tap = 0; tap < 9; tap++) weights[tap * CHANNELS + 7] = -fabsf(weights[tap * CHANNELS + 7]);
    bias[8] = NAN;
    weights[9] = NAN;
    size_t count = duet_live_channels(CHANNELS, weights, bias, live), at = 0;
    assert_in_range(count, CHANNELS / 4, CHANNELS * 3 / 4);
    for (size_t c = 0; c < CHANNELS; c++) {
        bool is_live = at < count && live[at] == c, can = largest_chain(weights + c, CHANNELS, bias[c]) > 0;
        if (is_live) at++;
        if (c == 8 || c == 9)
            assert_true(is_live);
        else if (is_live != can)
            fail_msg("channel %zu: %s", c, can ? "left out, but can fire" : "kept, but cannot fire");
    }
    assert_int_equal(at, count);
}

static void missing_and_misshapen_tensors_are_named(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_network *network = build(cases[0]);
    struct duet_weights *weights;
    struct duet_compiled *compiled;
    struct duet_compile_options options = {.struct_size = sizeof options, .height = 97, .width = 64};
    assert_ok(duet_weights_create(&weights, &e), e);
    assert_fails(DUET_NOT_FOUND, duet_compile(network, weights, &options, &compiled, &e), e);
    assert_non_null(strstr(e.text, "backbone.conv.weight"));
    float zeros[9] = {0};
    struct duet_shape shape = {2, {3, 3}};
    assert_ok(duet_weights_add(weights, "backbone.conv.weight", DUET_F32, &shape, zeros, &e), e);
    assert_fails(DUET_MISMATCH, duet_compile(network, weights, &options, &compiled, &e), e);
    assert_non_null(strstr(e.text, "[3,3]"));
    options.height = 0;
    assert_fails(DUET_BAD_ARGUMENT, duet_compile(network, weights, &options, &compiled, &e), e);
    options.height = 97;
    options.cpu = "abacus";
    assert_fails(DUET_BAD_ARGUMENT, duet_compile(network, weights, &options, &compiled, &e), e);
    options.struct_size = 10000;
    assert_fails(DUET_BAD_ARGUMENT, duet_compile(network, weights, &options, &compiled, &e), e);
    assert_null(compiled);
    duet_weights_close(&weights);
    duet_network_close(&network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_to_run_gives_the_same_bytes),
        cmocka_unit_test(a_split_saves_memory),
        cmocka_unit_test(every_level_is_near_scalar),
        cmocka_unit_test(dead_channels_are_left_out),
        cmocka_unit_test(live_channels_are_those_that_can_fire),
        cmocka_unit_test(missing_and_misshapen_tensors_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
