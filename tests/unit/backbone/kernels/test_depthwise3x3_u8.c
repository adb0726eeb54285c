#include "support/kernel_testing_u8.h"

/* Some output rows of a picture; the tensors end at unreadable pages. */
struct problem {
    struct duet_depthwise3x3_args args; /* all but output */
    struct testing_input input, weights, bias, scales;
};

static size_t same_padding(size_t in, size_t out, size_t stride, size_t rate)
{
    size_t reach = (out - 1) * stride + 2 * rate + 1;
    return reach > in ? (reach - in) / 2 : 0;
}

/* Weights as they are packed, [9][stride], of which the last row ends with its last channel. */
static struct testing_input make_weights(size_t channels, size_t stride)
{
    struct testing_weights all = testing_weights(9, stride, testing_between(0, 1));
    const size_t bytes = (8 * stride + channels) * sizeof(int16_t);
    struct testing_input in = testing_bytes_input(bytes);
    memcpy(in.data, all.numbers.data, bytes);
    testing_weights_close(&all);
    return in;
}

static void fill(struct problem *p)
{
    struct duet_depthwise3x3_args *a = &p->args;
    const size_t row = (a->in_width - 1) * a->pixel_stride + a->channels;
    p->input = testing_u8_input((a->ring_rows - 1) * a->row_stride + row);
    p->weights = make_weights(a->channels, a->weight_stride);
    p->bias = testing_bias(a->channels);
    a->input_zero = testing_u8_zero();
    const enum duet_dtype output = testing_between(0, 2) ? DUET_U8 : DUET_F32;
    a->epilogue = testing_u8_epilogue(output, 9, a->channels, &p->scales);
    a->input = p->input.data;
    a->weights = p->weights.data;
    a->bias = p->bias.data;
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
    fill(&p);
    return p;
}

static void close_problem(struct problem *p)
{
    testing_input_close(&p->input);
    testing_input_close(&p->weights);
    testing_input_close(&p->bias);
    testing_input_close(&p->scales);
}

static struct testing_block run_kernel(const struct problem *p, const struct duet_kernels *kernels)
{
    struct duet_depthwise3x3_args args = p->args;
    const size_t size = testing_size(args.epilogue.output), rows = args.y_end - args.y_begin;
    struct testing_block out = testing_block((rows * args.out_width - 1) * args.output_stride + args.channels,
                                             size, testing_between(0, 15));
    args.output = out.data;
    kernels->of[DUET_U8].depthwise3x3.run(&args);
    testing_block_check(&out);
    testing_block_gaps(&out, args.channels * size, args.output_stride * size);
    return out;
}

static int64_t exact_sum(const struct duet_depthwise3x3_args *a, size_t y, size_t x, size_t c)
{
    int64_t sum = ((const int32_t *)a->bias)[c];
    for (size_t tap = 0; tap < 9; tap++) {
        long row = (long)(y * a->stride + tap / 3 * a->rate) - (long)a->pad_top;
        long column = (long)(x * a->stride + tap % 3 * a->rate) - (long)a->pad_left;
        if (row < 0 || row >= (long)a->in_height || column < 0 || column >= (long)a->in_width) continue;
        const uint8_t *in = (const uint8_t *)a->input + (size_t)row % a->ring_rows * a->row_stride +
                            (size_t)column * a->pixel_stride;
        sum += (in[c] - a->input_zero) * ((const int16_t *)a->weights)[tap * a->weight_stride + c];
    }
    return sum;
}

static void is_exact(const struct duet_depthwise3x3_args *a, const char *level, const uint8_t *got)
{
    const size_t size = testing_size(a->epilogue.output);
    for (size_t y = a->y_begin; y < a->y_end; y++)
        for (size_t x = 0; x < a->out_width; x++, got += a->output_stride * size)
            for (size_t c = 0; c < a->channels; c++) {
                const int64_t sum = exact_sum(a, y, x, c);
                uint8_t want[4];
                testing_expected(&a->epilogue, sum, c, NULL, want);
                if (memcmp(want, got + c * size, size) != 0)
                    fail_msg("%s: row %zu, column %zu of %zu, channel %zu of %zu, stride %zu, rate %zu: not "
                             "what %lld becomes",
                             level, y, x, a->out_width, c, a->channels, a->stride, a->rate, (long long)sum);
            }
}

static struct testing_block run(const void *problem, const struct duet_kernels *kernels)
{
    const struct problem *p = problem;
    struct testing_block out = run_kernel(p, kernels);
    is_exact(&p->args, kernels->level, out.data);
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
    const struct testing_levels levels = testing_u8_begin("depthwise3x3_u8 sizes");
    for (int i = 0; i < 500; i++) {
        size_t height = testing_between(1, 12), width = testing_between(1, 30);
        size_t channels = testing_between(1, 80), stride = testing_between(1, 2),
               rate = testing_between(1, 4);
        struct problem p = make(height, width, channels, stride, rate);
        check(&p, &levels);
    }
}

/* Every width and stride at about one vector's worth of channels, and every number of channels up to more
 * than the longest vectors hold. */
static void every_remainder(void **state)
{
    (void)state;
    const struct testing_levels levels = testing_u8_begin("depthwise3x3_u8 remainders");
    for (size_t width = 1; width <= 40; width++)
        for (size_t stride = 1; stride <= 2; stride++) {
            size_t height = testing_between(1, 5), channels = testing_between(15, 17);
            struct problem p = make(height, width, channels, stride, 1);
            check(&p, &levels);
        }
    for (size_t channels = 1; channels <= 150; channels++) {
        size_t height = testing_between(1, 5), width = testing_between(5, 9);
        struct problem p = make(height, width, channels, 1, 1);
        check(&p, &levels);
    }
}

/* The atrous rates of DeepLab at a size where only some taps fall inside. */
static void wide_rates(void **state)
{
    (void)state;
    const struct testing_levels levels = testing_u8_begin("depthwise3x3_u8 rates");
    for (size_t rate = 1; rate <= 36; rate++) {
        struct problem p = make(33, 33, 40, 1, rate);
        check(&p, &levels);
    }
}

/* Whatever padding there may be, windows that hang over the right or lower edge, and some that are outside
 * altogether. */
static void odd_paddings(void **state)
{
    (void)state;
    const struct testing_levels levels = testing_u8_begin("depthwise3x3_u8 paddings");
    for (int i = 0; i < 300; i++) {
        size_t height = testing_between(1, 8), width = testing_between(1, 20);
        size_t channels = testing_between(8, 40), stride = testing_between(1, 2),
               rate = testing_between(1, 5);
        struct problem p = make(height, width, channels, stride, rate);
        p.args.pad_left = testing_between(0, rate);
        p.args.pad_top = testing_between(0, rate);
        p.args.out_width = testing_between(1, width + 2);
        check(&p, &levels);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(awkward_sizes),
        cmocka_unit_test(every_remainder),
        cmocka_unit_test(wide_rates),
        cmocka_unit_test(odd_paddings),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    testing_sum_say();
    return failed;
}
