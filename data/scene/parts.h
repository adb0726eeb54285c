/* parts.h: what a scene is made of, in metres: x to the right, y up, z away from the camera, the ground at
 * y = 0. Internal to the scene generator. */
#ifndef DUET_SCENE_PARTS_H
#define DUET_SCENE_PARTS_H

#include "scene/raster.h"

struct vec {
    float x, y, z;
};

/* A pinhole `height` above the origin that looks along z; uprights stay upright. */
struct camera {
    float focal;           /* pixels */
    float middle, horizon; /* where it looks, pixels */
    float height;          /* metres */
    float width, rows;     /* of the picture, pixels */
};

struct vec duet_vec_add(struct vec a, struct vec b, float scale); /* a + scale * b */
struct vec duet_vec_cross(struct vec a, struct vec b);
struct vec duet_vec_unit(struct vec a);

/* The plane origin + x * right + y * up as the camera sees it. */
struct mapping duet_camera_plane(const struct camera *camera, struct vec origin, struct vec right,
                                 struct vec up);

/* Everything that is drawn behind and under the objects. */
struct street {
    const struct camera *camera;
    struct vec road; /* a point in the middle of the road, y = 0 */
    float turn;      /* of the road from x towards the camera, radians */
    bool has_ground;
    struct color sky_top, sky_low; /* of the day */
    unsigned seed;
};
void duet_draw_sky(struct raster *raster, const struct street *street);
void duet_draw_ground(struct raster *raster, const struct street *street);

struct sign {
    const struct camera *camera;
    struct vec foot;
    float turn;  /* about the pole, radians */
    float width; /* across the flats, metres */
    float rise;  /* of its middle above the ground, metres */
    int owner;   /* of the octagon; the pole is background */
};
void duet_draw_sign(struct raster *raster, const struct sign *sign);

struct bus {
    const struct camera *camera;
    struct vec middle; /* y = 0 */
    float turn;        /* of its nose from x towards the camera, radians */
    struct color paint, stripe, sky;
    int owner;
};
void duet_draw_bus(struct raster *raster, const struct bus *bus);

struct aeroplane {
    const struct camera *camera;
    struct vec middle;
    float turn, climb; /* of its nose from x: towards the camera, upwards; radians */
    float roll;        /* towards the camera, radians */
    struct color tail; /* the airline's */
    int owner;
};
void duet_draw_aeroplane(struct raster *raster, const struct aeroplane *plane);

#endif
