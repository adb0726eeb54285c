/* level.h: the kernels of bytes of one level of vector instructions, and their places in the table. Included
 * by the level's own file, after its vectors (x86/vec_u8_avx2.h ...). */
#include "kernels/vector/u8/conv3x3.h"

static inline void fill_level_u8(struct duet_kernels *k)
{
    fill_convolutions_u8(k);
}
