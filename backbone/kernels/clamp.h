/* clamp.h: the activation of every kernel. Internal. */
#ifndef DUET_KERNELS_CLAMP_H
#define DUET_KERNELS_CLAMP_H

/* As x86's max and min do it: a NaN becomes `low`, so that every instruction set gives the same bytes. */
static inline float duet_clamp(float x, float low, float high)
{
    x = x > low ? x : low;
    return x < high ? x : high;
}

#endif
