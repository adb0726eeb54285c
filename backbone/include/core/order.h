/* order.h: plain numbers in ascending order, for qsort and bsearch. Internal. */
#ifndef DUET_CORE_ORDER_H
#define DUET_CORE_ORDER_H

#include <stdint.h>

static inline int duet_by_int64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static inline int duet_by_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

#endif
