/* bootstrap.h: how far a score would move had other images of the same kind been measured: images are drawn
 * anew, with replacement, and the score is computed again from what is already known of each. */
#ifndef DUET_BOOTSTRAP_H
#define DUET_BOOTSTRAP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Draw `count` of `count` images with replacement: weights[i] is how often image i came up. Depends on
 * nothing but `seed`, `replicate` (0, 1, 2 ...) and `count`, so that two runs over the same images can be
 * compared draw by draw. */
void duet_bootstrap_draw(uint64_t seed, size_t replicate, uint32_t *weights, size_t count);

/* Where the middle 95 % of the values lie. */
struct duet_interval {
    double low, high; /* NaN when there are no values */
};

/* The 2.5th and the 97.5th percentile, linear between neighbours. NaN among the values (scores of nothing)
 * are left out. `values` are sorted. */
struct duet_interval duet_bootstrap_interval(double *values, size_t count);

#ifdef __cplusplus
}
#endif
#endif
