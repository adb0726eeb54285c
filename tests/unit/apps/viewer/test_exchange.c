/* The viewer's exchange with threads on all sides: what is shown carries its own results or none, memory is
 * bounded, every wait ends. Worth its name under the thread sanitizer. */
#include "support/testing.h"

#include "core/fail.h"
#include "core/os.h"
#include "viewer/stages/exchange.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

static void nap(double seconds)
{
    struct timespec time = {(time_t)seconds, (long)((seconds - floor(seconds)) * 1e9)};
    nanosleep(&time, NULL);
}

/* A made-up source (frame n is a picture of the byte n), a made-up network (finds n boxes of category n). */
struct world {
    struct viewer_exchange *exchange;
    pthread_t capture, infer, holder;
    int frames;          /* of every input */
    double period, cost; /* seconds a frame takes to come, and to be analysed */
    bool still, live;
    atomic_int notified, captured, analysed;
    const struct viewer_frame *_Atomic held;
};

static void notify(void *ctx)
{
    atomic_fetch_add(&((struct world *)ctx)->notified, 1);
}

static void *capture_main(void *arg)
{
    struct world *w = arg;
    struct viewer_order order = {0};
    struct duet_error error;
    while (viewer_exchange_await_order(w->exchange, &order)) {
        const struct duet_frames_about about = {.moving = !w->still, .live = w->live, .kind = "made up"};
        viewer_exchange_opened(w->exchange, order.epoch, &about);
        int first = (int)lrint(order.time * 100);
        for (int n = first; n < w->frames; n++) {
            struct viewer_frame frame = {.stamp = {order.epoch, order.input, n, n / 100.0},
                                         .captured = duet_seconds()};
            if (duet_image_create(&frame.image, 8, 8, DUET_RGB8, &error) != DUET_OK) abort();
            memset(frame.image.pixels, n & 255, 8 * frame.image.stride);
            if (w->period > 0) nap(w->period);
            atomic_fetch_add(&w->captured, 1);
            if (!viewer_exchange_put(w->exchange, &frame)) break;
        }
        if (order.input == 13) duet_fail(&error, DUET_BAD_FORMAT, "input 13 is bad");
        viewer_exchange_end(w->exchange, order.epoch, order.input == 13 ? &error : NULL);
    }
    return NULL;
}

static void *infer_main(void *arg)
{
    struct world *w = arg;
    const struct viewer_frame *frame;
    unsigned kinds;
    while ((frame = viewer_exchange_take(w->exchange, &kinds))) {
        struct viewer_results results = {.stamp = frame->stamp, .seconds = w->cost, .has = kinds};
        int value = frame->image.pixels[0];
        if (w->cost > 0) nap(w->cost);
        if (kinds & VIEWER_BOXES) {
            results.detections.items = calloc((size_t)value + 1, sizeof *results.detections.items);
            results.detections.count = (size_t)value;
            for (int i = 0; i < value; i++) results.detections.items[i].category_id = value;
        }
        if (kinds & VIEWER_MASKS) {
            if (duet_image_create(&results.segmentation.classes, 8, 8, DUET_GRAY8, NULL) != DUET_OK) abort();
            memset(results.segmentation.classes.pixels, value, 64);
        }
        atomic_fetch_add(&w->analysed, 1);
        viewer_exchange_give(w->exchange, &results, NULL);
    }
    return NULL;
}

static void begin(struct world *w, unsigned wanted, bool every)
{
    struct duet_error error;
    const struct viewer_exchange_options options = {.frames = 5,
                                                    .bytes = 1 << 20,
                                                    .patience = 0.05,
                                                    .every = every,
                                                    .wanted = wanted,
                                                    .notify = notify,
                                                    .ctx = w};
    assert_ok(viewer_exchange_create(&options, &w->exchange, &error), error);
    assert_int_equal(pthread_create(&w->capture, NULL, capture_main, w), 0);
    assert_int_equal(pthread_create(&w->infer, NULL, infer_main, w), 0);
}

static void end(struct world *w)
{
    viewer_exchange_stop(w->exchange);
    pthread_join(w->capture, NULL);
    pthread_join(w->infer, NULL);
    viewer_exchange_close(&w->exchange);
}

/* What is on the screen: the frame's own results, whichever are there. */
static void check_shown(const struct viewer_shown *shown)
{
    const struct viewer_frame *frame = shown->frame;
    size_t value = (size_t)(frame->stamp.frame & 255);
    assert_int_equal(frame->image.pixels[0], value);
    if (shown->has & VIEWER_BOXES) {
        assert_int_equal(frame->results.detections.count, value);
        for (size_t i = 0; i < value; i++)
            assert_int_equal(frame->results.detections.items[i].category_id, value);
    }
    if (shown->has & VIEWER_MASKS) assert_int_equal(frame->results.segmentation.classes.pixels[63], value);
}

/* Look until `seconds` are over, or the source has ended and all is shown. Returns how many frames were
 * shown. */
static int watch(struct world *w, double seconds, unsigned must_have)
{
    double begun = duet_seconds(), wake;
    int count = 0;
    int64_t last = -1;
    unsigned epoch = 0;
    struct viewer_shown shown;
    struct viewer_source source;
    while (duet_seconds() < begun + seconds) {
        if (viewer_exchange_show(w->exchange, duet_seconds(), &wake)) {
            viewer_exchange_shown(w->exchange, &shown);
            check_shown(&shown);
            if (shown.frame->stamp.epoch != epoch || shown.frame->stamp.frame != last) count++;
            assert_int_equal(shown.has & must_have, must_have);
            if (shown.frame->stamp.epoch == epoch) assert_true(shown.frame->stamp.frame >= last);
            epoch = shown.frame->stamp.epoch;
            last = shown.frame->stamp.frame;
        }
        viewer_exchange_source(w->exchange, &source);
        if (source.drained && count > 0) break;
        nap(0.0005);
    }
    return count;
}

/* --- tests ---------------------------------------------------------------------------------------------- */

static void frames_carry_their_own_results(void **state)
{
    (void)state;
    struct world w = {.frames = 60, .cost = 0.001};
    struct viewer_shown shown;
    begin(&w, VIEWER_BOXES | VIEWER_MASKS, false);
    viewer_exchange_order(w.exchange, 0, 0);
    int count = watch(&w, 5, VIEWER_BOXES | VIEWER_MASKS);
    viewer_exchange_shown(w.exchange, &shown);
    assert_int_equal((int)shown.dropped + count, 60);
    assert_int_equal(shown.frame->stamp.frame, 59);
    assert_true(atomic_load(&w.notified) > 0);
    end(&w);
}

static void slow_inference_drops(void **state)
{
    (void)state;
    struct world w = {.frames = 60, .cost = 0.035}; /* a frame lasts 10 ms */
    struct viewer_shown shown;
    begin(&w, VIEWER_BOXES, false);
    viewer_exchange_order(w.exchange, 0, 0);
    int count = watch(&w, 5, VIEWER_BOXES);
    viewer_exchange_shown(w.exchange, &shown);
    assert_int_equal((int)shown.dropped + count, 60);
    assert_true(count >= 5 && count <= 40);
    end(&w);
}

static void inference_slower_than_patience_shows_one_bare_frame(void **state)
{
    (void)state;
    struct world w = {.frames = 100, .cost = 0.12}; /* patience is 50 ms */
    struct viewer_shown shown;
    double wake, begun = duet_seconds();
    int bare = 0, complete = 0;
    begin(&w, VIEWER_BOXES, false);
    viewer_exchange_order(w.exchange, 0, 0);
    while (duet_seconds() < begun + 1.3) {
        if (viewer_exchange_show(w.exchange, duet_seconds(), &wake)) {
            viewer_exchange_shown(w.exchange, &shown);
            check_shown(&shown);
            bare += shown.wanting;
            complete += !shown.wanting;
        }
        nap(0.001);
    }
    assert_int_equal(bare, 1);
    assert_true(complete >= 3);
    end(&w);
}

static void every_frame_is_shown_when_asked_for(void **state)
{
    (void)state;
    struct world w = {.frames = 40, .cost = 0.002};
    begin(&w, VIEWER_BOXES, true);
    viewer_exchange_order(w.exchange, 0, 0);
    assert_int_equal(watch(&w, 10, VIEWER_BOXES), 40);
    end(&w);
}

static void live_drops_and_never_blocks_the_camera(void **state)
{
    (void)state;
    struct world w = {.frames = 100, .cost = 0.020, .period = 0.002, .live = true};
    begin(&w, VIEWER_BOXES, false);
    double begun = duet_seconds();
    viewer_exchange_order(w.exchange, 0, 0);
    int count = watch(&w, 10, VIEWER_BOXES);
    assert_true(duet_seconds() - begun < 10);
    assert_true(count < 60);
    assert_int_equal(atomic_load(&w.captured), 100);
    end(&w);
}

static void a_still_is_shown_at_once_and_its_results_follow(void **state)
{
    (void)state;
    struct world w = {.frames = 1, .cost = 0.2, .still = true};
    struct viewer_shown shown = {0};
    double wake, begun = duet_seconds();
    bool bare = false;
    begin(&w, VIEWER_BOXES, false);
    viewer_exchange_order(w.exchange, 0, 0);
    while (!(shown.has & VIEWER_BOXES) && duet_seconds() < begun + 5) {
        if (viewer_exchange_show(w.exchange, duet_seconds(), &wake)) {
            viewer_exchange_shown(w.exchange, &shown);
            bare = bare || (shown.has == 0 && shown.wanting);
        }
        nap(0.001);
    }
    assert_true(bare);
    assert_int_equal(shown.has, VIEWER_BOXES);
    assert_false(shown.wanting);
    assert_int_equal(atomic_load(&w.analysed), 1);
    end(&w);
}

static void what_is_wanted_later_is_found_for_the_shown_frame(void **state)
{
    (void)state;
    struct world w = {.frames = 30, .cost = 0.001};
    struct viewer_shown shown;
    double wake;
    begin(&w, 0, false);
    viewer_playback_pause(viewer_exchange_lock(w.exchange), duet_seconds(), true);
    viewer_exchange_unlock(w.exchange);
    viewer_exchange_order(w.exchange, 0, 0.07);
    double begun = duet_seconds();
    while (!viewer_exchange_show(w.exchange, duet_seconds(), &wake) && duet_seconds() < begun + 5) nap(0.001);
    viewer_exchange_shown(w.exchange, &shown);
    assert_int_equal(shown.frame->stamp.frame, 7);
    assert_int_equal(shown.has, 0);
    assert_false(shown.wanting);
    for (unsigned kinds = 1; kinds <= 3; kinds += 2) {
        viewer_exchange_want(w.exchange, kinds);
        while (!viewer_exchange_show(w.exchange, duet_seconds(), &wake) && duet_seconds() < begun + 5)
            nap(0.001);
        viewer_exchange_shown(w.exchange, &shown);
        assert_int_equal(shown.frame->stamp.frame, 7);
        assert_int_equal(shown.has, kinds);
        check_shown(&shown);
    }
    end(&w);
}

static void jumps_in_quick_succession_end_up_at_the_last(void **state)
{
    (void)state;
    struct world w = {.frames = 200, .cost = 0.003};
    struct viewer_shown shown;
    double wake, begun = duet_seconds();
    unsigned epoch = 0;
    begin(&w, VIEWER_BOXES, false);
    for (int i = 0; i < 100; i++) {
        epoch = viewer_exchange_order(w.exchange, i % 3, (i * 37 % 150) / 100.0);
        if (i % 5 == 0) nap(0.004);
        if (viewer_exchange_show(w.exchange, duet_seconds(), &wake)) {
            viewer_exchange_shown(w.exchange, &shown);
            check_shown(&shown);
        }
    }
    do {
        viewer_exchange_show(w.exchange, duet_seconds(), &wake);
        viewer_exchange_shown(w.exchange, &shown);
        nap(0.001);
    } while ((!shown.frame || shown.frame->stamp.epoch != epoch) && duet_seconds() < begun + 10);
    assert_int_equal(shown.frame->stamp.epoch, epoch);
    assert_int_equal(shown.frame->stamp.input, 0);
    assert_true(shown.frame->stamp.frame >= 99 * 37 % 150);
    check_shown(&shown);
    assert_int_equal(shown.dropped < 200, true);
    end(&w);
}

static void failures_are_told_once(void **state)
{
    (void)state;
    struct world w = {.frames = 3};
    struct viewer_source source;
    double begun = duet_seconds();
    begin(&w, 0, false);
    viewer_exchange_order(w.exchange, 13, 0);
    do {
        nap(0.001);
        viewer_exchange_source(w.exchange, &source);
    } while (!source.failed && duet_seconds() < begun + 5);
    assert_int_equal(source.failures, 1);
    assert_string_equal(source.failure.text, "input 13 is bad");
    assert_false(source.drained); /* its frames are there to be shown */
    viewer_exchange_order(w.exchange, 1, 0);
    viewer_exchange_source(w.exchange, &source);
    assert_false(source.failed);
    assert_int_equal(source.failures, 1);
    end(&w);
}

static void *hold_main(void *arg)
{
    struct world *w = arg;
    for (int i = 0; i < 300; i++) {
        const struct viewer_frame *frame = atomic_exchange(&w->held, NULL);
        if (frame) {
            int value = frame->image.pixels[0];
            nap(0.002);
            if (frame->image.pixels[100] != value || (frame->stamp.frame & 255) != value) abort();
            viewer_exchange_release(w->exchange, frame);
        }
        nap(0.0005);
    }
    return NULL;
}

static void a_frame_that_is_held_stays(void **state)
{
    (void)state;
    struct world w = {.frames = 60, .cost = 0.001};
    double wake, begun = duet_seconds();
    begin(&w, VIEWER_BOXES, false);
    assert_int_equal(pthread_create(&w.holder, NULL, hold_main, &w), 0);
    viewer_exchange_order(w.exchange, 0, 0);
    while (duet_seconds() < begun + 0.7) {
        if (viewer_exchange_show(w.exchange, duet_seconds(), &wake) && !atomic_load(&w.held))
            atomic_store(&w.held, viewer_exchange_hold(w.exchange));
        nap(0.001);
    }
    pthread_join(w.holder, NULL);
    const struct viewer_frame *left = atomic_load(&w.held);
    if (left) viewer_exchange_release(w.exchange, left);
    end(&w);
}

static void an_end_in_the_middle_of_everything_is_an_end(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct world w = {
            .frames = 1000, .cost = 0.004 * (i % 3), .period = 0.001 * (i % 2), .live = i % 4 == 3};
        begin(&w, VIEWER_BOXES, i % 2);
        viewer_exchange_order(w.exchange, 0, 0);
        watch(&w, 0.003 * i, VIEWER_BOXES);
        double begun = duet_seconds();
        end(&w);
        assert_true(duet_seconds() - begun < 5);
    }
    struct world w = {.frames = 5}; /* nothing was ever asked for */
    begin(&w, VIEWER_BOXES, false);
    end(&w);
    viewer_exchange_close(&w.exchange);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_carry_their_own_results),
        cmocka_unit_test(slow_inference_drops),
        cmocka_unit_test(inference_slower_than_patience_shows_one_bare_frame),
        cmocka_unit_test(every_frame_is_shown_when_asked_for),
        cmocka_unit_test(live_drops_and_never_blocks_the_camera),
        cmocka_unit_test(a_still_is_shown_at_once_and_its_results_follow),
        cmocka_unit_test(what_is_wanted_later_is_found_for_the_shown_frame),
        cmocka_unit_test(jumps_in_quick_succession_end_up_at_the_last),
        cmocka_unit_test(failures_are_told_once),
        cmocka_unit_test(a_frame_that_is_held_stays),
        cmocka_unit_test(an_end_in_the_middle_of_everything_is_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
