#include "support/kernel_testing_u8.h"

/* One convolution of bytes; the tensors are inputs that end at unreadable pages. */
struct problem {
    size_t pixels, in, out, input_stride, residual_stride, output_stride;
    size_t depth; /* of the packed weights: `in`, or more, of which the first take part */
    uint8_t input_zero;
    struct duet_epilogue epilogue;
    struct testing_weights weights;
    struct testing_input input, bias, residual, scales; /* residual.data NULL: none */
};

static struct problem make_of(enum duet_dtype output, size_t pixels, size_t in, size_t out)
{
    struct problem p = {.pixels = pixels, .in = in, .out = out};
    const bool repeats = testing_between(0, 9) == 0, part = testing_between(0, 4) == 0;
    p.input_stride = in + testing_between(0, 3);
    if (repeats) p.input_stride = 0;
    p.residual_stride = out + testing_between(0, 3);
    p.output_stride = out + testing_between(0, 3);
    p.depth = part ? in + testing_between(1, 5) : in;
    p.input_zero = testing_u8_zero();
    p.input = testing_u8_input((pixels - 1) * p.input_stride + in);
    p.weights = testing_weights(p.depth, out, testing_between(0, 1));
    p.bias = testing_bias(out);
    if (testing_between(0, 1)) p.residual = testing_u8_input((pixels - 1) * p.residual_stride + out);
    p.epilogue = testing_u8_epilogue(output, in, out, &p.scales);
    return p;
}

/* Of any type of result, bytes more often than the others. */
static struct problem make(size_t pixels, size_t in, size_t out)
{
    static const enum duet_dtype outputs[] = {DUET_U8, DUET_U8, DUET_U8, DUET_F32, DUET_I32};
    const enum duet_dtype output = outputs[testing_between(0, 4)];
    return make_of(output, pixels, in, out);
}

static void close_problem(struct problem *p)
{
    testing_weights_close(&p->weights);
    testing_input_close(&p->input);
    testing_input_close(&p->bias);
    testing_input_close(&p->residual);
    testing_input_close(&p->scales);
}

/* An input of the packed weights' size exactly, that a kernel may not read beyond. */
static struct testing_input pack(const struct problem *p, const struct duet_packing *packing, int32_t *bias)
{
    struct duet_unpacked from = {.depth = p->depth,
                                 .columns = p->out,
                                 .weights = p->weights.numbers.data,
                                 .zeros = p->weights.zeros.data};
    struct testing_input packed =
        testing_bytes_input(duet_packed_size(packing, p->depth, p->out) * packing->number);
    packing->pack(&from, packing, packed.data);
    from.depth = p->in; /* the rows that take part */
    duet_pack_bias(&from, packing, p->input_zero, p->bias.data, bias);
    return packed;
}

static struct testing_block run_kernel(const struct problem *p, const struct duet_kernels *kernels)
{
    const struct duet_conv1x1_kernel *kernel = &kernels->of[DUET_U8].conv1x1;
    const size_t size = testing_size(p->epilogue.output);
    struct testing_input bias = testing_bytes_input(p->out * sizeof(int32_t));
    struct testing_input packed = pack(p, &kernel->packing, bias.data);
    struct testing_block out =
        testing_block((p->pixels - 1) * p->output_stride + p->out, size, testing_between(0, 15));
    kernel->run(&(struct duet_conv1x1_args){.pixels = p->pixels,
                                            .in_channels = p->in,
                                            .out_channels = p->out,
                                            .input = p->input.data,
                                            .input_stride = p->input_stride,
                                            .weights = packed.data,
                                            .panel_stride = duet_packed_depth(&kernel->packing, p->depth) *
                                                            kernel->packing.panel,
                                            .weight_zeros = p->weights.zeros.data,
                                            .bias = bias.data,
                                            .residual = p->residual.data,
                                            .residual_stride = p->residual_stride,
                                            .output = out.data,
                                            .output_stride = p->output_stride,
                                            .epilogue = p->epilogue});
    testing_input_close(&packed);
    testing_input_close(&bias);
    testing_block_check(&out);
    testing_block_gaps(&out, p->out * size, p->output_stride * size);
    return out;
}

static int64_t exact_sum(const struct problem *p, size_t i, size_t n)
{
    const uint8_t *input = (const uint8_t *)p->input.data + i * p->input_stride;
    const int16_t *weights = p->weights.numbers.data;
    int64_t sum = ((const int32_t *)p->bias.data)[n];
    for (size_t k = 0; k < p->in; k++) sum += (input[k] - p->input_zero) * weights[k * p->out + n];
    return sum;
}

static void is_exact(const struct problem *p, const char *level, const uint8_t *got)
{
    const size_t size = testing_size(p->epilogue.output);
    const uint8_t *residual = p->residual.data;
    for (size_t i = 0; i < p->pixels; i++)
        for (size_t n = 0; n < p->out; n++) {
            const int64_t sum = exact_sum(p, i, n);
            uint8_t want[4];
            testing_expected(&p->epilogue, sum, n, residual ? residual + i * p->residual_stride + n : NULL,
                             want);
            if (memcmp(want, got + (i * p->output_stride + n) * size, size) != 0)
                fail_msg("%s: pixel %zu of %zu, channel %zu of %zu, %zu channels in: not what %lld becomes",
                         level, i, p->pixels, n, p->out, p->in, (long long)sum);
        }
}

static struct testing_block run(const void *problem, const struct duet_kernels *kernels)
{
    struct testing_block out = run_kernel(problem, kernels);
    is_exact(problem, kernels->level, out.data);
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
    const struct testing_levels levels = testing_u8_begin("conv1x1_u8 sizes");
    for (int i = 0; i < 400; i++) {
        size_t pixels = testing_between(1, 40), in = testing_between(1, 150), out = testing_between(1, 70);
        struct problem p = make(pixels, in, out);
        check(&p, &levels);
    }
}

/* Every number of pixels, of columns and of input channels that a tile, a panel or a unit can be left with.
 */
static void every_remainder(void **state)
{
    (void)state;
    const struct testing_levels levels = testing_u8_begin("conv1x1_u8 remainders");
    for (size_t pixels = 1; pixels <= 50; pixels++) {
        size_t in = testing_between(1, 9), out = testing_between(1, 64);
        struct problem p = make(pixels, in, out);
        check(&p, &levels);
    }
    for (size_t out = 1; out <= 130; out++) {
        size_t pixels = testing_between(1, 30), in = testing_between(1, 9);
        struct problem p = make(pixels, in, out);
        check(&p, &levels);
    }
    for (size_t in = 1; in <= 200; in++) {
        size_t pixels = testing_between(1, 20), out = testing_between(1, 40);
        struct problem p = make(pixels, in, out);
        check(&p, &levels);
    }
}

/* Every type of result, with a residual and without, with zero points of weights and without. */
static void every_output(void **state)
{
    (void)state;
    static const enum duet_dtype outputs[] = {DUET_U8, DUET_F32, DUET_I32};
    const struct testing_levels levels = testing_u8_begin("conv1x1_u8 outputs");
    for (int i = 0; i < 60; i++) {
        size_t pixels = testing_between(1, 30), in = testing_between(1, 64), out = testing_between(1, 64);
        struct problem p = make_of(outputs[i % 3], pixels, in, out);
        check(&p, &levels);
    }
}

/* As deep as sums can be, and as the blocks of a kernel are not. */
static void deep_ones(void **state)
{
    (void)state;
    static const size_t depths[] = {1280, 4099, DUET_SUM_DEPTH - 5, DUET_SUM_DEPTH};
    const struct testing_levels levels = testing_u8_begin("conv1x1_u8 deep");
    for (size_t i = 0; i < sizeof depths / sizeof depths[0]; i++) {
        const size_t pixels = i == 0 ? 61 : 7;
        struct problem p = make(pixels, depths[i], 35);
        check(&p, &levels);
    }
}

/* The largest sums there are: 255 * -255 or 255 * 127, all of them, as deep as is allowed. */
static void at_the_edge_of_int32(void **state)
{
    (void)state;
    const struct testing_levels levels = testing_u8_begin("conv1x1_u8 edge");
    for (int i = 0; i < 4; i++) {
        struct problem p = make_of(i & 1 ? DUET_I32 : DUET_U8, 3, DUET_SUM_DEPTH, 18);
        testing_weights_close(&p.weights);
        p.depth = p.in;
        p.weights = testing_weights(p.in, p.out, i >= 2);
        int32_t *zeros = p.weights.zeros.data;
        for (size_t n = 0; zeros && n < p.out; n++) zeros[n] = 127;
        for (size_t k = 0; k < p.in * p.out; k++)
            ((int16_t *)p.weights.numbers.data)[k] = zeros ? -255 : k & 1 ? 127 : -127;
        memset(p.input.data, 255, p.in); /* of one pixel at least */
        for (size_t n = 0; n < p.out; n++) ((int32_t *)p.bias.data)[n] = -DUET_SUM_BIAS;
        p.input_zero = 0;
        check(&p, &levels);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(awkward_sizes),        cmocka_unit_test(every_remainder),
        cmocka_unit_test(every_output),         cmocka_unit_test(deep_ones),
        cmocka_unit_test(at_the_edge_of_int32),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    testing_sum_say();
    return failed;
}
