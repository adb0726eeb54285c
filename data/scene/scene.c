#include "data/scene/scene.h"

#include "core/fail.h"
#include "core/random.h"
#include "scene/parts.h"

#include <math.h>
#include <string.h>

/* --- layout ------------------------------------------------------------------------------------------- */

/* Owners of samples: 0 is nobody. */
enum { AEROPLANE = 1, BUS, SIGN, OWNERS };

struct layout {
    enum duet_scene_kind kind;
    struct camera camera;
    struct street street;
    struct aeroplane plane;
    struct bus bus;
    struct sign sign;
};

/* Numbers of 0..1 from a seed. */
static float next_random(uint64_t *state)
{
    return (float)(duet_random(state) >> 40) / 16777216.0f;
}

/* Between middle - reach and middle + reach. */
static float vary(uint64_t *state, float middle, float reach)
{
    return middle + reach * (2 * next_random(state) - 1);
}

static struct color pick(uint64_t *state, const unsigned *colors, int count)
{
    int i = (int)(next_random(state) * (float)count);
    return duet_color(colors[i < count ? i : count - 1]);
}

/* The lens sees the same 4:3 field whatever the picture's shape; a wider or taller one sees more. */
static void lay_camera(struct layout *l, float width, float height)
{
    static const float horizon[DUET_SCENE_COUNT] = {0.66f, 0.60f, 0.56f, 1.10f};
    float field = fminf(width / 640, height / 480);
    l->camera = (struct camera){640 * field, width / 2, height / 2 + (horizon[l->kind] - 0.5f) * 480 * field,
                                1.6f,        width,     height};
}

static void lay_street(struct layout *l, uint64_t *random)
{
    static const unsigned tops[] = {0x3d7cc9, 0x4a8ad0, 0x2f6fc0, 0x5b93cc};
    static const unsigned lows[] = {0xc9def0, 0xd6e4ee, 0xbfd9f0, 0xdfe6ea};
    l->street = (struct street){.camera = &l->camera, .has_ground = l->kind != DUET_SCENE_AEROPLANE};
    l->street.sky_top = pick(random, tops, 4);
    l->street.sky_low = pick(random, lows, 4);
    l->street.seed = (unsigned)(next_random(random) * 65536);
    l->street.turn = vary(random, 0.50f, 0.05f);
}

static void lay_bus(struct layout *l, uint64_t *random, float moment)
{
    static const unsigned paints[] = {0xc8272d, 0x1f5fae, 0xe0a21b, 0x2c8a57, 0xd9622b};
    static const unsigned stripes[] = {0xf4f4f0, 0xf2d64b, 0xdfe7ee};
    struct street *s = &l->street;
    bool alone = l->kind == DUET_SCENE_BUS;
    float x = vary(random, alone ? -0.9f : -2.35f, 0.3f), z = vary(random, alone ? 12.4f : 15.3f, 0.4f);
    l->bus = (struct bus){.camera = &l->camera, .turn = s->turn, .sky = s->sky_low, .owner = BUS};
    l->bus.paint = pick(random, paints, 5);
    l->bus.stripe = pick(random, stripes, 3);
    float driven = (alone ? 1.4f : 2.4f) * (moment - 0.5f);
    l->bus.middle = (struct vec){x + driven * cosf(s->turn), 0, z - driven * sinf(s->turn)};
    /* It keeps to the right: the middle of the road lies behind it. */
    s->road = (struct vec){x + 1.9f * sinf(s->turn), 0, z + 1.9f * cosf(s->turn)};
}

static void lay_sign(struct layout *l, uint64_t *random, float moment)
{
    bool alone = l->kind == DUET_SCENE_STOP;
    float z = vary(random, alone ? 2.9f : 4.9f, 0.25f), x = vary(random, alone ? 0 : 0.345f * 4.9f, 0.06f);
    l->sign = (struct sign){.camera = &l->camera, .owner = SIGN};
    l->sign.turn = vary(random, alone ? 0.05f : -0.12f, 0.12f);
    l->sign.width = vary(random, 0.92f, 0.03f);
    l->sign.rise = vary(random, alone ? 2.0f : 2.35f, 0.06f);
    l->sign.foot = (struct vec){x, 0, z - 0.4f * (moment - 0.5f)};
}

static void lay_plane(struct layout *l, uint64_t *random, float moment)
{
    static const unsigned tails[] = {0x1d4f9c, 0xb3202a, 0x0f7a6c, 0xd8731a, 0x5a2d82};
    bool alone = l->kind == DUET_SCENE_AEROPLANE;
    const struct camera *c = &l->camera;
    float z = vary(random, alone ? 62 : 76, 2), field = c->focal / 640;
    float px = vary(random, alone ? 0 : -104, 8) + 44 * (moment - 0.5f);
    float py = vary(random, alone ? 0 : -141, 5) - 14 * (moment - 0.5f); /* from the picture's middle */
    /* Turned and banked so that wings and body are seen broadly: with the wings edge-on the real detector
     * gives it 0.6 rather than 0.99. */
    l->plane = (struct aeroplane){.camera = c, .owner = AEROPLANE};
    l->plane.middle =
        (struct vec){px / 640 * z, c->height + ((c->horizon - c->rows / 2) / field - py) / 640 * z, z};
    l->plane.turn = vary(random, 0.38f, 0.06f);
    l->plane.climb = vary(random, 0.16f, 0.03f);
    l->plane.roll = vary(random, 0.31f, 0.04f);
    l->plane.tail = pick(random, tails, 5);
}

static void lay_out(struct layout *l, const struct duet_scene_options *o, int width, int height)
{
    uint64_t random = (uint64_t)o->seed * 4 + 1;
    float moment = (float)o->moment;
    *l = (struct layout){.kind = o->kind};
    lay_camera(l, (float)width, (float)height);
    lay_street(l, &random);
    lay_bus(l, &random, moment);
    lay_sign(l, &random, moment);
    lay_plane(l, &random, moment);
}

static void draw_layout(struct raster *raster, const void *ctx)
{
    const struct layout *l = ctx;
    bool all = l->kind == DUET_SCENE_DEMO;
    duet_draw_sky(raster, &l->street);
    if (all || l->kind == DUET_SCENE_AEROPLANE) duet_draw_aeroplane(raster, &l->plane);
    duet_draw_ground(raster, &l->street);
    if (all || l->kind == DUET_SCENE_BUS) duet_draw_bus(raster, &l->bus);
    if (all || l->kind == DUET_SCENE_STOP) duet_draw_sign(raster, &l->sign);
}

/* --- truth -------------------------------------------------------------------------------------------- */

static const struct duet_scene_object known[OWNERS] = {
    [AEROPLANE] = {.category_id = 5, .class_id = 1, .label = "airplane"},
    [BUS] = {.category_id = 6, .class_id = 6, .label = "bus"},
    [SIGN] = {.category_id = 13, .class_id = 0, .label = "stop sign"},
};

struct extent {
    int x0, y0, x1, y1; /* x1, y1 one past */
    uint64_t pixels;
};

static void measure(const struct duet_image *owners, struct extent extents[OWNERS])
{
    for (int i = 0; i < OWNERS; i++) extents[i] = (struct extent){owners->width, owners->height, 0, 0, 0};
    for (int y = 0; y < owners->height; y++) {
        const uint8_t *row = duet_image_row(owners, y);
        for (int x = 0; x < owners->width; x++) {
            struct extent *e = &extents[row[x]];
            e->pixels++;
            if (x < e->x0) e->x0 = x;
            if (x >= e->x1) e->x1 = x + 1;
            if (y < e->y0) e->y0 = y;
            if (y >= e->y1) e->y1 = y + 1;
        }
    }
}

/* List what can be seen, number it from 1 in `owners`, and put its classes down. */
static void tell_truth(struct duet_scene *scene)
{
    struct extent extents[OWNERS];
    uint8_t number[OWNERS] = {0};
    measure(&scene->owners, extents);
    for (int i = 1; i < OWNERS; i++) {
        const struct extent *e = &extents[i];
        if (e->pixels == 0) continue;
        struct duet_scene_object *object = &scene->objects[scene->count++];
        *object = known[i];
        object->box =
            (struct duet_box){(float)e->x0, (float)e->y0, (float)(e->x1 - e->x0), (float)(e->y1 - e->y0)};
        object->pixels = e->pixels;
        number[i] = (uint8_t)scene->count;
    }
    for (int y = 0; y < scene->owners.height; y++) {
        uint8_t *owner = duet_image_row(&scene->owners, y), *class = duet_image_row(&scene->classes, y);
        for (int x = 0; x < scene->owners.width; x++) {
            class[x] = (uint8_t)known[owner[x]].class_id;
            owner[x] = number[owner[x]];
        }
    }
}

enum duet_status duet_scene_draw(const struct duet_scene_options *options, struct duet_scene *scene,
                                 struct duet_error *error)
{
    const struct duet_scene_options chosen = options ? *options : (struct duet_scene_options){0};
    *scene = (struct duet_scene){0};
    int width = chosen.width ? chosen.width : 640, height = chosen.height ? chosen.height : 480;
    int least = width < height ? width : height, most = width < height ? height : width;
    if ((unsigned)chosen.kind >= DUET_SCENE_COUNT)
        return duet_fail(error, DUET_BAD_ARGUMENT, "scene of unknown kind %d", (int)chosen.kind);
    if (least < DUET_SCENE_MIN_SIDE || most > DUET_SCENE_MAX_SIDE)
        return duet_fail(error, DUET_BAD_ARGUMENT, "scene of %dx%d pixels: sides must be %d to %d", width,
                         height, DUET_SCENE_MIN_SIDE, DUET_SCENE_MAX_SIDE);
    if (!(chosen.moment >= 0 && chosen.moment <= 1))
        return duet_fail(error, DUET_BAD_ARGUMENT, "moment %g of a scene: expected 0 to 1", chosen.moment);
    struct layout layout;
    lay_out(&layout, &chosen, width, height);
    enum duet_status status = duet_image_create(&scene->picture, width, height, DUET_RGB8, error);
    if (status == DUET_OK) status = duet_image_create(&scene->owners, width, height, DUET_GRAY8, error);
    if (status == DUET_OK) status = duet_image_create(&scene->classes, width, height, DUET_GRAY8, error);
    if (status == DUET_OK)
        status = duet_raster_render(draw_layout, &layout, &scene->picture, &scene->owners, error);
    if (status == DUET_OK)
        tell_truth(scene);
    else
        duet_scene_close(scene);
    return status;
}

void duet_scene_close(struct duet_scene *scene)
{
    if (!scene) return;
    duet_image_close(&scene->picture);
    duet_image_close(&scene->owners);
    duet_image_close(&scene->classes);
    *scene = (struct duet_scene){0};
}
