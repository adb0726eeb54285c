/* resize.h: RGB8 rows to normalised float32 rows, resized as TensorFlow 1's ResizeBilinear does it without
 * align_corners and without half-pixel centres:
 *
 *   source = target * (float)in / (float)out;  low = floor(source);  high = min(low + 1, in - 1)
 *   top = tl + (tr - tl) * fx;  bottom = bl + (br - bl) * fx;  value = top + (bottom - top) * fy
 *   output = value * scale + shift
 *
 * Contract: exactly these float32 operations, never fused, so that every level gives the same bytes as the
 * reference graph. Internal.
 */
#ifndef DUET_KERNELS_RESIZE_H
#define DUET_KERNELS_RESIZE_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* Where a target pixel (or row) takes from: indices and the weight of `high`. */
struct duet_resize_tap {
    uint32_t low, high;
    float fraction;
};

/* Fill taps[0 .. out-1]. */
void duet_resize_taps(size_t in, size_t out, struct duet_resize_tap *taps);

struct duet_resize_args {
    const uint8_t *top, *bottom; /* the two source rows, RGB8 */
    float fraction;              /* weight of bottom */
    const struct duet_resize_tap *columns;
    size_t out_width;
    float *output; /* [out_width][3] */
    float scale, shift;
};

typedef void duet_resize_fn(const struct duet_resize_args *args);

/* What a caller promises; the first line of every version. Taps ascend, so that the last one reaches
 * farthest. */
static inline void duet_resize_promise(const struct duet_resize_args *a)
{
    (void)a; /* where there are no assertions */
    assert(a->top && a->bottom && a->fraction >= 0 && a->fraction <= 1);
    assert(a->out_width == 0 || (a->columns[0].low <= a->columns[a->out_width - 1].low &&
                                 a->columns[0].high <= a->columns[a->out_width - 1].high));
}

void duet_resize_scalar(const struct duet_resize_args *args);

#endif
