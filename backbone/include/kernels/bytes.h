/* bytes.h: single numbers to bytes and back, and from one scale to another: what steps without kernels are
 * made of. A byte q stands for (q - zero_point) * scale; rounding is that of epilogue.h. Internal. */
#ifndef DUET_KERNELS_BYTES_H
#define DUET_KERNELS_BYTES_H

#include "duet/network.h"
#include "kernels/epilogue.h"

/* From (q - from) * scale to bytes around zero point `to`. */
struct duet_rescale {
    float scale, low, high;
    int from, to;
};

/* To `to`'s bytes from numbers whose unit is `unit`, and zero point `from`. */
static inline struct duet_rescale duet_rescale_from(double unit, int from, const struct duet_numbers *to)
{
    return (struct duet_rescale){.scale = (float)(unit / (double)to->scale),
                                 .low = (float)-to->zero_point,
                                 .high = (float)(255 - to->zero_point),
                                 .from = from,
                                 .to = to->zero_point};
}

static inline struct duet_rescale duet_rescale(const struct duet_numbers *from, const struct duet_numbers *to)
{
    return duet_rescale_from((double)from->scale, from->zero_point, to);
}

/* The byte of x, which is in the result's unit already; a NaN becomes the lowest. */
static inline uint8_t duet_byte_of(const struct duet_rescale *r, float x)
{
    const float magic = 12582912; /* see duet_epilogue_byte */
    x = x > r->low ? x : r->low;
    x = x < r->high ? x : r->high;
    return (uint8_t)((int)((x + magic) - magic) + r->to);
}

static inline uint8_t duet_rescale_byte(const struct duet_rescale *r, uint8_t q)
{
    return duet_byte_of(r, (float)(q - r->from) * r->scale);
}

#endif
