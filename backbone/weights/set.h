/* set.h: inside a set of weights. Internal to the backbone. */
#ifndef DUET_WEIGHTS_SET_H
#define DUET_WEIGHTS_SET_H

#include "core/os.h"
#include "duet/weights.h"

/* Tensors stand in the order they were added; `slots` finds them by name: an open-addressing hash table of
 * index + 1, a power of two in size and at most half full. Without it, adding the 65536 tensors that a file
 * may hold would compare two thousand million names. */
struct duet_weights {
    struct duet_tensor *tensors; /* names are owned */
    void **copies;               /* copies[i]: what tensors[i].data points to when it is owned, else NULL */
    size_t count, capacity;
    uint32_t *slots;
    size_t slot_count;
    char *metadata;
    struct duet_bytes file; /* what the other data points into */
};

/* duet_weights_add that does not copy the data. `data` must lie in weights->file, or be `owned` (from
 * malloc): then it belongs to the set on success and to the caller on failure. */
enum duet_status duet_weights_insert(struct duet_weights *weights, const char *name, enum duet_dtype dtype,
                                     const struct duet_shape *shape, const void *data, void *owned,
                                     struct duet_error *error);

/* The tensor's data has served for now: if it lies in a mapped file, it need not stay in memory. */
void duet_weights_forget(const struct duet_weights *weights, const struct duet_tensor *tensor);

#endif
