/* compiled.h: inside a compiled network. Internal to backbone/network. */
#ifndef DUET_NETWORK_COMPILED_H
#define DUET_NETWORK_COMPILED_H

#include "kernels/kernels.h"
#include "network/plan.h"

#include <stdatomic.h>

/* Where a convolution's packed tensors lie. */
struct packed_layer {
    const float *weights, *bias;
};

struct compiled_output {
    char *name;
    size_t offset; /* floats */
    struct duet_shape shape;
};

struct duet_compiled {
    atomic_int references;
    struct plan plan;
    struct duet_kernels kernels;
    struct duet_layer *layers; /* copies, without names; the plan's steps point into them by number */
    int layer_count;
    int *input_channels;         /* of each layer */
    struct packed_layer *packed; /* a layer each */
    float *weights;              /* all of them, one block */
    size_t weight_bytes;
    struct compiled_output *outputs;
    int output_count;
    size_t input_offset;
    char **kernel_names; /* a step each */
};

#endif
