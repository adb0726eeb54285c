/* Sky, trees, grass, road, and the sign beside it. */
#include "scene/parts.h"

#include <math.h>

#define FAR_AWAY 400.0f
#define NEAR_BY  0.8f

struct vec duet_vec_add(struct vec a, struct vec b, float scale)
{
    return (struct vec){a.x + scale * b.x, a.y + scale * b.y, a.z + scale * b.z};
}

struct vec duet_vec_cross(struct vec a, struct vec b)
{
    return (struct vec){a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

struct vec duet_vec_unit(struct vec a)
{
    float length = sqrtf(a.x * a.x + a.y * a.y + a.z * a.z);
    return (struct vec){a.x / length, a.y / length, a.z / length};
}

struct mapping duet_camera_plane(const struct camera *c, struct vec origin, struct vec right, struct vec up)
{
    const struct vec columns[3] = {right, up, {origin.x, origin.y - c->height, origin.z}};
    struct mapping map;
    for (int i = 0; i < 3; i++) {
        map.m[i] = c->focal * columns[i].x + c->middle * columns[i].z;
        map.m[3 + i] = c->horizon * columns[i].z - c->focal * columns[i].y;
        map.m[6 + i] = columns[i].z;
    }
    return map;
}

/* --- sky ---------------------------------------------------------------------------------------------- */

static struct color shade_sky(const void *ctx, struct point at)
{
    const struct street *s = ctx;
    float end = fminf(s->camera->horizon, s->camera->rows), t = fminf(fmaxf(at.y / end, 0), 1);
    struct color blue = duet_color_mix(s->sky_top, s->sky_low, t * t * (3 - 2 * t));
    /* Clouds lie in a flat layer: smaller and closer together towards the horizon. */
    float height = (s->camera->horizon - at.y) / s->camera->focal + 0.12f;
    if (height < 0.02f) return blue;
    float x = (at.x - s->camera->middle) / s->camera->focal / height, z = 1 / height;
    float n = duet_noise_fractal(x * 1.3f + 40, z * 2.1f, 6, s->seed);
    float cover = fminf(fmaxf((n - 0.10f) * 2.2f, 0), 1) * fminf(height * 5, 1);
    float lit = 0.94f + 0.06f * duet_noise_fractal(x * 2 + 9, z * 3, 4, s->seed + 77);
    struct color cloud = {lit, lit, fminf(lit * 1.01f, 1), 1};
    return duet_color_mix(blue, cloud, 0.55f * cover);
}

void duet_draw_sky(struct raster *raster, const struct street *street)
{
    struct brush b = {raster, duet_mapping_pixels(), 0};
    duet_brush_rectangle(&b, 0, 0, street->camera->width, street->camera->rows, 0,
                         duet_fill_shade(shade_sky, street));
}

/* --- what stands at the horizon ----------------------------------------------------------------------- */

static struct color shade_leaves(const void *ctx, struct point at)
{
    const struct street *s = ctx;
    float scale = s->camera->focal / 640, x = at.x / scale, y = (at.y - s->camera->horizon) / scale;
    float n = duet_noise_fractal(x / 14, y / 11, 4, s->seed + 5), m = duet_noise(x / 60, 0, s->seed + 6);
    struct color leaf =
        duet_color_mix(duet_color(0x2c4a26), duet_color(0x7d9a4e), 0.45f + 0.55f * n + 0.15f * m);
    float low = fminf(fmaxf(1 + y / 26, 0), 1); /* darker towards the ground */
    return duet_color_mix(duet_color_mix(leaf, duet_color(0x1f3020), 0.5f * low), s->sky_low, 0.16f);
}

#define TREE_STEPS 320

static void draw_trees(struct raster *raster, const struct street *street)
{
    const struct camera *c = street->camera;
    struct brush b = {raster, duet_mapping_pixels(), 0};
    float scale = c->focal / 640;
    struct point hill[TREE_STEPS + 3], trees[TREE_STEPS + 3];
    for (int i = 0; i <= TREE_STEPS; i++) {
        float x = c->width * (float)i / TREE_STEPS, u = (x - c->middle) / scale;
        float h = 26 + 16 * duet_noise_fractal(u / 150, 3, 3, street->seed + 3);
        float t = 30 + 22 * duet_noise_fractal(u / 46, 1, 2, street->seed + 4) +
                  7 * duet_noise_fractal(u / 7, 2, 3, street->seed + 8);
        hill[i] = (struct point){x, c->horizon - h * 1.7f * scale};
        trees[i] = (struct point){x, c->horizon - fmaxf(t, 9) * scale};
    }
    hill[TREE_STEPS + 1] = trees[TREE_STEPS + 1] = (struct point){c->width, c->horizon + 2};
    hill[TREE_STEPS + 2] = trees[TREE_STEPS + 2] = (struct point){0, c->horizon + 2};
    struct color haze = duet_color_mix(duet_color(0x6f8a94), street->sky_low, 0.45f);
    duet_brush_polygon(&b, hill, TREE_STEPS + 3, duet_fill_plain(haze));
    duet_brush_polygon(&b, trees, TREE_STEPS + 3, duet_fill_shade(shade_leaves, street));
}

/* --- ground ------------------------------------------------------------------------------------------- */

struct surface {
    const struct street *street;
    struct color color;
    float grain;     /* strength of its texture */
    float size;      /* of a grain, metres */
    unsigned number; /* tells one surface's texture from another's */
};

static struct color shade_surface(const void *ctx, struct point at)
{
    const struct surface *s = ctx;
    const struct camera *c = s->street->camera;
    float z = c->focal * c->height / fmaxf(at.y - c->horizon, 0.05f), x = (at.x - c->middle) * z / c->focal;
    float pixel = z * z / (c->focal * c->height); /* metres of depth that it spans */
    float n = duet_noise_fractal(x / s->size, z / s->size, 4, s->street->seed + s->number) *
              fminf(1, 3 * s->size / pixel);
    float patch = duet_noise_fractal(x / 3, z / 3, 3, s->street->seed + s->number + 50);
    struct color color = duet_color_scale(s->color, 1 + s->grain * n + 0.07f * patch * fminf(1, 8 / pixel));
    return duet_color_mix(color, s->street->sky_low, fminf(0.5f, z / 300));
}

/* A point of the ground: `s` metres along the road, `q` across it, away from the camera. */
static struct vec road_point(const struct street *street, float s, float q)
{
    struct vec along = {cosf(street->turn), 0, -sinf(street->turn)},
               across = {sinf(street->turn), 0, cosf(street->turn)};
    return duet_vec_add(duet_vec_add(street->road, along, s), across, q);
}

/* Where the line at `q` comes to depth `z`; roads that never do end far away. */
static float road_reach(const struct street *street, float q, float z)
{
    float slope = -sinf(street->turn), start = street->road.z + q * cosf(street->turn);
    float s = fabsf(slope) > 1e-4f ? (z - start) / slope : FAR_AWAY * (z > start ? -1.0f : 1.0f);
    return fminf(fmaxf(s, -FAR_AWAY), FAR_AWAY);
}

/* The strip between q0 and q1, from s0 to s1 along the road as far as it lies before the camera. */
static void draw_strip(struct raster *raster, const struct street *street, float q0, float q1, float s0,
                       float s1, struct fill fill)
{
    struct brush b = {raster,
                      duet_camera_plane(street->camera, (struct vec){0, 0, 0}, (struct vec){1, 0, 0},
                                        (struct vec){0, 0, 1}),
                      0};
    struct point corners[4];
    const float sides[2] = {q0, q1};
    for (int i = 0; i < 2; i++) {
        float a = road_reach(street, sides[i], FAR_AWAY), z = road_reach(street, sides[i], NEAR_BY);
        float low = fmaxf(fminf(a, z), s0), high = fminf(fmaxf(a, z), s1);
        if (low >= high) return;
        struct vec first = road_point(street, low, sides[i]), last = road_point(street, high, sides[i]);
        corners[i] = (struct point){first.x, first.z};
        corners[3 - i] = (struct point){last.x, last.z};
    }
    duet_brush_polygon(&b, corners, 4, fill);
}

void duet_draw_ground(struct raster *raster, const struct street *street)
{
    const struct camera *c = street->camera;
    if (!street->has_ground) return;
    draw_trees(raster, street);
    struct brush b = {raster, duet_mapping_pixels(), 0};
    const struct surface grass = {street, duet_color(0x6f8f45), 0.30f, 0.12f, 20};
    const struct surface asphalt = {street, duet_color(0x63666a), 0.16f, 0.05f, 21};
    const struct surface stone = {street, duet_color(0xa9a69e), 0.10f, 0.08f, 22};
    const struct surface curb = {street, duet_color(0xc9c6bf), 0.08f, 0.08f, 23};
    const struct surface white = {street, duet_color(0xe9e7de), 0.10f, 0.05f, 24};
    duet_brush_rectangle(&b, 0, c->horizon, c->width, c->rows + 1, 0, duet_fill_shade(shade_surface, &grass));
    draw_strip(raster, street, 4.0f, 6.2f, -FAR_AWAY, FAR_AWAY, duet_fill_shade(shade_surface, &stone));
    draw_strip(raster, street, -6.2f, -4.0f, -FAR_AWAY, FAR_AWAY, duet_fill_shade(shade_surface, &stone));
    draw_strip(raster, street, -4.0f, 4.0f, -FAR_AWAY, FAR_AWAY, duet_fill_shade(shade_surface, &curb));
    draw_strip(raster, street, -3.8f, 3.8f, -FAR_AWAY, FAR_AWAY, duet_fill_shade(shade_surface, &asphalt));
    draw_strip(raster, street, 3.4f, 3.52f, -FAR_AWAY, FAR_AWAY, duet_fill_shade(shade_surface, &white));
    draw_strip(raster, street, -3.52f, -3.4f, -FAR_AWAY, FAR_AWAY, duet_fill_shade(shade_surface, &white));
    for (float s = -120; s < 120; s += 6)
        draw_strip(raster, street, -0.07f, 0.07f, s, s + 3, duet_fill_shade(shade_surface, &white));
}

/* --- sign --------------------------------------------------------------------------------------------- */

static void draw_octagon(const struct brush *b, float width, struct fill fill)
{
    struct point points[8];
    for (int i = 0; i < 8; i++) {
        float angle = 0.785398163f * ((float)i + 0.5f), radius = width / 2 / cosf(0.392699082f);
        points[i] = (struct point){radius * cosf(angle), radius * sinf(angle)};
    }
    duet_brush_polygon(b, points, 8, fill);
}

void duet_draw_sign(struct raster *raster, const struct sign *sign)
{
    struct vec right = {cosf(sign->turn), 0, -sinf(sign->turn)}, up = {0, 1, 0}, middle = sign->foot;
    float w = sign->width;
    struct brush pole = {raster, duet_camera_plane(sign->camera, sign->foot, right, up), 0};
    struct brush shadow = {raster, duet_camera_plane(sign->camera, sign->foot, right, (struct vec){0, 0, 1}),
                           OWNER_KEEP};
    duet_brush_ellipse(&shadow, 0.1f, 0, 0.35f, 0.16f, duet_fill_plain(duet_color_alpha(0x0b0d10, 0.4f)));
    duet_brush_rectangle(
        &pole, -0.04f, 0, 0.04f, sign->rise + 0.42f * w, 0,
        duet_fill_between(duet_color(0xc9ced3), duet_color(0x6b7278), -0.035f, 0, 0.035f, 0));
    for (float y = 0.15f; y < sign->rise - 0.5f * w; y += 0.12f)
        duet_brush_ellipse(&pole, 0, y, 0.012f, 0.016f, duet_fill_rgb(0x42484d));
    middle.y += sign->rise;
    middle.z -= 0.05f;
    struct brush face = {raster, duet_camera_plane(sign->camera, middle, right, up), sign->owner};
    draw_octagon(&face, w, duet_fill_rgb(0x8f9397));
    draw_octagon(&face, w * 0.985f, duet_fill_upright(0xffffff, 0xe4e6e8, w / 2, -w / 2));
    draw_octagon(&face, w * 0.915f,
                 duet_fill_between(duet_color(0xd2232a), duet_color(0xa8141c), -w / 4, w / 2, w / 4, -w / 2));
    duet_brush_text(&face, "STOP", -0.385f * w, -0.15f * w, 0.77f * w, 0.3f * w, 0.009f * w,
                    duet_fill_rgb(0xfbfbfa));
    for (int i = -1; i <= 1; i += 2)
        duet_brush_ellipse(&face, 0, 0.36f * w * (float)i, 0.014f * w, 0.014f * w, duet_fill_rgb(0x9fa4a8));
}
