/* guided.h: a segmentation head that is fed what a detection head of the same model has found. */
#ifndef DUET_GUIDED_H
#define DUET_GUIDED_H

#include "duet/mobilenet_v2.h"

DUET_C_BEGIN

struct duet_head; /* duet/head.h */

struct duet_guided_config {
    int classes;                       /* with background: 21 */
    int depth, lateral, decoder, skip; /* channels: 256, 128, 128, 32 */
    const char *boxes_of;              /* name of the detection head whose boxes it reads */
    float box_threshold;               /* boxes score above it: 0.05 */
    const int *categories; /* [classes - 1]: the category id of boxes_of that is painted on map k, 0: none */
};

/* Add the head to `network` on top of `backbone`. Not in this build. Errors: DUET_UNSUPPORTED. */
DUET_API enum duet_status duet_guided_build(struct duet_network *network,
                                            const struct duet_mobilenet_v2 *backbone,
                                            const struct duet_head *head, struct duet_error *error);

DUET_C_END
#endif
