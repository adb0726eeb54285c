#include "support/kernel_testing.h"

/* One output row; each input row ends at an unreadable page of its own. */
struct problem {
    struct duet_conv3x3_args args; /* all but weights and output */
    struct testing_input rows[3], weights, bias;
};

static struct problem make(size_t in_width, size_t in, size_t out, size_t stride, size_t rate)
{
    struct problem p = {
        .args = {
            .in_width = in_width, .in_channels = in, .out_channels = out, .stride = stride, .rate = rate}};
    p.args.out_width = (in_width + stride - 1) / stride;
    size_t reach = (p.args.out_width - 1) * stride + 2 * rate + 1;
    p.args.pad_left = reach > in_width ? (reach - in_width) / 2 : 0;
    p.args.epilogue = testing_epilogue();
    for (int i = 0; i < 3; i++) {
        if (testing_between(0, 4) == 0) continue;
        p.rows[i] = testing_input(in_width * in);
        p.args.rows[i] = p.rows[i].data;
    }
    p.weights = testing_input(9 * in * out);
    p.bias = testing_input(out);
    p.args.bias = p.bias.data;
    return p;
}

static void close_problem(struct problem *p)
{
    for (int i = 0; i < 3; i++) testing_input_close(&p->rows[i]);
    testing_input_close(&p->weights);
    testing_input_close(&p->bias);
}

static struct testing_buffer run_kernel(const struct problem *p, const struct duet_kernels *kernels)
{
    struct duet_conv3x3_args args = p->args;
    const struct duet_conv3x3_kernel *kernel = &kernels->of[DUET_F32].conv3x3;
    size_t depth = 9 * args.in_channels;
    size_t floats = duet_packed_size(&kernel->packing, depth, args.out_channels);
    float *packed = aligned_alloc(64, (floats * sizeof(float) + 63) / 64 * 64);
    assert_non_null(packed);
    const struct duet_unpacked from = {
        .depth = depth, .columns = args.out_channels, .weights = p->weights.data};
    kernel->packing.pack(&from, &kernel->packing, packed);
    struct testing_buffer out = testing_buffer(args.out_width * args.out_channels, testing_between(0, 15));
    args.weights = packed;
    args.output = out.data;
    kernel->run(&args);
    free(packed);
    testing_buffer_check(&out);
    return out;
}

/* Adds one tap's channels to a sum. */
static void add_tap(const struct problem *p, const float *in, size_t tap, size_t n, double *sum,
                    double *magnitude)
{
    const float *weights = p->weights.data;
    for (size_t k = 0; k < p->args.in_channels; k++) {
        size_t at = (tap * p->args.in_channels + k) * p->args.out_channels + n;
        double term = (double)in[k] * (double)weights[at];
        *sum += term;
        *magnitude += fabs(term);
    }
}

static void near_exact(const struct problem *p, const char *level, const float *got)
{
    const struct duet_conv3x3_args *a = &p->args;
    for (size_t x = 0; x < a->out_width; x++)
        for (size_t n = 0; n < a->out_channels; n++) {
            double sum = (double)((const float *)a->bias)[n], magnitude = fabs(sum);
            for (size_t tap = 0; tap < 9; tap++) {
                long at = (long)(x * a->stride + tap % 3 * a->rate) - (long)a->pad_left;
                if (!a->rows[tap / 3] || at < 0 || at >= (long)a->in_width) continue;
                add_tap(p, (const float *)a->rows[tap / 3] + (size_t)at * a->in_channels, tap, n, &sum,
                        &magnitude);
            }
            sum = fmin(fmax(sum, (double)a->epilogue.low), (double)a->epilogue.high);
            testing_near(level, sum, magnitude, 9 * a->in_channels, got[x * a->out_channels + n]);
        }
}

static struct testing_buffer run(const void *problem, const struct duet_kernels *kernels)
{
    const struct problem *p = problem;
    struct testing_buffer out = run_kernel(p, kernels);
    near_exact(p, kernels->level, out.data);
    return out;
}

static void check(struct problem *p, const struct testing_levels *levels)
{
    testing_walk(levels, run, p);
    close_problem(p);
}

static void awkward_sizes(void **state)
{
    (void)state;
    const struct testing_levels levels = testing_begin("conv3x3 sizes");
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
    const struct testing_levels levels = testing_begin("conv3x3 first layer");
    for (size_t width = 1; width <= 90; width++) {
        struct problem p = make(width, 3, 32, 2, 1);
        check(&p, &levels);
    }
}

/* A branch of DeepLab's ASPP: the windows of most pixels hang over an edge. */
static void wide_rates(void **state)
{
    (void)state;
    const struct testing_levels levels = testing_begin("conv3x3 rates");
    static const size_t rates[] = {6, 12, 18, 24};
    for (size_t i = 0; i < 4; i++) {
        struct problem p = make(33, 64, 40, 1, rates[i]);
        check(&p, &levels);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(awkward_sizes),
        cmocka_unit_test(first_layer),
        cmocka_unit_test(wide_rates),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    testing_sum_say();
    return failed;
}
