#include "support/kernel_testing_u8.h"

/* One output row; each input row ends at an unreadable page of its own. */
struct problem {
    struct duet_conv3x3_args args; /* all but weights, bias and output */
    struct testing_input rows[3], bias, scales;
    struct testing_weights weights;
};

static struct problem make(size_t in_width, size_t in, size_t out, size_t stride, size_t rate)
{
    struct problem p = {
        .args = {
            .in_width = in_width, .in_channels = in, .out_channels = out, .stride = stride, .rate = rate}};
    p.args.out_width = (in_width + stride - 1) / stride;
    size_t reach = (p.args.out_width - 1) * stride + 2 * rate + 1;
    p.args.pad_left = reach > in_width ? (reach - in_width) / 2 : 0;
    p.args.input_zero = testing_u8_zero();
    for (int i = 0; i < 3; i++) {
        if (testing_between(0, 4) == 0) continue;
        p.rows[i] = testing_u8_input(in_width * in);
        p.args.rows[i] = p.rows[i].data;
    }
    p.weights = testing_weights(9 * in, out, testing_between(0, 1));
    p.args.weight_zeros = p.weights.zeros.data;
    p.bias = testing_bias(out);
    const enum duet_dtype output = testing_between(0, 2) ? DUET_U8 : DUET_F32;
    p.args.epilogue = testing_u8_epilogue(output, 9 * in, out, &p.scales);
    return p;
}

static void close_problem(struct problem *p)
{
    for (int i = 0; i < 3; i++) testing_input_close(&p->rows[i]);
    testing_weights_close(&p->weights);
    testing_input_close(&p->bias);
    testing_input_close(&p->scales);
}

static struct testing_block run_kernel(const struct problem *p, const struct duet_kernels *kernels)
{
    struct duet_conv3x3_args args = p->args;
    const struct duet_conv3x3_kernel *kernel = &kernels->of[DUET_U8].conv3x3;
    const struct duet_unpacked from = {.depth = 9 * args.in_channels,
                                       .columns = args.out_channels,
                                       .weights = p->weights.numbers.data,
                                       .zeros = p->weights.zeros.data};
    struct testing_input packed = testing_bytes_input(
        duet_packed_size(&kernel->packing, from.depth, from.columns) * kernel->packing.number);
    struct testing_input bias = testing_bytes_input(args.out_channels * sizeof(int32_t));
    kernel->packing.pack(&from, &kernel->packing, packed.data);
    duet_pack_bias(&from, &kernel->packing, args.input_zero, p->bias.data, bias.data);
    struct testing_block out = testing_block(args.out_width * args.out_channels,
                                             testing_size(args.epilogue.output), testing_between(0, 15));
    args.weights = packed.data;
    args.bias = bias.data;
    args.output = out.data;
    kernel->run(&args);
    testing_input_close(&packed);
    testing_input_close(&bias);
    testing_block_check(&out);
    return out;
}

/* One tap's channels; outside the picture they are input_zero, and add nothing. */
static int64_t tap_sum(const struct problem *p, size_t x, size_t tap, size_t n)
{
    const struct duet_conv3x3_args *a = &p->args;
    long at = (long)(x * a->stride + tap % 3 * a->rate) - (long)a->pad_left;
    if (!a->rows[tap / 3] || at < 0 || at >= (long)a->in_width) return 0;
    const uint8_t *in = (const uint8_t *)a->rows[tap / 3] + (size_t)at * a->in_channels;
    const int16_t *weights = p->weights.numbers.data;
    int64_t sum = 0;
    for (size_t k = 0; k < a->in_channels; k++)
        sum += (in[k] - a->input_zero) * weights[(tap * a->in_channels + k) * a->out_channels + n];
    return sum;
}

static void is_exact(const struct problem *p, const char *level, const uint8_t *got)
{
    const struct duet_conv3x3_args *a = &p->args;
    const size_t size = testing_size(a->epilogue.output);
    for (size_t x = 0; x < a->out_width; x++)
        for (size_t n = 0; n < a->out_channels; n++) {
            int64_t sum = ((const int32_t *)p->bias.data)[n];
            for (size_t tap = 0; tap < 9; tap++) sum += tap_sum(p, x, tap, n);
            uint8_t want[4];
            testing_expected(&a->epilogue, sum, n, NULL, want);
            if (memcmp(want, got + (x * a->out_channels + n) * size, size) != 0)
                fail_msg("%s: pixel %zu of %zu, channel %zu of %zu, %zu channels in: not what %lld becomes",
                         level, x, a->out_width, n, a->out_channels, a->in_channels, (long long)sum);
        }
}

static struct testing_block run(const void *problem, const struct duet_kernels *kernels)
{
    const struct problem *p = problem;
    struct testing_block out = run_kernel(p, kernels);
    is_exact(p, kernels->level, out.data);
    return out;
}

static void check(struct problem *p, const struct testing_levels *levels)
{
    testing_u8_walk(levels, run, p);
    close_problem(p);
}

static void awkward_sizes(void **state)
{
    (void)state;
    const struct testing_levels levels = testing_u8_begin("conv3x3_u8 sizes");
    for (int i = 0; i < 300; i++) {
        size_t in_width = testing_between(1, 40), in = testing_between(1, 9), out = testing_between(1, 70);
        size_t stride = testing_between(1, 2), rate = testing_between(1, 4);
        struct problem p = make(in_width, in, out, stride, rate);
        check(&p, &levels);
    }
}

/* The first layer of the network at every width. */
static void first_layer(void **state)
{
    (void)state;
    const struct testing_levels levels = testing_u8_begin("conv3x3_u8 first layer");
    for (size_t width = 1; width <= 90; width++) {
        struct problem p = make(width, 3, 32, 2, 1);
        check(&p, &levels);
    }
}

/* A branch of DeepLab's ASPP: the windows of most pixels hang over an edge. */
static void wide_rates(void **state)
{
    (void)state;
    const struct testing_levels levels = testing_u8_begin("conv3x3_u8 rates");
    static const size_t rates[] = {6, 12, 18, 24};
    for (size_t i = 0; i < 4; i++) {
        struct problem p = make(33, 64, 40, 1, rates[i]);
        check(&p, &levels);
    }
}

/* As many input channels as there may be. */
static void the_deepest(void **state)
{
    (void)state;
    const struct testing_levels levels = testing_u8_begin("conv3x3_u8 deep");
    struct problem p = make(5, DUET_SUM_DEPTH / 9, 20, 1, 1);
    check(&p, &levels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(awkward_sizes),
        cmocka_unit_test(first_layer),
        cmocka_unit_test(wide_rates),
        cmocka_unit_test(the_deepest),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    testing_sum_say();
    return failed;
}
