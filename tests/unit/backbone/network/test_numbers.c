/* Networks in whole numbers against the same layer by layer in plain loops, each rounding spelt out: every
 * byte. */
#include "support/run_network.h"

#include "core/random.h"
#include "network/compiled.h"
#include "network/observe.h"

static struct duet_error e;

/* --- networks with scales and weights ------------------------------------------------------------------- */

static void in_bytes(struct duet_network *network, duet_node node, bool integers, double scale, int zero)
{
    duet_network_set_numbers(network, node, (struct duet_numbers){integers, (float)scale, zero});
}

/* An inverted residual; without `add` its projection is rounded by itself. */
static duet_node residual(struct duet_network *n, const char *name, duet_node input, int middle, int stride,
                          int rate, int channels, bool add)
{
    char text[4][64];
    static const char *const parts[4] = {"expand", "depthwise", "project", "add"};
    for (int i = 0; i < 4; i++) snprintf(text[i], sizeof text[i], "%s.%s", name, parts[i]);
    duet_node x = duet_network_conv(
        n, input, (struct duet_conv){.name = text[0], .channels = middle, .activation = DUET_RELU6});
    in_bytes(n, x, true, 0.0235, 0);
    x = duet_network_depthwise(
        n, x,
        (struct duet_conv){
            .name = text[1], .kernel = 3, .stride = stride, .rate = rate, .activation = DUET_RELU6});
    in_bytes(n, x, true, 0.02, 3);
    x = duet_network_conv(n, x, (struct duet_conv){.name = text[2], .channels = channels});
    in_bytes(n, x, true, 0.03, 120);
    if (!add) return x;
    x = duet_network_add(n, text[3], input, x);
    in_bytes(n, x, true, 0.041, 133);
    return x;
}

/* Every operation, in bytes and where bytes and float32 meet; `depth` channels are joined in front. */
static struct duet_network *everything_with(int depth)
{
    struct duet_network *n;
    assert_ok(duet_network_create(&n, &e), e);
    duet_node picture = duet_network_input(n, "picture", 3), x, low, pooled, up;
    in_bytes(n, picture, false, 1 / 127.5, 128);
    x = duet_network_conv(
        n, picture,
        (struct duet_conv){
            .name = "first", .kernel = 3, .stride = 2, .channels = 9, .activation = DUET_RELU6});
    in_bytes(n, x, true, 0.0235, 0);
    x = residual(n, "a", x, 37, 1, 1, 12, false);
    x = residual(n, "b", x, 40, 1, 1, 12, true);
    duet_network_output(n, "middle", x); /* bytes that others read, too */
    low = residual(n, "c", x, 72, 2, 1, 20, false);
    low = residual(n, "d", low, 65, 1, 2, 20, true);
    x = duet_network_conv(n, low,
                          (struct duet_conv){.name = "kept", .channels = 16, .activation = DUET_RELU});
    in_bytes(n, x, false, 0.05, 0); /* float32 between bytes */
    x = duet_network_conv(
        n, x,
        (struct duet_conv){.name = "full", .kernel = 3, .rate = 2, .channels = 33, .activation = DUET_RELU});
    in_bytes(n, x, true, 0.06, 0);
    pooled = duet_network_global_mean(n, "pool", low);
    in_bytes(n, pooled, true, 0.02, 127);
    pooled = duet_network_conv(
        n, pooled, (struct duet_conv){.name = "pooled", .channels = depth, .activation = DUET_RELU});
    in_bytes(n, pooled, true, 0.013, 0);
    duet_node both[2] = {duet_network_broadcast(n, "spread", pooled, x), x};
    x = duet_network_concat(n, "concat", both, 2);
    in_bytes(n, x, true, 0.06, 0);
    x = duet_network_conv(n, x,
                          (struct duet_conv){.name = "joined", .channels = 21, .activation = DUET_RELU6});
    in_bytes(n, x, true, 0.0235, 0);
    up = duet_network_upsample(n, "up", x, duet_network_find(n, "b.add"));
    duet_node side =
        duet_network_conv(n, duet_network_find(n, "b.add"),
                          (struct duet_conv){.name = "lateral", .channels = 21, .activation = DUET_RELU});
    in_bytes(n, side, true, 0.04, 0);
    x = duet_network_add(n, "sum", up, side);
    in_bytes(n, x, true, 0.05, 9);
    duet_node two[2] = {x, duet_network_find(n, "b.add")};
    x = duet_network_concat(n, "two", two, 2); /* on two scales */
    in_bytes(n, x, true, 0.06, 100);
    x = duet_network_depthwise(n, duet_network_subsample(n, "every", x),
                               (struct duet_conv){.name = "last.dw", .kernel = 3});
    in_bytes(n, x, true, 0.08, 128);
    x = duet_network_conv(n, x, (struct duet_conv){.name = "logits", .channels = 7});
    in_bytes(n, x, true, 0.2, 30); /* its scale is not asked for: float32 comes out of the sums */
    duet_network_output(n, "logits", x);
    assert_ok(duet_network_check(n, &e), e);
    return n;
}

static struct duet_network *everything(void)
{
    return everything_with(8);
}

static void add_tensor(struct duet_weights *w, const char *layer, const char *part, enum duet_dtype dtype,
                       const struct duet_shape *shape, const void *data)
{
    char name[300];
    snprintf(name, sizeof name, "%s.%s", layer, part);
    assert_ok(duet_weights_add(w, name, dtype, shape, data, &e), e);
}

/* I8 with a scale a channel, or (`whole`) U8 with one scale and zero point, as TFLite has them. */
static void add_weights(struct duet_weights *w, const struct duet_network *n, duet_node i, bool whole,
                        uint64_t *seed)
{
    const struct duet_layer *layer = duet_network_layer(n, i);
    struct duet_shape shape = duet_network_weight_shape(n, i),
                      each = {1, {whole ? 1 : (size_t)layer->channels}};
    struct duet_shape channels = {1, {(size_t)layer->channels}};
    size_t count;
    assert_true(duet_shape_elements(&shape, &count));
    size_t fan_in =
        count / (layer->op == DUET_OP_DEPTHWISE ? (size_t)layer->channels : (size_t)layer->channels);
    int8_t *numbers = malloc(count);
    float *scales = malloc(channels.dims[0] * sizeof *scales),
          *biases = malloc(channels.dims[0] * sizeof *biases);
    int32_t *zeros = malloc(channels.dims[0] * sizeof *zeros);
    assert_true(numbers && scales && biases && zeros);
    for (size_t k = 0; k < count; k++) {
        int any = (int)(duet_random(seed) % 255) - 127;
        numbers[k] = (int8_t)(whole ? any + 128 : any); /* the same bits as a uint8 */
    }
    for (size_t c = 0; c < channels.dims[0]; c++) {
        scales[c] = (1.5f + random_weight(seed)) * 0.012f / sqrtf((float)fan_in);
        biases[c] = random_weight(seed);
        zeros[c] = 120;
    }
    add_tensor(w, layer->name, "weight", whole ? DUET_U8 : DUET_I8, &shape, numbers);
    add_tensor(w, layer->name, "weight.scale", DUET_F32, &each, scales);
    if (whole) add_tensor(w, layer->name, "weight.zero_point", DUET_I32, &each, zeros);
    add_tensor(w, layer->name, "bias", DUET_F32, &channels, biases);
    free(numbers);
    free(scales);
    free(biases);
    free(zeros);
}

static struct duet_weights *weights_of(const struct duet_network *n, uint64_t seed)
{
    struct duet_weights *w;
    assert_ok(duet_weights_create(&w, &e), e);
    for (int i = 0; i < duet_network_layer_count(n); i++)
        if (duet_network_weight_shape(n, i).rank > 0) add_weights(w, n, i, i % 3 == 0, &seed);
    return w;
}

/* --- the plain way -------------------------------------------------------------------------------------- */

/* A layer's result: real numbers, and bytes where it is rounded to them. */
struct plain {
    size_t height, width, channels;
    float *real;
    uint8_t *bytes; /* NULL: float32 */
    float scale;
    int zero;
    double *unrounded; /* of a projection that joins an addition: sums, in real numbers as float32 computes
                          them */
    int64_t *sums;
};

static size_t plain_size(const struct plain *p)
{
    return p->height * p->width * p->channels;
}

/* What an integer layer reads of it: bytes, made of float32 where there are none. */
static int byte_at(const struct plain *p, size_t i)
{
    if (p->bytes) return p->bytes[i];
    float x = p->real[i] * (float)(1.0 / (double)p->scale);
    x = fminf(fmaxf(x, (float)-p->zero), (float)(255 - p->zero));
    return (int)rintf(x) + p->zero;
}

static float real_at(const struct plain *p, size_t i)
{
    return p->bytes ? (float)(p->bytes[i] - p->zero) * p->scale : p->real[i];
}

static uint8_t rounded(float x, float low, float high, int zero)
{
    return (uint8_t)((int)rintf(fminf(fmaxf(x, low), high)) + zero);
}

/* Window of a convolution. */
struct taps {
    size_t kernel, stride, rate, pad_top, pad_left;
};

static size_t padding(size_t in, size_t out, size_t stride, size_t rate)
{
    size_t reach = (out - 1) * stride + 2 * rate + 1;
    return reach > in ? (reach - in) / 2 : 0;
}

struct tensors {
    const void *numbers;
    enum duet_dtype dtype;
    const float *scales, *biases;
    const int32_t *zeros;
    size_t scale_step;
};

static struct tensors tensors_of(const struct duet_weights *w, const char *layer)
{
    char name[300];
    snprintf(name, sizeof name, "%s.weight", layer);
    const struct duet_tensor *weight = duet_weights_find(w, name);
    snprintf(name, sizeof name, "%s.weight.scale", layer);
    const struct duet_tensor *scale = duet_weights_find(w, name);
    snprintf(name, sizeof name, "%s.weight.zero_point", layer);
    const struct duet_tensor *zero = duet_weights_find(w, name);
    snprintf(name, sizeof name, "%s.bias", layer);
    return (struct tensors){weight->data,
                            weight->dtype,
                            scale->data,
                            duet_weights_find(w, name)->data,
                            zero ? zero->data : NULL,
                            scale->shape.dims[0] > 1};
}

static int weight_at(const struct tensors *t, size_t i)
{
    if (t->dtype == DUET_I8) return ((const int8_t *)t->numbers)[i];
    return ((const uint8_t *)t->numbers)[i] - t->zeros[0];
}

/* One sum, in whole numbers or (of a layer that is kept float32) in double. */
static double plain_sum(const struct duet_layer *layer, const struct tensors *t, const struct plain *in,
                        const struct taps *taps, size_t y, size_t x, size_t n, bool integers)
{
    const bool depthwise = layer->op == DUET_OP_DEPTHWISE;
    const size_t channels = (size_t)layer->channels, depth = depthwise ? 1 : in->channels;
    const double scale = (double)t->scales[n * t->scale_step];
    double sum = integers ? rint((double)t->biases[n] / ((double)in->scale * scale)) : (double)t->biases[n];
    for (size_t tap = 0; tap < taps->kernel * taps->kernel; tap++) {
        size_t row = y * taps->stride + tap / taps->kernel * taps->rate - taps->pad_top;
        size_t column = x * taps->stride + tap % taps->kernel * taps->rate - taps->pad_left;
        if (row >= in->height || column >= in->width) continue; /* below 0 is very large */
        for (size_t k = 0; k < depth; k++) {
            size_t at = (row * in->width + column) * in->channels + (depthwise ? n : k);
            int weight = weight_at(t, depthwise ? tap * channels + n : (tap * depth + k) * channels + n);
            sum += integers ? (double)(byte_at(in, at) - in->zero) * weight
                            : (double)real_at(in, at) * (double)((float)weight * (float)scale);
        }
    }
    return sum;
}

struct layer_result {
    struct plain *all;
    const struct duet_network *network;
    const struct duet_weights *weights;
};

static bool joins_addition(const struct duet_network *n, duet_node node)
{
    return strcmp(duet_network_layer(n, node)->name, "b.project") == 0 ||
           strcmp(duet_network_layer(n, node)->name, "d.project") == 0;
}

static void plain_conv(const struct layer_result *r, duet_node node, bool leaves_bytes)
{
    const struct duet_layer *layer = duet_network_layer(r->network, node);
    const struct plain *in = &r->all[layer->inputs[0]];
    struct plain *out = &r->all[node];
    const struct tensors t = tensors_of(r->weights, layer->name);
    const size_t kernel = (size_t)layer->kernel, stride = (size_t)layer->stride, rate = (size_t)layer->rate;
    const struct taps taps = {kernel, stride, rate,
                              kernel == 3 ? padding(in->height, out->height, stride, rate) : 0,
                              kernel == 3 ? padding(in->width, out->width, stride, rate) : 0};
    const bool integers = layer->numbers.integers;
    for (size_t i = 0; i < plain_size(out); i++) {
        size_t n = i % out->channels, x = i / out->channels % out->width, y = i / out->channels / out->width;
        double sum = plain_sum(layer, &t, in, &taps, y, x, n, integers);
        float low = layer->activation == DUET_LINEAR ? -INFINITY : 0;
        float high = layer->activation == DUET_RELU6 ? 6 : INFINITY;
        double unit = (double)in->scale * (double)t.scales[n * t.scale_step];
        if (!integers) {
            out->real[i] = fminf(fmaxf((float)sum, low), high);
        } else if (joins_addition(r->network, node)) {
            out->sums[i] = (int64_t)sum;
            out->unrounded[i] = unit;
        } else if (!leaves_bytes) {
            out->real[i] = fminf(fmaxf((float)sum * (float)unit, low), high);
        } else {
            low = layer->activation == DUET_LINEAR ? (float)-out->zero : 0;
            high = (float)(255 - out->zero);
            if (layer->activation == DUET_RELU6) high = fminf(high, (float)rint(6.0 / (double)out->scale));
            out->bytes[i] =
                rounded((float)(int32_t)sum * (float)(unit / (double)out->scale), low, high, out->zero);
        }
    }
}

static void plain_add(const struct layer_result *r, duet_node node)
{
    const duet_node *terms = duet_network_layer(r->network, node)->inputs;
    struct plain *out = &r->all[node];
    const struct plain *a = &r->all[terms[0]], *b = &r->all[terms[1]];
    const float low = (float)-out->zero, high = (float)(255 - out->zero);
    const float to_a = (float)((double)a->scale / (double)out->scale);
    const float to_b = (float)((double)b->scale / (double)out->scale);
    for (size_t i = 0; i < plain_size(out); i++) {
        float first = (float)(byte_at(a, i) - a->zero) * to_a, x;
        if (b->sums)
            x = (float)b->sums[i] * (float)(b->unrounded[i] / (double)out->scale) + first;
        else
            x = first + (float)(byte_at(b, i) - b->zero) * to_b;
        out->bytes[i] = rounded(x, low, high, out->zero);
    }
}

static void plain_concat(const struct layer_result *r, duet_node node)
{
    const struct duet_layer *layer = duet_network_layer(r->network, node);
    struct plain *out = &r->all[node];
    for (size_t p = 0, at = 0; p < out->height * out->width; p++)
        for (int k = 0; k < layer->input_count; k++) {
            const struct plain *in = &r->all[layer->inputs[k]];
            for (size_t c = 0; c < in->channels; c++) {
                int q = byte_at(in, p * in->channels + c);
                float x = (float)(q - in->zero) * (float)((double)in->scale / (double)out->scale);
                out->bytes[at++] = rounded(x, (float)-out->zero, (float)(255 - out->zero), out->zero);
            }
        }
}

static void plain_mean(const struct layer_result *r, duet_node node)
{
    struct plain *out = &r->all[node];
    const struct plain *in = &r->all[duet_network_layer(r->network, node)->inputs[0]];
    const size_t pixels = in->height * in->width;
    for (size_t c = 0; c < out->channels; c++) {
        double sum = 0;
        for (size_t p = 0; p < pixels; p++) sum += in->bytes[p * in->channels + c] - in->zero;
        float x = (float)(sum * ((double)in->scale / ((double)out->scale * (double)pixels)));
        out->bytes[c] = rounded(x, (float)-out->zero, (float)(255 - out->zero), out->zero);
    }
}

/* The rows or columns whose mean row or column p of a doubled side is. */
static size_t half_at(size_t p, size_t side, bool second)
{
    long doubled = (long)p + (long)(side % 2) - (second ? 0 : 1);
    return doubled < 0 ? 0 : (size_t)doubled / 2;
}

static void plain_resize(const struct layer_result *r, duet_node node)
{
    const struct duet_layer *layer = duet_network_layer(r->network, node);
    struct plain *out = &r->all[node];
    const struct plain *in = &r->all[layer->inputs[0]];
    out->scale = in->scale;
    out->zero = in->zero;
    for (size_t i = 0; i < plain_size(out); i++) {
        size_t c = i % out->channels, x = i / out->channels % out->width, y = i / out->channels / out->width;
        double sum = 0;
        for (int k = 0; k < 4; k++) {
            size_t row = layer->op == DUET_OP_BROADCAST ? 0 : 2 * y + (in->height % 2 == 0);
            size_t column = layer->op == DUET_OP_BROADCAST ? 0 : 2 * x + (in->width % 2 == 0);
            if (layer->op == DUET_OP_UPSAMPLE) {
                row = half_at(y, out->height, k >= 2);
                column = half_at(x, out->width, k % 2);
            }
            sum += in->bytes[(row * in->width + column) * in->channels + c];
        }
        out->bytes[i] = (uint8_t)rint(sum / 4);
    }
}

static struct plain *run_plainly(const struct duet_network *n, const struct duet_weights *w, int height,
                                 int width, const float *picture)
{
    int count = duet_network_layer_count(n);
    struct plain *all = calloc((size_t)count, sizeof *all);
    struct duet_layer_info *info = calloc((size_t)count, sizeof *info);
    assert_true(all && info);
    assert_ok(duet_network_account(n, height, width, info, sizeof *info, &e), e);
    const struct layer_result r = {all, n, w};
    for (int i = 0; i < count; i++) {
        const struct duet_layer *layer = duet_network_layer(n, i);
        struct plain *p = &all[i];
        *p = (struct plain){.height = info[i].output.dims[1],
                            .width = info[i].output.dims[2],
                            .channels = info[i].output.dims[3],
                            .scale = layer->numbers.scale,
                            .zero = layer->numbers.zero_point};
        bool conv = layer->op == DUET_OP_CONV || layer->op == DUET_OP_DEPTHWISE;
        bool joins = joins_addition(n, i);
        bool bytes = layer->op != DUET_OP_INPUT && (layer->numbers.integers || !conv) && !joins &&
                     strcmp(layer->name, "logits") != 0;
        p->real = calloc(plain_size(p), sizeof *p->real);
        p->bytes = bytes ? calloc(plain_size(p), 1) : NULL;
        p->sums = joins ? calloc(plain_size(p), sizeof *p->sums) : NULL;
        p->unrounded = joins ? calloc(plain_size(p), sizeof *p->unrounded) : NULL;
        if (layer->op == DUET_OP_INPUT)
            memcpy(p->real, picture, plain_size(p) * sizeof *p->real);
        else if (conv)
            plain_conv(&r, i, bytes);
        else if (layer->op == DUET_OP_ADD)
            plain_add(&r, i);
        else if (layer->op == DUET_OP_CONCAT)
            plain_concat(&r, i);
        else if (layer->op == DUET_OP_GLOBAL_MEAN)
            plain_mean(&r, i);
        else
            plain_resize(&r, i);
    }
    free(info);
    return all;
}

static void close_plain(struct plain *all, int count)
{
    for (int i = 0; i < count; i++) {
        free(all[i].real);
        free(all[i].bytes);
        free(all[i].sums);
        free(all[i].unrounded);
    }
    free(all);
}

/* --- tests ---------------------------------------------------------------------------------------------- */

/* Bytes of every layer whose result is one, step by step without fusion; the one layer in float32 sums in
 * another order, which its rounding to bytes could tell once in a million numbers: seeds here do not. */
static void every_layer_is_what_it_must_be(void **state)
{
    (void)state;
    static const int sizes[][2] = {{33, 65}, {20, 14}, {9, 8}};
    struct duet_network *n = everything();
    for (uint64_t seed = 1; seed <= 3; seed++) {
        const int height = sizes[seed - 1][0], width = sizes[seed - 1][1];
        struct duet_weights *w = weights_of(n, seed);
        struct duet_compiled *c = compile_network(n, w, height, width, true, NULL);
        struct duet_session *session = filled_session(c, 1);
        struct plain *all = run_plainly(n, w, height, width, session_input(session));
        int seen = 0;
        for (int s = 0; s < duet_compiled_step_count(c); s++) {
            assert_ok(duet_session_run_step(session, s, NULL, &e), e);
            duet_node node = duet_compiled_step_layer(c, s);
            if (node < 0 || !all[node].bytes) continue;
            struct duet_view view = duet_session_result(session, s);
            assert_int_equal(view.dtype, DUET_U8);
            const uint8_t *got = view.data;
            for (size_t i = 0; i < plain_size(&all[node]); i++)
                if (got[i] != all[node].bytes[i])
                    fail_msg("seed %d, %s, number %zu: %d, expected %d", (int)seed,
                             duet_network_layer(n, node)->name, i, got[i], all[node].bytes[i]);
            seen++;
        }
        assert_true(seen >= 20);
        size_t count;
        const float *logits = session_output(session, "logits", &count);
        const struct plain *want = &all[duet_network_find(n, "logits")];
        assert_memory_equal(logits, want->real, count * sizeof *logits);
        const float *middle = session_output(session, "middle", &count);
        want = &all[duet_network_find(n, "b.add")];
        for (size_t i = 0; i < count; i++) assert_true(middle[i] == real_at(want, i));
        close_plain(all, duet_network_layer_count(n));
        duet_session_close(&session);
        duet_compiled_close(&c);
        duet_weights_close(&w);
    }
    duet_network_close(&n);
}

static void every_way_to_run_gives_the_same_bytes(void **state)
{
    (void)state;
    static const int sizes[][2] = {{97, 130}, {16, 15}, {7, 5}, {1, 1}};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        struct duet_network *n = everything_with(4 * (int)k + 4); /* not whole units of every packing */
        struct duet_weights *w = weights_of(n, 9);
        struct duet_compiled *plain = compile_network(n, w, sizes[k][0], sizes[k][1], true, "scalar");
        size_t count, here;
        float *want = run_network(plain, n, 1, &count);
        for (int way = 0; way < 12; way++) {
            struct duet_compile_options options = DUET_COMPILE_OPTIONS;
            options.height = sizes[k][0];
            options.width = sizes[k][1];
            options.cpu = way % 2 ? "scalar" : NULL;
            options.l2_bytes = way % 4 < 2 ? 0 : 256 << 10;
            options.split = way % 3; /* of float32 only; it must not harm */
            struct duet_compiled *fused;
            assert_ok(duet_compile(n, w, &options, &fused, &e), e);
            float *got = run_network(fused, n, 1 + way % 3, &here);
            assert_int_equal(here, count);
            if (memcmp(got, want, count * sizeof *got) != 0)
                fail_msg("%dx%d, way %d: other bytes than layer by layer", sizes[k][1], sizes[k][0], way);
            free(got);
            duet_compiled_close(&fused);
        }
        free(want);
        duet_compiled_close(&plain);
        duet_weights_close(&w);
        duet_network_close(&n);
    }
}

/* Where channels are cut: see joins_in_bytes. */
static void every_packing_divides_the_largest(void **state)
{
    (void)state;
    for (int i = 0; duet_kernels_level(i); i++) {
        struct duet_kernels k;
        if (!duet_kernels_runs(duet_kernels_level(i))) continue;
        assert_ok(duet_kernels_select(duet_kernels_level(i), &k, &e), e);
        assert_int_equal(DUET_MAX_PACK_UNIT % k.of[DUET_U8].conv1x1.packing.unit, 0);
    }
}

/* A predictor more than half of whose filtered channels are never anything but zero; some are hardly more. */
static void dead_channels_are_left_out(void **state)
{
    (void)state;
    enum { CHANNELS = 70, COLUMNS = 90, SIDE = 19 };
    struct duet_network *n;
    assert_ok(duet_network_create(&n, &e), e);
    duet_node x = duet_network_input(n, "picture", 3);
    in_bytes(n, x, false, 1 / 127.5, 128);
    x = duet_network_conv(n, x,
                          (struct duet_conv){.name = "in", .channels = CHANNELS, .activation = DUET_RELU6});
    in_bytes(n, x, true, 0.0235, 2);
    duet_network_output(n, "in", x);
    x = duet_network_depthwise(n, x, (struct duet_conv){.name = "dw", .kernel = 3, .activation = DUET_RELU6});
    in_bytes(n, x, true, 0.02, 5);
    x = duet_network_conv(n, x, (struct duet_conv){.name = "predict", .channels = COLUMNS});
    in_bytes(n, x, true, 0, 0);
    duet_network_output(n, "predict", x);
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct duet_weights *w = weights_of(n, seed);
        float *biases = (float *)(uintptr_t)duet_weights_find(w, "dw.bias")->data;
        int8_t *filter = (int8_t *)(uintptr_t)duet_weights_find(w, "dw.weight")->data;
        for (size_t i = 0; i < 9 * CHANNELS; i++)
            if (i % CHANNELS % 4 != 0) filter[i] = (int8_t)(filter[i] > 0 ? -filter[i] : filter[i]);
        for (size_t i = 0; i < CHANNELS; i++)
            if (i % 4 != 0) biases[i] = i % 8 == 1 ? 0 : i % 8 == 3 ? 0.02f : -fabsf(biases[i]);
        struct duet_compiled *plain = compile_network(n, w, SIDE, SIDE, true, "scalar");
        struct duet_compiled *fused = compile_network(n, w, SIDE, SIDE, false, NULL);
        const duet_node predict = duet_network_find(n, "predict");
        assert_true(fused->packed.layers[predict].live &&
                    fused->packed.layers[predict].depth <= CHANNELS * 3 / 8 + 2);
        assert_null(plain->packed.layers[predict].live);
        size_t count, here;
        float *want = run_network(plain, n, 1, &count);
        for (int threads = 1; threads <= 3; threads++) {
            float *got = run_network(fused, n, threads, &here);
            assert_int_equal(here, count);
            assert_memory_equal(got, want, count * sizeof *got);
            free(got);
        }
        free(want);
        duet_compiled_close(&plain);
        duet_compiled_close(&fused);
        duet_weights_close(&w);
    }
    duet_network_close(&n);
}

/* Some layers kept in float32, some scales forgotten, and another layer looked at: what is not refused gives
 * the same bytes step by step and fused. */
static struct duet_network *mixed(uint64_t *seed)
{
    struct duet_network *n = everything();
    const int layers = duet_network_layer_count(n);
    const uint64_t kept = duet_random(seed) % 5, forgotten = duet_random(seed) % 3;
    for (int i = 0; i < layers; i++) {
        struct duet_numbers numbers = duet_network_layer(n, i)->numbers;
        const uint64_t any = duet_random(seed);
        if (any % 10 < kept) numbers.integers = false;
        if (any / 10 % 20 < forgotten && !numbers.integers) numbers.scale = 0;
        if (any / 200 % 100 < forgotten) numbers.scale = 0;
        if (numbers.scale == 0) numbers.zero_point = 0;
        duet_network_set_numbers(n, i, numbers);
    }
    duet_network_output(n, "another", (duet_node)(duet_random(seed) % (uint64_t)layers));
    return n;
}

static void any_layer_may_be_kept_in_float32(void **state)
{
    (void)state;
    int run = 0, refused = 0;
    for (uint64_t first = 1; first <= 60; first++) {
        uint64_t seed = first;
        struct duet_network *n = mixed(&seed);
        struct duet_weights *w = weights_of(n, seed);
        struct duet_compile_options options = DUET_COMPILE_OPTIONS;
        options.height = 1 + (int)(duet_random(&seed) % 40);
        options.width = 1 + (int)(duet_random(&seed) % 40);
        options.cpu = first % 4 ? NULL : "scalar";
        float *want = NULL;
        size_t count, here;
        for (int way = 0; way < 4; way++) {
            struct duet_compiled *c;
            options.unfused = way == 0;
            options.l2_bytes = way < 2 ? 0 : 256 << 10;
            if (duet_compile(n, w, &options, &c, &e) != DUET_OK) {
                assert_int_equal(way, 0);
                assert_non_null(strstr(e.text, "scale"));
                break;
            }
            float *got = run_network(c, n, 1 + way % 3, way ? &here : &count);
            duet_compiled_close(&c);
            if (way > 0 && (here != count || memcmp(got, want, count * sizeof *got) != 0))
                fail_msg("seed %d, %dx%d, way %d: other bytes than layer by layer", (int)first, options.width,
                         options.height, way);
            if (way > 0)
                free(got);
            else
                want = got;
        }
        want ? run++ : refused++;
        free(want);
        duet_weights_close(&w);
        duet_network_close(&n);
    }
    printf("# %d networks run, %d refused\n", run, refused);
    assert_true(run >= 10 && refused >= 3);
}

/* What stands where bytes are to be read and have no scale, and numbers that are none. */
static void nonsense_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *layer;
        struct duet_numbers numbers;
        const char *text;
    } faults[] = {
        {"a.expand",
         {true, 0, 0},
         "layer a.depthwise computes in whole numbers, but a.expand, which it reads, has no scale"},
        {"picture", {false, 0, 0}, "layer first computes in whole numbers, but picture"},
        {"picture", {true, 1, 0}, "layer picture: computes in whole numbers, but is an input"},
        {"concat", {true, 0, 0}, "layer concat: computes in whole numbers, but is without a scale"},
        {"first", {true, -1, 0}, "layer first: scale -1 and zero point 0"},
        {"first", {true, 1, 256}, "zero point 256"},
        {"first", {true, INFINITY, 0}, "scale inf"},
        {"first", {true, 1e13f, 0}, "scale 1e+13 and zero point 0, expected 0 or 1e-12 to 1e12"},
        {"first", {true, 1e-12f, 0}, "layer a.expand, channel 0: its sums may reach 1"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct duet_network *n = everything();
        struct duet_weights *w = weights_of(n, 1);
        duet_network_set_numbers(n, duet_network_find(n, faults[i].layer), faults[i].numbers);
        struct duet_compile_options options = DUET_COMPILE_OPTIONS;
        struct duet_compiled *c;
        options.height = options.width = 16;
        enum duet_status status = duet_compile(n, w, &options, &c, &e);
        if (faults[i].text && (status == DUET_OK || !strstr(e.text, faults[i].text)))
            fail_msg("fault %zu: '%s', expected '%s'", i, status == DUET_OK ? "" : e.text, faults[i].text);
        duet_compiled_close(&c);
        duet_weights_close(&w);
        duet_network_close(&n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layer_is_what_it_must_be),
        cmocka_unit_test(every_way_to_run_gives_the_same_bytes),
        cmocka_unit_test(every_packing_divides_the_largest),
        cmocka_unit_test(dead_channels_are_left_out),
        cmocka_unit_test(any_layer_may_be_kept_in_float32),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests_name("unit/backbone/network/numbers", tests, NULL, NULL);
}
