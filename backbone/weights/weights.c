#include "weights/set.h"

#include "core/checked.h"
#include "core/fail.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static void free_weights(struct duet_kept *kept)
{
    struct duet_weights *w = (struct duet_weights *)kept;
    for (size_t i = 0; i < w->count; i++) {
        free((char *)(uintptr_t)w->tensors[i].name);
        free(w->copies[i]);
    }
    free(w->tensors);
    free(w->copies);
    free(w->slots);
    free(w->metadata);
    duet_file_close(&w->file);
    duet_kept_release(atomic_load(&w->beside));
    free(w);
}

enum duet_status duet_weights_create(struct duet_weights **weights, struct duet_error *error)
{
    DUET_NEEDS(weights, error);
    *weights = calloc(1, sizeof **weights);
    if (!*weights) return duet_no_memory(error, NULL, "for a set of weights");
    duet_kept_init(&(*weights)->kept, free_weights);
    atomic_init(&(*weights)->beside, NULL);
    return DUET_OK;
}

struct duet_weights *duet_weights_retain(struct duet_weights *weights)
{
    if (weights) duet_kept_retain(&weights->kept);
    return weights;
}

void duet_weights_close(struct duet_weights **weights)
{
    if (!weights || !*weights) return;
    duet_kept_release(&(*weights)->kept);
    *weights = NULL;
}

size_t duet_weights_count(const struct duet_weights *weights)
{
    return weights ? weights->count : 0;
}

const struct duet_tensor *duet_weights_at(const struct duet_weights *weights, size_t index)
{
    return index < duet_weights_count(weights) ? &weights->tensors[index] : NULL;
}

/* --- names ---------------------------------------------------------------------------------------------- */

/* The slot that holds `name`, or the empty one where it would go. The hash is seeded with an address, which
 * nobody who makes a file knows: names that all fall into one slot cannot be prepared. */
static size_t slot_of(const struct duet_weights *weights, const char *name)
{
    size_t mask = weights->slot_count - 1;
    size_t slot = (size_t)XXH3_64bits_withSeed(name, strlen(name), (uintptr_t)weights) & mask;
    while (weights->slots[slot] && strcmp(weights->tensors[weights->slots[slot] - 1].name, name) != 0)
        slot = (slot + 1) & mask;
    return slot;
}

const struct duet_tensor *duet_weights_find(const struct duet_weights *weights, const char *name)
{
    if (!name || duet_weights_count(weights) == 0) return NULL;
    uint32_t found = weights->slots[slot_of(weights, name)];
    return found ? &weights->tensors[found - 1] : NULL;
}

/* --- adding --------------------------------------------------------------------------------------------- */

/* Room for one more: a power of two, for the slots. A failure leaves the set as it was. */
static bool grow(struct duet_weights *weights)
{
    if (weights->count < weights->capacity) return true;
    size_t capacity = weights->capacity ? weights->capacity * 2 : 64; /* <= 2 * DUET_WEIGHTS_MAX_TENSORS */
    struct duet_tensor *tensors = realloc(weights->tensors, capacity * sizeof *tensors);
    if (!tensors) return false;
    weights->tensors = tensors;
    void **copies = realloc(weights->copies, capacity * sizeof *copies);
    if (!copies) return false;
    weights->copies = copies;
    uint32_t *slots = calloc(capacity * 2, sizeof *slots);
    if (!slots) return false;
    free(weights->slots);
    weights->slots = slots;
    weights->slot_count = capacity * 2;
    weights->capacity = capacity;
    for (size_t i = 0; i < weights->count; i++)
        slots[slot_of(weights, weights->tensors[i].name)] = (uint32_t)i + 1;
    return true;
}

static enum duet_status tensor_bytes(const char *name, enum duet_dtype dtype, const struct duet_shape *shape,
                                     size_t *bytes, struct duet_error *error)
{
    char text[DUET_SHAPE_TEXT];
    if (!name || !*name) return duet_fail(error, DUET_BAD_ARGUMENT, "a tensor without a name");
    if (strcmp(name, "__metadata__") == 0)
        return duet_fail(error, DUET_BAD_ARGUMENT, "tensor %s: the file format keeps that name", name);
    if (duet_dtype_size(dtype) == 0)
        return duet_fail(error, DUET_BAD_ARGUMENT, "tensor %.200s: unknown element type %d", name,
                         (int)dtype);
    if (shape->rank < 0 || shape->rank > DUET_MAX_RANK)
        return duet_fail(error, DUET_BAD_ARGUMENT, "tensor %.200s: rank %d, expected 0 to %d", name,
                         shape->rank, DUET_MAX_RANK);
    size_t elements;
    if (!duet_shape_elements(shape, &elements) || !duet_mul_size(elements, duet_dtype_size(dtype), bytes))
        return duet_fail(error, DUET_BAD_ARGUMENT, "tensor %.200s: shape %s does not fit in memory", name,
                         duet_shape_text(shape, text, sizeof text));
    return DUET_OK;
}

enum duet_status duet_weights_insert(struct duet_weights *weights, const char *name, enum duet_dtype dtype,
                                     const struct duet_shape *shape, const void *data, void *owned,
                                     struct duet_error *error)
{
    size_t bytes = 0;
    enum duet_status status = tensor_bytes(name, dtype, shape, &bytes, error);
    if (status != DUET_OK) return status;
    if (duet_weights_find(weights, name))
        return duet_fail(error, DUET_EXISTS, "tensor %.200s: there is one of that name already", name);
    if (weights->count >= DUET_WEIGHTS_MAX_TENSORS)
        return duet_fail(error, DUET_TOO_LARGE, "tensor %.200s: a set holds at most %d tensors", name,
                         DUET_WEIGHTS_MAX_TENSORS);
    char *copy = strdup(name);
    if (!copy || !grow(weights)) {
        free(copy);
        return duet_fail(error, DUET_OUT_OF_MEMORY, "tensor %.200s: no memory", name);
    }
    size_t slot = slot_of(weights, copy);
    weights->tensors[weights->count] = (struct duet_tensor){copy, dtype, *shape, data, bytes};
    weights->copies[weights->count] = owned;
    weights->slots[slot] = (uint32_t)++weights->count;
    return DUET_OK;
}

enum duet_status duet_weights_add(struct duet_weights *weights, const char *name, enum duet_dtype dtype,
                                  const struct duet_shape *shape, const void *data, struct duet_error *error)
{
    DUET_NEEDS(weights, error);
    DUET_NEEDS(shape, error);
    size_t bytes = 0;
    enum duet_status status = tensor_bytes(name, dtype, shape, &bytes, error);
    if (status != DUET_OK) return status;
    if (bytes) DUET_NEEDS(data, error);
    void *copy = malloc(bytes ? bytes : 1);
    if (!copy)
        return duet_fail(error, DUET_OUT_OF_MEMORY, "tensor %.200s: no memory for %zu bytes", name, bytes);
    if (bytes) memcpy(copy, data, bytes);
    status = duet_weights_insert(weights, name, dtype, shape, copy, copy, error);
    if (status != DUET_OK) free(copy);
    return status;
}

/* --- metadata ------------------------------------------------------------------------------------------- */

const char *duet_weights_metadata(const struct duet_weights *weights)
{
    return weights ? weights->metadata : NULL;
}

enum duet_status duet_weights_set_metadata(struct duet_weights *weights, const char *json,
                                           struct duet_error *error)
{
    DUET_NEEDS(weights, error);
    DUET_NEEDS(json, error);
    json_error_t fault;
    json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, &fault);
    if (!root) return duet_fail(error, DUET_BAD_ARGUMENT, "metadata: not JSON: %s", fault.text);
    bool object = json_is_object(root);
    json_decref(root);
    if (!object) return duet_fail(error, DUET_BAD_ARGUMENT, "metadata: JSON, but not an object");
    char *copy = strdup(json);
    if (!copy) return duet_no_memory(error, NULL, "for metadata");
    free(weights->metadata);
    weights->metadata = copy;
    return DUET_OK;
}

/* --- data ----------------------------------------------------------------------------------------------- */

bool duet_weights_has(const struct duet_weights *weights, const struct duet_tensor *tensor)
{
    return weights->copies[tensor - weights->tensors];
}

/* Where a mapped tensor's data lies in the file. */
static size_t place_of(const struct duet_weights *weights, const struct duet_tensor *tensor)
{
    return (size_t)((const char *)tensor->data - (const char *)weights->file.mapping);
}

enum duet_status duet_weights_read(const struct duet_weights *weights, const struct duet_tensor *tensor,
                                   size_t from, size_t size, void *out, struct duet_error *error)
{
    DUET_NEEDS(weights, error);
    DUET_NEEDS(tensor, error);
    if (tensor < weights->tensors || tensor >= weights->tensors + weights->count)
        return duet_fail(error, DUET_BAD_ARGUMENT, "a tensor of another set of weights");
    if (from > tensor->bytes || size > tensor->bytes - from)
        return duet_fail(error, DUET_BAD_ARGUMENT, "tensor %.200s: bytes %zu and %zu more: it has %zu",
                         tensor->name, from, size, tensor->bytes);
    if (size == 0) return DUET_OK;
    DUET_NEEDS(out, error);
    if (!duet_weights_has(weights, tensor))
        return duet_file_read(&weights->file, place_of(weights, tensor) + from, size, out, error);
    memcpy(out, (const char *)tensor->data + from, size);
    return DUET_OK;
}

enum duet_status duet_weights_walk(const struct duet_weights *weights, const struct duet_tensor *tensor,
                                   void (*piece)(void *ctx, const void *bytes, size_t count), void *ctx,
                                   struct duet_error *error)
{
    if (!duet_weights_has(weights, tensor))
        return duet_file_walk(&weights->file, place_of(weights, tensor), tensor->bytes, piece, ctx, error);
    piece(ctx, tensor->data, tensor->bytes);
    return DUET_OK;
}

/* --- what lies beside ----------------------------------------------------------------------------------- */

struct duet_kept *duet_weights_beside(const struct duet_weights *weights, struct duet_kept *(*make)(void))
{
    /* Nothing of the set itself changes: const promises as much. */
    _Atomic(struct duet_kept *) *slot = &((struct duet_weights *)(uintptr_t)weights)->beside;
    struct duet_kept *there = atomic_load(slot);
    if (!there) {
        struct duet_kept *made = make();
        if (!made) return NULL;
        if (atomic_compare_exchange_strong(slot, &there, made))
            there = made;
        else
            duet_kept_release(made); /* another thread was first */
    }
    return duet_kept_retain(there);
}
