/* pack.h: weights in the order in which a kernel reads them: in panels of so many output channels that lie
 * side by side, which is a property of kernel and level.
 *
 *   packed[n / panel][k / unit][n % panel][k % unit]
 *
 * Columns that the last panel lacks, and rows that the last unit lacks, are zero. 64-byte aligned (a panel of
 * fewer bytes: aligned to that). Internal. */
#ifndef DUET_KERNELS_PACK_H
#define DUET_KERNELS_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct duet_packing;

/* What is packed: [depth][columns]; of rows[0 .. depth-1] of them only, unless `rows` is NULL. */
struct duet_unpacked {
    const uint32_t *rows;
    size_t depth, columns;
    const void
        *weights; /* of float32 kernels: float; of DUET_U8's: int16_t, what they stand for, -255 .. 255 */
    /* [columns], NULL: all 0. Only of DUET_U8's: with these added, weights lie in -128 .. 127. Packings of a
     * byte a number store them so, and their kernels subtract what that is too much. */
    const int32_t *zeros;
};

#define DUET_MAX_PACK_UNIT 8 /* rows that lie side by side in any packing, which all others divide */

typedef void duet_pack_fn(const struct duet_unpacked *from, const struct duet_packing *packing, void *packed);

/* What a kernel's slot says of its weights. */
struct duet_packing {
    size_t panel;  /* 0: all columns in one, as they are */
    size_t unit;   /* rows whose numbers lie side by side */
    size_t number; /* bytes of one */
    int offset;    /* what the kernel subtracts from each input byte (NEON's dot product wants signed ones) */
    duet_pack_fn *pack;
};

/* What all kernels of float32 want, and depthwise ones of bytes. */
#define DUET_F32_PACKING(panel)                                                                              \
    {                                                                                                        \
        panel, 1, sizeof(float), 0, duet_pack_f32                                                            \
    }
#define DUET_U8_DEPTHWISE_PACKING                                                                            \
    {                                                                                                        \
        0, 1, sizeof(int16_t), 0, duet_pack_whole                                                            \
    }

duet_pack_fn duet_pack_f32;
duet_pack_fn duet_pack_whole; /* in int16 what they stand for, in int8 with zeros added */

/* Bias of a convolution of bytes that goes with packed weights: from `bias`, what an input of `input_zero`
 * everywhere would add is taken away, so that the kernels multiply input bytes as they are. */
void duet_pack_bias(const struct duet_unpacked *from, const struct duet_packing *packing, int input_zero,
                    const int32_t *bias, int32_t *packed);

/* Rows of weights with what the last unit lacks. */
static inline size_t duet_packed_depth(const struct duet_packing *packing, size_t depth)
{
    return (depth + packing->unit - 1) / packing->unit * packing->unit;
}

/* Numbers of packed weights. */
static inline size_t duet_packed_size(const struct duet_packing *packing, size_t depth, size_t columns)
{
    size_t panel = packing->panel;
    return (panel ? (columns + panel - 1) / panel * panel : columns) * duet_packed_depth(packing, depth);
}

static inline bool duet_packing_equal(const struct duet_packing *a, const struct duet_packing *b)
{
    return a->panel == b->panel && a->unit == b->unit && a->number == b->number && a->offset == b->offset &&
           a->pack == b->pack;
}

/* Part of the kernels' contracts; `size` is that of a number. */
static inline bool duet_packed_is_aligned(const void *packed, size_t panel, size_t size)
{
    return packed && (uintptr_t)packed % (panel * size < 64 ? panel * size : 64) == 0;
}

#endif
