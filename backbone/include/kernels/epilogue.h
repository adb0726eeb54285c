/* epilogue.h: what every convolution does to a finished sum: today the activation; where results are whole
 * numbers, they are brought to their scale here, too. Internal. */
#ifndef DUET_KERNELS_EPILOGUE_H
#define DUET_KERNELS_EPILOGUE_H

struct duet_epilogue {
    float low, high; /* -INFINITY, INFINITY: no activation; low <= high */
};

/* As x86's max and min do it: a NaN becomes `low`, so that every instruction set gives the same bytes. */
static inline float duet_epilogue_apply(struct duet_epilogue epilogue, float x)
{
    x = x > epilogue.low ? x : epilogue.low;
    return x < epilogue.high ? x : epilogue.high;
}

#endif
