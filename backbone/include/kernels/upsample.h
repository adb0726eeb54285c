/* upsample.h: the pixels between two cells of a coarse map of logits: the class of each, and its softmax,
 * without ever storing upsampled logits.
 *
 *   logit_c  = left_c + (right_c - left_c) * fraction
 *   class    = the c with the largest logit, the lowest among equals; 0 when all are NaN
 *   total    = sum over c, ascending, of e^(logit_c - logit_class)
 *   sums_c  += e^(logit_c - logit_class) / total
 *
 * Contract: exactly these float32 operations, never fused, with e^x as duet_exp_below (kernels/exp.h) has
 * it, so that every level gives the same bytes. Internal.
 */
#ifndef DUET_KERNELS_UPSAMPLE_H
#define DUET_KERNELS_UPSAMPLE_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

struct duet_upsample_args {
    const float *left, *right; /* [classes]: the cells; the same one twice where the map has only one */
    size_t classes;            /* 1 .. 256 */
    const float *fractions;    /* [pixels]: how far each is from left to right, 0 .. 1 */
    size_t pixels;
    uint8_t *output;    /* [pixels]: classes */
    float *total;       /* [pixels]; NULL: not wanted */
    float *sums;        /* [classes][sums_stride], added to; NULL: not wanted. Wants `total` */
    size_t sums_stride; /* >= pixels */
};

typedef void duet_upsample_fn(const struct duet_upsample_args *args);

/* What a caller promises; the first line of every version. */
static inline void duet_upsample_promise(const struct duet_upsample_args *a)
{
    (void)a; /* where there are no assertions */
    assert(a->classes >= 1 && a->classes <= 256);
    assert(!a->sums || (a->total && a->sums_stride >= a->pixels));
}

void duet_upsample_scalar(const struct duet_upsample_args *args);

#endif
