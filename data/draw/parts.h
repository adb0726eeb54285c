/* parts.h: what boxes, masks, legends and panels are drawn with. Internal to duet-data. */
#ifndef DUET_DATA_DRAW_PARTS_H
#define DUET_DATA_DRAW_PARTS_H

#include "data/draw/draw.h"

/* Pixels x0 <= x < x1, y0 <= y < y1. */
struct area {
    int x0, y0, x1, y1;
};

static inline int duet_clamp_int(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

/* All of them clip to the image, which is RGB8. */
void duet_fill_area(struct duet_image *image, struct area a, struct duet_rgb color);
/* Halve the brightness: the dark edge that keeps a bright line visible on a bright picture. */
void duet_shade_area(struct duet_image *image, struct area a);
/* Lay a colour over it, alpha 0 .. 256 of it. */
void duet_blend_area(struct duet_image *image, struct area a, struct duet_rgb color, int alpha);
/* The same with rounded corners. */
void duet_blend_rounded(struct duet_image *image, struct area a, int radius, struct duet_rgb color,
                        int alpha);

/* pixel = (pixel * keep + add) >> 8, many at a time. */
struct blender {
    uint16_t add[48]; /* color * alpha + 128 for 16 pixels */
    uint16_t keep;    /* 256 - alpha */
};

struct blender duet_blender(struct duet_rgb color, int alpha);
void duet_blend_run(const struct blender *blender, uint8_t *pixels, size_t count);

/* Sizes that follow the picture's, or the style's. */
struct look {
    int line;    /* width of a box's border, pixels */
    float text;  /* height of its label */
    int padding; /* between label and edge of the tag */
};

struct look duet_look_for(const struct duet_image *image, const struct duet_draw_style *style);

/* style->scale; 1 for NULL, 0 and nonsense. */
float duet_style_scale(const struct duet_draw_style *style);

static inline bool duet_style_hides(const struct duet_draw_style *style, int class_id)
{
    return style && style->hidden && class_id >= 0 && class_id < 256 && style->hidden[class_id];
}

static inline enum duet_palette duet_style_palette(const struct duet_draw_style *style)
{
    return style ? style->palette : DUET_PALETTE_NORMAL;
}

#endif
