#include "viewer/stages/recording.h"

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

struct viewer_record {
    struct viewer_exchange *exchange;
    struct duet_video_writer *writer;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct item items[WAITING];
    int first, count;
    bool wait, ending, failed;
    struct duet_error error;
    double last; /* time added */
    long frames, left_out;
};

static enum duet_status write_item(struct viewer_record *record, const struct item *item,
                                   struct duet_error *error)
{
    struct duet_image image = {0};
    enum duet_status status = viewer_overlay_render(item->frame, item->has, &item->look, &image, error);
    if (status == DUET_OK) status = duet_video_writer_add(record->writer, &image, item->time, error);
    duet_image_close(&image);
    return status;
}

static void *run(void *arg)
{
    struct viewer_record *record = arg;
    struct duet_error error;
    pthread_mutex_lock(&record->lock);
    for (;;) {
        while (record->count == 0 && !record->ending) pthread_cond_wait(&record->changed, &record->lock);
        if (record->count == 0) break;
        const struct item item = record->items[record->first];
        bool skip = record->failed;
        pthread_mutex_unlock(&record->lock);
        enum duet_status status = skip ? DUET_OK : write_item(record, &item, &error);
        viewer_exchange_release(record->exchange, item.frame);
        pthread_mutex_lock(&record->lock);
        record->first = (record->first + 1) % WAITING;
        record->count--;
        record->frames += !skip && status == DUET_OK;
        if (status != DUET_OK) {
            record->failed = true;
            record->error = error;
        }
        pthread_cond_broadcast(&record->changed);
    }
    pthread_mutex_unlock(&record->lock);
    return NULL;
}

enum duet_status viewer_record_start(struct viewer_record **out, struct viewer_exchange *exchange,
                                     const char *path, const struct viewer_frame *first, int rate_num,
                                     int rate_den, bool force, bool wait, struct duet_error *error)
{
    const struct duet_video_writer_options options = {.struct_size = sizeof options,
                                                      .width = first->image.width,
                                                      .height = first->image.height,
                                                      .rate_num = rate_num,
                                                      .rate_den = rate_den,
                                                      .aspect_num = first->info.aspect_num,
                                                      .aspect_den = first->info.aspect_den,
                                                      .force = force,
                                                      .in_place = true};
    struct viewer_record *record = *out = calloc(1, sizeof *record);
    if (!record) return duet_no_memory(error, NULL, "to record");
    record->exchange = exchange;
    record->wait = wait;
    record->last = -INFINITY;
    pthread_mutex_init(&record->lock, NULL);
    pthread_cond_init(&record->changed, NULL);
    enum duet_status status = duet_video_writer_open(path, &options, &record->writer, error);
    if (status == DUET_OK) status = viewer_thread_start(&record->thread, run, record, error);
    if (status == DUET_OK) return DUET_OK;
    duet_video_writer_discard(&record->writer);
    pthread_cond_destroy(&record->changed);
    pthread_mutex_destroy(&record->lock);
    free(record);
    *out = NULL;
    return status;
}

void viewer_record_add(struct viewer_record *record, unsigned has, const struct viewer_look *look,
                       double time)
{
    if (time <= record->last) return;
    pthread_mutex_lock(&record->lock);
    while (record->wait && record->count == WAITING) pthread_cond_wait(&record->changed, &record->lock);
    const struct viewer_frame *frame =
        record->count < WAITING ? viewer_exchange_hold(record->exchange) : NULL;
    if (frame) {
        struct item *item = &record->items[(record->first + record->count++) % WAITING];
        *item = (struct item){frame, has, *look, time};
        item->look.selected = 0;
        record->last = time;
        pthread_cond_broadcast(&record->changed);
    } else {
        record->left_out++;
    }
    pthread_mutex_unlock(&record->lock);
}

bool viewer_record_failed(struct viewer_record *record)
{
    pthread_mutex_lock(&record->lock);
    bool failed = record->failed;
    pthread_mutex_unlock(&record->lock);
    return failed;
}

enum duet_status viewer_record_stop(struct viewer_record **out, long *frames, long *left_out,
                                    struct duet_error *error)
{
    struct viewer_record *record = *out;
    *out = NULL;
    if (!record) return DUET_OK;
    pthread_mutex_lock(&record->lock);
    record->ending = true;
    pthread_cond_broadcast(&record->changed);
    pthread_mutex_unlock(&record->lock);
    pthread_join(record->thread, NULL);
    if (frames) *frames = record->frames;
    if (left_out) *left_out = record->left_out;
    enum duet_status status = record->failed ? record->error.status : DUET_OK, ended = DUET_OK;
    if (record->failed && error) *error = record->error;
    /* The writer tells again what failed in it, and whether there is a video all the same. */
    if (record->frames > 0) ended = duet_video_writer_commit(&record->writer, error);
    if (ended != DUET_OK) status = ended;
    duet_video_writer_discard(&record->writer);
    pthread_cond_destroy(&record->changed);
    pthread_mutex_destroy(&record->lock);
    free(record);
    return status;
}
