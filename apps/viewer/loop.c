#include "viewer/session.h"

#include "cli/process.h"
#include "core/fail.h"
#include "core/os.h"
#include "core/text.h"
#include "data/picture/write.h"
#include "kernels/kernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const viewer_live_words[] = {"latest", "all", NULL};

/* The longest nap: signals are noticed after it. */
static const double nap = 0.25;
/* How often the figures change while something plays. */
static const double figures_every = 0.25;
/* So long may the first frame take until the window opens without it. */
static const double opening_patience = 0.7;

enum { FRAMES_AHEAD = 8 };
static const size_t frame_bytes = (size_t)256 << 20;

static int fatal(struct viewer_session *s, const struct duet_error *error)
{
    fprintf(stderr, "%s: %s\n", s->program->name, error->text);
    s->quit = true;
    return s->code = DUET_EXIT_FATAL;
}

/* --- the source ----------------------------------------------------------------------------------------- */

/* An input is done with. The next one in the direction we go, the first again, or the end. */
static void go_on(struct viewer_session *s)
{
    int next = s->source.input + s->direction, count = (int)s->inputs->count;
    bool any = s->shown.frame != NULL;
    if (next >= 0 && next < count)
        viewer_session_open(s, next);
    else if (s->settings->loop && any && (count > 1 || s->source.about.moving))
        viewer_session_open(s, 0);
    else if (!any || viewer_session_headless(s))
        s->quit = true;
}

/* The time that the last frame stays. */
static double last_frame_seconds(const struct viewer_session *s)
{
    const struct duet_frames_about *about = &s->source.about;
    if (!about->moving) return s->settings->interval;
    return about->rate_num > 0 && about->rate_den > 0 ? (double)about->rate_den / about->rate_num : 0.04;
}

/* All frames were shown: stay, or go on. */
static void finish_source(struct viewer_session *s, double now)
{
    bool moving = s->source.about.moving;
    bool result_due = s->shown.wanting && !s->infer_failed;
    if (s->ended_at == 0) {
        if (!moving && (s->settings->interval < 0 || result_due)) return;
        s->ended_at = now + last_frame_seconds(s);
        s->screen.stale = true;
    }
    if (now < s->ended_at || (viewer_session_headless(s) && result_due)) return;
    bool last = s->source.input + 1 == (int)s->inputs->count;
    bool stays = !moving && last && !s->settings->loop;
    if (isfinite(s->ended_at) && !stays) {
        s->ended_at = INFINITY;
        s->direction = 1;
        go_on(s);
    }
}

/* It has no frame to show, and is not waited for. */
static void tell_it_is_short(struct viewer_session *s)
{
    const char *name = s->inputs->items[s->source.input].shown;
    duet_print_line(stderr, "warning: %s: %s: ends before --start %g", s->program->name, name,
                    s->settings->start);
    viewer_screen_say(&s->screen, VIEWER_WARN, INFINITY, "%s ends before --start %g", name,
                      s->settings->start);
    s->ended_at = INFINITY;
}

static void watch_source(struct viewer_session *s, double now)
{
    viewer_exchange_source(s->exchange, &s->source);
    if (s->source.gaps != s->gaps) {
        s->gaps = s->source.gaps;
        viewer_screen_say(&s->screen, VIEWER_TELL, 4, "the source was away for %.1f seconds", s->source.gap);
    }
    if (s->source.infer_failed && !s->infer_failed) {
        s->infer_failed = true;
        s->failed++;
        viewer_session_complain(s, s->source.infer_failure.text);
    }
    if (s->source.failures != s->failures) {
        bool nothing = !s->shown.frame || s->shown.frame->stamp.epoch != s->source.epoch;
        s->failures = s->source.failures;
        s->failed++;
        viewer_session_complain(s, s->source.failure.text);
        bool passes = !s->shown.frame || viewer_session_headless(s) || s->settings->interval >= 0;
        if (s->source.drained && nothing && passes) go_on(s);
    } else if (s->source.drained && s->shown.frame && s->shown.frame->stamp.epoch == s->source.epoch) {
        if (!viewer_exchange_playback(s->exchange).paused) finish_source(s, now);
    } else if (s->source.drained && !s->source.failed && s->ended_at == 0) {
        if (!s->shown.frame && s->settings->start > 0) tell_it_is_short(s);
        if (viewer_session_headless(s)) go_on(s); /* it had no frames */
    }
}

/* --- showing -------------------------------------------------------------------------------------------- */

/* What was odd about the picture that is shown now. */
static void warn_of(struct viewer_session *s, const struct viewer_frame *frame)
{
    const char *name = s->inputs->items[frame->stamp.input].shown;
    for (int i = 0; i < frame->warnings.count; i++) {
        duet_print_line(stderr, "warning: %s: %s: %s", s->program->name, name, frame->warnings.texts[i]);
        viewer_screen_say(&s->screen, VIEWER_WARN, 4, "%s", frame->warnings.texts[i]);
    }
}

/* Another frame is shown, or it has got its results. */
static void take_frame(struct viewer_session *s)
{
    viewer_exchange_shown(s->exchange, &s->shown);
    if (!viewer_stamp_same(&s->shown.frame->stamp, &s->traced)) {
        s->screen.look.selected = 0;
        warn_of(s, s->shown.frame);
    }
    if (s->shown.has & VIEWER_BOXES && s->screen.look.selected > s->shown.frame->results.detections.count)
        s->screen.look.selected = 0;
    viewer_screen_list_classes(&s->screen, &s->shown);
}

/* A picture of width x height points with the bars around it. */
static enum duet_status open_window(struct viewer_session *s, int width, int height, struct duet_error *error)
{
    const char *name = duet_path_name(s->inputs->items[s->source.input].path);
    char title[256];
    if (s->settings->size)
        sscanf(s->settings->size, "%dx%d", &width, &height);
    else
        viewer_window_limit(&width, &height,
                            (int)(s->settings->scale * (VIEWER_TOP_BAR + VIEWER_BOTTOM_BAR)));
    snprintf(title, sizeof title, "%.200s \u2013 Duet", name);
    enum duet_status status =
        viewer_window_open(&s->screen.window, title, width, height, s->settings->fullscreen, error);
    s->screen.stale = true;
    return status;
}

static void record_frame(struct viewer_session *s, double now)
{
    if (s->settings->record && !s->recording_path && s->presented > 0)
        viewer_session_record(s, strdup(s->settings->record), s->settings->force);
    if (s->recording && !viewer_recording_add(s->recording, &s->shown, &s->screen.look, now))
        viewer_session_stop_recording(s);
}

/* A still that nobody turns over is shown again and again. */
static bool still_repeats(const struct viewer_session *s)
{
    return viewer_session_headless(s) && s->shown.frame && !s->shown.frame->info.moving &&
           !s->shown.wanting && s->source.drained;
}

/* Book-keeping after the canvas has come to the screen. */
static void count_frame(struct viewer_session *s, double now)
{
    const struct viewer_frame *frame = s->shown.frame;
    if (!frame) return;
    bool complete = !s->shown.wanting || s->infer_failed;
    bool other = s->presented == 0 || !viewer_stamp_same(&s->traced, &frame->stamp);
    bool grown = s->traced_has != s->shown.has;
    double latency = now - s->shown.there;
    if (other || grown) {
        const char *source = s->inputs->items[frame->stamp.input].path;
        viewer_trace_add(&s->trace, &s->shown, source, s->screen.look.threshold, now, latency);
        if (complete && !s->shown.starts)
            viewer_stats_add(&s->stats, now, latency, s->shown.has ? s->shown.seconds : 0);
    }
    if (complete && (other || grown || still_repeats(s))) {
        s->presented++;
        record_frame(s, now);
    }
    s->traced = frame->stamp;
    s->traced_has = s->shown.has;
    if (complete && viewer_session_headless(s) && s->presented >= s->settings->frames) s->quit = true;
}

static enum duet_status draw(struct viewer_session *s, double now, struct duet_error *error)
{
    const struct viewer_playback playback = viewer_exchange_playback(s->exchange);
    const struct duet_input *input = &s->inputs->items[s->source.input];
    bool moving = s->shown.frame && s->shown.frame->info.moving;
    const struct viewer_figures figures = {.now = now,
                                           .shown = &s->shown,
                                           .source = &s->source,
                                           .stats = &s->stats,
                                           .look = &s->screen.look,
                                           .name = duet_path_name(input->path),
                                           .inputs = (int)s->inputs->count,
                                           .threads = s->infer.threads,
                                           .level = s->level,
                                           .precision = s->precision,
                                           .speed = playback.speed,
                                           .paused = playback.paused,
                                           .runs = moving && !playback.paused && s->ended_at == 0,
                                           .recording = s->recording != NULL};
    struct duet_panel_line lines[VIEWER_HELP_LINES];
    const struct duet_panel help = viewer_help(lines);
    s->screen.stale = false;
    s->redraw_at = INFINITY;
    enum duet_status status = viewer_screen_draw(&s->screen, &figures, &help, error);
    if (status == DUET_OK) status = viewer_window_present(&s->screen.window, error);
    if (status == DUET_OK) count_frame(s, duet_seconds());
    if (now < s->screen.message.until && isfinite(s->screen.message.until))
        s->redraw_at = s->screen.message.until;
    if (figures.runs && s->screen.parts & VIEWER_BARS) s->redraw_at = fmin(s->redraw_at, now + figures_every);
    if (still_repeats(s)) s->redraw_at = now + 1.0 / 60;
    return status;
}

/* One round: what is new, what is due. Returns when to look again at the latest, in seconds of the clock. */
static enum duet_status round_once(struct viewer_session *s, double opened, double *wake,
                                   struct duet_error *error)
{
    double now = duet_seconds();
    enum duet_status status = DUET_OK;
    if (viewer_exchange_show(s->exchange, now, wake)) take_frame(s);
    watch_source(s, now);
    if (!s->screen.window.window &&
        (s->shown.frame || (now > opened + opening_patience && !viewer_session_headless(s)))) {
        int width = 960, height = 540;
        if (s->shown.frame) viewer_frame_shape(s->shown.frame, &width, &height);
        status = open_window(s, width, height, error);
    }
    if (!s->screen.window.window) *wake = fmin(*wake, opened + opening_patience);
    if (s->ended_at > now) *wake = fmin(*wake, s->ended_at);
    if (status == DUET_OK && s->screen.window.window && !s->quit && (s->screen.stale || now >= s->redraw_at))
        status = draw(s, now, error);
    *wake = fmin(*wake, s->redraw_at);
    return status;
}

/* --- events --------------------------------------------------------------------------------------------- */

static void handle(struct viewer_session *s, const SDL_Event *event)
{
    if (event->type == s->screen.window.wake_event) {
        viewer_window_awake(&s->screen.window);
        return;
    }
    switch (event->type) {
    case SDL_QUIT:
        s->quit = true;
        break;
    case SDL_WINDOWEVENT:
        if (event->window.event == SDL_WINDOWEVENT_CLOSE) s->quit = true;
        if (event->window.event == SDL_WINDOWEVENT_LEAVE) {
            s->screen.mouse_x = s->screen.mouse_y = -1;
            s->screen.stale = true;
        }
        if (event->window.event == SDL_WINDOWEVENT_EXPOSED ||
            event->window.event == SDL_WINDOWEVENT_SIZE_CHANGED)
            s->screen.stale = true;
        break;
    case SDL_RENDER_TARGETS_RESET:
    case SDL_RENDER_DEVICE_RESET:
        s->screen.stale = true;
        break;
    default:
        viewer_act(s, event);
    }
}

static void wait_for_events(struct viewer_session *s, double wake)
{
    SDL_Event event;
    double seconds = fmin(fmax(wake - duet_seconds(), 0), nap);
    if (s->screen.stale) seconds = 0;
    if (!SDL_WaitEventTimeout(&event, (int)ceil(seconds * 1000))) return;
    do handle(s, &event);
    while (!s->quit && SDL_PollEvent(&event));
}

/* --- all of it ------------------------------------------------------------------------------------------ */

static enum duet_status start(struct viewer_session *s, struct duet_error *error)
{
    const struct viewer_settings *settings = s->settings;
    const unsigned wanted =
        (s->networks->boxes ? VIEWER_BOXES : 0u) | (s->networks->masks ? VIEWER_MASKS : 0u);
    const struct viewer_exchange_options options = {.frames = FRAMES_AHEAD,
                                                    .bytes = frame_bytes,
                                                    .patience = viewer_session_headless(s) ? INFINITY : 0.25,
                                                    .every = settings->live == 1,
                                                    .wanted = wanted,
                                                    .notify = viewer_window_wake,
                                                    .ctx = &s->screen.window};
    enum duet_status status = viewer_window_init(&s->screen.window, viewer_session_headless(s), error);
    if (status == DUET_OK && settings->trace)
        status = viewer_trace_open(&s->trace, settings->trace, settings->force, error);
    if (status == DUET_OK) status = viewer_exchange_create(&options, &s->exchange, error);
    if (status != DUET_OK) return status;
    s->capture = (struct viewer_capture){.exchange = s->exchange,
                                         .inputs = s->inputs,
                                         .options = {.picture.exif = (enum duet_exif)settings->exif,
                                                     .every = settings->every,
                                                     .start = settings->start,
                                                     .duration = settings->duration,
                                                     .reconnect = settings->reconnect}};
    duet_budget_limits(&settings->pictures, &s->capture.options.picture);
    s->infer =
        (struct viewer_infer){.exchange = s->exchange,
                              .boxes = s->networks->boxes,
                              .masks = s->networks->masks,
                              .both = s->networks->both,
                              .segment_model = s->networks->segment_model,
                              .segment = {.struct_size = sizeof s->infer.segment,
                                          .cpu = settings->compute.cpu,
                                          .precision = (enum duet_precision)settings->compute.precision,
                                          .probe = true,
                                          .max_memory = s->networks->max_memory},
                              .budget_ms = duet_deadline_budget(&settings->deadline),
                              .track = settings->track,
                              .threads = settings->threads > 0 ? settings->threads : duet_cpu_count()};
    atomic_store(&s->infer.tracked_percent, (int)(60 * s->screen.look.threshold));
    status = viewer_capture_start(&s->capture, error);
    if (status == DUET_OK) status = viewer_infer_start(&s->infer, error);
    return status;
}

/* Boxes and masks may be two models, each in its own. */
static const char *precision(const struct duet_networks *networks)
{
    const struct duet_runner *boxes = networks->boxes, *masks = networks->masks;
    enum duet_precision p = duet_runner_precision(boxes ? boxes : masks);
    return boxes && masks && duet_runner_precision(masks) != p ? "mixed" : duet_precision_name(p);
}

static void begin(struct viewer_session *s)
{
    struct duet_kernels kernels;
    if (duet_kernels_select(s->settings->compute.cpu, &kernels, NULL) == DUET_OK) s->level = kernels.level;
    s->precision = precision(s->networks);
    s->screen.look = (struct viewer_look){.boxes = s->networks->boxes != NULL,
                                          .masks = s->networks->masks != NULL,
                                          .threshold = (float)s->settings->detect.threshold,
                                          .alpha = (float)s->settings->segment.alpha,
                                          .scale = 1,
                                          .palette = (enum duet_palette)s->settings->palette};
    s->screen.enlarged = s->settings->scale;
    s->screen.parts = VIEWER_BARS;
    s->screen.mouse_x = s->screen.mouse_y = -1;
    s->direction = 1;
    s->redraw_at = INFINITY;
}

/* The window as it is at the end. */
static void take_screenshot(struct viewer_session *s)
{
    struct duet_error error;
    const char *path = s->settings->screenshot;
    if (!path || s->code != DUET_EXIT_OK) return;
    enum duet_status status = s->presented > 0
                                  ? duet_picture_write(path, &s->screen.window.canvas, &error)
                                  : duet_fail(&error, DUET_NOT_FOUND, "--screenshot: nothing could be shown");
    if (status == DUET_OK) return;
    fprintf(stderr, "%s: %s\n", s->program->name, error.text);
    s->code = s->failed ? DUET_EXIT_SOME_FAILED : DUET_EXIT_FATAL;
}

static void run(struct viewer_session *s)
{
    struct duet_error error;
    double wake, opened = duet_seconds();
    viewer_session_open(s, 0);
    while (!s->quit) {
        if (round_once(s, opened, &wake, &error) != DUET_OK) fatal(s, &error);
        if (s->quit) break;
        wait_for_events(s, wake);
        if (duet_interrupted()) {
            s->quit = true;
            s->code = duet_process_exit_code(DUET_EXIT_OK);
        }
    }
    take_screenshot(s);
}

/* The window goes first: what the threads still do is nobody's business. */
static void stop(struct viewer_session *s)
{
    viewer_window_close(&s->screen.window);
    viewer_session_stop_recording(s);
    free(s->recording_path);
    if (s->exchange) viewer_exchange_stop(s->exchange);
    viewer_capture_join(&s->capture);
    viewer_infer_join(&s->infer);
    viewer_exchange_close(&s->exchange);
    viewer_screen_close(&s->screen);
    viewer_window_quit(&s->screen.window);
}

int viewer_loop(struct viewer_session *s)
{
    struct duet_error error;
    begin(s);
    duet_process_catch_signals();
    if (start(s, &error) == DUET_OK)
        run(s);
    else
        fatal(s, &error);
    stop(s);
    if (s->code == DUET_EXIT_OK && viewer_trace_commit(&s->trace, &error) != DUET_OK) fatal(s, &error);
    viewer_trace_discard(&s->trace);
    return s->code == DUET_EXIT_OK && s->failed ? DUET_EXIT_SOME_FAILED : s->code;
}
