#include "viewer/infer.h"

#include "core/os.h"
#include "viewer/thread.h"

static enum duet_status analyse(struct viewer_infer *infer, const struct viewer_frame *frame, unsigned kinds,
                                struct viewer_results *results, struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    if (kinds & VIEWER_BOXES && infer->detector) {
        status = duet_detector_run(infer->detector, &frame->image, &infer->pool, &results->detections, error);
        if (status == DUET_OK)
            status = duet_detector_suppressed(infer->detector, &results->detections, &results->suppressions,
                                              error);
    }
    if (status == DUET_OK && kinds & VIEWER_MASKS && infer->segmenter)
        status =
            duet_segmenter_run(infer->segmenter, &frame->image, &infer->pool, &results->segmentation, error);
    results->has = status == DUET_OK ? kinds : 0;
    return status;
}

static void *run(void *arg)
{
    struct viewer_infer *infer = arg;
    const struct viewer_frame *frame;
    unsigned kinds;
    while ((frame = viewer_exchange_take(infer->exchange, &kinds))) {
        struct viewer_results results = {.stamp = frame->stamp};
        struct duet_error error;
        double start = duet_seconds();
        enum duet_status status = analyse(infer, frame, kinds, &results, &error);
        results.seconds = duet_seconds() - start;
        viewer_exchange_give(infer->exchange, &results, status == DUET_OK ? NULL : &error);
    }
    return NULL;
}

enum duet_status viewer_infer_start(struct viewer_infer *infer, struct duet_error *error)
{
    enum duet_status status = duet_pool_create(infer->threads, &infer->pool, error);
    if (status == DUET_OK) status = viewer_thread_start(&infer->thread, run, infer, error);
    infer->started = status == DUET_OK;
    return status;
}

void viewer_infer_join(struct viewer_infer *infer)
{
    if (infer->started) pthread_join(infer->thread, NULL);
    infer->started = false;
    duet_pool_close(&infer->pool);
}
