/* agreement.h: how far two sets of detections of the same pictures say the same. */
#ifndef DUET_EVAL_AGREEMENT_H
#define DUET_EVAL_AGREEMENT_H

#include "data/coco/results.h"

#include <stdbool.h>

/* No field but max_misses has a default. */
struct duet_agreement_options {
    size_t struct_size;  /* sizeof(struct duet_agreement_options): lets the struct grow */
    double min_score;    /* reference detections with this score or more are looked for */
    double min_iou;      /* found: overlap above this ... */
    double max_distance; /* ... and scores that differ by no more than this */
    size_t max_misses;   /* how many misses to keep; 0: 10 */
};

/* A reference detection that was not found. */
struct duet_agreement_miss {
    struct duet_coco_result reference;
    bool has_nearest; /* is there a candidate of this picture and class that overlaps at all? */
    struct duet_coco_result nearest; /* the one that overlaps most, be it another's partner or not */
    double iou;                      /* its overlap; 0 when there is none */
};

struct duet_agreement {
    size_t looked_for; /* reference detections with min_score or more */
    size_t found;
    struct duet_agreement_miss *misses; /* highest score first: the worst ones */
    size_t miss_count;                  /* those kept; looked_for - found is the number of all */
};

/* Overlap of two boxes: intersection over union, 0..1; 0 when a size is not above 0 or a number not finite.
 */
double duet_box_iou(const struct duet_coco_result *a, const struct duet_coco_result *b);

/* Look for every reference detection among the candidates of the same picture and class. A candidate serves
 * once: pairs are made best overlap first (ties: in the order of the references, then of the candidates).
 * Neither set needs an order. Owned: duet_agreement_close. On failure *agreement is all zero. Time grows with
 * the detections of one class in one picture squared. Errors: DUET_BAD_ARGUMENT (an option that is not
 * finite), DUET_OUT_OF_MEMORY. */
enum duet_status duet_agreement_measure(const struct duet_coco_results *references,
                                        const struct duet_coco_results *candidates,
                                        const struct duet_agreement_options *options,
                                        struct duet_agreement *agreement, struct duet_error *error);

/* Free and zero. Accepts NULL and a zeroed struct. */
void duet_agreement_close(struct duet_agreement *agreement);

#endif
