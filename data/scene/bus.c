/* A city bus of 10.6 metres. */
#include "scene/parts.h"

#include <math.h>

#define LENGTH 10.6f
#define WIDTH  2.5f
#define ROOF   3.05f
#define FLOOR  0.34f

static struct vec along(const struct bus *bus)
{
    return (struct vec){cosf(bus->turn), 0, -sinf(bus->turn)};
}

/* Away from the camera, across the bus. */
static struct vec across(const struct bus *bus)
{
    return (struct vec){sinf(bus->turn), 0, cosf(bus->turn)};
}

/* A plane of the bus: its origin lies so far along from the middle and across, on the ground. */
static struct brush brush_at(struct raster *raster, const struct bus *bus, float s, float q, struct vec right)
{
    struct vec origin = duet_vec_add(duet_vec_add(bus->middle, along(bus), s), across(bus), q);
    struct mapping map = duet_camera_plane(bus->camera, origin, right, (struct vec){0, 1, 0});
    return (struct brush){raster, map, bus->owner};
}

/* A pane: sky mirrored above, dark inside below. */
static void draw_pane(const struct brush *b, const struct bus *bus, float x0, float y0, float x1, float y1)
{
    struct color mirrored = duet_color_mix(bus->sky, duet_color(0x22303c), 0.45f);
    duet_brush_rectangle(b, x0, y0, x1, y1, 0.08f, duet_fill_rgb(0x10161c));
    duet_brush_rectangle(b, x0 + 0.03f, y0 + 0.03f, x1 - 0.03f, y1 - 0.03f, 0.06f,
                         duet_fill_between(mirrored, duet_color(0x1c2832), 0, y1, 0, y0 + 0.25f * (y1 - y0)));
    float w = x1 - x0, h = y1 - y0;
    const struct point glint[] = {{x0 + 0.22f * w, y0 + 0.04f},
                                  {x0 + 0.4f * w, y0 + 0.04f},
                                  {x0 + 0.4f * w + 0.3f * h, y1 - 0.04f},
                                  {x0 + 0.22f * w + 0.3f * h, y1 - 0.04f}};
    if (glint[2].x < x1 - 0.03f)
        duet_brush_polygon(b, glint, 4, duet_fill_plain(duet_color_alpha(0xffffff, 0.09f)));
}

static void draw_wheel(const struct brush *b, float x)
{
    duet_brush_ellipse(b, x, 0.52f, 0.66f, 0.68f, duet_fill_rgb(0x14171a));
    duet_brush_ellipse(b, x, 0.5f, 0.5f, 0.5f, duet_fill_upright(0x34373a, 0x191b1d, 1, 0));
    duet_brush_ellipse(b, x, 0.5f, 0.42f, 0.42f, duet_fill_rgb(0x222426));
    duet_brush_ellipse(b, x, 0.5f, 0.3f, 0.3f, duet_fill_upright(0xd3d7da, 0x7f868c, 0.8f, 0.2f));
    duet_brush_ellipse(b, x, 0.5f, 0.22f, 0.22f, duet_fill_rgb(0x6d747a));
    for (int i = 0; i < 8; i++) {
        float angle = 0.785398f * (float)i;
        duet_brush_ellipse(b, x + 0.17f * cosf(angle), 0.5f + 0.17f * sinf(angle), 0.03f, 0.03f,
                           duet_fill_rgb(0x23272b));
    }
    duet_brush_ellipse(b, x, 0.5f, 0.09f, 0.09f, duet_fill_rgb(0xc2c7cb));
}

static void draw_door(const struct brush *b, const struct bus *bus, float x)
{
    duet_brush_rectangle(b, x, FLOOR + 0.06f, x + 1.25f, 2.62f, 0.05f, duet_fill_rgb(0x1a1e22));
    for (int leaf = 0; leaf < 2; leaf++) {
        float left = x + 0.05f + 0.59f * (float)leaf;
        draw_pane(b, bus, left, FLOOR + 0.16f, left + 0.55f, 2.55f);
    }
}

static void draw_side(struct raster *raster, const struct bus *bus)
{
    struct brush b = brush_at(raster, bus, -LENGTH / 2, -WIDTH / 2, along(bus));
    struct color dark = duet_color_scale(bus->paint, 0.72f),
                 light = duet_color_mix(bus->paint, duet_color(0xffffff), 0.12f);
    duet_brush_rectangle(&b, 0, FLOOR, LENGTH, ROOF, 0.16f, duet_fill_between(light, dark, 0, 2.6f, 0, 0.4f));
    duet_brush_rectangle(&b, 0.05f, 2.72f, LENGTH, ROOF, 0.14f,
                         duet_fill_upright(0xffffff, 0xd5d9dc, ROOF, 2.72f));
    duet_brush_rectangle(&b, 0.02f, FLOOR, LENGTH, 0.6f, 0.02f,
                         duet_fill_plain(duet_color_scale(dark, 0.55f)));
    duet_brush_rectangle(&b, 0, 1.02f, LENGTH, 1.22f, 0, duet_fill_plain(bus->stripe));
    duet_brush_rectangle(&b, 0.25f, 1.36f, LENGTH - 0.05f, 2.64f, 0.1f, duet_fill_rgb(0x171c21));
    for (int i = 0; i < 7; i++) {
        float x = 0.35f + 1.14f * (float)i;
        draw_pane(&b, bus, x, 1.42f, x + 1.06f, 2.58f);
    }
    draw_door(&b, bus, 4.72f);
    draw_door(&b, bus, 8.5f);
    draw_pane(&b, bus, 9.86f, 1.42f, 10.48f, 2.58f);
    for (int i = 0; i < 3; i++) { /* panel joints */
        float x = (const float[]){0.9f, 3.4f, 6.5f}[i];
        duet_brush_rectangle(&b, x, 0.62f, x + 0.02f, 1.02f, 0, duet_fill_plain(duet_color_alpha(0, 0.25f)));
    }
    duet_brush_rectangle(&b, 6.3f, 0.78f, 6.42f, 0.86f, 0.02f, duet_fill_rgb(0xf2a516));
    duet_brush_rectangle(&b, 0.12f, 0.78f, 0.24f, 0.86f, 0.02f, duet_fill_rgb(0xd03020));
    duet_brush_text(&b, "CITY LINE", 1.0f, 2.79f, 1.3f, 0.18f, 0.01f, duet_fill_plain(dark));
    draw_wheel(&b, 2.3f);
    draw_wheel(&b, 7.75f);
}

static void draw_lamp(const struct brush *b, float x)
{
    duet_brush_ellipse(b, x, 0.86f, 0.2f, 0.14f, duet_fill_rgb(0x3b4147));
    duet_brush_ellipse(b, x, 0.86f, 0.17f, 0.11f, duet_fill_upright(0xffffff, 0xb9c4cc, 0.95f, 0.75f));
    duet_brush_ellipse(b, x, 0.87f, 0.07f, 0.06f, duet_fill_rgb(0xfffdf2));
}

static void draw_front(struct raster *raster, const struct bus *bus)
{
    struct brush b = brush_at(raster, bus, LENGTH / 2, -WIDTH / 2, across(bus));
    struct color bright = duet_color_mix(bus->paint, duet_color(0xffffff), 0.22f),
                 low = duet_color_scale(bus->paint, 0.8f);
    duet_brush_rectangle(&b, 0, FLOOR, WIDTH, ROOF, 0.16f, duet_fill_between(bright, low, 0, 2.8f, 0, 0.4f));
    duet_brush_rectangle(&b, 0, 2.72f, WIDTH, ROOF, 0.14f, duet_fill_rgb(0xe8ebed));
    duet_brush_rectangle(&b, 0.1f, 1.18f, WIDTH - 0.1f, 2.96f, 0.16f, duet_fill_rgb(0x14191e));
    struct color glass = duet_color_mix(bus->sky, duet_color(0x2a3a48), 0.3f);
    duet_brush_rectangle(&b, 0.17f, 1.24f, WIDTH - 0.17f, 2.5f, 0.12f,
                         duet_fill_between(glass, duet_color(0x24323d), 0, 2.5f, 0, 1.45f));
    const struct point glint[] = {{0.5f, 1.26f}, {0.9f, 1.26f}, {1.5f, 2.48f}, {1.1f, 2.48f}};
    duet_brush_polygon(&b, glint, 4, duet_fill_plain(duet_color_alpha(0xffffff, 0.12f)));
    duet_brush_rectangle(&b, WIDTH / 2 - 0.02f, 1.24f, WIDTH / 2 + 0.02f, 2.5f, 0, duet_fill_rgb(0x14191e));
    duet_brush_text(&b, "42 CENTRE", 0.4f, 2.62f, 1.7f, 0.24f, 0.014f, duet_fill_rgb(0xffb329));
    duet_brush_rectangle(&b, 0.75f, 0.72f, WIDTH - 0.75f, 1.02f, 0.05f, duet_fill_rgb(0x24282c));
    for (int i = 0; i < 3; i++) {
        float y = 0.79f + 0.08f * (float)i;
        duet_brush_rectangle(&b, 0.8f, y, WIDTH - 0.8f, y + 0.025f, 0, duet_fill_rgb(0x5a6168));
    }
    draw_lamp(&b, 0.38f);
    draw_lamp(&b, WIDTH - 0.38f);
    duet_brush_rectangle(&b, 0, FLOOR, WIDTH, 0.6f, 0.08f,
                         duet_fill_upright(0x4a5056, 0x202428, 0.6f, FLOOR));
    duet_brush_rectangle(&b, WIDTH / 2 - 0.28f, 0.42f, WIDTH / 2 + 0.28f, 0.55f, 0.01f,
                         duet_fill_rgb(0xf2f2ea));
    for (int side = 0; side < 2; side++) { /* mirrors */
        float x = side ? WIDTH + 0.08f : -0.3f;
        duet_brush_rectangle(&b, x, 1.85f, x + 0.22f, 2.4f, 0.06f, duet_fill_rgb(0x1b1f23));
        duet_brush_rectangle(&b, side ? WIDTH - 0.1f : -0.12f, 2.42f, side ? WIDTH + 0.22f : 0.1f, 2.48f,
                             0.02f, duet_fill_rgb(0x1b1f23));
    }
}

static void draw_shadow(struct raster *raster, const struct bus *bus)
{
    struct brush b = {raster, duet_camera_plane(bus->camera, bus->middle, along(bus), across(bus)),
                      OWNER_KEEP};
    for (int i = 0; i < 5; i++) { /* softer towards its edge */
        float more = 0.5f - 0.14f * (float)i;
        duet_brush_rectangle(&b, -LENGTH / 2 - more, -WIDTH / 2 - more - 0.2f, LENGTH / 2 + more,
                             WIDTH / 2 + more, 0.3f, duet_fill_plain(duet_color_alpha(0x0b0d10, 0.24f)));
    }
}

void duet_draw_bus(struct raster *raster, const struct bus *bus)
{
    draw_shadow(raster, bus);
    /* The wheels of the other side. */
    struct brush b = brush_at(raster, bus, -LENGTH / 2, WIDTH / 2 - 0.3f, along(bus));
    duet_brush_ellipse(&b, 2.3f, 0.5f, 0.5f, 0.5f, duet_fill_rgb(0x0c0e10));
    duet_brush_ellipse(&b, 7.75f, 0.5f, 0.5f, 0.5f, duet_fill_rgb(0x0c0e10));
    draw_side(raster, bus);
    draw_front(raster, bus);
}
