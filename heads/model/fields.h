/* fields.h: objects of the metadata as structs, by tables of their members. Internal. */
#ifndef DUET_HEADS_MODEL_FIELDS_H
#define DUET_HEADS_MODEL_FIELDS_H

#include "heads/kinds.h"

#include <jansson.h>

/* The objects whose keys are members, one for one; the keys of heads' configs are in heads/kinds.h. */
extern const struct duet_field duet_backbone_fields[], duet_input_fields[], duet_source_fields[],
    duet_training_fields[];

/* Where in which file reading is. */
struct duet_field_reader {
    const char *path;
    struct duet_error *error;
};

#define DUET_FIELD_PATH 96 /* room for "heads[15].config." and a key */

/* DUET_BAD_FORMAT, "PATH: metadata: WHEREname: expected EXPECTED, got GOT". `name` is cut when it is long. */
enum duet_status duet_field_bad(const struct duet_field_reader *reader, const char *where, const char *name,
                                const json_t *got, const char *expected);

/* object[name], and NULL for null, too: what is not needed may be either. */
const json_t *duet_field_given(const json_t *object, const char *name);

/* object[name] is an object; with `needed` false it may also be missing, or null. */
enum duet_status duet_field_object(const struct duet_field_reader *reader, const char *where,
                                   const json_t *root, const char *name, bool needed, const json_t **object);

/* An array of at most `most`, alike. */
enum duet_status duet_field_array(const struct duet_field_reader *reader, const char *where,
                                  const json_t *root, const char *name, bool needed, size_t most,
                                  const json_t **array);

bool duet_field_int(const json_t *value, int low, int high, int *number);

/* The members that `fields` lists, from an object (NULL: an empty one) to a struct. */
enum duet_status duet_fields_read(const struct duet_field_reader *reader, const char *where,
                                  const json_t *object, const struct duet_field *fields, void *to);

/* And back; other keys of the object stay, a text of NULL goes. False: no memory, or a text is not UTF-8. */
bool duet_fields_write(json_t *object, const struct duet_field *fields, const void *from);

/* object[name], an object; an empty one where there was none. NULL: no memory. */
json_t *duet_field_part(json_t *object, const char *name);

#endif
