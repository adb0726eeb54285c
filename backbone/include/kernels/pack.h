/* pack.h: weights in the order in which a kernel reads them: in panels of so many output channels that lie
 * side by side, which is a property of kernel and level.
 *
 *   packed[n / panel][k][n % panel], missing columns of the last panel zero, 64-byte aligned (a panel of
 * fewer bytes: aligned to that). Internal. */
#ifndef DUET_KERNELS_PACK_H
#define DUET_KERNELS_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* weights [depth][columns] -> packed; of rows[0 .. depth-1] of them only, unless `rows` is NULL. */
typedef void duet_pack_fn(const uint32_t *rows, size_t depth, size_t columns, size_t panel,
                          const void *weights, void *packed);

/* What a kernel's slot says of its weights. */
struct duet_packing {
    size_t panel; /* 0: all columns in one, as they are */
    duet_pack_fn *pack;
};

duet_pack_fn duet_pack_f32;

/* Numbers of packed weights. */
static inline size_t duet_packed_size(size_t depth, size_t columns, size_t panel)
{
    return panel ? (columns + panel - 1) / panel * panel * depth : columns * depth;
}

/* Part of the kernels' contracts; `size` is that of a number. */
static inline bool duet_packed_is_aligned(const void *packed, size_t panel, size_t size)
{
    return packed && (uintptr_t)packed % (panel * size < 64 ? panel * size : 64) == 0;
}

#endif
