/* probe.h: what is kept of a segmentation so that single pixels can be asked about. Internal to heads. */
#ifndef DUET_HEADS_DEEPLABV3_PROBE_H
#define DUET_HEADS_DEEPLABV3_PROBE_H

#include "deeplabv3/class_map.h"
#include "duet/results.h"

/* One run of the network over the picture: its logits, and where the picture's own pixels lie on them. */
struct pass {
    struct logit_map map;
    float *logits; /* a copy; NULL: the map borrows the session's */
    struct map_tap *rows, *columns;
};

void duet_pass_close(struct pass *pass);

struct duet_segmentation_logits {
    struct pass *passes;
    int pass_count;
    bool mean; /* of probabilities, even if there is one pass */
    int width, height;
    struct duet_labels labels;
};

/* A copy of `logits` that owns `passes`; NULL, and the passes stay the caller's, when out of memory. */
struct duet_segmentation_logits *
duet_segmentation_logits_create(const struct duet_segmentation_logits *logits, const struct pass *passes,
                                int pass_count);
void duet_segmentation_logits_close(struct duet_segmentation_logits **logits);

#endif
