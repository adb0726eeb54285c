/* inspect.h: what the mouse points at: a box, a pixel, and what is to be said of them. Points are of the
 * canvas. */
#ifndef DUET_APPS_VIEWER_SCREEN_INSPECT_H
#define DUET_APPS_VIEWER_SCREEN_INSPECT_H

#include "viewer/screen/layout.h"
#include "viewer/screen/overlay.h"
#include "viewer/stages/exchange.h"

/* The detection whose box is drawn at that point, the smallest: 1 + its index; 0: none. */
size_t viewer_inspect_box(const struct viewer_shown *shown, const struct viewer_look *look,
                          const struct viewer_layout *layout, int x, int y);

/* A panel about the selected box, if one is. */
void viewer_inspect_draw_box(const struct viewer_shown *shown, const struct viewer_look *look,
                             struct duet_image *view, const struct duet_draw_style *style);

/* One about what the network thinks of the pixel at that point, if there is one. */
void viewer_inspect_draw_pixel(const struct viewer_shown *shown, const struct viewer_layout *layout, int at_x,
                               int at_y, struct duet_image *view, const struct duet_draw_style *style);

#endif
