#include "viewer/screen/inspect.h"

#include <math.h>
#include <stdio.h>

/* From the canvas to the shown frame's pixels. False: not over it. */
static bool find_pixel(const struct viewer_frame *frame, const struct viewer_layout *layout, int x, int y,
                       float *picture_x, float *picture_y)
{
    for (int i = 0; i < layout->pane_count; i++) {
        struct viewer_rect pane = layout->panes[i];
        if (x < pane.x || y < pane.y || x >= pane.x + pane.width || y >= pane.y + pane.height) continue;
        *picture_x = ((float)(x - pane.x) + 0.5f) * (float)frame->image.width / (float)pane.width;
        *picture_y = ((float)(y - pane.y) + 0.5f) * (float)frame->image.height / (float)pane.height;
        return true;
    }
    return false;
}

static bool visible(const struct viewer_look *look, const struct duet_detection *d)
{
    return d->score >= look->threshold && !look->hidden_boxes[d->category_id & 255];
}

size_t viewer_inspect_box(const struct viewer_shown *shown, const struct viewer_look *look,
                          const struct viewer_layout *layout, int x, int y)
{
    float px, py, smallest = INFINITY;
    size_t best = 0;
    if (!look->boxes || !(shown->has & VIEWER_BOXES) || !find_pixel(shown->frame, layout, x, y, &px, &py))
        return 0;
    const struct duet_detections *found = &shown->frame->results.detections;
    for (size_t i = 0; i < found->count; i++) {
        const struct duet_box *box = &found->items[i].box;
        float area = box->width * box->height;
        bool inside = px >= box->x && py >= box->y && px < box->x + box->width && py < box->y + box->height;
        if (!inside || !visible(look, &found->items[i]) || area >= smallest) continue;
        smallest = area;
        best = i + 1;
    }
    return best;
}

/* --- panels --------------------------------------------------------------------------------------------- */

void viewer_inspect_draw_box(const struct viewer_shown *shown, const struct viewer_look *look,
                             struct duet_image *view, const struct duet_draw_style *style)
{
    if (look->selected == 0 || !(shown->has & VIEWER_BOXES)) return;
    const struct viewer_results *results = &shown->frame->results;
    const struct duet_detection *d = &results->detections.items[look->selected - 1];
    size_t ghosts = 0;
    float best = 0;
    for (size_t i = 0; i < results->suppressions.count; i++) {
        const struct duet_suppressed *ghost = &results->suppressions.items[i];
        if (ghost->by != look->selected - 1 || !(ghost->score >= look->threshold)) continue;
        ghosts++;
        best = fmaxf(best, ghost->score);
    }
    char score[32], anchor[32], place[64], size[64], suppressed[64];
    snprintf(score, sizeof score, "%.3f", (double)d->score);
    snprintf(anchor, sizeof anchor, "%d", d->anchor);
    snprintf(place, sizeof place, "%.1f, %.1f", (double)d->box.x, (double)d->box.y);
    snprintf(size, sizeof size, "%.1f \u00d7 %.1f", (double)d->box.width, (double)d->box.height);
    snprintf(suppressed, sizeof suppressed, ghosts ? "%zu, best %.2f" : "none", ghosts, (double)best);
    const struct duet_panel_line lines[] = {
        {.text = d->label ? d->label : "unknown",
         .swatch = true,
         .color = duet_box_color(style->palette, d->category_id)},
        {.text = "score", .value = score},
        {.text = "anchor", .value = anchor},
        {.text = "corner", .value = place},
        {.text = "size", .value = size},
        {.text = "suppressed", .value = suppressed},
    };
    const struct duet_panel panel = {
        .lines = lines, .count = sizeof lines / sizeof *lines, .place = DUET_TOP_RIGHT, .text = 13};
    duet_draw_panel(view, &panel, style);
}

void viewer_inspect_draw_pixel(const struct viewer_shown *shown, const struct viewer_layout *layout, int at_x,
                               int at_y, struct duet_image *view, const struct duet_draw_style *style)
{
    struct duet_class_probability top[3];
    struct duet_panel_line lines[4] = {{0}};
    char percents[3][16], place[48];
    float x, y;
    if (!(shown->has & VIEWER_MASKS) || !find_pixel(shown->frame, layout, at_x, at_y, &x, &y)) return;
    int count = duet_segmentation_probe(&shown->frame->results.segmentation, (int)x, (int)y, top, 3);
    snprintf(place, sizeof place, "pixel %d, %d", (int)x, (int)y);
    for (int i = 0; i < count; i++) {
        snprintf(percents[i], sizeof percents[i], "%.1f %%", 100 * (double)top[i].probability);
        lines[i] = (struct duet_panel_line){.text = top[i].label,
                                            .value = percents[i],
                                            .swatch = true,
                                            .color = duet_mask_color(style->palette, top[i].class_id)};
    }
    lines[count] = (struct duet_panel_line){.text = place};
    const struct duet_panel panel = {
        .lines = lines, .count = (size_t)count + 1, .place = DUET_BOTTOM_RIGHT, .text = 13};
    if (count > 0) duet_draw_panel(view, &panel, style);
}
