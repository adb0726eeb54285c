/* epilogue.h: what every convolution does to a finished sum. In float32: the activation. Where sums are whole
 * numbers, they are brought to the result's scale, too, which is all the rounding there is. Internal.
 *
 *   x = (float)sum * scales[n]                      sum: int32; both roundings to the nearest, ties to even
 *   x = x + (float)(residual - residual_zero) * residual_scale       where there is a residual; no FMA
 *   x = x > low ? x : low, then x < high ? x : high
 *   DUET_U8:   q = the whole number nearest to x, ties to even, + zero
 *   DUET_F32:  x, in the unit of the result
 *   DUET_I32:  the sum, as it is
 *
 * Every operation is one that IEEE 754 defines, so that every machine gives the same bytes. Of DUET_U8, low
 * and high are whole numbers from -zero to 255 - zero, with the activation in them: clamping before rounding
 * is the same as after it, and nothing that cannot be converted is. */
#ifndef DUET_KERNELS_EPILOGUE_H
#define DUET_KERNELS_EPILOGUE_H

#include "duet/tensor.h"

struct duet_epilogue {
    float low, high; /* -INFINITY, INFINITY: no activation; low <= high */
    /* Of DUET_U8's kernels only: */
    enum duet_dtype output; /* DUET_U8, DUET_F32; of conv1x1 DUET_I32, too */
    const float *scales;    /* [out_channels], finite, above 0 */
    int zero;               /* of the result, 0 .. 255 */
    int residual_zero;
    float residual_scale;
};

/* As x86's max and min do it: a NaN becomes `low`, so that every instruction set gives the same bytes. */
static inline float duet_epilogue_apply(struct duet_epilogue epilogue, float x)
{
    x = x > epilogue.low ? x : epilogue.low;
    return x < epilogue.high ? x : epilogue.high;
}

/* x of channel n; `residual` NULL: none. */
static inline float duet_epilogue_scale(const struct duet_epilogue *e, int32_t sum, size_t n,
                                        const uint8_t *residual)
{
    float x = (float)sum * e->scales[n];
    if (residual) x = x + (float)(*residual - e->residual_zero) * e->residual_scale;
    return duet_epilogue_apply(*e, x);
}

/* The byte of a clamped x. */
static inline uint8_t duet_epilogue_byte(const struct duet_epilogue *e, float x)
{
    const float magic = 12582912; /* 1.5 * 2^23: above it, floats are the whole numbers */
    return (uint8_t)((int)((x + magic) - magic) + e->zero);
}

/* Puts the result of channel n where it belongs in `output`, the pixel's. */
static inline void duet_epilogue_store(const struct duet_epilogue *e, int32_t sum, size_t n,
                                       const uint8_t *residual, void *output)
{
    if (e->output == DUET_I32)
        ((int32_t *)output)[n] = sum;
    else if (e->output == DUET_F32)
        ((float *)output)[n] = duet_epilogue_scale(e, sum, n, residual);
    else
        ((uint8_t *)output)[n] = duet_epilogue_byte(e, duet_epilogue_scale(e, sum, n, residual));
}

/* What a caller promises. */
static inline bool duet_epilogue_is_whole(const struct duet_epilogue *e)
{
    if (e->output == DUET_I32) return true;
    if (!e->scales || !(e->low <= e->high)) return false;
    if (e->output == DUET_F32) return true;
    float zero = (float)e->zero;
    return e->output == DUET_U8 && e->low >= -zero && e->high <= 255 - zero && e->low == (float)(int)e->low &&
           e->high == (float)(int)e->high;
}

#endif
