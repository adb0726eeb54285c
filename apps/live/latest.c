#include "live/latest.h"

#include "cli/process.h"
#include "core/fail.h"

#include <pthread.h>
#include <stdlib.h>

struct duet_latest {
    struct duet_frames *frames;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool full; /* what follows has not been taken: a frame, */
    struct duet_image image;
    struct duet_latest_info info;
    bool ended; /* after it there is nothing more, ... */
    enum duet_status status;
    struct duet_error error; /* ... and why, unless status is DUET_OK */
    bool closing;
};

/* Put what was read where it is taken from. False: there will be no more. */
static bool hand_over(struct duet_latest *latest, const struct duet_image *image,
                      const struct duet_latest_info *info)
{
    pthread_mutex_lock(&latest->lock);
    while (latest->full && latest->info.info.gap > 0 && !latest->closing)
        pthread_cond_wait(&latest->changed, &latest->lock);
    int64_t dropped = latest->full ? latest->info.dropped + 1 : 0;
    duet_image_close(&latest->image);
    latest->full = true;
    latest->image = *image;
    latest->info = *info;
    latest->info.dropped = dropped;
    bool go_on = !latest->closing;
    pthread_cond_broadcast(&latest->changed);
    pthread_mutex_unlock(&latest->lock);
    return go_on;
}

static void *read_all(void *arg)
{
    struct duet_latest *latest = arg;
    struct duet_error error;
    struct duet_image image;
    struct duet_latest_info info = {0};
    enum duet_status status;
    bool more;
    do {
        status = duet_frames_next(latest->frames, &image, &info.info, &more, &error);
        duet_frames_describe(latest->frames, &info.about);
    } while (status == DUET_OK && more && hand_over(latest, &image, &info));
    pthread_mutex_lock(&latest->lock);
    latest->ended = true;
    latest->status = status;
    if (status != DUET_OK) latest->error = error;
    pthread_cond_broadcast(&latest->changed);
    pthread_mutex_unlock(&latest->lock);
    return NULL;
}

enum duet_status duet_latest_open(struct duet_frames *frames, struct duet_latest **latest,
                                  struct duet_error *error)
{
    struct duet_latest *made = *latest = calloc(1, sizeof *made);
    if (!made) return duet_no_memory(error, NULL, "to read ahead");
    made->frames = frames;
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->changed, NULL);
    if (duet_process_start_thread(&made->thread, read_all, made)) return DUET_OK;
    pthread_cond_destroy(&made->changed);
    pthread_mutex_destroy(&made->lock);
    free(made);
    *latest = NULL;
    return duet_fail(error, DUET_OUT_OF_MEMORY, "cannot start a thread to read ahead");
}

enum duet_status duet_latest_next(struct duet_latest *latest, struct duet_image *image,
                                  struct duet_latest_info *info, bool *more, struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    pthread_mutex_lock(&latest->lock);
    while (!latest->full && !latest->ended) pthread_cond_wait(&latest->changed, &latest->lock);
    *more = latest->full;
    *image = (struct duet_image){0};
    if (latest->full) {
        *image = latest->image;
        *info = latest->info;
        latest->image = (struct duet_image){0};
        latest->full = false;
        pthread_cond_broadcast(&latest->changed);
    } else {
        status = latest->status;
        if (status != DUET_OK && error) *error = latest->error;
        latest->status = DUET_OK; /* told once */
    }
    pthread_mutex_unlock(&latest->lock);
    return status;
}

void duet_latest_close(struct duet_latest **latest)
{
    struct duet_latest *old = *latest;
    *latest = NULL;
    if (!old) return;
    pthread_mutex_lock(&old->lock);
    old->closing = true;
    pthread_cond_broadcast(&old->changed);
    pthread_mutex_unlock(&old->lock);
    pthread_join(old->thread, NULL);
    duet_image_close(&old->image);
    pthread_cond_destroy(&old->changed);
    pthread_mutex_destroy(&old->lock);
    free(old);
}
