#include "data/coco/truth.h"

#include "coco/ids_read.h"
#include "coco/masks_read.h"
#include "coco/truth_order.h"
#include "coco/truth_read.h"
#include "core/fail.h"
#include "core/grow.h"
#include "core/os.h"
#include "json/read.h"

#include <math.h>
#include <stdio.h>

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
    free(truth->faults);
    free(truth->texts);
    free(truth->path);
    duet_coco_ids_close(&truth->ids);
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

/* Where in the file we are: {"annotations": [{"id": ..., "bbox": [x, y, w, h] ...} ...] ...}. */
struct place {
    struct duet_coco_truth *truth;
    struct duet_coco_mask_reader masks; /* .masks NULL: not wanted */
    size_t image_capacity, category_capacity, annotation_capacity, fault_capacity;
    size_t texts_size, texts_capacity;
    bool lists_seen[LISTS];
    enum list wanted; /* LISTS: all are; IMAGES + 1: that one alone, for `on_image` */
    duet_coco_image_handler *on_image;
    void *ctx;
    enum list list;   /* LISTS: in none of them */
    size_t index;     /* of the entry in it */
    enum field field; /* FIELDS: one that is passed over */
    unsigned seen;    /* BITs of the entry's fields that have a value of use */
    int64_t ids[FIELDS];
    double numbers[FIELDS], box[4];
    int sides;          /* of the box, seen so far */
    size_t text;        /* where the entry's name begins in texts */
    char box_fault[80]; /* "" for none */
};

static bool no_memory(struct duet_json_reader *reader)
{
    return duet_json_refuse(reader, DUET_OUT_OF_MEMORY, "no memory for the ground truth");
}

static bool on_key(struct place *place, const struct duet_json_token *token)
{
    unsigned wanted = read_of[place->list];
    for (place->field = 0; place->field < FIELDS; place->field++)
        if (wanted & BIT(place->field) && duet_json_is(token, field_names[place->field])) break;
    if (place->field < FIELDS) place->seen &= ~BIT(place->field);
    return true;
}

static bool on_id(struct place *place, struct duet_json_reader *reader, const struct duet_json_token *token)
{
    enum duet_status status = duet_coco_id_of_token(&place->truth->ids, token, &place->ids[place->field]);
    place->seen |= BIT(place->field);
    if (status == DUET_OK) return true;
    if (status != DUET_BAD_FORMAT) return no_memory(reader);
    char room[DUET_JSON_GOT];
    return duet_json_refuse(reader, status, "%s[%zu].%s: expected " DUET_COCO_ID_WANTED ", got %s",
                            list_names[place->list], place->index, field_names[place->field],
                            duet_json_got(token, room));
}

/* Where the text begins in texts, or 0 when out of memory. */
static size_t keep_text(struct place *place, const char *text, size_t length)
{
    struct duet_coco_truth *truth = place->truth;
    size_t begin = place->texts_size;
    if (!DUET_GROW(truth->texts, place->texts_capacity, begin + length + 1)) return 0;
    memcpy(truth->texts + begin, text, length);
    truth->texts[begin + length] = '\0';
    place->texts_size += length + 1;
    return begin;
}

/* A name; of a category a number, too. No path, and hardly a name, has NUL in it. */
static bool on_text(struct place *place, struct duet_json_reader *reader, const struct duet_json_token *token)
{
    bool usable =
        token->kind == DUET_JSON_STRING || (token->kind == DUET_JSON_NUMBER && place->field == NAME);
    place->text = 0;
    if (!usable || memchr(token->text, '\0', token->length)) return true;
    place->text = keep_text(place, token->text, token->length);
    return place->text > 0 || no_memory(reader);
}

static bool on_number(struct place *place, const struct duet_json_token *token)
{
    if (duet_json_number(token, &place->numbers[place->field])) place->seen |= BIT(place->field);
    return true;
}

/* The box cannot be used. Returns true: that is no reason to stop. */
static bool box_fault(struct place *place, const char *wanted, const struct duet_json_token *token)
{
    char room[DUET_JSON_GOT];
    if (!place->box_fault[0])
        snprintf(place->box_fault, sizeof place->box_fault, "bbox: expected %s, got %.20s", wanted,
                 duet_json_got(token, room));
    return true;
}

static bool on_box(struct place *place, const struct duet_json_token *token)
{
    if (token->kind == DUET_JSON_ARRAY_END) {
        if (place->sides != 4 && !place->box_fault[0])
            snprintf(place->box_fault, sizeof place->box_fault, "bbox: expected 4 numbers, got %d",
                     place->sides);
        if (!place->box_fault[0]) place->seen |= BIT(BOX);
        return true;
    }
    if (token->kind == DUET_JSON_OBJECT_END) return true;
    place->sides = 0;
    place->box_fault[0] = '\0';
    return token->kind == DUET_JSON_ARRAY || box_fault(place, "an array of 4 numbers", token);
}

static bool on_side(struct place *place, const struct duet_json_token *token)
{
    double value;
    if (!duet_json_number(token, &value) || !isfinite(value))
        return box_fault(place, "finite numbers", token);
    if (place->sides < 4) place->box[place->sides] = value;
    place->sides++;
    return true;
}

/* The value of a field, or its beginning and end. */
static bool on_value(struct place *place, struct duet_json_reader *reader,
                     const struct duet_json_token *token)
{
    switch (place->field) {
    case ID:
    case IMAGE:
    case CATEGORY:
        return on_id(place, reader, token);
    case NAME:
    case FILE_NAME:
        return on_text(place, reader, token);
    case BOX:
        return on_box(place, token);
    case WIDTH:
    case HEIGHT:
    case AREA:
    case CROWD:
    case IGNORE:
        return on_number(place, token);
    default:
        return true;
    }
}

/* --- reading: entries --------------------------------------------------------------------------------- */

/* Names are offsets while texts may move; duet_coco_truth_open makes them pointers. 0 is "". */
static const char *as_offset(size_t text)
{
    return (const char *)(uintptr_t)text;
}

static double number_or_0(const struct place *place, enum field field)
{
    return place->seen & BIT(field) ? place->numbers[field] : 0;
}

static bool add_image(struct place *place, struct duet_json_reader *reader)
{
    struct duet_coco_truth *truth = place->truth;
    if (place->on_image) {
        place->texts_size = 1; /* its name is the handler's now */
        return place->on_image(place->ctx, reader, truth->ids, place->index, place->ids[ID],
                               place->text ? truth->texts + place->text : NULL);
    }
    if (truth->image_count >= UINT32_MAX ||
        !DUET_GROW(truth->images, place->image_capacity, truth->image_count + 1))
        return no_memory(reader);
    truth->images[truth->image_count++] =
        (struct duet_coco_image){place->ids[ID], as_offset(place->text), number_or_0(place, WIDTH),
                                 number_or_0(place, HEIGHT), place->index};
    return true;
}

static bool add_category(struct place *place, struct duet_json_reader *reader)
{
    struct duet_coco_truth *truth = place->truth;
    if (truth->category_count >= UINT32_MAX ||
        !DUET_GROW(truth->categories, place->category_capacity, truth->category_count + 1))
        return no_memory(reader);
    truth->categories[truth->category_count++] =
        (struct duet_coco_category){place->ids[ID], as_offset(place->text)};
    return true;
}

/* Keep why something of the annotation that comes next cannot be used. */
static bool add_fault(struct place *place, bool mask, const char *text)
{
    enum { MOST = 1000 };
    struct duet_coco_truth *truth = place->truth;
    if (!text[0] || truth->fault_count >= MOST) return true;
    if (!DUET_GROW(truth->faults, place->fault_capacity, truth->fault_count + 1)) return false;
    size_t kept = keep_text(place, text, strlen(text));
    truth->faults[truth->fault_count++] =
        (struct duet_coco_fault){truth->annotation_count, mask, as_offset(kept)};
    return kept > 0;
}

/* What python's int() makes of it is a crowd when it is not 0. */
static bool read_crowd(const struct place *place, bool *crowd)
{
    double value = number_or_0(place, CROWD);
    bool good = place->seen & BIT(CROWD) && isfinite(value) && value == trunc(value);
    *crowd = good && value != 0;
    return good;
}

static void note_oddities(struct place *place, const struct duet_coco_annotation *one, bool has_crowd)
{
    struct duet_coco_truth *truth = place->truth;
    const bool odd[DUET_COCO_ODDITIES] = {
        [DUET_COCO_NO_AREA] = !one->has_area,
        [DUET_COCO_ODD_AREA] = !isfinite(one->area),
        [DUET_COCO_NO_BOX] = !one->has_box,
        [DUET_COCO_NO_MASK] = place->masks.masks && !one->mask,
        [DUET_COCO_NO_CROWD] = !has_crowd,
        [DUET_COCO_IGNORE] = number_or_0(place, IGNORE) != 0,
        [DUET_COCO_NEGATIVE_SIZE] = one->width < 0 || one->height < 0 || one->area < 0,
        [DUET_COCO_TEXT_ID] = duet_coco_id_is_string(truth->ids, one->id),
    };
    for (int i = 0; i < DUET_COCO_ODDITIES; i++)
        if (odd[i]) duet_coco_note(truth, (enum duet_coco_oddity)i, one->id, place->index);
}

static bool add_annotation(struct place *place, struct duet_json_reader *reader)
{
    struct duet_coco_truth *truth = place->truth;
    if (truth->annotation_count >= UINT32_MAX ||
        !DUET_GROW(truth->annotations, place->annotation_capacity, truth->annotation_count + 1))
        return no_memory(reader);
    if (!add_fault(place, false, place->box_fault)) return no_memory(reader);
    if (place->masks.masks && !add_fault(place, true, place->masks.fault)) return no_memory(reader);
    struct duet_coco_annotation *one = &truth->annotations[truth->annotation_count++];
    *one = (struct duet_coco_annotation){.id = place->ids[ID],
                                         .image_id = place->ids[IMAGE],
                                         .category_id = place->ids[CATEGORY],
                                         .has_box = place->seen & BIT(BOX),
                                         .has_area = place->seen & BIT(AREA),
                                         .mask = place->masks.mask};
    if (one->has_box) {
        one->x = place->box[0];
        one->y = place->box[1];
        one->width = place->box[2];
        one->height = place->box[3];
    }
    one->area = one->has_area ? place->numbers[AREA] : one->width * one->height;
    bool has_crowd = read_crowd(place, &one->crowd);
    note_oddities(place, one, has_crowd);
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
    place->text = 0;
    place->masks.mask = 0;
    place->masks.fault[0] = '\0';
    place->box_fault[0] = '\0';
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
        if (token->kind == DUET_JSON_KEY) return on_key(place, token);
        break;
    }
    if (place->field == MASK && place->masks.masks)
        return duet_coco_mask_token(&place->masks, reader, token, token->depth - 3, "annotations",
                                    place->index);
    if (token->depth == 3) return on_value(place, reader, token);
    if (token->depth == 4 && place->field == BOX) return on_side(place, token);
    return true;
}

/* A list that comes a second time counts instead of the first. */
static void begin_list(struct place *place, enum list list)
{
    struct duet_coco_truth *truth = place->truth;
    if (list == IMAGES) truth->image_count = 0;
    if (list == CATEGORIES) truth->category_count = 0;
    if (list == ANNOTATIONS) {
        truth->annotation_count = truth->fault_count = 0;
        memset(truth->odd, 0, sizeof truth->odd);
    }
    place->lists_seen[list] = true;
    place->list = list;
    place->index = 0;
}

static bool on_token(void *ctx, struct duet_json_reader *reader, const struct duet_json_token *token)
{
    struct place *place = ctx;
    if (place->list != LISTS) return in_list(place, reader, token);
    if (token->depth == 0 && token->kind != DUET_JSON_OBJECT && token->kind != DUET_JSON_OBJECT_END)
        return duet_json_refuse(reader, DUET_BAD_FORMAT, "expected an object with \"images\"%s, got %s",
                                place->on_image ? "" : ", \"categories\" and \"annotations\"",
                                duet_json_kind_name(token->kind));
    if (token->depth != 1 || token->kind != DUET_JSON_KEY) return true;
    for (enum list list = 0; list < place->wanted; list++)
        if (duet_json_is(token, list_names[list])) begin_list(place, list);
    return true;
}

/* --- afterwards --------------------------------------------------------------------------------------- */

static void trim(struct duet_coco_truth *truth, size_t texts_size)
{
    truth->images = duet_trim(truth->images, truth->image_count, sizeof *truth->images);
    truth->categories = duet_trim(truth->categories, truth->category_count, sizeof *truth->categories);
    truth->annotations = duet_trim(truth->annotations, truth->annotation_count, sizeof *truth->annotations);
    truth->texts = duet_trim(truth->texts, texts_size, 1);
    if (truth->masks) duet_coco_masks_trim(truth->masks);
}

static enum duet_status finish(struct place *place, const char *path, struct duet_error *error)
{
    struct duet_coco_truth *truth = place->truth;
    trim(truth, place->texts_size);
    for (size_t i = 0; i < truth->image_count; i++)
        truth->images[i].file_name = truth->texts + (uintptr_t)truth->images[i].file_name;
    for (size_t i = 0; i < truth->category_count; i++)
        truth->categories[i].name = truth->texts + (uintptr_t)truth->categories[i].name;
    for (size_t i = 0; i < truth->fault_count; i++)
        truth->faults[i].text = truth->texts + (uintptr_t)truth->faults[i].text;
    return duet_coco_truth_order(truth) ? DUET_OK : duet_no_memory(error, path, "for the ground truth");
}

/* Into place->truth, which its owner closes. */
static enum duet_status read_lists(struct place *place, const char *path, struct duet_error *error)
{
    place->list = LISTS;
    place->texts_size = place->texts_capacity = 1;
    place->truth->texts = calloc(1, 1);
    if (!place->truth->texts) return duet_no_memory(error, path, "for the ground truth");
    enum duet_status status = duet_json_read(path, on_token, place, error);
    for (enum list list = 0; status == DUET_OK && list < place->wanted; list++)
        if (!place->lists_seen[list])
            status = duet_fail(error, DUET_BAD_FORMAT, "%s: no \"%s\" in it, expected a COCO instances file",
                               path, list_names[list]);
    return status;
}

enum duet_status duet_coco_truth_open(const char *path, bool masks, struct duet_coco_truth *truth,
                                      struct duet_error *error)
{
    *truth = (struct duet_coco_truth){.masks = masks ? calloc(1, sizeof *truth->masks) : NULL};
    truth->path = duet_text("%s", path);
    struct place place = {
        .truth = truth, .wanted = LISTS, .masks = {.masks = truth->masks, .forgiving = true}};
    enum duet_status status = truth->path && (!masks || truth->masks)
                                  ? read_lists(&place, path, error)
                                  : duet_no_memory(error, path, "for the ground truth");
    if (status == DUET_OK) status = finish(&place, path, error);
    duet_coco_mask_reader_close(&place.masks);
    if (status != DUET_OK) duet_coco_truth_close(truth);
    return status;
}

enum duet_status duet_coco_read_images(const char *path, duet_coco_image_handler *on_image, void *ctx,
                                       struct duet_coco_ids **ids, struct duet_error *error)
{
    struct duet_coco_truth truth = {0};
    struct place place = {.truth = &truth, .wanted = IMAGES + 1, .on_image = on_image, .ctx = ctx};
    enum duet_status status = read_lists(&place, path, error);
    *ids = truth.ids;
    truth.ids = NULL;
    duet_coco_truth_close(&truth);
    return status;
}

const char *duet_coco_truth_fault(const struct duet_coco_truth *truth, size_t annotation, bool mask)
{
    for (size_t i = 0; i < truth->fault_count; i++)
        if (truth->faults[i].annotation == annotation && truth->faults[i].mask == mask)
            return truth->faults[i].text;
    return mask ? "has no \"segmentation\"" : "has no \"bbox\"";
}
