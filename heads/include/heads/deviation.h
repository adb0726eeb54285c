/* deviation.h: how far numbers are from those that they stand for. Internal to Duet. */
#ifndef DUET_HEADS_DEVIATION_H
#define DUET_HEADS_DEVIATION_H

#include <stddef.h>
#include <stdint.h>

/* Numbers b in the place of a. Zeroed: none yet. */
struct duet_deviation {
    double max_abs; /* largest |a - b| */
    double signal;  /* sum of a * a */
    double noise;   /* sum of (a - b) * (a - b): 0 when they are equal */
    size_t count;   /* of numbers */
};

void duet_deviation_add(struct duet_deviation *deviation, const float *a, const float *b, size_t count);
/* b: bytes that stand for (q - zero_point) * scale. */
void duet_deviation_add_bytes(struct duet_deviation *deviation, const float *a, const uint8_t *b, float scale,
                              int zero_point, size_t count);

/* Signal to noise in dB; +infinity for equal numbers, NAN for none. */
double duet_deviation_sqnr(const struct duet_deviation *deviation);

#endif
