#include "viewer/stages/playback.h"

#include <math.h>

/* A frame is shown up to this much before it is due: the screen's next refresh would be later than that. */
static const double slack = 0.004;
/* A clock that is further behind starts anew: the decoder, or the machine, was held up. */
static const double late_limit = 0.25;

void viewer_playback_start(struct viewer_playback *p, double patience)
{
    *p = (struct viewer_playback){.speed = 1, .patience = patience};
}

double viewer_playback_due(const struct viewer_playback *p, double time)
{
    if (p->live || p->still || p->pace == VIEWER_PACE_NEWEST || !p->anchored) return -INFINITY;
    return p->paused ? INFINITY : p->now + (time - p->time) / p->speed;
}

/* The source's time now. */
static double source_time(const struct viewer_playback *p, double now)
{
    return p->paused || !p->anchored ? p->time : p->time + (now - p->now) * p->speed;
}

static void anchor(struct viewer_playback *p, double now, double time)
{
    p->anchored = true;
    p->now = now;
    p->time = time;
}

void viewer_playback_pause(struct viewer_playback *p, double now, bool paused)
{
    if (p->paused == paused) return;
    double time = source_time(p, now);
    p->paused = paused;
    p->steps = 0;
    if (p->anchored) anchor(p, now, time);
}

void viewer_playback_step(struct viewer_playback *p)
{
    p->paused = true;
    p->steps++;
}

void viewer_playback_change_speed(struct viewer_playback *p, double now, int direction)
{
    double speed = direction > 0 ? p->speed * 2 : p->speed / 2, time = source_time(p, now);
    if (speed < 0.125 || speed > 8) return;
    if (p->anchored) anchor(p, now, time);
    p->speed = speed;
}

void viewer_playback_jump(struct viewer_playback *p)
{
    p->anchored = p->bared = false;
    p->steps = p->paused;
}

void viewer_playback_shown(struct viewer_playback *p, double now, double time, bool bare)
{
    if (p->paused && p->steps > 0) p->steps--;
    if (p->paused) {
        anchor(p, now, time);
        return;
    }
    double late = now - viewer_playback_due(p, time);
    p->bared = bare;
    if (bare)
        p->time = time;
    else if (!p->anchored || p->live || p->still || late > late_limit ||
             (p->pace == VIEWER_PACE_EVERY && late > slack))
        anchor(p, now, time);
}

/* --- what is shown -------------------------------------------------------------------------------------- */

static int last_ready(const struct viewer_waiting *queue, int count)
{
    while (count > 0 && !queue[count - 1].ready) count--;
    return count - 1;
}

/* Somebody waits for a frame: its results come with it, unless that takes too long. */
static int choose_awaited(const struct viewer_playback *p, double now, const struct viewer_waiting *first,
                          double *wake)
{
    double until = first->since + (p->still && isfinite(p->patience) ? 0 : p->patience);
    if (first->ready || now >= until) return 0;
    *wake = until;
    return -1;
}

int viewer_playback_choose(const struct viewer_playback *p, double now, const struct viewer_waiting *queue,
                           int count, double *wake)
{
    *wake = INFINITY;
    if (count == 0 || (p->paused && p->steps == 0)) return -1;
    if (p->pace == VIEWER_PACE_NEWEST && !p->still) return last_ready(queue, count);
    if (!p->paused && !p->still && p->bared) return queue[0].ready ? 0 : -1;
    if (p->paused || p->still || !p->anchored) return choose_awaited(p, now, &queue[0], wake);
    int best = -1;
    for (int i = 0; i < count; i++) {
        double due = viewer_playback_due(p, queue[i].time);
        if (queue[i].ready && due <= now + slack) best = i;
        if (queue[i].ready && due > now + slack) {
            *wake = due;
            break;
        }
        if (p->pace == VIEWER_PACE_EVERY) break; /* no frame overtakes the first */
    }
    return best;
}

/* --- what is analysed ----------------------------------------------------------------------------------- */

static bool idle(const struct viewer_waiting *frame)
{
    return !frame->ready && !frame->busy;
}

/* The first frame that can be ready in time; when there is none, the newest, unless a better one will come.
 */
static int analyse_at_pace(const struct viewer_playback *p, double now, double cost,
                           const struct viewer_waiting *queue, int last, bool ended, int *keep)
{
    for (int i = 0; i <= last; i++)
        if (idle(&queue[i]) && viewer_playback_due(p, queue[i].time) >= now + cost) return *keep = i;
    *keep = last;
    /* A decoder that is late itself brings nothing better. */
    return ended || viewer_playback_due(p, queue[last].time) < now ? last : -1;
}

int viewer_playback_analyse(const struct viewer_playback *p, double now, double cost,
                            const struct viewer_waiting *queue, int count, bool ended, int *keep)
{
    int first = 0, last = count - 1;
    while (first < count && !idle(&queue[first])) first++;
    while (last >= 0 && !idle(&queue[last])) last--;
    *keep = 0;
    if (last < 0) return -1;
    if (p->still) return first;
    if (p->pace == VIEWER_PACE_NEWEST) {
        if (p->paused && p->steps == 0) return -1;
        return *keep = last;
    }
    /* Paused, the queue is worked through, so that a step is shown at once. */
    if (p->pace == VIEWER_PACE_EVERY || p->live || p->paused) return first;
    /* Until the clock runs nobody knows what is due when. */
    if (!p->anchored) return first == 0 ? 0 : -1;
    return analyse_at_pace(p, now, cost, queue, last, ended, keep);
}

/* --- room ----------------------------------------------------------------------------------------------- */

int viewer_playback_make_room(const struct viewer_playback *p, double now, const struct viewer_waiting *queue,
                              int count, double *wake)
{
    *wake = INFINITY;
    if (p->pace == VIEWER_PACE_EVERY || p->still) return -1;
    if (p->pace == VIEWER_PACE_NEWEST) {
        for (int i = 0; i < count; i++)
            if (!queue[i].busy && (idle(&queue[i]) || i < last_ready(queue, count) || p->paused)) return i;
        return -1;
    }
    if (p->paused || !p->anchored) return -1;
    for (int i = 0; i < count; i++) {
        if (!idle(&queue[i])) continue;
        double due = viewer_playback_due(p, queue[i].time);
        if (due < now) return i;
        *wake = due;
        break;
    }
    return -1;
}
