/* compiled.h: inside a compiled network. Internal to backbone/network. */
#ifndef DUET_NETWORK_COMPILED_H
#define DUET_NETWORK_COMPILED_H

#include "core/kept.h"
#include "kernels/kernels.h"
#include "network/packed.h"
#include "network/plan.h"

/* An input or output that the compiled network has. */
struct compiled_end {
    char *name;
    duet_node node;
};

struct duet_compiled {
    struct duet_kept kept;
    struct plan plan;
    struct duet_kernels kernels;
    struct duet_layer *layers; /* copies, without names; the plan's steps point into them by number */
    int layer_count;
    struct packed_weights packed;
    struct compiled_end *inputs, *outputs; /* the picture first */
    int input_count, output_count;
    size_t max_memory;   /* bytes of a session */
    char **kernel_names; /* a step each */
};

/* What a layer runs on: kernels for its type of numbers. */
static inline const struct duet_network_kernels *duet_layer_kernels(const struct duet_compiled *compiled,
                                                                    duet_node node)
{
    return &compiled->kernels.of[compiled->plan.numbers[node].integers ? DUET_U8 : DUET_F32];
}

/* May a session for so many threads be made? Errors: DUET_TOO_LARGE. */
enum duet_status duet_check_memory(const struct plan *plan, size_t threads, size_t max_memory,
                                   struct duet_error *error);

#endif
