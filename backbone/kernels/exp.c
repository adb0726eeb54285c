#include "kernels/exp.h"

#include <math.h>

/* e^x = 2^n * e^r with |r| <= ln(2) / 2; e^r by its Taylor series to r^11, whose rest is below 1e-14. Plain
 * double operations in a fixed order. */
static double exp_double(double x)
{
    static const double log2e = 1.4426950408889634, ln2_high = 6.93147180369123816490e-01,
                        ln2_low = 1.90821492927058770002e-10;
    double n = floor(x * log2e + 0.5);
    double r = (x - n * ln2_high) - n * ln2_low;
    double sum = 1.0;
    for (int k = 11; k >= 1; k--) sum = 1.0 + sum * r / k;
    uint64_t bits = (uint64_t)((int64_t)n + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return sum * power;
}

float duet_exp(float x)
{
    if (!(x >= -104.0f)) return isnan(x) ? x : 0.0f;
    if (x > 89.0f) return INFINITY;
    return (float)exp_double(x);
}

float duet_sigmoid(float x)
{
    if (isnan(x)) return x;
    if (x < -104.0f) return 0.0f;
    if (x > 104.0f) return 1.0f;
    return (float)(1.0 / (1.0 + exp_double(-(double)x)));
}
