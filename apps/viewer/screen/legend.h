/* legend.h: the classes that were seen, each with a number that keeps standing for it, and which are hidden.
 */
#ifndef DUET_APPS_VIEWER_SCREEN_LEGEND_H
#define DUET_APPS_VIEWER_SCREEN_LEGEND_H

#include "viewer/stages/frame.h"

#include <stdbool.h>

enum { VIEWER_LEGEND_ROWS = 9 };

/* A class, by the detector's number, the segmenter's, or both when they mean the same thing. */
struct viewer_class {
    const char *label;
    int box_id, mask_id; /* -1: none */
    bool hidden;
    int boxes;       /* in the frame shown, over the threshold */
    double share;    /* of its pixels */
    unsigned unseen; /* frames since it was there */
};

struct viewer_legend {
    struct viewer_class rows[VIEWER_LEGEND_ROWS];
    int count;
    bool hidden_boxes[256], hidden_masks[256]; /* by class id, as drawing wants them */
};

/* Take a frame's results in; `has` says which may be read. A class keeps its number while it comes and goes;
 * with more classes than numbers, a new one takes that of the one that was away longest. */
void viewer_legend_update(struct viewer_legend *legend, const struct viewer_results *results, unsigned has,
                          float threshold);

/* Hide or show the class with that number, 1..9; NULL: there is none. */
const struct viewer_class *viewer_legend_toggle(struct viewer_legend *legend, int number);

#endif
