/* upsample.c: the scalar kernel, which is the specification. */
#include "kernels/upsample.h"

#include "kernels/exp.h"

#include <math.h>

static inline float logit(const struct duet_upsample_args *a, size_t c, size_t pixel)
{
    return a->left[c] + (a->right[c] - a->left[c]) * a->fractions[pixel];
}

static void one_pixel(const struct duet_upsample_args *a, size_t pixel)
{
    float best = -INFINITY, total = 0;
    size_t class = 0;
    for (size_t c = 0; c < a->classes; c++)
        if (logit(a, c, pixel) > best) {
            best = logit(a, c, pixel);
            class = c;
        }
    a->output[pixel] = (uint8_t) class;
    if (!a->total) return;
    for (size_t c = 0; c < a->classes; c++) total += duet_exp_below(logit(a, c, pixel) - best);
    a->total[pixel] = total;
    for (size_t c = 0; a->sums && c < a->classes; c++)
        a->sums[c * a->sums_stride + pixel] += duet_exp_below(logit(a, c, pixel) - best) / total;
}

void duet_upsample_scalar(const struct duet_upsample_args *args)
{
    duet_upsample_promise(args);
    for (size_t pixel = 0; pixel < args->pixels; pixel++) one_pixel(args, pixel);
}
