/* grow.h: arrays that grow by half of their size. */
#ifndef DUET_CORE_GROW_H
#define DUET_CORE_GROW_H

#include "core/checked.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Room for `needed` items in `array`, a pointer, which is moved and has its capacity told if need be. False:
 * memory is refused, and all is as it was. */
#define DUET_GROW(array, capacity, needed) duet_grow(&(array), &(capacity), needed, sizeof *(array))

/* `array` is the place of a pointer to items of any kind. */
static inline bool duet_grow(void *array, size_t *capacity, size_t needed, size_t item_size)
{
    if (needed <= *capacity) return true;
    size_t wanted, bytes;
    if (!duet_add_size(*capacity, *capacity / 2, &wanted)) return false;
    if (wanted < needed) wanted = needed;
    if (wanted < 16) wanted = 16;
    if (!duet_mul_size(wanted, item_size, &bytes) || bytes > PTRDIFF_MAX) return false;
    void *items;
    memcpy(&items, array, sizeof items);
    items = realloc(items, bytes);
    if (!items) return false;
    memcpy(array, &items, sizeof items);
    *capacity = wanted;
    return true;
}

/* Growing leaves up to a third unused: the same array with room for its `count` items alone, moved if need
 * be. */
static inline void *duet_trim(void *items, size_t count, size_t item_size)
{
    void *moved = count ? realloc(items, count * item_size) : NULL;
    return moved ? moved : items;
}

#endif
