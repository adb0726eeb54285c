#include "support/kernel_testing.h"

/* One convolution; the tensors are inputs that end at unreadable pages. */
struct problem {
    size_t pixels, in, out, input_stride, residual_stride, output_stride;
    struct duet_epilogue epilogue;
    struct testing_input input, weights, bias, residual; /* residual.data NULL: none */
};

static struct problem make(size_t pixels, size_t in, size_t out)
{
    struct problem p = {.pixels = pixels, .in = in, .out = out};
    p.input_stride = in + testing_between(0, 3);
    p.residual_stride = out + testing_between(0, 3);
    p.output_stride = out + testing_between(0, 3);
    p.epilogue = testing_epilogue();
    p.input = testing_input((pixels - 1) * p.input_stride + in);
    p.weights = testing_input(in * out);
    p.bias = testing_input(out);
    if (testing_between(0, 1)) p.residual = testing_input((pixels - 1) * p.residual_stride + out);
    return p;
}

static void close_problem(struct problem *p)
{
    testing_input_close(&p->input);
    testing_input_close(&p->weights);
    testing_input_close(&p->bias);
    testing_input_close(&p->residual);
}

static float *pack(const struct problem *p, const struct duet_packing *packing)
{
    size_t floats = duet_packed_size(packing, p->in, p->out);
    float *packed = aligned_alloc(64, (floats * sizeof(float) + 63) / 64 * 64);
    assert_non_null(packed);
    const struct duet_unpacked from = {.depth = p->in, .columns = p->out, .weights = p->weights.data};
    packing->pack(&from, packing, packed);
    return packed;
}

static struct duet_conv1x1_args arguments(const struct problem *p, const float *packed, size_t panel,
                                          float *output)
{
    return (struct duet_conv1x1_args){.pixels = p->pixels,
                                      .in_channels = p->in,
                                      .out_channels = p->out,
                                      .input = p->input.data,
                                      .input_stride = p->input_stride,
                                      .weights = packed,
                                      .panel_stride = p->in * panel,
                                      .bias = p->bias.data,
                                      .residual = p->residual.data,
                                      .residual_stride = p->residual_stride,
                                      .output = output,
                                      .output_stride = p->output_stride,
                                      .epilogue = p->epilogue};
}

static struct testing_buffer output_buffer(const struct problem *p)
{
    return testing_buffer((p->pixels - 1) * p->output_stride + p->out, testing_between(0, 15));
}

/* All input channels in one call. */
static struct testing_buffer run_whole(const struct problem *p, const struct duet_kernels *kernels)
{
    struct testing_buffer out = output_buffer(p);
    const struct duet_conv1x1_kernel *kernel = &kernels->of[DUET_F32].conv1x1;
    size_t panel = kernel->packing.panel;
    float *packed = pack(p, &kernel->packing);
    struct duet_conv1x1_args args = arguments(p, packed, panel, out.data);
    kernel->run(&args);
    free(packed);
    testing_buffer_check(&out);
    testing_gaps_check(&out, p->out, p->output_stride);
    return out;
}

/* The first `split` input channels, then the others on top of them. */
static struct testing_buffer run_in_two(const struct problem *p, const struct duet_kernels *kernels,
                                        size_t split)
{
    struct testing_buffer out = output_buffer(p);
    const struct duet_conv1x1_kernel *kernel = &kernels->of[DUET_F32].conv1x1;
    size_t panel = kernel->packing.panel;
    float *packed = pack(p, &kernel->packing);
    struct duet_conv1x1_args args = arguments(p, packed, panel, out.data);
    args.in_channels = split;
    args.residual = NULL;
    args.epilogue = (struct duet_epilogue){.low = -INFINITY, .high = INFINITY};
    kernel->run(&args);
    args = arguments(p, packed + split * panel, panel, out.data);
    args.in_channels = p->in - split;
    args.input = (const float *)args.input + split;
    args.bias = NULL;
    kernel->run(&args);
    free(packed);
    testing_buffer_check(&out);
    testing_gaps_check(&out, p->out, p->output_stride);
    return out;
}

static void near_exact(const struct problem *p, const char *level, const float *got)
{
    const float *input = p->input.data, *weights = p->weights.data, *bias = p->bias.data;
    const float *residual = p->residual.data;
    for (size_t i = 0; i < p->pixels; i++)
        for (size_t n = 0; n < p->out; n++) {
            double sum = (double)bias[n], magnitude = fabs(sum);
            for (size_t k = 0; k < p->in; k++) {
                double term = (double)input[i * p->input_stride + k] * (double)weights[k * p->out + n];
                sum += term;
                magnitude += fabs(term);
            }
            if (residual) {
                sum += (double)residual[i * p->residual_stride + n];
                magnitude += fabs((double)residual[i * p->residual_stride + n]);
            }
            sum = fmin(fmax(sum, (double)p->epilogue.low), (double)p->epilogue.high);
            testing_near(level, sum, magnitude, p->in + 1, got[i * p->output_stride + n]);
        }
}

/* In one call, and in two. */
static struct testing_buffer run(const void *problem, const struct duet_kernels *kernels)
{
    const struct problem *p = problem;
    struct testing_buffer whole = run_whole(p, kernels);
    near_exact(p, kernels->level, whole.data);
    if (p->in > 1) {
        struct testing_buffer two = run_in_two(p, kernels, testing_between(1, p->in - 1));
        if (memcmp(whole.data, two.data, whole.count * sizeof(float)) != 0)
            fail_msg("%s: input channels in two chunks: not the same bytes", kernels->level);
        testing_buffer_close(&two);
    }
    return whole;
}

static void check(struct problem *p, const struct testing_levels *levels)
{
    testing_walk(levels, run, p);
    close_problem(p);
}

static void awkward_sizes(void **state)
{
    (void)state;
    const struct testing_levels levels = testing_begin("conv1x1 sizes");
    for (int i = 0; i < 300; i++) {
        size_t pixels = testing_between(1, 37), in = testing_between(1, 100), out = testing_between(1, 100);
        struct problem p = make(pixels, in, out);
        check(&p, &levels);
    }
}

/* Every number of pixels and of columns that a tile can be left with. */
static void every_remainder(void **state)
{
    (void)state;
    const struct testing_levels levels = testing_begin("conv1x1 remainders");
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
}

/* Deep enough that a different order of summing would show. */
static void a_deep_one(void **state)
{
    (void)state;
    const struct testing_levels levels = testing_begin("conv1x1 deep");
    struct problem p = make(29, 1280, 77);
    check(&p, &levels);
}

/* Chains that are not numbers end at the lower bound, on every level. */
static void not_a_number_becomes_low(void **state)
{
    (void)state;
    const struct testing_levels levels = testing_begin("conv1x1 nan");
    for (int i = 0; i < levels.count; i++) {
        struct problem p = make(5, 3, 40);
        p.epilogue = (struct duet_epilogue){.low = 0, .high = 6};
        ((float *)p.input.data)[2 * p.input_stride + 1] = NAN;
        struct testing_buffer out = run_whole(&p, &levels.items[i]);
        for (size_t n = 0; n < p.out; n++) assert_true(out.data[2 * p.output_stride + n] == 0);
        testing_buffer_close(&out);
        close_problem(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(awkward_sizes),
        cmocka_unit_test(every_remainder),
        cmocka_unit_test(a_deep_one),
        cmocka_unit_test(not_a_number_becomes_low),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    testing_sum_say();
    return failed;
}
