/* infer.h: the thread that analyses frames, one after the other, with a pool of its own. */
#ifndef DUET_VIEWER_INFER_H
#define DUET_VIEWER_INFER_H

#include "duet/detector.h"
#include "duet/segmenter.h"
#include "viewer/exchange.h"

#include <pthread.h>

struct viewer_infer {
    struct viewer_exchange *exchange;
    struct duet_detector *detector;   /* NULL: no boxes. Borrowed, as the next */
    struct duet_segmenter *segmenter; /* NULL: no masks */
    int threads;
    struct duet_pool pool;
    pthread_t thread;
    bool started;
};

/* The first four fields are the caller's. Errors: DUET_OUT_OF_MEMORY. */
enum duet_status viewer_infer_start(struct viewer_infer *infer, struct duet_error *error);
/* After viewer_exchange_stop: wait for its end. */
void viewer_infer_join(struct viewer_infer *infer);

#endif
