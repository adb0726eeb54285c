/* resize.h: the body of every vector level's resize kernel: a few pixels at a time, four lanes each. A level
 * has before it RESIZE_PIXELS, how many that is; RESIZE_SPARE, how many must follow those that it stores;
 * resize_low() and resize_high(), the taps' pixels of a row as floats; resize_fractions(); resize_store(). */
#include "kernels/resize.h"

/* from + (to - from) * fraction, each step rounded. */
static inline vec between(vec from, vec to, vec fraction)
{
    return vec_add(from, vec_mul(vec_sub(to, from), fraction));
}

/* A fourth byte of the row's last pixel may not be there to read, nor floats after the output's last pixel to
 * write: what comes near either is left to the scalar kernel. */
static void resize(const struct duet_resize_args *a)
{
    duet_resize_promise(a);
    const struct duet_resize_tap *c = a->columns;
    const uint32_t last = a->out_width ? c[a->out_width - 1].high : 0;
    const vec fy = vec_set1(a->fraction), scale = vec_set1(a->scale), shift = vec_set1(a->shift);
    size_t x = 0;
    for (; x + RESIZE_PIXELS + RESIZE_SPARE <= a->out_width && c[x + RESIZE_PIXELS - 1].high < last;
         x += RESIZE_PIXELS) {
        const vec fx = resize_fractions(c + x);
        const vec top = between(resize_low(a->top, c + x), resize_high(a->top, c + x), fx);
        const vec bottom = between(resize_low(a->bottom, c + x), resize_high(a->bottom, c + x), fx);
        resize_store(a->output + x * 3, vec_add(vec_mul(between(top, bottom, fy), scale), shift));
    }
    struct duet_resize_args rest = *a;
    rest.columns += x;
    rest.out_width -= x;
    rest.output += x * 3;
    duet_resize_scalar(&rest);
}
