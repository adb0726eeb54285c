/* exp.h: e to the x, the same bits on every machine: C libraries differ in the last one. Internal.
 *
 * Two of them, since their bits differ: the decoders' is right to the last bit but one and reckons in
 * doubles; the upsampling kernel's has float32 operations only, which a vector of pixels can do, and is off
 * by 3e-7. */
#ifndef DUET_KERNELS_EXP_H
#define DUET_KERNELS_EXP_H

#include <stdint.h>
#include <string.h>

/* Within 1 ulp of float32 for every x; 0 below -104, infinity above 89, NaN for NaN. */
float duet_exp(float x);

/* 1 / (1 + e^-x), within 1 ulp. */
float duet_sigmoid(float x);

/* e^x for x <= 0 within 3e-7 of the value; e^-87 for what is less, and for NaN.
 *
 *   n = x / ln 2 to the nearest whole number, by adding 1.5 * 2^23 and taking it off again
 *   r = x - n * ln 2, ln 2 in two parts;  e^r by its series to r^6;  e^x = 2^n * e^r
 *
 * kernels/vector/upsample.h does the same to vectors. */
#define DUET_EXP_LOWEST  (-87.0f)
#define DUET_EXP_LOG2E   1.44269504f
#define DUET_EXP_MAGIC   12582912.0f
#define DUET_EXP_LN2     0.693359375f
#define DUET_EXP_LN2_LOW (-2.12194440e-4f)
#define DUET_EXP_SERIES                                                                                      \
    {                                                                                                        \
        1.3888889e-3f, 8.3333333e-3f, 4.1666667e-2f, 1.6666667e-1f, 0.5f, 1.0f, 1.0f                         \
    }
static inline float duet_exp_below(float x)
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

#endif
