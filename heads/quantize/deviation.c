#include "heads/deviation.h"

#include <math.h>

static void add(struct duet_deviation *d, double a, double b)
{
    double difference = fabs(a - b);
    if (!(difference <= d->max_abs)) d->max_abs = difference; /* a NaN stays */
    d->signal += a * a;
    d->noise += difference * difference;
}

void duet_deviation_add(struct duet_deviation *deviation, const float *a, const float *b, size_t count)
{
    for (size_t i = 0; i < count; i++) add(deviation, (double)a[i], (double)b[i]);
    deviation->count += count;
}

void duet_deviation_add_bytes(struct duet_deviation *deviation, const float *a, const uint8_t *b, float scale,
                              int zero_point, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add(deviation, (double)a[i], (double)(b[i] - zero_point) * (double)scale);
    deviation->count += count;
}

double duet_deviation_sqnr(const struct duet_deviation *deviation)
{
    if (deviation->count == 0) return (double)NAN;
    return deviation->noise == 0 ? (double)INFINITY : 10 * log10(deviation->signal / deviation->noise);
}
