#include "viewer/stages/capture.h"

#include "core/fail.h"
#include "core/os.h"
#include "viewer/stages/thread.h"

/* What is open just now. */
struct open_input {
    struct duet_frames *frames;
    struct duet_frames_about about;
    int input;
    bool ended;
};

/* Asked by readers that wait: a newer order, or the end, is not kept waiting for a camera. */
static bool cancelled(void *ctx)
{
    const struct viewer_capture *capture = ctx;
    return viewer_exchange_outdated(capture->exchange, capture->epoch);
}

static enum duet_status open_input(struct viewer_capture *capture, const struct viewer_order *order,
                                   struct open_input *open, struct duet_error *error)
{
    const struct duet_input *input = &capture->inputs->items[order->input];
    duet_frames_close(&open->frames);
    *open = (struct open_input){.input = order->input};
    enum duet_status status = duet_input_open(input, &capture->options, &open->frames, error);
    if (status == DUET_OK) duet_frames_describe(open->frames, &open->about);
    return status;
}

/* Make the source stand where the order wants it: by a jump where it can, else by opening it again. */
static enum duet_status follow(struct viewer_capture *capture, const struct viewer_order *order,
                               struct open_input *open, struct duet_error *error)
{
    enum duet_status status = DUET_UNSUPPORTED;
    bool same = open->frames && open->input == order->input;
    if (same && open->about.live) return DUET_OK; /* there is no other place to go */
    if (same && open->about.seekable) status = duet_frames_seek(open->frames, order->time, error);
    if (status == DUET_OK) return DUET_OK;
    status = open_input(capture, order, open, error);
    if (status == DUET_OK && order->time > 0 && open->about.seekable)
        status = duet_frames_seek(open->frames, order->time, error);
    return status;
}

/* Decode a frame and hand it over. False: the source has ended. */
static bool deliver(struct viewer_capture *capture, struct open_input *open, enum duet_status *status,
                    struct duet_error *error)
{
    struct viewer_frame frame = {0};
    bool more = false;
    *status = duet_frames_next(open->frames, &frame.image, &frame.info, &more, error);
    if (*status != DUET_OK || !more) {
        viewer_frame_close(&frame);
        return false;
    }
    if (frame.info.gap > 0) {
        viewer_exchange_gap(capture->exchange, capture->epoch, frame.info.gap);
        viewer_frame_close(&frame);
        return true;
    }
    bool moving = frame.info.moving;
    frame.stamp = (struct viewer_stamp){capture->epoch, open->input, frame.info.frame, frame.info.time};
    frame.captured = duet_seconds();
    frame.warnings = *duet_frames_warnings(open->frames);
    viewer_exchange_put(capture->exchange, &frame);
    return moving;
}

static void play(struct viewer_capture *capture, const struct viewer_order *order, struct open_input *open)
{
    struct viewer_exchange *x = capture->exchange;
    struct duet_error error;
    enum duet_status status = follow(capture, order, open, &error);
    if (status == DUET_OK) viewer_exchange_opened(x, order->epoch, &open->about);
    while (status == DUET_OK && !viewer_exchange_outdated(x, order->epoch))
        if (!deliver(capture, open, &status, &error)) break;
    bool failed = status != DUET_OK && status != DUET_INTERRUPTED;
    if (status != DUET_OK) duet_frames_close(&open->frames);
    viewer_exchange_end(x, order->epoch, failed ? &error : NULL);
}

static void *run(void *arg)
{
    struct viewer_capture *capture = arg;
    struct viewer_order order = {0};
    struct open_input open = {0};
    while (viewer_exchange_await_order(capture->exchange, &order)) {
        capture->epoch = order.epoch;
        play(capture, &order, &open);
    }
    duet_frames_close(&open.frames);
    return NULL;
}

enum duet_status viewer_capture_start(struct viewer_capture *capture, struct duet_error *error)
{
    capture->options.cancelled = cancelled;
    capture->options.ctx = capture;
    enum duet_status status = viewer_thread_start(&capture->thread, run, capture, error);
    capture->started = status == DUET_OK;
    return status;
}

void viewer_capture_join(struct viewer_capture *capture)
{
    if (capture->started) pthread_join(capture->thread, NULL);
    capture->started = false;
}
