/* description.h: inside a network description. Internal to backbone/network. */
#ifndef DUET_NETWORK_DESCRIPTION_H
#define DUET_NETWORK_DESCRIPTION_H

#include "duet/network.h"

#define DUET_MAX_OUTPUTS    64
#define DUET_MAX_CHANNELS   65536
#define DUET_MAX_INPUT_SIDE 8192
#define DUET_MAX_LAYERS     65536
#define DUET_MAX_NAME       200 /* bytes of a layer's; longer than any, and tensors' names are made of it */

struct network_output {
    char *name;
    duet_node node;
};

struct duet_network {
    struct duet_layer *layers;
    int layer_count;
    size_t layer_capacity;
    struct network_output outputs[DUET_MAX_OUTPUTS];
    int output_count;
    struct duet_error fault; /* the first one; status DUET_OK: none */
};

/* How many of a layer's inputs it reads numbers of: of one that it is only made as large as, none. */
static inline int duet_layer_reads(const struct duet_layer *layer)
{
    if (layer->op == DUET_OP_INPUT) return 0;
    return layer->op == DUET_OP_BROADCAST || layer->op == DUET_OP_UPSAMPLE ? 1 : layer->input_count;
}

/* What layers cost at that size, as if all were float32: fills info [layer_count]. Only shapes of layers that
 * are `needed` [layer_count] have to fit together. Errors: those of duet_network_account. */
enum duet_status duet_network_shapes(const struct duet_network *network, int height, int width,
                                     const bool *needed, struct duet_layer_info *info,
                                     struct duet_error *error);

#endif
