/* conv3x3.h: every vector level's conv3x3 kernel of bytes, and the place of both convolutions in the table.
 */
#include "kernels/kernels.h"
#include "kernels/vector/u8/conv1x1.h"

static void conv3x3_u8(const struct duet_conv3x3_args *a)
{
    duet_conv3x3_windows(a, &u8_packing, conv1x1_u8);
}

static inline void fill_convolutions_u8(struct duet_kernels *k)
{
    k->of[DUET_U8].conv1x1 = (struct duet_conv1x1_kernel){U8_PACKING, conv1x1_u8};
    k->of[DUET_U8].conv3x3 = (struct duet_conv3x3_kernel){U8_PACKING, conv3x3_u8};
}
