#include "draw/parts.h"

#include <math.h>

struct blender duet_blender(struct duet_rgb color, int alpha)
{
    const int channels[3] = {color.r, color.g, color.b};
    struct blender b = {.keep = (uint16_t)(256 - alpha)};
    for (int i = 0; i < 48; i++) b.add[i] = (uint16_t)(channels[i % 3] * alpha + 128);
    return b;
}

/* At most 255 * 256 + 128: sixteen bits hold it, and so eight bytes of a picture go into one instruction of
 * any machine. */
static inline uint8_t blended(uint8_t byte, uint16_t keep, uint16_t add)
{
    return (uint8_t)((uint16_t)((uint16_t)(byte * keep) + add) >> 8);
}

void duet_blend_run(const struct blender *b, uint8_t *pixels, size_t count)
{
    size_t bytes = 3 * count;
    for (; bytes >= 48; bytes -= 48, pixels += 48)
        for (size_t i = 0; i < 48; i++) pixels[i] = blended(pixels[i], b->keep, b->add[i]);
    for (size_t i = 0; i < bytes; i++) pixels[i] = blended(pixels[i], b->keep, b->add[i]);
}

static struct area clip_area(const struct duet_image *image, struct area a)
{
    return (struct area){duet_clamp_int(a.x0, 0, image->width), duet_clamp_int(a.y0, 0, image->height),
                         duet_clamp_int(a.x1, 0, image->width), duet_clamp_int(a.y1, 0, image->height)};
}

void duet_blend_area(struct duet_image *image, struct area a, struct duet_rgb color, int alpha)
{
    a = clip_area(image, a);
    if (a.x0 >= a.x1) return;
    struct blender b = duet_blender(color, alpha);
    for (int y = a.y0; y < a.y1; y++)
        duet_blend_run(&b, duet_image_row(image, y) + 3 * (size_t)a.x0, (size_t)(a.x1 - a.x0));
}

void duet_fill_area(struct duet_image *image, struct area a, struct duet_rgb color)
{
    a = clip_area(image, a);
    for (int y = a.y0; y < a.y1; y++) {
        uint8_t *pixel = duet_image_row(image, y) + 3 * (size_t)a.x0;
        for (int x = a.x0; x < a.x1; x++, pixel += 3)
            pixel[0] = color.r, pixel[1] = color.g, pixel[2] = color.b;
    }
}

void duet_shade_area(struct duet_image *image, struct area a)
{
    a = clip_area(image, a);
    for (int y = a.y0; y < a.y1; y++) {
        uint8_t *byte = duet_image_row(image, y) + 3 * (size_t)a.x0;
        for (int i = 3 * (a.x1 - a.x0); i > 0; i--, byte++) *byte = (uint8_t)(*byte / 2);
    }
}

/* How much of the pixel at column, row of a corner's square lies within the quarter circle, 0 .. 256. */
static int corner_cover(int radius, int column, int row)
{
    float dx = (float)(radius - column) - 0.5f, dy = (float)(radius - row) - 0.5f;
    float inside = (float)radius + 0.5f - sqrtf(dx * dx + dy * dy);
    return (int)(256 * fminf(fmaxf(inside, 0), 1));
}

static void blend_corners(struct duet_image *image, struct area a, int radius, struct duet_rgb color,
                          int alpha)
{
    for (int row = 0; row < radius; row++)
        for (int column = 0; column < radius; column++) {
            int cover = alpha * corner_cover(radius, column, row) / 256;
            int left = a.x0 + column, right = a.x1 - 1 - column, top = a.y0 + row, bottom = a.y1 - 1 - row;
            duet_blend_area(image, (struct area){left, top, left + 1, top + 1}, color, cover);
            duet_blend_area(image, (struct area){right, top, right + 1, top + 1}, color, cover);
            duet_blend_area(image, (struct area){left, bottom, left + 1, bottom + 1}, color, cover);
            duet_blend_area(image, (struct area){right, bottom, right + 1, bottom + 1}, color, cover);
        }
}

void duet_blend_rounded(struct duet_image *image, struct area a, int radius, struct duet_rgb color, int alpha)
{
    int width = a.x1 - a.x0, height = a.y1 - a.y0;
    if (width <= 0 || height <= 0) return;
    if (radius > width / 2) radius = width / 2;
    if (radius > height / 2) radius = height / 2;
    duet_blend_area(image, (struct area){a.x0 + radius, a.y0, a.x1 - radius, a.y0 + radius}, color, alpha);
    duet_blend_area(image, (struct area){a.x0, a.y0 + radius, a.x1, a.y1 - radius}, color, alpha);
    duet_blend_area(image, (struct area){a.x0 + radius, a.y1 - radius, a.x1 - radius, a.y1}, color, alpha);
    blend_corners(image, a, radius, color, alpha);
}
