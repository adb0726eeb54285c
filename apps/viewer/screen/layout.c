#include "viewer/screen/layout.h"

#include <math.h>

/* The largest rectangle of the picture's shape in the middle of `room`. */
static struct viewer_rect fit(struct viewer_rect room, int width, int height)
{
    double ratio = fmin((double)room.width / width, (double)room.height / height);
    int w = (int)lrint(width * ratio), h = (int)lrint(height * ratio);
    w = w < 1 ? 1 : w > room.width ? room.width : w;
    h = h < 1 ? 1 : h > room.height ? room.height : h;
    return (struct viewer_rect){room.x + (room.width - w) / 2, room.y + (room.height - h) / 2, w, h};
}

/* Two panes beside or above each other, whichever shows more. */
static void split(struct viewer_layout *layout, int width, int height)
{
    enum { GAP = 2 };
    struct viewer_rect v = layout->view, wide = v, high = v;
    wide.width = (v.width - GAP) / 2;
    high.height = (v.height - GAP) / 2;
    if (wide.width < 1 || high.height < 1) return;
    bool beside = fit(wide, width, height).width >= fit(high, width, height).width;
    struct viewer_rect first = beside ? wide : high, second = first;
    if (beside)
        second.x += wide.width + GAP;
    else
        second.y += high.height + GAP;
    layout->panes[0] = fit(first, width, height);
    layout->panes[1] = fit(second, width, height);
    layout->pane_count = 2;
}

struct viewer_layout viewer_layout_make(const struct duet_image *canvas, float scale, bool bars,
                                        bool side_by_side, int width, int height)
{
    struct viewer_layout layout = {.pane_count = 1};
    int top = (int)lrintf(VIEWER_TOP_BAR * scale), bottom = (int)lrintf(VIEWER_BOTTOM_BAR * scale);
    if (!bars || canvas->height < 2 * (top + bottom)) top = bottom = 0;
    layout.top = (struct viewer_rect){0, 0, canvas->width, top};
    layout.bottom = (struct viewer_rect){0, canvas->height - bottom, canvas->width, bottom};
    layout.view = (struct viewer_rect){0, top, canvas->width, canvas->height - top - bottom};
    if (width < 1 || height < 1) width = height = 1;
    layout.panes[0] = fit(layout.view, width, height);
    if (side_by_side) split(&layout, width, height);
    return layout;
}

struct duet_image viewer_layout_part(const struct duet_image *canvas, struct viewer_rect rect)
{
    return (struct duet_image){rect.width, rect.height, canvas->format, canvas->stride,
                               duet_image_row(canvas, rect.y) + 3 * (size_t)rect.x};
}
