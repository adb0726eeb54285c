/* apart.h: a part of every kernel's contract: what it writes is not what it reads. Internal. */
#ifndef DUET_KERNELS_APART_H
#define DUET_KERNELS_APART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Floats of `rows` rows (1 or more) of `row` each that lie `stride` apart. */
static inline size_t duet_span(size_t rows, size_t stride, size_t row)
{
    return (rows - 1) * stride + row;
}

/* Have the two blocks of floats no float in common? */
static inline bool duet_apart(const float *a, size_t a_floats, const float *b, size_t b_floats)
{
    uintptr_t x = (uintptr_t)a, y = (uintptr_t)b;
    return x + a_floats * sizeof(float) <= y || y + b_floats * sizeof(float) <= x;
}

#endif
