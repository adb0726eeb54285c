#include "viewer/screen/screen.h"

#include "core/os.h"
#include "viewer/screen/inspect.h"
#include "viewer/screen/scale.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void viewer_screen_say(struct viewer_screen *s, enum viewer_tone tone, double seconds, const char *format,
                       ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(s->message.text, sizeof s->message.text, format, arguments);
    va_end(arguments);
    s->message.tone = tone;
    s->message.until = duet_seconds() + seconds;
    s->stale = true;
}

void viewer_screen_look_changed(struct viewer_screen *s)
{
    duet_image_close(&s->composed);
    s->stale = true;
}

void viewer_screen_list_classes(struct viewer_screen *s, const struct viewer_shown *shown)
{
    if (shown->frame) viewer_legend_update(&s->legend, &shown->frame->results, shown->has, s->look.threshold);
    memcpy(s->look.hidden_boxes, s->legend.hidden_boxes, sizeof s->look.hidden_boxes);
    memcpy(s->look.hidden_masks, s->legend.hidden_masks, sizeof s->look.hidden_masks);
    viewer_screen_look_changed(s);
}

/* The picture with its overlay; kept, so that what moves above it (figures, the mouse) costs a copy only. */
static enum duet_status draw_picture(struct viewer_screen *s, const struct viewer_shown *shown,
                                     struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    struct viewer_rect pane = s->layout.panes[s->layout.pane_count - 1];
    struct duet_image onto = viewer_layout_part(&s->window.canvas, pane);
    if (s->composed.width != pane.width || s->composed.height != pane.height) duet_image_close(&s->composed);
    if (!s->composed.pixels) {
        status = duet_image_create(&s->composed, pane.width, pane.height, DUET_RGB8, error);
        if (status == DUET_OK)
            status = viewer_overlay_picture(&s->overlay, shown->frame, &s->composed, error);
        if (status == DUET_OK)
            status =
                viewer_overlay_results(&s->overlay, shown->frame, shown->has, &s->look, &s->composed, error);
        if (status != DUET_OK) duet_image_close(&s->composed);
    }
    if (status == DUET_OK) status = viewer_scale(&s->composed, &onto, error);
    if (status == DUET_OK && s->layout.pane_count == 2) {
        struct duet_image first = viewer_layout_part(&s->window.canvas, s->layout.panes[0]);
        status = viewer_overlay_picture(&s->overlay, shown->frame, &first, error);
    }
    return status;
}

/* --- panels --------------------------------------------------------------------------------------------- */

static void draw_legend(const struct viewer_screen *s, struct duet_image *view,
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
    if (s->legend.count > 0 && (s->look.boxes || s->look.masks)) duet_draw_panel(view, &panel, style);
}

/* The picture steps back behind the help. */
static void dim(struct duet_image *view)
{
    for (int y = 0; y < view->height; y++) {
        uint8_t *byte = duet_image_row(view, y);
        for (int i = 0; i < 3 * view->width; i++) byte[i] = (uint8_t)(byte[i] * 2 / 5);
    }
}

/* --- all of it ------------------------------------------------------------------------------------------ */

enum duet_status viewer_screen_draw(struct viewer_screen *s, const struct viewer_figures *figures,
                                    const struct duet_panel *help, struct duet_error *error)
{
    enum duet_status status = viewer_window_fit(&s->window, error);
    if (status != DUET_OK) return status;
    struct duet_image *canvas = &s->window.canvas;
    const struct viewer_frame *frame = figures->shown->frame;
    s->look.scale = s->scale = s->window.scale * (float)s->enlarged;
    int width = 4, height = 3;
    if (frame) viewer_frame_shape(frame, &width, &height);
    s->layout = viewer_layout_make(canvas, s->scale, s->parts & VIEWER_BARS, s->parts & VIEWER_SIDE_BY_SIDE,
                                   width, height);
    memset(canvas->pixels, 12, canvas->stride * (size_t)canvas->height);
    if (frame) status = draw_picture(s, figures->shown, error);
    if (status != DUET_OK) return status;
    struct duet_image view = viewer_layout_part(canvas, s->layout.view);
    const struct duet_draw_style style = {.palette = s->look.palette, .scale = s->scale};
    draw_legend(s, &view, &style);
    viewer_inspect_draw_box(figures->shown, &s->look, &view, &style);
    if (s->look.masks)
        viewer_inspect_draw_pixel(figures->shown, &s->layout, s->mouse_x, s->mouse_y, &view, &style);
    if (s->parts & VIEWER_HELP) {
        dim(&view);
        duet_draw_panel(&view, help, &style);
    }
    viewer_hud_draw(canvas, &s->layout, s->scale, figures);
    if (!frame) viewer_hud_toast(canvas, &s->layout, s->scale, "waiting for the first frame", VIEWER_TELL);
    if (figures->now < s->message.until)
        viewer_hud_toast(canvas, &s->layout, s->scale, s->message.text, s->message.tone);
    return DUET_OK;
}

void viewer_screen_close(struct viewer_screen *s)
{
    viewer_overlay_close(&s->overlay);
    duet_image_close(&s->composed);
}
