#include "coco/ids_read.h"

#include "coco/names.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names begin with what they are. */
enum { NUMBER = 'n', STRING = 's' };
#define MOST_NAMES ((size_t)UINT32_MAX) /* the last number stays free */

struct duet_coco_ids {
    struct duet_names names; /* numbered as they came */
    /* Once sorted, else NULL: */
    uint32_t *ranks;   /* [names.count] the place of a name in order */
    uint32_t *by_rank; /* [names.count] the name at a place */
};

void duet_coco_ids_close(struct duet_coco_ids **ids)
{
    if (!*ids) return;
    duet_names_close(&(*ids)->names);
    free((*ids)->ranks);
    free((*ids)->by_rank);
    free(*ids);
    *ids = NULL;
}

/* --- values ------------------------------------------------------------------------------------------- */

/* An id on its way: a plain number, or a name. */
struct value {
    bool plain;
    int64_t number;
    struct duet_buffer name;
};

/* A number that is not plain: whole ones by all their digits, which is how Python compares them. */
static bool name_number(struct value *value, const struct duet_json_token *token)
{
    double number = duet_json_double(token);
    bool whole = !memchr(token->text, '.', token->length) && !memchr(token->text, 'e', token->length) &&
                 !memchr(token->text, 'E', token->length) && isfinite(number);
    if (isnan(number)) return false;
    if (!whole && number == floor(number) && fabs(number) < 0x1p63) {
        value->number = (int64_t)number;
        value->plain = !duet_coco_id_is_named(value->number);
        if (value->plain) return true;
    }
    duet_put(&value->name, "n");
    if (whole)
        duet_put_bytes(&value->name, token->text, token->length);
    else if (isinf(number))
        duet_put(&value->name, number < 0 ? "-Infinity" : "Infinity");
    else if (number == floor(number))
        duet_put_fixed(&value->name, number, 0);
    else
        duet_put_double(&value->name, number);
    return true;
}

/* False when it cannot be an id. The name is the caller's to close. */
static bool value_of(const struct duet_json_token *token, struct value *value)
{
    *value = (struct value){.plain = true};
    switch (token->kind) {
    case DUET_JSON_NUMBER:
        if (duet_json_int64(token, &value->number) && !duet_coco_id_is_named(value->number)) return true;
        value->plain = false;
        return name_number(value, token);
    case DUET_JSON_BOOL:
        value->number = token->length == strlen("true");
        return true;
    case DUET_JSON_STRING:
    case DUET_JSON_NULL:
        if (memchr(token->text, '\0', token->length)) return false;
        value->plain = false;
        duet_put(&value->name, token->kind == DUET_JSON_STRING ? "s" : "n");
        duet_put_bytes(&value->name, token->text, token->length);
        return true;
    default:
        return false;
    }
}

static int64_t numbered(const struct duet_coco_ids *ids, size_t name)
{
    return INT64_MIN + (int64_t)(ids->ranks ? ids->ranks[name] : name);
}

static enum duet_status add_name(struct duet_coco_ids **ids, const struct duet_buffer *name, int64_t *id)
{
    if (!*ids) *ids = calloc(1, sizeof **ids);
    if (!*ids || name->failed) return DUET_OUT_OF_MEMORY;
    if ((*ids)->names.count >= MOST_NAMES) return DUET_TOO_LARGE;
    size_t number = duet_names_add(&(*ids)->names, name->data, name->size, NULL);
    if (number == DUET_NAME_NONE) return DUET_OUT_OF_MEMORY;
    *id = INT64_MIN + (int64_t)number;
    return DUET_OK;
}

enum duet_status duet_coco_id_of_token(struct duet_coco_ids **ids, const struct duet_json_token *token,
                                       int64_t *id)
{
    struct value value;
    if (token->kind == DUET_JSON_NUMBER && duet_json_int64(token, id) && !duet_coco_id_is_named(*id))
        return DUET_OK; /* as nearly all are */
    enum duet_status status = value_of(token, &value) ? DUET_OK : DUET_BAD_FORMAT;
    if (status == DUET_OK && !value.plain)
        status = add_name(ids, &value.name, id);
    else
        *id = value.number;
    duet_buffer_close(&value.name);
    return status;
}

static int64_t find_name(const struct duet_coco_ids *ids, const struct duet_buffer *name)
{
    if (!ids || name->failed) return DUET_COCO_ID_NONE;
    size_t number = duet_names_find(&ids->names, name->data, name->size);
    return number == DUET_NAME_NONE ? DUET_COCO_ID_NONE : numbered(ids, number);
}

int64_t duet_coco_id_find(const struct duet_coco_ids *ids, const struct duet_json_token *token)
{
    struct value value;
    int64_t id = DUET_COCO_ID_NONE;
    if (value_of(token, &value)) id = value.plain ? value.number : find_name(ids, &value.name);
    duet_buffer_close(&value.name);
    return id;
}

/* --- order -------------------------------------------------------------------------------------------- */

static double size_of(const char *number)
{
    const struct duet_json_token token = {DUET_JSON_NUMBER, 0, number, strlen(number)};
    return strcmp(number, "null") == 0 ? -INFINITY : duet_json_double(&token);
}

static int compare_names(const void *a, const void *b, void *ctx)
{
    const struct duet_names *names = ctx;
    const char *x = duet_names_text(names, *(const uint32_t *)a),
               *y = duet_names_text(names, *(const uint32_t *)b);
    if (*x == NUMBER && *y == NUMBER) {
        double left = size_of(x + 1), right = size_of(y + 1);
        if (left != right) return left < right ? -1 : 1;
    }
    return strcmp(x, y); /* UTF-8: bytes stand in the order of code points */
}

bool duet_coco_ids_sort(struct duet_coco_ids *ids)
{
    size_t count = ids ? ids->names.count : 0;
    if (count == 0) return true;
    ids->ranks = calloc(count, sizeof *ids->ranks);
    ids->by_rank = calloc(count, sizeof *ids->by_rank);
    if (!ids->ranks || !ids->by_rank) return false;
    for (size_t i = 0; i < count; i++) ids->by_rank[i] = (uint32_t)i;
    qsort_r(ids->by_rank, count, sizeof *ids->by_rank, compare_names, &ids->names);
    for (size_t i = 0; i < count; i++) ids->ranks[ids->by_rank[i]] = (uint32_t)i;
    return true;
}

int64_t duet_coco_id_sorted(const struct duet_coco_ids *ids, int64_t id)
{
    return duet_coco_id_is_named(id) ? numbered(ids, (size_t)(id - INT64_MIN)) : id;
}

/* --- use ---------------------------------------------------------------------------------------------- */

/* With its first letter; NULL: it is nobody's. */
static const char *name_of(const struct duet_coco_ids *ids, int64_t id)
{
    size_t number = (size_t)(id - INT64_MIN);
    if (!ids || number >= ids->names.count) return NULL;
    return duet_names_text(&ids->names, ids->by_rank ? ids->by_rank[number] : number);
}

const char *duet_coco_id_text(const struct duet_coco_ids *ids, int64_t id, char room[DUET_COCO_ID_ROOM])
{
    if (duet_coco_id_is_named(id)) {
        const char *name = name_of(ids, id);
        return name ? name + 1 : "?";
    }
    snprintf(room, DUET_COCO_ID_ROOM, "%" PRId64, id);
    return room;
}

bool duet_coco_id_is_string(const struct duet_coco_ids *ids, int64_t id)
{
    const char *name = duet_coco_id_is_named(id) ? name_of(ids, id) : NULL;
    return name && *name == STRING;
}

void duet_put_coco_id(struct duet_buffer *buffer, const struct duet_coco_ids *ids, int64_t id)
{
    char room[DUET_COCO_ID_ROOM];
    const char *text = duet_coco_id_text(ids, id, room);
    if (duet_coco_id_is_string(ids, id))
        duet_put_json_string(buffer, text);
    else
        duet_put(buffer, text);
}

struct duet_coco_id_words duet_coco_id_of_word(const struct duet_coco_ids *ids, const char *word,
                                               size_t length)
{
    struct duet_json_token token = {.kind = DUET_JSON_NUMBER, .text = word, .length = length};
    struct duet_coco_id_words words = {DUET_COCO_ID_NONE, DUET_COCO_ID_NONE};
    if (duet_json_is_number(word, length)) words.number = duet_coco_id_find(ids, &token);
    token.kind = DUET_JSON_STRING;
    words.string = duet_coco_id_find(ids, &token);
    return words;
}

int64_t duet_coco_id_in(const struct duet_coco_ids *there, const struct duet_coco_ids *here, int64_t id)
{
    if (!duet_coco_id_is_named(id)) return id;
    const char *name = name_of(here, id);
    const struct duet_buffer text = {.data = (char *)(uintptr_t)name, .size = name ? strlen(name) : 0};
    return name ? find_name(there, &text) : DUET_COCO_ID_NONE;
}
