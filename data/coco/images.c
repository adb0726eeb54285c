#include "data/coco/images.h"

#include "coco/ids_read.h"
#include "coco/names.h"
#include "core/fail.h"
#include "core/grow.h"
#include "core/os.h"
#include "json/read.h"

/* Names are kept twice: whole, and by their last component, where several ids may meet. */
struct duet_coco_images {
    struct duet_names names; /* as they stand in the file */
    int64_t *ids;            /* [names.count] */
    size_t ids_capacity;
    struct duet_names lasts; /* last components */
    struct last {
        int64_t id;
        bool ambiguous; /* two ids: the component alone says nothing */
    } * last_ids;       /* [lasts.count] */
    size_t last_ids_capacity;
    struct duet_coco_ids *named; /* ids that are no plain numbers */
};

void duet_coco_images_close(struct duet_coco_images **images)
{
    if (!images || !*images) return;
    duet_names_close(&(*images)->names);
    duet_names_close(&(*images)->lasts);
    free((*images)->ids);
    free((*images)->last_ids);
    duet_coco_ids_close(&(*images)->named);
    free(*images);
    *images = NULL;
}

const struct duet_coco_ids *duet_coco_images_ids(const struct duet_coco_images *images)
{
    return images->named;
}

/* --- reading ------------------------------------------------------------------------------------------ */

/* Where in the file we are: {"images": [{"id": ..., "file_name": ...}]}. */
struct place {
    struct duet_coco_images *images;
    bool images_seen, in_images;
    size_t index; /* of the entry in "images" */
    enum key { KEY_OTHER, KEY_ID, KEY_NAME } key;
    bool has_id, has_name;
    int64_t id;
    char *name; /* [name_length] */
    size_t name_length, name_capacity;
};

static bool no_memory(struct duet_json_reader *reader)
{
    return duet_json_refuse(reader, DUET_OUT_OF_MEMORY, "no memory for the names of images");
}

static bool add_last(struct duet_coco_images *images, const char *name, size_t length, int64_t id)
{
    const char *slash = memrchr(name, '/', length);
    size_t skip = slash ? (size_t)(slash + 1 - name) : 0;
    bool added;
    size_t number = duet_names_add(&images->lasts, name + skip, length - skip, &added);
    if (number == DUET_NAME_NONE) return false;
    struct last *last_ids =
        duet_grow(images->last_ids, &images->last_ids_capacity, number + 1, sizeof *last_ids);
    if (!last_ids) return false;
    images->last_ids = last_ids;
    if (added)
        last_ids[number] = (struct last){id, false};
    else if (last_ids[number].id != id)
        last_ids[number].ambiguous = true;
    return true;
}

static bool add_image(struct place *place, struct duet_json_reader *reader)
{
    struct duet_coco_images *images = place->images;
    bool added;
    size_t number = duet_names_add(&images->names, place->name, place->name_length, &added);
    if (number == DUET_NAME_NONE) return no_memory(reader);
    int64_t *ids = duet_grow(images->ids, &images->ids_capacity, number + 1, sizeof *ids);
    if (!ids) return no_memory(reader);
    images->ids = ids;
    if (!added && ids[number] != place->id) {
        char here[DUET_COCO_ID_ROOM], before[DUET_COCO_ID_ROOM];
        return duet_json_refuse(reader, DUET_MISMATCH, "images[%zu]: '%s' has the id %s here and %s before",
                                place->index, duet_names_text(&images->names, number),
                                duet_coco_id_text(images->named, place->id, here),
                                duet_coco_id_text(images->named, ids[number], before));
    }
    ids[number] = place->id;
    return add_last(images, place->name, place->name_length, place->id) || no_memory(reader);
}

/* Images without a name that can be one are found by none. */
static bool end_entry(struct place *place, struct duet_json_reader *reader)
{
    if (!place->has_id)
        return duet_json_refuse(reader, DUET_BAD_FORMAT, "images[%zu] has no \"id\"", place->index);
    bool added = !place->has_name || add_image(place, reader);
    place->index++;
    return added;
}

static bool on_id(struct place *place, struct duet_json_reader *reader, const struct duet_json_token *token)
{
    enum duet_status status = duet_coco_id_of_token(&place->images->named, token, &place->id);
    place->has_id = true;
    if (status == DUET_OK) return true;
    if (status != DUET_BAD_FORMAT) return no_memory(reader);
    return duet_json_refuse(reader, status, "images[%zu].id: expected " DUET_COCO_ID_WANTED ", got %s",
                            place->index,
                            token->kind == DUET_JSON_NUMBER ? "NaN" : duet_json_kind_name(token->kind));
}

/* Of programs for Windows: "images\a.jpg" is a path, too. */
static bool on_name(struct place *place, struct duet_json_reader *reader, const struct duet_json_token *token)
{
    place->has_name = token->kind == DUET_JSON_STRING && !memchr(token->text, '\0', token->length);
    if (!place->has_name) return true;
    char *name = duet_grow(place->name, &place->name_capacity, token->length + 1, 1);
    if (!name) return no_memory(reader);
    memcpy(name, token->text, token->length);
    for (size_t i = 0; i < token->length; i++)
        if (name[i] == '\\') name[i] = '/';
    place->name = name;
    place->name_length = token->length;
    return true;
}

static bool entry_token(struct place *place, struct duet_json_reader *reader,
                        const struct duet_json_token *token)
{
    enum key key = place->key;
    if (token->kind == DUET_JSON_KEY) {
        place->key = duet_json_is(token, "id")          ? KEY_ID
                     : duet_json_is(token, "file_name") ? KEY_NAME
                                                        : KEY_OTHER;
        return true;
    }
    place->key = KEY_OTHER;
    return key == KEY_ID     ? on_id(place, reader, token)
           : key == KEY_NAME ? on_name(place, reader, token)
                             : true;
}

static bool in_images(struct place *place, struct duet_json_reader *reader,
                      const struct duet_json_token *token)
{
    switch (token->depth) {
    case 1: /* the array itself */
        if (token->kind == DUET_JSON_ARRAY_END) place->in_images = false;
        if (token->kind == DUET_JSON_ARRAY || token->kind == DUET_JSON_ARRAY_END) return true;
        return duet_json_refuse(reader, DUET_BAD_FORMAT, "\"images\": expected an array, got %s",
                                duet_json_kind_name(token->kind));
    case 2: /* an entry */
        if (token->kind == DUET_JSON_OBJECT_END) return end_entry(place, reader);
        place->has_id = place->has_name = false;
        if (token->kind == DUET_JSON_OBJECT) return true;
        return duet_json_refuse(reader, DUET_BAD_FORMAT, "images[%zu]: expected an object, got %s",
                                place->index, duet_json_kind_name(token->kind));
    case 3:
        return entry_token(place, reader, token);
    default:
        return true;
    }
}

static bool on_token(void *ctx, struct duet_json_reader *reader, const struct duet_json_token *token)
{
    struct place *place = ctx;
    if (place->in_images) return in_images(place, reader, token);
    if (token->depth == 0 && token->kind != DUET_JSON_OBJECT && token->kind != DUET_JSON_OBJECT_END)
        return duet_json_refuse(reader, DUET_BAD_FORMAT, "expected an object with \"images\", got %s",
                                duet_json_kind_name(token->kind));
    if (token->depth != 1 || token->kind != DUET_JSON_KEY || !duet_json_is(token, "images")) return true;
    place->images_seen = place->in_images = true;
    place->index = 0;
    return true;
}

enum duet_status duet_coco_images_open(const char *path, struct duet_coco_images **images,
                                       struct duet_error *error)
{
    *images = calloc(1, sizeof **images);
    struct place *place = calloc(1, sizeof *place);
    enum duet_status status;
    if (*images && place) {
        place->images = *images;
        status = duet_json_read(path, on_token, place, error);
        if (status == DUET_OK && !place->images_seen)
            status = duet_fail(error, DUET_BAD_FORMAT,
                               "%s: no \"images\" in it, expected a COCO instances file", path);
    } else {
        status = duet_no_memory(error, path, NULL);
    }
    if (place) free(place->name);
    free(place);
    if (status != DUET_OK) duet_coco_images_close(images);
    return status;
}

/* --- finding ------------------------------------------------------------------------------------------ */

bool duet_coco_images_find(const struct duet_coco_images *images, const char *path, int64_t *id)
{
    const char *tail = path; /* "a/b/c.jpg", "b/c.jpg", "c.jpg" */
    for (;;) {
        size_t number = duet_names_find(&images->names, tail, strlen(tail));
        if (number != DUET_NAME_NONE) {
            *id = images->ids[number];
            return true;
        }
        const char *slash = strchr(tail, '/');
        if (!slash) break;
        tail = slash + 1;
    }
    size_t number = duet_names_find(&images->lasts, tail, strlen(tail));
    if (number == DUET_NAME_NONE || images->last_ids[number].ambiguous) return false;
    *id = images->last_ids[number].id;
    return true;
}

bool duet_coco_id_from_stem(const char *path, int64_t *id)
{
    const char *name = duet_path_name(path), *dot = strrchr(name, '.');
    const char *end = dot && dot > name ? dot : name + strlen(name), *begin = end;
    while (begin > name && begin[-1] >= '0' && begin[-1] <= '9') begin--;
    int64_t value = 0;
    for (const char *digit = begin; digit < end; digit++) {
        value = value * 10 + (*digit - '0');
        if (value > (int64_t)1 << 53) return false;
    }
    if (begin == end) return false;
    *id = value;
    return true;
}
