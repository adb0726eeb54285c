/* window.h: which columns of a 3x3 window lie inside the picture, for runs of output pixels. Internal. */
#ifndef DUET_KERNELS_WINDOW_H
#define DUET_KERNELS_WINDOW_H

#include <stdbool.h>
#include <stddef.h>

/* Output pixels from `x` up to `end` have the same columns inside. */
struct duet_window {
    size_t end;
    bool inside[3];
};

/* `stride` is 1 or 2. */
static inline struct duet_window duet_window_at(size_t x, size_t in_width, size_t out_width, size_t stride,
                                                size_t rate, size_t pad_left)
{
    struct duet_window w = {.end = out_width};
    for (size_t tap = 0; tap < 3; tap++) {
        size_t reach = tap * rate;
        /* The tap is inside for output pixels from `first` up to `end`. */
        size_t first = pad_left > reach ? (pad_left - reach + stride - 1) >> (stride - 1) : 0;
        size_t end =
            in_width + pad_left > reach ? (in_width + pad_left - reach + stride - 1) >> (stride - 1) : 0;
        w.inside[tap] = x >= first && x < end;
        if (x < first && first < w.end) w.end = first;
        if (x < end && end < w.end) w.end = end;
    }
    return w;
}

#endif
