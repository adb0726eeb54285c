#include "support/kernel_testing.h"

/* One output row; each input row ends at an unreadable page of its own. */
struct problem {
    struct duet_depthwise3x3_args args; /* all but output */
    struct testing_input rows[3], weights, bias;
};

static struct problem make(size_t in_width, size_t channels, size_t stride, size_t rate)
{
    struct problem p = {.args = {.in_width = in_width, .channels = channels, .stride = stride, .rate = rate}};
    struct duet_depthwise3x3_args *a = &p.args;
    a->input_stride = channels + testing_between(0, 3);
    a->output_stride = channels + testing_between(0, 3);
    a->weight_stride = channels + testing_between(0, 3);
    a->out_width = (in_width + stride - 1) / stride;
    size_t reach = (a->out_width - 1) * stride + 2 * rate + 1;
    a->pad_left = reach > in_width ? (reach - in_width) / 2 : 0;
    testing_range(&a->low, &a->high);
    for (int i = 0; i < 3; i++) {
        if (testing_between(0, 4) == 0) continue;
        p.rows[i] = testing_input((in_width - 1) * a->input_stride + channels);
        a->rows[i] = p.rows[i].data;
    }
    p.weights = testing_input(8 * a->weight_stride + channels);
    p.bias = testing_input(channels);
    a->weights = p.weights.data;
    a->bias = p.bias.data;
    return p;
}

static void close_problem(struct problem *p)
{
    for (int i = 0; i < 3; i++) testing_input_close(&p->rows[i]);
    testing_input_close(&p->weights);
    testing_input_close(&p->bias);
}

static struct testing_buffer run(struct problem *p, const struct duet_kernels *kernels)
{
    struct duet_depthwise3x3_args args = p->args;
    struct testing_buffer out =
        testing_buffer((args.out_width - 1) * args.output_stride + args.channels, testing_between(0, 15));
    args.output = out.data;
    kernels->depthwise3x3(&args);
    testing_buffer_check(&out);
    testing_gaps_check(&out, args.channels, args.output_stride);
    return out;
}

static void near_exact(const struct duet_depthwise3x3_args *a, const char *level, const float *got)
{
    for (size_t x = 0; x < a->out_width; x++)
        for (size_t c = 0; c < a->channels; c++) {
            double sum = (double)a->bias[c], magnitude = fabs(sum);
            for (size_t tap = 0; tap < 9; tap++) {
                long at = (long)(x * a->stride + tap % 3 * a->rate) - (long)a->pad_left;
                if (!a->rows[tap / 3] || at < 0 || at >= (long)a->in_width) continue;
                double term = (double)a->rows[tap / 3][(size_t)at * a->input_stride + c] *
                              (double)a->weights[tap * a->weight_stride + c];
                sum += term;
                magnitude += fabs(term);
            }
            sum = fmin(fmax(sum, (double)a->low), (double)a->high);
            testing_near(level, sum, magnitude, 9, got[x * a->output_stride + c]);
        }
}

static void check(struct problem *p, const struct duet_kernels *levels, int count)
{
    struct testing_buffer fast = {0};
    for (int i = 0; i < count; i++) {
        struct testing_buffer out = run(p, &levels[i]);
        near_exact(&p->args, levels[i].level, out.data);
        if (fast.data && memcmp(fast.data, out.data, out.count * sizeof(float)) != 0)
            fail_msg("%s: not the bytes of the other fast levels", levels[i].level);
        if (i > 0 && !fast.data)
            fast = out;
        else
            testing_buffer_close(&out);
    }
    if (fast.data) testing_buffer_close(&fast);
    close_problem(p);
}

static void awkward_sizes(void **state)
{
    (void)state;
    struct duet_kernels levels[TESTING_MAX_LEVELS];
    int count = testing_levels(levels);
    testing_seed("depthwise3x3 sizes");
    for (int i = 0; i < 600; i++) {
        struct problem p = make(testing_between(1, 37), testing_between(1, 100), testing_between(1, 2),
                                testing_between(1, 4));
        check(&p, levels, count);
    }
}

/* Every width and stride at one vector's worth of channels, and every number of channels at one width. */
static void every_remainder(void **state)
{
    (void)state;
    struct duet_kernels levels[TESTING_MAX_LEVELS];
    int count = testing_levels(levels);
    testing_seed("depthwise3x3 remainders");
    for (size_t width = 1; width <= 40; width++)
        for (size_t stride = 1; stride <= 2; stride++) {
            struct problem p = make(width, 16, stride, 1);
            check(&p, levels, count);
        }
    for (size_t channels = 1; channels <= 70; channels++) {
        struct problem p = make(testing_between(5, 9), channels, 1, 1);
        check(&p, levels, count);
    }
}

/* The atrous rates of DeepLab at a width where only some taps fall inside. */
static void wide_rates(void **state)
{
    (void)state;
    struct duet_kernels levels[TESTING_MAX_LEVELS];
    int count = testing_levels(levels);
    testing_seed("depthwise3x3 rates");
    for (size_t rate = 1; rate <= 36; rate++) {
        struct problem p = make(33, 40, 1, rate);
        check(&p, levels, count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(awkward_sizes),
        cmocka_unit_test(every_remainder),
        cmocka_unit_test(wide_rates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
