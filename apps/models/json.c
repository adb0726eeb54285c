#include "models/json.h"

#include <stdio.h>

void models_put_text(struct duet_buffer *json, const char *before, const char *name, const char *value)
{
    duet_putf(json, "%s\"%s\": ", before, name);
    if (value)
        duet_put_json_string(json, value);
    else
        duet_put(json, "null");
}

void models_put_shape(struct duet_buffer *json, const char *before, const char *name,
                      const struct duet_shape *shape)
{
    duet_putf(json, "%s\"%s\": [", before, name);
    for (int i = 0; i < shape->rank; i++) duet_putf(json, i ? ", %zu" : "%zu", shape->dims[i]);
    duet_put(json, "]");
}

bool models_print_json(struct duet_buffer *json)
{
    duet_put(json, "\n");
    bool printed = !json->failed && fwrite(json->data, 1, json->size, stdout) == json->size;
    duet_buffer_close(json);
    return printed;
}
