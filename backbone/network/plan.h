/* plan.h: a description at one input size becomes a list of steps and one arena. Internal to
 * backbone/network.
 *
 * The unit of fusion is the separable step, which covers an inverted residual, an SSDLite predictor and an
 * extra feature layer alike:
 *
 *     [expand: conv ->] depthwise 3x3 -> project: 1x1 conv [-> add]
 *
 * It runs in strips of output rows. The expanded tensor, six times as deep as its input, exists only as a
 * ring of rows in a worker's scratch memory; so it stays in L2 instead of going out to DRAM and back.
 */
#ifndef DUET_NETWORK_PLAN_H
#define DUET_NETWORK_PLAN_H

#include "network/network.h"

enum step_kind {
    STEP_CONV,
    STEP_DEPTHWISE,
    STEP_SEPARABLE,
    STEP_ADD,
    STEP_CONCAT,
    STEP_GLOBAL_MEAN,
    STEP_BROADCAST
};

struct step {
    enum step_kind kind;
    duet_node expand, depthwise, project, add; /* the layers it covers; -1: none. A plain CONV is `project` */
    duet_node output;                          /* the layer whose result it leaves */
    duet_node inputs[DUET_MAX_INPUTS];         /* layers whose results it reads */
    int input_count;
    char *name;
    size_t strip_rows;    /* separable: output rows at a time */
    size_t ring_rows;     /* separable with expand: rows of the expanded tensor that are kept */
    size_t scratch_bytes; /* of one worker */
};

struct plan {
    struct step *steps;
    int step_count;
    struct duet_layer_info *info; /* a layer each */
    size_t *offset; /* a layer each: where its result lies in the arena, in floats; SIZE_MAX: nowhere */
    size_t arena_bytes, scratch_bytes;
};

/* Scratch that a strip may fill: well under the L2 of any current core, so that the strip's input, output and
 * the weights find room beside it. */
#define DUET_STRIP_BYTES ((size_t)384 << 10)

/* "SAME" padding of TensorFlow: the smaller half comes first. */
static inline size_t duet_same_padding(size_t in, size_t out, int stride, int rate)
{
    size_t reach = (out - 1) * (size_t)stride + 2 * (size_t)rate + 1;
    return reach > in ? (reach - in) / 2 : 0;
}

/* `fuse` false makes every layer a step of its own. On failure *plan is zero. */
enum duet_status duet_plan_create(const struct duet_network *network, int height, int width, bool fuse,
                                  struct plan *plan, struct duet_error *error);
void duet_plan_close(struct plan *plan);

#endif
