/* thread.h: threads that leave signals to the main one. */
#ifndef DUET_APPS_VIEWER_STAGES_THREAD_H
#define DUET_APPS_VIEWER_STAGES_THREAD_H

#include "core/fail.h"

#include <pthread.h>
#include <signal.h>

/* Errors: DUET_OUT_OF_MEMORY. */
static inline enum duet_status viewer_thread_start(pthread_t *thread, void *(*run)(void *), void *arg,
                                                   struct duet_error *error)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int refused = pthread_create(thread, NULL, run, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return refused ? duet_fail(error, DUET_OUT_OF_MEMORY, "cannot start a thread") : DUET_OK;
}

#endif
