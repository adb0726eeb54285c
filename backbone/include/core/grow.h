/* grow.h: arrays that grow by half of their size. */
#ifndef DUET_CORE_GROW_H
#define DUET_CORE_GROW_H

#include "core/checked.h"

#include <stdlib.h>

/* Room for `needed` items: returns the array, moved if need be, with *capacity adjusted; NULL when memory is
 * refused, the old array then being as it was. */
static inline void *duet_grow(void *items, size_t *capacity, size_t needed, size_t item_size)
{
    if (needed <= *capacity) return items;
    size_t wanted, bytes;
    if (!duet_add_size(*capacity, *capacity / 2, &wanted)) return NULL;
    if (wanted < needed) wanted = needed;
    if (wanted < 16) wanted = 16;
    if (!duet_mul_size(wanted, item_size, &bytes)) return NULL;
    void *moved = realloc(items, bytes);
    if (moved) *capacity = wanted;
    return moved;
}

/* Growing leaves up to a third unused: the same array with room for its `count` items alone, moved if need
 * be. */
static inline void *duet_trim(void *items, size_t count, size_t item_size)
{
    void *moved = count ? realloc(items, count * item_size) : NULL;
    return moved ? moved : items;
}

#endif
