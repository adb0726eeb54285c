#include "duet/coco_truth.h"

#include "coco_masks.h"
#include "coco_truth_order.h"
#include "core/fail.h"
#include "grow.h"
#include "json_read.h"

#include <limits.h>
#include <math.h>

void duet_coco_truth_close(struct duet_coco_truth *truth)
{
    if (!truth) return;
    if (truth->masks) duet_coco_masks_close(truth->masks);
    free(truth->masks);
    free(truth->images);
    free(truth->categories);
    free(truth->annotations);
    free(truth->images_by_id);
    free(truth->categories_by_id);
    free(truth->texts);
    *truth = (struct duet_coco_truth){0};
}

/* --- reading: the fields of an entry ------------------------------------------------------------------ */

enum list { IMAGES, CATEGORIES, ANNOTATIONS, LISTS };
static const char *const list_names[LISTS] = {"images", "categories", "annotations"};

enum field { ID, NAME, FILE_NAME, WIDTH, HEIGHT, IMAGE, CATEGORY, BOX, AREA, CROWD, IGNORE, MASK, FIELDS };
static const char *const field_names[FIELDS] = {"id",     "name",     "file_name",   "width",
                                                "height", "image_id", "category_id", "bbox",
                                                "area",   "iscrowd",  "ignore",      "segmentation"};
#define BIT(field) (1u << (field))

/* What is read of an entry of each list, and what it must have. */
static const unsigned read_of[LISTS] = {[IMAGES] = BIT(ID) | BIT(FILE_NAME) | BIT(WIDTH) | BIT(HEIGHT),
                                        [CATEGORIES] = BIT(ID) | BIT(NAME),
                                        [ANNOTATIONS] = BIT(ID) | BIT(IMAGE) | BIT(CATEGORY) | BIT(BOX) |
                                                        BIT(AREA) | BIT(CROWD) | BIT(IGNORE) | BIT(MASK)};
static const unsigned needed_of[LISTS] = {
    [IMAGES] = BIT(ID), [CATEGORIES] = BIT(ID), [ANNOTATIONS] = BIT(ID) | BIT(IMAGE) | BIT(CATEGORY)};

#define MAX_NAME 4096

/* Where in the file we are: {"annotations": [{"id": ..., "bbox": [x, y, w, h] ...} ...] ...}. */
struct place {
    struct duet_coco_truth *truth;
    struct duet_coco_mask_reader masks; /* .masks NULL: not wanted */
    size_t image_capacity, category_capacity, annotation_capacity, texts_size, texts_capacity;
    bool lists_seen[LISTS];
    enum list list;        /* LISTS: in none of them */
    size_t index;          /* of the entry in it */
    enum field field;      /* FIELDS: one that is passed over */
    unsigned seen;         /* BITs of the entry's fields */
    int64_t whole[FIELDS]; /* of those that are whole numbers */
    double area, box[4];
    int sides;   /* of the box, seen so far */
    size_t text; /* where the entry's name begins in texts */
};

static bool wrong(const struct place *place, struct duet_json_reader *reader, const char *wanted,
                  const struct duet_json_token *token)
{
    bool number = token->kind == DUET_JSON_NUMBER;
    return duet_json_refuse(reader, DUET_BAD_FORMAT, "%s[%zu].%s: expected %s, got %s%.*s",
                            list_names[place->list], place->index, field_names[place->field], wanted,
                            number ? "" : duet_json_kind_name(token->kind),
                            number ? (int)(token->length < 40 ? token->length : 40) : 0, token->text);
}

static bool no_memory(struct duet_json_reader *reader)
{
    return duet_json_refuse(reader, DUET_OUT_OF_MEMORY, "no memory for the ground truth");
}

static bool on_key(struct place *place, struct duet_json_reader *reader, const struct duet_json_token *token)
{
    unsigned wanted = read_of[place->list];
    for (place->field = 0; place->field < FIELDS; place->field++)
        if (wanted & BIT(place->field) && duet_json_is(token, field_names[place->field])) break;
    if (place->field == FIELDS) return true;
    if (place->seen & BIT(place->field))
        return duet_json_refuse(reader, DUET_BAD_FORMAT, "%s[%zu] has two \"%s\"", list_names[place->list],
                                place->index, field_names[place->field]);
    place->seen |= BIT(place->field);
    return true;
}

static bool on_whole(struct place *place, struct duet_json_reader *reader,
                     const struct duet_json_token *token, int64_t least, int64_t most)
{
    int64_t value;
    if (token->kind == DUET_JSON_NUMBER && duet_json_integer(token, &value) && value >= least &&
        value <= most) {
        place->whole[place->field] = value;
        return true;
    }
    return wrong(place, reader,
                 least == INT64_MIN ? "a whole number"
                 : least == INT_MIN ? "a whole number of 32 bits"
                                    : "a whole number from 0 to 65535",
                 token);
}

static bool on_text(struct place *place, struct duet_json_reader *reader, const struct duet_json_token *token)
{
    if (token->kind != DUET_JSON_STRING) return wrong(place, reader, "a string", token);
    if (token->length > MAX_NAME)
        return duet_json_refuse(reader, DUET_TOO_LARGE, "%s[%zu].%s: %zu bytes long, the limit is %d",
                                list_names[place->list], place->index, field_names[place->field],
                                token->length, MAX_NAME);
    struct duet_coco_truth *truth = place->truth;
    char *texts = duet_grow(truth->texts, &place->texts_capacity, place->texts_size + token->length + 1, 1);
    if (!texts) return no_memory(reader);
    truth->texts = texts;
    place->text = place->texts_size;
    memcpy(texts + place->text, token->text, token->length);
    texts[place->text + token->length] = '\0';
    place->texts_size += token->length + 1;
    return true;
}

static bool on_area(struct place *place, struct duet_json_reader *reader, const struct duet_json_token *token)
{
    if (token->kind != DUET_JSON_NUMBER) return wrong(place, reader, "a number", token);
    place->area = duet_json_double(token);
    return isfinite(place->area) || wrong(place, reader, "a number that a double can hold", token);
}

/* 0, 1 and what stands for them. */
static bool on_flag(struct place *place, struct duet_json_reader *reader, const struct duet_json_token *token)
{
    if (token->kind == DUET_JSON_BOOL) {
        place->whole[place->field] = duet_json_is(token, "true");
        return true;
    }
    return on_whole(place, reader, token, INT_MIN, INT_MAX);
}

static bool on_box(struct place *place, struct duet_json_reader *reader, const struct duet_json_token *token)
{
    if (token->kind == DUET_JSON_ARRAY) return true;
    if (token->kind != DUET_JSON_ARRAY_END) return wrong(place, reader, "an array of 4 numbers", token);
    return place->sides == 4 ||
           duet_json_refuse(reader, DUET_BAD_FORMAT, "annotations[%zu].bbox: expected 4 numbers, got %d",
                            place->index, place->sides);
}

static bool on_side(struct place *place, struct duet_json_reader *reader, const struct duet_json_token *token)
{
    if (token->kind != DUET_JSON_NUMBER) return wrong(place, reader, "numbers", token);
    if (place->sides == 4)
        return duet_json_refuse(reader, DUET_BAD_FORMAT,
                                "annotations[%zu].bbox: expected 4 numbers, got more", place->index);
    double value = duet_json_double(token);
    place->box[place->sides++] = value;
    return isfinite(value) || wrong(place, reader, "numbers that a double can hold", token);
}

/* The value of a field, or its beginning and end. */
static bool on_value(struct place *place, struct duet_json_reader *reader,
                     const struct duet_json_token *token)
{
    switch (place->field) {
    case ID:
        if (place->list == CATEGORIES) return on_whole(place, reader, token, INT_MIN, INT_MAX);
        return on_whole(place, reader, token, INT64_MIN, INT64_MAX);
    case IMAGE:
        return on_whole(place, reader, token, INT64_MIN, INT64_MAX);
    case CATEGORY:
        return on_whole(place, reader, token, INT_MIN, INT_MAX);
    case NAME:
    case FILE_NAME:
        return on_text(place, reader, token);
    case WIDTH:
    case HEIGHT:
        return on_whole(place, reader, token, 0, DUET_RLE_MAX_SIDE);
    case BOX:
        return on_box(place, reader, token);
    case AREA:
        return on_area(place, reader, token);
    case CROWD:
    case IGNORE:
        return on_flag(place, reader, token);
    default:
        return true;
    }
}

/* --- reading: entries --------------------------------------------------------------------------------- */

/* Names are offsets while texts may move; duet_coco_truth_open makes them pointers. 0 is "". */
static const char *as_offset(const struct place *place)
{
    return (const char *)(uintptr_t)place->text;
}

static bool add_image(struct place *place, struct duet_json_reader *reader)
{
    struct duet_coco_truth *truth = place->truth;
    struct duet_coco_image *images =
        duet_grow(truth->images, &place->image_capacity, truth->image_count + 1, sizeof *images);
    if (!images || truth->image_count >= UINT32_MAX) return no_memory(reader);
    truth->images = images;
    images[truth->image_count++] = (struct duet_coco_image){
        place->whole[ID], as_offset(place), (int)place->whole[WIDTH], (int)place->whole[HEIGHT]};
    return true;
}

static bool add_category(struct place *place, struct duet_json_reader *reader)
{
    struct duet_coco_truth *truth = place->truth;
    struct duet_coco_category *categories = duet_grow(truth->categories, &place->category_capacity,
                                                      truth->category_count + 1, sizeof *categories);
    if (!categories || truth->category_count >= UINT32_MAX) return no_memory(reader);
    truth->categories = categories;
    categories[truth->category_count++] =
        (struct duet_coco_category){(int)place->whole[ID], as_offset(place)};
    return true;
}

static bool add_annotation(struct place *place, struct duet_json_reader *reader)
{
    struct duet_coco_truth *truth = place->truth;
    struct duet_coco_annotation *annotations = duet_grow(truth->annotations, &place->annotation_capacity,
                                                         truth->annotation_count + 1, sizeof *annotations);
    if (!annotations || truth->annotation_count >= UINT32_MAX) return no_memory(reader);
    truth->annotations = annotations;
    struct duet_coco_annotation *one = &annotations[truth->annotation_count++];
    *one = (struct duet_coco_annotation){.id = place->whole[ID],
                                         .image_id = place->whole[IMAGE],
                                         .category_id = (int)place->whole[CATEGORY],
                                         .crowd = place->whole[CROWD] != 0,
                                         .x = place->box[0],
                                         .y = place->box[1],
                                         .width = place->box[2],
                                         .height = place->box[3],
                                         .area = place->area,
                                         .mask = place->masks.mask};
    bool area = place->seen & BIT(AREA);
    if (!area) one->area = one->width * one->height;
    if (!area) duet_coco_note(truth, DUET_COCO_NO_AREA, one->id);
    if (!(place->seen & BIT(BOX))) duet_coco_note(truth, DUET_COCO_NO_BOX, one->id);
    if (place->masks.masks && !one->mask) duet_coco_note(truth, DUET_COCO_NO_MASK, one->id);
    if (place->whole[IGNORE]) duet_coco_note(truth, DUET_COCO_IGNORE, one->id);
    if (one->width < 0 || one->height < 0 || one->area < 0)
        duet_coco_note(truth, DUET_COCO_NEGATIVE_SIZE, one->id);
    return true;
}

static bool end_entry(struct place *place, struct duet_json_reader *reader)
{
    static bool (*const add[LISTS])(struct place *, struct duet_json_reader *) = {add_image, add_category,
                                                                                  add_annotation};
    unsigned missing = needed_of[place->list] & ~place->seen;
    for (int field = 0; missing && field < FIELDS; field++)
        if (missing & BIT(field))
            return duet_json_refuse(reader, DUET_BAD_FORMAT, "%s[%zu] has no \"%s\"", list_names[place->list],
                                    place->index, field_names[field]);
    bool added = add[place->list](place, reader);
    place->index++;
    return added;
}

static bool on_entry(struct place *place, struct duet_json_reader *reader,
                     const struct duet_json_token *token)
{
    if (token->kind == DUET_JSON_OBJECT_END) return end_entry(place, reader);
    place->seen = 0;
    place->sides = 0;
    place->text = 0;
    place->masks.mask = 0;
    place->area = 0;
    memset(place->whole, 0, sizeof place->whole);
    memset(place->box, 0, sizeof place->box);
    if (token->kind == DUET_JSON_OBJECT) return true;
    return duet_json_refuse(reader, DUET_BAD_FORMAT, "%s[%zu]: expected an object, got %s",
                            list_names[place->list], place->index, duet_json_kind_name(token->kind));
}

/* --- reading: lists ----------------------------------------------------------------------------------- */

static bool in_list(struct place *place, struct duet_json_reader *reader, const struct duet_json_token *token)
{
    switch (token->depth) {
    case 1:
        if (token->kind == DUET_JSON_ARRAY) return true;
        if (token->kind != DUET_JSON_ARRAY_END)
            return duet_json_refuse(reader, DUET_BAD_FORMAT, "\"%s\": expected an array, got %s",
                                    list_names[place->list], duet_json_kind_name(token->kind));
        place->list = LISTS;
        return true;
    case 2:
        return on_entry(place, reader, token);
    case 3:
        if (token->kind == DUET_JSON_KEY) return on_key(place, reader, token);
        break;
    }
    if (place->field == MASK && place->masks.masks)
        return duet_coco_mask_token(&place->masks, reader, token, token->depth - 3, "annotations",
                                    place->index);
    if (token->depth == 3) return on_value(place, reader, token);
    if (token->depth == 4 && place->field == BOX) return on_side(place, reader, token);
    return true;
}

static bool on_token(void *ctx, struct duet_json_reader *reader, const struct duet_json_token *token)
{
    struct place *place = ctx;
    if (place->list != LISTS) return in_list(place, reader, token);
    if (token->depth == 0 && token->kind != DUET_JSON_OBJECT && token->kind != DUET_JSON_OBJECT_END)
        return duet_json_refuse(reader, DUET_BAD_FORMAT,
                                "expected an object with \"images\", \"categories\" and \"annotations\", got "
                                "%s",
                                duet_json_kind_name(token->kind));
    if (token->depth != 1 || token->kind != DUET_JSON_KEY) return true;
    for (enum list list = 0; list < LISTS; list++) {
        if (!duet_json_is(token, list_names[list])) continue;
        if (place->lists_seen[list])
            return duet_json_refuse(reader, DUET_BAD_FORMAT, "a second \"%s\"", list_names[list]);
        place->lists_seen[list] = true;
        place->list = list;
        place->index = 0;
    }
    return true;
}

/* --- afterwards --------------------------------------------------------------------------------------- */

/* Growing left up to a third unused. */
static void *trimmed(void *items, size_t count, size_t size)
{
    void *moved = count ? realloc(items, count * size) : NULL;
    return moved ? moved : items;
}

static void trim(struct duet_coco_truth *truth, size_t texts_size)
{
    truth->images = trimmed(truth->images, truth->image_count, sizeof *truth->images);
    truth->categories = trimmed(truth->categories, truth->category_count, sizeof *truth->categories);
    truth->annotations = trimmed(truth->annotations, truth->annotation_count, sizeof *truth->annotations);
    truth->texts = trimmed(truth->texts, texts_size, 1);
    if (truth->masks) duet_coco_masks_trim(truth->masks);
}

static enum duet_status finish(struct place *place, const char *path, struct duet_error *error)
{
    struct duet_coco_truth *truth = place->truth;
    for (enum list list = 0; list < LISTS; list++)
        if (!place->lists_seen[list])
            return duet_fail(error, DUET_BAD_FORMAT, "%s: no \"%s\" in it, expected a COCO instances file",
                             path, list_names[list]);
    trim(truth, place->texts_size);
    for (size_t i = 0; i < truth->image_count; i++)
        truth->images[i].file_name = truth->texts + (uintptr_t)truth->images[i].file_name;
    for (size_t i = 0; i < truth->category_count; i++)
        truth->categories[i].name = truth->texts + (uintptr_t)truth->categories[i].name;
    if (!duet_coco_truth_order(truth))
        return duet_fail(error, DUET_OUT_OF_MEMORY, "%s: no memory for the ground truth", path);
    return DUET_OK;
}

enum duet_status duet_coco_truth_open(const char *path, bool masks, struct duet_coco_truth *truth,
                                      struct duet_error *error)
{
    *truth = (struct duet_coco_truth){0};
    struct place place = {.truth = truth, .list = LISTS, .texts_size = 1, .texts_capacity = 1};
    truth->texts = calloc(1, 1);
    truth->masks = masks ? calloc(1, sizeof *truth->masks) : NULL;
    place.masks.masks = truth->masks;
    enum duet_status status;
    if (!truth->texts || (masks && !truth->masks))
        status = duet_fail(error, DUET_OUT_OF_MEMORY, "%s: no memory for the ground truth", path);
    else
        status = duet_json_read(path, on_token, &place, error);
    if (status == DUET_OK) status = finish(&place, path, error);
    duet_coco_mask_reader_close(&place.masks);
    if (status != DUET_OK) duet_coco_truth_close(truth);
    return status;
}
