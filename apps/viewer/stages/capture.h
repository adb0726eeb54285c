/* capture.h: the thread that opens inputs and decodes frames, as ordered through the exchange. */
#ifndef DUET_APPS_VIEWER_STAGES_CAPTURE_H
#define DUET_APPS_VIEWER_STAGES_CAPTURE_H

#include "cli/inputs.h"
#include "viewer/stages/exchange.h"

#include <pthread.h>

struct viewer_capture {
    struct viewer_exchange *exchange;
    const struct duet_inputs *inputs;
    struct duet_frames_options options; /* its `cancelled` is filled in */
    pthread_t thread;
    bool started;
    unsigned epoch; /* of the order being carried out */
};

/* The struct's first three fields are the caller's. Errors: DUET_OUT_OF_MEMORY. */
enum duet_status viewer_capture_start(struct viewer_capture *capture, struct duet_error *error);
/* After viewer_exchange_stop: wait for its end. */
void viewer_capture_join(struct viewer_capture *capture);

#endif
