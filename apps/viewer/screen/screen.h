/* screen.h: all that is seen: the frame with its overlay, panels and a message over it, bars around it. Drawn
 * onto the window's canvas; knows nothing of keys, threads and inputs. */
#ifndef DUET_APPS_VIEWER_SCREEN_SCREEN_H
#define DUET_APPS_VIEWER_SCREEN_SCREEN_H

#include "viewer/screen/hud.h"
#include "viewer/screen/layout.h"
#include "viewer/screen/legend.h"
#include "viewer/screen/overlay.h"
#include "viewer/screen/window.h"

/* What can be there or not. */
enum { VIEWER_BARS = 1, VIEWER_HELP = 2, VIEWER_SIDE_BY_SIDE = 4 };

/* A line over the picture. */
struct viewer_message {
    char text[512];
    enum viewer_tone tone;
    double until; /* of the clock; INFINITY: it stays */
};

/* Zero to begin with but for what is said. */
struct viewer_screen {
    struct viewer_window window;
    double enlarged; /* text and lines, this much: > 0 */
    unsigned parts;
    struct viewer_look look;
    struct viewer_legend legend;
    struct viewer_message message;
    int mouse_x, mouse_y; /* on the canvas; -1: not over it */
    bool stale;           /* what is seen is no longer so: to be drawn */

    struct viewer_layout layout;
    float scale; /* canvas pixels a point of text and lines */
    struct viewer_overlay overlay;
    struct duet_image composed; /* the picture with its overlay, as on the canvas; none: to be drawn anew */
};

/* Say something over the picture for some seconds. */
void viewer_screen_say(struct viewer_screen *screen, enum viewer_tone tone, double seconds,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The overlay has to be drawn anew: the look is another. */
void viewer_screen_look_changed(struct viewer_screen *screen);
/* So it has, and the legend's rows are others: the frame is another, its results, what is hidden. */
void viewer_screen_list_classes(struct viewer_screen *screen, const struct viewer_shown *shown);

/* Draw the canvas. `help`: over the picture, where it is wanted. */
enum duet_status viewer_screen_draw(struct viewer_screen *screen, const struct viewer_figures *figures,
                                    const struct duet_panel *help, struct duet_error *error);

/* The pictures; the window has calls of its own. */
void viewer_screen_close(struct viewer_screen *screen);

#endif
