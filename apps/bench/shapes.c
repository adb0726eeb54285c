#include "bench/shapes.h"

#include "core/fail.h"
#include "core/grow.h"
#include "core/os.h"
#include "duet/model.h"

#include "cli/words.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 1 << 20, MOST_SIDE = 8192, MOST_CHANNELS = 16384, MOST_RATE = 256 };

const char *bench_kernel_name(enum bench_kernel kernel)
{
    static const char *const names[BENCH_KERNELS] = {"conv1x1", "conv3x3", "depthwise3x3", "resize",
                                                     "upsample"};
    return names[kernel];
}

double bench_shape_madds(const struct bench_shape *s)
{
    double pixels = (double)s->out_height * (double)s->out_width, in = (double)s->in_channels,
           out = (double)s->out_channels;
    switch (s->kernel) {
    case BENCH_CONV1X1:
        return pixels * in * out;
    case BENCH_CONV3X3:
        return pixels * 9 * in * out;
    case BENCH_DEPTHWISE3X3:
        return pixels * 9 * out;
    case BENCH_RESIZE: /* three times (a - b) * c + d, then scale and shift */
        return pixels * out * 11 / 2;
    default: /* a + b * c, the comparison; less the best, e to that (19), the sum */
        return pixels * out * 24 / 2;
    }
}

/* --- a list that grows ---------------------------------------------------------------------------------- */

static bool same(const struct bench_shape *a, const struct bench_shape *b)
{
    return a->kernel == b->kernel && strcmp(a->set, b->set) == 0 && a->in_height == b->in_height &&
           a->in_width == b->in_width && a->in_channels == b->in_channels && a->out_height == b->out_height &&
           a->out_width == b->out_width && a->out_channels == b->out_channels && a->stride == b->stride &&
           a->rate == b->rate;
}

static enum duet_status add(struct bench_shapes *shapes, const struct bench_shape *shape,
                            struct duet_error *error)
{
    for (size_t i = 0; i < shapes->count; i++)
        if (same(&shapes->items[i], shape)) {
            shapes->items[i].layers++;
            return DUET_OK;
        }
    if (!DUET_GROW(shapes->items, shapes->capacity, shapes->count + 1))
        return duet_no_memory(error, NULL, "for shapes");
    shapes->items[shapes->count] = *shape;
    shapes->items[shapes->count++].layers = 1;
    return DUET_OK;
}

void bench_shapes_close(struct bench_shapes *shapes)
{
    free(shapes->items);
    *shapes = (struct bench_shapes){0};
}

/* --- the networks --------------------------------------------------------------------------------------- */

static enum duet_status add_layer(const struct duet_network *network, const struct duet_layer_info *info,
                                  duet_node node, const char *set, struct bench_shapes *shapes,
                                  struct duet_error *error)
{
    const struct duet_layer *layer = duet_network_layer(network, node);
    if (layer->op != DUET_OP_CONV && layer->op != DUET_OP_DEPTHWISE) return DUET_OK;
    const size_t *in = info[layer->inputs[0]].output.dims, *out = info[node].output.dims;
    struct bench_shape shape = {.kernel = layer->op == DUET_OP_DEPTHWISE ? BENCH_DEPTHWISE3X3
                                          : layer->kernel == 3           ? BENCH_CONV3X3
                                                                         : BENCH_CONV1X1,
                                .in_height = in[1],
                                .in_width = in[2],
                                .in_channels = in[3],
                                .out_height = out[1],
                                .out_width = out[2],
                                .out_channels = out[3],
                                .stride = layer->stride,
                                .rate = layer->rate};
    snprintf(shape.set, sizeof shape.set, "%s", set);
    snprintf(shape.name, sizeof shape.name, "%s", layer->name);
    return add(shapes, &shape, error);
}

static enum duet_status add_network(const struct duet_network *network, const char *set, int side,
                                    struct bench_shapes *shapes, struct duet_error *error)
{
    int count = duet_network_layer_count(network);
    struct duet_layer_info *info = calloc((size_t)count + 1, sizeof *info);
    if (!info) return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for %d layers", count);
    enum duet_status status =
        duet_network_account(network, side, side, info, sizeof(struct duet_layer_info), error);
    for (int i = 0; i < count && status == DUET_OK; i++)
        status = add_layer(network, info, i, set, shapes, error);
    free(info);
    return status;
}

static enum duet_status of_network(bool deeplab, struct bench_shapes *shapes, struct duet_error *error)
{
    const struct duet_head head = duet_head_usual(deeplab ? DUET_DEEPLABV3 : DUET_SSDLITE);
    const struct duet_model_config config = {.backbone = {1, 8}, .heads = &head, .head_count = 1};
    struct duet_network *network = NULL;
    enum duet_status status = duet_model_network(&config, 0, &network, error);
    if (status == DUET_OK)
        status = add_network(network, deeplab ? "deeplab" : "ssdlite", head.input.width, shapes, error);
    duet_network_close(&network);
    return status;
}

enum duet_status bench_shapes_of_networks(struct bench_shapes *shapes, struct duet_error *error)
{
    const struct bench_shape resize = {
        BENCH_RESIZE, "ssdlite", "a 640x480 picture", 480, 640, 3, 300, 300, 3, 1, 1, 0};
    const struct bench_shape upsample = {
        BENCH_UPSAMPLE, "deeplab", "to a 640x480 picture", 33, 33, 21, 480, 640, 21, 1, 1, 0};
    enum duet_status status = add(shapes, &resize, error);
    if (status == DUET_OK) status = of_network(false, shapes, error);
    if (status == DUET_OK) status = of_network(true, shapes, error);
    return status == DUET_OK ? add(shapes, &upsample, error) : status;
}

/* --- the kernel tests ----------------------------------------------------------------------------------- */

enum duet_status bench_shapes_of_tests(struct bench_shapes *shapes, struct duet_error *error)
{
    static const struct bench_shape tests[] = {
        {BENCH_CONV1X1, "tests", "awkward, small", 1, 1, 1, 1, 1, 1, 1, 1, 0},
        {BENCH_CONV1X1, "tests", "awkward, large", 1, 37, 100, 1, 37, 100, 1, 1, 0},
        {BENCH_CONV1X1, "tests", "remainder", 1, 30, 9, 1, 30, 130, 1, 1, 0},
        {BENCH_CONV1X1, "tests", "deep", 1, 29, 1280, 1, 29, 77, 1, 1, 0},
        {BENCH_CONV3X3, "tests", "awkward", 3, 40, 9, 3, 40, 70, 1, 4, 0},
        {BENCH_CONV3X3, "tests", "first layer", 3, 90, 3, 2, 45, 32, 2, 1, 0},
        {BENCH_CONV3X3, "tests", "ASPP", 33, 33, 64, 33, 33, 40, 1, 6, 0},
        {BENCH_DEPTHWISE3X3, "tests", "awkward, stride 1", 12, 30, 80, 12, 30, 80, 1, 1, 0},
        {BENCH_DEPTHWISE3X3, "tests", "awkward, stride 2", 12, 30, 79, 6, 15, 79, 2, 1, 0},
        {BENCH_DEPTHWISE3X3, "tests", "few channels", 5, 40, 15, 5, 40, 15, 1, 1, 0},
        {BENCH_DEPTHWISE3X3, "tests", "rate 2", 33, 33, 40, 33, 33, 40, 1, 2, 0},
        {BENCH_DEPTHWISE3X3, "tests", "rate 12", 33, 33, 40, 33, 33, 40, 1, 12, 0},
        {BENCH_RESIZE, "tests", "awkward", 2, 200, 3, 1, 200, 3, 1, 1, 0},
        {BENCH_RESIZE, "tests", "larger", 2, 100, 3, 1, 513, 3, 1, 1, 0},
        {BENCH_UPSAMPLE, "tests", "many classes", 1, 2, 256, 1, 40, 256, 1, 1, 0},
    };
    enum duet_status status = DUET_OK;
    for (size_t i = 0; i < sizeof tests / sizeof tests[0] && status == DUET_OK; i++)
        status = add(shapes, &tests[i], error);
    return status;
}

/* --- a table -------------------------------------------------------------------------------------------- */

enum { NAME, TYPE, IN_CHANNELS, OUT_CHANNELS, IN, OUT, STRIDE, RATE, FIELDS };

/* Cut a line at its tabs. Returns how many of the fields are there. */
static int split(char *line, char *fields[FIELDS])
{
    int count = 0;
    line[strcspn(line, "\r\n")] = '\0';
    for (char *at = line; at && count < FIELDS; count++) {
        fields[count] = at;
        at = strchr(at, '\t');
        if (at) *at++ = '\0';
    }
    return count;
}

static bool number(const char *text, long long most, size_t *value)
{
    long long n;
    if (!duet_parse_int(text, &n) || n < 1 || n > most) return false;
    *value = (size_t)n;
    return true;
}

static bool shape_of_fields(char *const fields[FIELDS], struct bench_shape *s)
{
    static const char *const types[] = {"1x1", "3x3", "dw"};
    size_t stride, rate;
    int kernel = 0;
    while (kernel < 3 && strcmp(fields[TYPE], types[kernel]) != 0) kernel++;
    *s = (struct bench_shape){.kernel = (enum bench_kernel)kernel, .set = "table"};
    bool good = kernel < 3 && number(fields[IN_CHANNELS], MOST_CHANNELS, &s->in_channels) &&
                number(fields[OUT_CHANNELS], MOST_CHANNELS, &s->out_channels) &&
                number(fields[IN], MOST_SIDE, &s->in_width) &&
                number(fields[OUT], MOST_SIDE, &s->out_width) && number(fields[STRIDE], 2, &stride) &&
                number(fields[RATE], MOST_RATE, &rate);
    if (!good || (s->kernel == BENCH_DEPTHWISE3X3 && s->in_channels != s->out_channels)) return false;
    if (s->kernel == BENCH_CONV1X1 && stride != 1) return false;
    snprintf(s->name, sizeof s->name, "%s", fields[NAME]);
    s->in_height = s->in_width;
    s->out_height = s->out_width;
    s->stride = (int)stride;
    s->rate = (int)rate;
    return s->out_width == (s->in_width + stride - 1) / stride;
}

static enum duet_status read_lines(const char *path, char *text, struct bench_shapes *shapes,
                                   struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    int line = 1;
    for (char *at = text, *next; at && *at && status == DUET_OK; at = next, line++) {
        char *fields[FIELDS];
        struct bench_shape shape;
        next = strchr(at, '\n');
        if (next) *next++ = '\0';
        if (line == 1 || at[strspn(at, " \t\r")] == '\0') continue;
        if (split(at, fields) == FIELDS && shape_of_fields(fields, &shape))
            status = add(shapes, &shape, error);
        else
            status =
                duet_fail(error, DUET_BAD_FORMAT,
                          "%s:%d: expected name, type (1x1, 3x3, dw), input and output channels, input and "
                          "output side, stride and rate between tabs, with an output side of input side / "
                          "stride, rounded up",
                          path, line);
    }
    return status;
}

enum duet_status bench_shapes_read(const char *path, struct bench_shapes *shapes, struct duet_error *error)
{
    struct duet_bytes bytes = {0};
    size_t before = shapes->count;
    enum duet_status status = duet_read_file(path, MOST_BYTES, &bytes, error);
    char *text = status == DUET_OK ? malloc(bytes.size + 1) : NULL;
    if (text) {
        memcpy(text, bytes.data, bytes.size);
        text[bytes.size] = '\0';
        status = read_lines(path, text, shapes, error);
        if (status == DUET_OK && shapes->count == before)
            status = duet_fail(error, DUET_BAD_FORMAT, "%s: no shapes in it", path);
    } else if (status == DUET_OK) {
        status = duet_no_memory(error, path, NULL);
    }
    free(text);
    duet_bytes_close(&bytes);
    return status;
}
