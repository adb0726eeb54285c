/* import_tflite.h: networks, their weights, TFLite graphs of them, and the import of those graphs. */
#ifndef DUET_SUPPORT_IMPORT_TFLITE_H
#define DUET_SUPPORT_IMPORT_TFLITE_H

#include "support/testing.h"

#include "support/heads.h"
#include "support/scratch.h"
#include "support/tflite_spec.h"

#include "duet/import.h"
#include "heads/metadata.h"
#include "import/recipes.h"
#include "weights/tflite.h"

/* --- a network, its weights, and a graph of it --------------------------------------------------------- */

struct fixture {
    struct duet_model_config config;
    int output_stride;
    struct duet_network *network;
    struct duet_layer_info *info;
    struct duet_weights *weights;
    struct spec *spec;
};

static inline struct fixture make(struct duet_model_config config, int output_stride, enum duet_dtype dtype)
{
    struct duet_error e;
    struct fixture f = {.config = config, .output_stride = output_stride};
    assert_ok(duet_model_network(&config, output_stride, &f.network, &e), e);
    f.info = calloc((size_t)duet_network_layer_count(f.network), sizeof *f.info);
    assert_non_null(f.info);
    assert_ok(duet_network_account(f.network, config.heads[0].input.height, config.heads[0].input.width, f.info,
                                   sizeof(struct duet_layer_info), &e),
              e);
    f.weights = spec_weights(f.network, dtype, 99);
    f.spec = spec_of_network(f.network, f.info, f.weights);
    return f;
}

static inline void unmake(struct fixture *f)
{
    spec_free(f->spec);
    duet_weights_close(&f->weights);
    duet_network_close(&f->network);
    free(f->info);
}

static const struct duet_model_config lite = {.backbone = {0.25, 1},
                                              ONE_HEAD(DEEPLABV3_HEAD(33, 65, 16, 5, 12, false))};
/* As small as files get; found at the second try of the widths. */
static const struct duet_model_config tiny = {.backbone = {0.25, 8},
                                              ONE_HEAD(DEEPLABV3_HEAD(33, 33, 16, 2, 1, false))};
static const struct duet_model_config full = {.backbone = {0.35, 8},
                                              ONE_HEAD(DEEPLABV3_HEAD(33, 33, 16, 21, 16, true))};
static const struct duet_model_config classifier = {.backbone = {0.35, 8},
                                                    ONE_HEAD(CLASSIFIER_HEAD(32, 32, 11))};

static inline enum duet_status import_bytes(const uint8_t *file, size_t size,
                                            const struct duet_import_options *options,
                                            struct duet_weights **out, struct duet_error *error)
{
    static const struct duet_import_options none = {.struct_size = sizeof none};
    struct duet_import import = {
        .path = "x", .options = options ? options : &none, .format = "tflite", .sha256 = "0"};
    struct duet_tflite source;
    *out = NULL;
    enum duet_status status = duet_tflite_read("x", file, size, &source, error);
    if (status == DUET_OK) status = duet_weights_create(out, error);
    if (status == DUET_OK) status = duet_import_tflite(&import, &source, *out, error);
    duet_tflite_close(&source);
    if (status != DUET_OK) duet_weights_close(out);
    return status;
}

static inline enum duet_status import_spec(const struct spec *spec, const struct duet_import_options *options,
                                           struct duet_weights **out, struct duet_error *error)
{
    size_t size;
    uint8_t *file = spec_write(spec, &size, NULL);
    enum duet_status status = import_bytes(file, size, options, out, error);
    free(file);
    return status;
}

/* --- bending a graph ----------------------------------------------------------------------------------- */

static inline struct spec_operator *spec_insert(struct spec *s, int at, int code)
{
    memmove(s->operators + at + 1, s->operators + at,
            (s->operator_count - (uint32_t)at) * sizeof s->operators[0]);
    s->operator_count++;
    s->operators[at] = (struct spec_operator){.code = code, .input_count = 1, .output_count = 1};
    return &s->operators[at];
}

static inline int spec_copy_tensor(struct spec *s, int tensor, const char *name)
{
    const struct spec_tensor *t = &s->tensors[tensor];
    return spec_tensor(s, name, t->type, t->rank, t->dims, NULL, 0);
}

/* The number of the operator of that name. */
static inline int spec_place(struct spec *s, const char *name)
{
    int op = spec_find(s, name);
    assert_true(op >= 0);
    return op;
}

/* What files have behind the logits. */
static inline void spec_usual_tail(struct spec *s)
{
    int at = s->outputs[0];
    static const int codes[] = {DUET_TFLITE_RESIZE_BILINEAR, DUET_TFLITE_DEQUANTIZE, DUET_TFLITE_SOFTMAX,
                                DUET_TFLITE_RESHAPE,         DUET_TFLITE_SQUEEZE,    DUET_TFLITE_ARG_MAX};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        int to = spec_copy_tensor(s, at, "tail");
        int op = spec_operator(s, codes[i], (const int[2]){at, -2}, (const int[2]){to, -2});
        if (codes[i] == DUET_TFLITE_RESIZE_BILINEAR) spec_option(s, op, 15, 2, 1, 1);
        at = to;
    }
    s->outputs[0] = at;
}

/* --- what came out ------------------------------------------------------------------------------------- */

static inline const struct duet_model_range *range_of(const struct duet_model_config *config,
                                                      const char *layer)
{
    for (int i = 0; i < config->quantization.range_count; i++)
        if (strcmp(config->quantization.ranges[i].layer, layer) == 0) return &config->quantization.ranges[i];
    return NULL;
}

/* What a graph's tensors say of results, "<layer>.output.scale" and "input.scale" in `want`, is in the
 * metadata of `got`, as of uint8; not of logits, which stay float32. Returns how many tensors that are. */
static inline size_t assert_same_ranges(const struct duet_weights *got, const struct duet_weights *want)
{
    struct duet_error e;
    struct duet_metadata metadata;
    size_t tensors = 0, logits = 0;
    assert_ok(duet_metadata_read("x", duet_weights_metadata(got), &metadata, &e), e);
    for (size_t i = 0; i + 1 < duet_weights_count(want); i++) {
        const struct duet_tensor *scale = duet_weights_at(want, i), *zero = duet_weights_at(want, i + 1);
        const char *tail = strstr(scale->name, ".output.scale");
        if (!tail && strcmp(scale->name, "input.scale") != 0) continue;
        char layer[128];
        snprintf(layer, sizeof layer, "%.*s", tail ? (int)(tail - scale->name) : 5, scale->name);
        const struct duet_model_range *range = range_of(&metadata.config, layer);
        bool is_signed = duet_weights_find(want, "backbone.conv.weight")->dtype == DUET_I8;
        tensors += 2;
        logits += strstr(layer, ".logits") ? 1 : 0;
        if (!range == !strstr(layer, ".logits")) fail_msg("%s: %s range", layer, range ? "a" : "no");
        if (range && (range->scale != *(const float *)scale->data ||
                      range->zero_point != *(const int32_t *)zero->data + (is_signed ? 128 : 0)))
            fail_msg("%s: %g, %d", layer, (double)range->scale, range->zero_point);
    }
    assert_int_equal(metadata.config.quantization.range_count, tensors / 2 - logits);
    duet_metadata_close(&metadata);
    return tensors;
}

static inline void assert_same_tensors(const struct duet_weights *got, const struct duet_weights *want)
{
    size_t ranges = assert_same_ranges(got, want);
    for (size_t i = 0; i < duet_weights_count(want); i++) {
        const struct duet_tensor *w = duet_weights_at(want, i), *g = duet_weights_find(got, w->name);
        if (!g && (strstr(w->name, ".output.") || strncmp(w->name, "input.", 6) == 0)) continue;
        if (!g) fail_msg("no %s", w->name);
        if (g->dtype != w->dtype || !duet_shape_equal(&g->shape, &w->shape))
            fail_msg("%s: %s, expected %s", w->name, duet_dtype_name(g->dtype), duet_dtype_name(w->dtype));
        if (memcmp(g->data, w->data, w->bytes) != 0) fail_msg("%s: other values", w->name);
    }
    assert_int_equal(duet_weights_count(got), duet_weights_count(want) - ranges);
}

/* As a program would find it: saved, and opened again. */
static inline void assert_config(struct duet_weights *weights, const struct duet_model_config *want,
                                 int output_stride)
{
    struct duet_error e;
    struct scratch scratch;
    struct duet_model *model;
    scratch_make(&scratch);
    const char *path = scratch_path(&scratch, "model");
    assert_ok(duet_weights_save(weights, path, &e), e);
    assert_ok(duet_model_open(path, &model, &e), e);
    const struct duet_model_config *got = duet_model_config(model);
    const struct duet_head *head = &got->heads[0], *wanted = &want->heads[0];
    assert_int_equal(got->head_count, 1);
    assert_int_equal(head->kind, wanted->kind);
    assert_int_equal(head->input.width, wanted->input.width);
    assert_int_equal(head->input.height, wanted->input.height);
    assert_int_equal(head->input.resize, wanted->input.resize);
    assert_true(got->backbone.width_multiplier == want->backbone.width_multiplier);
    assert_int_equal(got->backbone.channel_divisor, want->backbone.channel_divisor);
    assert_int_equal(duet_head_classes(head), duet_head_classes(wanted));
    if (head->kind == DUET_DEEPLABV3)
        assert_memory_equal(&head->config.deeplabv3, &wanted->config.deeplabv3, sizeof head->config.deeplabv3);
    assert_int_equal(head->output_stride, output_stride);
    assert_string_equal(got->source.format, "tflite");
    duet_model_close(&model);
    scratch_remove(&scratch);
}

#endif
