/* level.h: the kernels of bytes of one level of vector instructions, and their places in the table. Included
 * by the level's own file, after its vectors (x86/vec_u8_avx2.h ...). */
#include "kernels/kernels.h"
#include "kernels/vector/u8/conv1x1.h"

static void conv3x3_u8(const struct duet_conv3x3_args *a)
{
    duet_conv3x3_windows(a, &u8_packing, conv1x1_u8);
}

static inline void fill_level_u8(struct duet_kernels *k)
{
    struct duet_network_kernels *u8 = &k->of[DUET_U8];
    u8->conv1x1 = (struct duet_conv1x1_kernel){U8_PACKING, conv1x1_u8};
    u8->conv3x3 = (struct duet_conv3x3_kernel){U8_PACKING, conv3x3_u8};
}
