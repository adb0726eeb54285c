/* store.h: packed weights, which lie beside the set that they were packed from. What one compilation packs,
 * others from that set find: at any input size and output stride, of any of its heads, in any thread. It
 * grows by a block for each compilation that finds something missing, and lives as long as the set or any
 * network that was compiled from it. Internal to backbone/network. */
#ifndef DUET_NETWORK_STORE_H
#define DUET_NETWORK_STORE_H

#include "duet/weights.h"
#include "kernels/pack.h"

/* Where a layer's tensors lie. */
struct packed_layer {
    const void *weights, *bias; /* NULL: nothing is packed for it */
    const float *scales;        /* of bytes: see epilogue.h */
    const int32_t *zeros;       /* of bytes: see conv1x1.h; NULL: all 0 */
    const uint32_t
        *live;    /* a projection's: channels of its depthwise layer that it reads, ascending; NULL: all */
    size_t depth; /* rows of the weight matrix; those of the live channels */
    size_t bytes;
};

/* What a packed layer is made of, and how: two that agree are the same bytes. Tensors by their numbers in the
 * set, which may move them. */
struct packed_key {
    size_t weight;               /* the layer's, whose bias goes with it */
    size_t filter;               /* the depthwise layer's whose dead channels are left out; SIZE_MAX: whole */
    struct duet_packing packing; /* of a level and a precision */
    float input_scale, output_scale, filter_scale; /* of bytes; else 0 */
    int input_zero, filter_zero;
};

struct packed_entry {
    struct packed_entry *next; /* of the same tensor */
    struct packed_key key;
    struct packed_layer layer;
};

/* What one compilation adds. */
struct packed_block {
    struct packed_block *next;
    char *data;     /* in huge pages where it is large */
    uint32_t *live; /* lists of live channels */
    size_t entry_count;
    struct packed_entry entries[];
};

struct packed_store; /* reference-counted */

/* A reference to the store of a set, which a first call makes. NULL: no memory. */
struct packed_store *duet_store_of(const struct duet_weights *weights);
void duet_store_release(struct packed_store *store);

/* Between these two the store is this thread's; of a set of so many tensors. Who packs what is missing holds
 * the others up: they would pack the same. False: no memory, and nothing is begun. */
bool duet_store_begin(struct packed_store *store, size_t tensors);
void duet_store_end(struct packed_store *store);

/* NULL: not there. Valid as long as the store is. */
const struct packed_layer *duet_store_find(const struct packed_store *store, const struct packed_key *key);

/* Room for so much; NULL: no memory. */
struct packed_block *duet_block_create(size_t bytes, size_t live, size_t entries);
void duet_block_close(struct packed_block *block); /* accepts NULL */

/* The block is the store's from now on, and its entries are found. */
void duet_store_add(struct packed_store *store, struct packed_block *block);

#endif
