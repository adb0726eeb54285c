/* level.h: all kernels of one level of vector instructions, and their places in the table. Included by the
 * level's own file, after its vectors (x86/vec_avx512.h ...) and what resize.h asks for. */
#include "kernels/kernels.h"
#include "kernels/vector/conv1x1.h"
#include "kernels/vector/conv3x3.h"
#include "kernels/vector/depthwise3x3.h"
#include "kernels/vector/resize.h"
#include "kernels/vector/upsample.h"

static inline void fill_level(struct duet_kernels *k)
{
    k->of[DUET_F32] = (struct duet_network_kernels){.conv1x1 = {DUET_F32_PACKING(TILE_PANEL), conv1x1},
                                                    .conv3x3 = {DUET_F32_PACKING(TILE_PANEL), conv3x3},
                                                    .depthwise3x3 = {DUET_F32_PACKING(0), depthwise3x3}};
    k->resize = resize;
    k->upsample = upsample;
}
