/* apart.h: a part of every kernel's contract: what it writes is not what it reads. Internal. */
#ifndef DUET_KERNELS_APART_H
#define DUET_KERNELS_APART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers of `rows` rows (1 or more) of `row` each that lie `stride` apart. */
static inline size_t duet_span(size_t rows, size_t stride, size_t row)
{
    return (rows - 1) * stride + row;
}

/* Have two blocks of so many numbers, of `size` bytes each, none in common? */
static inline bool duet_apart(const void *a, size_t a_count, const void *b, size_t b_count, size_t size)
{
    uintptr_t x = (uintptr_t)a, y = (uintptr_t)b;
    return x + a_count * size <= y || y + b_count * size <= x;
}

#endif
