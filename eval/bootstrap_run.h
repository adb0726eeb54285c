/* bootstrap_run.h: intervals of all the scores of one kind, from a function that scores a choice of images.
 * Internal. */
#ifndef DUET_EVAL_BOOTSTRAP_RUN_H
#define DUET_EVAL_BOOTSTRAP_RUN_H

#include "duet/status.h"
#include "eval/bootstrap.h"

struct duet_bootstrap_scoring {
    /* Score image i weights[i] times; NULL: every image once. NaN where there is no score. */
    void (*score)(void *ctx, const uint32_t *weights, double *scores); /* [score_count] */
    void *ctx;
    size_t score_count, image_count;
};

/* Draw `replicates` times; intervals within 0..1 of each score into intervals[score_count]. Errors:
 * DUET_BAD_ARGUMENT (no images, no replicates), DUET_OUT_OF_MEMORY. */
enum duet_status duet_bootstrap_run(const struct duet_bootstrap_scoring *scoring, size_t replicates,
                                    uint64_t seed, struct duet_interval *intervals, struct duet_error *error);

#endif
