#include "support/heads.h"
#include "support/testing.h"

#include "heads/metadata.h"

#include <unistd.h>

static char folder[] = "model_test_XXXXXX", path[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/x.safetensors", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

/* A file of no tensors and the given metadata (NULL: none). Opens it. */
static enum duet_status open_with(const char *metadata, struct duet_model **model, struct duet_error *error)
{
    struct duet_error e;
    struct duet_weights *w;
    assert_ok(duet_weights_create(&w, &e), e);
    if (metadata) assert_ok(duet_weights_set_metadata(w, metadata, &e), e);
    assert_ok(duet_weights_save(w, path, &e), e);
    duet_weights_close(&w);
    return duet_model_open(path, model, error);
}

static void a_config_survives_the_file(void **state)
{
    (void)state;
    static const struct duet_label labels[] = {{3, "a \"b\""}, {9, "\xc3\xa9"}};
    struct duet_head head = SSDLITE_HEAD(640, 480, 9);
    head.labels = (struct duet_labels){labels, 2};
    head.name = "things";
    head.input.scale = 1 / 127.0;
    struct duet_model_config in = {.backbone = {1.4, 4},
                                   .heads = &head,
                                   .head_count = 1,
                                   .training = {.on = "o", .not_for = "n", .settings = "{\"rate\":[1]}"},
                                   .source = {.name = "n", .format = "f", .address = "a", .licence = "l"}};
    char *json = duet_metadata_write(&in, NULL);
    assert_non_null(json);
    struct duet_error e;
    struct duet_model *model;
    assert_ok(open_with(json, &model, &e), e);
    free(json);
    const struct duet_model_config *c = duet_model_config(model);
    const struct duet_head *h = duet_model_head(model, 0);
    assert_int_equal(duet_model_head_count(model), 1);
    assert_ptr_equal(h, c->heads);
    assert_memory_equal(&h->input, &head.input, sizeof head.input);
    assert_true(c->backbone.width_multiplier == 1.4 && c->backbone.channel_divisor == 4);
    assert_true(h->kind == DUET_SSDLITE && h->config.ssdlite.classes == 9 && h->output_stride == 32);
    assert_int_equal(h->labels.count, 2);
    assert_int_equal(h->labels.items[1].id, 9);
    assert_string_equal(h->labels.items[0].name, "a \"b\"");
    assert_string_equal(h->taps[1].layer, "backbone.conv_1");
    assert_int_equal(c->precision, DUET_PRECISION_FLOAT32);
    assert_string_equal(c->source.format, "f");
    assert_null(c->source.sha256);
    assert_string_equal(c->training.on, "o");
    assert_string_equal(c->training.not_for, "n");
    assert_string_equal(c->training.settings, "{\"rate\":[1]}");
    assert_null(c->training.base_sha256);
    assert_non_null(c->data_sha256);
    assert_int_equal(c->revision, DUET_MODEL_REVISION);
    struct duet_network *network;
    assert_ok(duet_model_network(c, 0, &network, &e), e);
    assert_true(duet_network_find(network, "things.map5.class.predict") > 0);
    duet_network_close(&network);
    duet_model_close(&model);
    assert_null(model);
    duet_model_close(&model);
    in.source.name = "\xff"; /* JSON holds UTF-8 only */
    assert_null(duet_metadata_write(&in, NULL));
}

static void the_last_reference_frees(void **state)
{
    (void)state;
    struct duet_head head = CLASSIFIER_HEAD(32, 32, 3);
    struct duet_model_config in = {.backbone = {1, 8}, .heads = &head, .head_count = 1};
    char *json = duet_metadata_write(&in, NULL);
    struct duet_error e;
    struct duet_model *model, *again;
    assert_ok(open_with(json, &model, &e), e);
    free(json);
    again = duet_model_retain(model);
    assert_ptr_equal(again, model);
    duet_model_close(&model);
    assert_null(model);
    assert_string_equal(duet_model_head(again, 0)->name, "classifier");
    duet_model_close(&again);
}

static void heads_are_found(void **state)
{
    (void)state;
    struct duet_head heads[4] = {DEEPLABV3_HEAD(65, 65, 16, 3, 8, false), SSDLITE_HEAD(64, 64, 2),
                                 SSDLITE_HEAD(64, 64, 7), DEEPLABV3_HEAD(65, 65, 16, 5, 8, true)};
    heads[1].name = "cups";
    heads[3].name = "rooms";
    const struct duet_model_config in = {.backbone = {0.35, 8}, .heads = heads, .head_count = 4};
    char *json = duet_metadata_write(&in, NULL);
    struct duet_error e;
    struct duet_model *model;
    struct duet_network *network;
    assert_ok(open_with(json, &model, &e), e);
    free(json);
    const struct duet_head *first = duet_model_head(model, 0);
    assert_ptr_equal(duet_model_find_head(model, "deeplabv3"), first);
    assert_ptr_equal(duet_model_find_head(model, "cups"), first + 1);
    assert_ptr_equal(duet_model_find_head(model, "ssdlite"), first + 2); /* its name before another's kind */
    assert_ptr_equal(duet_model_find_head(model, "rooms"), first + 3);
    assert_null(duet_model_find_head(model, "guided"));
    assert_ptr_equal(duet_model_task_head(model, DUET_DETECTION), first + 1);
    assert_ptr_equal(duet_model_task_head(model, DUET_SEGMENTATION), first);
    assert_null(duet_model_task_head(model, DUET_CLASSIFICATION));
    assert_null(duet_model_head(model, 4));
    assert_null(duet_model_head(model, -1));
    /* two heads of a kind lie side by side */
    assert_ok(duet_model_network(duet_model_config(model), 0, &network, &e), e);
    assert_int_equal(duet_network_output_count(network), 1 + 12 + 12 + 1);
    assert_true(duet_network_find(network, "cups.map0.box.predict") > 0);
    assert_true(duet_network_find(network, "ssdlite.map0.box.predict") > 0);
    assert_true(duet_network_find(network, "deeplabv3.logits") > 0);
    assert_true(duet_network_find(network, "rooms.aspp3") > 0);
    duet_network_close(&network);
    duet_model_close(&model);
}

#define SSDLITE                                                                                              \
    "{\"kind\":\"ssdlite\",\"config\":{\"classes\":90},\"labels\":[{\"id\":1,\"name\":\"person\"},"          \
    "{\"id\":90,\"name\":\"b\"}],\"input\":{\"width\":300,\"height\":300,\"resize\":\"stretch\","            \
    "\"scale\":0.0078125,\"shift\":-1},\"output_stride\":32,"                                                \
    "\"taps\":[\"backbone.block13.expand\",\"backbone.conv_1\"]}"
#define DEEPLABV3                                                                                            \
    "{\"kind\":\"deeplabv3\",\"name\":\"rooms\",\"config\":{\"classes\":21,\"depth\":256,"                   \
    "\"atrous_branches\":false},\"input\":{\"width\":513,\"height\":513,\"resize\":\"pad\","                 \
    "\"scale\":0.0078125,\"shift\":-1},\"output_stride\":16,\"taps\":[32]}"
#define GUIDED                                                                                               \
    "{\"kind\":\"guided\",\"config\":{\"classes\":3,\"depth\":256,\"lateral\":128,\"decoder\":128,"          \
    "\"skip\":32,\"boxes_of\":\"ssdlite\",\"box_threshold\":0.05,\"categories\":[0,17]},"                    \
    "\"input\":{\"width\":300,\"height\":300,\"resize\":\"stretch\",\"scale\":0.0078125,\"shift\":-1},"      \
    "\"output_stride\":32,\"taps\":[\"backbone.block13.expand\",32,8]}"
#define GOOD                                                                                                 \
    "{\"format_version\":2,\"backbone\":{\"kind\":\"mobilenet_v2\",\"width_multiplier\":1,"                  \
    "\"channel_divisor\":8},\"heads\":[" SSDLITE "," DEEPLABV3 "," GUIDED "],\"precision\":\"float32\","     \
    "\"training\":{\"on\":\"t\",\"settings\":{}},\"source\":{\"name\":\"x\"},\"revision\":3}"

/* GOOD with the first `from` behind `after` replaced by `to`. */
static const char *with(const char *after, const char *from, const char *to)
{
    static char text[4096];
    const char *at = strstr(GOOD, after);
    at = at ? strstr(at, from) : NULL;
    if (!at) fail_msg("no %s after %s", from, after);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - GOOD), GOOD, to, at + strlen(from));
    return text;
}

struct fault {
    const char *after, *from, *to, *says; /* NULL: nothing to say */
    enum duet_status status;              /* 0: DUET_BAD_FORMAT */
};

static void check_faults(const struct fault *faults, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct fault *f = &faults[i];
        struct duet_error e = {.text = ""};
        struct duet_model *model = NULL;
        enum duet_status want = !f->says ? DUET_OK : f->status ? f->status : DUET_BAD_FORMAT;
        enum duet_status status = open_with(with(f->after, f->from, f->to), &model, &e);
        if (status != want || (f->says && (!strstr(e.text, f->says) || !strstr(e.text, path))) ||
            !model == (want == DUET_OK))
            fail_msg("%s: %s '%s', expected %s '%s'", f->to, duet_status_name(status), e.text,
                     duet_status_name(want), f->says ? f->says : "");
        duet_model_close(&model);
    }
}

static void every_field_is_checked(void **state)
{
    (void)state;
    static const struct fault faults[] = {
        {"", "{", "{", NULL, 0},
        {"", "on\":2", "on\":3", "version 3, this build reads up to 2", DUET_UNSUPPORTED},
        {"", "on\":2", "on\":0", "metadata: format_version: expected a whole number from 1 up, got 0", 0},
        {"", "on\":2", "on\":\"2\"", "format_version: expected a whole number from 1 up, got \"2\"", 0},
        {"", "\"format_version\":2,", "", "format_version: expected a whole number from 1 up, got nothing",
         0},
        {"", "on\":2", "on\":1",
         "version 1, this build reads 2; to make it anew: 'models fetch x --update -o ", DUET_UNSUPPORTED},
        {"", "mobilenet_v2", "resnet", "backbone.kind: expected mobilenet_v2, got 'resnet'",
         DUET_UNSUPPORTED},
        {"", "\"mobilenet_v2\"", "5", "backbone.kind: expected \"mobilenet_v2\", got 5", 0},
        {"", "{\"kind\":\"mobilenet_v2\",\"width_multiplier\":1,\"channel_divisor\":8}", "[]",
         "metadata: backbone: expected an object, got []", 0},
        {"", "multiplier\":1", "multiplier\":0.01",
         "backbone.width_multiplier: expected a number from 0.1 to 4, got 0.01", 0},
        {"", "multiplier\":1", "multiplier\":null", "from 0.1 to 4, got null", 0},
        {"", "divisor\":8", "divisor\":0", "backbone.channel_divisor: expected a whole number from 1 to 64",
         0},
        {"", "divisor\":8", "divisor\":8.5", "backbone.channel_divisor", 0},
        {"", "heads\":[", "feet\":[", "metadata: heads: expected an array of up to 16, got nothing", 0},
        {"", "\"float32\"", "\"int8\"",
         "metadata: quantization.layers: expected ranges, which precision int8 needs, got nothing", 0},
        {"", "\"float32\"", "\"bf16\"", "precision: expected float32 or int8, got 'bf16'", DUET_UNSUPPORTED},
        {"", "\"float32\"", "8", "precision: expected \"float32\" or \"int8\", got 8", 0},
        {"", "\"precision\":\"float32\",", "", NULL, 0},
        {"", "\"float32\"", "null,\"quantization\":null", NULL, 0},
        {"training", "\"t\"", "7", "training.on: expected a text, got 7", 0},
        {"training", "\"t\"", "null", NULL, 0},
        {"training", "{}", "null", NULL, 0},
        {"", "{\"on\":\"t\",\"settings\":{}}", "null", NULL, 0},
        {"training", "{}", "[]", "training.settings: expected an object, got []", 0},
        {"", "\"training\":{\"on\":\"t\",\"settings\":{}}", "\"training\":1", "training: expected an object",
         0},
        {"source", "\"name\":\"x\"", "\"licence\":7", "source.licence: expected a text, got 7", 0},
        {"source", "{\"name\":\"x\"}", "\"x\"", "metadata: source: expected an object, got \"x\"", 0},
        {"source", "{\"name\":\"x\"}", "null", NULL, 0},
        {"", "on\":3", "on\":0", "metadata: revision: expected a whole number from 1 up, got 0", 0},
        {"", "}],\"precision\"", "},{\"kind\":7}],\"precision\"", "heads[3].kind: expected the name", 0},
    };
    check_faults(faults, sizeof faults / sizeof faults[0]);
}

static void every_field_of_a_head_is_checked(void **state)
{
    (void)state;
    static const struct fault faults[] = {
        {"ssdlite", "ssdlite", "yolo",
         "heads[0].kind: expected ssdlite, deeplabv3, classifier or guided, got 'yolo'", DUET_UNSUPPORTED},
        {"", SSDLITE, "8", "heads[0].kind: expected the name of a kind of head, got nothing", 0},
        {"", "rooms", "", "heads[1].name: expected 1 to 32 letters", 0},
        {"", "\"rooms\"", "null", NULL, 0},
        {"", "rooms", "a.b", "heads[1].name: expected 1 to 32 letters", 0},
        {"", "rooms", "backbone", "heads[1].name", 0},
        {"", "rooms", "abcdefghijklmnopqrstuvwxyz1234567", "heads[1].name", 0},
        {"", "rooms", "ssdlite", "heads[1].name: expected another one for each head, got \"ssdlite\"", 0},
        {"ssdlite", "\"config\"", "\"conf\"", "heads[0].config: expected an object, got nothing", 0},
        {"ssdlite", "classes\":90", "classes\":0",
         "heads[0].config.classes: expected a whole number from 1 to 10000, got 0", 0},
        {"ssdlite", "classes\":90", "classes\":10001", "heads[0].config.classes", 0},
        {"ssdlite", "classes\":90", "classes\":1", "heads[0].labels: expected an array of up to 1, got [", 0},
        {"ssdlite", "\"id\":90", "\"id\":91",
         "heads[0].labels[1].id: expected a whole number from 2 to 90, got 91", 0},
        {"ssdlite", "\"id\":90", "\"id\":1", "heads[0].labels[1].id", 0},
        {"ssdlite", "\"id\":1,", "\"id\":0,", "heads[0].labels[0].id: expected a whole number from 1 to 90",
         0},
        {"ssdlite", "\"name\":\"b\"", "\"name\":\"\"",
         "heads[0].labels[1].name: expected a text that is not empty, got \"\"", 0},
        {"ssdlite", "{\"id\":90,\"name\":\"b\"}", "7", "heads[0].labels[1].id", 0},
        {"ssdlite", "width\":300", "width\":-3",
         "heads[0].input.width: expected a whole number from 1 to 8192, got -3", 0},
        {"rooms", "width\":513", "width\":0", "heads[1].input.width", 0},
        {"ssdlite", "height\":300", "height\":8193", "heads[0].input.height", 0},
        {"ssdlite", "height\":300", "height\":4294967596", "heads[0].input.height", 0},
        {"ssdlite", "stretch", "crop", "heads[0].input.resize: expected \"stretch\" or \"pad\", got \"crop\"",
         0},
        {"ssdlite", "\"stretch\"", "0", "heads[0].input.resize", 0},
        {"ssdlite", "0.0078125", "0", "heads[0].input.scale: expected a number from 1e-06 to 1e+06, got 0",
         0},
        {"ssdlite", "shift\":-1", "shift\":\"-1\"", "heads[0].input.shift", 0},
        {"ssdlite", "stride\":32", "stride\":24", "heads[0].output_stride: expected 8, 16 or 32, got 24", 0},
        {"rooms", "stride\":16", "stride\":4", "heads[1].output_stride", 0},
        {"ssdlite", ",\"backbone.conv_1\"]", "]",
         "heads[0].taps: expected 2 for a head of kind ssdlite, got [", 0},
        {"ssdlite", "\"backbone.conv_1\"", "true",
         "heads[0].taps[1]: expected the name of a layer, or stride", 0},
        {"ssdlite", "\"backbone.conv_1\"", "64", "heads[0].taps[1]", 0},
        {"ssdlite", "block13", "block17",
         "heads[0]: taps[0]: expected a layer of the network, got 'backbone.block17.expand'", 0},
        {"rooms", "[32]", "32", "heads[1].taps: expected an array of up to 8, got 32", 0},
        {"rooms", "[32]", "[16]", NULL, 0},
        {"rooms", "[32]", "[\"backbone.block4.add\"]", NULL, 0},
        {"rooms", "\"classes\":21", "\"classes\":1",
         "heads[1].config.classes: expected a whole number from 2", 0},
        {"rooms", "\"classes\":21", "\"classes\":256", "heads[1].config.classes", 0},
        {"rooms", "depth\":256", "depth\":0", "heads[1].config.depth", 0},
        {"rooms", ",\"depth\":256", "",
         "heads[1].config.depth: expected a whole number from 1 to 4096, got noth", 0},
        {"rooms", "false", "1", "heads[1].config.atrous_branches: expected true or false, got 1", 0},
        {"rooms", ",\"atrous_branches\":false", "", NULL, 0},
        {"rooms", "false", "null", NULL, 0},
        {"guided", "\"ssdlite\"", "\"rooms\"",
         "heads[2].config.boxes_of: expected the name of a detection head, got \"rooms\"", 0},
        {"guided", "\"ssdlite\"", "8", "heads[2].config.boxes_of: expected a text", 0},
        {"guided", "0.05", "1.5", "heads[2].config.box_threshold: expected a number from 0 to 1", 0},
        {"guided", "[0,17]", "[0]", "heads[2].config.categories: expected an id for each class", 0},
        {"guided", "[0,17]", "[0,\"x\"]", "heads[2].config.categories: expected whole numbers", 0},
        {"guided", "[0,17]", "[0,91]", "heads[2].config.categories: expected classes of the head", 0},
        {"guided", "skip\":32", "skip\":-1", "heads[2].config.skip", 0},
    };
    check_faults(faults, sizeof faults / sizeof faults[0]);
}

/* A model of one head that says so of its precision. */
static enum duet_status open_quantized(const char *precision, const char *quantization,
                                       struct duet_model **model, struct duet_error *error)
{
    char text[4096];
    snprintf(text, sizeof text,
             "{\"format_version\":2,\"backbone\":{\"kind\":\"mobilenet_v2\",\"width_multiplier\":1,"
             "\"channel_divisor\":8},\"heads\":[" SSDLITE "],\"precision\":\"%s\",\"quantization\":%s}",
             precision, quantization);
    return open_with(text, model, error);
}

static void ranges_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says; /* NULL: nothing to say */
    } cases[] = {
        {"\"layers\":{}", NULL},
        {"\"layers\":{\"input\":{\"scale\":1,\"zero_point\":255,\"shoe\":1}},\"float32\":[\"backbone.conv\"]",
         NULL},
        {"\"layers\":{},\"float32\":null,\"calibration\":null", NULL},
        {"\"layers\":{},\"calibration\":{\"pictures\":64,\"on\":null,\"worst\":\"x\",\"worst_sqnr\":9.5}",
         NULL},
        {"\"layers\":[]", "metadata: quantization.layers: expected an object, got []"},
        {"\"float32\":[]", "metadata: quantization.layers: expected an object, got nothing"},
        {"\"layers\":{\"no.layer\":{\"scale\":1,\"zero_point\":0}}",
         "metadata: quantization.layers.no.layer: expected the name of a layer"},
        {"\"layers\":{\"input\":7}", "quantization.layers.input: expected an object, got 7"},
        {"\"layers\":{\"input\":{\"zero_point\":0}}",
         "quantization.layers.input.scale: expected a number from 1e-12 to 1e+12, got nothing"},
        {"\"layers\":{\"input\":{\"scale\":0,\"zero_point\":0}}", "to 1e+12, got 0"},
        {"\"layers\":{\"input\":{\"scale\":-1,\"zero_point\":0}}", "to 1e+12, got -1"},
        {"\"layers\":{\"input\":{\"scale\":1e300,\"zero_point\":0}}", "to 1e+12, got 1e300"},
        {"\"layers\":{\"input\":{\"scale\":1e-300,\"zero_point\":0}}", "to 1e+12, got 1e-300"},
        {"\"layers\":{\"input\":{\"scale\":[1],\"zero_point\":0}}", "to 1e+12, got [1]"},
        {"\"layers\":{\"input\":{\"scale\":1}}",
         "layers.input.zero_point: expected a whole number from 0 to 255, got nothing"},
        {"\"layers\":{\"input\":{\"scale\":1,\"zero_point\":256}}", "0 to 255, got 256"},
        {"\"layers\":{\"input\":{\"scale\":1,\"zero_point\":-1}}", "0 to 255, got -1"},
        {"\"layers\":{\"input\":{\"scale\":1,\"zero_point\":1.5}}", "0 to 255, got 1.5"},
        {"\"layers\":{},\"float32\":{}", "quantization.float32: expected an array of up to 65536, got {}"},
        {"\"layers\":{},\"float32\":[8]", "quantization.float32: expected names of layers, got 8"},
        {"\"layers\":{},\"float32\":[\"shoe\"]",
         "quantization.float32: expected names of layers, got 'shoe'"},
        {"\"layers\":{},\"calibration\":[]", "quantization.calibration: expected an object, got []"},
        {"\"layers\":{},\"calibration\":{\"pictures\":-1}",
         "quantization.calibration.pictures: expected a whole number from 0 to"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[1024];
        struct duet_error e = {.text = ""};
        struct duet_model *model;
        snprintf(text, sizeof text, "{\"rounding\":\"half_even\",%s}", cases[i].text);
        enum duet_status status = open_quantized("float32", text, &model, &e);
        if (cases[i].says ? status != DUET_BAD_FORMAT || !strstr(e.text, cases[i].says) : status != DUET_OK)
            fail_msg("%s: %s '%s'", cases[i].text, duet_status_name(status), e.text);
        if (model) assert_string_equal(duet_model_config(model)->quantization.rounding, "half_even");
        duet_model_close(&model);
    }
    struct duet_error e;
    struct duet_model *model;
    assert_fails(DUET_BAD_FORMAT,
                 open_quantized("float32", "{\"rounding\":\"up\",\"layers\":{}}", &model, &e), e);
    assert_non_null(strstr(e.text, "quantization.rounding: expected \"half_even\", got \"up\""));
    assert_fails(DUET_BAD_FORMAT, open_quantized("float32", "7", &model, &e), e);
    assert_non_null(strstr(e.text, "metadata: quantization: expected an object, got 7"));
}

/* What a file says of bytes is what its network computes in; float32 is in a copy. */
static void a_file_of_int8_computes_in_it(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_model *model;
    struct duet_network *network;
    struct duet_model_range ranges[200];
    static const char *const kept[] = {"backbone.conv_1"};
    struct duet_head head = SSDLITE_HEAD(64, 64, 9);
    struct duet_model_config in = {.backbone = {1, 8}, .heads = &head, .head_count = 1};
    assert_ok(duet_model_network(&in, 0, &network, &e), e);
    int count = duet_network_layer_count(network);
    assert_true(count <= 200);
    for (int i = 0; i < count; i++)
        ranges[i] = (struct duet_model_range){duet_network_layer(network, i)->name, i == 0 ? 0.1f : 0.25f, 3};
    in.precision = DUET_PRECISION_INT8;
    in.quantization = (struct duet_model_quantization){
        .rounding = "half_even", .ranges = ranges, .range_count = count, .float32 = kept, .float32_count = 1};
    char *json = duet_metadata_write(&in, NULL);
    assert_ok(open_with(json, &model, &e), e);
    free(json);
    in.quantization.range_count = 2; /* of the picture and the first layer alone */
    json = duet_metadata_write(&in, NULL);
    struct duet_model *poor;
    assert_fails(DUET_BAD_FORMAT, open_with(json, &poor, &e), e);
    assert_non_null(strstr(e.text, "metadata: quantization: layer backbone.block0.project computes in whole "
                                   "numbers, but backbone.block0.depthwise, which it reads, has no scale"));
    free(json);
    duet_network_close(&network);
    struct duet_model_config config = *duet_model_config(model);
    assert_int_equal(config.precision, DUET_PRECISION_INT8);
    assert_ok(duet_model_network(&config, 0, &network, &e), e);
    const struct duet_layer *conv = duet_network_layer(network, duet_network_find(network, "backbone.conv"));
    assert_true(conv->numbers.integers && conv->numbers.scale == 0.25f && conv->numbers.zero_point == 3);
    assert_false(
        duet_network_layer(network, duet_network_find(network, "backbone.conv_1"))->numbers.integers);
    assert_true(duet_network_layer(network, 0)->numbers.scale == 0.1f);
    duet_network_close(&network);
    config.precision = DUET_PRECISION_FLOAT32;
    assert_ok(duet_model_network(&config, 0, &network, &e), e);
    conv = duet_network_layer(network, duet_network_find(network, "backbone.conv"));
    assert_true(!conv->numbers.integers && conv->numbers.scale == 0);
    duet_network_close(&network);
    duet_model_close(&model);
}

/* Scales come back to the last bit, whatever they are. */
static void ranges_survive_the_file(void **state)
{
    (void)state;
    static const struct duet_model_range ranges[] = {
        {"input", 0.00784313772f, 128}, {"backbone.conv", 0.0235294122f, 0}, {"backbone.conv_1", 1e12f, 255}};
    static const char *const kept[] = {"backbone.block1.project"};
    struct duet_head head = SSDLITE_HEAD(64, 64, 9);
    struct duet_model_config in = {
        .backbone = {1, 8},
        .heads = &head,
        .head_count = 1,
        .quantization = {"half_even", ranges, 3, kept, 1, {"streets", 64, "conv", 9.5}}};
    char *json = duet_metadata_write(
        &in, "{\"quantization\":{\"shoe\":1,\"layers\":{\"gone\":{},\"input\":{\"a\":2}}}}");
    struct duet_error e;
    struct duet_model *model;
    assert_ok(open_with(json, &model, &e), e);
    assert_non_null(strstr(json, "\"shoe\":1"));
    assert_non_null(strstr(json, "\"input\":{\"a\":2,"));
    assert_null(strstr(json, "gone"));
    const struct duet_model_quantization *q = &duet_model_config(model)->quantization;
    assert_int_equal(duet_model_config(model)->precision, DUET_PRECISION_FLOAT32);
    assert_int_equal(q->range_count, 3);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(q->ranges[i].layer, ranges[i].layer);
        assert_memory_equal(&q->ranges[i].scale, &ranges[i].scale, sizeof ranges[i].scale);
        assert_int_equal(q->ranges[i].zero_point, ranges[i].zero_point);
    }
    assert_int_equal(q->float32_count, 1);
    assert_string_equal(q->float32[0], kept[0]);
    assert_string_equal(q->calibration.on, "streets");
    assert_int_equal(q->calibration.pictures, 64);
    assert_string_equal(q->calibration.worst, "conv");
    assert_true(q->calibration.worst_sqnr == 9.5);
    duet_model_close(&model);
    in.precision = DUET_PRECISION_MODEL;
    in.quantization = (struct duet_model_quantization){0};
    char *without = duet_metadata_write(&in, json); /* of weights that have changed, ranges say nothing */
    assert_null(strstr(without, "quantization"));
    free(without);
    free(json);
}

/* Nobody knows where it came from: the other way to make it anew. */
static void version_1_without_a_name(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_model *model;
    assert_fails(DUET_UNSUPPORTED,
                 open_with("{\"format_version\":1,\"architecture\":\"mobilenet_v2\"}", &model, &e), e);
    assert_non_null(strstr(e.text, "; to make it anew: 'models import SOURCE --force -o "));
    assert_null(model);
}

/* What a file says that this build does not know is kept when it is written anew. */
static void unknown_keys_are_kept(void **state)
{
    (void)state;
    static const char base[] =
        "{\"format_version\":2,\"shoe\":[1],\"backbone\":{\"kind\":\"mobilenet_v2\",\"shoe\":2},\"heads\":["
        "{\"kind\":\"ssdlite\",\"shoe\":3,\"config\":{\"shoe\":4},\"input\":{\"shoe\":5}},"
        "{\"kind\":\"classifier\",\"name\":\"rooms\",\"shoe\":6}],\"training\":{\"shoe\":7,\"settings\":{}},"
        "\"source\":{\"shoe\":8,\"sha256\":\"old\"},"
        "\"data\":{\"sha256\":\"s\"},\"scores\":[{}]}";
    const struct duet_head heads[2] = {CLASSIFIER_HEAD(32, 32, 3), SSDLITE_HEAD(64, 64, 2)};
    const struct duet_model_config in = {.backbone = {1, 8}, .heads = heads, .head_count = 2};
    char *text = duet_metadata_write(&in, base);
    assert_non_null(text);
    static const char *const kept[] = {"\"shoe\":[1]", "\"shoe\":2", "\"shoe\":3", "\"shoe\":4",
                                       "\"shoe\":5",   "\"shoe\":7", "\"shoe\":8", "\"scores\":[{}]"};
    static const char *const gone[] = {"\"shoe\":6", "settings", "\"old\"", "\"data\"", "rooms"};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        if (!strstr(text, kept[i])) fail_msg("no %s in %s", kept[i], text);
    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++)
        if (strstr(text, gone[i])) fail_msg("%s in %s", gone[i], text);
    free(text);
}

static void files_that_are_no_models_are_refused(void **state)
{
    (void)state;
    static const uint8_t plain[] = {2, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
    struct duet_error e;
    struct duet_model *model;
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fwrite(plain, 1, sizeof plain, f);
    fclose(f);
    assert_fails(DUET_BAD_FORMAT, duet_model_open(path, &model, &e), e);
    assert_non_null(strstr(e.text, "metadata"));
    assert_fails(DUET_BAD_FORMAT, open_with(NULL, &model, &e), e);
    assert_fails(DUET_NOT_FOUND, duet_model_open("no/such/file", &model, &e), e);
    assert_null(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_config_survives_the_file),
        cmocka_unit_test(the_last_reference_frees),
        cmocka_unit_test(heads_are_found),
        cmocka_unit_test(every_field_is_checked),
        cmocka_unit_test(every_field_of_a_head_is_checked),
        cmocka_unit_test(ranges_are_checked),
        cmocka_unit_test(a_file_of_int8_computes_in_it),
        cmocka_unit_test(ranges_survive_the_file),
        cmocka_unit_test(version_1_without_a_name),
        cmocka_unit_test(unknown_keys_are_kept),
        cmocka_unit_test(files_that_are_no_models_are_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
