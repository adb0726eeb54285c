#include "coco/masks_read.h"

#include "core/fail.h"
#include "core/grow.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A mask in memory, unaligned:
 *   RUNS      tag, height and width as uint32, length as uint64, the text
 *   POLYGONS  tag, number of polygons as uint32; each: number of numbers as uint32, then HUNDREDTHS and an
 *             int32 each, or DOUBLES and a double each */
enum { RUNS = 'R', POLYGONS = 'P', HUNDREDTHS = 'h', DOUBLES = 'd' };

enum { LIST_DEPTH = 1, NUMBER_DEPTH = 2 };

void duet_coco_masks_close(struct duet_coco_masks *masks)
{
    free(masks->bytes);
    *masks = (struct duet_coco_masks){0};
}

void duet_coco_masks_trim(struct duet_coco_masks *masks)
{
    masks->bytes = duet_trim(masks->bytes, masks->size, 1);
    if (masks->size) masks->capacity = masks->size;
}

static bool append(struct duet_coco_masks *masks, const void *bytes, size_t size)
{
    size_t needed;
    if (!duet_add_size(masks->size, size, &needed)) return false;
    if (!DUET_GROW(masks->bytes, masks->capacity, needed)) return false;
    if (size) memcpy(masks->bytes + masks->size, bytes, size);
    masks->size = needed;
    return true;
}

static bool append_byte(struct duet_coco_masks *masks, unsigned char byte)
{
    return append(masks, &byte, 1);
}

static bool append_u32(struct duet_coco_masks *masks, uint32_t value)
{
    return append(masks, &value, sizeof value);
}

/* --- reading: faults ---------------------------------------------------------------------------------- */

void duet_coco_mask_reader_close(struct duet_coco_mask_reader *reader)
{
    free(reader->xy);
    free(reader->text);
    *reader = (struct duet_coco_mask_reader){0};
}

/* Where a token stands: what every function below is handed. */
struct at {
    struct duet_coco_mask_reader *mask;
    struct duet_json_reader *json;
    const struct duet_json_token *token;
    const char *list;
    size_t index;
};

/* The mask is passed over, or the file refused. */
static bool fault(const struct at *at, const char *what)
{
    struct duet_coco_mask_reader *mask = at->mask;
    if (!mask->forgiving)
        return duet_json_refuse(at->json, DUET_BAD_FORMAT, "%s[%zu].segmentation: %s", at->list, at->index,
                                what);
    snprintf(mask->fault, sizeof mask->fault, "segmentation: %.80s", what);
    mask->masks->size = mask->begun;
    return true;
}

static bool wanted(const struct at *at, const char *what)
{
    char text[128], room[DUET_JSON_GOT];
    snprintf(text, sizeof text, "expected %s, got %s", what, duet_json_got(at->token, room));
    return fault(at, text);
}

static bool no_memory(const struct at *at)
{
    return duet_json_refuse(at->json, DUET_OUT_OF_MEMORY, "no memory for masks");
}

/* --- reading: polygons -------------------------------------------------------------------------------- */

static bool on_coordinate(const struct at *at)
{
    struct duet_coco_mask_reader *mask = at->mask;
    if (at->token->kind != DUET_JSON_NUMBER) return wanted(at, "numbers");
    double value = duet_json_double(at->token);
    if (!(fabs(value) <= DUET_RLE_MAX_COORDINATE)) return wanted(at, "coordinates within +-1e7");
    if (mask->numbers == UINT32_MAX || !DUET_GROW(mask->xy, mask->xy_capacity, mask->numbers + 1))
        return no_memory(at);
    mask->xy[mask->numbers++] = value;
    return true;
}

/* Is that the double that two decimals read as? Both roundings are those of a correctly rounded division. */
static bool in_hundredths(double value, int32_t *hundredths)
{
    *hundredths = (int32_t)lrint(value * 100); /* at most 1e9 */
    return *hundredths / 100.0 == value && !(*hundredths == 0 && signbit(value));
}

static bool end_polygon(const struct at *at)
{
    struct duet_coco_mask_reader *mask = at->mask;
    size_t numbers = mask->numbers - mask->numbers % 2;
    int32_t hundredths;
    bool small = true;
    if (mask->polygons == 0 && mask->numbers <= 4)
        return fault(at, "the first polygon needs 3 points, of 2 numbers each");
    if (numbers == 0) return true;
    for (size_t i = 0; small && i < numbers; i++) small = in_hundredths(mask->xy[i], &hundredths);
    bool kept =
        append_u32(mask->masks, (uint32_t)numbers) && append_byte(mask->masks, small ? HUNDREDTHS : DOUBLES);
    if (small) {
        for (size_t i = 0; kept && i < numbers; i++)
            kept = in_hundredths(mask->xy[i], &hundredths) &&
                   append(mask->masks, &hundredths, sizeof hundredths);
    } else {
        kept = kept && append(mask->masks, mask->xy, numbers * sizeof *mask->xy);
    }
    mask->polygons++;
    return kept || no_memory(at);
}

static bool on_polygons(const struct at *at, int depth)
{
    if (depth == NUMBER_DEPTH) return on_coordinate(at);
    if (depth > NUMBER_DEPTH) return wanted(at, "numbers");
    if (at->token->kind == DUET_JSON_ARRAY_END) return end_polygon(at);
    if (at->token->kind != DUET_JSON_ARRAY) return wanted(at, "polygons: [[x, y, x, y ...] ...]");
    at->mask->numbers = 0;
    return true;
}

static bool begin_polygons(const struct at *at)
{
    struct duet_coco_mask_reader *mask = at->mask;
    mask->kind = MASK_POLYGONS;
    mask->polygons = 0;
    return (append_byte(mask->masks, POLYGONS) && append_u32(mask->masks, 0)) || no_memory(at);
}

static bool end_polygons(const struct at *at)
{
    struct duet_coco_mask_reader *mask = at->mask;
    if (mask->polygons == 0) return fault(at, "no polygons in it");
    memcpy(mask->masks->bytes + mask->begun + 1, &mask->polygons, sizeof mask->polygons);
    mask->mask = mask->begun + 1;
    return true;
}

/* --- reading: runs ------------------------------------------------------------------------------------ */

static bool keep_text(const struct at *at, const char *text, size_t length)
{
    struct duet_coco_mask_reader *mask = at->mask;
    size_t needed;
    if (!duet_add_size(mask->text_length, length, &needed)) return no_memory(at);
    if (!DUET_GROW(mask->text, mask->text_capacity, needed)) return no_memory(at);
    if (length) memcpy(mask->text + mask->text_length, text, length);
    mask->text_length = needed;
    return true;
}

static bool on_count(const struct at *at)
{
    struct duet_coco_mask_reader *mask = at->mask;
    int64_t count;
    if (at->token->kind != DUET_JSON_NUMBER || !duet_json_integer(at->token, &count) || count < 0 ||
        (uint64_t)count > DUET_RLE_MAX_PIXELS)
        return wanted(at, "runs: whole numbers from 0 to 2^30");
    char text[DUET_RLE_TEXT_MAX];
    size_t index = mask->runs++;
    int length = duet_rle_put_count((uint32_t)count, index > 2 ? mask->before[index % 2] : 0, text);
    mask->before[index % 2] = (uint32_t)count;
    return keep_text(at, text, (size_t)length);
}

static bool on_side(const struct at *at)
{
    struct duet_coco_mask_reader *mask = at->mask;
    if (mask->sizes < 2 && at->token->kind == DUET_JSON_NUMBER &&
        duet_json_integer(at->token, &mask->size[mask->sizes])) {
        mask->sizes++;
        return true;
    }
    return wanted(at, "\"size\": [height, width]");
}

static bool on_runs_key(const struct at *at)
{
    struct duet_coco_mask_reader *mask = at->mask;
    bool size = duet_json_is(at->token, "size"), counts = duet_json_is(at->token, "counts");
    if (size) mask->sizes = 0;
    if (counts) mask->runs = mask->text_length = 0;
    mask->key = size ? MASK_SIZE : counts ? MASK_COUNTS : MASK_OTHER;
    mask->counts_seen |= counts;
    return true;
}

static bool on_runs(const struct at *at, int depth)
{
    enum duet_json_kind kind = at->token->kind;
    bool array = kind == DUET_JSON_ARRAY || kind == DUET_JSON_ARRAY_END;
    if (depth == LIST_DEPTH && kind == DUET_JSON_KEY) return on_runs_key(at);
    if (at->mask->key == MASK_OTHER) return true;
    if (depth == NUMBER_DEPTH) return at->mask->key == MASK_SIZE ? on_side(at) : on_count(at);
    if (depth == LIST_DEPTH && array) return true;
    if (at->mask->key == MASK_SIZE) return wanted(at, "\"size\": [height, width]");
    if (depth == LIST_DEPTH && kind == DUET_JSON_STRING)
        return keep_text(at, at->token->text, at->token->length);
    return wanted(at, "\"counts\": a string or an array");
}

static bool begin_runs(const struct at *at)
{
    struct duet_coco_mask_reader *mask = at->mask;
    mask->kind = MASK_RUNS;
    mask->key = MASK_OTHER;
    mask->counts_seen = false;
    mask->sizes = 0;
    mask->runs = 0;
    mask->text_length = 0;
    return true;
}

static bool end_runs(const struct at *at)
{
    struct duet_coco_mask_reader *mask = at->mask;
    struct duet_coco_masks *masks = mask->masks;
    if (mask->sizes != 2) return fault(at, "no \"size\": [height, width]");
    if (!mask->counts_seen) return fault(at, "no \"counts\"");
    if (!duet_rle_good_size(mask->size[0], mask->size[1])) return fault(at, "no size a mask can have");
    const uint32_t height = (uint32_t)mask->size[0], width = (uint32_t)mask->size[1];
    const char *text = mask->text ? mask->text : ""; /* a mask of 0 pixels may have no counts at all */
    const char *why = duet_rle_text_fault(text, mask->text_length, height, width);
    if (why) return fault(at, why);
    uint64_t length = mask->text_length;
    mask->mask = mask->begun + 1;
    return (append_byte(masks, RUNS) && append_u32(masks, height) && append_u32(masks, width) &&
            append(masks, &length, sizeof length) && append(masks, text, mask->text_length)) ||
           no_memory(at);
}

/* --- reading ------------------------------------------------------------------------------------------ */

static bool begin_mask(const struct at *at)
{
    struct duet_coco_mask_reader *mask = at->mask;
    mask->mask = 0;
    mask->fault[0] = '\0';
    mask->begun = mask->masks->size;
    switch (at->token->kind) {
    case DUET_JSON_ARRAY:
        return begin_polygons(at);
    case DUET_JSON_OBJECT:
        return begin_runs(at);
    case DUET_JSON_NULL:
        return !mask->forgiving || wanted(at, "polygons or runs");
    default:
        return wanted(at, "polygons or runs");
    }
}

bool duet_coco_mask_token(struct duet_coco_mask_reader *reader, struct duet_json_reader *json,
                          const struct duet_json_token *token, int depth, const char *list, size_t index)
{
    const struct at at = {reader, json, token, list, index};
    bool end = token->kind == DUET_JSON_ARRAY_END || token->kind == DUET_JSON_OBJECT_END;
    if (depth == 0 && !end) return begin_mask(&at);
    if (reader->fault[0]) return true; /* the rest of one that is passed over */
    if (depth > 0) return reader->kind == MASK_POLYGONS ? on_polygons(&at, depth) : on_runs(&at, depth);
    return reader->kind == MASK_POLYGONS ? end_polygons(&at) : end_runs(&at);
}

/* --- use ---------------------------------------------------------------------------------------------- */

void duet_coco_mask_scratch_close(struct duet_coco_mask_scratch *scratch)
{
    duet_rle_scratch_close(&scratch->polygon);
    duet_rle_close(&scratch->one);
    duet_rle_close(&scratch->sum);
    free(scratch->xy);
    *scratch = (struct duet_coco_mask_scratch){0};
}

static uint32_t take_u32(const unsigned char **at)
{
    uint32_t value;
    memcpy(&value, *at, sizeof value);
    *at += sizeof value;
    return value;
}

/* The next polygon's points, in scratch->xy; returns how many numbers, 0 when out of memory. */
static size_t take_polygon(const unsigned char **at, struct duet_coco_mask_scratch *scratch)
{
    size_t numbers = take_u32(at);
    bool small = *(*at)++ == HUNDREDTHS;
    if (!DUET_GROW(scratch->xy, scratch->capacity, numbers)) return 0;
    double *xy = scratch->xy;
    for (size_t i = 0; small && i < numbers; i++) xy[i] = (int32_t)take_u32(at) / 100.0;
    if (small) return numbers;
    memcpy(xy, *at, numbers * sizeof *xy);
    *at += numbers * sizeof *xy;
    return numbers;
}

static enum duet_status fill_polygons(const unsigned char *at, uint32_t height, uint32_t width,
                                      struct duet_coco_mask_scratch *scratch, struct duet_rle *rle,
                                      struct duet_error *error)
{
    uint32_t polygons = take_u32(&at);
    enum duet_status status = DUET_OK;
    bool enough = polygons > 0 || duet_rle_empty(rle, height, width);
    for (uint32_t i = 0; enough && status == DUET_OK && i < polygons; i++) {
        size_t numbers = take_polygon(&at, scratch);
        enough = numbers > 0;
        struct duet_rle *one = i == 0 ? rle : &scratch->one;
        if (enough)
            status =
                duet_rle_from_polygon(one, scratch->xy, numbers / 2, height, width, &scratch->polygon, error);
        if (i == 0 || !enough || status != DUET_OK) continue;
        enough = duet_rle_union(&scratch->sum, rle, one);
        struct duet_rle sum = scratch->sum;
        scratch->sum = *rle;
        *rle = sum;
    }
    return enough ? status : duet_no_memory(error, NULL, "for a mask");
}

bool duet_coco_mask_wants_size(const struct duet_coco_masks *masks, size_t mask)
{
    return masks->bytes[mask - 1] == POLYGONS;
}

enum duet_status duet_coco_mask_runs(const struct duet_coco_masks *masks, size_t mask, uint32_t height,
                                     uint32_t width, struct duet_coco_mask_scratch *scratch,
                                     struct duet_rle *rle, struct duet_error *error)
{
    const unsigned char *at = masks->bytes + mask - 1;
    if (*at++ == POLYGONS) return fill_polygons(at, height, width, scratch, rle, error);
    uint64_t length;
    uint32_t own_height = take_u32(&at), own_width = take_u32(&at);
    memcpy(&length, at, sizeof length);
    at += sizeof length;
    if (duet_rle_from_text(rle, (const char *)at, (size_t)length, own_height, own_width)) return DUET_OK;
    return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for a mask of %ux%u pixels", own_width,
                     own_height);
}
