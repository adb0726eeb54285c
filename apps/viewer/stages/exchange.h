/* exchange.h: the one place where the threads meet: frames go from capture through inference to the screen,
 * orders (jump there, open that) the other way.
 *
 *   capture  --put-->  queue (few, fixed)  --choose-->  main
 *                       |            ^
 *                      take         give
 *                       v            |
 *                        inference ---
 *
 * A frame stays in its place while it is analysed; results are put into that very frame, and only if nobody
 * gave it up meanwhile. What may be dropped, and when, are playback.h's rules, applied here under the lock.
 * Nobody polls: capture and inference sleep until there is work, the main thread is told by `notify`.
 */
#ifndef DUET_APPS_VIEWER_STAGES_EXCHANGE_H
#define DUET_APPS_VIEWER_STAGES_EXCHANGE_H

#include "viewer/stages/frame.h"
#include "viewer/stages/playback.h"

struct viewer_exchange; /* opaque */

struct viewer_exchange_options {
    int frames;      /* places, 2 .. 16: the decoder is so far ahead, memory is bounded by it */
    size_t bytes;    /* with frames so large that the places would hold more, fewer are used, at least 2 */
    double patience; /* see playback.h */
    bool every;      /* no frame is dropped */
    unsigned wanted; /* kinds of results that frames are to have before they are shown */
    void (*notify)(void *ctx); /* something came for the main thread; called on any thread, under no lock */
    void *ctx;
};

enum duet_status viewer_exchange_create(const struct viewer_exchange_options *options,
                                        struct viewer_exchange **exchange, struct duet_error *error);
/* After all threads have ended. Accepts NULL. */
void viewer_exchange_close(struct viewer_exchange **exchange);

/* End: every wait returns, and from then on nothing blocks. */
void viewer_exchange_stop(struct viewer_exchange *exchange);

/* --- capture ------------------------------------------------------------------------------------------- */

/* What the source is to do. */
struct viewer_order {
    unsigned epoch; /* filled in by the exchange */
    int input;
    double time; /* begin there; 0: at the start */
};

/* Wait for an order that is newer than *order. False: stop. */
bool viewer_exchange_await_order(struct viewer_exchange *exchange, struct viewer_order *order);
/* Is there a newer order, or are we stopping? */
bool viewer_exchange_outdated(struct viewer_exchange *exchange, unsigned epoch);

/* The input of that epoch is open. */
void viewer_exchange_opened(struct viewer_exchange *exchange, unsigned epoch,
                            const struct duet_frames_about *about);
/* Hand over a frame; waits for a place. Takes what the frame owns in any case. False: outdated. */
bool viewer_exchange_put(struct viewer_exchange *exchange, struct viewer_frame *frame);
/* No more frames in that epoch; `failure` (NULL: none) says why. */
void viewer_exchange_end(struct viewer_exchange *exchange, unsigned epoch, const struct duet_error *failure);
/* A live source was away. */
void viewer_exchange_gap(struct viewer_exchange *exchange, unsigned epoch, double seconds);

/* --- inference ----------------------------------------------------------------------------------------- */

/* Wait for a frame to analyse. *kinds: which results it lacks. NULL: stop. The frame is borrowed until give.
 */
const struct viewer_frame *viewer_exchange_take(struct viewer_exchange *exchange, unsigned *kinds);
/* Hand over what was found in the frame taken (the results' `has` says what that is); owns it. `failure`: the
 * frame could not be analysed. */
void viewer_exchange_give(struct viewer_exchange *exchange, struct viewer_results *results,
                          const struct duet_error *failure);

/* --- main ---------------------------------------------------------------------------------------------- */

/* Orders a jump: what waits is thrown away, what is shown stays. Returns the epoch. */
unsigned viewer_exchange_order(struct viewer_exchange *exchange, int input, double time);

/* The playback as it is now. */
struct viewer_playback viewer_exchange_playback(struct viewer_exchange *exchange);
/* To change it; between the two nobody else moves. */
struct viewer_playback *viewer_exchange_lock(struct viewer_exchange *exchange);
void viewer_exchange_unlock(struct viewer_exchange *exchange);

/* From now on these kinds of results are wanted, of the shown frame too. */
void viewer_exchange_want(struct viewer_exchange *exchange, unsigned kinds);

/* Put the frame on the screen that is due, if there is one. Returns whether another one is shown, or the
 * shown one's results have grown. *wake: seconds of the clock when to ask again at the latest. */
bool viewer_exchange_show(struct viewer_exchange *exchange, double now, double *wake);

/* What is shown. `frame` is NULL before the first; it is borrowed until the next viewer_exchange_show, and so
 * are its results, of which only those in `has` may be read. */
struct viewer_shown {
    const struct viewer_frame *frame;
    unsigned has;
    bool wanting;     /* results that are wanted are still to come */
    double seconds;   /* that inference took */
    char choice[96];  /* what the deadline controller chose for it; "" without one */
    bool starts;      /* the clock began with it: it says nothing about being late */
    double there;     /* when the frame could have been shown at the earliest: it was there, and due */
    uint64_t dropped; /* frames that were decoded and not shown, of all so far; jumps not counted */
};
void viewer_exchange_shown(struct viewer_exchange *exchange, struct viewer_shown *shown);

/* Keep the shown frame beyond the next show (for another thread), and let it go again. */
const struct viewer_frame *viewer_exchange_hold(struct viewer_exchange *exchange);
void viewer_exchange_release(struct viewer_exchange *exchange, const struct viewer_frame *frame);

/* How things stand with the source. */
struct viewer_source {
    unsigned epoch;
    int input;
    struct duet_frames_about about; /* without its `kind`; before the source is open, of the one before */
    bool ended;   /* no more frames will come */
    bool drained; /* and none waits */
    bool failed;  /* it ended by this: */
    struct duet_error failure;
    unsigned failures; /* counts those of all epochs: a new one is news */
    unsigned gaps;     /* the same */
    double gap;        /* the last one's seconds */
    bool infer_failed; /* inference cannot go on: */
    struct duet_error infer_failure;
};
void viewer_exchange_source(struct viewer_exchange *exchange, struct viewer_source *source);

#endif
