#include "heads/metadata.h"

#include "core/fail.h"
#include "model/fields.h"
#include "model/quantization.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NAME 32

/* One head of the file. */
struct head_reader {
    const struct duet_field_reader *reader;
    struct duet_metadata *metadata;
    const json_t *entry;
    struct duet_head *head;
    char where[DUET_FIELD_PATH]; /* "heads[1]." */
};

static enum duet_status bad(const struct head_reader *r, const char *name, const json_t *got,
                            const char *expected)
{
    return duet_field_bad(r->reader, r->where, name, got, expected);
}

/* Memory that the metadata owns, of zeros. */
static void *new_list(struct head_reader *r, size_t count, size_t size, enum duet_status *status)
{
    void *list = calloc(count + 1, size);
    if (list)
        r->metadata->lists[r->metadata->list_count++] = list;
    else
        *status = duet_no_memory(r->reader->error, r->reader->path, NULL);
    return list;
}

/* --- a head --------------------------------------------------------------------------------------------- */

static enum duet_status read_kind(struct head_reader *r)
{
    const json_t *kind = json_object_get(r->entry, "kind");
    const char *word = json_string_value(kind);
    if (!word) return bad(r, "kind", kind, "the name of a kind of head");
    for (int k = 0; k < DUET_HEAD_KINDS; k++)
        if (strcmp(word, duet_head_kind_name((enum duet_head_kind)k)) == 0) {
            *r->head = duet_head_usual((enum duet_head_kind)k);
            return DUET_OK;
        }
    return duet_fail(r->reader->error, DUET_UNSUPPORTED,
                     "%s: metadata: %skind: expected ssdlite, deeplabv3, classifier or guided, got '%.40s'",
                     r->reader->path, r->where, word);
}

static enum duet_status read_name(struct head_reader *r)
{
    const json_t *name = duet_field_given(r->entry, "name");
    const char *word = name ? json_string_value(name) : r->head->name;
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    if (!word || !*word || strlen(word) > MAX_NAME || word[strspn(word, letters)] ||
        strcmp(word, "backbone") == 0 || strcmp(word, "input") == 0)
        return bad(r, "name", name, "1 to 32 letters, digits, '_' and '-', not 'backbone' nor 'input'");
    for (const struct duet_head *other = r->metadata->heads; other < r->head; other++)
        if (strcmp(other->name, word) == 0) return bad(r, "name", name, "another one for each head");
    r->head->name = word;
    return DUET_OK;
}

/* For each map but the background's, the category that is painted on it. */
static enum duet_status read_categories(struct head_reader *r, const json_t *config)
{
    enum duet_status status = DUET_OK;
    size_t count = (size_t)r->head->config.guided.classes - 1;
    const json_t *list = json_object_get(config, "categories");
    if (json_array_size(list) != count)
        return bad(r, "config.categories", list, "an id for each class but the background");
    int *categories = new_list(r, count, sizeof *categories, &status);
    for (size_t i = 0; status == DUET_OK && i < count; i++)
        if (!duet_field_int(json_array_get(list, i), 0, INT_MAX, &categories[i]))
            status = bad(r, "config.categories", json_array_get(list, i), "whole numbers from 0 up");
    r->head->config.guided.categories = categories;
    return status;
}

static enum duet_status read_head_config(struct head_reader *r)
{
    const json_t *config;
    char where[DUET_FIELD_PATH + 8];
    enum duet_status status = duet_field_object(r->reader, r->where, r->entry, "config", true, &config);
    snprintf(where, sizeof where, "%sconfig.", r->where);
    if (status == DUET_OK)
        status = duet_fields_read(r->reader, where, config, duet_head_type(r->head->kind)->fields, r->head);
    if (status == DUET_OK && r->head->kind == DUET_GUIDED) status = read_categories(r, config);
    return status;
}

static enum duet_status read_input(struct head_reader *r)
{
    const json_t *input;
    char where[DUET_FIELD_PATH + 8];
    enum duet_status status = duet_field_object(r->reader, r->where, r->entry, "input", true, &input);
    snprintf(where, sizeof where, "%sinput.", r->where);
    if (status == DUET_OK)
        status = duet_fields_read(r->reader, where, input, duet_input_fields, &r->head->input);
    if (status != DUET_OK) return status;
    const json_t *resize = json_object_get(input, "resize");
    for (int i = DUET_STRETCH; json_is_string(resize) && i <= DUET_PAD; i++)
        if (strcmp(json_string_value(resize), duet_resize_name((enum duet_resize)i)) == 0) {
            r->head->input.resize = (enum duet_resize)i;
            return DUET_OK;
        }
    return bad(r, "input.resize", resize, "\"stretch\" or \"pad\"");
}

static bool is_stride(const json_t *value, int low, int *stride)
{
    return duet_field_int(value, low, 32, stride) && (*stride & (*stride - 1)) == 0;
}

/* Whether there is such a layer, building the network shows. */
static enum duet_status read_taps(struct head_reader *r)
{
    const json_t *taps, *item;
    struct duet_head *head = r->head;
    enum duet_status status =
        duet_field_array(r->reader, r->where, r->entry, "taps", true, DUET_MAX_TAPS, &taps);
    char text[64];
    size_t i;
    if (status != DUET_OK) return status;
    snprintf(text, sizeof text, "%d for a head of kind %s", head->tap_count, duet_head_kind_name(head->kind));
    if (json_array_size(taps) != (size_t)head->tap_count) return bad(r, "taps", taps, text);
    memset(head->taps, 0, sizeof head->taps);
    json_array_foreach(taps, i, item)
    {
        head->taps[i].layer = json_string_value(item);
        if (head->taps[i].layer || is_stride(item, 2, &head->taps[i].stride)) continue;
        snprintf(text, sizeof text, "taps[%zu]", i);
        return bad(r, text, item, "the name of a layer, or stride 2, 4, 8, 16 or 32");
    }
    return DUET_OK;
}

/* Ids ascend within the classes of the head. */
static enum duet_status read_labels(struct head_reader *r)
{
    const json_t *list, *item;
    struct duet_head *head = r->head;
    int next = duet_head_type(head->kind)->first_label, high = next + duet_head_classes(head) - 1;
    enum duet_status status = duet_field_array(r->reader, r->where, r->entry, "labels", false,
                                               (size_t)duet_head_classes(head), &list);
    if (status != DUET_OK) return status;
    struct duet_label *labels = new_list(r, json_array_size(list), sizeof *labels, &status);
    char field[48], expected[64];
    size_t i;
    json_array_foreach(list, i, item)
    {
        if (status != DUET_OK) return status;
        const json_t *id = json_object_get(item, "id"), *name = json_object_get(item, "name");
        labels[i].name = json_string_value(name);
        snprintf(expected, sizeof expected, "a whole number from %d to %d", next, high);
        snprintf(field, sizeof field, "labels[%zu].%s", i, "id");
        if (!duet_field_int(id, next, high, &labels[i].id)) return bad(r, field, id, expected);
        snprintf(field, sizeof field, "labels[%zu].%s", i, "name");
        if (!labels[i].name || !*labels[i].name) return bad(r, field, name, "a text that is not empty");
        next = labels[i].id + 1;
    }
    head->labels = (struct duet_labels){labels, json_array_size(list)};
    return status;
}

static enum duet_status read_head(struct head_reader *r)
{
    enum duet_status status = read_kind(r);
    if (status == DUET_OK) status = read_name(r);
    if (status == DUET_OK) status = read_head_config(r);
    if (status == DUET_OK) status = read_labels(r);
    if (status == DUET_OK) status = read_input(r);
    const json_t *stride = json_object_get(r->entry, "output_stride");
    if (status == DUET_OK && !is_stride(stride, 8, &r->head->output_stride))
        status = bad(r, "output_stride", stride, "8, 16 or 32");
    return status == DUET_OK ? read_taps(r) : status;
}

/* --- heads ---------------------------------------------------------------------------------------------- */

/* What it reads must be there: a detection head, and its categories. */
static enum duet_status check_guided(struct head_reader *r)
{
    const struct duet_guided_config *config = &r->head->config.guided;
    const struct duet_head *boxes = r->metadata->heads, *end = boxes + r->metadata->config.head_count;
    const json_t *given = json_object_get(r->entry, "config");
    while (boxes < end && strcmp(boxes->name, config->boxes_of) != 0) boxes++;
    if (boxes == end || duet_head_task(boxes->kind) != DUET_DETECTION)
        return bad(r, "config.boxes_of", json_object_get(given, "boxes_of"), "the name of a detection head");
    for (int i = 0; i < config->classes - 1; i++)
        if (config->categories[i] > duet_head_classes(boxes))
            return bad(r, "config.categories",
                       json_array_get(json_object_get(given, "categories"), (size_t)i),
                       "classes of the head that boxes_of names");
    return DUET_OK;
}

static enum duet_status read_heads(const struct duet_field_reader *reader, struct duet_metadata *m)
{
    const json_t *list;
    enum duet_status status =
        duet_field_array(reader, "", m->root, "heads", true, DUET_MODEL_MAX_HEADS, &list);
    size_t count = json_array_size(list);
    if (status == DUET_OK && count == 0) status = duet_field_bad(reader, "", "heads", list, "at least one");
    if (status != DUET_OK) return status;
    m->heads = calloc(count, sizeof *m->heads);
    if (!m->heads) return duet_no_memory(reader->error, reader->path, NULL);
    m->config.heads = m->heads;
    m->config.head_count = (int)count;
    for (size_t i = 0; status == DUET_OK && i < 2 * count; i++) { /* first all, then how they hang together */
        struct head_reader r = {reader, m, json_array_get(list, i % count), &m->heads[i % count], ""};
        snprintf(r.where, sizeof r.where, "heads[%zu].", i % count);
        if (i < count)
            status = read_head(&r);
        else if (r.head->kind == DUET_GUIDED)
            status = check_guided(&r);
    }
    return status;
}

/* --- the rest ------------------------------------------------------------------------------------------- */

/* Newer ones were refused by duet_weights_open. */
static enum duet_status read_version(const struct duet_field_reader *reader, const json_t *root)
{
    const json_t *version = json_object_get(root, "format_version");
    const char *name = json_string_value(json_object_get(json_object_get(root, "source"), "name"));
    int number;
    if (!duet_field_int(version, 1, DUET_MODEL_FORMAT_VERSION, &number))
        return duet_field_bad(reader, "", "format_version", version, "a whole number from 1 up");
    if (number == DUET_MODEL_FORMAT_VERSION) return DUET_OK;
    char fetch[DUET_ERROR_TEXT] = "";
    if (name)
        snprintf(fetch, sizeof fetch, "'models fetch %.60s --update -o %s', or of a file of your own ", name,
                 reader->path);
    return duet_fail(reader->error, DUET_UNSUPPORTED,
                     "%s: model format version %d, this build reads %d; to make it anew: %s"
                     "'models import SOURCE --force -o %s'",
                     reader->path, number, DUET_MODEL_FORMAT_VERSION, fetch, reader->path);
}

static enum duet_status read_backbone(const struct duet_field_reader *reader, struct duet_metadata *m)
{
    const json_t *backbone;
    enum duet_status status = duet_field_object(reader, "", m->root, "backbone", true, &backbone);
    if (status != DUET_OK) return status;
    const json_t *kind = json_object_get(backbone, "kind");
    const char *word = json_string_value(kind);
    if (!word) return duet_field_bad(reader, "backbone.", "kind", kind, "\"mobilenet_v2\"");
    if (strcmp(word, "mobilenet_v2") != 0)
        return duet_fail(reader->error, DUET_UNSUPPORTED,
                         "%s: metadata: backbone.kind: expected mobilenet_v2, got '%.40s'", reader->path,
                         word);
    return duet_fields_read(reader, "backbone.", backbone, duet_backbone_fields, &m->config.backbone);
}

/* Whole numbers need ranges, which were read before. */
static enum duet_status read_precision(const struct duet_field_reader *reader, struct duet_metadata *m)
{
    const json_t *precision = duet_field_given(m->root, "precision");
    const char *word = precision ? json_string_value(precision) : "float32";
    m->config.precision = DUET_PRECISION_FLOAT32;
    if (!word) return duet_field_bad(reader, "", "precision", precision, "\"float32\" or \"int8\"");
    if (strcmp(word, "float32") == 0) return DUET_OK;
    if (strcmp(word, "int8") != 0)
        return duet_fail(reader->error, DUET_UNSUPPORTED,
                         "%s: metadata: precision: expected float32 or int8, got '%.40s'", reader->path,
                         word);
    m->config.precision = DUET_PRECISION_INT8;
    if (m->config.quantization.range_count) return DUET_OK;
    return duet_field_bad(reader, "quantization.", "layers", NULL, "ranges, which precision int8 needs");
}

static enum duet_status read_training(const struct duet_field_reader *reader, struct duet_metadata *m)
{
    const json_t *training, *settings = NULL;
    enum duet_status status = duet_field_object(reader, "", m->root, "training", false, &training);
    if (status == DUET_OK)
        status = duet_fields_read(reader, "training.", training, duet_training_fields, &m->config.training);
    if (status == DUET_OK)
        status = duet_field_object(reader, "training.", training, "settings", false, &settings);
    if (status != DUET_OK || !settings) return status;
    m->config.training.settings = m->settings = json_dumps(settings, JSON_COMPACT);
    return m->settings ? DUET_OK : duet_no_memory(reader->error, reader->path, NULL);
}

static enum duet_status read_origin(const struct duet_field_reader *reader, struct duet_metadata *m)
{
    static const struct duet_field data_fields[] = {
        {"sha256", DUET_FIELD_TEXT, offsetof(struct duet_model_config, data_sha256), false, 0, 0}, {0}};
    static const struct duet_field own_fields[] = {
        {"revision", DUET_FIELD_INT, offsetof(struct duet_model_config, revision), false, 1, INT_MAX}, {0}};
    const json_t *source, *data;
    m->config.revision = 1;
    enum duet_status status = duet_field_object(reader, "", m->root, "source", false, &source);
    if (status == DUET_OK) status = duet_field_object(reader, "", m->root, "data", false, &data);
    if (status == DUET_OK)
        status = duet_fields_read(reader, "source.", source, duet_source_fields, &m->config.source);
    if (status == DUET_OK) status = duet_fields_read(reader, "data.", data, data_fields, &m->config);
    if (status == DUET_OK) status = duet_fields_read(reader, "", m->root, own_fields, &m->config);
    return status;
}

/* That every layer which wants bytes finds them: accounting says so. */
static enum duet_status check_ranges(const struct duet_field_reader *reader, const struct duet_metadata *m,
                                     const struct duet_network *network)
{
    struct duet_error inner;
    const struct duet_head_input *input = &m->heads[0].input;
    struct duet_layer_info *info = calloc((size_t)duet_network_layer_count(network), sizeof *info);
    if (!info) return duet_no_memory(reader->error, reader->path, NULL);
    enum duet_status status =
        duet_network_account(network, input->height, input->width, info, sizeof *info, &inner);
    free(info);
    if (status != DUET_MISMATCH) return DUET_OK; /* of anything else, who runs it will be told */
    return duet_fail(reader->error, DUET_BAD_FORMAT, "%s: metadata: quantization: %s", reader->path,
                     inner.text);
}

/* That heads fit their trunk, and ranges their layers. */
static enum duet_status check_network(const struct duet_field_reader *reader, struct duet_metadata *m)
{
    struct duet_error inner;
    struct duet_network *network;
    enum duet_status status = duet_model_network(&m->config, 0, &network, &inner);
    if (status != DUET_OK)
        return duet_fail(reader->error, status == DUET_BAD_ARGUMENT ? DUET_BAD_FORMAT : status,
                         "%s: metadata: %s", reader->path, inner.text);
    status = duet_quantization_check(reader, &m->config.quantization, network);
    if (status == DUET_OK && m->config.precision == DUET_PRECISION_INT8)
        status = check_ranges(reader, m, network);
    duet_network_close(&network);
    return status;
}

enum duet_status duet_metadata_read(const char *path, const char *text, struct duet_metadata *metadata,
                                    struct duet_error *error)
{
    const struct duet_field_reader reader = {path, error};
    struct duet_metadata *const m = metadata;
    *m = (struct duet_metadata){0};
    if (!text)
        return duet_fail(error, DUET_BAD_FORMAT,
                         "%s: a safetensors file without \"duet\" metadata: not a model file of ours", path);
    m->root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (!m->root) return duet_no_memory(error, path, NULL); /* it was parsed when it was opened */
    enum duet_status status = read_version(&reader, m->root);
    if (status == DUET_OK) status = read_backbone(&reader, m);
    if (status == DUET_OK) status = read_heads(&reader, m);
    if (status == DUET_OK)
        status = duet_quantization_read(&reader, duet_field_given(m->root, "quantization"), m);
    if (status == DUET_OK) status = read_precision(&reader, m);
    if (status == DUET_OK) status = read_training(&reader, m);
    if (status == DUET_OK) status = read_origin(&reader, m);
    if (status == DUET_OK) status = check_network(&reader, m);
    if (status != DUET_OK) duet_metadata_close(m);
    return status;
}

bool duet_metadata_is_model(const char *text)
{
    json_t *root = text ? json_loads(text, 0, NULL) : NULL;
    bool is = json_object_get(root, "format_version");
    json_decref(root);
    return is;
}

void duet_metadata_close(struct duet_metadata *metadata)
{
    for (int i = 0; i < metadata->list_count; i++) free(metadata->lists[i]);
    free(metadata->heads);
    free(metadata->settings);
    free(metadata->ranges);
    free(metadata->float32);
    json_decref(metadata->root);
    *metadata = (struct duet_metadata){0};
}
