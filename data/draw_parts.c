#include "draw_parts.h"

#include <math.h>

struct duet_rgb duet_ink_on(struct duet_rgb ground)
{
    bool bright = 299 * ground.r + 587 * ground.g + 114 * ground.b > 140000;
    return bright ? (struct duet_rgb){0, 0, 0} : (struct duet_rgb){255, 255, 255};
}

static struct area clip_area(const struct duet_image *image, struct area a)
{
    return (struct area){duet_clamp_int(a.x0, 0, image->width), duet_clamp_int(a.y0, 0, image->height),
                         duet_clamp_int(a.x1, 0, image->width), duet_clamp_int(a.y1, 0, image->height)};
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

struct look duet_look_for(const struct duet_image *image)
{
    int side = image->width < image->height ? image->width : image->height;
    struct look look;
    look.line = side < 540 ? 2 : (side + 90) / 180;
    look.text = fminf(fmaxf(13, (float)side / 28), 400);
    if (look.text > (float)side / 3) look.text = fmaxf(7, (float)side / 3); /* a thumbnail */
    look.padding = (int)(look.text / 6);
    return look;
}
