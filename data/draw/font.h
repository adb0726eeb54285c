/* font.h: DejaVu Sans, built in at compile time. Internal to duet-data. */
#ifndef DUET_DATA_DRAW_FONT_H
#define DUET_DATA_DRAW_FONT_H

/* One straight piece of an outline, in pixels, y downwards. */
typedef void duet_font_edge(void *ctx, float x0, float y0, float x1, float y1);

/* Hand the outlines of `text` to `edge`, curves as short straight pieces: first letter's left end at x = 0,
 * baseline at y = 0, capitals `cap_height` tall. Filled by the nonzero rule they are the letters. */
void duet_font_outline(const char *text, float cap_height, duet_font_edge *edge, void *ctx);

#endif
