#include "data/coco/results.h"

#include "coco/ids_read.h"
#include "coco/masks_read.h"
#include "core/fail.h"
#include "core/grow.h"
#include "core/os.h"
#include "json/read.h"

#include <math.h>

void duet_coco_results_close(struct duet_coco_results *results)
{
    if (!results) return;
    if (results->masks) duet_coco_masks_close(results->masks);
    free(results->masks);
    free(results->items);
    free(results->path);
    duet_coco_ids_close(&results->ids);
    *results = (struct duet_coco_results){0};
}

enum field { IMAGE, CATEGORY, SCORE, BOX, MASK, OTHER, FIELDS = OTHER };

static const char field_names[FIELDS][16] = {"image_id", "category_id", "score", "bbox", "segmentation"};
static const size_t field_lengths[FIELDS] = {8, 11, 5, 4, 12};

/* Where in the file we are: [{"image_id": ..., "bbox": [x, y, w, h] ...} ...]. */
struct place {
    struct duet_coco_results *results;
    struct duet_coco_mask_reader masks; /* .masks NULL: not wanted */
    size_t capacity;
    struct duet_coco_result item;
    double box[4];
    int sides; /* of the box, seen so far */
    enum field field;
    bool seen[FIELDS];
};

static bool wrong(struct place *place, struct duet_json_reader *reader, const char *wanted,
                  const struct duet_json_token *token)
{
    char room[DUET_JSON_GOT];
    return duet_json_refuse(reader, DUET_BAD_FORMAT, "results[%zu].%s: expected %s, got %s",
                            place->results->count, field_names[place->field], wanted,
                            duet_json_got(token, room));
}

static void on_key(struct place *place, const struct duet_json_token *token)
{
    place->field = OTHER;
    for (int i = 0; i < FIELDS; i++)
        if (token->length == field_lengths[i] && memcmp(token->text, field_names[i], token->length) == 0)
            place->field = (enum field)i;
    if (place->field != OTHER) place->seen[place->field] = true;
}

static bool on_id(struct place *place, struct duet_json_reader *reader, const struct duet_json_token *token,
                  int64_t *id)
{
    enum duet_status status = duet_coco_id_of_token(&place->results->ids, token, id);
    if (status == DUET_BAD_FORMAT) return wrong(place, reader, DUET_COCO_ID_WANTED, token);
    return status == DUET_OK || duet_json_refuse(reader, status, "no memory for so many ids");
}

/* pycocotools takes [] for none. */
static bool on_box(struct place *place, struct duet_json_reader *reader, const struct duet_json_token *token)
{
    if (token->kind == DUET_JSON_ARRAY) {
        place->sides = 0;
        return true;
    }
    if (token->kind != DUET_JSON_ARRAY_END) return wrong(place, reader, "an array of 4 numbers", token);
    if (place->sides == 0) place->seen[BOX] = false;
    return place->sides % 4 == 0 ||
           duet_json_refuse(reader, DUET_BAD_FORMAT, "results[%zu].bbox: expected 4 numbers, got %d",
                            place->results->count, place->sides);
}

/* The value of a field, or its beginning and end. */
static bool on_value(struct place *place, struct duet_json_reader *reader,
                     const struct duet_json_token *token)
{
    switch (place->field) {
    case IMAGE:
        return on_id(place, reader, token, &place->item.image_id);
    case CATEGORY:
        return on_id(place, reader, token, &place->item.category_id);
    case SCORE:
        return duet_json_number(token, &place->item.score) || wrong(place, reader, "a number", token);
    case BOX:
        return on_box(place, reader, token);
    default:
        return true;
    }
}

static bool on_side(struct place *place, struct duet_json_reader *reader, const struct duet_json_token *token)
{
    if (token->kind != DUET_JSON_NUMBER) return wrong(place, reader, "numbers", token);
    if (place->sides == 4)
        return duet_json_refuse(reader, DUET_BAD_FORMAT, "results[%zu].bbox: expected 4 numbers, got more",
                                place->results->count);
    place->box[place->sides++] = duet_json_double(token);
    return true;
}

static void count_oddities(struct duet_coco_results *results, const struct place *place)
{
    const struct duet_coco_result *item = &place->item;
    if (!isfinite(item->score) || !isfinite(item->x) || !isfinite(item->y) || !isfinite(item->width) ||
        !isfinite(item->height))
        results->not_finite++;
    if (!place->seen[BOX]) results->without_box++;
}

static bool end_item(struct place *place, struct duet_json_reader *reader)
{
    struct duet_coco_results *results = place->results;
    for (int i = 0; i < FIELDS; i++)
        if (!place->seen[i] && i != MASK && (i != BOX || !place->seen[MASK]))
            return duet_json_refuse(reader, DUET_BAD_FORMAT, "results[%zu] has no \"%s\"", results->count,
                                    field_names[i]);
    if (!DUET_GROW(results->items, place->capacity, results->count + 1))
        return duet_json_refuse(reader, DUET_OUT_OF_MEMORY, "no memory for %zu results", results->count + 1);
    place->item.x = place->box[0];
    place->item.y = place->box[1];
    place->item.width = place->box[2];
    place->item.height = place->box[3];
    place->item.has_box = place->seen[BOX];
    place->item.mask = place->masks.mask;
    results->items[results->count++] = place->item;
    count_oddities(results, place);
    return true;
}

static void begin_item(struct place *place)
{
    place->item = (struct duet_coco_result){0};
    memset(place->box, 0, sizeof place->box);
    memset(place->seen, 0, sizeof place->seen);
    place->sides = 0;
    place->masks.mask = 0;
}

static bool on_token(void *ctx, struct duet_json_reader *reader, const struct duet_json_token *token)
{
    struct place *place = ctx;
    switch (token->depth) {
    case 0:
        if (token->kind == DUET_JSON_ARRAY || token->kind == DUET_JSON_ARRAY_END) return true;
        return duet_json_refuse(reader, DUET_BAD_FORMAT, "expected an array of results, got %s",
                                duet_json_kind_name(token->kind));
    case 1:
        if (token->kind == DUET_JSON_OBJECT_END) return end_item(place, reader);
        begin_item(place);
        if (token->kind == DUET_JSON_OBJECT) return true;
        return duet_json_refuse(reader, DUET_BAD_FORMAT, "results[%zu]: expected an object, got %s",
                                place->results->count, duet_json_kind_name(token->kind));
    case 2:
        if (token->kind == DUET_JSON_KEY) {
            on_key(place, token);
            return true;
        }
        break;
    }
    if (place->field == MASK && place->masks.masks)
        return duet_coco_mask_token(&place->masks, reader, token, token->depth - 2, "results",
                                    place->results->count);
    if (token->depth == 2) return on_value(place, reader, token);
    return token->depth == 3 && place->field == BOX ? on_side(place, reader, token) : true;
}

enum duet_status duet_coco_results_open(const char *path, bool masks, struct duet_coco_results *results,
                                        struct duet_error *error)
{
    *results = (struct duet_coco_results){.masks = masks ? calloc(1, sizeof *results->masks) : NULL};
    results->path = duet_text("%s", path);
    struct place place = {.results = results, .masks.masks = results->masks};
    enum duet_status status = results->path && (!masks || results->masks)
                                  ? duet_json_read(path, on_token, &place, error)
                                  : duet_no_memory(error, path, "to read");
    duet_coco_mask_reader_close(&place.masks);
    if (status == DUET_OK) {
        results->items = duet_trim(results->items, results->count, sizeof *results->items);
        if (results->masks) duet_coco_masks_trim(results->masks);
    } else {
        duet_coco_results_close(results);
    }
    return status;
}
