#include "scene/raster.h"

#include "core/checked.h"
#include "core/fail.h"
#include "core/grow.h"
#include "draw/font.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES   4  /* a pixel's side */
#define BAND_ROWS 16 /* pixels */

/* A directed straight piece of an outline, in samples. */
struct edge {
    float x0, y0, x1, y1;
};

struct crossing {
    float x;
    int turn; /* +1 downwards, -1 upwards */
};

struct raster {
    int width;             /* pixels */
    int first_row;         /* of the band, pixels */
    int rows;              /* of the band, pixels */
    size_t across;         /* samples a row */
    struct color *samples; /* [rows * SAMPLES, across] */
    uint8_t *owners;       /* the same */
    struct edge *edges;    /* of the outline being filled */
    size_t edge_count, edge_capacity;
    struct crossing *crossings; /* of one row of samples: at most one an edge */
    size_t crossing_capacity;
    struct color *shades; /* [width] colours of the fill in one row of pixels, worked out once for all its */
    unsigned *stamps, stamp; /* rows of samples: valid where stamps[x] == stamp */
    bool out_of_memory;
};

/* --- colours and noise -------------------------------------------------------------------------------- */

struct color duet_color_alpha(unsigned rgb, float alpha)
{
    return (struct color){(float)(rgb >> 16 & 255) / 255, (float)(rgb >> 8 & 255) / 255,
                          (float)(rgb & 255) / 255, alpha};
}

struct color duet_color(unsigned rgb)
{
    return duet_color_alpha(rgb, 1);
}

struct color duet_color_mix(struct color a, struct color b, float t)
{
    return (struct color){a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t,
                          a.a + (b.a - a.a) * t};
}

struct color duet_color_scale(struct color c, float factor)
{
    return (struct color){c.r * factor, c.g * factor, c.b * factor, c.a};
}

struct fill duet_fill_plain(struct color color)
{
    return (struct fill){.near = color, .far = color};
}

struct fill duet_fill_rgb(unsigned rgb)
{
    return duet_fill_plain(duet_color(rgb));
}

struct fill duet_fill_between(struct color near, struct color far, float x0, float y0, float x1, float y1)
{
    return (struct fill){.near = near, .far = far, .start = {x0, y0}, .end = {x1, y1}};
}

struct fill duet_fill_upright(unsigned near, unsigned far, float y0, float y1)
{
    return duet_fill_between(duet_color(near), duet_color(far), 0, y0, 0, y1);
}

struct fill duet_fill_shade(shader *shade, const void *ctx)
{
    return (struct fill){.shade = shade, .ctx = ctx};
}

static float lattice(int x, int y, unsigned seed)
{
    uint32_t h = (uint32_t)x * 0x9e3779b1u ^ (uint32_t)y * 0x85ebca77u ^ seed * 0xc2b2ae3du;
    h = (h ^ h >> 15) * 0x2c1b3c6du;
    h = (h ^ h >> 12) * 0x297a2d39u;
    return (float)(h >> 9) / 4194304.0f - 1;
}

float duet_noise(float x, float y, unsigned seed)
{
    float fx = floorf(x), fy = floorf(y), tx = x - fx, ty = y - fy;
    int ix = (int)fx, iy = (int)fy;
    tx = tx * tx * (3 - 2 * tx);
    ty = ty * ty * (3 - 2 * ty);
    float top = lattice(ix, iy, seed) * (1 - tx) + lattice(ix + 1, iy, seed) * tx;
    float bottom = lattice(ix, iy + 1, seed) * (1 - tx) + lattice(ix + 1, iy + 1, seed) * tx;
    return top * (1 - ty) + bottom * ty;
}

float duet_noise_fractal(float x, float y, int octaves, unsigned seed)
{
    float sum = 0, weight = 0.55f;
    for (int i = 0; i < octaves; i++, weight *= 0.5f, x *= 2, y *= 2)
        sum += weight * duet_noise(x, y, seed + (unsigned)i);
    return sum;
}

/* --- outlines ----------------------------------------------------------------------------------------- */

struct mapping duet_mapping_pixels(void)
{
    return (struct mapping){{1, 0, 0, 0, 1, 0, 0, 0, 1}};
}

static struct point map_point(const struct mapping *map, float x, float y)
{
    const float *m = map->m;
    float w = m[6] * x + m[7] * y + m[8];
    return (struct point){(m[0] * x + m[1] * y + m[2]) / w, (m[3] * x + m[4] * y + m[5]) / w};
}

static void add_edge(struct raster *raster, struct point a, struct point b)
{
    if (!DUET_GROW(raster->edges, raster->edge_capacity, raster->edge_count + 1)) {
        raster->out_of_memory = true;
        return;
    }
    /* Samples lie at the middles: a shift by half of one puts them on whole numbers. */
    raster->edges[raster->edge_count++] =
        (struct edge){a.x * SAMPLES - 0.5f, (a.y - (float)raster->first_row) * SAMPLES - 0.5f,
                      b.x * SAMPLES - 0.5f, (b.y - (float)raster->first_row) * SAMPLES - 0.5f};
}

/* Where the outline meets sample row `y`, from left to right. */
static size_t cross_row(struct raster *raster, float y)
{
    size_t count = 0;
    for (size_t i = 0; i < raster->edge_count; i++) {
        struct edge e = raster->edges[i];
        if ((e.y0 <= y) == (e.y1 <= y)) continue;
        float t = (y - e.y0) / (e.y1 - e.y0);
        const struct crossing c = {e.x0 + t * (e.x1 - e.x0), e.y0 <= y ? 1 : -1};
        size_t at = count++;
        for (; at > 0 && raster->crossings[at - 1].x > c.x; at--)
            raster->crossings[at] = raster->crossings[at - 1];
        raster->crossings[at] = c;
    }
    return count;
}

static struct color fill_color(const struct fill *fill, struct point at)
{
    if (fill->shade) return fill->shade(fill->ctx, at);
    float dx = fill->end.x - fill->start.x, dy = fill->end.y - fill->start.y, length = dx * dx + dy * dy;
    if (!(length > 0)) return fill->near;
    float t = ((at.x - fill->start.x) * dx + (at.y - fill->start.y) * dy) / length;
    return duet_color_mix(fill->near, fill->far, fminf(fmaxf(t, 0), 1));
}

static void paint_span(struct raster *raster, size_t row, size_t from, size_t to, const struct fill *fill,
                       int owner)
{
    struct color *sample = raster->samples + row * raster->across;
    float y = (float)raster->first_row + (float)(row / SAMPLES) + 0.5f;
    for (size_t x = from; x < to; x++) {
        size_t pixel = x / SAMPLES;
        if (raster->stamps[pixel] != raster->stamp) {
            raster->stamps[pixel] = raster->stamp;
            raster->shades[pixel] = fill_color(fill, (struct point){(float)pixel + 0.5f, y});
        }
        struct color c = raster->shades[pixel];
        struct color *s = sample + x;
        *s = (struct color){s->r + (c.r - s->r) * c.a, s->g + (c.g - s->g) * c.a, s->b + (c.b - s->b) * c.a,
                            1};
    }
    if (owner != OWNER_KEEP && from < to)
        memset(raster->owners + row * raster->across + from, owner, to - from);
}

/* First sample at or after x, within the raster. */
static size_t sample_at(const struct raster *raster, float x)
{
    return !(x > 0) ? 0 : x >= (float)raster->across ? raster->across : (size_t)ceilf(x);
}

/* Fill what the edges wind around (nonzero rule), and forget them. `fill` is in pixels. */
static void fill_outline(struct raster *raster, const struct fill *fill, int owner)
{
    float top = INFINITY, bottom = -INFINITY;
    if (!DUET_GROW(raster->crossings, raster->crossing_capacity, raster->edge_count)) {
        raster->out_of_memory = true;
        raster->edge_count = 0;
    }
    for (size_t i = 0; i < raster->edge_count; i++) {
        top = fminf(top, fminf(raster->edges[i].y0, raster->edges[i].y1));
        bottom = fmaxf(bottom, fmaxf(raster->edges[i].y0, raster->edges[i].y1));
    }
    int first = (int)fminf(fmaxf(0, ceilf(top)), BAND_ROWS * SAMPLES);
    int last = (int)fminf((float)(raster->rows * SAMPLES - 1), fmaxf(bottom, -1));
    for (int y = first; y <= last; y++) {
        if (y == first || y % SAMPLES == 0) raster->stamp++;
        size_t count = cross_row(raster, (float)y);
        int turns = 0;
        for (size_t i = 0; i + 1 < count; i++) {
            turns += raster->crossings[i].turn;
            if (turns == 0) continue;
            paint_span(raster, (size_t)y, sample_at(raster, raster->crossings[i].x),
                       sample_at(raster, raster->crossings[i + 1].x), fill, owner);
        }
    }
    raster->edge_count = 0;
}

/* --- brushes ------------------------------------------------------------------------------------------ */

static void brush_fill(const struct brush *brush, struct fill fill)
{
    fill.start = map_point(&brush->map, fill.start.x, fill.start.y);
    fill.end = map_point(&brush->map, fill.end.x, fill.end.y);
    fill_outline(brush->raster, &fill, brush->owner);
}

static void brush_edge(const struct brush *brush, struct point a, struct point b)
{
    add_edge(brush->raster, map_point(&brush->map, a.x, a.y), map_point(&brush->map, b.x, b.y));
}

void duet_brush_polygon(const struct brush *brush, const struct point *points, size_t count, struct fill fill)
{
    for (size_t i = 0; i < count; i++) brush_edge(brush, points[i], points[(i + 1) % count]);
    brush_fill(brush, fill);
}

#define ARC_PIECES 8 /* a quarter turn */

void duet_brush_rectangle(const struct brush *brush, float x0, float y0, float x1, float y1, float radius,
                          struct fill fill)
{
    struct point points[4 * (ARC_PIECES + 1)];
    float left = fminf(x0, x1) + radius, right = fmaxf(x0, x1) - radius;
    float top = fminf(y0, y1) + radius, bottom = fmaxf(y0, y1) - radius;
    size_t count = 0;
    for (int corner = 0; corner < 4; corner++)
        for (int i = 0; i <= (radius > 0 ? ARC_PIECES : 0); i++) {
            float angle = 1.57079633f * ((float)corner + (float)i / ARC_PIECES);
            points[count++] =
                (struct point){(corner == 0 || corner == 3 ? right : left) + radius * cosf(angle),
                               (corner < 2 ? bottom : top) + radius * sinf(angle)};
        }
    duet_brush_polygon(brush, points, count, fill);
}

void duet_brush_ellipse(const struct brush *brush, float x, float y, float rx, float ry, struct fill fill)
{
    struct point points[8 * ARC_PIECES];
    for (int i = 0; i < 8 * ARC_PIECES; i++) {
        float angle = 6.28318531f * (float)i / (8 * ARC_PIECES);
        points[i] = (struct point){x + rx * cosf(angle), y + ry * sinf(angle)};
    }
    duet_brush_polygon(brush, points, 8 * ARC_PIECES, fill);
}

struct letters {
    const struct brush *brush;
    struct point origin;
    float stretch;     /* of their width */
    float left, right; /* of the plain outline */
};

static void measure_edge(void *ctx, float x0, float y0, float x1, float y1)
{
    struct letters *l = ctx;
    (void)y0, (void)y1;
    l->left = fminf(l->left, fminf(x0, x1));
    l->right = fmaxf(l->right, fmaxf(x0, x1));
}

static void letter_edge(void *ctx, float x0, float y0, float x1, float y1)
{
    const struct letters *l = ctx;
    brush_edge(l->brush, (struct point){l->origin.x + (x0 - l->left) * l->stretch, l->origin.y - y0},
               (struct point){l->origin.x + (x1 - l->left) * l->stretch, l->origin.y - y1});
}

void duet_brush_text(const struct brush *brush, const char *text, float x, float y, float width, float height,
                     float weight, struct fill fill)
{
    struct letters letters = {.brush = brush, .left = INFINITY, .right = -INFINITY};
    duet_font_outline(text, height, measure_edge, &letters);
    if (!(letters.left < letters.right)) return;
    letters.stretch = (width - 2 * weight) / (letters.right - letters.left);
    /* Copies shifted around a circle thicken the strokes. */
    int copies = weight > 0 ? 8 : 1;
    for (int i = 0; i < copies; i++) {
        float angle = 6.28318531f * (float)i / 8;
        letters.origin = (struct point){x + weight * (1 + cosf(angle)), y + weight * sinf(angle)};
        duet_font_outline(text, height, letter_edge, &letters);
        brush_fill(brush, fill);
    }
}

/* --- rendering ---------------------------------------------------------------------------------------- */

static uint8_t level(float sum)
{
    return (uint8_t)lrintf(fminf(fmaxf(sum * (255.0f / (SAMPLES * SAMPLES)), 0), 255));
}

/* Average the samples of one pixel into rgb; its owner is who has most of them, the higher on a tie. */
static void resolve_pixel(const struct raster *raster, int x, int row, uint8_t *rgb, uint8_t *owner)
{
    float r = 0, g = 0, b = 0;
    int votes[DUET_RASTER_OWNERS] = {0};
    for (int sy = 0; sy < SAMPLES; sy++) {
        size_t at = (size_t)(row * SAMPLES + sy) * raster->across + (size_t)x * SAMPLES;
        for (size_t i = at; i < at + SAMPLES; i++) {
            r += raster->samples[i].r, g += raster->samples[i].g, b += raster->samples[i].b;
            votes[raster->owners[i]]++;
        }
    }
    rgb[0] = level(r), rgb[1] = level(g), rgb[2] = level(b);
    int best = 0;
    for (int i = 1; i < DUET_RASTER_OWNERS; i++)
        if (votes[i] >= votes[best] && votes[i] > 0) best = i;
    *owner = (uint8_t)best;
}

static enum duet_status raster_open(struct raster *raster, int width, struct duet_error *error)
{
    *raster = (struct raster){.width = width, .across = (size_t)width * SAMPLES};
    size_t count;
    bool fits = duet_mul_size(raster->across, BAND_ROWS * SAMPLES, &count);
    raster->samples = fits ? calloc(count, sizeof *raster->samples) : NULL;
    raster->owners = fits ? calloc(count, 1) : NULL;
    raster->shades = calloc((size_t)width, sizeof *raster->shades);
    raster->stamps = calloc((size_t)width, sizeof *raster->stamps);
    if (raster->samples && raster->owners && raster->shades && raster->stamps) return DUET_OK;
    return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory to draw a picture %d pixels wide", width);
}

enum duet_status duet_raster_render(void (*draw)(struct raster *raster, const void *ctx), const void *ctx,
                                    struct duet_image *picture, struct duet_image *owners,
                                    struct duet_error *error)
{
    struct raster raster;
    enum duet_status status = raster_open(&raster, picture->width, error);
    for (int y = 0; status == DUET_OK && y < picture->height; y += BAND_ROWS) {
        raster.first_row = y;
        raster.rows = picture->height - y < BAND_ROWS ? picture->height - y : BAND_ROWS;
        memset(raster.owners, 0, raster.across * BAND_ROWS * SAMPLES);
        memset(raster.samples, 0, raster.across * BAND_ROWS * SAMPLES * sizeof *raster.samples);
        draw(&raster, ctx);
        if (raster.out_of_memory) status = duet_no_memory(error, NULL, "for an outline");
        for (int row = 0; status == DUET_OK && row < raster.rows; row++)
            for (int x = 0; x < raster.width; x++)
                resolve_pixel(&raster, x, row, duet_image_row(picture, y + row) + 3 * (size_t)x,
                              duet_image_row(owners, y + row) + x);
    }
    free(raster.samples);
    free(raster.owners);
    free(raster.shades);
    free(raster.stamps);
    free(raster.edges);
    free(raster.crossings);
    return status;
}
