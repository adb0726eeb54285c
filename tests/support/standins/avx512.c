/* The loops of AVX-512's kernels of bytes: as x86/vec_u8_avx512.h. */
enum { U8_LANES = 16, U8_UNIT = 2, U8_TILE_ROWS = 12, U8_NARROW_ROWS = 14 };
#include "support/standins/standins.h"
#include "support/standins/vec_u8_plain.h"

#include "kernels/vector/u8/conv3x3.h"

void testing_fill_avx512(struct duet_kernels *k)
{
    fill_convolutions_u8(k);
}
