/* nms.h: greedy non-maximum suppression. */
#ifndef DUET_NMS_H
#define DUET_NMS_H

#include "duet/box_coder.h"

DUET_C_BEGIN

/* A box that may be kept. */
struct duet_candidate {
    float score;
    int anchor; /* tells equal scores apart: the lower comes first */
    struct duet_corners box;
};

/* Intersection over union; 0 for boxes without area. */
DUET_API float duet_iou(struct duet_corners a, struct duet_corners b);

/* Sort candidates by descending score (of equal ones the lower anchor first) and keep, in place at the front,
 * those that overlap no better kept one by more than `iou`, at most `most`. Returns how many were kept. */
DUET_API int duet_nms(struct duet_candidate *candidates, int count, float iou, int most);

/* The same, telling why: the candidates are sorted and all stay where they are; keeper[i] is the index of the
 * best kept candidate that overlaps candidate i by more than `iou`, i itself when it was kept, -1 when only
 * `most` stood in its way. Returns how many were kept. */
DUET_API int duet_nms_trace(struct duet_candidate *candidates, int count, float iou, int most, int *keeper);

DUET_C_END
#endif
