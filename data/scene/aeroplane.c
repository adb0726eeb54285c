/* An airliner of 38 metres, seen from a little below. */
#include "scene/parts.h"

#include <math.h>

#define HALF_LENGTH 19.0f
#define RADIUS      2.5f
#define FIN         9.0f /* its top above the middle of the body */

/* Its own directions: nose, the side that faces the camera, top. */
struct frame {
    struct vec nose, side, top;
};

static struct frame frame_of(const struct aeroplane *plane)
{
    float ct = cosf(plane->turn), st = sinf(plane->turn), cc = cosf(plane->climb), sc = sinf(plane->climb);
    struct frame f;
    f.nose = (struct vec){ct * cc, sc, -st * cc};
    struct vec level = duet_vec_unit((struct vec){-st, 0, -ct});
    struct vec top = duet_vec_cross(level, f.nose);
    if (top.y < 0) top = (struct vec){-top.x, -top.y, -top.z};
    f.side = duet_vec_unit(
        duet_vec_add(duet_vec_add((struct vec){0, 0, 0}, level, cosf(plane->roll)), top, sinf(plane->roll)));
    f.top = duet_vec_cross(f.side, f.nose);
    if (f.top.y < 0) f.top = (struct vec){-f.top.x, -f.top.y, -f.top.z};
    return f;
}

static struct brush plane_brush(struct raster *raster, const struct aeroplane *plane, struct vec origin,
                                struct vec right, struct vec up)
{
    return (struct brush){raster, duet_camera_plane(plane->camera, origin, right, up), plane->owner};
}

static struct vec at(const struct aeroplane *plane, const struct frame *f, float nose, float side, float top)
{
    return duet_vec_add(duet_vec_add(duet_vec_add(plane->middle, f->nose, nose), f->side, side), f->top, top);
}

/* A wing or stabiliser: along the nose and outwards; `side` is +1 for the one that faces the camera. */
static void draw_wing(struct raster *raster, const struct aeroplane *plane, const struct frame *f, float side,
                      struct vec root, float front, float back, float sweep, float tip, float span,
                      float rise)
{
    struct vec out = duet_vec_add(duet_vec_add((struct vec){0, 0, 0}, f->side, side), f->top, rise);
    struct brush b = plane_brush(raster, plane, root, f->nose, out);
    const struct point outline[] = {{front, 0},
                                    {front - sweep, span},
                                    {front - sweep - tip, span},
                                    {front - sweep * 0.62f - tip * 1.15f, span * 0.38f},
                                    {back, 0}};
    struct color lit = duet_color(side > 0 ? 0x9aa5b1 : 0xb9c2cc),
                 dark = duet_color(side > 0 ? 0x6f7b89 : 0x8d98a5);
    duet_brush_polygon(&b, outline, 5, duet_fill_between(dark, lit, 0, 0, 0, span));
    const struct point flap[] = {{back, 0},
                                 {front - sweep * 0.62f - tip * 1.15f, span * 0.38f},
                                 {front - sweep - tip, span},
                                 {front - sweep - tip * 0.72f, span},
                                 {front - sweep * 0.62f - tip * 0.8f, span * 0.38f},
                                 {back * 0.75f, 0}};
    duet_brush_polygon(&b, flap, 6, duet_fill_rgb(side > 0 ? 0x87929f : 0xa5afba));
    const struct point edge[] = {
        {front, 0}, {front - sweep, span}, {front - sweep - tip * 0.12f, span}, {front - 0.35f, 0}};
    duet_brush_polygon(&b, edge, 4, duet_fill_rgb(0xdde3e8));
}

/* Radius of the body at `x` along the nose. */
static float body_radius(float x)
{
    if (x > 13.5f) { /* nose */
        float t = (x - 13.5f) / (HALF_LENGTH - 13.5f);
        return RADIUS * sqrtf(fmaxf(0, 1 - powf(t, 2.2f)));
    }
    if (x < -8) { /* tail cone */
        float t = (-8 - x) / (HALF_LENGTH - 8);
        return RADIUS * (1 - 0.86f * t * t * (1.6f - 0.6f * t));
    }
    return RADIUS;
}

/* The tail cone rises: its lower edge more than the upper. */
static float body_shift(float x)
{
    float t = x < -8 ? (-8 - x) / (HALF_LENGTH - 8) : 0,
          n = x > 13.5f ? (x - 13.5f) / (HALF_LENGTH - 13.5f) : 0;
    return 1.15f * t * t - 0.45f * n * n;
}

#define BODY_PIECES 48

static void draw_body_part(const struct brush *b, float low, float high, struct fill fill)
{
    struct point outline[2 * (BODY_PIECES + 1)];
    for (int i = 0; i <= BODY_PIECES; i++) {
        /* close together at both ends, where it is most curved */
        float x = HALF_LENGTH * cosf(3.14159265f * (float)i / BODY_PIECES), r = body_radius(x),
              m = body_shift(x);
        outline[i] = (struct point){x, m + r * high};
        outline[2 * BODY_PIECES + 1 - i] = (struct point){x, m + r * low};
    }
    duet_brush_polygon(b, outline, 2 * (BODY_PIECES + 1), fill);
}

static void draw_body(struct raster *raster, const struct aeroplane *plane, const struct frame *f)
{
    struct vec look = duet_vec_unit(
        (struct vec){plane->middle.x, plane->middle.y - plane->camera->height, plane->middle.z});
    struct vec across = duet_vec_unit(duet_vec_cross(look, f->nose));
    if (across.y < 0) across = (struct vec){-across.x, -across.y, -across.z};
    struct brush b = plane_brush(raster, plane, plane->middle, f->nose, across);
    struct color white = duet_color(0xf6f8fa), shade = duet_color(0x8793a3), grey = duet_color(0xc3cbd4);
    draw_body_part(&b, -1, 1, duet_fill_between(white, shade, 0, 1.0f, 0, -2.0f));
    draw_body_part(&b, -1, -0.45f, duet_fill_between(grey, duet_color(0x6d7886), 0, -0.8f, 0, -2.0f));
    draw_body_part(&b, -0.42f, -0.22f, duet_fill_plain(plane->tail));
    draw_body_part(&b, 0.72f, 1, duet_fill_plain(duet_color_alpha(0xffffff, 0.75f)));
    struct fill glass = duet_fill_rgb(0x2b3644);
    for (float x = -11.5f; x < 13.6f; x += 0.82f)
        if (fabsf(x - 1.2f) > 0.7f) duet_brush_rectangle(&b, x, 0.28f, x + 0.4f, 0.82f, 0.18f, glass);
    for (int door = 0; door < 2; door++) {
        float x = door ? 14.3f : -12.9f;
        duet_brush_rectangle(&b, x - 0.08f, -0.55f, x + 0.95f, 1.35f, 0.2f, duet_fill_rgb(0x9aa4af));
        duet_brush_rectangle(&b, x, -0.47f, x + 0.87f, 1.27f, 0.2f, duet_fill_rgb(0xeceff2));
    }
    const struct point cockpit[] = {
        {17.45f, 0.45f}, {16.5f, 0.52f}, {16.3f, 1.0f}, {16.75f, 1.1f}, {17.2f, 0.88f}};
    duet_brush_polygon(&b, cockpit, 5, glass);
}

static void draw_fin(struct raster *raster, const struct aeroplane *plane, const struct frame *f)
{
    struct brush b = plane_brush(raster, plane, at(plane, f, 0, 0, 0), f->nose, f->top);
    const struct point outline[] = {
        {-9.5f, 1.7f}, {-12.4f, 2.6f}, {-16.9f, FIN}, {-19.4f, FIN}, {-18.2f, 1.6f}};
    struct color light = duet_color_mix(plane->tail, duet_color(0xffffff), 0.18f);
    duet_brush_polygon(&b, outline, 5, duet_fill_between(plane->tail, light, -18, 2, -15, 8));
    const struct point band[] = {{-14.3f, 5.1f}, {-15.15f, 6.4f}, {-18.93f, 6.4f}, {-18.75f, 5.1f}};
    duet_brush_polygon(&b, band, 4, duet_fill_plain(duet_color_alpha(0xffffff, 0.85f)));
    const struct point rudder[] = {{-18.2f, 1.6f}, {-19.4f, FIN}, {-18.6f, FIN}, {-16.9f, 1.6f}};
    duet_brush_polygon(&b, rudder, 4, duet_fill_plain(duet_color_alpha(0x000000, 0.12f)));
}

static void draw_engine(struct raster *raster, const struct aeroplane *plane, const struct frame *f,
                        float side)
{
    struct brush b = plane_brush(raster, plane, at(plane, f, 2.6f, side * 6.2f, -2.0f), f->nose, f->top);
    const struct point pylon[] = {{1.2f, 0.4f}, {-2.2f, 0.4f}, {-4.2f, 1.5f}, {-1.4f, 1.5f}};
    duet_brush_polygon(&b, pylon, 4, duet_fill_rgb(0x7d8894));
    const struct point pod[] = {{2.15f, 1.08f}, {1.2f, 1.2f},    {-0.6f, 1.15f},  {-2.2f, 0.8f},
                                {-2.9f, 0.42f}, {-2.9f, -0.42f}, {-2.2f, -0.85f}, {-0.6f, -1.2f},
                                {1.2f, -1.22f}, {2.15f, -1.08f}};
    duet_brush_polygon(&b, pod, 10, duet_fill_upright(0xe9edf1, 0x67727f, 1.0f, -1.3f));
    duet_brush_ellipse(&b, 2.12f, 0, 0.36f, 1.06f, duet_fill_rgb(0xdfe4e9));
    duet_brush_ellipse(&b, 2.2f, 0, 0.26f, 0.88f, duet_fill_rgb(0x262d36));
    duet_brush_ellipse(&b, -2.9f, 0, 0.16f, 0.42f, duet_fill_rgb(0x3a4049));
}

void duet_draw_aeroplane(struct raster *raster, const struct aeroplane *plane)
{
    struct frame f = frame_of(plane);
    struct vec tail = at(plane, &f, -14.8f, 0, 0.9f), wing = at(plane, &f, 0, 0, -1.15f);
    draw_wing(raster, plane, &f, -1, tail, 1.9f, -1.6f, 3.4f, 1.7f, 5.6f, 0.1f);
    draw_wing(raster, plane, &f, -1, wing, 5.6f, -4.0f, 7.0f, 3.0f, 14.5f, 0.1f);
    draw_engine(raster, plane, &f, -1);
    draw_fin(raster, plane, &f);
    draw_body(raster, plane, &f);
    draw_wing(raster, plane, &f, 1, tail, 1.9f, -1.6f, 3.4f, 1.7f, 5.6f, 0.1f);
    draw_wing(raster, plane, &f, 1, wing, 5.6f, -4.0f, 7.0f, 3.0f, 14.5f, 0.1f);
    draw_engine(raster, plane, &f, 1);
}
