/* logits.h: what the network said of a picture, and where the picture's pixels lie on it. Internal. */
#ifndef DUET_HEADS_DEEPLABV3_LOGITS_H
#define DUET_HEADS_DEEPLABV3_LOGITS_H

#include "deeplabv3/class_map.h"
#include "duet/results.h"

/* One run of the network over the picture. */
struct pass {
    struct logit_map map;
    float *logits; /* a copy; NULL: the map borrows the session's */
    struct map_tap *rows, *columns;
};

struct duet_segmentation_logits {
    struct pass *passes;
    int pass_count;
    bool mean;         /* of probabilities, even if there is one pass */
    int width, height; /* of the picture */
    size_t classes;
    struct duet_labels labels;
};

/* Where the picture's pixels lie on the network's input at scale 1, counted from where the map's first cell
 * lies: pixel i at i * pitch + offset; the map's last cell at `last`. */
struct placement {
    struct axis {
        float pitch, offset, last;
    } x, y;
};

/* No passes yet, and room for `most`. NULL when out of memory. */
struct duet_segmentation_logits *duet_segmentation_logits_create(int most);
void duet_segmentation_logits_close(struct duet_segmentation_logits **logits);

/* One pass more: `map`, whose logits are copied when `copy`, else must outlive it. False when out of memory.
 */
bool duet_segmentation_logits_add(struct duet_segmentation_logits *logits, const struct logit_map *map,
                                  bool copy, const struct placement *at);

#endif
