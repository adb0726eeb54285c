#include "duet/head.h"

#include "core/fail.h"

#include <stdlib.h>

/* The last block at a stride, of the trunk without dilation; -1: no such stride. */
static int block_at(int stride)
{
    switch (stride) {
    case 2:
        return 0;
    case 4:
        return 2;
    case 8:
        return 5;
    case 16:
        return 12;
    case 32:
        return 16;
    default:
        return -1;
    }
}

/* Is a layer made of a side input? No head takes such features: whoever runs one head would have to feed
 * another one, which may read what is to come of them. `late` [layers] is scratch. */
static bool is_late(const struct duet_network *network, duet_node node, bool *late)
{
    for (int i = 0; i <= node; i++) { /* what is read comes before what reads it */
        const struct duet_layer *layer = duet_network_layer(network, i);
        late[i] = layer->op == DUET_OP_INPUT && layer->input_count > 0;
        for (int k = 0; k < layer->input_count; k++) late[i] = late[i] || late[layer->inputs[k]];
    }
    return late[node];
}

static enum duet_status check_early(const struct duet_network *network, const struct duet_head *head,
                                    const duet_node *nodes, int count, struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    bool *late = calloc((size_t)duet_network_layer_count(network) + 1, sizeof *late);
    if (!late) return duet_no_memory(error, NULL, "for a network");
    for (int i = 0; i < count && status == DUET_OK; i++)
        if (head->taps[i].layer && is_late(network, nodes[i], late)) /* the trunk never is */
            status = duet_fail(error, DUET_BAD_ARGUMENT,
                               "taps[%d]: expected a layer that needs no other head's result, got '%s'", i,
                               head->taps[i].layer);
    free(late);
    return status;
}

enum duet_status duet_head_taps(const struct duet_network *network, const struct duet_mobilenet_v2 *backbone,
                                const struct duet_head *head, duet_node *nodes, int count,
                                struct duet_error *error)
{
    DUET_NEEDS(network, error);
    DUET_NEEDS(backbone, error);
    DUET_NEEDS(head, error);
    DUET_NEEDS(nodes, error);
    if (!head->name || head->tap_count != count || count > DUET_MAX_TAPS)
        return duet_fail(error, DUET_BAD_ARGUMENT, "taps: expected %d for a head called '%s', got %d", count,
                         head->name ? head->name : "", head->tap_count);
    for (int i = 0; i < count; i++) {
        const struct duet_tap *tap = &head->taps[i];
        int block = tap->layer ? -1 : block_at(tap->stride);
        nodes[i] = tap->layer   ? duet_network_find(network, tap->layer)
                   : block >= 0 ? backbone->block[block]
                                : -1;
        if (nodes[i] < 0 && tap->layer)
            return duet_fail(error, DUET_BAD_ARGUMENT, "taps[%d]: expected a layer of the network, got '%s'",
                             i, tap->layer);
        if (nodes[i] < 0)
            return duet_fail(error, DUET_BAD_ARGUMENT, "taps[%d]: expected stride 2, 4, 8, 16 or 32, got %d",
                             i, tap->stride);
    }
    return check_early(network, head, nodes, count, error);
}
