#include "model/quantization.h"

#include "core/fail.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* "quantization.layers.backbone.conv.weight." */
#define WHERE 300

static bool is_scale(const json_t *value)
{
    double number = json_number_value(value);
    return json_is_number(value) && isfinite((float)number) && (float)number > 0;
}

/* Scales and zero points of one tensor: one of each, or (weights) one for each of `channels`. */
static enum duet_status check_tensor(const struct duet_field_reader *reader, const char *where,
                                     const json_t *tensor, size_t channels)
{
    const json_t *scales = json_object_get(tensor, "scale"), *zeros = duet_field_given(tensor, "zero_point");
    const json_t *dtype = duet_field_given(tensor, "dtype");
    const char *type = dtype ? json_string_value(dtype) : "I8";
    size_t count = json_array_size(scales);
    char expected[64];
    if (!type || (strcmp(type, "I8") != 0 && strcmp(type, "U8") != 0))
        return duet_field_bad(reader, where, "dtype", dtype, "\"I8\" or \"U8\"");
    const int low = *type == 'I' ? -128 : 0, high = low + 255;
    snprintf(expected, sizeof expected,
             channels > 1 ? "an array of 1 or %zu numbers" : "an array of 1 number", channels);
    if (count != 1 && count != channels) return duet_field_bad(reader, where, "scale", scales, expected);
    if (zeros && json_array_size(zeros) != count)
        return duet_field_bad(reader, where, "zero_point", zeros, "an array as long as that of scales");
    snprintf(expected, sizeof expected, "whole numbers from %d to %d", low, high);
    for (size_t i = 0; i < count; i++) {
        const json_t *scale = json_array_get(scales, i), *zero = json_array_get(zeros, i);
        int ignored;
        if (!is_scale(scale)) return duet_field_bad(reader, where, "scale", scale, "numbers above 0");
        if (zeros && !duet_field_int(zero, low, high, &ignored))
            return duet_field_bad(reader, where, "zero_point", zero, expected);
    }
    return DUET_OK;
}

static enum duet_status check_layer(const struct duet_field_reader *reader, const char *name,
                                    const json_t *layer, const struct duet_network *network)
{
    static const char *const tensors[] = {"input", "output", "weight"};
    char where[WHERE];
    duet_node node = duet_network_find(network, name);
    if (node < 0 || !json_is_object(layer))
        return duet_field_bad(reader, "quantization.layers.", name, layer,
                              node < 0 ? "the name of a layer" : "an object");
    enum duet_status status = DUET_OK;
    for (size_t i = 0; status == DUET_OK && i < sizeof tensors / sizeof tensors[0]; i++) {
        const json_t *tensor;
        snprintf(where, sizeof where, "quantization.layers.%s.", name);
        status = duet_field_object(reader, where, layer, tensors[i], false, &tensor);
        snprintf(where, sizeof where, "quantization.layers.%s.%s.", name, tensors[i]);
        bool by_channel = i == 2 && duet_network_weight_shape(network, node).rank > 0;
        size_t channels = by_channel ? (size_t)duet_network_layer(network, node)->channels : 1;
        if (status == DUET_OK && tensor) status = check_tensor(reader, where, tensor, channels);
    }
    return status;
}

enum duet_status duet_quantization_read(const struct duet_field_reader *reader, const json_t *value,
                                        const struct duet_network *network,
                                        struct duet_model_quantization *quantization)
{
    const json_t *layers;
    const char *name;
    json_t *layer;
    if (!value) return DUET_OK;
    if (!json_is_object(value)) return duet_field_bad(reader, "", "quantization", value, "an object");
    const json_t *rounding = json_object_get(value, "rounding");
    const char *rule = json_string_value(rounding);
    if (!rule || strcmp(rule, "half_even") != 0)
        return duet_field_bad(reader, "quantization.", "rounding", rounding, "\"half_even\"");
    enum duet_status status = duet_field_object(reader, "quantization.", value, "layers", true, &layers);
    json_object_foreach((json_t *)(uintptr_t)layers, name, layer)
    {
        if (status == DUET_OK) status = check_layer(reader, name, layer, network);
    }
    *quantization =
        (struct duet_model_quantization){.rounding = rule, .range_count = (int)json_object_size(layers)};
    return status;
}
