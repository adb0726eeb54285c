#include "duet/results.h"

#include "core/kept.h"

#include <stdlib.h>

/* The lists have one shape, for different items: all they do is written here once. */
#define LIST_OF(item, list)                                                                                  \
    const struct item *list##_at(const struct list *items, size_t i)                                         \
    {                                                                                                        \
        if (!items || i >= items->count) return NULL;                                                        \
        size_t size = items->item_size ? items->item_size : sizeof(struct item);                             \
        return (const struct item *)(const void *)((const char *)items->items + i * size);                   \
    }                                                                                                        \
                                                                                                             \
    void list##_close(struct list *items)                                                                    \
    {                                                                                                        \
        if (!items) return;                                                                                  \
        free(items->items);                                                                                  \
        duet_kept_release(items->owner);                                                                     \
        *items = (struct list){0};                                                                           \
    }

LIST_OF(duet_detection, duet_detections)
LIST_OF(duet_suppressed, duet_suppressions)
LIST_OF(duet_segment, duet_segments)
LIST_OF(duet_class_probability, duet_class_probabilities)
