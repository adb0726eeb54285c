/* run.h: what any run can be told: whose threads it may use, and how it is stopped. */
#ifndef DUET_RUN_H
#define DUET_RUN_H

#include "duet/threads.h"

#include <stdbool.h>
#include <stddef.h>

DUET_C_BEGIN

/* A flag that stops runs: zeroed, they go on. It belongs to the caller, may serve any number of runs, and
 * must last as long as they do; zeroed again between runs, it serves the next. */
struct duet_cancel {
    int flag;
};

/* Stop the runs that look at it. From any thread, or from a signal handler. NULL: nothing. */
DUET_API void duet_cancel(struct duet_cancel *cancel);

/* False for NULL. */
DUET_API bool duet_cancelled(const struct duet_cancel *cancel);

/* All borrowed during the run. NULL in the place of the struct means what the initialiser says. */
struct duet_run_options {
    size_t struct_size;           /* sizeof(struct duet_run_options): lets the struct grow */
    const struct duet_pool *pool; /* NULL: the caller's thread */
    /* NULL: cannot be stopped. Looked at between steps, some milliseconds apart at most: a run that was
     * stopped returns DUET_INTERRUPTED and no result; what it ran in can run again. */
    const struct duet_cancel *cancel;
};
#define DUET_RUN_OPTIONS                                                                                     \
    {                                                                                                        \
        sizeof(struct duet_run_options), NULL, NULL                                                          \
    }

DUET_C_END
#endif
