/* playback.h: which frame is shown when, which is analysed next, which is left out. Rules only: no threads,
 * no system clock; `now` (seconds of duet_seconds()) and the queue are handed in.
 *
 * A frame is shown together with what was found in it, never with another frame's boxes. Where inference is
 * slower than the source, something has to give:
 *
 *   VIEWER_PACE_SOURCE   files: the clock does not wait. Analysed is the first frame that can be ready when
 * it is due; those before are dropped. A clip of ten seconds lasts ten seconds VIEWER_PACE_EVERY    no frame
 * is dropped, the clock waits for inference VIEWER_PACE_NEWEST   live: the newest frame is analysed and shown
 * at once, older ones are dropped
 *
 * The clock starts when the first frame after a start or a jump is shown, not before.
 */
#ifndef DUET_APPS_VIEWER_STAGES_PLAYBACK_H
#define DUET_APPS_VIEWER_STAGES_PLAYBACK_H

#include <stdbool.h>

enum viewer_pace { VIEWER_PACE_SOURCE, VIEWER_PACE_EVERY, VIEWER_PACE_NEWEST };

struct viewer_playback {
    enum viewer_pace pace;
    bool live;     /* frames are due when they come */
    bool still;    /* one picture: shown at once, its overlay follows */
    bool paused;   /* nothing new is shown ... */
    int steps;     /* ... but so many frames */
    double speed;  /* seconds of the source a second */
    bool bared;    /* a bare frame is shown; the clock will begin with it when its results come */
    bool anchored; /* the clock runs: frame time `time` is due at `now` */
    double now, time;
    double patience; /* seconds until a frame that is asked for is shown without its results */
};

/* A frame that waits, in the source's order. */
struct viewer_waiting {
    double time;  /* seconds since the source's first frame */
    double since; /* when it came */
    bool ready;   /* its results are there (or none are wanted) */
    bool busy;    /* it is being analysed */
};

void viewer_playback_start(struct viewer_playback *playback, double patience);

/* When a frame is due; -INFINITY: at once, INFINITY: not while paused. */
double viewer_playback_due(const struct viewer_playback *playback, double time);

void viewer_playback_pause(struct viewer_playback *playback, double now, bool paused);
/* Show one frame more, and pause. */
void viewer_playback_step(struct viewer_playback *playback);
/* The next speed up (+1) or down (-1): 1/8 .. 8. */
void viewer_playback_change_speed(struct viewer_playback *playback, double now, int direction);
/* The frames that follow are from somewhere else. The first of them is shown even when paused. */
void viewer_playback_jump(struct viewer_playback *playback);

/* A frame was put on the screen, or, bare before, has got its results there. `bare`: without them; the clock
 * does not start by it. At most one is shown so after a start or a jump, while nothing is paused. */
void viewer_playback_shown(struct viewer_playback *playback, double now, double time, bool bare);

/* The frame to put on the screen, -1: none; those before it are given up. *wake: look again then at the
 * latest, when nothing else happens. */
int viewer_playback_choose(const struct viewer_playback *playback, double now,
                           const struct viewer_waiting *queue, int count, double *wake);

/* The frame to analyse, -1: none now. Frames before *keep that are neither ready nor busy are to be dropped.
 * `cost`: seconds that analysing takes, as far as known. `ended`: no more frames will come. */
int viewer_playback_analyse(const struct viewer_playback *playback, double now, double cost,
                            const struct viewer_waiting *queue, int count, bool ended, int *keep);

/* There is no room for a frame that came: the one to drop for it, -1: it has to wait, until *wake at the
 * latest. */
int viewer_playback_make_room(const struct viewer_playback *playback, double now,
                              const struct viewer_waiting *queue, int count, double *wake);

#endif
