#include "duet/model.h"

#include "core/fail.h"
#include "core/os.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SIDE   8192
#define MAX_LABELS 10000

struct duet_model {
    struct duet_weights *weights;
    struct duet_model_config config; /* its texts lie in `root` */
    struct duet_label *ssdlite_labels, *deeplabv3_labels, *classifier_labels;
    json_t *root;
};

/* --- reading the metadata ------------------------------------------------------------------------------- */

struct reader {
    const char *path;
    struct duet_error *error;
};

static enum duet_status bad(const struct reader *reader, const char *field, const char *expected)
{
    return duet_fail(reader->error, DUET_BAD_FORMAT, "%s: metadata: %s: expected %s", reader->path, field,
                     expected);
}

/* A whole number in [low, high]. */
static bool read_int(const json_t *object, const char *key, int low, int high, int *value)
{
    const json_t *v = json_object_get(object, key);
    if (!json_is_integer(v) || json_integer_value(v) < low || json_integer_value(v) > high) return false;
    *value = (int)json_integer_value(v);
    return true;
}

/* A text, or NULL where there is none; anything else is a fault. */
static bool read_text(const json_t *object, const char *key, const char **value)
{
    const json_t *v = json_object_get(object, key);
    *value = json_string_value(v);
    return !v || json_is_null(v) || *value;
}

static enum duet_status read_version(const struct reader *reader, const json_t *root)
{
    int version; /* newer ones were refused by duet_weights_open */
    if (!read_int(root, "format_version", 1, DUET_MODEL_FORMAT_VERSION, &version))
        return bad(reader, "format_version", "a whole number from 1 up");
    return DUET_OK;
}

/* What a network with these heads is called. */
static const char *architecture_of(const struct duet_model_config *config)
{
    if (config->has_ssdlite && config->has_deeplabv3) return "ssdlite+deeplabv3_mobilenet_v2";
    if (config->has_ssdlite) return "ssdlite_mobilenet_v2";
    if (config->has_deeplabv3) return "deeplabv3_mobilenet_v2";
    return "mobilenet_v2";
}

static enum duet_status read_backbone(const struct reader *reader, const json_t *root,
                                      struct duet_model_config *config)
{
    const json_t *backbone = json_object_get(root, "backbone");
    const json_t *multiplier = json_object_get(backbone, "width_multiplier");
    config->width_multiplier = json_number_value(multiplier);
    if (!json_is_number(multiplier) || !(config->width_multiplier >= 0.1 && config->width_multiplier <= 4))
        return bad(reader, "backbone.width_multiplier", "a number from 0.1 to 4");
    if (!read_int(backbone, "channel_divisor", 1, 64, &config->channel_divisor))
        return bad(reader, "backbone.channel_divisor", "a whole number from 1 to 64");
    const json_t *input = json_object_get(root, "input");
    if (!read_int(input, "width", 1, MAX_SIDE, &config->input_width) ||
        !read_int(input, "height", 1, MAX_SIDE, &config->input_height))
        return bad(reader, "input.width, input.height", "whole numbers from 1 to 8192");
    return DUET_OK;
}

static enum duet_status read_deeplabv3(const struct reader *reader, const json_t *head,
                                       struct duet_model_config *config)
{
    const json_t *branches = json_object_get(head, "atrous_branches");
    int *stride = &config->source_output_stride;
    if (!read_int(head, "classes", 2, 255, &config->deeplabv3.classes))
        return bad(reader, "deeplabv3.classes", "a whole number from 2 to 255");
    if (!read_int(head, "depth", 1, 4096, &config->deeplabv3.depth))
        return bad(reader, "deeplabv3.depth", "a whole number from 1 to 4096");
    if (branches && !json_is_boolean(branches))
        return bad(reader, "deeplabv3.atrous_branches", "true or false");
    config->deeplabv3.atrous_branches = json_is_true(branches);
    if (json_object_get(head, "output_stride") &&
        (!read_int(head, "output_stride", 8, 32, stride) || *stride % 8 != 0 || *stride == 24))
        return bad(reader, "deeplabv3.output_stride", "8, 16 or 32");
    return DUET_OK;
}

/* A head is there when the metadata has an object of its name. */
static enum duet_status read_heads(const struct reader *reader, const json_t *root,
                                   struct duet_model_config *config)
{
    const json_t *ssdlite = json_object_get(root, "ssdlite"), *deeplabv3 = json_object_get(root, "deeplabv3");
    const json_t *classifier = json_object_get(root, "classifier");
    config->has_ssdlite = ssdlite;
    config->has_deeplabv3 = deeplabv3;
    config->has_classifier = classifier;
    if (ssdlite && !read_int(ssdlite, "classes", 1, MAX_LABELS, &config->ssdlite.classes))
        return bad(reader, "ssdlite.classes", "a whole number from 1 to 10000");
    if (classifier && !read_int(classifier, "classes", 1, MAX_LABELS, &config->classifier.classes))
        return bad(reader, "classifier.classes", "a whole number from 1 to 10000");
    if (deeplabv3) {
        enum duet_status status = read_deeplabv3(reader, deeplabv3, config);
        if (status != DUET_OK) return status;
    }
    if (!read_text(root, "architecture", &config->architecture) || !config->architecture)
        return bad(reader, "architecture", "a name");
    if (strcmp(config->architecture, architecture_of(config)) != 0)
        return duet_fail(reader->error, DUET_UNSUPPORTED, "%s: architecture '%.100s', its heads make it '%s'",
                         reader->path, config->architecture, architecture_of(config));
    return DUET_OK;
}

/* labels.<head>: ids ascending from `low` to `high`. *items is owned by the model. */
static enum duet_status read_labels(const struct reader *reader, const json_t *root, const char *head,
                                    int low, int high, struct duet_label **items, struct duet_labels *labels)
{
    char field[64];
    const json_t *list = json_object_get(json_object_get(root, "labels"), head), *item;
    snprintf(field, sizeof field, "labels.%s", head);
    if (list && !json_is_array(list)) return bad(reader, field, "an array");
    size_t count = json_array_size(list), i;
    if (count > (size_t)(high - low + 1)) return bad(reader, field, "at most one for each class");
    *items = calloc(count + 1, sizeof **items);
    if (!*items) return duet_no_memory(reader->error, reader->path, NULL);
    int next = low;
    json_array_foreach(list, i, item)
    {
        struct duet_label *label = &(*items)[i];
        if (!read_int(item, "id", next, high, &label->id))
            return bad(reader, field, "ascending ids within the head's classes");
        if (!read_text(item, "name", &label->name) || !label->name || !*label->name)
            return bad(reader, field, "a name for each");
        next = label->id + 1;
    }
    *labels = (struct duet_labels){*items, count};
    return DUET_OK;
}

static enum duet_status read_all_labels(const struct reader *reader, const json_t *root,
                                        struct duet_model *model)
{
    struct duet_model_config *c = &model->config;
    enum duet_status status = DUET_OK;
    if (c->has_ssdlite)
        status = read_labels(reader, root, "ssdlite", 1, c->ssdlite.classes, &model->ssdlite_labels,
                             &c->ssdlite_labels);
    if (status == DUET_OK && c->has_deeplabv3)
        status = read_labels(reader, root, "deeplabv3", 0, c->deeplabv3.classes - 1, &model->deeplabv3_labels,
                             &c->deeplabv3_labels);
    if (status == DUET_OK && c->has_classifier)
        status = read_labels(reader, root, "classifier", 0, c->classifier.classes - 1,
                             &model->classifier_labels, &c->classifier_labels);
    return status;
}

static enum duet_status read_origin(const struct reader *reader, const json_t *root,
                                    struct duet_model_config *config)
{
    const json_t *source = json_object_get(root, "source"), *data = json_object_get(root, "data");
    struct duet_model_source *s = &config->source;
    if (!read_text(root, "preprocessing", &config->preprocessing))
        return bad(reader, "preprocessing", "a text");
    if (!read_text(source, "name", &s->name) || !read_text(source, "format", &s->format) ||
        !read_text(source, "sha256", &s->sha256) || !read_text(source, "address", &s->address) ||
        !read_text(source, "licence", &s->licence) || !read_text(source, "training", &s->training))
        return bad(reader, "source", "texts");
    if (!read_text(data, "sha256", &config->data_sha256)) return bad(reader, "data.sha256", "a text");
    config->revision = 1;
    if (json_object_get(root, "revision") && !read_int(root, "revision", 1, INT_MAX, &config->revision))
        return bad(reader, "revision", "a whole number from 1 up");
    return DUET_OK;
}

static enum duet_status read_config(const struct reader *reader, struct duet_model *model)
{
    const char *text = duet_weights_metadata(model->weights);
    if (!text)
        return duet_fail(reader->error, DUET_BAD_FORMAT,
                         "%s: a safetensors file without \"duet\" metadata: not a model file of ours",
                         reader->path);
    model->root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (!model->root) /* it was parsed when it was opened */
        return duet_no_memory(reader->error, reader->path, NULL);
    enum duet_status status = read_version(reader, model->root);
    if (status == DUET_OK) status = read_backbone(reader, model->root, &model->config);
    if (status == DUET_OK) status = read_heads(reader, model->root, &model->config);
    if (status == DUET_OK) status = read_all_labels(reader, model->root, model);
    if (status == DUET_OK) status = read_origin(reader, model->root, &model->config);
    return status;
}

/* --- model ---------------------------------------------------------------------------------------------- */

enum duet_status duet_model_open(const char *path, struct duet_model **model, struct duet_error *error)
{
    DUET_NEEDS(model, error);
    *model = NULL;
    DUET_NEEDS(path, error);
    *model = calloc(1, sizeof **model);
    if (!*model) return duet_no_memory(error, path, NULL);
    struct reader reader = {path, error};
    enum duet_status status = duet_weights_open(path, &(*model)->weights, error);
    if (status == DUET_OK) status = read_config(&reader, *model);
    if (status != DUET_OK) duet_model_close(model);
    return status;
}

void duet_model_close(struct duet_model **model)
{
    if (!model || !*model) return;
    duet_weights_close(&(*model)->weights);
    free((*model)->ssdlite_labels);
    free((*model)->deeplabv3_labels);
    free((*model)->classifier_labels);
    json_decref((*model)->root);
    free(*model);
    *model = NULL;
}

const struct duet_model_config *duet_model_config(const struct duet_model *model)
{
    return model ? &model->config : NULL;
}

const struct duet_weights *duet_model_weights(const struct duet_model *model)
{
    return model ? model->weights : NULL;
}

int duet_model_output_stride(const struct duet_model_config *config)
{
    if (!config || config->has_ssdlite || !config->has_deeplabv3) return 32;
    return config->source_output_stride ? config->source_output_stride : 16;
}

enum duet_status duet_model_memory(const struct duet_model_config *config, int output_stride, int width,
                                   int height, struct duet_memory *memory, struct duet_error *error)
{
    DUET_NEEDS(memory, error);
    struct duet_network *network = NULL;
    struct duet_compile_options options = {.struct_size = sizeof options, .height = height, .width = width};
    enum duet_status status = duet_model_network(config, output_stride, &network, error);
    if (status == DUET_OK) status = duet_network_memory(network, &options, memory, error);
    duet_network_close(&network);
    return status;
}

enum duet_status duet_model_network(const struct duet_model_config *config, int output_stride,
                                    struct duet_network **network, struct duet_error *error)
{
    DUET_NEEDS(network, error);
    *network = NULL;
    DUET_NEEDS(config, error);
    if (output_stride == 0) output_stride = duet_model_output_stride(config);
    struct duet_mobilenet_v2_config backbone = {config->width_multiplier, config->channel_divisor,
                                                output_stride, config->has_ssdlite || config->has_classifier};
    struct duet_mobilenet_v2 layers;
    enum duet_status status = duet_network_create(network, error);
    if (status == DUET_OK) status = duet_mobilenet_v2_build(*network, &backbone, &layers, error);
    if (status == DUET_OK && config->has_ssdlite)
        status = duet_ssdlite_build(*network, &layers, &config->ssdlite, error);
    if (status == DUET_OK && config->has_deeplabv3)
        status = duet_deeplabv3_build(*network, &layers, output_stride, &config->deeplabv3, error);
    if (status == DUET_OK && config->has_classifier)
        status = duet_classifier_build(*network, &layers, &config->classifier, error);
    if (status != DUET_OK) duet_network_close(network);
    return status;
}

/* --- writing the metadata ------------------------------------------------------------------------------- */

static json_t *labels_json(const struct duet_labels *labels)
{
    json_t *list = json_array();
    for (size_t i = 0; i < labels->count; i++)
        if (json_array_append_new(list, json_pack("{s:i, s:s}", "id", labels->items[i].id, "name",
                                                  labels->items[i].name)) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

/* Takes `head`. */
static bool add_head(json_t *root, const char *name, json_t *head, const struct duet_labels *labels)
{
    bool good = json_object_set_new(root, name, head) == 0;
    return json_object_set_new(json_object_get(root, "labels"), name, labels_json(labels)) == 0 && good;
}

char *duet_model_config_json(const struct duet_model_config *config)
{
    if (!config) return NULL;
    const struct duet_model_source *s = &config->source;
    json_t *root = json_pack(
        "{s:i, s:i, s:s, s:{s:f, s:i}, s:{s:i, s:i}, s:s?, s:{s:s*, s:s*, s:s*, s:s*, s:s*, s:s*}}",
        "format_version", DUET_MODEL_FORMAT_VERSION, "revision", DUET_MODEL_REVISION, "architecture",
        architecture_of(config), "backbone", "width_multiplier", config->width_multiplier, "channel_divisor",
        config->channel_divisor, "input", "width", config->input_width, "height", config->input_height,
        "preprocessing", config->preprocessing, "source", "name", s->name, "format", s->format, "sha256",
        s->sha256, "address", s->address, "licence", s->licence, "training", s->training);
    bool good = root;
    good = good && json_object_set_new(root, "labels", json_object()) == 0;
    if (good && config->has_ssdlite)
        good = add_head(root, "ssdlite", json_pack("{s:i}", "classes", config->ssdlite.classes),
                        &config->ssdlite_labels);
    if (good && config->has_deeplabv3)
        good = add_head(
            root, "deeplabv3",
            json_pack("{s:i, s:i, s:b, s:o*}", "classes", config->deeplabv3.classes, "depth",
                      config->deeplabv3.depth, "atrous_branches", config->deeplabv3.atrous_branches,
                      "output_stride",
                      config->source_output_stride ? json_integer(config->source_output_stride) : NULL),
            &config->deeplabv3_labels);
    if (good && config->has_classifier)
        good = add_head(root, "classifier", json_pack("{s:i}", "classes", config->classifier.classes),
                        &config->classifier_labels);
    char *text = good ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    return text;
}
