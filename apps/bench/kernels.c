/* bench kernels: every slot of the kernel table by itself. */
#include "kernels/kernels.h"
#include "bench/bench.h"
#include "bench/measure.h"
#include "bench/peak.h"
#include "bench/shapes.h"
#include "cli/compute.h"
#include "core/checked.h"
#include "core/fail.h"
#include "core/os.h"
#include "data/json/text.h"
#include "duet/network.h"
#include "kernels/padding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct settings {
    const char *cpu, *shapes;
    int ms, precision; /* index in duet_precision_words */
    bool json;
};

static const struct duet_option options[] = {
    DUET_GROUP("What to run"),
    DUET_STRING(0, "cpu", "LEVEL", struct settings, cpu, "on this level only (scalar, ...)",
                .shown = "all that this processor has"),
    DUET_CHOICE(0, "precision", "NAME", struct settings, precision, duet_precision_words,
                "kernels of float32 or of int8 only, whose names end in _u8", .shown = "both"),
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
               "all. The peak is what a core reaches with multiply-adds of that kind alone,\n"
               "measured in the same run; it has none for scalar code. A kernel's tensors lie as\n"
               "near as their size lets them: what a network gains by fusing layers, which keeps\n"
               "them nearer, does not show here; see 'bench --profile MODEL'.\n",
    .examples = "  bench kernels\n"
                "  bench kernels --cpu avx2 depthwise\n"
                "  bench kernels --json --shapes layers.tsv\n"};

/* --- one kernel at one shape ---------------------------------------------------------------------------- */

struct subject {
    const struct duet_kernels *kernels;
    const struct bench_shape *shape;
    enum duet_dtype dtype; /* DUET_F32; DUET_U8: bytes, in and out */
    size_t size;           /* of a number */
    void *input, *weights, *output;
    float *bias; /* of bytes: int32, small ones */
    float *scales;
    struct duet_epilogue epilogue;
    struct duet_resize_tap *rows, *columns;
    float *fractions; /* of a row, as labels */
    uint8_t *labels;
};

static void run_conv1x1(const struct subject *s)
{
    const struct bench_shape *shape = s->shape;
    const struct duet_conv1x1_kernel *kernel = &s->kernels->of[s->dtype].conv1x1;
    size_t depth = duet_packed_depth(&kernel->packing, shape->in_channels);
    kernel->run(&(struct duet_conv1x1_args){.pixels = shape->out_height * shape->out_width,
                                            .in_channels = shape->in_channels,
                                            .out_channels = shape->out_channels,
                                            .input = s->input,
                                            .input_stride = shape->in_channels,
                                            .weights = s->weights,
                                            .panel_stride = depth * kernel->packing.panel,
                                            .bias = s->bias,
                                            .output = s->output,
                                            .output_stride = shape->out_channels,
                                            .epilogue = s->epilogue});
}

static void run_conv3x3(const struct subject *s)
{
    const struct bench_shape *shape = s->shape;
    size_t stride = (size_t)shape->stride, rate = (size_t)shape->rate,
           row = shape->in_width * shape->in_channels * s->size;
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
            .output = (char *)s->output + y * shape->out_width * shape->out_channels * s->size,
            .epilogue = s->epilogue};
        for (size_t tap = 0; tap < 3; tap++) {
            size_t at = y * stride + tap * rate; /* shifted down by pad */
            bool inside = at >= pad && at - pad < shape->in_height;
            args.rows[tap] = inside ? (char *)s->input + (at - pad) * row : NULL;
        }
        s->kernels->of[s->dtype].conv3x3.run(&args);
    }
}

static void run_depthwise3x3(const struct subject *s)
{
    const struct bench_shape *shape = s->shape;
    int stride = shape->stride, rate = shape->rate;
    s->kernels->of[s->dtype].depthwise3x3.run(&(struct duet_depthwise3x3_args){
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
        .epilogue = s->epilogue});
}

static void run_resize(const struct subject *s)
{
    const struct bench_shape *shape = s->shape;
    const uint8_t *picture = s->input;
    float *pixels = s->output;
    for (size_t y = 0; y < shape->out_height; y++)
        s->kernels->resize(
            &(struct duet_resize_args){.top = picture + s->rows[y].low * shape->in_width * 3,
                                       .bottom = picture + s->rows[y].high * shape->in_width * 3,
                                       .fraction = s->rows[y].fraction,
                                       .columns = s->columns,
                                       .out_width = shape->out_width,
                                       .output = pixels + y * shape->out_width * 3,
                                       .scale = 2.0f / 255,
                                       .shift = -1});
}

/* A row of the map's cells at a time stands for the row between two that a picture's row falls on. Between
 * two cells as many pixels as come to lie there, with probabilities. */
static void run_upsample(const struct subject *s)
{
    const struct bench_shape *shape = s->shape;
    const float *map = s->input;
    float *total = s->output;
    size_t classes = shape->in_channels;
    for (size_t y = 0; y < shape->out_height; y++)
        for (size_t x = 0, end; x < shape->out_width; x = end) {
            const float *left = map + (s->rows[y].low * shape->in_width + s->columns[x].low) * classes;
            size_t step = s->columns[x].high - s->columns[x].low;
            for (end = x; end < shape->out_width && s->columns[end].low == s->columns[x].low; end++)
                s->fractions[end] = s->columns[end].fraction;
            s->kernels->upsample(&(struct duet_upsample_args){.left = left,
                                                              .right = left + step * classes,
                                                              .classes = classes,
                                                              .fractions = s->fractions + x,
                                                              .pixels = end - x,
                                                              .output = s->labels + x,
                                                              .total = total + y * shape->out_width + x});
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

/* Weights of bytes, packed as the level wants them. What they are does not matter, what sums come to does. */
static void *pack_bytes(const struct duet_packing *packing, size_t depth, size_t columns)
{
    size_t count = duet_packed_size(packing, depth, columns);
    int16_t *weights = calloc(depth * columns, sizeof *weights);
    void *packed = weights ? duet_alloc_pages(count * packing->number) : NULL;
    for (size_t i = 0; packed && i < depth * columns; i++) weights[i] = (int16_t)(i * 37 % 255 - 127);
    if (packed)
        packing->pack(&(struct duet_unpacked){.depth = depth, .columns = columns, .weights = weights},
                      packing, packed);
    free(weights);
    return packed;
}

/* Of whole numbers: their sums come near 255. */
static void set_bytes(struct subject *s, size_t depth, size_t columns)
{
    const struct duet_network_kernels *k = &s->kernels->of[DUET_U8];
    const struct duet_packing *packings[] = {&k->conv1x1.packing, &k->conv3x3.packing,
                                             &k->depthwise3x3.packing};
    s->weights = pack_bytes(packings[s->shape->kernel], depth, columns);
    s->scales = bench_noise(columns, 1);
    s->bias = calloc(columns, sizeof *s->bias);
    for (size_t i = 0; s->scales && i < columns; i++) s->scales[i] = 0.02f / sqrtf((float)depth);
    s->epilogue =
        (struct duet_epilogue){.low = -100, .high = 155, .output = DUET_U8, .scales = s->scales, .zero = 100};
}

/* Depth and columns of its weights. */
static size_t weights_of(const struct bench_shape *shape, size_t *columns)
{
    *columns = (shape->out_channels + PANEL - 1) / PANEL * PANEL;
    if (shape->kernel == BENCH_DEPTHWISE3X3) return 9;
    return shape->kernel == BENCH_CONV3X3 ? 9 * shape->in_channels : shape->in_channels;
}

static enum duet_status open_subject(struct subject *s, const struct duet_kernels *kernels,
                                     const struct bench_shape *shape, enum duet_dtype dtype,
                                     struct duet_error *error)
{
    size_t input, output, weights, columns, depth = weights_of(shape, &columns);
    *s = (struct subject){.kernels = kernels,
                          .shape = shape,
                          .dtype = dtype,
                          .size = duet_dtype_size(dtype),
                          .epilogue = {.low = 0, .high = 6}};
    if (!elements(shape->in_height, shape->in_width, shape->in_channels, &input) ||
        !elements(shape->out_height, shape->out_width, shape->out_channels, &output) ||
        !elements(depth, columns, 1, &weights))
        return duet_fail(error, DUET_TOO_LARGE, "%s: tensors may have up to %d elements", shape->name,
                         MOST_FLOATS);
    s->input = bench_noise(input, 1); /* resize and kernels of bytes take the bytes of these */
    s->output = bench_noise(output, 1);
    s->rows = calloc(shape->out_height, sizeof *s->rows);
    s->columns = calloc(shape->out_width, sizeof *s->columns);
    s->fractions = calloc(shape->out_width, sizeof *s->fractions);
    s->labels = calloc(shape->out_width, 1);
    if (dtype == DUET_U8) {
        set_bytes(s, depth, shape->kernel == BENCH_DEPTHWISE3X3 ? shape->out_channels : columns);
    } else {
        s->weights = bench_noise(weights, depth);
        s->bias = bench_noise(columns, 4);
    }
    if (!s->input || !s->weights || !s->bias || !s->output || !s->rows || !s->columns || !s->fractions ||
        !s->labels || (dtype == DUET_U8 && !s->scales))
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
    free(s->scales);
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
    printf("%-10s %-15s %-32s %6s %12s %8s %7s  %s\n", "level", "kernel", "shape (/stride @rate)", "layers",
           "ns", "Gop/s", "peak", "layer");
}

/* "conv1x1", "conv1x1_u8" */
static const char *kernel_name(enum bench_kernel kernel, enum duet_dtype dtype, char text[32])
{
    snprintf(text, 32, "%s%s", bench_kernel_name(kernel), dtype == DUET_U8 ? "_u8" : "");
    return text;
}

/* What was measured. */
struct row {
    const char *level;
    const struct bench_shape *shape;
    enum duet_dtype dtype;
    double ns, peak; /* 0: not known */
};

static void print_json_row(const struct row *row, double rate)
{
    const struct bench_shape *s = row->shape;
    struct duet_buffer name = {0};
    char kernel[32];
    duet_put_json_string(&name, s->name);
    printf("{\"level\":\"%s\",\"kernel\":\"%s\",\"set\":\"%s\",\"layer\":%.*s,\"layers\":%d,"
           "\"in\":[%zu,%zu,%zu],\"out\":[%zu,%zu,%zu],\"stride\":%d,\"rate\":%d,\"ns\":%.1f,\"%s\":%.2f,",
           row->level, kernel_name(s->kernel, row->dtype, kernel), s->set, (int)name.size,
           name.data ? name.data : "", s->layers, s->in_height, s->in_width, s->in_channels, s->out_height,
           s->out_width, s->out_channels, s->stride, s->rate, row->ns,
           row->dtype == DUET_U8 ? "gops" : "gflops", rate);
    if (row->peak > 0)
        printf("\"peak\":%.4f}\n", rate / row->peak);
    else
        printf("\"peak\":null}\n");
    duet_buffer_close(&name);
}

static void print_row(const struct settings *settings, const struct row *row)
{
    const struct bench_shape *s = row->shape;
    double rate = 2 * bench_shape_madds(s) / row->ns;
    char shape[64], kernel[32], share[16] = "-";
    if (settings->json) {
        print_json_row(row, rate);
        return;
    }
    shape_text(s, shape);
    if (row->peak > 0) snprintf(share, sizeof share, "%.1f %%", 100 * rate / row->peak);
    printf("%-10s %-15s %-32s %6d %12.0f %8.1f %7s  %s: %s\n", row->level,
           kernel_name(s->kernel, row->dtype, kernel), shape, s->layers, row->ns, rate, share, s->set,
           s->name);
}

/* All layers of one set that a kernel runs. */
struct sum {
    double ns, madds;
};

static void print_sums(const char *level, const char *set, enum duet_dtype dtype,
                       const struct sum sums[BENCH_KERNELS], double peak)
{
    for (int i = 0; i < BENCH_KERNELS; i++) {
        char share[16] = "-", kernel[32];
        double rate = 2 * sums[i].madds / sums[i].ns;
        if (!(sums[i].ns > 0)) continue;
        if (peak > 0) snprintf(share, sizeof share, "%.1f %%", 100 * rate / peak);
        printf("%-10s %-15s %-32s %6s %12.0f %8.1f %7s  %s: all\n", level,
               kernel_name((enum bench_kernel)i, dtype, kernel), "", "", sums[i].ns, rate, share, set);
    }
}

/* --- all of it ------------------------------------------------------------------------------------------ */

static bool wanted(const struct bench_shape *s, enum duet_dtype dtype, const char *word)
{
    char kernel[32];
    if (dtype == DUET_U8 && s->kernel > BENCH_DEPTHWISE3X3) return false; /* they make float32 of bytes */
    return !word || strstr(s->name, word) || strstr(kernel_name(s->kernel, dtype, kernel), word) ||
           strstr(s->set, word);
}

/* The shapes lie set by set. */
static enum duet_status bench_type(const struct settings *settings, const char *word,
                                   const struct bench_shapes *shapes, const struct duet_kernels *kernels,
                                   enum duet_dtype dtype, struct duet_error *error)
{
    struct row row = {kernels->level, NULL, dtype, 0, bench_peak(kernels->level, dtype)};
    struct sum sums[BENCH_KERNELS] = {{0}};
    enum duet_status status = DUET_OK;
    for (size_t i = 0; i < shapes->count && status == DUET_OK; i++) {
        const struct bench_shape *shape = row.shape = &shapes->items[i];
        struct subject subject = {0};
        if (wanted(shape, dtype, word)) {
            status = open_subject(&subject, kernels, shape, dtype, error);
            row.ns = status == DUET_OK ? measure(&subject, settings->ms) : 0;
            close_subject(&subject);
            if (status != DUET_OK) break;
            print_row(settings, &row);
            sums[shape->kernel].ns += row.ns * shape->layers;
            sums[shape->kernel].madds += bench_shape_madds(shape) * shape->layers;
        }
        bool last = i + 1 == shapes->count || strcmp(shapes->items[i + 1].set, shape->set) != 0;
        if (!last) continue;
        if (!settings->json && strcmp(shape->set, "tests") != 0)
            print_sums(kernels->level, shape->set, dtype, sums, row.peak);
        memset(sums, 0, sizeof sums);
    }
    return status;
}

static enum duet_status bench_level(const struct settings *settings, const char *word,
                                    const struct bench_shapes *shapes, const struct duet_kernels *kernels,
                                    struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    if (settings->precision != DUET_PRECISION_INT8)
        status = bench_type(settings, word, shapes, kernels, DUET_F32, error);
    if (status == DUET_OK && settings->precision != DUET_PRECISION_FLOAT32)
        status = bench_type(settings, word, shapes, kernels, DUET_U8, error);
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
