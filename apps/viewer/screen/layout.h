/* layout.h: what goes where on the canvas: a bar of figures on top, the picture (twice, side by side), a
 * status bar at the bottom. The bars have room of their own: they hide nothing and can be read over any
 * picture. */
#ifndef DUET_APPS_VIEWER_SCREEN_LAYOUT_H
#define DUET_APPS_VIEWER_SCREEN_LAYOUT_H

#include "duet/image.h"

#include <stdbool.h>

enum { VIEWER_TOP_BAR = 38, VIEWER_BOTTOM_BAR = 28 }; /* points */

struct viewer_rect {
    int x, y, width, height;
};

struct viewer_layout {
    struct viewer_rect top, bottom; /* height 0: not shown */
    struct viewer_rect view;        /* between them */
    struct viewer_rect panes[2];    /* pictures; [1] only side by side */
    int pane_count;
};

/* For a picture of width x height on a canvas: as large as fits, in the middle. `scale`: pixels a point. */
struct viewer_layout viewer_layout_make(const struct duet_image *canvas, float scale, bool bars,
                                        bool side_by_side, int width, int height);

/* That part of the canvas, as a picture of its own; borrows the pixels. */
struct duet_image viewer_layout_part(const struct duet_image *canvas, struct viewer_rect rect);

#endif
