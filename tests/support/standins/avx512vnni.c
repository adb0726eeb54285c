/* The loops of AVX512-VNNI's kernels of bytes: as x86/vec_u8_avx512vnni.h. */
enum { U8_LANES = 16, U8_UNIT = 4, U8_TILE_ROWS = 14, U8_NARROW_ROWS = 14 };
#include "support/standins/standins.h"
#include "support/standins/vec_u8_plain.h"

#include "kernels/vector/u8/conv3x3.h"

#define DW_WIDEST 64
#include "support/standins/depthwise_vnni.h"

void testing_fill_avx512vnni(struct duet_kernels *k)
{
    fill_convolutions_u8(k);
    k->of[DUET_U8].depthwise3x3.run = depthwise3x3_vnni;
}
