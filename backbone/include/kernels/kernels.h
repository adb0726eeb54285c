/* kernels.h: the table of kernels, and how a faster one gets into it. Internal to Duet.
 *
 * To add a kernel family: write NAME.h (contract), NAME.c (scalar, the specification) and a slot below; fill
 * the slot in kernels.c; write tests/unit/backbone/kernels/test_NAME.c over every level.
 * To add a faster version: write its body over vectors, vector/NAME.h, and fill the slot in vector/level.h;
 * or, for one level alone, write it into that level's file (x86/avx512.c ...) and overwrite the slot there.
 * No test changes: they walk all levels.
 * To add a precision: fill struct duet_network_kernels for its type, scalar kernels (kernels.c) and each
 * level's (level.h), with a packing of their own; what a sum becomes is struct duet_epilogue's.
 */
#ifndef DUET_KERNELS_KERNELS_H
#define DUET_KERNELS_KERNELS_H

#include "duet/tensor.h"
#include "kernels/conv1x1.h"
#include "kernels/conv3x3.h"
#include "kernels/depthwise3x3.h"
#include "kernels/resize.h"
#include "kernels/upsample.h"

#include <stdbool.h>

/* What a network's layers run on, for one type of numbers: inputs, weights and outputs. */
struct duet_network_kernels {
    struct duet_conv1x1_kernel conv1x1;
    struct duet_conv3x3_kernel conv3x3;
    struct duet_depthwise3x3_kernel depthwise3x3;
};

struct duet_kernels {
    const char *level;                                /* "scalar", "avx2", "neon" ...: duet_kernels_level */
    struct duet_network_kernels of[DUET_DTYPE_COUNT]; /* zero where there are none: all but
                                                       * DUET_F32, and DUET_U8, whose weights are int8 */
    duet_resize_fn *resize;
    duet_upsample_fn *upsample;
};

/* The levels this build knows, worst first: 0 is "scalar". NULL past the end. */
const char *duet_kernels_level(int index);

/* Can this machine run that level? */
bool duet_kernels_runs(const char *level);

/* Fill the table for `level`; NULL: $DUET_CPU where set, else the best this machine runs.
 * Errors: DUET_BAD_ARGUMENT (unknown level; the text lists the known ones), DUET_UNSUPPORTED (not on this
 * CPU). */
enum duet_status duet_kernels_select(const char *level, struct duet_kernels *kernels,
                                     struct duet_error *error);

#endif
