#include "support/heads.h"
#include "support/testing.h"

#include "duet/import.h"
#include "heads/metadata.h"
#include "import/slim_names.h"

#include <math.h>
#include <unistd.h>

/* A narrow SSDLite whose source is made up here: each layer in one of the ways that tools leave it. */
static const struct duet_model_config config = {.backbone = {0.35, 8}, ONE_HEAD(SSDLITE_HEAD(300, 300, 2))};
static const struct duet_label labels[] = {{1, "cup"}, {2, "spoon"}};

enum variant { MOMENTS, MOMENTS_EPSILON, MUL_SUB, MERGED_SUB, BIASES, NATIVE, VARIANTS };

static char folder[] = "import_test_XXXXXX", source_path[64], native_path[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) return -1;
    snprintf(source_path, sizeof source_path, "%s/source", folder);
    snprintf(native_path, sizeof native_path, "%s/native", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(source_path);
    unlink(native_path);
    return rmdir(folder);
}

/* --- making a source ----------------------------------------------------------------------------------- */

struct source {
    struct duet_network *network;
    struct duet_weights *weights;  /* what is written */
    struct duet_weights *expected; /* what must come out, computed here */
    uint32_t seed;
};

/* In [low, low + 1). */
static float next(struct source *s, float low)
{
    s->seed = s->seed * 1664525u + 1013904223u;
    return low + (float)(s->seed >> 8) / 16777216.0f;
}

static float *numbers(struct source *s, size_t count, float low)
{
    float *values = malloc(count * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < count; i++) values[i] = next(s, low);
    return values;
}

/* Add "<scope><tail>" and return its values, which live as long as the set. */
static const float *put(struct source *s, const char *scope, const char *tail, struct duet_shape shape,
                        float low)
{
    struct duet_error e;
    char name[256];
    size_t count;
    snprintf(name, sizeof name, "%s%s", scope, tail);
    assert_true(duet_shape_elements(&shape, &count));
    float *values = numbers(s, count, low);
    assert_ok(duet_weights_add(s->weights, name, DUET_F32, &shape, values, &e), e);
    free(values);
    return duet_weights_find(s->weights, name)->data;
}

/* As TensorFlow has it: [1,1,Cin,Cout], [3,3,C,1]. */
static struct duet_shape source_shape(const struct duet_shape *native)
{
    struct duet_shape shape = *native;
    if (native->rank == 2) shape = (struct duet_shape){4, {1, 1, native->dims[0], native->dims[1]}};
    if (native->rank == 3) shape = (struct duet_shape){4, {3, 3, native->dims[2], 1}};
    return shape;
}

/* scale and shift of a layer's channels, having put them into the source in the given way. */
static void put_normalisation(struct source *s, const char *layer, const char *scope, enum variant variant,
                              size_t channels, double *scale, double *shift)
{
    struct duet_shape shape = {1, {channels}};
    for (size_t c = 0; c < channels; c++) scale[c] = 1;
    if (variant == MOMENTS || variant == MOMENTS_EPSILON) {
        const float *gamma = put(s, scope, "/BatchNorm/gamma", shape, 0.5f);
        const float *beta = put(s, scope, "/BatchNorm/beta", shape, -0.5f);
        const float *mean = put(s, scope, "/BatchNorm/moving_mean", shape, -0.5f);
        const float *variance = put(s, scope, "/BatchNorm/moving_variance", shape, 0);
        double epsilon = 1e-3;
        if (variant == MOMENTS_EPSILON)
            epsilon = *put(s, scope, "/BatchNorm/epsilon", (struct duet_shape){0}, 0.25f);
        for (size_t c = 0; c < channels; c++) {
            scale[c] = gamma[c] / sqrt(variance[c] + epsilon);
            shift[c] = beta[c] - mean[c] * scale[c];
        }
        return;
    }
    if (variant == MUL_SUB) {
        const float *mul = put(s, scope, "/BatchNorm/batchnorm/mul", shape, 0.5f);
        for (size_t c = 0; c < channels; c++) scale[c] = mul[c];
    }
    const float *add = variant == NATIVE   ? put(s, layer, ".bias", shape, -0.5f)
                       : variant == BIASES ? put(s, scope, "/biases", shape, -0.5f)
                                           : put(s, scope, "/BatchNorm/batchnorm/sub", shape, -0.5f);
    for (size_t c = 0; c < channels; c++) shift[c] = add[c];
}

static void put_layer(struct source *s, int node)
{
    const struct duet_layer *layer = duet_network_layer(s->network, node);
    struct duet_shape native = duet_network_weight_shape(s->network, node);
    if (native.rank == 0) return;
    enum variant variant = (enum variant)(node % VARIANTS);
    char scope[DUET_SLIM_SCOPE], name[256];
    struct duet_error e;
    assert_true(duet_slim_scope(s->network, layer->name, scope, sizeof scope));
    size_t channels = (size_t)layer->channels, elements;
    duet_shape_elements(&native, &elements);
    const float *from = variant == NATIVE ? put(s, layer->name, ".weight", native, -0.5f)
                                          : put(s, scope,
                                                variant == MERGED_SUB            ? "/Conv2D/merged_input"
                                                : layer->op == DUET_OP_DEPTHWISE ? "/depthwise_weights"
                                                                                 : "/weights",
                                                source_shape(&native), -0.5f);
    double *scale = calloc(channels * 2, sizeof *scale);
    float *folded = malloc((elements + channels) * sizeof *folded);
    assert_true(scale && folded);
    put_normalisation(s, layer->name, scope, variant, channels, scale, scale + channels);
    for (size_t i = 0; i < elements; i++) folded[i] = (float)(from[i] * scale[i % channels]);
    for (size_t c = 0; c < channels; c++) folded[elements + c] = (float)scale[channels + c];
    snprintf(name, sizeof name, "%s.weight", layer->name);
    assert_ok(duet_weights_add(s->expected, name, DUET_F32, &native, folded, &e), e);
    snprintf(name, sizeof name, "%s.bias", layer->name);
    assert_ok(duet_weights_add(s->expected, name, DUET_F32, &(struct duet_shape){1, {channels}},
                               folded + elements, &e),
              e);
    free(folded);
    free(scale);
}

static struct source make_source(void)
{
    struct source s = {.seed = 7};
    struct duet_error e;
    assert_ok(duet_model_network(&config, 0, &s.network, &e), e);
    assert_ok(duet_weights_create(&s.weights, &e), e);
    assert_ok(duet_weights_create(&s.expected, &e), e);
    for (int i = 0; i < duet_network_layer_count(s.network); i++) put_layer(&s, i);
    return s;
}

static void close_source(struct source *s)
{
    duet_network_close(&s->network);
    duet_weights_close(&s->weights);
    duet_weights_close(&s->expected);
}

static enum duet_status import_labelled(struct duet_weights **weights, struct duet_error *error)
{
    struct duet_import_options options = {
        .struct_size = sizeof options, .name = "made-up", .licence = "CC0-1.0", .labels = {labels, 2}};
    return duet_model_import(source_path, &options, weights, error);
}

/* --- what comes out ------------------------------------------------------------------------------------ */

static void every_way_of_normalising_folds_to_the_same(void **state)
{
    (void)state;
    struct source s = make_source();
    struct duet_error e;
    struct duet_weights *got;
    assert_ok(duet_weights_save(s.weights, source_path, &e), e);
    assert_ok(import_labelled(&got, &e), e);
    assert_int_equal(duet_weights_count(got), duet_weights_count(s.expected));
    for (size_t i = 0; i < duet_weights_count(got); i++) {
        const struct duet_tensor *t = duet_weights_at(got, i), *want = duet_weights_find(s.expected, t->name);
        assert_non_null(want);
        assert_true(duet_shape_equal(&t->shape, &want->shape));
        assert_int_equal(t->dtype, DUET_F32);
        assert_memory_equal(t->data, want->data, want->bytes);
    }
    duet_weights_close(&got);
    close_source(&s);
}

static void an_imported_model_opens_and_says_what_it_is(void **state)
{
    (void)state;
    struct source s = make_source();
    struct duet_error e;
    struct duet_weights *got;
    struct duet_model *model;
    static const int32_t sides[2] = {320, 640}; /* height, width */
    assert_ok(duet_weights_add(s.weights, "Preprocessor/map/while/ResizeImage/stack", DUET_I32,
                               &(struct duet_shape){1, {2}}, sides, &e),
              e);
    assert_ok(duet_weights_save(s.weights, source_path, &e), e);
    assert_ok(import_labelled(&got, &e), e);
    assert_ok(duet_weights_save(got, native_path, &e), e);
    duet_weights_close(&got);
    assert_ok(duet_model_open(native_path, &model, &e), e);
    const struct duet_model_config *c = duet_model_config(model);
    const struct duet_head *head = duet_model_head(model, 0);
    assert_true(c->backbone.width_multiplier == 0.35);
    assert_int_equal(c->backbone.channel_divisor, 8);
    assert_int_equal(head->input.width, 640);
    assert_int_equal(head->input.height, 320);
    assert_int_equal(head->config.ssdlite.classes, 2);
    assert_int_equal(head->labels.count, 2);
    assert_string_equal(head->labels.items[1].name, "spoon");
    assert_string_equal(c->source.name, "made-up");
    assert_string_equal(c->source.format, "safetensors");
    assert_string_equal(c->source.licence, "CC0-1.0");
    assert_null(c->source.address);
    assert_int_equal(strlen(c->source.sha256), 64);
    assert_int_equal(strlen(c->data_sha256), 64);
    assert_ok(duet_weights_verify(duet_model_weights(model), NULL, &e), e);
    duet_model_close(&model);
    /* a native file is a source as well, and gives the same tensors */
    struct duet_weights *again;
    struct duet_import_options options = {.struct_size = sizeof options};
    assert_ok(duet_model_import(native_path, &options, &again, &e), e);
    for (size_t i = 0; i < duet_weights_count(s.expected); i++) {
        const struct duet_tensor *want = duet_weights_at(s.expected, i);
        assert_memory_equal(duet_weights_find(again, want->name)->data, want->data, want->bytes);
    }
    duet_weights_close(&again);
    close_source(&s);
}

static void names_are_those_of_the_object_detection_api(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"backbone.conv", "FeatureExtractor/MobilenetV2/Conv"},
        {"backbone.block0.depthwise", "FeatureExtractor/MobilenetV2/expanded_conv/depthwise"},
        {"backbone.block13.expand", "FeatureExtractor/MobilenetV2/expanded_conv_13/expand"},
        {"backbone.conv_1", "FeatureExtractor/MobilenetV2/Conv_1"},
        {"ssdlite.extra0.reduce", "FeatureExtractor/MobilenetV2/layer_19_1_Conv2d_2_1x1_256"},
        {"ssdlite.extra3.depthwise", "FeatureExtractor/MobilenetV2/layer_19_2_Conv2d_5_3x3_s2_128_depthwise"},
        {"ssdlite.extra3.expand", "FeatureExtractor/MobilenetV2/layer_19_2_Conv2d_5_3x3_s2_128"},
        {"ssdlite.map0.box.depthwise", "BoxPredictor_0/BoxEncodingPredictor_depthwise"},
        {"ssdlite.map5.class.predict", "BoxPredictor_5/ClassPredictor"}};
    struct duet_error e;
    struct duet_network *network;
    char scope[DUET_SLIM_SCOPE];
    assert_ok(duet_model_network(&config, 0, &network, &e), e);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_true(duet_network_find(network, names[i][0]) >= 0);
        assert_true(duet_slim_scope(network, names[i][0], scope, sizeof scope));
        assert_string_equal(scope, names[i][1]);
    }
    assert_false(duet_slim_scope(network, "deeplab.aspp0", scope, sizeof scope));
    assert_false(duet_slim_scope(network, "ssdlite.extra9.reduce", scope, sizeof scope));
    duet_network_close(&network);
}

/* --- what is refused ----------------------------------------------------------------------------------- */

/* The source without tensor `leave`, and with `add` (a scalar when `rank` is 0, else [3]) if that is not
 * NULL. Import it and expect `status` and `says`. */
static void expect_refusal(const struct source *s, const char *leave, const char *add, int rank, float value,
                           enum duet_status want, const char *says)
{
    struct duet_error e = {0};
    struct duet_weights *changed, *got;
    assert_ok(duet_weights_create(&changed, &e), e);
    for (size_t i = 0; i < duet_weights_count(s->weights); i++) {
        const struct duet_tensor *t = duet_weights_at(s->weights, i);
        if (leave && strcmp(t->name, leave) == 0) continue;
        assert_ok(duet_weights_add(changed, t->name, t->dtype, &t->shape, t->data, &e), e);
    }
    const float values[3] = {value, value, value};
    if (add)
        assert_ok(duet_weights_add(changed, add, DUET_F32, &(struct duet_shape){rank, {3}}, values, &e), e);
    assert_ok(duet_weights_save(changed, source_path, &e), e);
    enum duet_status status = import_labelled(&got, &e);
    if (status != want || !strstr(e.text, says) || got)
        fail_msg("without %s, with %s: %s '%s', expected %s '%s'", leave, add, duet_status_name(status),
                 e.text, duet_status_name(want), says);
    duet_weights_close(&changed);
}

static const char *first_named(const struct source *s, const char *tail)
{
    for (size_t i = 0; i < duet_weights_count(s->weights); i++) {
        const char *name = duet_weights_at(s->weights, i)->name;
        size_t n = strlen(name), k = strlen(tail);
        if (n > k && strcmp(name + n - k, tail) == 0 && strncmp(name, DUET_SLIM "Conv/", 34) != 0)
            return name;
    }
    fail_msg("no tensor named *%s", tail);
    return NULL;
}

static void a_source_that_is_not_the_network_is_refused(void **state)
{
    (void)state;
    struct source s = make_source();
    static const char *const tails[] = {"/BatchNorm/moving_variance",
                                        "/BatchNorm/moving_mean",
                                        "/BatchNorm/batchnorm/mul",
                                        "/BatchNorm/batchnorm/sub",
                                        "/biases",
                                        ".bias"};
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++)
        expect_refusal(&s, first_named(&s, tails[i]), NULL, 0, 0, DUET_NOT_FOUND, "needs");
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) { /* [3] where [channels] belongs */
        const char *name = first_named(&s, tails[i]);
        expect_refusal(&s, name, name, 1, 1, DUET_MISMATCH, "has shape [3], layer");
    }
    /* tensors that belong to nothing */
    expect_refusal(&s, NULL, "BoxPredictor_6/ClassPredictor/weights", 1, 1, DUET_UNSUPPORTED,
                   "BoxPredictor_6");
    expect_refusal(&s, NULL, DUET_SLIM "expanded_conv_17/x", 1, 1, DUET_UNSUPPORTED, "expanded_conv_17");
    /* scale both folded and beside */
    const char *merged = first_named(&s, "/Conv2D/merged_input");
    char mul[256];
    snprintf(mul, sizeof mul, "%.*s/BatchNorm/batchnorm/mul", (int)(strlen(merged) - 20), merged);
    expect_refusal(&s, NULL, mul, 1, 1, DUET_UNSUPPORTED, "folded");
    /* preprocessing */
    expect_refusal(&s, NULL, "Preprocessor/mul/x", 0, 0.017f, DUET_UNSUPPORTED, "Preprocessor/mul/x");
    expect_refusal(&s, NULL, "Preprocessor/sub/y", 0, 0.5f, DUET_UNSUPPORTED, "Preprocessor/sub/y");
    close_source(&s);
}

/* A model of ours stays what it is, keys that nobody knows included; the options say more of it. */
static void a_native_file_is_written_anew(void **state)
{
    (void)state;
    struct source s = make_source();
    struct duet_error e;
    struct duet_weights *got;
    struct duet_model *model;
    struct duet_import_options options = DUET_IMPORT_OPTIONS;
    options.labels = (struct duet_labels){labels, 2};
    options.name = "first";
    assert_ok(duet_weights_save(s.weights, source_path, &e), e);
    assert_ok(duet_model_import(source_path, &options, &got, &e), e);
    /* two heads, and more than we know */
    struct duet_head heads[2] = {SSDLITE_HEAD(300, 300, 2), SSDLITE_HEAD(300, 300, 2)};
    heads[1].name = "cups";
    struct duet_model_config two = {.backbone = {0.35, 8}, .heads = heads, .head_count = 1, .source.name = "first"};
    static const char base[] = "{\"shoe\":[1],\"source\":{\"shoe\":2},\"training\":{\"settings\":{\"lr\":1}}}";
    two.training.settings = "{\"lr\":1}";
    char *text = duet_metadata_write(&two, base);
    assert_ok(duet_weights_set_metadata(got, text, &e), e);
    free(text);
    assert_ok(duet_weights_save(got, native_path, &e), e);
    duet_weights_close(&got);
    options = (struct duet_import_options)DUET_IMPORT_OPTIONS;
    options.licence = "MIT";
    options.not_for = "VOC2012/val";
    assert_ok(duet_model_import(native_path, &options, &got, &e), e);
    const char *metadata = duet_weights_metadata(got);
    assert_non_null(strstr(metadata, "\"shoe\":[1]"));
    assert_non_null(strstr(metadata, "\"shoe\":2"));
    assert_non_null(strstr(metadata, "\"settings\":{\"lr\":1}"));
    assert_ok(duet_weights_save(got, native_path, &e), e);
    duet_weights_close(&got);
    assert_ok(duet_model_open(native_path, &model, &e), e);
    assert_string_equal(duet_model_config(model)->source.name, "first");
    assert_string_equal(duet_model_config(model)->source.licence, "MIT");
    assert_string_equal(duet_model_config(model)->training.not_for, "VOC2012/val");
    assert_non_null(duet_weights_find(duet_model_weights(model), "ssdlite.map0.box.predict.weight"));
    duet_model_close(&model);
    /* a head more, for which there are no tensors */
    two.head_count = 2;
    text = duet_metadata_write(&two, NULL);
    assert_ok(duet_weights_open(native_path, &got, &e), e);
    assert_ok(duet_weights_set_metadata(got, text, &e), e);
    assert_ok(duet_weights_save(got, source_path, &e), e);
    duet_weights_close(&got);
    free(text);
    assert_fails(DUET_NOT_FOUND, duet_model_import(source_path, &options, &got, &e), e);
    assert_non_null(strstr(e.text, "layer cups.extra0.reduce needs cups.extra0.reduce.weight"));
    assert_null(got);
    close_source(&s);
}

static void numbers_that_are_none_are_refused(void **state)
{
    (void)state;
    struct source s = make_source();
    const char *name = first_named(&s, "/biases");
    struct duet_tensor *t = (struct duet_tensor *)(uintptr_t)duet_weights_find(s.weights, name);
    *(float *)(uintptr_t)t->data = NAN;
    expect_refusal(&s, NULL, NULL, 0, 0, DUET_BAD_FORMAT, "finite");
    close_source(&s);
}

static void options_are_checked(void **state)
{
    (void)state;
    struct source s = make_source();
    struct duet_error e;
    struct duet_weights *got;
    assert_ok(duet_weights_save(s.weights, source_path, &e), e);
    static const struct duet_label bad[][2] = {
        {{1, "a"}, {3, "b"}}, {{2, "a"}, {1, "b"}}, {{0, "a"}, {1, "b"}}, {{1, ""}, {2, "b"}}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct duet_import_options options = {.struct_size = sizeof options, .labels = {bad[i], 2}};
        assert_fails(DUET_BAD_ARGUMENT, duet_model_import(source_path, &options, &got, &e), e);
        assert_null(got);
    }
    struct duet_import_options options = {.struct_size = sizeof options, .sha256 = "00"};
    assert_fails(DUET_MISMATCH, duet_model_import(source_path, &options, &got, &e), e);
    options = (struct duet_import_options){.struct_size = sizeof options, .name = "\xff"};
    assert_int_not_equal(duet_model_import(source_path, &options, &got, &e), DUET_OK);
    close_source(&s);
}

static void other_kinds_of_files_are_told_by_their_content(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        enum duet_status status;
        const char *says;
    } cases[] = {{"", 0, DUET_BAD_FORMAT, "not a model"},
                 {"\x89PNG\r\n\x1a\n____________", 20, DUET_BAD_FORMAT, "not a model"},
                 {"\x1c\0\0\0TFL3____", 12, DUET_BAD_FORMAT, "root"},
                 {"\x0a\x40\x0a\x05input\x12\x0bPlaceholder", 22, DUET_UNSUPPORTED, "frozen"},
                 {"\x0a\xc0\x01\x0a\x05input\x12\x0bPlaceholder", 23, DUET_UNSUPPORTED, "frozen"},
                 {"\x0a", 1, DUET_BAD_FORMAT, "not a model"},
                 {"\x1f\x8b\x08\0\0\0\0\0\0\0", 10, DUET_UNSUPPORTED, "unpack"},
                 {" \n{\"weightsManifest\":[]}", 24, DUET_UNSUPPORTED, "SSDLite"},
                 {" \n{\"x\":[]}", 10, DUET_BAD_FORMAT, "weightsManifest"},
                 {"\x02\0\0\0\0\0\0\0{}", 10, DUET_UNSUPPORTED, "SSDLite"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct duet_error e = {0};
        struct duet_weights *got;
        FILE *f = fopen(source_path, "wb");
        assert_non_null(f);
        fwrite(cases[i].bytes, 1, cases[i].size, f);
        fclose(f);
        enum duet_status status = duet_model_import(source_path, NULL, &got, &e);
        if (status != cases[i].status || !strstr(e.text, cases[i].says) || got)
            fail_msg("case %zu: %s '%s', expected %s '%s'", i, duet_status_name(status), e.text,
                     duet_status_name(cases[i].status), cases[i].says);
    }
    struct duet_error e;
    struct duet_weights *got;
    assert_fails(DUET_NOT_FOUND, duet_model_import("no/such/file", NULL, &got, &e), e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_of_normalising_folds_to_the_same),
        cmocka_unit_test(an_imported_model_opens_and_says_what_it_is),
        cmocka_unit_test(names_are_those_of_the_object_detection_api),
        cmocka_unit_test(a_source_that_is_not_the_network_is_refused),
        cmocka_unit_test(a_native_file_is_written_anew),
        cmocka_unit_test(numbers_that_are_none_are_refused),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(other_kinds_of_files_are_told_by_their_content),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
