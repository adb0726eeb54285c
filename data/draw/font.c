#include "draw/font.h"

#include "data/draw/draw.h"

#include "core/text.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* Its assertions guard against rounding and damaged fonts; this font is part of the program, and a library
 * does not abort over a label. */
#define STBTT_assert(x) ((void)0)
#define STB_TRUETYPE_IMPLEMENTATION
#define STBTT_STATIC
#include <stb/stb_truetype.h>

/* Taller text than this is not drawn: it keeps a glyph's bitmap under a few megabytes. */
#define MAX_TEXT_HEIGHT 2048.0f
/* Positions beyond this are off every picture; within it floats keep a fraction of a pixel. */
#define MAX_POSITION 1e6f

extern const unsigned char duet_font_bytes[]; /* font_data.c, made by the build */

/* Walks along a line of text. */
struct walk {
    stbtt_fontinfo font;
    float scale;      /* font units -> pixels */
    const char *rest; /* not yet walked */
    char shown[DUET_CHARACTER_TEXT];
    const char *pending; /* what is left of `shown`, which stands for the character before `rest` */
    float x;             /* pen, pixels from the start */
    int glyph;           /* last one */
    bool started;
};

static bool walk_start(struct walk *walk, const char *text)
{
    *walk = (struct walk){.rest = text, .pending = ""};
    return stbtt_InitFont(&walk->font, duet_font_bytes, stbtt_GetFontOffsetForIndex(duet_font_bytes, 0)) != 0;
}

/* The next code point, of what a terminal would show (core/text.h), so that a name reads alike everywhere. */
static int next_code_point(struct walk *walk)
{
    if (!*walk->pending) {
        struct duet_character c = duet_character_at(walk->rest, SIZE_MAX);
        const char *text = walk->rest;
        walk->rest += c.bytes;
        if (c.plain) return (int)c.code;
        duet_character_show(text, c, walk->shown);
        walk->pending = walk->shown;
    }
    return *walk->pending++;
}

/* Step to the next glyph: its number and the pen's place before it. False at the end. */
static bool walk_next(struct walk *walk, int *glyph, float *x)
{
    if (!*walk->rest && !*walk->pending) return false;
    int next = stbtt_FindGlyphIndex(&walk->font, next_code_point(walk));
    if (walk->started)
        walk->x += (float)stbtt_GetGlyphKernAdvance(&walk->font, walk->glyph, next) * walk->scale;
    *glyph = next;
    *x = walk->x;
    int advance, bearing;
    stbtt_GetGlyphHMetrics(&walk->font, next, &advance, &bearing);
    walk->x += (float)advance * walk->scale;
    walk->glyph = next;
    walk->started = true;
    return true;
}

static bool height_is_drawable(float height)
{
    return height > 0 && height <= MAX_TEXT_HEIGHT; /* false for NaN */
}

float duet_draw_text_width(const char *text, float height)
{
    struct walk walk;
    if (!height_is_drawable(height) || !walk_start(&walk, text)) return 0;
    walk.scale = stbtt_ScaleForPixelHeight(&walk.font, height);
    int glyph;
    float x;
    while (walk_next(&walk, &glyph, &x)) {
    }
    return walk.x;
}

/* Lay `color` over the image by `coverage` [height, width], top left corner at left, top. */
static void blend(struct duet_image *image, const unsigned char *coverage, int width, int height, int left,
                  int top, struct duet_rgb color)
{
    int x0 = left < 0 ? -left : 0, x1 = left + width > image->width ? image->width - left : width;
    int y0 = top < 0 ? -top : 0, y1 = top + height > image->height ? image->height - top : height;
    const int wanted[3] = {color.r, color.g, color.b};
    for (int y = y0; y < y1; y++) {
        uint8_t *row = duet_image_row(image, top + y);
        for (int x = x0; x < x1; x++) {
            int alpha = coverage[(size_t)y * (size_t)width + (size_t)x];
            uint8_t *pixel = row + 3 * (size_t)(left + x);
            for (int c = 0; c < 3; c++)
                pixel[c] = (uint8_t)((pixel[c] * (255 - alpha) + wanted[c] * alpha + 127) / 255);
        }
    }
}

/* One glyph with its origin at x (fractions count) on baseline y. Out of memory leaves it out. */
static void draw_glyph(struct duet_image *image, const struct walk *walk, int glyph, float x, int y,
                       struct duet_rgb color)
{
    float whole = floorf(x), shift = x - whole;
    int x0, y0, x1, y1;
    stbtt_GetGlyphBitmapBoxSubpixel(&walk->font, glyph, walk->scale, walk->scale, shift, 0, &x0, &y0, &x1,
                                    &y1);
    int left = (int)whole + x0, top = y + y0, width = x1 - x0, height = y1 - y0;
    if (width <= 0 || height <= 0 || left >= image->width || top >= image->height || left + width <= 0 ||
        top + height <= 0)
        return;
    unsigned char *coverage = calloc((size_t)width, (size_t)height);
    if (!coverage) return;
    stbtt_MakeGlyphBitmapSubpixel(&walk->font, coverage, width, height, width, walk->scale, walk->scale,
                                  shift, 0, glyph);
    blend(image, coverage, width, height, left, top, color);
    free(coverage);
}

void duet_draw_text(struct duet_image *image, const char *text, float x, float y, float height,
                    struct duet_rgb color)
{
    struct walk walk;
    if (image->format != DUET_RGB8 || !height_is_drawable(height) || !(fabsf(x) < MAX_POSITION) ||
        !(fabsf(y) < MAX_POSITION) || !walk_start(&walk, text))
        return;
    walk.scale = stbtt_ScaleForPixelHeight(&walk.font, height);
    int ascent, descent, gap, glyph;
    stbtt_GetFontVMetrics(&walk.font, &ascent, &descent, &gap);
    /* On whole rows horizontal strokes stay sharp. */
    int baseline = (int)lrintf(y + (float)ascent * walk.scale);
    float pen;
    while (walk_next(&walk, &glyph, &pen) && x + pen < (float)image->width)
        draw_glyph(image, &walk, glyph, x + pen, baseline, color);
}

/* --- outlines ----------------------------------------------------------------------------------------- */

/* Pieces a curve is cut into. */
#define CURVE_PIECES 8

static void emit_outline(const stbtt_vertex *v, int count, float x, float scale, duet_font_edge *edge,
                         void *ctx)
{
    float px = 0, py = 0;
    for (int i = 0; i < count; i++) {
        float qx = x + scale * (float)v[i].x, qy = -scale * (float)v[i].y;
        float cx = x + scale * (float)v[i].cx, cy = -scale * (float)v[i].cy;
        if (v[i].type == STBTT_vline) edge(ctx, px, py, qx, qy);
        float fx = px, fy = py;
        for (int k = 1; v[i].type == STBTT_vcurve && k <= CURVE_PIECES; k++) {
            float t = (float)k / CURVE_PIECES, a = (1 - t) * (1 - t), b = 2 * t * (1 - t), c = t * t;
            float nx = k == CURVE_PIECES ? qx : a * px + b * cx + c * qx;
            float ny = k == CURVE_PIECES ? qy : a * py + b * cy + c * qy;
            edge(ctx, fx, fy, nx, ny);
            fx = nx, fy = ny;
        }
        px = qx, py = qy;
    }
}

void duet_font_outline(const char *text, float cap_height, duet_font_edge *edge, void *ctx)
{
    struct walk walk;
    if (!height_is_drawable(cap_height) || !walk_start(&walk, text)) return;
    int x0, y0, x1, y1, glyph;
    if (!stbtt_GetCodepointBox(&walk.font, 'H', &x0, &y0, &x1, &y1) || y1 <= 0) return;
    walk.scale = cap_height / (float)y1;
    float pen;
    while (walk_next(&walk, &glyph, &pen)) {
        stbtt_vertex *vertices = NULL;
        int count = stbtt_GetGlyphShape(&walk.font, glyph, &vertices);
        emit_outline(vertices, count, pen, walk.scale, edge, ctx);
        stbtt_FreeShape(&walk.font, vertices);
    }
}
