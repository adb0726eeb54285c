/* checked.h: sizes are multiplied and added here, never by hand. Internal.
 * Each returns false when the result does not fit; *out is then untouched. */
#ifndef DUET_CORE_CHECKED_H
#define DUET_CORE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>

static inline bool duet_mul_size(size_t a, size_t b, size_t *out)
{
    size_t product;
    if (__builtin_mul_overflow(a, b, &product)) return false;
    *out = product;
    return true;
}

static inline bool duet_add_size(size_t a, size_t b, size_t *out)
{
    size_t sum;
    if (__builtin_add_overflow(a, b, &sum)) return false;
    *out = sum;
    return true;
}

/* `n` rounded up to a multiple of `step` (step > 0). */
static inline bool duet_round_up_size(size_t n, size_t step, size_t *out)
{
    size_t rest = n % step;
    return rest == 0 ? (*out = n, true) : duet_add_size(n, step - rest, out);
}

#endif
