#include "draw/parts.h"

#include "core/fail.h"

#include <stdio.h>
#include <string.h>

#define VOID_CLASS 255 /* unlabelled pixels of ground truth */

/* --- masks -------------------------------------------------------------------------------------------- */

/* Pixels are looked at in pieces of a row, whose classes then come in runs. */
#define PIECE 2048

struct overlay {
    struct duet_image *image;
    const struct duet_image *classes;
    const struct duet_draw_style *style;
    int step; /* distance at which an edge is looked for: edges come out about that wide; 0: no edges */
    struct blender weak[256], strong[256];
};

/* What is to be drawn in each pixel of a piece: a class, in full colour at an edge. 0: nothing. */
struct piece {
    uint8_t weak[PIECE], strong[PIECE];
};

/* Classes of a row from column x on, hidden ones as background; copied to `memory` if there are any. */
static const uint8_t *shown_classes(const struct overlay *o, int y, int x, int count, uint8_t *memory)
{
    const uint8_t *row = duet_image_row(o->classes, y) + x;
    if (!o->style || !o->style->hidden) return row;
    for (int i = 0; i < count; i++) memory[i] = o->style->hidden[row[i]] ? 0 : row[i];
    return memory;
}

/* A pixel lies at an edge where the one `step` pixels to the right or below is of another class; drawn is the
 * class of the edge's coloured side. Unlabelled pixels draw nothing. */
static void find_edges(const uint8_t *here, const uint8_t *right, const uint8_t *below, int count,
                       struct piece *piece)
{
    for (int i = 0; i < count; i++) {
        uint8_t h = here[i], r = right[i], b = below[i];
        uint8_t differs = ((r != h) | (b != h)) ? 0xff : 0;
        uint8_t edge = h != 0 ? h : r != 0 ? r : b;
        uint8_t known = edge != VOID_CLASS ? 0xff : 0, labelled = h != VOID_CLASS ? 0xff : 0;
        piece->strong[i] = (uint8_t)(differs & known & edge);
        piece->weak[i] = (uint8_t)((uint8_t)~differs & labelled & h);
    }
}

static void read_piece(const struct overlay *o, int x, int y, int count, struct piece *piece)
{
    uint8_t here[2 * PIECE], below[PIECE];
    int step = o->step, wide = o->classes->width - x < count + step ? o->classes->width - x : count + step;
    int lower = y + step < o->classes->height ? y + step : y;
    int inside = wide - step < count ? wide - step : count; /* pixels with one `step` to the right */
    if (inside < 0) inside = 0;
    const uint8_t *row = shown_classes(o, y, x, wide, here);
    const uint8_t *under = shown_classes(o, lower, x, count, below);
    find_edges(row, row + step, under, inside, piece);
    struct piece rest;
    if (inside == count) return;
    find_edges(row + inside, row + inside, under + inside, count - inside, &rest);
    memcpy(piece->weak + inside, rest.weak, (size_t)(count - inside));
    memcpy(piece->strong + inside, rest.strong, (size_t)(count - inside));
}

/* The end of the run that starts at pixel i. */
static int end_of_run(const struct piece *p, int i, int count)
{
    const uint8_t weak = p->weak[i], strong = p->strong[i];
    const uint64_t ones = 0x0101010101010101u, weak8 = weak * ones, strong8 = strong * ones;
    for (i++; i + 8 <= count; i += 8) {
        uint64_t w, s;
        memcpy(&w, p->weak + i, 8);
        memcpy(&s, p->strong + i, 8);
        if ((w ^ weak8) | (s ^ strong8)) break;
    }
    while (i < count && p->weak[i] == weak && p->strong[i] == strong) i++;
    return i;
}

static void draw_piece(const struct overlay *o, int x, int y, int count)
{
    struct piece piece;
    read_piece(o, x, y, count, &piece);
    uint8_t *pixels = duet_image_row(o->image, y) + 3 * (size_t)x;
    for (int i = 0, end; i < count; i = end) {
        end = end_of_run(&piece, i, count);
        const struct blender *blender =
            piece.strong[i] ? &o->strong[piece.strong[i]] : &o->weak[piece.weak[i]];
        if (piece.strong[i] || piece.weak[i])
            duet_blend_run(blender, pixels + 3 * (size_t)i, (size_t)(end - i));
    }
}

enum duet_status duet_draw_mask(struct duet_image *image, const struct duet_image *classes, float alpha,
                                bool outline, const struct duet_draw_style *style, struct duet_error *error)
{
    if (image->format != DUET_RGB8 || classes->format != DUET_GRAY8)
        return duet_fail(error, DUET_BAD_ARGUMENT, "a mask is drawn from GRAY8 classes onto an RGB8 image");
    if (image->width != classes->width || image->height != classes->height)
        return duet_fail(error, DUET_MISMATCH, "mask of %dx%d pixels on an image of %dx%d", classes->width,
                         classes->height, image->width, image->height);
    struct overlay o = {.image = image, .classes = classes, .style = style};
    int step = duet_look_for(image, style).line / 2;
    o.step = !outline ? 0 : step < 1 ? 1 : step < PIECE ? step : PIECE;
    int weight = alpha >= 1 ? 256 : alpha > 0 ? (int)(alpha * 256) : 0;
    for (int i = 0; i < 256; i++) {
        struct duet_rgb color = duet_mask_color(duet_style_palette(style), i);
        o.weak[i] = duet_blender(color, weight);
        o.strong[i] = duet_blender(color, 256);
    }
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x += PIECE)
            draw_piece(&o, x, y, image->width - x < PIECE ? image->width - x : PIECE);
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
                                  const struct duet_draw_style *style, struct duet_error *error)
{
    if (image->format != DUET_RGB8)
        return duet_fail(error, DUET_BAD_ARGUMENT, "a legend is drawn onto an RGB8 image");
    struct look look = duet_look_for(image, style);
    int line = (int)(look.text * 1.4f) + 1, swatch = (int)look.text, rows = 0;
    float widest = 0;
    char text[96];
    for (size_t i = 0; i < segments->count; i++) {
        if (segments->items[i].class_id == 0 || duet_style_hides(style, segments->items[i].class_id))
            continue;
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
        if (s->class_id == 0 || duet_style_hides(style, s->class_id)) continue;
        legend_text(s, text, sizeof text);
        int x = panel.x0 + gap;
        duet_fill_area(image, (struct area){x, y + (line - swatch) / 2, x + swatch, y + (line + swatch) / 2},
                       duet_mask_color(duet_style_palette(style), s->class_id));
        duet_draw_text(image, text, (float)(x + swatch + gap), (float)y + ((float)line - look.text) / 2,
                       look.text, (struct duet_rgb){255, 255, 255});
        y += line;
    }
    return DUET_OK;
}
