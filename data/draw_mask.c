#include "draw_parts.h"

#include "core/fail.h"

#include <stdio.h>

#define VOID_CLASS 255 /* unlabelled pixels of ground truth */

/* --- masks -------------------------------------------------------------------------------------------- */

/* The class of the pixel, or of the one `step` pixels to the right or below where the classes differ: that of
 * the coloured side of an edge. 0: nothing is to be drawn. Edges come out about `step` pixels wide. */
static int edge_class(const struct duet_image *classes, int x, int y, int step)
{
    int here = duet_image_row(classes, y)[x];
    int right = x + step < classes->width ? duet_image_row(classes, y)[x + step] : here;
    int below = y + step < classes->height ? duet_image_row(classes, y + step)[x] : here;
    if (right == here && below == here) return 0;
    return here != 0 ? here : right != 0 ? right : below;
}

static void blend(uint8_t *pixel, struct duet_rgb color, int alpha)
{
    const int channels[3] = {color.r, color.g, color.b};
    for (int c = 0; c < 3; c++)
        pixel[c] = (uint8_t)((pixel[c] * (256 - alpha) + channels[c] * alpha + 128) >> 8);
}

enum duet_status duet_draw_mask(struct duet_image *image, const struct duet_image *classes, float alpha,
                                bool outline, struct duet_error *error)
{
    if (image->format != DUET_RGB8 || classes->format != DUET_GRAY8)
        return duet_fail(error, DUET_BAD_ARGUMENT, "a mask is drawn from GRAY8 classes onto an RGB8 image");
    if (image->width != classes->width || image->height != classes->height)
        return duet_fail(error, DUET_MISMATCH, "mask of %dx%d pixels on an image of %dx%d", classes->width,
                         classes->height, image->width, image->height);
    struct duet_rgb colors[256];
    for (int i = 0; i < 256; i++) colors[i] = duet_voc_color(i);
    int step = duet_look_for(image).line / 2; /* at least 1 */
    int weight = alpha >= 1 ? 256 : alpha > 0 ? (int)(alpha * 256) : 0;
    for (int y = 0; y < image->height; y++) {
        const uint8_t *row = duet_image_row(classes, y);
        uint8_t *pixel = duet_image_row(image, y);
        for (int x = 0; x < image->width; x++, pixel += 3) {
            int edge = outline ? edge_class(classes, x, y, step) : 0;
            if (edge != 0 && edge != VOID_CLASS)
                blend(pixel, colors[edge], 256);
            else if (edge == 0 && row[x] != 0 && row[x] != VOID_CLASS)
                blend(pixel, colors[row[x]], weight);
        }
    }
    return DUET_OK;
}

/* --- legend ------------------------------------------------------------------------------------------- */

static void legend_text(const struct duet_segment *segment, char *text, size_t size)
{
    double percent = 100 * segment->share;
    snprintf(text, size, percent < 1 ? "%.60s <1%%" : "%.60s %.0f%%", segment->label ? segment->label : "?",
             percent);
}

enum duet_status duet_draw_legend(struct duet_image *image, const struct duet_segments *segments,
                                  struct duet_error *error)
{
    if (image->format != DUET_RGB8)
        return duet_fail(error, DUET_BAD_ARGUMENT, "a legend is drawn onto an RGB8 image");
    struct look look = duet_look_for(image);
    int line = (int)(look.text * 1.4f) + 1, swatch = (int)look.text, rows = 0;
    float widest = 0;
    char text[96];
    for (size_t i = 0; i < segments->count; i++) {
        if (segments->items[i].class_id == 0) continue;
        legend_text(&segments->items[i], text, sizeof text);
        float width = duet_draw_text_width(text, look.text);
        if (width > widest) widest = width;
        rows++;
    }
    if (rows == 0) return DUET_OK;
    int gap = look.padding + 2, width = (int)widest + swatch + 4 * gap, height = rows * line + 2 * gap;
    struct area panel = {gap, image->height - gap - height, gap + width, image->height - gap};
    if (panel.y0 < 0) panel.y0 = 0; /* more classes than the picture has room for: the first ones show */
    duet_shade_area(image, panel);
    duet_shade_area(image, panel);
    int y = panel.y0 + gap;
    for (size_t i = 0; i < segments->count; i++) {
        const struct duet_segment *s = &segments->items[i];
        if (s->class_id == 0) continue;
        legend_text(s, text, sizeof text);
        int x = panel.x0 + gap;
        duet_fill_area(image, (struct area){x, y + (line - swatch) / 2, x + swatch, y + (line + swatch) / 2},
                       duet_voc_color(s->class_id));
        duet_draw_text(image, text, (float)(x + swatch + gap), (float)y + ((float)line - look.text) / 2,
                       look.text, (struct duet_rgb){255, 255, 255});
        y += line;
    }
    return DUET_OK;
}
