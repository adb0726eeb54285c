/* packed.h: the weights of a network in the form that its kernels read. Immutable, reference-counted:
 * compilations of one network for several input sizes share them. Internal to backbone/network. */
#ifndef DUET_NETWORK_PACKED_H
#define DUET_NETWORK_PACKED_H

#include "duet/network.h"
#include "kernels/kernels.h"
#include "network/plan.h"

#include <stdatomic.h>

/* Where a layer's tensors lie; NULL for layers without. */
struct packed_layer {
    const float *weights, *bias;
    const uint32_t *live; /* depthwise: the channels that its projection reads, ascending; NULL: all */
    size_t depth;         /* rows of the weight matrix; a projection's are those of the live channels */
};

struct packed_weights {
    atomic_int references;
    struct packed_layer *layers; /* [layer_count] */
    int layer_count;
    float *data; /* one block, 64-byte aligned */
    size_t bytes;
    uint32_t *live; /* what the layers' live lists point into */
};

/* Look up, check and pack every layer's tensors. Quantized ones are made float32. For the plan's separable
 * steps, input channels of the projection that are always zero are left out (see dead_channels.h). Errors:
 * DUET_NOT_FOUND, DUET_MISMATCH, DUET_UNSUPPORTED, DUET_TOO_LARGE, DUET_OUT_OF_MEMORY. */
enum duet_status duet_packed_create(const struct duet_network *network, const struct duet_weights *weights,
                                    const struct duet_kernels *kernels, const struct plan *plan,
                                    struct packed_weights **packed, struct duet_error *error);
struct packed_weights *duet_packed_retain(struct packed_weights *packed);
void duet_packed_close(struct packed_weights **packed);

#endif
