/* thread.h: threads that leave signals to the main one. */
#ifndef DUET_APPS_VIEWER_STAGES_THREAD_H
#define DUET_APPS_VIEWER_STAGES_THREAD_H

#include "cli/process.h"
#include "core/fail.h"

/* Errors: DUET_OUT_OF_MEMORY. */
static inline enum duet_status viewer_thread_start(pthread_t *thread, void *(*run)(void *), void *arg,
                                                   struct duet_error *error)
{
    if (duet_process_start_thread(thread, run, arg)) return DUET_OK;
    return duet_fail(error, DUET_OUT_OF_MEMORY, "cannot start a thread");
}

#endif
