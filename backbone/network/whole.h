/* whole.h: a layer's weights made ready for kernels of bytes: weights as they are stored, biases in the units
 * of the sums, and what brings sums to the result's scale. Internal to backbone/network. */
#ifndef DUET_NETWORK_WHOLE_H
#define DUET_NETWORK_WHOLE_H

#include "network/description.h"
#include "network/store.h"

struct whole_layer {
    const struct duet_layer *layer;
    const struct duet_tensor *weight, *bias;
    size_t depth;
    const uint32_t *live; /* [live_depth]: rows of weights that are packed; NULL: all */
    size_t live_depth;
    const struct packed_key *key; /* of packing and scales; output_scale 1: the result is float32 */
    /* To be filled: packed weights, and a number for each channel of the others, which are zero. */
    void *packed_weights;
    int32_t *packed_bias, *zeros;
    float *scales;
    bool has_zeros; /* told: is one of them not 0? */
};

/* Bytes of scratch that duet_whole_pack takes. The layer's weights as float32 fit in memory. */
size_t duet_whole_scratch(size_t depth, size_t channels);

/* Errors: those of duet_weights_whole and duet_weights_float; DUET_MISMATCH (scales that do not go
 * together, and leave a float32's range; a bias that is not finite; a sum that may leave int32). */
enum duet_status duet_whole_pack(const struct duet_weights *weights, struct whole_layer *layer, void *scratch,
                                 struct duet_error *error);

#endif
