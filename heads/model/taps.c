#include "duet/head.h"

#include "core/fail.h"

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
    return DUET_OK;
}
