#include "model/quantization.h"

#include "core/fail.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHERE       300 /* "quantization.layers.", a layer's name and "." */
#define MAX_FLOAT32 65536

static const struct duet_field range_fields[] = {
    {"scale", DUET_FIELD_FLOAT, offsetof(struct duet_model_range, scale), true, DUET_RANGE_MIN_SCALE,
     DUET_RANGE_MAX_SCALE},
    {"zero_point", DUET_FIELD_INT, offsetof(struct duet_model_range, zero_point), true, 0, 255},
    {0}};
static const struct duet_field calibration_fields[] = {
    {"on", DUET_FIELD_TEXT, offsetof(struct duet_model_calibration, on), false, 0, 0},
    {"pictures", DUET_FIELD_INT, offsetof(struct duet_model_calibration, pictures), false, 0, INT_MAX},
    {"worst", DUET_FIELD_TEXT, offsetof(struct duet_model_calibration, worst), false, 0, 0},
    {"worst_sqnr", DUET_FIELD_DOUBLE, offsetof(struct duet_model_calibration, worst_sqnr), false, -1e6, 1e6},
    {0}};

static enum duet_status read_ranges(const struct duet_field_reader *reader, const json_t *layers,
                                    struct duet_metadata *m)
{
    struct duet_model_quantization *q = &m->config.quantization;
    enum duet_status status = DUET_OK;
    const char *name;
    json_t *layer;
    q->ranges = m->ranges = calloc(json_object_size(layers) + 1, sizeof *m->ranges);
    if (!m->ranges) return duet_no_memory(reader->error, reader->path, NULL);
    json_object_foreach((json_t *)(uintptr_t)layers, name, layer)
    {
        char where[WHERE];
        struct duet_model_range *range = &m->ranges[q->range_count++];
        range->layer = name;
        snprintf(where, sizeof where, "quantization.layers.%s.", name);
        if (!json_is_object(layer))
            return duet_field_bad(reader, "quantization.layers.", name, layer, "an object");
        status = duet_fields_read(reader, where, layer, range_fields, range);
        if (status != DUET_OK) break;
    }
    return status;
}

static enum duet_status read_float32(const struct duet_field_reader *reader, const json_t *value,
                                     struct duet_metadata *m)
{
    struct duet_model_quantization *q = &m->config.quantization;
    const json_t *list, *item;
    size_t i;
    enum duet_status status =
        duet_field_array(reader, "quantization.", value, "float32", false, MAX_FLOAT32, &list);
    if (status != DUET_OK || !list) return status;
    q->float32 = m->float32 = calloc(json_array_size(list) + 1, sizeof *m->float32);
    if (!m->float32) return duet_no_memory(reader->error, reader->path, NULL);
    json_array_foreach(list, i, item)
    {
        m->float32[i] = json_string_value(item);
        if (!m->float32[i])
            return duet_field_bad(reader, "quantization.", "float32", item, "names of layers");
    }
    q->float32_count = (int)json_array_size(list);
    return DUET_OK;
}

enum duet_status duet_quantization_read(const struct duet_field_reader *reader, const json_t *value,
                                        struct duet_metadata *m)
{
    const json_t *layers, *calibration;
    if (!value) return DUET_OK;
    if (!json_is_object(value)) return duet_field_bad(reader, "", "quantization", value, "an object");
    const json_t *rounding = json_object_get(value, "rounding");
    const char *rule = json_string_value(rounding);
    if (!rule || strcmp(rule, "half_even") != 0)
        return duet_field_bad(reader, "quantization.", "rounding", rounding, "\"half_even\"");
    m->config.quantization.rounding = rule;
    enum duet_status status = duet_field_object(reader, "quantization.", value, "layers", true, &layers);
    if (status == DUET_OK) status = read_ranges(reader, layers, m);
    if (status == DUET_OK) status = read_float32(reader, value, m);
    if (status == DUET_OK)
        status = duet_field_object(reader, "quantization.", value, "calibration", false, &calibration);
    return status == DUET_OK ? duet_fields_read(reader, "quantization.calibration.", calibration,
                                                calibration_fields, &m->config.quantization.calibration)
                             : status;
}

enum duet_status duet_quantization_check(const struct duet_field_reader *reader,
                                         const struct duet_model_quantization *q,
                                         const struct duet_network *network)
{
    const char *unknown = NULL;
    for (int i = 0; !unknown && i < q->range_count; i++)
        if (duet_network_find(network, q->ranges[i].layer) < 0) unknown = q->ranges[i].layer;
    if (unknown) return duet_field_bad(reader, "quantization.layers.", unknown, NULL, "the name of a layer");
    for (int i = 0; !unknown && i < q->float32_count; i++)
        if (duet_network_find(network, q->float32[i]) < 0) unknown = q->float32[i];
    if (!unknown) return DUET_OK;
    return duet_fail(reader->error, DUET_BAD_FORMAT,
                     "%s: metadata: quantization.float32: expected names of layers, got '%.60s'",
                     reader->path, unknown);
}

static bool put_ranges(json_t *object, const struct duet_model_quantization *q)
{
    json_t *old = json_object_get(object, "layers"), *layers = json_object();
    bool good = layers;
    for (int i = 0; good && i < q->range_count; i++) {
        json_t *before = json_object_get(old, q->ranges[i].layer);
        json_t *layer = json_is_object(before) ? json_deep_copy(before) : json_object();
        good = duet_fields_write(layer, range_fields, &q->ranges[i]);
        good = json_object_set_new(layers, q->ranges[i].layer, layer) == 0 && good;
    }
    if (good) return json_object_set_new(object, "layers", layers) == 0;
    json_decref(layers);
    return false;
}

static bool put_float32(json_t *object, const struct duet_model_quantization *q)
{
    json_t *list = json_array();
    bool good = json_object_set_new(object, "float32", list) == 0;
    for (int i = 0; good && i < q->float32_count; i++)
        good = json_array_append_new(list, json_string(q->float32[i])) == 0;
    return good;
}

bool duet_quantization_write(json_t *root, const struct duet_model_quantization *q)
{
    if (!q->rounding) {
        json_object_del(root, "quantization");
        return true;
    }
    json_t *object = duet_field_part(root, "quantization"), *made = duet_field_part(object, "calibration");
    return object && made && json_object_set_new(object, "rounding", json_string(q->rounding)) == 0 &&
           put_ranges(object, q) && put_float32(object, q) &&
           duet_fields_write(made, calibration_fields, &q->calibration);
}
