#include "network/store.h"

#include "core/os.h"
#include "weights/set.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct packed_store {
    struct duet_kept kept;
    pthread_mutex_t mutex;
    struct packed_entry **of; /* [tensor_count]: what is packed of each */
    size_t tensor_count;
    struct packed_block *blocks;
};

/* --- its life ------------------------------------------------------------------------------------------- */

static void free_store(struct duet_kept *kept)
{
    struct packed_store *store = (struct packed_store *)kept;
    while (store->blocks) {
        struct packed_block *block = store->blocks;
        store->blocks = block->next;
        duet_block_close(block);
    }
    pthread_mutex_destroy(&store->mutex);
    free(store->of);
    free(store);
}

static struct duet_kept *make_store(void)
{
    struct packed_store *store = calloc(1, sizeof *store);
    if (!store || pthread_mutex_init(&store->mutex, NULL) != 0) {
        free(store);
        return NULL;
    }
    duet_kept_init(&store->kept, free_store);
    return &store->kept;
}

struct packed_store *duet_store_of(const struct duet_weights *weights)
{
    return (struct packed_store *)duet_weights_beside(weights, make_store);
}

void duet_store_release(struct packed_store *store)
{
    if (store) duet_kept_release(&store->kept);
}

/* --- one thread at a time ------------------------------------------------------------------------------- */

bool duet_store_begin(struct packed_store *store, size_t tensors)
{
    pthread_mutex_lock(&store->mutex);
    if (tensors <= store->tensor_count) return true;
    struct packed_entry **of = realloc(store->of, tensors * sizeof *of);
    if (!of) {
        pthread_mutex_unlock(&store->mutex);
        return false;
    }
    memset(of + store->tensor_count, 0, (tensors - store->tensor_count) * sizeof *of);
    store->of = of;
    store->tensor_count = tensors;
    return true;
}

void duet_store_end(struct packed_store *store)
{
    pthread_mutex_unlock(&store->mutex);
}

const struct packed_layer *duet_store_find(const struct packed_store *store, const struct packed_key *key)
{
    for (const struct packed_entry *e = store->of[key->weight]; e; e = e->next)
        if (e->key.filter == key->filter && duet_packing_equal(&e->key.packing, &key->packing) &&
            e->key.input_scale == key->input_scale && e->key.output_scale == key->output_scale &&
            e->key.input_zero == key->input_zero && e->key.filter_scale == key->filter_scale &&
            e->key.filter_zero == key->filter_zero)
            return &e->layer;
    return NULL;
}

/* --- blocks --------------------------------------------------------------------------------------------- */

struct packed_block *duet_block_create(size_t bytes, size_t live, size_t entries)
{
    struct packed_block *block = calloc(1, sizeof *block + entries * sizeof block->entries[0]);
    if (!block) return NULL;
    block->data = duet_alloc_pages(bytes);
    block->live = malloc(live * sizeof *block->live + 1);
    if (block->data && block->live) return block;
    duet_block_close(block);
    return NULL;
}

void duet_block_close(struct packed_block *block)
{
    if (!block) return;
    free(block->data);
    free(block->live);
    free(block);
}

void duet_store_add(struct packed_store *store, struct packed_block *block)
{
    block->next = store->blocks;
    store->blocks = block;
    for (size_t i = 0; i < block->entry_count; i++) {
        struct packed_entry *entry = &block->entries[i], **first = &store->of[entry->key.weight];
        entry->next = *first;
        *first = entry;
    }
}
