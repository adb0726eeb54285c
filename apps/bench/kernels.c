/* bench kernels: every slot of the kernel table by itself. */
#include "kernels/kernels.h"
#include "bench/bench.h"
#include "bench/measure.h"
#include "bench/peak.h"
#include "bench/shapes.h"
#include "core/checked.h"
#include "core/fail.h"
#include "core/os.h"
#include "data/json/text.h"
#include "kernels/padding.h"

#include <stdlib.h>
#include <string.h>

struct settings {
    const char *cpu, *shapes;
    int ms;
    bool json;
};

static const struct duet_option options[] = {
    DUET_GROUP("What to run"),
    DUET_STRING(0, "cpu", "LEVEL", struct settings, cpu, "on this level only (scalar, ...)",
                .shown = "all that this processor has"),
    DUET_STRING(
        0, "shapes", "FILE", struct settings, shapes,
        "at the shapes of a table in the place of the networks' and tests': after a heading, between tabs, "
        "name, type (1x1, 3x3, dw), input and output channels, input and output side, stride, rate"),
    DUET_INT('t', "ms", "N", struct settings, ms, 1, 10000, "spend about N milliseconds on each row"),
    DUET_GROUP("What to print"),
    DUET_FLAG(0, "json", struct settings, json, "a JSON object a row"),
    DUET_OPTIONS_END};

static const struct duet_program program = {
    .name = "bench kernels",
    .synopsis = "[OPTION]... [WORD]",
    .summary =
        "Time every kernel by itself, whole tensors in and out, the best of many runs: at the layers of "
        "SSDLite (300x300) and DeepLabv3 (513x513, output stride 16), and at shapes of the kernel tests. "
        "WORD picks the rows whose set, kernel or layer contains it.",
    .options = options,
    .max_operands = 1,
    .operand = "WORD",
    .details = "'layers' says how many layers of a network have the shape; the sums count them\n"
               "all. The peak is what a core reaches with multiply-adds alone, measured in the\n"
               "same run; it has none for scalar code. A kernel's tensors lie as near as their\n"
               "size lets them: what a network gains by fusing layers, which keeps them nearer,\n"
               "does not show here; see 'bench --profile MODEL'.\n",
    .examples = "  bench kernels\n"
                "  bench kernels --cpu avx2 depthwise\n"
                "  bench kernels --json --shapes layers.tsv\n"};

/* --- one kernel at one shape ---------------------------------------------------------------------------- */

struct subject {
    const struct duet_kernels *kernels;
    const struct bench_shape *shape;
    float *input, *weights, *bias, *output;
    struct duet_resize_tap *rows, *columns;
    float *fractions; /* of a row, as labels */
    uint8_t *labels;
};

static void run_conv1x1(const struct subject *s)
{
    const struct bench_shape *shape = s->shape;
    const struct duet_conv1x1_kernel *kernel = &s->kernels->of[DUET_F32].conv1x1;
    kernel->run(&(struct duet_conv1x1_args){.pixels = shape->out_height * shape->out_width,
                                            .in_channels = shape->in_channels,
                                            .out_channels = shape->out_channels,
                                            .input = s->input,
                                            .input_stride = shape->in_channels,
                                            .weights = s->weights,
                                            .panel_stride = shape->in_channels * kernel->packing.panel,
                                            .bias = s->bias,
                                            .output = s->output,
                                            .output_stride = shape->out_channels,
                                            .epilogue = {.low = 0, .high = 6}});
}

static void run_conv3x3(const struct subject *s)
{
    const struct bench_shape *shape = s->shape;
    size_t stride = (size_t)shape->stride, rate = (size_t)shape->rate,
           row = shape->in_width * shape->in_channels;
    size_t pad = duet_same_padding(shape->in_height, shape->out_height, shape->stride, shape->rate);
    for (size_t y = 0; y < shape->out_height; y++) {
        struct duet_conv3x3_args args = {
            .in_width = shape->in_width,
            .out_width = shape->out_width,
            .in_channels = shape->in_channels,
            .out_channels = shape->out_channels,
            .stride = stride,
            .rate = rate,
            .pad_left = duet_same_padding(shape->in_width, shape->out_width, shape->stride, shape->rate),
            .weights = s->weights,
            .bias = s->bias,
            .output = s->output + y * shape->out_width * shape->out_channels,
            .epilogue = {.low = 0, .high = 6}};
        for (size_t tap = 0; tap < 3; tap++) {
            size_t at = y * stride + tap * rate; /* shifted down by pad */
            bool inside = at >= pad && at - pad < shape->in_height;
            args.rows[tap] = inside ? s->input + (at - pad) * row : NULL;
        }
        s->kernels->of[DUET_F32].conv3x3.run(&args);
    }
}

static void run_depthwise3x3(const struct subject *s)
{
    const struct bench_shape *shape = s->shape;
    int stride = shape->stride, rate = shape->rate;
    s->kernels->of[DUET_F32].depthwise3x3.run(&(struct duet_depthwise3x3_args){
        .input = s->input,
        .ring_rows = shape->in_height,
        .row_stride = shape->in_width * shape->in_channels,
        .pixel_stride = shape->in_channels,
        .in_height = shape->in_height,
        .in_width = shape->in_width,
        .out_width = shape->out_width,
        .channels = shape->in_channels,
        .stride = (size_t)stride,
        .rate = (size_t)rate,
        .pad_top = duet_same_padding(shape->in_height, shape->out_height, stride, rate),
        .pad_left = duet_same_padding(shape->in_width, shape->out_width, stride, rate),
        .weights = s->weights,
        .weight_stride = shape->in_channels,
        .bias = s->bias,
        .y_end = shape->out_height,
        .output = s->output,
        .output_stride = shape->out_channels,
        .epilogue = {.low = 0, .high = 6}});
}

static void run_resize(const struct subject *s)
{
    const struct bench_shape *shape = s->shape;
    const uint8_t *picture = (const uint8_t *)s->input;
    for (size_t y = 0; y < shape->out_height; y++)
        s->kernels->resize(
            &(struct duet_resize_args){.top = picture + s->rows[y].low * shape->in_width * 3,
                                       .bottom = picture + s->rows[y].high * shape->in_width * 3,
                                       .fraction = s->rows[y].fraction,
                                       .columns = s->columns,
                                       .out_width = shape->out_width,
                                       .output = s->output + y * shape->out_width * 3,
                                       .scale = 2.0f / 255,
                                       .shift = -1});
}

/* A row of the map's cells at a time stands for the row between two that a picture's row falls on. Between
 * two cells as many pixels as come to lie there, with probabilities. */
static void run_upsample(const struct subject *s)
{
    const struct bench_shape *shape = s->shape;
    size_t classes = shape->in_channels;
    for (size_t y = 0; y < shape->out_height; y++)
        for (size_t x = 0, end; x < shape->out_width; x = end) {
            const float *left = s->input + (s->rows[y].low * shape->in_width + s->columns[x].low) * classes;
            size_t step = s->columns[x].high - s->columns[x].low;
            for (end = x; end < shape->out_width && s->columns[end].low == s->columns[x].low; end++)
                s->fractions[end] = s->columns[end].fraction;
            s->kernels->upsample(&(struct duet_upsample_args){.left = left,
                                                              .right = left + step * classes,
                                                              .classes = classes,
                                                              .fractions = s->fractions + x,
                                                              .pixels = end - x,
                                                              .output = s->labels + x,
                                                              .total = s->output + y * shape->out_width + x});
        }
}

static void (*const runs[BENCH_KERNELS])(const struct subject *) = {
    run_conv1x1, run_conv3x3, run_depthwise3x3, run_resize, run_upsample};

/* --- its tensors ---------------------------------------------------------------------------------------- */

enum { MOST_FLOATS = 1 << 28, PANEL = 64 /* a multiple of any panel */ };

static bool elements(size_t a, size_t b, size_t c, size_t *count)
{
    return duet_mul_size(a, b, count) && duet_mul_size(*count, c, count) && *count <= MOST_FLOATS;
}

static enum duet_status open_subject(struct subject *s, const struct duet_kernels *kernels,
                                     const struct bench_shape *shape, struct duet_error *error)
{
    size_t input, output, weights,
        depth = shape->kernel == BENCH_DEPTHWISE3X3 ? 9
                : shape->kernel == BENCH_CONV3X3    ? 9 * shape->in_channels
                                                    : shape->in_channels;
    size_t columns = (shape->out_channels + PANEL - 1) / PANEL * PANEL;
    *s = (struct subject){.kernels = kernels, .shape = shape};
    if (!elements(shape->in_height, shape->in_width, shape->in_channels, &input) ||
        !elements(shape->out_height, shape->out_width, shape->out_channels, &output) ||
        !elements(depth, columns, 1, &weights))
        return duet_fail(error, DUET_TOO_LARGE, "%s: tensors may have up to %d elements", shape->name,
                         MOST_FLOATS);
    s->input = bench_noise(input, 1); /* resize takes the bytes of these for a picture */
    s->weights = bench_noise(weights, depth);
    s->bias = bench_noise(columns, 4);
    s->output = bench_noise(output, 1);
    s->rows = calloc(shape->out_height, sizeof *s->rows);
    s->columns = calloc(shape->out_width, sizeof *s->columns);
    s->fractions = calloc(shape->out_width, sizeof *s->fractions);
    s->labels = calloc(shape->out_width, 1);
    if (!s->input || !s->weights || !s->bias || !s->output || !s->rows || !s->columns || !s->fractions ||
        !s->labels)
        return duet_no_memory(error, shape->name, NULL);
    duet_resize_taps(shape->in_height, shape->out_height, s->rows);
    duet_resize_taps(shape->in_width, shape->out_width, s->columns);
    return DUET_OK;
}

static void close_subject(struct subject *s)
{
    free(s->input);
    free(s->weights);
    free(s->bias);
    free(s->output);
    free(s->rows);
    free(s->columns);
    free(s->fractions);
    free(s->labels);
}

/* --- timing --------------------------------------------------------------------------------------------- */

/* Nanoseconds of `count` runs. */
static double time_runs(const struct subject *s, int count)
{
    double start = duet_seconds();
    for (int i = 0; i < count; i++) runs[s->shape->kernel](s);
    return (duet_seconds() - start) * 1e9;
}

/* Nanoseconds of one run, the best of what `ms` milliseconds allow, at least 3. Short ones are run so many at
 * a time that the clock, of some 30 ns, does not count. */
static double measure(const struct subject *s, int ms)
{
    enum { SHORT = 20000 };
    int count = 1;
    double took = time_runs(s, 1), spent = 0, best;
    while ((took = time_runs(s, count)) < SHORT && count < 1 << 20) count *= 2;
    best = took / count;
    for (int i = 0; i < 2 || spent < ms * 1e6; i++) {
        took = time_runs(s, count);
        spent += took;
        if (took / count < best) best = took / count;
    }
    return best;
}

/* --- what is printed ------------------------------------------------------------------------------------ */

/* "150x150x96 -> 75x75, /2, rate 2" */
static void shape_text(const struct bench_shape *s, char text[64])
{
    char stride[16] = "", rate[16] = "", out[48];
    if (s->kernel == BENCH_CONV1X1)
        snprintf(out, sizeof out, "%zu", s->out_channels);
    else if (s->kernel == BENCH_CONV3X3)
        snprintf(out, sizeof out, "%zux%zux%zu", s->out_height, s->out_width, s->out_channels);
    else
        snprintf(out, sizeof out, "%zux%zu", s->out_height, s->out_width);
    if (s->stride > 1) snprintf(stride, sizeof stride, " /%d", s->stride);
    if (s->rate > 1) snprintf(rate, sizeof rate, " @%d", s->rate);
    snprintf(text, 64, "%zux%zux%zu -> %.24s%s%s", s->in_height, s->in_width, s->in_channels, out, stride,
             rate);
}

static void print_heading(void)
{
    printf("%-7s %-12s %-32s %6s %12s %8s %7s  %s\n", "level", "kernel", "shape (/stride @rate)", "layers",
           "ns", "GFLOP/s", "peak", "layer");
}

static void print_json_row(const char *level, const struct bench_shape *s, double ns, double rate,
                           double peak)
{
    struct duet_buffer name = {0};
    duet_put_json_string(&name, s->name);
    printf(
        "{\"level\":\"%s\",\"kernel\":\"%s\",\"set\":\"%s\",\"layer\":%.*s,\"layers\":%d,"
        "\"in\":[%zu,%zu,%zu],\"out\":[%zu,%zu,%zu],\"stride\":%d,\"rate\":%d,\"ns\":%.1f,\"gflops\":%.2f,",
        level, bench_kernel_name(s->kernel), s->set, (int)name.size, name.data ? name.data : "", s->layers,
        s->in_height, s->in_width, s->in_channels, s->out_height, s->out_width, s->out_channels, s->stride,
        s->rate, ns, rate);
    if (peak > 0)
        printf("\"peak\":%.4f}\n", rate / peak);
    else
        printf("\"peak\":null}\n");
    duet_buffer_close(&name);
}

static void print_row(const struct settings *settings, const char *level, const struct bench_shape *s,
                      double ns, double peak)
{
    double rate = 2 * bench_shape_madds(s) / ns;
    char shape[64], share[16] = "-";
    if (settings->json) {
        print_json_row(level, s, ns, rate, peak);
        return;
    }
    shape_text(s, shape);
    if (peak > 0) snprintf(share, sizeof share, "%.1f %%", 100 * rate / peak);
    printf("%-7s %-12s %-32s %6d %12.0f %8.1f %7s  %s: %s\n", level, bench_kernel_name(s->kernel), shape,
           s->layers, ns, rate, share, s->set, s->name);
}

/* All layers of one set that a kernel runs. */
struct sum {
    double ns, madds;
};

static void print_sums(const char *level, const char *set, const struct sum sums[BENCH_KERNELS], double peak)
{
    for (int i = 0; i < BENCH_KERNELS; i++) {
        char share[16] = "-";
        double rate = 2 * sums[i].madds / sums[i].ns;
        if (!(sums[i].ns > 0)) continue;
        if (peak > 0) snprintf(share, sizeof share, "%.1f %%", 100 * rate / peak);
        printf("%-7s %-12s %-32s %6s %12.0f %8.1f %7s  %s: all\n", level,
               bench_kernel_name((enum bench_kernel)i), "", "", sums[i].ns, rate, share, set);
    }
}

/* --- all of it ------------------------------------------------------------------------------------------ */

static bool wanted(const struct bench_shape *s, const char *word)
{
    return !word || strstr(s->name, word) || strstr(bench_kernel_name(s->kernel), word) ||
           strstr(s->set, word);
}

/* The shapes lie set by set. */
static enum duet_status bench_level(const struct settings *settings, const char *word,
                                    const struct bench_shapes *shapes, const struct duet_kernels *kernels,
                                    struct duet_error *error)
{
    double peak = bench_peak(kernels->level);
    struct sum sums[BENCH_KERNELS] = {{0}};
    enum duet_status status = DUET_OK;
    for (size_t i = 0; i < shapes->count && status == DUET_OK; i++) {
        const struct bench_shape *shape = &shapes->items[i];
        struct subject subject = {0};
        if (wanted(shape, word)) {
            status = open_subject(&subject, kernels, shape, error);
            double ns = status == DUET_OK ? measure(&subject, settings->ms) : 0;
            close_subject(&subject);
            if (status != DUET_OK) break;
            print_row(settings, kernels->level, shape, ns, peak);
            sums[shape->kernel].ns += ns * shape->layers;
            sums[shape->kernel].madds += bench_shape_madds(shape) * shape->layers;
        }
        bool last = i + 1 == shapes->count || strcmp(shapes->items[i + 1].set, shape->set) != 0;
        if (!last) continue;
        if (!settings->json && strcmp(shape->set, "tests") != 0)
            print_sums(kernels->level, shape->set, sums, peak);
        memset(sums, 0, sizeof sums);
    }
    return status;
}

static enum duet_status bench_levels(const struct settings *settings, const char *word,
                                     const struct bench_shapes *shapes, struct duet_error *error)
{
    struct duet_kernels kernels;
    if (settings->cpu) {
        enum duet_status status = duet_kernels_select(settings->cpu, &kernels, error);
        if (status == DUET_OK && !settings->json) print_heading();
        return status == DUET_OK ? bench_level(settings, word, shapes, &kernels, error) : status;
    }
    if (!settings->json) print_heading();
    for (int i = 0; duet_kernels_level(i); i++) {
        if (!duet_kernels_runs(duet_kernels_level(i))) continue;
        enum duet_status status = duet_kernels_select(duet_kernels_level(i), &kernels, error);
        if (status == DUET_OK) status = bench_level(settings, word, shapes, &kernels, error);
        if (status != DUET_OK) return status;
    }
    return DUET_OK;
}

int bench_kernels(int argc, char **argv)
{
    struct settings settings = {.ms = 20};
    struct duet_arguments arguments;
    struct duet_error error;
    struct bench_shapes shapes = {0};
    int code = duet_options_parse(&program, argc, argv, &settings, &arguments);
    if (code != DUET_GO_ON) return code;
    const char *word = arguments.count > 0 ? arguments.operands[0] : NULL;
    enum duet_status status = settings.shapes ? bench_shapes_read(settings.shapes, &shapes, &error)
                                              : bench_shapes_of_networks(&shapes, &error);
    if (status == DUET_OK && !settings.shapes) status = bench_shapes_of_tests(&shapes, &error);
    if (status == DUET_OK) status = bench_levels(&settings, word, &shapes, &error);
    bench_shapes_close(&shapes);
    return status == DUET_OK ? duet_flush_stdout(&program) : bench_failed(&program, status, &error);
}
