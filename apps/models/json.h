/* json.h: what the commands print as JSON. */
#ifndef DUET_APPS_MODELS_JSON_H
#define DUET_APPS_MODELS_JSON_H

#include "data/json/text.h"
#include "duet/tensor.h"

/* `before`, then `"name": "value"`, or null where there is none. */
void models_put_text(struct duet_buffer *json, const char *before, const char *name, const char *value);

/* The same of `"name": [2, 3]`. */
void models_put_shape(struct duet_buffer *json, const char *before, const char *name,
                      const struct duet_shape *shape);

/* Print to stdout, and close. False when there was no memory for all of it or stdout refuses. */
bool models_print_json(struct duet_buffer *json);

#endif
