/* The kernels of AMX-INT8: convolutions of bytes; sums are finished by AVX-512. */
#include "kernels/x86/tiles_amx.h"
#include "kernels/x86/vec_u8_avx512vnni.h"
#include "kernels/x86/x86.h"

#include "kernels/vector/u8/convolve_tiles.h"

void duet_x86_fill_amx(struct duet_kernels *k)
{
    fill_tiles(k);
}
