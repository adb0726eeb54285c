/* The kernels of AVX512-VNNI: convolutions of bytes. */
#include "kernels/x86/depthwise_u8_vnni.h"
#include "kernels/x86/vec_u8_avx512vnni.h"
#include "kernels/x86/x86.h"

#include "kernels/vector/u8/conv3x3.h"

void duet_x86_fill_avx512vnni(struct duet_kernels *k)
{
    fill_convolutions_u8(k);
    k->of[DUET_U8].depthwise3x3.run = depthwise3x3_vnni;
}
