/* packed.h: the weights of a network in the form that its kernels read, layer by layer. They lie in the store
 * beside the set they come from (store.h). Internal to backbone/network. */
#ifndef DUET_NETWORK_PACKED_H
#define DUET_NETWORK_PACKED_H

#include "duet/network.h"
#include "kernels/kernels.h"
#include "network/plan.h"
#include "network/store.h"

struct packed_weights {
    struct packed_layer *layers; /* [layer_count] */
    size_t bytes;                /* of them together */
    struct packed_store *store;  /* a reference */
};

/* Look up and check the tensors of every layer that the plan needs, and pack what the store does not have
 * yet. Quantized ones are made float32. For the plan's separable steps, input channels of the projection that
 * are always zero are left out (see dead_channels.h). End with close, after a failure too. Errors:
 * DUET_NOT_FOUND, DUET_MISMATCH, DUET_UNSUPPORTED, DUET_IO_ERROR, DUET_TOO_LARGE, DUET_OUT_OF_MEMORY. */
enum duet_status duet_packed_take(const struct duet_network *network, const struct duet_weights *weights,
                                  const struct duet_kernels *kernels, const struct plan *plan,
                                  struct packed_weights *packed, struct duet_error *error);
void duet_packed_close(struct packed_weights *packed);

#endif
