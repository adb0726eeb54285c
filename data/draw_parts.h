/* draw_parts.h: what boxes, masks and legends are drawn with. Internal to duet-data. */
#ifndef DUET_DATA_DRAW_PARTS_H
#define DUET_DATA_DRAW_PARTS_H

#include "duet/draw.h"

/* Pixels x0 <= x < x1, y0 <= y < y1. */
struct area {
    int x0, y0, x1, y1;
};

static inline int duet_clamp_int(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

/* Both clip to the image, which is RGB8. */
void duet_fill_area(struct duet_image *image, struct area a, struct duet_rgb color);
/* Halve the brightness: the dark edge that keeps a bright line visible on a bright picture. */
void duet_shade_area(struct duet_image *image, struct area a);

/* Black or white, whichever reads better on `ground`. */
struct duet_rgb duet_ink_on(struct duet_rgb ground);

/* Sizes that follow the picture's. */
struct look {
    int line;    /* width of a box's border, pixels */
    float text;  /* height of its label */
    int padding; /* between label and edge of the tag */
};

struct look duet_look_for(const struct duet_image *image);

#endif
