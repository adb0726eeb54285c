#include "core/kept.h"

#include <assert.h>
#include <stddef.h>

void duet_kept_init(struct duet_kept *kept, void (*free)(struct duet_kept *kept))
{
    atomic_init(&kept->references, 1);
    kept->free = free;
}

struct duet_kept *duet_kept_retain(struct duet_kept *kept)
{
    if (!kept) return NULL;
    int held = atomic_fetch_add_explicit(&kept->references, 1, memory_order_relaxed);
    assert(held > 0); /* who retains holds one */
    (void)held;
    return kept;
}

void duet_kept_release(struct duet_kept *kept)
{
    if (!kept) return;
    int held = atomic_fetch_sub_explicit(&kept->references, 1, memory_order_acq_rel);
    assert(held > 0);
    if (held == 1) kept->free(kept);
}
