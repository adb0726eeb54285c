/* The loops of AMX-INT8's kernels: as x86/amx.c, on tiles in plain C. */
enum { U8_LANES = 16, U8_UNIT = 4 };
#include "support/standins/standins.h"
#include "support/standins/tiles_plain.h"
#include "support/standins/vec_u8_plain.h"

#include "kernels/vector/u8/convolve_tiles.h"

void testing_fill_amx(struct duet_kernels *k)
{
    fill_tiles(k);
}
