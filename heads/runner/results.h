/* results.h: what was found in one picture, by head. Internal. */
#ifndef DUET_HEADS_RUNNER_RESULTS_H
#define DUET_HEADS_RUNNER_RESULTS_H

#include "core/kept.h"
#include "duet/runner.h"

/* What was found by one head; the fields of other tasks are zero. */
struct head_result {
    const struct duet_head *head;
    struct duet_detections detections;
    struct duet_segmentation segmentation;
    struct duet_class_probabilities classes;
};

struct duet_results {
    struct duet_kept *owner; /* keeps the heads alive */
    int count;
    struct head_result items[]; /* in the order in which heads were wanted */
};

/* All zero. NULL when out of memory. */
struct duet_results *duet_results_create(int count);

#endif
