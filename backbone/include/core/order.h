/* order.h: plain numbers in ascending order. Internal. */
#ifndef DUET_CORE_ORDER_H
#define DUET_CORE_ORDER_H

#include <stdint.h>
#include <stdlib.h>

static inline int duet_by_int64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Ascending, each once. Returns how many are left. */
static inline size_t duet_sort_distinct(int64_t *values, size_t count)
{
    size_t kept = 0;
    qsort(values, count, sizeof *values, duet_by_int64);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || values[i] != values[i - 1]) values[kept++] = values[i];
    return kept;
}

static inline int duet_by_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

#endif
