#include "draw/parts.h"

#include <math.h>

float duet_style_scale(const struct duet_draw_style *style)
{
    return style && style->scale >= 0.1f && style->scale <= 16 ? style->scale : 1;
}

struct look duet_look_for(const struct duet_image *image, const struct duet_draw_style *style)
{
    int side = image->width < image->height ? image->width : image->height;
    float scale = duet_style_scale(style);
    struct look look;
    look.line = side < 540 ? 2 : (side + 90) / 180;
    look.text = fminf(fmaxf(13, (float)side / 28), 400);
    if (style && style->text > 0 && style->text <= 400) {
        look.text = style->text;
        look.line = look.text < 10 ? 1 : (int)(look.text / 7 + 0.5f);
    }
    look.text *= scale;
    if (scale != 1) look.line = (int)fmaxf(1, (float)look.line * scale + 0.5f);
    if (look.text > (float)side / 3) look.text = fmaxf(7, (float)side / 3); /* a thumbnail */
    look.padding = (int)(look.text / 6);
    return look;
}
