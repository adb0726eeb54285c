/* description.h: inside a network description. Internal to backbone/network. */
#ifndef DUET_NETWORK_DESCRIPTION_H
#define DUET_NETWORK_DESCRIPTION_H

#include "network/layers.h"

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

/* What layers cost at that size, as if all were float32: fills info [layer_count]. Only shapes of layers that
 * are `needed` [layer_count] have to fit together. Errors: those of duet_network_account. */
enum duet_status duet_network_shapes(const struct duet_network *network, int height, int width,
                                     const bool *needed, struct duet_layer_info *info,
                                     struct duet_error *error);

#endif
