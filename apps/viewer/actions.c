#include "core/os.h"
#include "core/text.h"
#include "data/picture/write.h"
#include "viewer/screen/inspect.h"
#include "viewer/session.h"

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
        viewer_session_open(s, next);
    else
        viewer_screen_say(&s->screen, VIEWER_TELL, 1.5,
                          direction > 0 ? "this is the last one" : "this is the first one");
}

static void seek(struct viewer_session *s, double time)
{
    if (!s->source.about.seekable) {
        viewer_screen_say(&s->screen, VIEWER_TELL, 2, "this source has no way back");
        return;
    }
    double end = s->source.about.duration;
    if (end > 0 && time >= end) time = fmax(0, end - 0.1);
    viewer_session_go(s, s->source.input, fmax(time, s->settings->start));
}

static void pause_or_not(struct viewer_session *s, bool paused)
{
    struct viewer_playback *playback = viewer_exchange_lock(s->exchange);
    viewer_playback_pause(playback, duet_seconds(), paused);
    viewer_exchange_unlock(s->exchange);
    viewer_stats_interrupt(&s->stats);
    s->screen.stale = true;
}

static void pause_or_go_on(struct viewer_session *s, int number)
{
    (void)number;
    bool paused = !viewer_exchange_playback(s->exchange).paused;
    bool at_end = s->source.drained && s->ended_at > 0 && moving(s);
    pause_or_not(s, paused && !at_end);
    if (at_end) /* play it again */
        seek(s, s->settings->start);
    else if (!paused)
        s->ended_at = 0;
}

static void step_forward(struct viewer_session *s)
{
    struct viewer_playback *playback = viewer_exchange_lock(s->exchange);
    viewer_playback_step(playback);
    viewer_exchange_unlock(s->exchange);
    viewer_stats_interrupt(&s->stats);
    s->screen.stale = true;
}

static void step_back(struct viewer_session *s)
{
    pause_or_not(s, true);
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
        viewer_session_open(s, 0);
}

static void change_speed(struct viewer_session *s, int direction)
{
    struct viewer_playback *playback = viewer_exchange_lock(s->exchange);
    viewer_playback_change_speed(playback, duet_seconds(), direction);
    double speed = playback->speed;
    viewer_exchange_unlock(s->exchange);
    viewer_stats_interrupt(&s->stats);
    viewer_screen_say(&s->screen, VIEWER_TELL, 1.5, "speed %g\u00d7", speed);
}

/* --- what is shown -------------------------------------------------------------------------------------- */

/* Only what is looked at is computed. */
static void want(struct viewer_session *s)
{
    viewer_exchange_want(s->exchange, (s->screen.look.boxes ? VIEWER_BOXES : 0u) |
                                          (s->screen.look.masks ? VIEWER_MASKS : 0u));
    viewer_exchange_shown(s->exchange, &s->shown);
    s->screen.look.selected = 0;
    viewer_screen_look_changed(&s->screen);
}

static void toggle_results(struct viewer_session *s, int kind)
{
    bool boxes = kind == VIEWER_BOXES, *on = boxes ? &s->screen.look.boxes : &s->screen.look.masks;
    if (boxes ? !s->networks->boxes : !s->networks->masks) {
        viewer_screen_say(&s->screen, VIEWER_TELL, 3,
                          boxes ? "no boxes: started with --no-detect"
                                : "masks come with the option --segment");
        return;
    }
    *on = !*on;
    want(s);
    viewer_screen_say(&s->screen, VIEWER_TELL, 1, "%s%s", *on ? "" : "no ", boxes ? "boxes" : "masks");
}

static void change_threshold(struct viewer_session *s, int direction)
{
    float threshold = (roundf(s->screen.look.threshold * 20) + (float)direction) / 20;
    s->screen.look.threshold = fminf(fmaxf(threshold, 0.05f), 0.95f);
    atomic_store(&s->infer.tracked_percent, (int)(60 * s->screen.look.threshold));
    viewer_screen_list_classes(&s->screen, &s->shown);
    viewer_screen_say(&s->screen, VIEWER_TELL, 1, "boxes from %.2f on", (double)s->screen.look.threshold);
}

static void toggle_class(struct viewer_session *s, int number)
{
    const struct viewer_class *row = viewer_legend_toggle(&s->screen.legend, number);
    if (!row) return;
    viewer_screen_list_classes(&s->screen, &s->shown);
    viewer_screen_say(&s->screen, VIEWER_TELL, 1, row->hidden ? "%s hidden" : "%s shown", row->label);
}

/* --- keeping -------------------------------------------------------------------------------------------- */

/* "clip-000123.png" in the current folder, "clip-000123-2.png" when that is there. An address has no name
 * that could not hold a password, begin with a minus or be empty: "stream-000123.png". NULL: no memory. */
static char *free_name(const struct viewer_session *s, const char *extension)
{
    const struct viewer_frame *frame = s->shown.frame;
    const char *input = s->inputs->items[frame->stamp.input].path;
    const char *name = duet_frames_address(input) >= DUET_ADDRESS_GRAPH ? "stream" : duet_path_name(input);
    int length = (int)(duet_path_extension(name) - name);
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
        path ? viewer_overlay_render(s->shown.frame, s->shown.has, &s->screen.look, &image, &error)
             : DUET_OUT_OF_MEMORY;
    if (status == DUET_OK) status = duet_picture_write(path, &image, &error);
    if (status == DUET_OK)
        viewer_screen_say(&s->screen, VIEWER_TELL, 3, "written: %s", path);
    else
        viewer_screen_say(&s->screen, VIEWER_WARN, 6, "%s", error.text);
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
    s->screen.stale = true;
}

/* --- the keys ------------------------------------------------------------------------------------------- */

static void toggle_part(struct viewer_session *s, int part)
{
    s->screen.parts ^= (unsigned)part;
    s->screen.stale = true;
}

static void toggle_fullscreen(struct viewer_session *s, int number)
{
    (void)number;
    viewer_window_toggle_fullscreen(&s->screen.window);
    s->screen.stale = true;
}

static void quit(struct viewer_session *s, int number)
{
    (void)number;
    s->quit = true;
}

/* One table: the events are looked up in it, and the help is printed from it, in its order. A row without
 * `shown` is a heading, or, with an empty `help`, a gap; one with neither is part of the row above. The first
 * half stands in the help's left column. To add a key: a row, and a function above. */
struct key {
    SDL_Keycode code;
    void (*act)(struct viewer_session *s, int number);
    int number;
    bool repeats;      /* while it is held down */
    const char *shown; /* how the help names it */
    const char *help;
};

/* clang-format off */
static const struct key keys[] = {
    {.help = "Playback"},
    {SDLK_SPACE,        pause_or_go_on,     0, false, "space",    "pause, go on"},
    {SDLK_PERIOD,       step,               1, true,  ".",        "next frame, next picture"},
    {SDLK_COMMA,        step,              -1, true,  ",",        "frame before, picture before"},
    {SDLK_LEFT,         seek_by,           -5, true,  "\u2190  \u2192", "5 seconds back, on; pictures"},
    {SDLK_RIGHT,        seek_by,            5, true,  NULL,       NULL},
    {SDLK_PAGEUP,       go_to_input,       -1, true,  "PgUp  PgDn", "input before, next input"},
    {SDLK_PAGEDOWN,     go_to_input,        1, true,  NULL,       NULL},
    {SDLK_HOME,         go_to_start,        0, false, "Home",     "to the start"},
    {SDLK_LEFTBRACKET,  change_speed,      -1, false, "[  ]",     "slower, faster"},
    {SDLK_RIGHTBRACKET, change_speed,       1, false, NULL,       NULL},
    {.help = ""},
    {.help = "Window"},
    {SDLK_f,            toggle_fullscreen,  0, false, "f",        "full screen"},
    {SDLK_h,            toggle_part, VIEWER_HELP, false, "h",     "this help"},
    {SDLK_q,            quit,               0, false, "q  Esc",   "quit"},
    {SDLK_ESCAPE,       quit,               0, false, NULL,       NULL},
    {.help = ""},
    {.help = ""},
    {.help = "What is shown"},
    {SDLK_d,            toggle_results, VIEWER_BOXES, false, "d", "boxes"},
    {SDLK_m,            toggle_results, VIEWER_MASKS, false, "m", "masks"},
    {SDLK_UP,           change_threshold,   1, true,  "\u2191  \u2193", "threshold up, down"},
    {SDLK_DOWN,         change_threshold,  -1, true,  NULL,       NULL},
    {SDLK_1,            toggle_class,       1, false, "1 \u2026 9", "a class of the legend"},
    {SDLK_2,            toggle_class,       2, false, NULL,       NULL},
    {SDLK_3,            toggle_class,       3, false, NULL,       NULL},
    {SDLK_4,            toggle_class,       4, false, NULL,       NULL},
    {SDLK_5,            toggle_class,       5, false, NULL,       NULL},
    {SDLK_6,            toggle_class,       6, false, NULL,       NULL},
    {SDLK_7,            toggle_class,       7, false, NULL,       NULL},
    {SDLK_8,            toggle_class,       8, false, NULL,       NULL},
    {SDLK_9,            toggle_class,       9, false, NULL,       NULL},
    {SDLK_TAB,          toggle_part, VIEWER_SIDE_BY_SIDE, false, "Tab", "side by side"},
    {SDLK_i,            toggle_part, VIEWER_BARS, false, "i",     "figures"},
    {.help = ""},
    {.help = "Keep"},
    {SDLK_s,            screenshot,         0, false, "s",        "screenshot: the frame, as PNG"},
    {SDLK_r,            record,             0, false, "r",        "record, stop recording"},
    {.help = ""},
    {.help = "Mouse"},
    {.shown = "click",  .help = "a box: what it is, what it suppressed"},
    {.shown = "hover",  .help = "a pixel: its three best classes"},
};
/* clang-format on */

enum { KEYS = sizeof keys / sizeof *keys };
_Static_assert((int)KEYS <= (int)VIEWER_HELP_LINES, "the help has a line for each");

struct duet_panel viewer_help(struct duet_panel_line lines[VIEWER_HELP_LINES])
{
    size_t count = 0;
    for (const struct key *key = keys; key < keys + KEYS; key++) {
        if (!key->help) continue;
        bool gap = key->help[0] == '\0';
        lines[count++] =
            gap ? (struct duet_panel_line){0}
                : (struct duet_panel_line){.key = key->shown, .text = key->help, .heading = !key->shown};
    }
    return (struct duet_panel){
        .lines = lines, .count = count, .place = DUET_CENTRE, .columns = 2, .text = 13};
}

/* --- events --------------------------------------------------------------------------------------------- */

static void press(struct viewer_session *s, const SDL_KeyboardEvent *event)
{
    if (event->keysym.mod & (KMOD_CTRL | KMOD_ALT | KMOD_GUI)) return;
    for (const struct key *key = keys; key < keys + KEYS; key++)
        if (key->act && key->code == event->keysym.sym && (event->repeat == 0 || key->repeats))
            key->act(s, key->number);
}

static void click(struct viewer_session *s, int x, int y)
{
    double share = viewer_hud_seek_at(&s->screen.layout, s->screen.scale, x, y);
    if (share >= 0 && moving(s) && s->source.about.duration > 0) {
        seek(s, share * s->source.about.duration);
        return;
    }
    size_t box = viewer_inspect_box(&s->shown, &s->screen.look, &s->screen.layout, x, y);
    s->screen.look.selected = box == s->screen.look.selected ? 0 : box; /* a second click lets go */
    viewer_screen_look_changed(&s->screen);
}

void viewer_act(struct viewer_session *s, const SDL_Event *event)
{
    switch (event->type) {
    case SDL_KEYDOWN:
        press(s, &event->key);
        break;
    case SDL_MOUSEMOTION:
        viewer_window_to_canvas(&s->screen.window, event->motion.x, event->motion.y, &s->screen.mouse_x,
                                &s->screen.mouse_y);
        if (s->screen.look.masks && s->shown.has & VIEWER_MASKS) s->screen.stale = true;
        break;
    case SDL_MOUSEBUTTONDOWN:
        viewer_window_to_canvas(&s->screen.window, event->button.x, event->button.y, &s->screen.mouse_x,
                                &s->screen.mouse_y);
        if (event->button.button == SDL_BUTTON_LEFT) click(s, s->screen.mouse_x, s->screen.mouse_y);
        break;
    default:
        break;
    }
}
