/* set.h: inside a set of weights. Internal to the backbone. */
#ifndef DUET_WEIGHTS_SET_H
#define DUET_WEIGHTS_SET_H

#include "core/file.h"
#include "core/kept.h"
#include "duet/weights.h"

/* Tensors stand in the order they were added; `slots` finds them by name: an open-addressing hash table of
 * index + 1, a power of two in size and at most half full. Without it, adding the 65536 tensors that a file
 * may hold would compare two thousand million names. */
struct duet_weights {
    struct duet_kept kept;
    struct duet_tensor *tensors; /* names are owned */
    void **copies;               /* copies[i]: what tensors[i].data points to when it is owned, else NULL */
    size_t count, capacity;
    uint32_t *slots;
    size_t slot_count;
    char *metadata;
    struct duet_file file; /* mapped: what the other data points into. Zero: there is none */
    _Atomic(struct duet_kept *) beside; /* see duet_weights_beside */
};

/* What another room keeps beside a set, made when it is first asked for, and the same from then on: networks
 * put there what they pack (network/store.h). The set holds a reference as long as it lives, and the caller
 * gets one of his own. From any thread. NULL: `make` gave NULL. */
struct duet_kept *duet_weights_beside(const struct duet_weights *weights, struct duet_kept *(*make)(void));

/* duet_weights_open that reads tensors of up to `most` bytes into memory at once. With SIZE_MAX the file is
 * not mapped, and whatever becomes of it does not matter. `sha256` (DUET_SHA256_TEXT, NULL: not wanted)
 * receives the digest of the whole file. */
enum duet_status duet_weights_load(const char *path, size_t most, struct duet_weights **weights, char *sha256,
                                   struct duet_error *error);

/* duet_weights_add that does not copy the data. `data` must lie in the mapping of weights->file, or be
 * `owned` (from malloc): then it belongs to the set on success and to the caller on failure. */
enum duet_status duet_weights_insert(struct duet_weights *weights, const char *name, enum duet_dtype dtype,
                                     const struct duet_shape *shape, const void *data, void *owned,
                                     struct duet_error *error);

/* Is the tensor's data memory of the set, which can be looked at without fear? */
bool duet_weights_has(const struct duet_weights *weights, const struct duet_tensor *tensor);

/* The tensor's bytes in order, in pieces; see duet_file_walk. */
enum duet_status duet_weights_walk(const struct duet_weights *weights, const struct duet_tensor *tensor,
                                   void (*piece)(void *ctx, const void *bytes, size_t count), void *ctx,
                                   struct duet_error *error);

#endif
