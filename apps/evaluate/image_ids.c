#include "evaluate/image_ids.h"

#include "core/fail.h"
#include "core/grow.h"
#include "core/order.h"
#include "core/os.h"

#include <stdlib.h>
#include <string.h>

/* The image that a line of `length` bytes means, by number or else by string; NULL: none. */
static const struct duet_coco_image *listed_image(const struct duet_coco_truth *truth, const char *line,
                                                  size_t length)
{
    const struct duet_coco_id_words ids = duet_coco_id_of_word(truth->ids, line, length);
    const struct duet_coco_image *image = duet_coco_truth_image(truth, ids.number);
    return image ? image : duet_coco_truth_image(truth, ids.string);
}

static enum duet_status add_ids(const char *path, const char *at, const char *end,
                                const struct duet_coco_truth *truth, int64_t **ids, size_t *count,
                                struct duet_error *error)
{
    size_t capacity = 0;
    for (size_t line = 1; at < end; line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at)), *stop = newline ? newline : end;
        size_t length = (size_t)(stop - at);
        if (length > 0 && at[length - 1] == '\r') length--;
        const struct duet_coco_image *image = length ? listed_image(truth, at, length) : NULL;
        if (length > 0 && !image)
            return duet_fail(error, DUET_BAD_FORMAT, "%s: line %zu: '%.*s': %s does not list that image",
                             path, line, length < 60 ? (int)length : 60, at, truth->path);
        if (!DUET_GROW(*ids, capacity, *count + 1)) return duet_no_memory(error, path, "for the ids");
        if (image) (*ids)[(*count)++] = image->id;
        at = newline ? newline + 1 : end;
    }
    return *count ? DUET_OK : duet_fail(error, DUET_BAD_FORMAT, "%s: no image ids in it", path);
}

enum duet_status evaluate_read_ids(const char *path, const struct duet_coco_truth *truth, int64_t **ids,
                                   size_t *count, struct duet_error *error)
{
    struct duet_bytes bytes;
    size_t begin, read = 0;
    *ids = NULL;
    *count = 0;
    enum duet_status status = duet_read_file(path, (size_t)1 << 28, &bytes, error);
    if (status != DUET_OK) return status;
    const char *text = (const char *)bytes.data;
    status = duet_bom_check(path, text, bytes.size, &begin, error);
    if (status == DUET_OK) status = add_ids(path, text + begin, text + bytes.size, truth, ids, &read, error);
    duet_bytes_close(&bytes);
    if (status != DUET_OK) {
        free(*ids);
        *ids = NULL;
        return status;
    }
    *count = duet_sort_distinct(*ids, read);
    return DUET_OK;
}

/* Ids as the hash wants them. */
struct id_list {
    const struct duet_coco_ids *ids;
    const int64_t *items;
    char *room; /* [DUET_COCO_ID_ROOM] */
};

static const char *id_at(const void *ctx, size_t index)
{
    const struct id_list *list = ctx;
    return duet_coco_id_text(list->ids, list->items[index], list->room);
}

void evaluate_hash_ids(const struct duet_coco_ids *ids, const int64_t *items, size_t count,
                       char hex[DUET_LIST_HASH])
{
    char room[DUET_COCO_ID_ROOM];
    const struct id_list list = {ids, items, room};
    duet_list_hash(count, id_at, &list, hex);
}
