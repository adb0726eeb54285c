/* zeros.h: zero points of weights that are stored in a byte. Included after a level's vectors. */
#ifndef DUET_KERNELS_U8_ZEROS_H
#define DUET_KERNELS_U8_ZEROS_H

#include "kernels/vector/u8/finish.h"

/* Of a pixel's bytes, which may be those of int16: their products with ones, and what is left. */
static int32_t u8_byte_sum(const uint8_t *from, size_t count)
{
    enum { BYTES = 4 * U8_LANES };
    int32_t lanes[U8_LANES], sum = 0;
    const size_t whole = count / BYTES * BYTES;
    const sums ones = sums_set1(U8_UNIT == 2 ? 0x00010001 : 0x01010101);
    sums each = sums_set1(0);
    for (size_t k = 0; k < whole; k += BYTES) each = sums_dot(each, sums_load(from + k), ones);
    for (size_t k = whole; k < count; k++) sum += from[k]; /* an int16's other byte is 0 */
    sums_store(lanes, each);
    for (size_t i = 0; i < U8_LANES; i++) sum += lanes[i];
    return sum;
}

/* Takes away what weights are stored too large by. Whole numbers: in whatever order. */
static inline void u8_take_zeros(int32_t *rows, size_t count, const int32_t *zeros, const int32_t *byte_sums)
{
    for (size_t r = 0; r < count; r++, rows += U8_GROUP)
        for (size_t v = 0; v < U8_GROUP; v += U8_LANES) {
            const sums much = sums_mul(sums_set1(byte_sums[r]), sums_load(zeros + v));
            sums_store(rows + v, sums_sub(sums_load(rows + v), much));
        }
}

#endif
