/* upsample.c: the scalar kernel, which is the specification. */
#include "kernels/upsample.h"

#include <math.h>
#include <string.h>

float duet_exp_below(float x)
{
    static const float series[] = DUET_EXP_SERIES;
    x = x > DUET_EXP_LOWEST ? x : DUET_EXP_LOWEST;
    float n = x * DUET_EXP_LOG2E + DUET_EXP_MAGIC;
    uint32_t bits; /* whose low ones are n */
    memcpy(&bits, &n, sizeof bits);
    n -= DUET_EXP_MAGIC;
    float r = (x - n * DUET_EXP_LN2) - n * DUET_EXP_LN2_LOW, sum = series[0];
    for (int i = 1; i < 7; i++) sum = series[i] + r * sum;
    bits = (bits + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return sum * power;
}

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
