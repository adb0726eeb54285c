#include "model/fields.h"

#include "core/fail.h"
#include "duet/model.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOT_TEXT 60 /* of what is there instead */

#define TEXT(owner, member)                                                                                  \
    {                                                                                                        \
#member, DUET_FIELD_TEXT, offsetof(struct owner, member), false, 0, 0                                \
    }

const struct duet_field duet_backbone_fields[] = {
    {"width_multiplier", DUET_FIELD_DOUBLE, offsetof(struct duet_model_backbone, width_multiplier), true, 0.1,
     4},
    {"channel_divisor", DUET_FIELD_INT, offsetof(struct duet_model_backbone, channel_divisor), true, 1, 64},
    {0}};
const struct duet_field duet_input_fields[] = {
    {"width", DUET_FIELD_INT, offsetof(struct duet_head_input, width), true, 1, 8192},
    {"height", DUET_FIELD_INT, offsetof(struct duet_head_input, height), true, 1, 8192},
    {"scale", DUET_FIELD_DOUBLE, offsetof(struct duet_head_input, scale), true, 1e-6, 1e6},
    {"shift", DUET_FIELD_DOUBLE, offsetof(struct duet_head_input, shift), true, -1e6, 1e6},
    {0}};
const struct duet_field duet_source_fields[] = {
    TEXT(duet_model_source, name),    TEXT(duet_model_source, format),  TEXT(duet_model_source, sha256),
    TEXT(duet_model_source, address), TEXT(duet_model_source, licence), {0}};
const struct duet_field duet_training_fields[] = {TEXT(duet_model_training, on),
                                                  TEXT(duet_model_training, base_sha256),
                                                  TEXT(duet_model_training, data_sha256),
                                                  TEXT(duet_model_training, not_for),
                                                  {0}};

enum duet_status duet_field_bad(const struct duet_field_reader *reader, const char *where, const char *name,
                                const json_t *got, const char *expected)
{
    char *text =
        got ? json_dumps(got, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(9))
            : NULL;
    bool whole = !text || strlen(text) <= GOT_TEXT;
    duet_fail(reader->error, DUET_BAD_FORMAT, "%s: metadata: %s%.60s: expected %s, got %.*s%s", reader->path,
              where, name, expected, GOT_TEXT, text ? text : "nothing", whole ? "" : "...");
    free(text);
    return DUET_BAD_FORMAT;
}

const json_t *duet_field_given(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_null(value) ? NULL : value;
}

enum duet_status duet_field_object(const struct duet_field_reader *reader, const char *where,
                                   const json_t *root, const char *name, bool needed, const json_t **object)
{
    *object = needed ? json_object_get(root, name) : duet_field_given(root, name);
    if (json_is_object(*object) || (!*object && !needed)) return DUET_OK;
    return duet_field_bad(reader, where, name, *object, "an object");
}

enum duet_status duet_field_array(const struct duet_field_reader *reader, const char *where,
                                  const json_t *root, const char *name, bool needed, size_t most,
                                  const json_t **array)
{
    char expected[48];
    *array = needed ? json_object_get(root, name) : duet_field_given(root, name);
    if (!*array && !needed) return DUET_OK;
    if (json_is_array(*array) && json_array_size(*array) <= most) return DUET_OK;
    snprintf(expected, sizeof expected, "an array of up to %zu", most);
    return duet_field_bad(reader, where, name, *array, expected);
}

bool duet_field_int(const json_t *value, int low, int high, int *number)
{
    if (!json_is_integer(value) || json_integer_value(value) < low || json_integer_value(value) > high)
        return false;
    *number = (int)json_integer_value(value);
    return true;
}

static bool read_field(const json_t *value, const struct duet_field *field, void *to)
{
    double number = json_number_value(value);
    bool in_range = json_is_number(value) && number >= field->low && number <= field->high;
    switch (field->type) {
    case DUET_FIELD_INT:
        return duet_field_int(value, (int)field->low, (int)field->high, to);
    case DUET_FIELD_FLOAT:
        return in_range && (*(float *)to = (float)number, true);
    case DUET_FIELD_DOUBLE:
        return in_range && (*(double *)to = number, true);
    case DUET_FIELD_FLAG:
        return json_is_boolean(value) && (*(bool *)to = json_is_true(value), true);
    case DUET_FIELD_TEXT:
        return json_is_string(value) && (*(const char **)to = json_string_value(value), true);
    }
    return false;
}

static const char *expected_text(const struct duet_field *field, char text[64])
{
    if (field->type == DUET_FIELD_FLAG) return "true or false";
    if (field->type == DUET_FIELD_TEXT) return "a text";
    if (field->type == DUET_FIELD_INT && field->low == 1 && field->high == INT_MAX)
        return "a whole number from 1 up";
    snprintf(text, 64, "a %snumber from %g to %g", field->type == DUET_FIELD_INT ? "whole " : "", field->low,
             field->high);
    return text;
}

enum duet_status duet_fields_read(const struct duet_field_reader *reader, const char *where,
                                  const json_t *object, const struct duet_field *fields, void *to)
{
    for (; fields->name; fields++) {
        const json_t *value = json_object_get(object, fields->name);
        char text[64];
        if ((!value || json_is_null(value)) && !fields->needed) continue;
        if (!read_field(value, fields, (char *)to + fields->offset))
            return duet_field_bad(reader, where, fields->name, value, expected_text(fields, text));
    }
    return DUET_OK;
}

static json_t *write_field(const struct duet_field *field, const void *from)
{
    switch (field->type) {
    case DUET_FIELD_INT:
        return json_integer(*(const int *)from);
    case DUET_FIELD_FLOAT:
        return json_real((double)*(const float *)from);
    case DUET_FIELD_DOUBLE:
        return json_real(*(const double *)from);
    case DUET_FIELD_FLAG:
        return json_boolean(*(const bool *)from);
    case DUET_FIELD_TEXT:
        return json_string(*(const char *const *)from);
    }
    return NULL;
}

bool duet_fields_write(json_t *object, const struct duet_field *fields, const void *from)
{
    bool good = object;
    for (; good && fields->name; fields++) {
        const void *member = (const char *)from + fields->offset;
        if (fields->type == DUET_FIELD_TEXT && !*(const char *const *)member)
            json_object_del(object, fields->name);
        else
            good = json_object_set_new(object, fields->name, write_field(fields, member)) == 0;
    }
    return good;
}

json_t *duet_field_part(json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    if (json_is_object(value)) return value;
    return json_object_set_new(object, name, json_object()) == 0 ? json_object_get(object, name) : NULL;
}
