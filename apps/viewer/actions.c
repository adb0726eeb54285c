#include "viewer/session.h"

#include "core/os.h"
#include "data/picture/write.h"
#include "viewer/keys.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- moving --------------------------------------------------------------------------------------------- */

static bool moving(const struct viewer_session *s)
{
    return s->shown.frame && s->shown.frame->info.moving && s->shown.frame->stamp.input == s->source.input;
}

static void go_to_input(struct viewer_session *s, int direction)
{
    int count = (int)s->inputs->count, next = s->source.input + direction;
    if (s->settings->loop) next = (next + count) % count;
    s->direction = direction;
    if (next >= 0 && next < count)
        viewer_session_go(s, next, next == 0 ? s->settings->start : 0);
    else
        viewer_session_say(s, VIEWER_TELL, 1.5,
                           direction > 0 ? "this is the last one" : "this is the first one");
}

static void seek(struct viewer_session *s, double time)
{
    if (!s->source.about.seekable) {
        viewer_session_say(s, VIEWER_TELL, 2, "this source has no way back");
        return;
    }
    double end = s->source.about.duration;
    if (end > 0 && time >= end) time = fmax(0, end - 0.1);
    viewer_session_go(s, s->source.input, fmax(time, s->settings->start));
}

static void pause_or_go_on(struct viewer_session *s, int number)
{
    (void)number;
    struct viewer_playback *playback = viewer_exchange_lock(s->exchange);
    viewer_playback_pause(playback, duet_seconds(), !playback->paused);
    bool paused = playback->paused;
    viewer_exchange_unlock(s->exchange);
    viewer_stats_interrupt(&s->stats);
    s->redraw = true;
    bool at_end = s->source.drained && s->ended_at > 0 && moving(s);
    if (at_end) { /* play it again */
        playback = viewer_exchange_lock(s->exchange);
        viewer_playback_pause(playback, duet_seconds(), false);
        viewer_exchange_unlock(s->exchange);
        seek(s, s->settings->start);
    } else if (!paused) {
        s->ended_at = 0;
    }
}

static void step_forward(struct viewer_session *s)
{
    struct viewer_playback *playback = viewer_exchange_lock(s->exchange);
    viewer_playback_step(playback);
    viewer_exchange_unlock(s->exchange);
    viewer_stats_interrupt(&s->stats);
    s->redraw = true;
}

static void step_back(struct viewer_session *s)
{
    struct viewer_playback *playback = viewer_exchange_lock(s->exchange);
    viewer_playback_pause(playback, duet_seconds(), true);
    viewer_exchange_unlock(s->exchange);
    /* Just before the shown frame begins, the one before it is shown. With --every, that many before it. */
    int between = s->settings->every > 1 ? s->settings->every - 1 : 0;
    const struct duet_frames_about *about = &s->source.about;
    double period = about->rate_num > 0 ? (double)about->rate_den / about->rate_num : 0.04;
    seek(s, s->shown.frame->info.time - 1e-4 - between * period);
}

static void step(struct viewer_session *s, int direction)
{
    if (!moving(s))
        go_to_input(s, direction);
    else if (direction > 0)
        step_forward(s);
    else
        step_back(s);
}

static void seek_by(struct viewer_session *s, int seconds)
{
    if (moving(s))
        seek(s, s->shown.frame->info.time + seconds);
    else
        go_to_input(s, seconds > 0 ? 1 : -1);
}

static void go_to_start(struct viewer_session *s, int number)
{
    (void)number;
    if (moving(s))
        seek(s, s->settings->start);
    else
        viewer_session_go(s, 0, s->settings->start);
}

static void change_speed(struct viewer_session *s, int direction)
{
    struct viewer_playback *playback = viewer_exchange_lock(s->exchange);
    viewer_playback_change_speed(playback, duet_seconds(), direction);
    double speed = playback->speed;
    viewer_exchange_unlock(s->exchange);
    viewer_stats_interrupt(&s->stats);
    viewer_session_say(s, VIEWER_TELL, 1.5, "speed %g\u00d7", speed);
}

/* --- what is shown -------------------------------------------------------------------------------------- */

/* Only what is looked at is computed. */
static void want(struct viewer_session *s)
{
    viewer_exchange_want(s->exchange,
                         (s->look.boxes ? VIEWER_BOXES : 0u) | (s->look.masks ? VIEWER_MASKS : 0u));
    viewer_exchange_shown(s->exchange, &s->shown);
    s->look.selected = 0;
    viewer_session_look_changed(s);
}

static void toggle_boxes(struct viewer_session *s, int number)
{
    (void)number;
    if (!s->networks->detector) {
        viewer_session_say(s, VIEWER_TELL, 3, "no boxes: started with --no-detect");
        return;
    }
    s->look.boxes = !s->look.boxes;
    want(s);
    viewer_session_say(s, VIEWER_TELL, 1, s->look.boxes ? "boxes" : "no boxes");
}

static void toggle_masks(struct viewer_session *s, int number)
{
    (void)number;
    if (!s->networks->segmenter) {
        viewer_session_say(s, VIEWER_TELL, 3, "masks come with the option --segment");
        return;
    }
    s->look.masks = !s->look.masks;
    want(s);
    viewer_session_say(s, VIEWER_TELL, 1, s->look.masks ? "masks" : "no masks");
}

static void update_legend(struct viewer_session *s)
{
    if (s->shown.frame)
        viewer_legend_update(&s->legend, &s->shown.frame->results, s->shown.has, s->look.threshold);
    memcpy(s->look.hidden_boxes, s->legend.hidden_boxes, sizeof s->look.hidden_boxes);
    memcpy(s->look.hidden_masks, s->legend.hidden_masks, sizeof s->look.hidden_masks);
    viewer_session_look_changed(s);
}

static void change_threshold(struct viewer_session *s, int direction)
{
    float threshold = (roundf(s->look.threshold * 20) + (float)direction) / 20;
    s->look.threshold = fminf(fmaxf(threshold, 0.05f), 0.95f);
    atomic_store(&s->infer.tracked_percent, (int)(60 * s->look.threshold));
    update_legend(s);
    viewer_session_say(s, VIEWER_TELL, 1, "boxes from %.2f on", (double)s->look.threshold);
}

static void toggle_class(struct viewer_session *s, int number)
{
    const struct viewer_class *row = viewer_legend_toggle(&s->legend, number);
    if (!row) return;
    update_legend(s);
    viewer_session_say(s, VIEWER_TELL, 1, row->hidden ? "%s hidden" : "%s shown", row->label);
}

/* --- keeping -------------------------------------------------------------------------------------------- */

/* "clip-000123.png" in the current folder, "clip-000123-2.png" when that is there. An address has no name
 * that could not hold a password, begin with a minus or be empty: "stream-000123.png". NULL: no memory. */
static char *free_name(const struct viewer_session *s, const char *extension)
{
    const struct viewer_frame *frame = s->shown.frame;
    const char *input = s->inputs->items[frame->stamp.input].path;
    const char *name = duet_frames_address(input) >= DUET_ADDRESS_GRAPH ? "stream" : duet_path_name(input);
    const char *dot = strrchr(name, '.');
    int length = dot && dot > name ? (int)(dot - name) : (int)strlen(name);
    char *stem = frame->info.moving ? duet_text("%.*s-%06lld", length, name, (long long)frame->info.frame)
                                    : duet_text("%.*s-viewer", length, name);
    char *path = stem ? duet_text("%s%s", stem, extension) : NULL;
    for (int i = 2; path && duet_path_exists(path); i++) {
        free(path);
        path = duet_text("%s-%d%s", stem, i, extension);
    }
    free(stem);
    return path;
}

static void screenshot(struct viewer_session *s, int number)
{
    (void)number;
    struct duet_image image = {0};
    struct duet_error error = {.text = "no memory"};
    if (!s->shown.frame) return;
    char *path = free_name(s, ".png");
    enum duet_status status =
        path ? viewer_overlay_render(s->shown.frame, s->shown.has, &s->look, &image, &error)
             : DUET_OUT_OF_MEMORY;
    if (status == DUET_OK) status = duet_picture_write(path, &image, &error);
    if (status == DUET_OK)
        viewer_session_say(s, VIEWER_TELL, 3, "written: %s", path);
    else
        viewer_session_say(s, VIEWER_WARN, 6, "%s", error.text);
    duet_image_close(&image);
    free(path);
}

static void record(struct viewer_session *s, int number)
{
    (void)number;
    if (s->recording)
        viewer_session_stop_recording(s);
    else if (s->shown.frame)
        viewer_session_record(s, free_name(s, ".mp4"), false);
    s->redraw = true;
}

/* --- events --------------------------------------------------------------------------------------------- */

static void toggle_side_by_side(struct viewer_session *s, int number)
{
    (void)number;
    s->side_by_side = !s->side_by_side;
    viewer_session_look_changed(s);
}

static void toggle_fullscreen(struct viewer_session *s, int number)
{
    (void)number;
    viewer_window_toggle_fullscreen(&s->window);
    s->redraw = true;
}

static void toggle_hud(struct viewer_session *s, int number)
{
    (void)number;
    s->hud = !s->hud;
    s->redraw = true;
}

static void toggle_help(struct viewer_session *s, int number)
{
    (void)number;
    s->help = !s->help;
    s->redraw = true;
}

static void quit(struct viewer_session *s, int number)
{
    (void)number;
    s->quit = true;
}

static void (*const actions[VIEWER_ACTION_COUNT])(struct viewer_session *s, int number) = {
    [VIEWER_PAUSE] = pause_or_go_on,
    [VIEWER_STEP] = step,
    [VIEWER_SEEK] = seek_by,
    [VIEWER_INPUT] = go_to_input,
    [VIEWER_START] = go_to_start,
    [VIEWER_SPEED] = change_speed,
    [VIEWER_TOGGLE_BOXES] = toggle_boxes,
    [VIEWER_TOGGLE_MASKS] = toggle_masks,
    [VIEWER_THRESHOLD] = change_threshold,
    [VIEWER_CLASS] = toggle_class,
    [VIEWER_SIDE_BY_SIDE] = toggle_side_by_side,
    [VIEWER_SCREENSHOT] = screenshot,
    [VIEWER_RECORD] = record,
    [VIEWER_FULLSCREEN] = toggle_fullscreen,
    [VIEWER_HUD] = toggle_hud,
    [VIEWER_HELP] = toggle_help,
    [VIEWER_QUIT] = quit,
};

static void press(struct viewer_session *s, const SDL_KeyboardEvent *event)
{
    if (event->keysym.mod & (KMOD_CTRL | KMOD_ALT | KMOD_GUI)) return;
    const struct viewer_key *key = viewer_key_find(event->keysym.sym);
    if (key && actions[key->action] && (event->repeat == 0 || key->repeats))
        actions[key->action](s, key->number);
}

static void click(struct viewer_session *s, int x, int y)
{
    double share = viewer_hud_seek_at(&s->layout, s->scale, x, y);
    if (share >= 0 && moving(s) && s->source.about.duration > 0) {
        seek(s, share * s->source.about.duration);
        return;
    }
    size_t box = viewer_inspect_box(s, x, y);
    s->look.selected = box == s->look.selected ? 0 : box; /* a second click lets go */
    viewer_session_look_changed(s);
}

void viewer_session_act(struct viewer_session *s, const SDL_Event *event)
{
    switch (event->type) {
    case SDL_KEYDOWN:
        press(s, &event->key);
        break;
    case SDL_MOUSEMOTION:
        viewer_window_to_canvas(&s->window, event->motion.x, event->motion.y, &s->mouse_x, &s->mouse_y);
        if (s->look.masks && s->shown.has & VIEWER_MASKS) s->redraw = true;
        break;
    case SDL_MOUSEBUTTONDOWN:
        viewer_window_to_canvas(&s->window, event->button.x, event->button.y, &s->mouse_x, &s->mouse_y);
        if (event->button.button == SDL_BUTTON_LEFT) click(s, s->mouse_x, s->mouse_y);
        break;
    default:
        break;
    }
}
