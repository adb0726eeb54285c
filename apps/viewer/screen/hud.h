/* hud.h: the bars: figures on top, where we are at the bottom; and lines of text over the picture. */
#ifndef DUET_APPS_VIEWER_SCREEN_HUD_H
#define DUET_APPS_VIEWER_SCREEN_HUD_H

#include "viewer/screen/layout.h"

#include <stddef.h>
#include <stdint.h>

/* What the bars say. */
struct viewer_figures {
    double rate;          /* frames a second; 0: none */
    double inference;     /* seconds; 0: none */
    double p50, p95, p99; /* latency, seconds */
    bool latency;         /* they mean something */
    double age;           /* of what is shown, seconds; < 0: it stands still */
    uint64_t dropped;
    int threads;
    const char *level;  /* of the kernels */
    const char *choice; /* the deadline controller's; "": none */
    const char *name;   /* of the input */
    int input, inputs;  /* index, how many */
    bool moving, live, ended, paused, recording, busy;
    int64_t frame;
    double time, duration; /* duration 0: not known */
    double speed;
    float threshold;
    bool boxes; /* the threshold means something */
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
