#include "viewer/session.h"

#include "core/os.h"
#include "viewer/keys.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void viewer_session_look_changed(struct viewer_session *s)
{
    duet_image_close(&s->composed);
    s->redraw = true;
}

static void clear(struct duet_image *canvas)
{
    for (int y = 0; y < canvas->height; y++) memset(duet_image_row(canvas, y), 12, 3 * (size_t)canvas->width);
}

static void copy(const struct duet_image *from, struct duet_image *to)
{
    for (int y = 0; y < from->height; y++)
        memcpy(duet_image_row(to, y), duet_image_row(from, y), 3 * (size_t)from->width);
}

/* The picture with its overlay; kept, so that what moves above it (figures, the mouse) costs a copy only. */
static enum duet_status draw_picture(struct viewer_session *s, struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    struct viewer_rect pane = s->layout.panes[s->layout.pane_count - 1];
    struct duet_image onto = viewer_layout_part(&s->window.canvas, pane);
    if (s->composed.width != pane.width || s->composed.height != pane.height) duet_image_close(&s->composed);
    if (!s->composed.pixels) {
        status = duet_image_create(&s->composed, pane.width, pane.height, DUET_RGB8, error);
        if (status == DUET_OK)
            status = viewer_overlay_picture(&s->overlay, s->shown.frame, &s->composed, error);
        if (status == DUET_OK)
            status = viewer_overlay_results(&s->overlay, s->shown.frame, s->shown.has, &s->look, &s->composed,
                                            error);
        if (status != DUET_OK) duet_image_close(&s->composed);
    }
    if (status == DUET_OK) copy(&s->composed, &onto);
    if (status == DUET_OK && s->layout.pane_count == 2) {
        struct duet_image first = viewer_layout_part(&s->window.canvas, s->layout.panes[0]);
        status = viewer_overlay_picture(&s->overlay, s->shown.frame, &first, error);
    }
    return status;
}

/* --- panels --------------------------------------------------------------------------------------------- */

static void draw_legend(const struct viewer_session *s, struct duet_image *view,
                        const struct duet_draw_style *style)
{
    static const char *const numbers[] = {"1", "2", "3", "4", "5", "6", "7", "8", "9"};
    struct duet_panel_line lines[VIEWER_LEGEND_ROWS];
    char values[VIEWER_LEGEND_ROWS][32];
    for (int i = 0; i < s->legend.count; i++) {
        const struct viewer_class *row = &s->legend.rows[i];
        bool by_mask = row->mask_id >= 0 && s->look.masks && (row->box_id < 0 || !s->look.boxes);
        values[i][0] = '\0';
        if (row->boxes > 0 && s->look.boxes)
            snprintf(values[i], sizeof values[i], "%d", row->boxes);
        else if (row->share > 0 && s->look.masks)
            snprintf(values[i], sizeof values[i], row->share < 0.01 ? "<1 %%" : "%.0f %%", 100 * row->share);
        lines[i] = (struct duet_panel_line){.key = numbers[i],
                                            .text = row->label,
                                            .value = values[i],
                                            .swatch = true,
                                            .color = by_mask ? duet_mask_color(style->palette, row->mask_id)
                                                             : duet_box_color(style->palette, row->box_id),
                                            .off = row->hidden || row->unseen > 0};
    }
    const struct duet_panel panel = {
        .lines = lines, .count = (size_t)s->legend.count, .place = DUET_BOTTOM_LEFT, .text = 13};
    if (s->legend.count > 0 && (s->look.boxes || s->look.masks)) duet_draw_panel(view, &panel, style, NULL);
}

/* The picture steps back behind the help. */
static void dim(struct duet_image *view)
{
    for (int y = 0; y < view->height; y++) {
        uint8_t *byte = duet_image_row(view, y);
        for (int i = 0; i < 3 * view->width; i++) byte[i] = (uint8_t)(byte[i] * 2 / 5);
    }
}

static void draw_help(struct duet_image *view, const struct duet_draw_style *style)
{
    struct duet_panel_line lines[64] = {{0}};
    size_t count = 0;
    for (size_t i = 0; i < viewer_key_count && count < 64; i++) {
        const struct viewer_key *key = &viewer_keys[i];
        bool heading = key->help && !key->shown;
        if (!key->help) continue;
        if (key->help[0] != '\0')
            lines[count] = (struct duet_panel_line){.key = key->shown, .text = key->help, .heading = heading};
        count++;
    }
    const struct duet_panel panel = {
        .lines = lines, .count = count, .place = DUET_CENTRE, .columns = 2, .text = 13};
    dim(view);
    duet_draw_panel(view, &panel, style, NULL);
}

static void draw_bars(struct viewer_session *s, double now)
{
    const struct viewer_frame *frame = s->shown.frame;
    struct viewer_playback *playback = viewer_exchange_lock(s->exchange);
    bool paused = playback->paused;
    double speed = playback->speed;
    viewer_exchange_unlock(s->exchange);
    bool moving = frame && frame->info.moving, runs = moving && !paused && s->ended_at == 0;
    const struct duet_input *input = &s->inputs->items[s->source.input];
    const struct viewer_figures figures = {.rate = runs ? viewer_stats_rate(&s->stats, now) : 0,
                                           .inference =
                                               s->stats.inference > 0 ? s->stats.inference : s->shown.seconds,
                                           .p50 = viewer_stats_latency(&s->stats, 0.5),
                                           .p95 = viewer_stats_latency(&s->stats, 0.95),
                                           .p99 = viewer_stats_latency(&s->stats, 0.99),
                                           .latency = s->stats.count > 0,
                                           .age = runs ? now - s->shown.there : -1,
                                           .dropped = s->shown.dropped,
                                           .threads = s->infer.threads,
                                           .level = s->level,
                                           .choice = s->shown.choice,
                                           .name = duet_path_name(input->path),
                                           .input = s->source.input,
                                           .inputs = (int)s->inputs->count,
                                           .moving = moving,
                                           .live = s->source.about.live,
                                           .ended = s->source.drained,
                                           .paused = paused,
                                           .recording = s->recording != NULL,
                                           .busy = s->shown.wanting && !s->infer_failed,
                                           .frame = frame ? frame->info.frame : 0,
                                           .time = frame ? frame->info.time : 0,
                                           .duration = s->source.about.duration,
                                           .speed = speed,
                                           .threshold = s->look.threshold,
                                           .boxes = s->look.boxes};
    viewer_hud_draw(&s->window.canvas, &s->layout, s->scale, &figures);
}

/* --- all of it ------------------------------------------------------------------------------------------ */

enum duet_status viewer_session_compose(struct viewer_session *s, double now, struct duet_error *error)
{
    bool changed;
    enum duet_status status = viewer_window_fit(&s->window, &changed, error);
    if (status != DUET_OK) return status;
    struct duet_image *canvas = &s->window.canvas;
    const struct viewer_frame *frame = s->shown.frame;
    s->look.scale = s->scale = s->window.scale * (float)s->settings->scale;
    int width = 4, height = 3;
    if (frame) viewer_frame_shape(frame, &width, &height);
    s->layout = viewer_layout_make(canvas, s->scale, s->hud, s->side_by_side, width, height);
    clear(canvas);
    if (frame) status = draw_picture(s, error);
    if (status != DUET_OK) return status;
    struct duet_image view = viewer_layout_part(canvas, s->layout.view);
    const struct duet_draw_style style = {.palette = s->look.palette, .scale = s->scale};
    draw_legend(s, &view, &style);
    viewer_inspect_draw(s, &view, &style);
    if (s->help) draw_help(&view, &style);
    draw_bars(s, now);
    if (!frame) viewer_hud_toast(canvas, &s->layout, s->scale, "waiting for the first frame", VIEWER_TELL);
    if (now < s->message.until)
        viewer_hud_toast(canvas, &s->layout, s->scale, s->message.text, s->message.tone);
    return DUET_OK;
}
