/* infer.h: the thread that analyses frames, one after the other, with a pool of its own. */
#ifndef DUET_APPS_VIEWER_STAGES_INFER_H
#define DUET_APPS_VIEWER_STAGES_INFER_H

#include "duet/runner.h"
#include "live/deadline.h"
#include "live/track.h"
#include "viewer/stages/exchange.h"

#include <pthread.h>
#include <stdatomic.h>

struct viewer_infer {
    /* The caller's; all borrowed. */
    struct viewer_exchange *exchange;
    struct duet_runner *boxes; /* NULL: no boxes */
    struct duet_runner *masks; /* NULL: no masks */
    struct duet_runner *both;  /* NULL: they have no model in common */
    const struct duet_model *segment_model;
    struct duet_segmenter_options segment; /* for the deadline's segmenters */
    double budget_ms;                      /* of a frame; 0: no deadline is kept */
    bool track;
    atomic_int tracked_percent; /* boxes that score so much are tracked */
    int threads;
    /* Its own. */
    struct duet_deadline *deadline;
    struct duet_tracker *tracker;
    struct viewer_stamp tracked; /* the last frame */
    struct duet_pool pool;
    pthread_t thread;
    bool started;
};

/* Errors: DUET_OUT_OF_MEMORY. */
enum duet_status viewer_infer_start(struct viewer_infer *infer, struct duet_error *error);
/* After viewer_exchange_stop: wait for its end. */
void viewer_infer_join(struct viewer_infer *infer);

#endif
