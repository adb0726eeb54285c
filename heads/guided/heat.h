/* heat.h: a detector's boxes as maps, one a class: what a segmentation head reads that is guided by them.
 * Internal. */
#ifndef DUET_HEADS_GUIDED_HEAT_H
#define DUET_HEADS_GUIDED_HEAT_H

#include "duet/ssdlite_decode.h"

/* Map k shows the boxes of category categories[k] (0: none of it, the map stays empty) that score above the
 * decoder's threshold, none of them suppressed. Each paints the cells whose centres lie within it (low edge
 * included, high edge not) with 255 times its score, rounded half up; where boxes overlap the highest counts.
 * Cell i's centre is the middle of its `stride` input pixels, (stride * i + (stride - 1) / 2) / input. `heat`
 * [height][width][count]. Errors: those of duet_ssdlite_look. */
struct duet_heat {
    int height, width;             /* of the maps */
    int stride;                    /* input pixels a cell */
    int input_height, input_width; /* of the network */
    const int *categories;         /* [count] */
    int count;
};
enum duet_status duet_heat_paint(const struct duet_heat *maps, struct duet_ssdlite_decoder *decoder,
                                 const struct duet_ssdlite_map outputs[DUET_SSDLITE_MAPS], uint8_t *heat,
                                 struct duet_error *error);

#endif
