#include "moving/moving.h"

#include "core/fail.h"
#include "core/os.h"
#include "picture/decode.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

/* Times are sums and quotients of doubles; no source has frames closer than this. */
static const double same_time = 1e-6;

/* Seeking costs about as much as reading so many seconds. */
static const double worth_seeking = 2;

/* Between attempts to reopen: this long at first, then twice as long each time, up to a limit. */
static const double first_pause = 0.25, longest_pause = 10;

/* To the nanosecond: 0.04, where a difference of stamps is 0.040000000000000036. */
static double tidy(double seconds)
{
    return nearbyint(seconds * 1e9) / 1e9;
}

static double seconds_since_1970(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static bool is_cancelled(const struct duet_moving *moving)
{
    return moving->options->cancelled && moving->options->cancelled(moving->options->ctx);
}

static enum duet_status stopped(const struct duet_moving *moving, struct duet_error *error)
{
    return duet_fail(error, DUET_INTERRUPTED, "%s: stopped on request", moving->name);
}

/* --- a source that went away ---------------------------------------------------------------------------- */

/* Wait, in short steps, since a signal's handler may be what `cancelled` looks at. */
static void rest(const struct duet_moving *moving, double seconds)
{
    const double end = duet_seconds() + seconds, nap = 0.02;
    for (double left; (left = end - duet_seconds()) > 0 && !is_cancelled(moving);) {
        struct timespec pause = {.tv_nsec = (long)((left < nap ? left : nap) * 1e9)};
        nanosleep(&pause, NULL);
    }
}

static enum duet_status gave_up(const struct duet_moving *moving, double gap, int attempts,
                                const char *reason, struct duet_error *error)
{
    size_t length = strlen(moving->name); /* stands in the reason, too */
    if (strncmp(reason, moving->name, length) == 0 && strncmp(reason + length, ": ", 2) == 0)
        reason += length + 2;
    return duet_fail(error, DUET_IO_ERROR, "%s: away for %.1f s, given up after %d attempts (%s)",
                     moving->name, gap, attempts, reason);
}

/* Open it and take its first frame. */
static enum duet_status try_again(struct duet_moving *moving, struct duet_moving_stamp *stamp, bool *more,
                                  struct duet_error *error)
{
    enum duet_status status = moving->reopen(moving->reopen_ctx, &moving->self, error);
    if (status == DUET_OK) status = moving->type->step(moving->self, stamp, more, error);
    if (status == DUET_OK && *more) return DUET_OK;
    moving->type->close(moving->self);
    moving->self = NULL;
    return status;
}

/* Open a live source anew until it gives a frame; *gap and *attempts tell what it took. */
static enum duet_status reconnect(struct duet_moving *moving, struct duet_moving_stamp *stamp, double *gap,
                                  int *attempts, struct duet_error *error)
{
    const double lost = duet_seconds(), patience = moving->options->reconnect;
    double pause = first_pause;
    moving->type->close(moving->self);
    moving->self = NULL;
    for (*attempts = 1;; ++*attempts) {
        double left = lost + patience - duet_seconds();
        rest(moving, pause < left ? pause : left);
        if (is_cancelled(moving)) return stopped(moving, error);
        struct duet_error inner = {.text = "it ends at once"};
        bool more = false;
        enum duet_status status = try_again(moving, stamp, &more, &inner);
        *gap = duet_seconds() - lost;
        if (status == DUET_OK && more) return DUET_OK;
        if (status == DUET_INTERRUPTED || is_cancelled(moving)) return stopped(moving, error);
        if (*gap >= patience) return gave_up(moving, *gap, *attempts, inner.text, error);
        pause = pause * 2 < longest_pause ? pause * 2 : longest_pause;
    }
}

/* --- frames --------------------------------------------------------------------------------------------- */

/* A frame came, to which the last step went. */
static void note_frame(struct duet_moving *moving)
{
    moving->stamp.frame += moving->base;
    moving->stamp.time += moving->time_base;
    moving->frames = moving->stamp.frame + 1;
    moving->captured = moving->type->about(moving->self).live ? seconds_since_1970() : 0;
}

/* Go on to the next frame of the source, over a gap when it must be. */
static enum duet_status step(struct duet_moving *moving, double *gap, int *attempts, bool *more,
                             struct duet_error *error)
{
    struct duet_moving_stamp *stamp = &moving->stamp;
    if (is_cancelled(moving)) return stopped(moving, error);
    const bool live = moving->type->about(moving->self).live;
    enum duet_status status = moving->type->step(moving->self, stamp, more, error);
    bool again = live && moving->options->reconnect > 0 && moving->reopen && status != DUET_INTERRUPTED;
    const double before = moving->captured, last = stamp->time;
    if ((status != DUET_OK || !*more) && again) {
        status = reconnect(moving, stamp, gap, attempts, error);
        *more = status == DUET_OK;
        moving->base = moving->frames;
        moving->time_base = before > 0 ? last + (seconds_since_1970() - before) - stamp->time : 0;
    }
    if (status == DUET_OK && *more) note_frame(moving);
    return status;
}

/* A server that is not up yet, a camera that is not plugged in, one that answers but has nothing to send. */
static bool may_come(enum duet_status status)
{
    return status == DUET_IO_ERROR || status == DUET_NOT_FOUND || status == DUET_BAD_FORMAT;
}

enum duet_status duet_moving_open(struct duet_moving *moving, struct duet_error *error)
{
    enum duet_status status = moving->reopen(moving->reopen_ctx, &moving->self, error);
    if (!(moving->options->reconnect > 0) || !may_come(status)) return status;
    if (is_cancelled(moving)) return stopped(moving, error);
    status = reconnect(moving, &moving->stamp, &moving->late, &moving->late_attempts, error);
    if (status == DUET_OK) note_frame(moving);
    return status;
}

/* What is told of the frame that the last step came to. */
static struct duet_frame_info info_of(const struct duet_moving *moving)
{
    return (struct duet_frame_info){.moving = true,
                                    .live = moving->captured > 0,
                                    .frame = moving->stamp.frame,
                                    .pts = tidy(moving->stamp.pts),
                                    .time = tidy(moving->stamp.time),
                                    .captured = moving->captured};
}

static enum duet_status deliver(struct duet_moving *moving, struct duet_image *image,
                                struct duet_frame_info *info, struct duet_error *error)
{
    int orientation = 1;
    enum duet_status status = moving->type->image(moving->self, image, &orientation, error);
    if (status == DUET_OK && moving->options->picture.exif == DUET_EXIF_APPLY)
        status = duet_exif_turn(moving->name, image, orientation, error);
    if (status != DUET_OK) return status;
    struct duet_frames_about about = moving->type->about(moving->self);
    moving->over = !about.moving;
    if (!about.moving) return DUET_OK; /* a picture that only FFmpeg knows */
    *info = info_of(moving);
    info->aspect_num = about.aspect_num;
    info->aspect_den = about.aspect_den;
    return DUET_OK;
}

/* Is the frame that step() came to among those that are asked for? A picture that only FFmpeg knows always
 * is. */
static bool is_wanted(const struct duet_moving *moving)
{
    const struct duet_frames_options *options = moving->options;
    if (!moving->type->about(moving->self).moving) return true;
    return moving->stamp.time + same_time >= options->start &&
           (options->every <= 1 || moving->stamp.frame % options->every == 0);
}

static bool is_over(const struct duet_moving *moving)
{
    const struct duet_frames_options *options = moving->options;
    return options->duration > 0 && moving->stamp.time + same_time >= options->start + options->duration;
}

static enum duet_status begin(struct duet_moving *moving, struct duet_error *error)
{
    moving->begun = true;
    if (!moving->type->about(moving->self).seekable || moving->options->start < worth_seeking) return DUET_OK;
    return moving->type->seek(moving->self, moving->options->start, 1, error);
}

enum duet_status duet_moving_next(struct duet_moving *moving, struct duet_image *image,
                                  struct duet_frame_info *info, bool *more, struct duet_error *error)
{
    enum duet_status status = moving->begun ? DUET_OK : begin(moving, error);
    *more = false;
    while (status == DUET_OK && !moving->over) {
        double gap = moving->late;
        int attempts = moving->late_attempts;
        bool there = true;
        moving->late = 0;
        if (gap == 0 && !moving->held) status = step(moving, &gap, &attempts, &there, error);
        moving->held = gap > 0;
        if (status != DUET_OK || !there || is_over(moving)) break;
        if (gap > 0) {
            *info = info_of(moving);
            info->gap = gap;
            info->attempts = attempts;
        } else if (is_wanted(moving)) {
            status = deliver(moving, image, info, error);
        } else {
            continue;
        }
        *more = status == DUET_OK;
        break;
    }
    return status;
}

enum duet_status duet_moving_seek(struct duet_moving *moving, double time, struct duet_error *error)
{
    struct duet_frames_about about = moving->type->about(moving->self);
    if (!about.seekable)
        return duet_fail(error, DUET_UNSUPPORTED, "%s: there is no way back in %s", moving->name,
                         about.live ? "a live source" : "what comes through a pipe");
    moving->begun = true;
    moving->held = false;
    if (!(time > moving->options->start)) time = moving->options->start;
    int every = moving->options->every > 1 ? moving->options->every : 1;
    return moving->type->seek(moving->self, time + same_time, every, error);
}

void duet_moving_close(struct duet_moving *moving)
{
    if (moving->type) moving->type->close(moving->self);
    *moving = (struct duet_moving){0};
}
