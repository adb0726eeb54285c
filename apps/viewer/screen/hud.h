/* hud.h: the bars: figures on top, where we are at the bottom; and lines of text over the picture. */
#ifndef DUET_APPS_VIEWER_SCREEN_HUD_H
#define DUET_APPS_VIEWER_SCREEN_HUD_H

#include "viewer/screen/layout.h"
#include "viewer/screen/overlay.h"
#include "viewer/stages/exchange.h"
#include "viewer/stages/stats.h"

/* What there is to be shown, and what the bars say of it. All borrowed. */
struct viewer_figures {
    double now; /* of the clock */
    const struct viewer_shown *shown;
    const struct viewer_source *source;
    const struct viewer_stats *stats;
    const struct viewer_look *look;
    const char *name; /* of the input */
    int inputs;       /* how many there are */
    int threads;
    const char *level; /* of the kernels; NULL: not known */
    const char *precision;
    double speed;
    bool paused, runs; /* runs: frames follow each other */
    bool recording;
};

void viewer_hud_draw(struct duet_image *canvas, const struct viewer_layout *layout, float scale,
                     const struct viewer_figures *figures);

/* Where in the input's time the point lies: 0 .. 1 along the progress line; < 0: not on it. */
double viewer_hud_seek_at(const struct viewer_layout *layout, float scale, int x, int y);

enum viewer_tone { VIEWER_TELL, VIEWER_WARN };

/* A line over the picture, near the bottom of the view. */
void viewer_hud_toast(struct duet_image *canvas, const struct viewer_layout *layout, float scale,
                      const char *text, enum viewer_tone tone);

#endif
