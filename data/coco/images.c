#include "data/coco/images.h"

#include "coco/names.h"
#include "coco/truth_read.h"
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

static bool add_last(struct duet_coco_images *images, const char *name, size_t length, int64_t id)
{
    const char *slash = memrchr(name, '/', length);
    size_t skip = slash ? (size_t)(slash + 1 - name) : 0;
    bool added;
    size_t number = duet_names_add(&images->lasts, name + skip, length - skip, &added);
    if (number == DUET_NAME_NONE) return false;
    if (!DUET_GROW(images->last_ids, images->last_ids_capacity, number + 1)) return false;
    if (added)
        images->last_ids[number] = (struct last){id, false};
    else if (images->last_ids[number].id != id)
        images->last_ids[number].ambiguous = true;
    return true;
}

static bool on_image(void *ctx, struct duet_json_reader *reader, const struct duet_coco_ids *ids,
                     size_t index, int64_t id, char *name)
{
    struct duet_coco_images *images = ctx;
    if (!name) return true;
    for (char *c = name; *c; c++)
        if (*c == '\\') *c = '/'; /* of programs for Windows: "images\a.jpg" is a path, too */
    bool added;
    size_t length = strlen(name), number = duet_names_add(&images->names, name, length, &added);
    bool room = number != DUET_NAME_NONE && DUET_GROW(images->ids, images->ids_capacity, number + 1);
    if (room && !added && images->ids[number] != id) {
        char here[DUET_COCO_ID_ROOM], before[DUET_COCO_ID_ROOM];
        return duet_json_refuse(reader, DUET_MISMATCH, "images[%zu]: '%s' has the id %s here and %s before",
                                index, name, duet_coco_id_text(ids, id, here),
                                duet_coco_id_text(ids, images->ids[number], before));
    }
    if (room) images->ids[number] = id;
    return (room && add_last(images, name, length, id)) ||
           duet_json_refuse(reader, DUET_OUT_OF_MEMORY, "no memory for the names of images");
}

enum duet_status duet_coco_images_open(const char *path, struct duet_coco_images **images,
                                       struct duet_error *error)
{
    *images = calloc(1, sizeof **images);
    if (!*images) return duet_no_memory(error, path, NULL);
    enum duet_status status = duet_coco_read_images(path, on_image, *images, &(*images)->named, error);
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
    const char *name = duet_path_name(path), *end = duet_path_extension(path), *begin = end;
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
