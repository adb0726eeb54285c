/* upsample.h: the pixels between two cells of a coarse map of logits: the class of each, and its softmax,
 * without ever storing upsampled logits.
 *
 *   logit_c  = left_c + (right_c - left_c) * fraction
 *   class    = the c with the largest logit, the lowest among equals; 0 when all are NaN
 *   total    = sum over c, ascending, of e^(logit_c - logit_class)
 *   sums_c  += e^(logit_c - logit_class) / total
 *
 * Contract: exactly these float32 operations, never fused, with e^x as duet_exp_below has it, so that every
 * level gives the same bytes. Internal.
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

/* e^x for x <= 0 within 3e-7 of the value; e^-87 for what is less, and for NaN.
 *
 *   n = x / ln 2 to the nearest whole number, by adding 1.5 * 2^23 and taking it off again
 *   r = x - n * ln 2, ln 2 in two parts;  e^r by its series to r^6;  e^x = 2^n * e^r */
#define DUET_EXP_LOWEST  (-87.0f)
#define DUET_EXP_LOG2E   1.44269504f
#define DUET_EXP_MAGIC   12582912.0f
#define DUET_EXP_LN2     0.693359375f
#define DUET_EXP_LN2_LOW (-2.12194440e-4f)
#define DUET_EXP_SERIES                                                                                      \
    {                                                                                                        \
        1.3888889e-3f, 8.3333333e-3f, 4.1666667e-2f, 1.6666667e-1f, 0.5f, 1.0f, 1.0f                         \
    }
float duet_exp_below(float x);

#endif
