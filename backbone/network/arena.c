/* Where results lie in a session's memory, from the step that writes them to the last one that reads them. */
#include "network/plan.h"

#include "core/fail.h"

#include <stdlib.h>

/* A result that needs room in the arena from the step that writes it to the last one that reads it. */
struct block {
    duet_node node;
    size_t bytes, offset;
    int from, to;
};

/* Largest first; among equals the earlier layer, so that the plan is the same everywhere. */
static int compare_blocks(const void *a, const void *b)
{
    const struct block *x = a, *y = b;
    if (x->bytes != y->bytes) return x->bytes > y->bytes ? -1 : 1;
    return (x->node > y->node) - (x->node < y->node);
}

static int compare_offsets(const void *a, const void *b)
{
    const struct block *const *x = a, *const *y = b;
    return ((*x)->offset > (*y)->offset) - ((*x)->offset < (*y)->offset);
}

/* The lowest gap that is free for the block's whole life. `placed` is scratch for `count` pointers. */
static void place(struct block *blocks, int count, struct block **placed)
{
    struct block *b = &blocks[count];
    int n = 0;
    for (int i = 0; i < count; i++)
        if (blocks[i].from <= b->to && b->from <= blocks[i].to) placed[n++] = &blocks[i];
    qsort(placed, (size_t)n, sizeof *placed, compare_offsets);
    b->offset = 0;
    for (int i = 0; i < n && b->offset + b->bytes > placed[i]->offset; i++) {
        size_t end = placed[i]->offset + placed[i]->bytes;
        if (end > b->offset) b->offset = end;
    }
}

static int collect_blocks(const struct duet_network *network, const struct plan *plan, struct block *blocks)
{
    int count = 0;
    int *slot = calloc(2 * (size_t)network->layer_count, sizeof *slot);
    if (!slot) return -1;
    for (int i = 0; i < network->layer_count; i++)
        if (network->layers[i].op == DUET_OP_INPUT && plan->needed[i]) { /* filled at any time before */
            slot[i] = count;
            blocks[count++] = (struct block){.node = i, .from = -1, .to = -1};
        }
    for (int s = 0; s < plan->step_count; s++) {
        const struct step *step = &plan->steps[s];
        for (int k = 0; k < step->input_count; k++) blocks[slot[step->inputs[k]]].to = s;
        slot[step->output] = count;
        blocks[count++] = (struct block){.node = step->output, .from = s, .to = s};
        if (step->by_channels) blocks[count++] = (struct block){.node = step->depthwise, .from = s, .to = s};
    }
    for (int i = 0; i < network->output_count; i++)
        if (plan->wanted[i]) blocks[slot[duet_plan_output(network, plan, i)]].to = plan->step_count;
    free(slot);
    return count;
}

/* A layer's whole result, but of a strip in groups no more than one. */
static uint64_t bytes_of(const struct plan *plan, const struct block *block)
{
    const struct duet_layer_info *info = &plan->info[block->node];
    const struct step *s = block->from >= 0 ? &plan->steps[block->from] : NULL;
    if (!s || s->depthwise != block->node || s->output == block->node || s->group == 0) return info->bytes;
    size_t channels = info->output.dims[3];
    return info->bytes / channels * (s->group < channels ? s->group : channels);
}

enum duet_status duet_plan_arena(const struct duet_network *network, struct plan *plan,
                                 struct duet_error *error)
{
    size_t n = 2 * (size_t)network->layer_count; /* at worst every result is converted */
    struct block *blocks = calloc(n, sizeof *blocks), **placed = calloc(n, sizeof *placed);
    int count = blocks && placed ? collect_blocks(network, plan, blocks) : -1;
    enum duet_status status = DUET_OK;
    if (count < 0) {
        status = duet_no_memory(error, NULL, "to plan a network");
        goto done;
    }
    for (int i = 0; i < count; i++) {
        uint64_t bytes = bytes_of(plan, &blocks[i]);
        if (bytes > DUET_MAX_ARENA_BYTES) {
            status =
                duet_fail(error, DUET_TOO_LARGE, "layer %s: its result takes %llu bytes, the limit is %zu",
                          network->layers[blocks[i].node % network->layer_count].name,
                          (unsigned long long)bytes, DUET_MAX_ARENA_BYTES);
            goto done;
        }
        blocks[i].bytes = duet_align((size_t)bytes);
    }
    qsort(blocks, (size_t)count, sizeof *blocks, compare_blocks);
    for (int i = 0; i < count; i++) {
        place(blocks, i, placed);
        plan->offset[blocks[i].node] = blocks[i].offset;
        size_t end = blocks[i].offset + blocks[i].bytes;
        if (end > plan->arena_bytes) plan->arena_bytes = end;
    }
    if (plan->arena_bytes > DUET_MAX_ARENA_BYTES)
        status = duet_fail(error, DUET_TOO_LARGE, "the network's results take %zu bytes, the limit is %zu",
                           plan->arena_bytes, DUET_MAX_ARENA_BYTES);
done:
    free(blocks);
    free(placed);
    return status;
}
