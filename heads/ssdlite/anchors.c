#include "duet/anchors.h"

#include <math.h>

#define MIN_SCALE 0.2
#define MAX_SCALE 0.95

/* A scale and an aspect ratio (width / height). */
struct form {
    double scale, ratio;
};

static double scale_of(int map)
{
    return map < DUET_SSDLITE_MAPS ? MIN_SCALE + (MAX_SCALE - MIN_SCALE) * map / (DUET_SSDLITE_MAPS - 1)
                                   : 1.0;
}

/* The order is the trained network's. The first map has fewer and smaller boxes
 * (reduce_boxes_in_lowest_layer); the last form of the others lies between this scale and the next. */
static int forms_of(int map, struct form forms[6])
{
    double s = scale_of(map);
    if (map == 0) {
        forms[0] = (struct form){0.1, 1.0};
        forms[1] = (struct form){s, 2.0};
        forms[2] = (struct form){s, 0.5};
        return 3;
    }
    static const double ratios[5] = {1.0, 2.0, 0.5, 3.0, 0.3333};
    for (int i = 0; i < 5; i++) forms[i] = (struct form){s, ratios[i]};
    forms[5] = (struct form){sqrt(s * scale_of(map + 1)), 1.0};
    return 6;
}

void duet_anchors_fill(int map, int height, int width, int input_height, int input_width,
                       struct duet_anchor *anchors)
{
    struct form forms[6];
    if (!anchors || map < 0 || map >= DUET_SSDLITE_MAPS || input_height < 1 || input_width < 1) return;
    int count = forms_of(map, forms);
    int shorter = input_height < input_width ? input_height : input_width;
    double unit_y = (double)shorter / input_height, unit_x = (double)shorter / input_width;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int a = 0; a < count; a++) {
                double root = sqrt(forms[a].ratio);
                *anchors++ = (struct duet_anchor){(float)((y + 0.5) / height), (float)((x + 0.5) / width),
                                                  (float)(unit_y * forms[a].scale / root),
                                                  (float)(unit_x * forms[a].scale * root)};
            }
}
