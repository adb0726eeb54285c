#include "viewer/recording.h"

#include "core/fail.h"
#include "data/moving/video_write.h"
#include "viewer/stages/thread.h"

#include <math.h>
#include <stdlib.h>

enum { WAITING = 3 }; /* frames; each keeps a place of the exchange */

struct item {
    const struct viewer_frame *frame; /* held */
    unsigned has;
    struct viewer_look look;
    double time;
};

struct viewer_recording {
    struct viewer_exchange *exchange;
    struct duet_video_writer *writer;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct item items[WAITING];
    int first, count;
    bool wait, ending, failed;
    struct duet_error error;
    double time, source, clock; /* of the last frame: in the video, in its source, shown at */
    long frames, left_out;
};

static enum duet_status write_item(struct viewer_recording *recording, const struct item *item,
                                   struct duet_error *error)
{
    struct duet_image image = {0};
    enum duet_status status = viewer_overlay_render(item->frame, item->has, &item->look, &image, error);
    if (status == DUET_OK) status = duet_video_writer_add(recording->writer, &image, item->time, error);
    duet_image_close(&image);
    return status;
}

static void *run(void *arg)
{
    struct viewer_recording *recording = arg;
    struct duet_error error;
    pthread_mutex_lock(&recording->lock);
    for (;;) {
        while (recording->count == 0 && !recording->ending)
            pthread_cond_wait(&recording->changed, &recording->lock);
        if (recording->count == 0) break;
        const struct item item = recording->items[recording->first];
        bool skip = recording->failed;
        pthread_mutex_unlock(&recording->lock);
        enum duet_status status = skip ? DUET_OK : write_item(recording, &item, &error);
        viewer_exchange_release(recording->exchange, item.frame);
        pthread_mutex_lock(&recording->lock);
        recording->first = (recording->first + 1) % WAITING;
        recording->count--;
        recording->frames += !skip && status == DUET_OK;
        if (status != DUET_OK) {
            recording->failed = true;
            recording->error = error;
        }
        pthread_cond_broadcast(&recording->changed);
    }
    pthread_mutex_unlock(&recording->lock);
    return NULL;
}

/* The end of what was begun. */
static void dispose(struct viewer_recording *recording)
{
    duet_video_writer_discard(&recording->writer);
    pthread_cond_destroy(&recording->changed);
    pthread_mutex_destroy(&recording->lock);
    free(recording);
}

enum duet_status viewer_recording_start(struct viewer_recording **out, struct viewer_exchange *exchange,
                                        const char *path, const struct viewer_frame *first,
                                        const struct duet_frames_about *about, bool force, bool wait,
                                        struct duet_error *error)
{
    const struct duet_video_writer_options options = {.width = first->image.width,
                                                      .height = first->image.height,
                                                      .rate_num = about->rate_num,
                                                      .rate_den = about->rate_den,
                                                      .aspect_num = first->info.aspect_num,
                                                      .aspect_den = first->info.aspect_den,
                                                      .force = force,
                                                      .in_place = true};
    struct viewer_recording *recording = *out = calloc(1, sizeof *recording);
    if (!recording) return duet_no_memory(error, NULL, "to record");
    recording->exchange = exchange;
    recording->wait = wait;
    recording->clock = -INFINITY;
    pthread_mutex_init(&recording->lock, NULL);
    pthread_cond_init(&recording->changed, NULL);
    enum duet_status status = duet_video_writer_open(path, &options, &recording->writer, error);
    if (status == DUET_OK) status = viewer_thread_start(&recording->thread, run, recording, error);
    if (status == DUET_OK) return DUET_OK;
    dispose(recording);
    *out = NULL;
    return status;
}

/* The video follows the source's time; where that jumps, or stands still, the clock on the wall. */
static void go_on(struct viewer_recording *recording, const struct viewer_frame *frame, double now)
{
    double passed = frame->info.time - recording->source;
    bool first = isinf(recording->clock), follows = frame->info.moving && passed > 0 && passed < 1;
    if (!first) recording->time += follows ? passed : fmax(now - recording->clock, 0.001);
    recording->source = frame->info.time;
    recording->clock = now;
}

bool viewer_recording_add(struct viewer_recording *recording, const struct viewer_shown *shown,
                          const struct viewer_look *look, double now)
{
    go_on(recording, shown->frame, now);
    pthread_mutex_lock(&recording->lock);
    bool failed = recording->failed;
    while (!failed && recording->wait && recording->count == WAITING)
        pthread_cond_wait(&recording->changed, &recording->lock);
    const struct viewer_frame *frame =
        !failed && recording->count < WAITING ? viewer_exchange_hold(recording->exchange) : NULL;
    if (frame) {
        struct item *item = &recording->items[(recording->first + recording->count++) % WAITING];
        *item = (struct item){frame, shown->has, *look, recording->time};
        item->look.selected = 0;
        pthread_cond_broadcast(&recording->changed);
    } else {
        recording->left_out++;
    }
    pthread_mutex_unlock(&recording->lock);
    return !failed;
}

enum duet_status viewer_recording_stop(struct viewer_recording **out, long *frames, long *left_out,
                                       struct duet_error *error)
{
    struct viewer_recording *recording = *out;
    *out = NULL;
    pthread_mutex_lock(&recording->lock);
    recording->ending = true;
    pthread_cond_broadcast(&recording->changed);
    pthread_mutex_unlock(&recording->lock);
    pthread_join(recording->thread, NULL);
    *frames = recording->frames;
    *left_out = recording->left_out;
    enum duet_status status = recording->failed ? recording->error.status : DUET_OK, ended = DUET_OK;
    if (recording->failed) *error = recording->error;
    /* The writer tells again what failed in it, and whether there is a video all the same. */
    if (recording->frames > 0) ended = duet_video_writer_commit(&recording->writer, error);
    if (ended != DUET_OK) status = ended;
    dispose(recording);
    return status;
}
