/* plan.h: a description at one input size becomes a list of steps and one arena. Internal to
 * backbone/network.
 *
 * The unit of fusion is the separable step, which covers an inverted residual, an SSDLite predictor and an
 * extra feature layer alike:
 *
 *     [expand: conv ->] depthwise 3x3 -> project: 1x1 conv [-> add]
 *
 * The expanded tensor, six times as deep as its input, never exists as a whole. Two ways to run:
 *
 *   by rows       A strip of output rows at a time. The expanded rows that a strip needs are kept in rings in
 *                 the worker's scratch memory, one ring a chunk of channels. Workers share the rows. This is
 *                 for wide, shallow layers: rows are large, weights small.
 *
 *   by channels   A chunk of channels at a time over the whole height: every weight is read once, and workers
 *                 share the channels, so that no row is expanded twice. The depthwise results of a group of
 *                 channels meet in the arena, then workers share the projection, which goes on from what the
 *                 groups before have left. This is for small, deep layers.
 *
 * The paper's t-way split (section 5.1) is the second way with t groups, each expanded at once.
 *
 * Only what the wanted outputs need becomes steps. They stand in the order of their stages: what a side input
 * leads to comes last. Where a step reads a result of another type than it computes in, a conversion stands in
 * front of the first one that does.
 */
#ifndef DUET_NETWORK_PLAN_H
#define DUET_NETWORK_PLAN_H

#include "network/description.h"

enum step_kind {
    STEP_CONV,
    STEP_DEPTHWISE,
    STEP_SEPARABLE,
    STEP_ADD,
    STEP_CONCAT,
    STEP_GLOBAL_MEAN,
    STEP_BROADCAST,
    STEP_UPSAMPLE,
    STEP_SUBSAMPLE,
    STEP_CONVERT, /* to the step's type, from the input layer's */
    STEP_KINDS
};

struct step {
    enum step_kind kind;
    duet_node expand, depthwise, project, add; /* the layers it covers; -1: none. A plain CONV is `project` */
    duet_node output;                          /* the layer whose result it leaves */
    duet_node inputs[DUET_MAX_INPUTS];         /* layers whose results it reads */
    int input_count;
    char *name;
    int stage;
    enum duet_dtype dtype; /* of what it reads, and of a conversion, of what it leaves */
    /* A 1x1 convolution may read several tensors as if they were joined (it covers a CONCAT), some of them a
     * single pixel that stands for all (a BROADCAST). */
    bool spread[DUET_MAX_INPUTS];
    bool serial; /* too little work to share, or a sum in one order */
    /* Separable: */
    bool by_channels;
    size_t chunk;      /* channels expanded and filtered at a time: a multiple of DUET_CHUNK_UNIT */
    size_t group;      /* by channels: of a group, when that is asked for; 0: as many as the strip may hold */
    size_t strip_rows; /* by rows: output rows at a time */
    size_t ring_rows;  /* rows of the expanded tensor that a ring keeps; 0: nothing is expanded */
    /* Of one worker's scratch: first a row of a chunk, for channels that are left out after filtering (see
     * dead_channels.h); then by rows the strip and the rings, by channels the ring. */
    size_t spare_bytes, scratch_bytes;
};

/* What a plan may fill, as shares of a core's caches. Measured on a core with 32 KiB and 1 MiB; strips from
 * half as large to a third larger ran within 1 % there. */
struct plan_budget {
    size_t window; /* three rows of a chunk, what a depthwise row reads: they stay in L1 */
    size_t strip; /* by rows: strip and rings; by channels: a worker's part of the strip. In L2, with room for
                     input, output and weights beside it */
    size_t plane; /* by channels when DUET_CHUNK_UNIT channels of the expanded tensor take no more */
};

/* Who reads each layer, of those that are needed. */
struct plan_uses {
    int *count;       /* readers, a wanted output of the network counting as one */
    duet_node *first; /* the first reader, -1: none */
    int *stage;       /* that the layer belongs to */
    bool *as_bytes;   /* does a reader want bytes? */
};

struct plan {
    struct step *steps;
    int step_count;
    bool wanted[DUET_MAX_OUTPUTS]; /* the network's outputs */
    bool *needed;                  /* layers that lead to a wanted one, and the picture */
    int stage_count;
    struct plan_uses uses;
    bool *joins; /* convolutions whose sums join the addition that reads them, unrounded */
    /* A layer each, and behind them once more for those whose results are converted: */
    struct duet_layer_info *info;
    struct duet_numbers *numbers; /* as they compute; see duet_plan_numbers */
    size_t *offset; /* where its result lies in the arena, in bytes; SIZE_MAX: nowhere */
    size_t arena_bytes, scratch_bytes;
    struct plan_budget budget;
    int split; /* groups of an inverted residual; 0: as the budget says */
};

/* Results, strips and packed weights begin at multiples of so many bytes. */
#define DUET_ALIGN 64

static inline size_t duet_align(size_t bytes)
{
    return (bytes + DUET_ALIGN - 1) / DUET_ALIGN * DUET_ALIGN;
}

#define DUET_CHUNK_UNIT 32 /* also the widest panel of any convolution kernel; every panel divides it */

/* Units of channels, the last one filled or not. */
static inline size_t duet_chunk_units(size_t channels)
{
    return (channels + DUET_CHUNK_UNIT - 1) / DUET_CHUNK_UNIT;
}

static inline bool duet_is_pointwise(const struct duet_layer *layer)
{
    return layer->op == DUET_OP_CONV && layer->kernel == 1 && layer->stride == 1;
}

/* What the plan knows the result of layer `node` as, once a STEP_CONVERT has made it float32, or bytes. */
static inline duet_node duet_plan_converted(const struct duet_network *network, duet_node node)
{
    return network->layer_count + node;
}

/* By channels only when the strip of all channels takes no more. */
#define DUET_WHOLE_STRIP_BYTES ((size_t)8 << 20)

/* Multiply-adds (a few microseconds) below which waking other workers takes longer than it saves. */
#define DUET_SERIAL_MADDS 150000

/* The most memory one network's results may take: far above any real use, far below what hurts. */
#define DUET_MAX_ARENA_BYTES ((size_t)4 << 30)

/* Of the options, sizes, outputs, unfused, split and caches count. On failure *plan is zero. Errors: those of
 * duet_network_memory. */
enum duet_status duet_plan_create(const struct duet_network *network,
                                  const struct duet_compile_options *options, struct plan *plan,
                                  struct duet_error *error);
void duet_plan_close(struct plan *plan);

/* Of that, parts. First what is asked, and what of: needed (`whole`: every layer is), uses, stages, info,
 * numbers. */
enum duet_status duet_plan_begin(const struct duet_network *network,
                                 const struct duet_compile_options *options, bool whole, struct plan *plan,
                                 struct duet_error *error);

/* The steps in the order of their stages, within one of their results' layers, so that every input is ready
 * before it is read. Errors: DUET_OUT_OF_MEMORY. */
enum duet_status duet_plan_steps(const struct duet_network *network, bool fuse, struct plan *plan,
                                 struct duet_error *error);

/* Caches to plan for, in bytes; 0: this machine's. */
struct plan_budget duet_plan_budget(size_t l1_bytes, size_t l2_bytes);

/* How each of the steps runs. */
void duet_plan_ways(const struct duet_network *network, struct plan *plan);

/* Fills numbers and joins, and of info the types and bytes of results. Errors: DUET_MISMATCH (bytes are
 * to be read where there is no scale for them). */
enum duet_status duet_plan_numbers(const struct duet_network *network, struct plan *plan,
                                   struct duet_error *error);

/* The layer, or its converted result, that holds what output `index` of the network gives. */
static inline duet_node duet_plan_output(const struct duet_network *network, const struct plan *plan,
                                         int index)
{
    duet_node node = network->outputs[index].node, converted = duet_plan_converted(network, node);
    bool bytes = plan->info[node].dtype == DUET_U8 && network->layers[node].op != DUET_OP_INPUT;
    return bytes ? converted : node;
}

/* Bytes of a number of a layer's result. */
static inline size_t duet_plan_size(const struct plan *plan, duet_node node)
{
    return duet_dtype_size(plan->info[node].dtype);
}

/* The last part: fills offset and arena_bytes for the steps that are planned. */
enum duet_status duet_plan_arena(const struct duet_network *network, struct plan *plan,
                                 struct duet_error *error);

#endif
