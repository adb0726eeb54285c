#include "duet/model.h"

#include "core/fail.h"
#include "core/os.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define ARCHITECTURE "ssdlite_mobilenet_v2"
#define MAX_SIDE     8192
#define MAX_LABELS   10000

struct duet_model {
    struct duet_weights *weights;
    struct duet_model_config config; /* its texts lie in `root` */
    struct duet_label *labels;
    json_t *root;
};

/* --- reading the metadata ---------------------------------------------------------------------------------
 */

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

static enum duet_status read_architecture(const struct reader *reader, const json_t *root,
                                          struct duet_model_config *config)
{
    if (!read_text(root, "architecture", &config->architecture) || !config->architecture)
        return bad(reader, "architecture", "a name");
    if (strcmp(config->architecture, ARCHITECTURE) != 0)
        return duet_fail(reader->error, DUET_UNSUPPORTED,
                         "%s: architecture '%.100s', this build knows " ARCHITECTURE, reader->path,
                         config->architecture);
    return DUET_OK;
}

static enum duet_status read_network(const struct reader *reader, const json_t *root,
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
    config->has_ssdlite = true;
    if (!read_int(json_object_get(root, "ssdlite"), "classes", 1, MAX_LABELS, &config->ssdlite.classes))
        return bad(reader, "ssdlite.classes", "a whole number from 1 to 10000");
    return DUET_OK;
}

static enum duet_status read_labels(const struct reader *reader, const json_t *root, struct duet_model *model)
{
    const json_t *list = json_object_get(json_object_get(root, "labels"), "ssdlite"), *item;
    if (list && !json_is_array(list)) return bad(reader, "labels.ssdlite", "an array");
    size_t count = json_array_size(list), i;
    if (count > (size_t)model->config.ssdlite.classes)
        return bad(reader, "labels.ssdlite", "at most one for each of ssdlite.classes");
    model->labels = calloc(count + 1, sizeof *model->labels);
    if (!model->labels) return duet_fail(reader->error, DUET_OUT_OF_MEMORY, "%s: no memory", reader->path);
    int previous = 0;
    json_array_foreach(list, i, item)
    {
        struct duet_label *label = &model->labels[i];
        if (!read_int(item, "id", previous + 1, model->config.ssdlite.classes, &label->id))
            return bad(reader, "labels.ssdlite[].id", "ascending whole numbers from 1 to ssdlite.classes");
        if (!read_text(item, "name", &label->name) || !label->name || !*label->name)
            return bad(reader, "labels.ssdlite[].name", "a text");
        previous = label->id;
    }
    model->config.ssdlite_labels = (struct duet_labels){model->labels, count};
    return DUET_OK;
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
        !read_text(source, "licence", &s->licence))
        return bad(reader, "source", "texts");
    if (!read_text(data, "sha256", &config->data_sha256)) return bad(reader, "data.sha256", "a text");
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
        return duet_fail(reader->error, DUET_OUT_OF_MEMORY, "%s: no memory", reader->path);
    enum duet_status status = read_version(reader, model->root);
    if (status == DUET_OK) status = read_architecture(reader, model->root, &model->config);
    if (status == DUET_OK) status = read_network(reader, model->root, &model->config);
    if (status == DUET_OK) status = read_labels(reader, model->root, model);
    if (status == DUET_OK) status = read_origin(reader, model->root, &model->config);
    return status;
}

/* --- model -------------------------------------------------------------------------------------------------
 */

enum duet_status duet_model_open(const char *path, struct duet_model **out, struct duet_error *error)
{
    *out = calloc(1, sizeof **out);
    if (!*out) return duet_fail(error, DUET_OUT_OF_MEMORY, "%s: no memory", path);
    struct reader reader = {path, error};
    enum duet_status status = duet_weights_open(path, &(*out)->weights, error);
    if (status == DUET_OK) status = read_config(&reader, *out);
    if (status != DUET_OK) duet_model_close(out);
    return status;
}

void duet_model_close(struct duet_model **model)
{
    if (!model || !*model) return;
    duet_weights_close(&(*model)->weights);
    free((*model)->labels);
    json_decref((*model)->root);
    free(*model);
    *model = NULL;
}

const struct duet_model_config *duet_model_config(const struct duet_model *model)
{
    return &model->config;
}

const struct duet_weights *duet_model_weights(const struct duet_model *model)
{
    return model->weights;
}

enum duet_status duet_model_network(const struct duet_model_config *config, struct duet_network **network,
                                    struct duet_error *error)
{
    struct duet_mobilenet_v2_config backbone = {config->width_multiplier, config->channel_divisor, 32, true};
    struct duet_mobilenet_v2 layers;
    enum duet_status status = duet_network_create(network, error);
    if (status == DUET_OK) status = duet_mobilenet_v2_build(*network, &backbone, &layers, error);
    if (status == DUET_OK && config->has_ssdlite)
        status = duet_ssdlite_build(*network, &layers, &config->ssdlite, error);
    if (status != DUET_OK) duet_network_close(network);
    return status;
}

/* --- writing the metadata
 * ----------------------------------------------------------------------------------- */

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

char *duet_model_config_json(const struct duet_model_config *config)
{
    const struct duet_model_source *s = &config->source;
    json_t *root =
        json_pack("{s:i, s:s, s:{s:f, s:i}, s:{s:i, s:i}, s:s?, s:{s:s*, s:s*, s:s*, s:s*, s:s*}}", /* */
                  "format_version", DUET_MODEL_FORMAT_VERSION, "architecture", config->architecture,
                  "backbone", "width_multiplier", config->width_multiplier, "channel_divisor",
                  config->channel_divisor, "input", "width", config->input_width, "height",
                  config->input_height, "preprocessing", config->preprocessing, "source", "name", s->name,
                  "format", s->format, "sha256", s->sha256, "address", s->address, "licence", s->licence);
    bool good = root;
    if (good && config->has_ssdlite) {
        json_t *head = json_pack("{s:i}", "classes", config->ssdlite.classes);
        json_t *labels = json_pack("{s:o}", "ssdlite", labels_json(&config->ssdlite_labels));
        good = json_object_set_new(root, "ssdlite", head) == 0;
        good = json_object_set_new(root, "labels", labels) == 0 && good;
    }
    char *text = good ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    return text;
}
