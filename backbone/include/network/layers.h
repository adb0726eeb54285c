/* layers.h: what layers do with the numbers that they read. Internal to Duet. */
#ifndef DUET_NETWORK_LAYERS_H
#define DUET_NETWORK_LAYERS_H

#include "duet/network.h"

/* How many of a layer's inputs it reads numbers of: of one that it is only made as large as, none. */
static inline int duet_layer_reads(const struct duet_layer *layer)
{
    if (layer->op == DUET_OP_INPUT) return 0;
    return layer->op == DUET_OP_BROADCAST || layer->op == DUET_OP_UPSAMPLE ? 1 : layer->input_count;
}

/* Is what it leaves what it reads, in another order, or means of that: on the same scale? */
static inline bool duet_layer_passes_on(const struct duet_layer *layer)
{
    return layer->op == DUET_OP_BROADCAST || layer->op == DUET_OP_UPSAMPLE || layer->op == DUET_OP_SUBSAMPLE;
}

#endif
