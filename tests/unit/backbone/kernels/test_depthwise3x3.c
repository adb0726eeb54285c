#include "support/kernel_testing.h"

/* Some output rows of a picture; the tensors end at unreadable pages. */
struct problem {
    struct duet_depthwise3x3_args args; /* all but output */
    struct testing_input input, weights, bias;
};

static size_t same_padding(size_t in, size_t out, size_t stride, size_t rate)
{
    size_t reach = (out - 1) * stride + 2 * rate + 1;
    return reach > in ? (reach - in) / 2 : 0;
}

static struct problem make(size_t height, size_t width, size_t channels, size_t stride, size_t rate)
{
    struct problem p = {
        .args = {
            .in_height = height, .in_width = width, .channels = channels, .stride = stride, .rate = rate}};
    struct duet_depthwise3x3_args *a = &p.args;
    a->pixel_stride = channels + testing_between(0, 3);
    a->output_stride = channels + testing_between(0, 3);
    a->weight_stride = channels + testing_between(0, 3);
    a->row_stride = width * a->pixel_stride + testing_between(0, 3);
    a->out_width = (width + stride - 1) / stride;
    size_t out_height = (height + stride - 1) / stride;
    a->pad_left = same_padding(width, a->out_width, stride, rate);
    a->pad_top = same_padding(height, out_height, stride, rate);
    a->y_begin = testing_between(0, out_height - 1);
    a->y_end = testing_between(a->y_begin + 1, out_height);
    /* The smallest ring that holds the rows of all windows, or all rows. */
    a->ring_rows = (a->y_end - a->y_begin - 1) * stride + 2 * rate + 1;
    if (a->ring_rows > height || testing_between(0, 1)) a->ring_rows = height;
    a->epilogue = testing_epilogue();
    p.input = testing_input((a->ring_rows - 1) * a->row_stride + (width - 1) * a->pixel_stride + channels);
    p.weights = testing_input(8 * a->weight_stride + channels);
    p.bias = testing_input(channels);
    a->input = p.input.data;
    a->weights = p.weights.data;
    a->bias = p.bias.data;
    return p;
}

static void close_problem(struct problem *p)
{
    testing_input_close(&p->input);
    testing_input_close(&p->weights);
    testing_input_close(&p->bias);
}

static struct testing_buffer run_kernel(const struct problem *p, const struct duet_kernels *kernels)
{
    struct duet_depthwise3x3_args args = p->args;
    size_t pixels = (args.y_end - args.y_begin) * args.out_width;
    struct testing_buffer out =
        testing_buffer((pixels - 1) * args.output_stride + args.channels, testing_between(0, 15));
    args.output = out.data;
    kernels->of[DUET_F32].depthwise3x3.run(&args);
    testing_buffer_check(&out);
    testing_gaps_check(&out, args.channels, args.output_stride);
    return out;
}

static void near_exact_pixel(const struct duet_depthwise3x3_args *a, const char *level, size_t y, size_t x,
                             const float *got)
{
    const float *weights = a->weights, *bias = a->bias;
    for (size_t c = 0; c < a->channels; c++) {
        double sum = (double)bias[c], magnitude = fabs(sum);
        for (size_t tap = 0; tap < 9; tap++) {
            long row = (long)(y * a->stride + tap / 3 * a->rate) - (long)a->pad_top;
            long column = (long)(x * a->stride + tap % 3 * a->rate) - (long)a->pad_left;
            if (row < 0 || row >= (long)a->in_height || column < 0 || column >= (long)a->in_width) continue;
            const float *in = (const float *)a->input + (size_t)row % a->ring_rows * a->row_stride +
                              (size_t)column * a->pixel_stride;
            double term = (double)in[c] * (double)weights[tap * a->weight_stride + c];
            sum += term;
            magnitude += fabs(term);
        }
        sum = fmin(fmax(sum, (double)a->epilogue.low), (double)a->epilogue.high);
        testing_near(level, sum, magnitude, 9, got[c]);
    }
}

static void near_exact(const struct duet_depthwise3x3_args *a, const char *level, const float *got)
{
    for (size_t y = a->y_begin; y < a->y_end; y++)
        for (size_t x = 0; x < a->out_width; x++, got += a->output_stride)
            near_exact_pixel(a, level, y, x, got);
}

static struct testing_buffer run(const void *problem, const struct duet_kernels *kernels)
{
    const struct problem *p = problem;
    struct testing_buffer out = run_kernel(p, kernels);
    near_exact(&p->args, kernels->level, out.data);
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
    const struct testing_levels levels = testing_begin("depthwise3x3 sizes");
    for (int i = 0; i < 500; i++) {
        size_t height = testing_between(1, 12), width = testing_between(1, 30);
        size_t channels = testing_between(1, 80), stride = testing_between(1, 2),
               rate = testing_between(1, 4);
        struct problem p = make(height, width, channels, stride, rate);
        check(&p, &levels);
    }
}

/* Every width and stride at about one vector's worth of channels, and every number of channels. */
static void every_remainder(void **state)
{
    (void)state;
    const struct testing_levels levels = testing_begin("depthwise3x3 remainders");
    for (size_t width = 1; width <= 40; width++)
        for (size_t stride = 1; stride <= 2; stride++) {
            size_t height = testing_between(1, 5), channels = testing_between(15, 17);
            struct problem p = make(height, width, channels, stride, 1);
            check(&p, &levels);
        }
    for (size_t channels = 1; channels <= 70; channels++) {
        size_t height = testing_between(1, 5), width = testing_between(5, 9);
        struct problem p = make(height, width, channels, 1, 1);
        check(&p, &levels);
    }
}

/* The atrous rates of DeepLab at a size where only some taps fall inside. */
static void wide_rates(void **state)
{
    (void)state;
    const struct testing_levels levels = testing_begin("depthwise3x3 rates");
    for (size_t rate = 1; rate <= 36; rate++) {
        struct problem p = make(33, 33, 40, 1, rate);
        check(&p, &levels);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(awkward_sizes),
        cmocka_unit_test(every_remainder),
        cmocka_unit_test(wide_rates),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    testing_sum_say();
    return failed;
}
