#include "viewer/stages/exchange.h"

#include "core/fail.h"
#include "core/os.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_PLACES = 16 };

struct place {
    struct viewer_frame frame;
    double since;
    bool queued, busy, shown;
    int holds;
    unsigned tried; /* kinds of results that need not be asked for again: there, or failed */
};

struct viewer_exchange {
    struct viewer_exchange_options options;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* for capture and inference */
    bool stopping;
    struct viewer_order order;
    struct viewer_playback playback;
    struct place places[MAX_PLACES];
    struct place *queue[MAX_PLACES]; /* oldest first */
    int queued;
    struct place *shown, *busy;
    unsigned wanted, reported; /* reported: the shown frame's results that main knows of */
    double there, cost;
    bool starts;
    uint64_t dropped;
    struct viewer_source source;
};

/* --- making --------------------------------------------------------------------------------------------- */

enum duet_status viewer_exchange_create(const struct viewer_exchange_options *options,
                                        struct viewer_exchange **exchange, struct duet_error *error)
{
    struct viewer_exchange *x = *exchange = calloc(1, sizeof *x);
    if (!x) return duet_no_memory(error, NULL, "for the queue of frames");
    x->options = *options;
    if (x->options.frames > MAX_PLACES) x->options.frames = MAX_PLACES;
    x->wanted = options->wanted;
    viewer_playback_start(&x->playback, options->patience);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&x->lock, NULL);
    pthread_cond_init(&x->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return DUET_OK;
}

void viewer_exchange_close(struct viewer_exchange **exchange)
{
    struct viewer_exchange *x = exchange ? *exchange : NULL;
    if (!x) return;
    for (int i = 0; i < MAX_PLACES; i++) viewer_frame_close(&x->places[i].frame);
    pthread_cond_destroy(&x->changed);
    pthread_mutex_destroy(&x->lock);
    free(x);
    *exchange = NULL;
}

/* Leave, and wake the other two threads; the main thread too where it has to know. */
static void leave(struct viewer_exchange *x, bool tell_main)
{
    pthread_cond_broadcast(&x->changed);
    pthread_mutex_unlock(&x->lock);
    if (tell_main && x->options.notify) x->options.notify(x->options.ctx);
}

/* Sleep until something changes, or the clock says `until`. Locked. */
static void sleep_until(struct viewer_exchange *x, double until)
{
    if (!isfinite(until)) {
        pthread_cond_wait(&x->changed, &x->lock);
        return;
    }
    double wait = fmin(fmax(until - duet_seconds(), 0), 3600);
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    long nanoseconds = at.tv_nsec + (long)((wait - floor(wait)) * 1e9);
    at.tv_sec += (time_t)wait + nanoseconds / 1000000000;
    at.tv_nsec = nanoseconds % 1000000000;
    pthread_cond_timedwait(&x->changed, &x->lock, &at);
}

void viewer_exchange_stop(struct viewer_exchange *x)
{
    pthread_mutex_lock(&x->lock);
    x->stopping = true;
    leave(x, false);
}

/* --- places --------------------------------------------------------------------------------------------- */

/* Free the place if nobody has to do with it any more. */
static void settle(struct place *place)
{
    if (place->queued || place->busy || place->shown || place->holds > 0) return;
    viewer_frame_close(&place->frame);
    *place = (struct place){0};
}

static bool is_free(const struct place *place)
{
    return !place->frame.image.pixels;
}

static bool ready(const struct viewer_exchange *x, const struct place *place)
{
    return (x->wanted & ~place->tried) == 0;
}

static int describe(const struct viewer_exchange *x, struct viewer_waiting waiting[MAX_PLACES])
{
    for (int i = 0; i < x->queued; i++) {
        const struct place *place = x->queue[i];
        waiting[i] =
            (struct viewer_waiting){place->frame.stamp.time, place->since, ready(x, place), place->busy};
    }
    return x->queued;
}

/* Take a frame out of the queue. */
static struct place *unqueue(struct viewer_exchange *x, int index)
{
    struct place *place = x->queue[index];
    x->queued--;
    memmove(&x->queue[index], &x->queue[index + 1], (size_t)(x->queued - index) * sizeof *x->queue);
    place->queued = false;
    return place;
}

static void drop(struct viewer_exchange *x, int index)
{
    settle(unqueue(x, index));
    x->dropped++;
}

/* A place for a frame of so many bytes, or NULL. */
static struct place *find_place(struct viewer_exchange *x, size_t bytes)
{
    struct place *found = NULL;
    size_t used = 0, held = bytes;
    for (int i = 0; i < x->options.frames; i++) {
        struct place *place = &x->places[i];
        if (is_free(place)) {
            found = place;
            continue;
        }
        used++;
        held += place->frame.image.stride * (size_t)place->frame.image.height;
    }
    return found && (used < 2 || held <= x->options.bytes) ? found : NULL;
}

/* --- capture -------------------------------------------------------------------------------------------- */

static bool outdated(const struct viewer_exchange *x, unsigned epoch)
{
    return x->stopping || x->order.epoch != epoch;
}

bool viewer_exchange_await_order(struct viewer_exchange *x, struct viewer_order *order)
{
    pthread_mutex_lock(&x->lock);
    while (!outdated(x, order->epoch)) pthread_cond_wait(&x->changed, &x->lock);
    bool go_on = !x->stopping;
    *order = x->order;
    pthread_mutex_unlock(&x->lock);
    return go_on;
}

bool viewer_exchange_outdated(struct viewer_exchange *x, unsigned epoch)
{
    pthread_mutex_lock(&x->lock);
    bool is = outdated(x, epoch);
    pthread_mutex_unlock(&x->lock);
    return is;
}

void viewer_exchange_opened(struct viewer_exchange *x, unsigned epoch, const struct duet_frames_about *about)
{
    pthread_mutex_lock(&x->lock);
    if (!outdated(x, epoch)) {
        bool every = x->options.every;
        x->playback.live = about->live;
        x->playback.still = !about->moving;
        x->playback.pace = every ? VIEWER_PACE_EVERY : about->live ? VIEWER_PACE_NEWEST : VIEWER_PACE_SOURCE;
        x->source.about = *about;
        x->source.about.kind = NULL;
    }
    leave(x, true);
}

bool viewer_exchange_put(struct viewer_exchange *x, struct viewer_frame *frame)
{
    struct viewer_waiting waiting[MAX_PLACES];
    struct place *place = NULL;
    double wake;
    pthread_mutex_lock(&x->lock);
    while (!outdated(x, frame->stamp.epoch)) {
        place = find_place(x, frame->image.stride * (size_t)frame->image.height);
        if (place) break;
        int index =
            viewer_playback_make_room(&x->playback, duet_seconds(), waiting, describe(x, waiting), &wake);
        if (index >= 0)
            drop(x, index);
        else
            sleep_until(x, wake);
    }
    if (place) {
        *place = (struct place){.frame = *frame, .since = duet_seconds(), .queued = true};
        *frame = (struct viewer_frame){0};
        x->queue[x->queued++] = place;
    }
    leave(x, place != NULL);
    viewer_frame_close(frame);
    return place != NULL;
}

void viewer_exchange_end(struct viewer_exchange *x, unsigned epoch, const struct duet_error *failure)
{
    pthread_mutex_lock(&x->lock);
    if (!outdated(x, epoch)) {
        x->source.ended = true;
        x->source.failed = failure != NULL;
        if (failure) {
            x->source.failure = *failure;
            x->source.failures++;
        }
    }
    leave(x, true);
}

void viewer_exchange_gap(struct viewer_exchange *x, unsigned epoch, double seconds)
{
    pthread_mutex_lock(&x->lock);
    if (!outdated(x, epoch)) {
        x->source.gaps++;
        x->source.gap = seconds;
    }
    leave(x, true);
}

/* --- inference ------------------------------------------------------------------------------------------ */

/* The shown frame is the one to analyse when somebody looks at it without what he asked for. */
static bool shown_comes_first(const struct viewer_exchange *x)
{
    const struct viewer_playback *p = &x->playback;
    return x->shown && !ready(x, x->shown) && (p->paused || p->still || !p->anchored || x->queued == 0);
}

static struct place *next_to_analyse(struct viewer_exchange *x, double *wake)
{
    struct viewer_waiting waiting[MAX_PLACES];
    int keep;
    *wake = INFINITY;
    if (shown_comes_first(x)) return x->shown;
    int index = viewer_playback_analyse(&x->playback, duet_seconds(), x->cost, waiting, describe(x, waiting),
                                        x->source.ended, &keep);
    struct place *place = index >= 0 ? x->queue[index] : NULL;
    if (!place && keep > 0) *wake = viewer_playback_due(&x->playback, waiting[keep].time) + 1e-3;
    for (int i = keep - 1; i >= 0; i--)
        if (!waiting[i].ready && !waiting[i].busy) drop(x, i);
    if (keep > 0) pthread_cond_broadcast(&x->changed); /* there may be room now */
    return place;
}

const struct viewer_frame *viewer_exchange_take(struct viewer_exchange *x, unsigned *kinds)
{
    struct place *place = NULL;
    double wake;
    pthread_mutex_lock(&x->lock);
    while (!x->stopping && !(place = next_to_analyse(x, &wake))) sleep_until(x, wake);
    if (x->stopping) place = NULL;
    if (place) {
        place->busy = true;
        x->busy = place;
        *kinds = x->wanted & ~place->tried;
    }
    pthread_mutex_unlock(&x->lock);
    return place ? &place->frame : NULL;
}

/* Put the results into their frame; what the frame has already stays. */
static void attach(struct viewer_frame *frame, struct viewer_results *results)
{
    struct viewer_results *there = &frame->results;
    unsigned new = results->has & ~there->has;
    if (new &VIEWER_BOXES) {
        there->detections = results->detections;
        results->detections = (struct duet_detections){0};
        there->suppressions = results->suppressions;
        results->suppressions = (struct duet_suppressions){0};
        there->tracks = results->tracks;
        results->tracks = NULL;
    }
    if (new &VIEWER_MASKS) {
        there->segmentation = results->segmentation;
        memset(&results->segmentation, 0, sizeof results->segmentation);
    }
    there->stamp = results->stamp;
    there->has |= new;
    there->seconds = results->seconds;
    memcpy(there->choice, results->choice, sizeof there->choice);
}

void viewer_exchange_give(struct viewer_exchange *x, struct viewer_results *results,
                          const struct duet_error *failure)
{
    pthread_mutex_lock(&x->lock);
    struct place *place = x->busy;
    x->busy = NULL;
    place->busy = false;
    place->tried |= failure ? ~0u : results->has;
    if (failure) {
        x->source.infer_failed = true;
        x->source.infer_failure = *failure;
    } else {
        x->cost = x->cost > 0 ? 0.75 * x->cost + 0.25 * results->seconds : results->seconds;
    }
    if (place->queued || place->shown) attach(&place->frame, results);
    settle(place);
    leave(x, true);
    viewer_results_close(results);
}

/* --- main ----------------------------------------------------------------------------------------------- */

unsigned viewer_exchange_order(struct viewer_exchange *x, int input, double time)
{
    pthread_mutex_lock(&x->lock);
    unsigned epoch = x->order.epoch + 1;
    x->order = (struct viewer_order){epoch, input, time};
    while (x->queued > 0) settle(unqueue(x, x->queued - 1));
    viewer_playback_jump(&x->playback);
    x->source.epoch = epoch;
    x->source.input = input;
    x->source.ended = x->source.failed = false;
    leave(x, false);
    return epoch;
}

struct viewer_playback viewer_exchange_playback(struct viewer_exchange *x)
{
    pthread_mutex_lock(&x->lock);
    const struct viewer_playback playback = x->playback;
    pthread_mutex_unlock(&x->lock);
    return playback;
}

struct viewer_playback *viewer_exchange_lock(struct viewer_exchange *x)
{
    pthread_mutex_lock(&x->lock);
    return &x->playback;
}

void viewer_exchange_unlock(struct viewer_exchange *x)
{
    leave(x, false);
}

void viewer_exchange_want(struct viewer_exchange *x, unsigned kinds)
{
    pthread_mutex_lock(&x->lock);
    if (x->wanted != kinds) x->cost = 0;
    x->wanted = kinds;
    leave(x, false);
}

static void show(struct viewer_exchange *x, double now, int index)
{
    while (index-- > 0) drop(x, 0);
    struct place *place = unqueue(x, 0), *before = x->shown;
    double due = viewer_playback_due(&x->playback, place->frame.stamp.time);
    x->starts = !x->playback.still && !x->playback.anchored;
    x->there = isfinite(due) && due > place->frame.captured ? due : place->frame.captured;
    viewer_playback_shown(&x->playback, now, place->frame.stamp.time, !ready(x, place));
    place->shown = true;
    x->shown = place;
    if (before) {
        before->shown = false;
        settle(before);
    }
}

bool viewer_exchange_show(struct viewer_exchange *x, double now, double *wake)
{
    struct viewer_waiting waiting[MAX_PLACES];
    pthread_mutex_lock(&x->lock);
    int index = viewer_playback_choose(&x->playback, now, waiting, describe(x, waiting), wake);
    if (index >= 0) show(x, now, index);
    unsigned has = x->shown ? x->shown->frame.results.has : 0;
    bool news = index >= 0 || has != x->reported;
    if (index < 0 && news && x->playback.bared && ready(x, x->shown))
        viewer_playback_shown(&x->playback, now, x->shown->frame.stamp.time, false);
    x->reported = has;
    if (index >= 0) pthread_cond_broadcast(&x->changed);
    pthread_mutex_unlock(&x->lock);
    return news;
}

void viewer_exchange_shown(struct viewer_exchange *x, struct viewer_shown *shown)
{
    pthread_mutex_lock(&x->lock);
    *shown = (struct viewer_shown){.dropped = x->dropped, .there = x->there, .starts = x->starts};
    if (x->shown) {
        const struct viewer_results *results = &x->shown->frame.results;
        shown->frame = &x->shown->frame;
        shown->has = results->has;
        shown->wanting = !ready(x, x->shown);
        shown->seconds = results->seconds;
        memcpy(shown->choice, results->choice, sizeof shown->choice);
    }
    pthread_mutex_unlock(&x->lock);
}

const struct viewer_frame *viewer_exchange_hold(struct viewer_exchange *x)
{
    pthread_mutex_lock(&x->lock);
    if (x->shown) x->shown->holds++;
    const struct viewer_frame *frame = x->shown ? &x->shown->frame : NULL;
    pthread_mutex_unlock(&x->lock);
    return frame;
}

void viewer_exchange_release(struct viewer_exchange *x, const struct viewer_frame *frame)
{
    pthread_mutex_lock(&x->lock);
    for (int i = 0; i < MAX_PLACES; i++) {
        struct place *place = &x->places[i];
        if (&place->frame != frame || place->holds == 0) continue;
        place->holds--;
        settle(place);
    }
    leave(x, false);
}

void viewer_exchange_source(struct viewer_exchange *x, struct viewer_source *source)
{
    pthread_mutex_lock(&x->lock);
    *source = x->source;
    source->drained = x->source.ended && x->queued == 0;
    pthread_mutex_unlock(&x->lock);
}
