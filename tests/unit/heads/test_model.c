#include "support/testing.h"

#include "duet/model.h"

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
    struct duet_model_config in = {.input_width = 640,
                                   .input_height = 480,
                                   .width_multiplier = 1.4,
                                   .channel_divisor = 4,
                                   .has_ssdlite = true,
                                   .ssdlite = {9},
                                   .ssdlite_labels = {labels, 2},
                                   .preprocessing = "none",
                                   .source = {.name = "n", .format = "f", .address = "a", .licence = "l"}};
    char *json = duet_model_config_json(&in);
    assert_non_null(json);
    struct duet_error e;
    struct duet_model *model;
    assert_ok(open_with(json, &model, &e), e);
    free(json);
    const struct duet_model_config *c = duet_model_config(model);
    assert_true(c->input_width == 640 && c->input_height == 480 && c->channel_divisor == 4);
    assert_true(c->width_multiplier == 1.4 && c->has_ssdlite && c->ssdlite.classes == 9);
    assert_int_equal(c->ssdlite_labels.count, 2);
    assert_int_equal(c->ssdlite_labels.items[1].id, 9);
    assert_string_equal(c->ssdlite_labels.items[0].name, "a \"b\"");
    assert_string_equal(c->architecture, "ssdlite_mobilenet_v2");
    assert_string_equal(c->preprocessing, "none");
    assert_string_equal(c->source.format, "f");
    assert_null(c->source.sha256);
    assert_non_null(c->data_sha256);
    struct duet_network *network;
    assert_ok(duet_model_network(c, 0, &network, &e), e);
    assert_true(duet_network_find(network, "ssdlite.map5.class.predict") > 0);
    duet_network_close(&network);
    duet_model_close(&model);
    assert_null(model);
    duet_model_close(&model);
    in.preprocessing = "\xff"; /* JSON holds UTF-8 only */
    assert_null(duet_model_config_json(&in));
}

#define GOOD                                                                                                 \
    "{\"format_version\":1,\"architecture\":\"ssdlite_mobilenet_v2\",\"backbone\":{\"width_multiplier\":1,"  \
    "\"channel_divisor\":8},\"input\":{\"width\":300,\"height\":300},\"ssdlite\":{\"classes\":90},"          \
    "\"labels\":{\"ssdlite\":[{\"id\":1,\"name\":\"person\"},{\"id\":90,\"name\":\"b\"}]},"                  \
    "\"source\":{\"name\":\"x\"}}"

/* GOOD with the first `from` replaced by `to`. */
static const char *with(const char *from, const char *to)
{
    static char text[4096];
    const char *at = strstr(GOOD, from);
    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - GOOD), GOOD, to, at + strlen(from));
    return text;
}

static void every_field_is_checked(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        enum duet_status status;
        const char *says;
    } cases[] = {
        {"\"format_version\":1", "\"format_version\":2", DUET_UNSUPPORTED,
         "version 2, this build reads up to 1"},
        {"\"format_version\":1", "\"format_version\":0", DUET_BAD_FORMAT, "format_version"},
        {"\"format_version\":1", "\"format_version\":\"1\"", DUET_BAD_FORMAT, "format_version"},
        {"\"format_version\":1,", "", DUET_BAD_FORMAT, "format_version"},
        {"ssdlite_mobilenet_v2", "yolo", DUET_UNSUPPORTED, "'yolo'"},
        {"\"ssdlite_mobilenet_v2\"", "5", DUET_BAD_FORMAT, "architecture"},
        {"\"width_multiplier\":1", "\"width_multiplier\":0.01", DUET_BAD_FORMAT, "width_multiplier"},
        {"\"width_multiplier\":1", "\"width_multiplier\":null", DUET_BAD_FORMAT, "width_multiplier"},
        {"\"channel_divisor\":8", "\"channel_divisor\":0", DUET_BAD_FORMAT, "channel_divisor"},
        {"\"channel_divisor\":8", "\"channel_divisor\":8.5", DUET_BAD_FORMAT, "channel_divisor"},
        {"\"width\":300", "\"width\":0", DUET_BAD_FORMAT, "input.width"},
        {"\"height\":300", "\"height\":8193", DUET_BAD_FORMAT, "input.width"},
        {"\"height\":300", "\"height\":4294967596", DUET_BAD_FORMAT, "input.width"},
        {"\"classes\":90", "\"classes\":0", DUET_BAD_FORMAT, "classes"},
        {"\"classes\":90", "\"classes\":10001", DUET_BAD_FORMAT, "classes"},
        {"\"classes\":90", "\"classes\":1", DUET_BAD_FORMAT, "labels"},
        {"\"ssdlite\":{\"classes\":90},", "", DUET_UNSUPPORTED, "its heads make it 'mobilenet_v2'"},
        {"\"id\":90", "\"id\":91", DUET_BAD_FORMAT, "labels.ssdlite"},
        {"\"id\":90", "\"id\":1", DUET_BAD_FORMAT, "labels.ssdlite"},
        {"\"id\":1,", "\"id\":0,", DUET_BAD_FORMAT, "labels.ssdlite"},
        {"\"name\":\"b\"", "\"name\":\"\"", DUET_BAD_FORMAT, "labels.ssdlite"},
        {"{\"id\":90,\"name\":\"b\"}", "7", DUET_BAD_FORMAT, "labels.ssdlite"},
        {"\"name\":\"x\"", "\"licence\":7", DUET_BAD_FORMAT, "source"},
        {"\"source\":{", "\"preprocessing\":[],\"source\":{", DUET_BAD_FORMAT, "preprocessing"},
    };
    struct duet_error e = {0};
    struct duet_model *model;
    assert_ok(open_with(GOOD, &model, &e), e);
    duet_model_close(&model);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum duet_status status = open_with(with(cases[i].from, cases[i].to), &model, &e);
        if (status != cases[i].status || !strstr(e.text, cases[i].says) || model)
            fail_msg("%s: %s '%s', expected %s '%s'", cases[i].to, duet_status_name(status), e.text,
                     duet_status_name(cases[i].status), cases[i].says);
    }
}

/* The other heads, in place of GOOD's. */
static void the_other_heads_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *head, *says; /* NULL: nothing to say */
    } cases[] = {
        {"deeplabv3\":{\"classes\":21,\"depth\":256}", NULL},
        {"deeplabv3\":{\"classes\":21,\"depth\":256,\"atrous_branches\":true,\"output_stride\":8}", NULL},
        {"deeplabv3\":{\"classes\":1,\"depth\":256}", "deeplabv3.classes"},
        {"deeplabv3\":{\"classes\":256,\"depth\":256}", "deeplabv3.classes"},
        {"deeplabv3\":{\"classes\":21,\"depth\":0}", "deeplabv3.depth"},
        {"deeplabv3\":{\"classes\":21}", "deeplabv3.depth"},
        {"deeplabv3\":{\"classes\":21,\"depth\":256,\"atrous_branches\":1}", "deeplabv3.atrous_branches"},
        {"deeplabv3\":{\"classes\":21,\"depth\":256,\"output_stride\":24}", "deeplabv3.output_stride"},
        {"deeplabv3\":{\"classes\":21,\"depth\":256,\"output_stride\":4}", "deeplabv3.output_stride"},
        {"deeplabv3\":{\"classes\":21,\"depth\":256,\"output_stride\":null}", "deeplabv3.output_stride"},
        {"classifier\":{\"classes\":1001}", NULL},
        {"classifier\":{\"classes\":0}", "classifier.classes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[2048];
        struct duet_error e = {.text = ""};
        struct duet_model *model;
        bool deeplabv3 = cases[i].head[0] == 'd';
        snprintf(
            text, sizeof text,
            "{\"format_version\":1,\"architecture\":\"%smobilenet_v2\",\"backbone\":{\"width_multiplier\":1,"
            "\"channel_divisor\":8},\"input\":{\"width\":65,\"height\":65},\"%s}",
            deeplabv3 ? "deeplabv3_" : "", cases[i].head);
        enum duet_status status = open_with(text, &model, &e);
        if (cases[i].says ? status != DUET_BAD_FORMAT || !strstr(e.text, cases[i].says) : status != DUET_OK)
            fail_msg("%s: %s '%s'", cases[i].head, duet_status_name(status), e.text);
        if (model && deeplabv3)
            assert_int_equal(duet_model_config(model)->source_output_stride, i == 1 ? 8 : 0);
        duet_model_close(&model);
    }
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
        cmocka_unit_test(every_field_is_checked),
        cmocka_unit_test(the_other_heads_are_checked),
        cmocka_unit_test(files_that_are_no_models_are_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
