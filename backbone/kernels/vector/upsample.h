/* upsample.h: the body of every vector level's upsample kernel: a vector of pixels at a time, all classes. */
#include "kernels/exp.h"
#include "kernels/upsample.h"

#include <math.h>

/* See duet_exp_below. */
static inline vec exp_below(vec x)
{
    static const float series[] = DUET_EXP_SERIES;
    const vec lowest = vec_set1(DUET_EXP_LOWEST), magic = vec_set1(DUET_EXP_MAGIC);
    x = vec_choose_more(x, lowest, x, lowest);
    const vec shifted = vec_add(vec_mul(x, vec_set1(DUET_EXP_LOG2E)), magic), n = vec_sub(shifted, magic);
    const vec r =
        vec_sub(vec_sub(x, vec_mul(n, vec_set1(DUET_EXP_LN2))), vec_mul(n, vec_set1(DUET_EXP_LN2_LOW)));
    vec sum = vec_set1(series[0]);
    for (int i = 1; i < 7; i++) sum = vec_add(vec_set1(series[i]), vec_mul(r, sum));
    return vec_mul(sum, vec_power_of_2(shifted));
}

static inline vec upsample_logit(const struct duet_upsample_args *a, size_t c, vec fraction)
{
    return vec_add(vec_set1(a->left[c]), vec_mul(vec_set1(a->right[c] - a->left[c]), fraction));
}

/* `count` pixels from `pixel` on, at most a vector of them. */
static inline void upsample_some(const struct duet_upsample_args *a, size_t pixel, size_t count)
{
    const vec fraction = vec_load_some(a->fractions + pixel, count);
    vec best = vec_set1(-INFINITY), class = vec_set1(0.0f), total = class;
    for (size_t c = 0; c < a->classes; c++) {
        const vec x = upsample_logit(a, c, fraction);
        class = vec_choose_more(x, best, vec_set1((float)c), class);
        best = vec_choose_more(x, best, x, best);
    }
    float numbers[VEC_LANES];
    vec_store(numbers, class);
    for (size_t i = 0; i < count; i++) a->output[pixel + i] = (uint8_t)numbers[i];
    if (!a->total) return;
    for (size_t c = 0; c < a->classes; c++)
        total = vec_add(total, exp_below(vec_sub(upsample_logit(a, c, fraction), best)));
    vec_store_some(a->total + pixel, total, count);
    for (size_t c = 0; a->sums && c < a->classes; c++) {
        float *sum = a->sums + c * a->sums_stride + pixel;
        const vec share = vec_div(exp_below(vec_sub(upsample_logit(a, c, fraction), best)), total);
        vec_store_some(sum, vec_add(vec_load_some(sum, count), share), count);
    }
}

static void upsample(const struct duet_upsample_args *a)
{
    duet_upsample_promise(a);
    for (size_t pixel = 0; pixel < a->pixels; pixel += VEC_LANES) {
        size_t left = a->pixels - pixel;
        upsample_some(a, pixel, left < VEC_LANES ? left : VEC_LANES);
    }
}
