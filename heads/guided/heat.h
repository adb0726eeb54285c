/* heat.h: a detector's boxes as maps, one a class: what a segmentation head reads that is guided by them.
 * Internal. */
#ifndef DUET_HEADS_GUIDED_HEAT_H
#define DUET_HEADS_GUIDED_HEAT_H

#include "duet/ssdlite_decode.h"
#include "guided/cells.h"

/* Map k shows the boxes of category categories[k] (0: none, the map stays empty) that score above the
 * decoder's threshold, none of them suppressed. Each paints the cells whose centres lie within it (low edge
 * included, high edge not) with 255 times its score, rounded half up; where boxes overlap the highest counts.
 * A cell's centre is that of the input pixel that it is centred on, as a fraction of the input: (origin + i *
 * pitch + 0.5) / input. `heat` [height][width][count]. Errors: those of duet_ssdlite_look. */
struct duet_heat {
    int height, width;             /* of the maps */
    int input_height, input_width; /* of the network */
    const int *categories;         /* [count] */
    int count;
};
enum duet_status duet_heat_paint(const struct duet_heat *maps, struct duet_ssdlite_decoder *decoder,
                                 const struct duet_ssdlite_map outputs[DUET_SSDLITE_MAPS], uint8_t *heat,
                                 struct duet_error *error);

#endif
