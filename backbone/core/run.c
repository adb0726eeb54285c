#include "duet/run.h"

/* Not <stdatomic.h>: its types are no part of C++, and the flag lies in the caller's struct. */
void duet_cancel(struct duet_cancel *cancel)
{
    if (cancel) __atomic_store_n(&cancel->flag, 1, __ATOMIC_RELAXED);
}

bool duet_cancelled(const struct duet_cancel *cancel)
{
    return cancel && __atomic_load_n(&cancel->flag, __ATOMIC_RELAXED) != 0;
}
