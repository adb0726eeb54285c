#include "quantize/weights.h"

#include <math.h>

/* One output channel: every `step`-th number from the first one on. */
struct column {
    const float *floats;
    int8_t *bytes;
    size_t count, step;
    double scale;
};

/* What weight i is too much by, in units of the scale. */
static double error_of(const struct column *c, size_t i)
{
    return (double)c->bytes[i * c->step] - (double)c->floats[i * c->step] / c->scale;
}

/* What feeds a channel is much alike, so that its errors should add up to nothing: those nearest to a half
 * are rounded the other way until half a unit is left. */
static void balance(const struct column *c, double sum)
{
    while (fabs(sum) > 0.5) {
        const int way = sum > 0 ? -1 : 1;
        double most = 0;
        size_t at = 0;
        for (size_t i = 0; i < c->count; i++) {
            int moved = c->bytes[i * c->step] + way;
            if (-way * error_of(c, i) <= most || moved < -127 || moved > 127) continue;
            most = -way * error_of(c, i);
            at = i;
        }
        if (most <= 0) return;
        c->bytes[at * c->step] = (int8_t)(c->bytes[at * c->step] + way);
        sum += way;
    }
}

void duet_weights_to_int8(const float *floats, size_t rest, size_t channels, int8_t *bytes, float *scales)
{
    for (size_t n = 0; n < channels; n++) {
        float largest = 0;
        for (size_t i = 0; i < rest; i++) largest = fmaxf(largest, fabsf(floats[i * channels + n]));
        scales[n] = fmaxf(largest / 127, scales[n]);
        const struct column c = {floats + n, bytes + n, rest, channels, (double)scales[n]};
        double sum = 0;
        for (size_t i = 0; i < rest; i++) {
            double q = rint((double)floats[i * channels + n] / c.scale);
            bytes[i * channels + n] = (int8_t)fmax(fmin(q, 127), -127);
            sum += error_of(&c, i);
        }
        balance(&c, sum);
    }
}

void duet_weights_excess(const float *floats, size_t rest, size_t channels, const int8_t *bytes,
                         const float *scales, const double *means, size_t inputs, double *excess)
{
    for (size_t n = 0; n < channels; n++) {
        excess[n] = 0;
        for (size_t i = 0; i < rest; i++) {
            size_t at = i * channels + n;
            double error = (double)bytes[at] * (double)scales[n] - (double)floats[at];
            excess[n] += error * means[inputs == 0 ? n : i % inputs];
        }
    }
}
