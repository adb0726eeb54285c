/* The viewer's rules: what is shown when, what is analysed, what is dropped. Time is made up. */
#include "support/testing.h"

#include "viewer/stages/playback.h"
#include "viewer/stages/stats.h"

#include <math.h>

static struct viewer_playback playback_of(enum viewer_pace pace)
{
    struct viewer_playback p;
    viewer_playback_start(&p, 0.25);
    p.pace = pace;
    return p;
}

/* A source of `rate` frames a second whose frames are all there `ahead` frames early, an inference that takes
 * `cost`, and a screen that looks every millisecond. */
struct simulation {
    struct viewer_playback p;
    double rate, cost;
    int frames, ahead;
    /* queue */
    struct viewer_waiting queue[32];
    int numbers[32], count, next;
    double busy_until;
    int busy; /* frame number, -1: none */
    /* outcome */
    int shown[4096], shown_count, dropped;
    double when[4096];
};

static void take_out(struct simulation *s, int index)
{
    s->count--;
    memmove(&s->queue[index], &s->queue[index + 1], (size_t)(s->count - index) * sizeof *s->queue);
    memmove(&s->numbers[index], &s->numbers[index + 1], (size_t)(s->count - index) * sizeof *s->numbers);
}

static void capture(struct simulation *s, double now)
{
    double wake;
    while (s->next < s->frames && (!s->p.live || now >= s->next / s->rate)) {
        if (s->count == s->ahead) {
            int index = viewer_playback_make_room(&s->p, now, s->queue, s->count, &wake);
            if (index < 0) return;
            assert_false(s->queue[index].busy);
            take_out(s, index);
            s->dropped++;
        }
        s->numbers[s->count] = s->next;
        s->queue[s->count++] = (struct viewer_waiting){.time = s->next++ / s->rate, .since = now};
    }
}

static void infer(struct simulation *s, double now)
{
    if (s->busy >= 0 && now < s->busy_until) return;
    for (int i = 0; i < s->count; i++)
        if (s->numbers[i] == s->busy) s->queue[i].busy = false, s->queue[i].ready = true;
    s->busy = -1;
    int keep,
        index = viewer_playback_analyse(&s->p, now, s->cost, s->queue, s->count, s->next == s->frames, &keep);
    if (index >= 0) {
        s->queue[index].busy = true;
        s->busy = s->numbers[index];
        s->busy_until = now + s->cost;
    }
    for (int i = keep - 1; i >= 0; i--)
        if (!s->queue[i].ready && !s->queue[i].busy) take_out(s, i), s->dropped++;
}

static void show(struct simulation *s, double now)
{
    double wake;
    int index = viewer_playback_choose(&s->p, now, s->queue, s->count, &wake);
    if (index < 0) return;
    s->dropped += index;
    viewer_playback_shown(&s->p, now, s->queue[index].time, !s->queue[index].ready);
    s->when[s->shown_count] = now;
    s->shown[s->shown_count++] = s->numbers[index];
    for (int i = 0; i <= index; i++) take_out(s, 0);
}

static void play(struct simulation *s, double from, double to)
{
    for (double now = from; now < to; now += 0.001) {
        capture(s, now);
        infer(s, now);
        show(s, now);
    }
}

static struct simulation simulation_of(enum viewer_pace pace, double cost)
{
    struct simulation s = {
        .p = playback_of(pace), .rate = 30, .cost = cost, .frames = 300, .ahead = 7, .busy = -1};
    s.p.patience = INFINITY;
    return s;
}

/* --- files ---------------------------------------------------------------------------------------------- */

static void fast_inference_shows_every_frame_on_time(void **state)
{
    (void)state;
    struct simulation s = simulation_of(VIEWER_PACE_SOURCE, 0.020);
    play(&s, 0, 11);
    assert_int_equal(s.shown_count, 300);
    assert_int_equal(s.dropped, 0);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(s.shown[i], i);
        assert_true(fabs(s.when[i] - s.when[0] - i / 30.0) < 0.006);
    }
}

static void slow_inference_drops_frames_and_keeps_the_pace(void **state)
{
    (void)state;
    const double costs[] = {0.040, 0.100, 0.500, 1.300};
    for (size_t c = 0; c < sizeof costs / sizeof *costs; c++) {
        struct simulation s = simulation_of(VIEWER_PACE_SOURCE, costs[c]);
        play(&s, 0, 14);
        double seconds = s.when[s.shown_count - 1] - s.when[0],
               frames = s.shown[s.shown_count - 1] - s.shown[0];
        assert_int_equal(s.shown_count + s.dropped, 300);
        assert_true(fabs(seconds - frames / 30) < 0.1 + costs[c]); /* ten seconds take ten seconds */
        assert_true(s.shown_count >= 0.8 * 10 / fmax(costs[c], 1.0 / 30) / (costs[c] < 0.05 ? 1.6 : 1));
        for (int i = 1; i < s.shown_count; i++) {
            assert_true(s.shown[i] > s.shown[i - 1]);
            assert_true(fabs(s.when[i] - s.when[0] - (s.shown[i] - s.shown[0]) / 30.0) < 0.05 + costs[c]);
        }
    }
}

static void every_frame_means_every_frame(void **state)
{
    (void)state;
    struct simulation s = simulation_of(VIEWER_PACE_EVERY, 0.100);
    play(&s, 0, 31);
    assert_int_equal(s.shown_count, 300);
    assert_int_equal(s.dropped, 0);
    assert_true(fabs(s.when[299] - s.when[0] - 29.9) < 0.5);
}

static void a_late_decoder_shows_what_it_has(void **state)
{
    (void)state;
    /* Frames of a pipe that come one by one, each just in time. */
    struct simulation s = simulation_of(VIEWER_PACE_SOURCE, 0.025);
    for (double now = 0; now < 5; now += 0.001) {
        s.frames = (int)(now * 30) + 1;
        capture(&s, now);
        infer(&s, now);
        show(&s, now);
        s.frames++; /* the end is not in sight */
    }
    assert_true(s.shown_count > 100);
}

/* --- live ----------------------------------------------------------------------------------------------- */

static void live_shows_the_newest(void **state)
{
    (void)state;
    struct simulation s = simulation_of(VIEWER_PACE_NEWEST, 0.100);
    s.p.live = true;
    play(&s, 0, 10.5);
    assert_true(s.shown_count >= 90 && s.shown_count <= 102);
    assert_int_equal(s.shown_count + s.dropped + s.count, 300);
    for (int i = 0; i < s.shown_count - 1; i++) /* never older than inference makes it, and a frame */
        assert_true(s.when[i] - s.shown[i] / 30.0 < 0.100 + 1 / 30.0 + 0.010);
}

static void all_of_a_live_source_are_shown_in_order(void **state)
{
    (void)state;
    struct simulation s = simulation_of(VIEWER_PACE_EVERY, 0.020);
    s.p.live = true;
    play(&s, 0, 10.5);
    assert_int_equal(s.shown_count, 300);
    assert_int_equal(s.dropped, 0);
}

static void a_paused_camera_is_read_on_and_shown_when_stepped(void **state)
{
    (void)state;
    struct simulation s = simulation_of(VIEWER_PACE_NEWEST, 0.010);
    s.p.live = true;
    play(&s, 0, 1);
    int before = s.shown_count;
    viewer_playback_pause(&s.p, 1, true);
    play(&s, 1, 3);
    assert_int_equal(s.shown_count, before);
    assert_true(s.next >= 88); /* it was not kept waiting */
    viewer_playback_step(&s.p);
    play(&s, 3, 3.2);
    assert_int_equal(s.shown_count, before + 1);
    assert_true(s.shown[before] >= 88);
}

/* --- clock ---------------------------------------------------------------------------------------------- */

static void pause_holds_and_resume_goes_on_from_there(void **state)
{
    (void)state;
    struct simulation s = simulation_of(VIEWER_PACE_SOURCE, 0.005);
    play(&s, 0, 2);
    int before = s.shown_count;
    viewer_playback_pause(&s.p, 2, true);
    assert_true(isinf(viewer_playback_due(&s.p, s.p.time)));
    play(&s, 2, 5);
    assert_int_equal(s.shown_count, before);
    viewer_playback_pause(&s.p, 5, false);
    play(&s, 5, 6);
    assert_true(abs(s.shown_count - before - 30) <= 1);
    assert_int_equal(s.dropped, 0);
    assert_int_equal(s.shown[before], before);
}

static void a_step_shows_one_frame(void **state)
{
    (void)state;
    struct simulation s = simulation_of(VIEWER_PACE_SOURCE, 0.005);
    play(&s, 0, 1);
    for (int i = 0; i < 5; i++) {
        int before = s.shown_count;
        viewer_playback_step(&s.p);
        play(&s, 1 + i, 2 + i);
        assert_int_equal(s.shown_count, before + 1);
        assert_int_equal(s.shown[before], before);
    }
    assert_true(s.p.paused);
    assert_true(fabs(s.p.time - s.shown[s.shown_count - 1] / 30.0) < 1e-9);
}

static void speed_changes_the_pace(void **state)
{
    (void)state;
    struct simulation s = simulation_of(VIEWER_PACE_SOURCE, 0.001);
    play(&s, 0, 1);
    int before = s.shown_count;
    viewer_playback_change_speed(&s.p, 1, +1);
    assert_true(s.p.speed == 2);
    play(&s, 1, 2);
    assert_true(abs(s.shown_count - before - 60) <= 2);
    before = s.shown_count;
    viewer_playback_change_speed(&s.p, 2, -1);
    viewer_playback_change_speed(&s.p, 2, -1);
    assert_true(s.p.speed == 0.5);
    play(&s, 2, 4);
    assert_true(abs(s.shown_count - before - 30) <= 2);
    for (int i = 0; i < 20; i++) viewer_playback_change_speed(&s.p, 4, -1);
    assert_true(s.p.speed == 0.125);
    for (int i = 0; i < 20; i++) viewer_playback_change_speed(&s.p, 4, +1);
    assert_true(s.p.speed == 8);
}

static void a_jump_starts_the_clock_anew(void **state)
{
    (void)state;
    for (int paused = 0; paused < 2; paused++) {
        struct simulation s = simulation_of(VIEWER_PACE_SOURCE, 0.050);
        play(&s, 0, 1);
        viewer_playback_pause(&s.p, 1, paused);
        s.count = 0, s.busy = -1, s.next = 200; /* a seek */
        int before = s.shown_count;
        viewer_playback_jump(&s.p);
        play(&s, 1, 2);
        assert_int_equal(s.shown[before], 200);
        if (paused)
            assert_int_equal(s.shown_count, before + 1);
        else
            assert_true(fabs(s.shown[s.shown_count - 1] - 200 - 30 * 0.95) < 3);
    }
}

static void somebody_who_waits_is_shown_the_bare_frame(void **state)
{
    (void)state;
    struct viewer_playback p = playback_of(VIEWER_PACE_SOURCE);
    const struct viewer_waiting queue[1] = {{.time = 3, .since = 10, .busy = true}};
    double wake;
    assert_int_equal(viewer_playback_choose(&p, 10.1, queue, 1, &wake), -1);
    assert_true(fabs(wake - 10.25) < 1e-9);
    assert_int_equal(viewer_playback_choose(&p, 10.26, queue, 1, &wake), 0);
    viewer_playback_shown(&p, 10.26, 3, true);
    assert_false(p.anchored); /* the clock waits for the first complete one */
    p.still = true;
    assert_int_equal(viewer_playback_choose(&p, 10, queue, 1, &wake), 0); /* pictures at once */
    p.patience = INFINITY;                                                /* nobody watches: nothing bare */
    assert_int_equal(viewer_playback_choose(&p, 99, queue, 1, &wake), -1);
}

static void an_empty_queue_is_no_trouble(void **state)
{
    (void)state;
    for (int pace = VIEWER_PACE_SOURCE; pace <= VIEWER_PACE_NEWEST; pace++) {
        struct viewer_playback p = playback_of((enum viewer_pace)pace);
        double wake;
        int keep;
        assert_int_equal(viewer_playback_choose(&p, 1, NULL, 0, &wake), -1);
        assert_int_equal(viewer_playback_analyse(&p, 1, 1, NULL, 0, false, &keep), -1);
        assert_int_equal(keep, 0);
        assert_int_equal(viewer_playback_make_room(&p, 1, NULL, 0, &wake), -1);
    }
}

/* --- figures -------------------------------------------------------------------------------------------- */

static void percentiles_are_the_nearest_rank(void **state)
{
    (void)state;
    struct viewer_stats stats = {0};
    assert_true(viewer_stats_latency(&stats, 0.5) == 0);
    assert_true(viewer_stats_rate(&stats, 0) == 0);
    for (int i = 100; i >= 1; i--) viewer_stats_add(&stats, 10 + (100 - i) * 0.02, i * 0.001, 0.02);
    assert_true(fabs(viewer_stats_latency(&stats, 0.50) - 0.050) < 1e-6);
    assert_true(fabs(viewer_stats_latency(&stats, 0.95) - 0.095) < 1e-6);
    assert_true(fabs(viewer_stats_latency(&stats, 0.99) - 0.099) < 1e-6);
    assert_true(fabs(viewer_stats_rate(&stats, 11.98) - 50) < 0.1);
    assert_true(fabs(stats.inference - 0.02) < 1e-9);
    viewer_stats_interrupt(&stats);
    assert_true(viewer_stats_rate(&stats, 11.98) == 0);
    for (int i = 0; i < 1000; i++) viewer_stats_add(&stats, 20 + i, 0.5, 0);
    assert_true(fabs(viewer_stats_latency(&stats, 0.01) - 0.5) < 1e-6); /* the old ones are forgotten */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fast_inference_shows_every_frame_on_time),
        cmocka_unit_test(slow_inference_drops_frames_and_keeps_the_pace),
        cmocka_unit_test(every_frame_means_every_frame),
        cmocka_unit_test(a_late_decoder_shows_what_it_has),
        cmocka_unit_test(live_shows_the_newest),
        cmocka_unit_test(all_of_a_live_source_are_shown_in_order),
        cmocka_unit_test(a_paused_camera_is_read_on_and_shown_when_stepped),
        cmocka_unit_test(pause_holds_and_resume_goes_on_from_there),
        cmocka_unit_test(a_step_shows_one_frame),
        cmocka_unit_test(speed_changes_the_pace),
        cmocka_unit_test(a_jump_starts_the_clock_anew),
        cmocka_unit_test(somebody_who_waits_is_shown_the_bare_frame),
        cmocka_unit_test(an_empty_queue_is_no_trouble),
        cmocka_unit_test(percentiles_are_the_nearest_rank),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
