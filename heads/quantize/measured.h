/* measured.h: what the results of a layer were like over all pictures. Internal.
 *
 * All of it is the same in whatever order pictures come: smallest, largest, and sums that are exact. */
#ifndef DUET_HEADS_QUANTIZE_MEASURED_H
#define DUET_HEADS_QUANTIZE_MEASURED_H

#include "duet/network.h"

/* Zeroed: nothing seen. */
struct measured {
    size_t channels, maps;
    float *low, *high; /* [channels] */
    int64_t *means;    /* [channels], the maps' means added up, in units of DUET_MEAN_UNIT */
    uint64_t *counts;  /* [DUET_MAGNITUDES], of numbers so large, below 0 and above alike */
};

/* Magnitudes are told apart by a float's exponent and three bits of its fraction, an eighth to a sixteenth.
 */
#define DUET_MAGNITUDES 2048

/* What a channel's mean over a map is rounded to, so that they can be added up exactly; means of more than a
 * million count as that. */
#define DUET_MEAN_UNIT (1.0 / (1 << 24))

/* A map more, [1, H, W, C] of float32. Errors: DUET_BAD_FORMAT (a number that is not finite),
 * DUET_OUT_OF_MEMORY. `layer` is for messages. */
enum duet_status duet_measured_add(struct measured *measured, const char *layer, const struct duet_view *map,
                                   struct duet_error *error);
/* Nothing but what the mean of all channels is. Errors: DUET_OUT_OF_MEMORY. */
enum duet_status duet_measured_set(struct measured *measured, size_t channels, double mean,
                                   struct duet_error *error);
void duet_measured_close(struct measured *measured);

/* What share of the range from low to high a byte should stand for, so that the squares of all errors are
 * least, of those cut off and of rounding: 1 .. 0.85. Less would leave smaller errors still, but what is
 * large is what detections are made of. On SSDLite's residual streams, how much of the detections of float32
 * came out again (AP, they as the truth): 0.940 whole, 0.957 at 0.85, 0.950 at 0.7; with every layer cut as
 * the squares have it, down to 0.5: 0.941. */
double duet_measured_share(const struct measured *measured, double low, double high);

/* Of channel c over all maps; of all channels. */
double duet_measured_mean(const struct measured *measured, size_t c);
double duet_measured_mean_of_all(const struct measured *measured);

#endif
