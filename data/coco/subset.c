#include "data/coco/subset.h"

#include "coco/ids_read.h"
#include "coco/truth_order.h"
#include "core/fail.h"
#include "core/order.h"
#include "core/random.h"
#include "data/json/text.h"
#include "json/read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- choosing ------------------------------------------------------------------------------------------- */

/* Which categories (by place in categories_by_id; the last place: none at all) have which images, the images
 * in random order. */
struct strata {
    size_t count, images;
    uint32_t *order; /* [images] places in images_by_id, shuffled */
    uint32_t *rank;  /* [images] where a place stands in order */
    bool *chosen;    /* [images] by rank */
    bool *has;       /* [images][count] by rank */
    size_t *left;    /* [count] images of it not chosen yet */
    double *wanted;  /* [count] still to be chosen */
    size_t *from;    /* [count + 1] ranks before it are chosen, or not of that category (last: of any) */
};

static void strata_close(struct strata *strata)
{
    free(strata->order);
    free(strata->rank);
    free(strata->chosen);
    free(strata->has);
    free(strata->left);
    free(strata->wanted);
    free(strata->from);
}

static bool strata_open(struct strata *strata, const struct duet_coco_truth *truth, uint64_t seed)
{
    size_t images = truth->image_count, count = truth->category_count + 1;
    *strata = (struct strata){.count = count, .images = images};
    strata->order = calloc(images + 1, sizeof *strata->order);
    strata->rank = calloc(images + 1, sizeof *strata->rank);
    strata->chosen = calloc(images + 1, sizeof *strata->chosen);
    strata->has = calloc(images + 1, count);
    strata->left = calloc(count, sizeof *strata->left);
    strata->wanted = calloc(count, sizeof *strata->wanted);
    strata->from = calloc(count + 1, sizeof *strata->from);
    if (!strata->order || !strata->rank || !strata->chosen || !strata->has || !strata->left ||
        !strata->wanted || !strata->from)
        return false;
    uint64_t state = seed;
    for (size_t i = 0; i < images; i++) strata->order[i] = (uint32_t)i;
    for (size_t i = images; i > 1; i--) {
        size_t other = (size_t)(((duet_random(&state) >> 32) * i) >> 32);
        uint32_t swap = strata->order[i - 1];
        strata->order[i - 1] = strata->order[other];
        strata->order[other] = swap;
    }
    for (size_t i = 0; i < images; i++) strata->rank[strata->order[i]] = (uint32_t)i;
    return true;
}

static void fill_strata(struct strata *strata, const struct duet_coco_truth *truth, double share)
{
    for (size_t i = 0; i < truth->annotation_count; i++) {
        const struct duet_coco_annotation *one = &truth->annotations[i];
        size_t image = duet_coco_place_of(truth, one->image_id, true),
               k = duet_coco_place_of(truth, one->category_id, false);
        if (image != SIZE_MAX && k != SIZE_MAX) strata->has[strata->rank[image] * strata->count + k] = true;
    }
    for (size_t i = 0; i < strata->images; i++) {
        bool *has = strata->has + i * strata->count, any = false;
        for (size_t k = 0; k + 1 < strata->count; k++) any |= has[k];
        has[strata->count - 1] = !any;
        for (size_t k = 0; k < strata->count; k++) strata->left[k] += has[k];
    }
    for (size_t k = 0; k < strata->count; k++) strata->wanted[k] = share * (double)strata->left[k];
}

/* The category that lacks at least half an image and has the fewest left; SIZE_MAX: none does. */
static size_t scarcest(const struct strata *strata)
{
    size_t best = SIZE_MAX;
    for (size_t k = 0; k < strata->count; k++) {
        if (strata->left[k] == 0 || strata->wanted[k] < .5) continue;
        if (best == SIZE_MAX || strata->left[k] < strata->left[best]) best = k;
    }
    return best;
}

static void choose(struct strata *strata, size_t rank)
{
    strata->chosen[rank] = true;
    for (size_t k = 0; k < strata->count; k++)
        if (strata->has[rank * strata->count + k]) {
            strata->left[k]--;
            strata->wanted[k] -= 1;
        }
}

static bool is_candidate(const struct strata *strata, size_t rank, size_t k)
{
    return !strata->chosen[rank] && (k == SIZE_MAX || strata->has[rank * strata->count + k]);
}

/* How many categories an image has that have enough already. */
static size_t surplus(const struct strata *strata, size_t rank)
{
    size_t sum = 0;
    for (size_t k = 0; k < strata->count; k++)
        sum += strata->has[rank * strata->count + k] && strata->wanted[k] < .5;
    return sum;
}

/* An image of category k (SIZE_MAX: any): of the next few the one that has least of what is not wanted. */
static size_t best_of(struct strata *strata, size_t k)
{
    enum { FEW = 32 };
    size_t *from = &strata->from[k == SIZE_MAX ? strata->count : k];
    while (!is_candidate(strata, *from, k)) ++*from;
    size_t best = *from, least = surplus(strata, best);
    for (size_t rank = best + 1, seen = 1; rank < strata->images && seen < FEW && least > 0; rank++) {
        if (!is_candidate(strata, rank, k)) continue;
        size_t here = surplus(strata, rank);
        if (here < least) {
            best = rank;
            least = here;
        }
        seen++;
    }
    return best;
}

static void choose_stratified(struct strata *strata, size_t count)
{
    for (size_t done = 0; done < count; done++) choose(strata, best_of(strata, scarcest(strata)));
}

enum duet_status duet_coco_choose_images(const struct duet_coco_truth *truth, size_t count, uint64_t seed,
                                         bool stratify, int64_t **ids, struct duet_error *error)
{
    struct strata strata;
    *ids = NULL;
    if (count < 1 || count > truth->image_count)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%zu images out of %zu: expected 1 to %zu", count,
                         truth->image_count, truth->image_count);
    int64_t *list = calloc(count, sizeof *list);
    bool enough = strata_open(&strata, truth, seed) && list;
    if (enough && stratify) {
        fill_strata(&strata, truth, (double)count / (double)truth->image_count);
        choose_stratified(&strata, count);
    }
    size_t kept = 0;
    for (size_t i = 0; enough && kept < count; i++)
        if (!stratify || strata.chosen[i])
            list[kept++] = truth->images[truth->images_by_id[strata.order[i]]].id;
    strata_close(&strata);
    if (!enough) {
        free(list);
        return duet_no_memory(error, NULL, "to choose images");
    }
    qsort(list, count, sizeof *list, duet_by_int64);
    *ids = list;
    return DUET_OK;
}

/* --- copying -------------------------------------------------------------------------------------------- */

enum list { IMAGES, ANNOTATIONS, NONE };

/* A file on its way, token by token; an entry of the lists waits in the buffer until its id is known. */
struct copy {
    const int64_t *ids;
    size_t count;
    const struct duet_coco_ids *named;
    FILE *out;
    const char *name;
    struct duet_buffer text;
    bool first[DUET_JSON_MAX_DEPTH + 1]; /* nothing was put into the container at that depth yet */
    bool after_key;
    enum list list;
    bool is_id; /* the value that comes is the entry's image id */
    bool has_id;
    int64_t id;
    size_t entry; /* where the entry begins in text */
    bool entry_was_first;
};

static bool send(struct copy *copy, struct duet_json_reader *reader)
{
    if (copy->text.failed) return duet_json_refuse(reader, DUET_OUT_OF_MEMORY, "no memory for the text");
    if (fwrite(copy->text.data, 1, copy->text.size, copy->out) != copy->text.size)
        return duet_json_refuse(reader, DUET_IO_ERROR, "%s: cannot write: %s", copy->name, strerror(errno));
    copy->text.size = 0;
    return true;
}

/* The comma, if one is due, and the token. */
static void put_token(struct copy *copy, const struct duet_json_token *token)
{
    struct duet_buffer *b = &copy->text;
    bool end = token->kind == DUET_JSON_OBJECT_END || token->kind == DUET_JSON_ARRAY_END;
    if (!end && !copy->after_key && token->depth > 0) {
        duet_put(b, copy->first[token->depth] ? "" : token->depth <= 2 ? ",\n" : ",");
        copy->first[token->depth] = false;
    }
    copy->after_key = token->kind == DUET_JSON_KEY;
    switch (token->kind) {
    case DUET_JSON_OBJECT:
    case DUET_JSON_ARRAY:
        duet_put(b, token->kind == DUET_JSON_OBJECT ? "{" : "[");
        copy->first[token->depth + 1] = true;
        break;
    case DUET_JSON_OBJECT_END:
    case DUET_JSON_ARRAY_END:
        duet_put(b, token->kind == DUET_JSON_OBJECT_END ? "}" : "]");
        break;
    case DUET_JSON_KEY:
        duet_put_json_bytes(b, token->text, token->length);
        duet_put(b, ":");
        break;
    case DUET_JSON_STRING:
        duet_put_json_bytes(b, token->text, token->length);
        break;
    default:
        duet_put_bytes(b, token->text, token->length);
    }
}

static bool wanted(const struct copy *copy)
{
    return copy->has_id && bsearch(&copy->id, copy->ids, copy->count, sizeof copy->id, duet_by_int64);
}

/* Tokens of the entries of a list: those at depth 2 begin and end them. */
static void on_entry(struct copy *copy, const struct duet_json_token *token)
{
    if (token->depth == 2 && token->kind == DUET_JSON_OBJECT) {
        copy->entry = copy->text.size;
        copy->entry_was_first = copy->first[2];
        copy->has_id = copy->is_id = false;
    }
    put_token(copy, token);
    if (token->depth == 3 && token->kind == DUET_JSON_KEY) {
        copy->is_id = duet_json_is(token, copy->list == IMAGES ? "id" : "image_id");
    } else if (token->depth == 3) {
        if (copy->is_id) copy->id = duet_coco_id_find(copy->named, token);
        copy->has_id |= copy->is_id;
        copy->is_id = false;
    }
    if (token->depth == 2 && token->kind == DUET_JSON_OBJECT_END && !wanted(copy)) {
        copy->text.size = copy->entry;
        copy->first[2] = copy->entry_was_first;
    }
}

static bool on_token(void *ctx, struct duet_json_reader *reader, const struct duet_json_token *token)
{
    struct copy *copy = ctx;
    if (copy->list != NONE && token->depth >= 2)
        on_entry(copy, token);
    else
        put_token(copy, token);
    if (token->depth == 1 && token->kind == DUET_JSON_KEY)
        copy->list = duet_json_is(token, "images")        ? IMAGES
                     : duet_json_is(token, "annotations") ? ANNOTATIONS
                                                          : NONE;
    bool waiting = copy->list != NONE && token->depth >= 2 &&
                   !(token->depth == 2 && token->kind == DUET_JSON_OBJECT_END);
    return waiting || copy->text.size < 1 << 16 ? true : send(copy, reader);
}

enum duet_status duet_coco_copy_subset(const char *path, const struct duet_coco_ids *named,
                                       const int64_t *ids, size_t count, FILE *out, const char *name,
                                       struct duet_error *error)
{
    struct copy *copy = calloc(1, sizeof *copy);
    if (!copy) return duet_no_memory(error, NULL, "to choose images");
    *copy = (struct copy){.ids = ids, .count = count, .named = named, .out = out, .name = name, .list = NONE};
    enum duet_status status = duet_json_read(path, on_token, copy, error);
    if (status == DUET_OK && copy->text.failed)
        status = duet_no_memory(error, NULL, "to choose images");
    else if (status == DUET_OK) {
        duet_put(&copy->text, "\n");
        if (fwrite(copy->text.data, 1, copy->text.size, out) != copy->text.size)
            status = duet_fail_errno(error, errno, "%s: cannot write", name);
    }
    duet_buffer_close(&copy->text);
    free(copy);
    return status;
}
