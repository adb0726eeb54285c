/* kept.h: what several hold and the last one frees. Internal.
 *
 * struct duet_kept is the first member of what is kept, so that its address is that of the whole:
 *
 *     struct page { struct duet_kept kept; ... };
 *     static void free_page(struct duet_kept *kept) { free((struct page *)kept); }
 *     ...
 *     duet_kept_init(&page->kept, free_page);            // one reference: the maker's
 *     other->page = page, duet_kept_retain(&page->kept); // from any thread that holds one
 *     duet_kept_release(&page->kept);                    // the last one calls free_page
 */
#ifndef DUET_CORE_KEPT_H
#define DUET_CORE_KEPT_H

#include <stdatomic.h>

struct duet_kept {
    atomic_int references;
    void (*free)(struct duet_kept *kept);
};

void duet_kept_init(struct duet_kept *kept, void (*free)(struct duet_kept *kept));

/* One reference more; returns `kept`. NULL is fine. */
struct duet_kept *duet_kept_retain(struct duet_kept *kept);

/* Gives up one; NULL is fine. What any thread did before it released is seen by `free`. */
void duet_kept_release(struct duet_kept *kept);

#endif
