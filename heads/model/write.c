#include "heads/metadata.h"

#include "model/quantization.h"

#include <string.h>

static bool put_text(json_t *object, const char *name, const char *text)
{
    return json_object_set_new(object, name, json_string(text)) == 0;
}

static bool put_labels(json_t *entry, const struct duet_labels *labels)
{
    json_t *list = json_array();
    bool good = list;
    for (size_t i = 0; good && i < labels->count; i++)
        good = json_array_append_new(list, json_pack("{s:i, s:s}", "id", labels->items[i].id, "name",
                                                     labels->items[i].name)) == 0;
    if (good) return json_object_set_new(entry, "labels", list) == 0;
    json_decref(list);
    return false;
}

static bool put_taps(json_t *entry, const struct duet_head *head)
{
    json_t *list = json_array();
    for (int i = 0; i < head->tap_count; i++) {
        const struct duet_tap *tap = &head->taps[i];
        if (json_array_append_new(list, tap->layer ? json_string(tap->layer) : json_integer(tap->stride)) !=
            0) {
            json_decref(list);
            return false;
        }
    }
    return json_object_set_new(entry, "taps", list) == 0;
}

static bool put_categories(json_t *config, const struct duet_guided_config *guided)
{
    json_t *list = json_array();
    bool good = json_object_set_new(config, "categories", list) == 0;
    for (int i = 0; good && i < guided->classes - 1; i++)
        good = json_array_append_new(list, json_integer(guided->categories[i])) == 0;
    return good;
}

static bool put_head(json_t *entry, const struct duet_head *head)
{
    json_t *config = duet_field_part(entry, "config"), *input = duet_field_part(entry, "input");
    return config && input && put_text(entry, "kind", duet_head_kind_name(head->kind)) &&
           put_text(entry, "name", head->name) &&
           duet_fields_write(config, duet_head_type(head->kind)->fields, head) &&
           (head->kind != DUET_GUIDED || put_categories(config, &head->config.guided)) &&
           put_labels(entry, &head->labels) && duet_fields_write(input, duet_input_fields, &head->input) &&
           put_text(input, "resize", duet_resize_name(head->input.resize)) &&
           json_object_set_new(entry, "output_stride", json_integer(head->output_stride)) == 0 &&
           put_taps(entry, head);
}

/* A head's name as the file has it. */
static const char *name_of(const json_t *entry)
{
    const char *name = json_string_value(json_object_get(entry, "name"));
    if (!name) name = json_string_value(json_object_get(entry, "kind"));
    return name ? name : "";
}

static bool put_heads(json_t *root, const struct duet_model_config *config)
{
    json_t *old = json_object_get(root, "heads"), *list = json_array(), *item;
    bool good = list;
    for (int i = 0; good && i < config->head_count; i++) {
        json_t *entry = NULL;
        size_t k;
        json_array_foreach(old, k, item)
        {
            if (!entry && strcmp(name_of(item), config->heads[i].name) == 0) entry = json_deep_copy(item);
        }
        if (!entry) entry = json_object();
        good = put_head(entry, &config->heads[i]);
        good = json_array_append_new(list, entry) == 0 && good;
    }
    if (good) return json_object_set_new(root, "heads", list) == 0;
    json_decref(list);
    return false;
}

static bool put_training(json_t *training, const struct duet_model_training *t)
{
    bool good = duet_fields_write(training, duet_training_fields, t);
    if (good && t->settings)
        good = json_object_set_new(training, "settings", json_loads(t->settings, 0, NULL)) == 0;
    else if (good)
        json_object_del(training, "settings");
    return good;
}

static bool put_all(json_t *root, const struct duet_model_config *config)
{
    bool good = json_object_set_new(root, "format_version", json_integer(DUET_MODEL_FORMAT_VERSION)) == 0 &&
                json_object_set_new(root, "revision", json_integer(DUET_MODEL_REVISION)) == 0;
    json_t *backbone = duet_field_part(root, "backbone"), *source = duet_field_part(root, "source"),
           *training = duet_field_part(root, "training");
    return good && backbone && source && training && put_text(backbone, "kind", "mobilenet_v2") &&
           duet_fields_write(backbone, duet_backbone_fields, &config->backbone) && put_heads(root, config) &&
           put_text(root, "precision",
                    duet_precision_name(config->precision ? config->precision : DUET_PRECISION_FLOAT32)) &&
           duet_quantization_write(root, &config->quantization) &&
           duet_fields_write(source, duet_source_fields, &config->source) &&
           put_training(training, &config->training);
}

char *duet_metadata_write(const struct duet_model_config *config, const char *base)
{
    json_t *root = base ? json_loads(base, 0, NULL) : json_object();
    char *text = NULL;
    if (put_all(root, config)) {
        json_object_del(root, "data");
        text = json_dumps(root, JSON_COMPACT);
    }
    json_decref(root);
    return text;
}
