/* raster.h: smooth polygons in perspective, and who covers which pixel. Internal to the scene generator.
 *
 * A picture is drawn in bands of a few rows, each with 4x4 samples a pixel: every fill sets whole samples,
 * colour and owner alike, so that edges come out smooth, neighbours leave no seam, and the owner of a pixel
 * is whoever has most of its samples. Memory does not grow with the picture's height.
 */
#ifndef DUET_SCENE_RASTER_H
#define DUET_SCENE_RASTER_H

#include "duet/image.h"

#include <stdbool.h>
#include <stddef.h>

struct color {
    float r, g, b, a; /* 0..1, as in the file (sRGB), alpha last */
};

struct point {
    float x, y;
};

/* Colour of the pixel whose middle is `at`. */
typedef struct color shader(const void *ctx, struct point at);

/* How an outline is filled: by `shade`, or from `near` at `start` to `far` at `end` (local coordinates; where
 * the two are equal, all `near`). */
struct fill {
    struct color near, far;
    struct point start, end;
    shader *shade;
    const void *ctx;
};

/* Local coordinates -> pixels: (m[0] x + m[1] y + m[2], m[3] x + m[4] y + m[5]) / (m[6] x + m[7] y + m[8]).
 */
struct mapping {
    float m[9];
};

struct raster; /* one band */

/* What draws on it: where local coordinates lie and who owns the samples. */
struct brush {
    struct raster *raster;
    struct mapping map;
    int owner; /* 0..DUET_RASTER_OWNERS-1; OWNER_KEEP: whoever owned them before */
};

#define OWNER_KEEP         (-1)
#define DUET_RASTER_OWNERS 8

struct color duet_color(unsigned rgb);                                /* 0xrrggbb */
struct color duet_color_alpha(unsigned rgb, float alpha);             /* 0xrrggbb */
struct color duet_color_mix(struct color a, struct color b, float t); /* t = 0: a */
struct color duet_color_scale(struct color c, float factor);          /* brightness */

struct fill duet_fill_plain(struct color color);
struct fill duet_fill_rgb(unsigned rgb); /* 0xrrggbb */
struct fill duet_fill_between(struct color near, struct color far, float x0, float y0, float x1, float y1);
struct fill duet_fill_upright(unsigned near, unsigned far, float y0, float y1); /* 0xrrggbb */
struct fill duet_fill_shade(shader *shade, const void *ctx);

struct mapping duet_mapping_pixels(void);

/* Smooth noise of -1..1 with lattice cells of one unit. */
float duet_noise(float x, float y, unsigned seed);
/* Its sum over `octaves` halved scales, about -1..1. */
float duet_noise_fractal(float x, float y, int octaves, unsigned seed);

void duet_brush_polygon(const struct brush *brush, const struct point *points, size_t count,
                        struct fill fill);
/* Corners in any order; `radius` rounds them. */
void duet_brush_rectangle(const struct brush *brush, float x0, float y0, float x1, float y1, float radius,
                          struct fill fill);
void duet_brush_ellipse(const struct brush *brush, float x, float y, float rx, float ry, struct fill fill);
/* Letters from x to x + width, capitals `height` tall, on baseline y; y grows upwards. `weight` thickens the
 * strokes by so much on every side. */
void duet_brush_text(const struct brush *brush, const char *text, float x, float y, float width, float height,
                     float weight, struct fill fill);

/* Draw `picture` (RGB8) and `owners` (GRAY8, the same size) band by band: `draw` is called for each and must
 * do the same every time; what it leaves out is black. Errors: DUET_OUT_OF_MEMORY. */
enum duet_status duet_raster_render(void (*draw)(struct raster *raster, const void *ctx), const void *ctx,
                                    struct duet_image *picture, struct duet_image *owners,
                                    struct duet_error *error);

#endif
