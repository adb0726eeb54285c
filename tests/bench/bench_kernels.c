/* bench_kernels [--cpu LEVEL] [--model ssdlite|deeplab] [WORD]: every layer of a network by itself, whole
 * tensors in and out, best of many runs. WORD picks the layers whose names contain it. A layer's tensors are
 * as near as its size lets them be: what the fused steps gain by keeping them nearer does not show here. */
#include "bench/bench.h"
#include "kernels/kernels.h"
#include "network/plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One layer's tensors. */
struct subject {
    const struct duet_kernels *kernels;
    const struct duet_layer *layer;
    const size_t *in, *out; /* [1, H, W, C] */
    float *input, *weights, *bias, *output;
};

static void run_conv1x1(const struct subject *s)
{
    s->kernels->conv1x1.run(&(struct duet_conv1x1_args){.pixels = s->out[1] * s->out[2],
                                                        .in_channels = s->in[3],
                                                        .out_channels = s->out[3],
                                                        .input = s->input,
                                                        .input_stride = s->in[3],
                                                        .weights = s->weights,
                                                        .panel_stride = s->in[3] * s->kernels->conv1x1.panel,
                                                        .bias = s->bias,
                                                        .output = s->output,
                                                        .output_stride = s->out[3],
                                                        .low = 0,
                                                        .high = 6});
}

static void window(const struct subject *s, size_t y, const float *rows[3])
{
    size_t stride = (size_t)s->layer->stride, rate = (size_t)s->layer->rate;
    size_t pad = duet_same_padding(s->in[1], s->out[1], s->layer->stride, s->layer->rate);
    for (size_t tap = 0; tap < 3; tap++) {
        size_t at = y * stride + tap * rate;
        bool inside = at >= pad && at - pad < s->in[1];
        rows[tap] = inside ? s->input + (at - pad) * s->in[2] * s->in[3] : NULL;
    }
}

static void run_conv3x3(const struct subject *s)
{
    for (size_t y = 0; y < s->out[1]; y++) {
        struct duet_conv3x3_args args = {
            .in_width = s->in[2],
            .out_width = s->out[2],
            .in_channels = s->in[3],
            .out_channels = s->out[3],
            .stride = (size_t)s->layer->stride,
            .rate = (size_t)s->layer->rate,
            .pad_left = duet_same_padding(s->in[2], s->out[2], s->layer->stride, s->layer->rate),
            .weights = s->weights,
            .bias = s->bias,
            .output = s->output + y * s->out[2] * s->out[3],
            .low = 0,
            .high = 6};
        window(s, y, args.rows);
        s->kernels->conv3x3.run(&args);
    }
}

static void run_depthwise(const struct subject *s)
{
    int stride = s->layer->stride, rate = s->layer->rate;
    s->kernels->depthwise3x3(
        &(struct duet_depthwise3x3_args){.input = s->input,
                                         .ring_rows = s->in[1],
                                         .row_stride = s->in[2] * s->in[3],
                                         .pixel_stride = s->in[3],
                                         .in_height = s->in[1],
                                         .in_width = s->in[2],
                                         .out_width = s->out[2],
                                         .channels = s->in[3],
                                         .stride = (size_t)stride,
                                         .rate = (size_t)rate,
                                         .pad_top = duet_same_padding(s->in[1], s->out[1], stride, rate),
                                         .pad_left = duet_same_padding(s->in[2], s->out[2], stride, rate),
                                         .weights = s->weights,
                                         .weight_stride = s->in[3],
                                         .bias = s->bias,
                                         .y_end = s->out[1],
                                         .output = s->output,
                                         .output_stride = s->out[3],
                                         .low = 0,
                                         .high = 6});
}

static void run(const struct subject *s)
{
    if (s->layer->op == DUET_OP_DEPTHWISE)
        run_depthwise(s);
    else if (s->layer->kernel == 3)
        run_conv3x3(s);
    else
        run_conv1x1(s);
}

/* Best milliseconds of one run: about a tenth of a second is spent on it. */
static double measure(const struct subject *s)
{
    double best = 1e300, spent = 0;
    run(s);
    for (int i = 0; i < 5 || (spent < 100 && i < 2000); i++) {
        double start = bench_now();
        run(s);
        double took = bench_now() - start;
        spent += took;
        if (took < best) best = took;
    }
    return best;
}

struct sums {
    double ms, madds;
};

static void add(struct sums *sums, double ms, double madds)
{
    sums->ms += ms;
    sums->madds += madds;
}

static void print(const char *name, const char *shape, struct sums s, double peak)
{
    double rate = s.ms > 0 ? s.madds / (s.ms * 1e6) : 0;
    printf("%-34s %-24s %8.3f MMAdds %8.3f ms %7.1f GFLOP/s", name, shape, s.madds * 1e-6, s.ms, 2 * rate);
    if (peak > 0) printf(" %5.1f %%", 100 * rate / peak);
    printf("\n");
}

static void bench_layer(const struct duet_kernels *kernels, const struct duet_network *network,
                        const struct duet_layer_info *info, int i, double peak, struct sums sums[4])
{
    const struct duet_layer *layer = duet_network_layer(network, i);
    const size_t *in = info[layer->inputs[0]].output.dims, *out = info[i].output.dims;
    size_t taps = (size_t)layer->kernel * (size_t)layer->kernel;
    size_t depth = layer->op == DUET_OP_DEPTHWISE ? taps : taps * in[3];
    size_t columns = (out[3] + 63) / 64 * 64; /* enough for any panel */
    struct subject s = {kernels,
                        layer,
                        in,
                        out,
                        bench_floats(in[1] * in[2] * in[3], 1),
                        bench_floats(depth * columns, depth),
                        bench_floats(columns, 4),
                        bench_floats(out[1] * out[2] * out[3], 1)};
    double ms = measure(&s);
    char shape[64];
    snprintf(shape, sizeof shape, "%zux%zux%zu -> %zu", in[1], in[2], in[3], out[3]);
    print(layer->name, shape, (struct sums){ms, (double)info[i].madds}, peak);
    add(&sums[layer->op == DUET_OP_DEPTHWISE ? 1 : layer->kernel == 3 ? 2 : 0], ms, (double)info[i].madds);
    add(&sums[3], ms, (double)info[i].madds);
    free(s.input);
    free(s.weights);
    free(s.bias);
    free(s.output);
}

int main(int argc, char **argv)
{
    const char *level = NULL, *model = "ssdlite", *word = "";
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--cpu") == 0 && i + 1 < argc)
            level = argv[++i];
        else if (strcmp(argv[i], "--model") == 0 && i + 1 < argc)
            model = argv[++i];
        else
            word = argv[i];
    }
    struct duet_error error;
    struct duet_kernels kernels;
    bench_need(duet_kernels_select(level, &kernels, &error), &error);
    int side;
    struct duet_network *network = bench_network(model, &side);
    int count = duet_network_layer_count(network);
    struct duet_layer_info *info = calloc((size_t)count, sizeof *info);
    if (!info) return 1;
    bench_need(duet_network_account(network, side, side, info, &error), &error);
    double peak = bench_peak(kernels.level);
    printf("%s, peak %.1f GFLOP/s\n", kernels.level, 2 * peak);
    struct sums sums[4] = {{0}};
    for (int i = 0; i < count; i++) {
        const struct duet_layer *layer = duet_network_layer(network, i);
        if (duet_network_weight_shape(network, i).rank == 0 || !strstr(layer->name, word)) continue;
        bench_layer(&kernels, network, info, i, peak, sums);
    }
    static const char *const names[4] = {"conv1x1", "depthwise3x3", "conv3x3", "all"};
    for (int i = 0; i < 4; i++) print(names[i], "", sums[i], peak);
    free(info);
    duet_network_close(&network);
    return 0;
}
