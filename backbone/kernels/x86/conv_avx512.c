/* One file for both: they share their tiles. */
#include "kernels/x86/vec_avx512.h"

#include "kernels/vector/conv1x1.h"
#include "kernels/vector/conv3x3.h"
#include "kernels/x86/x86.h"

void duet_conv1x1_avx512(const struct duet_conv1x1_args *args)
{
    conv1x1(args);
}

void duet_conv3x3_avx512(const struct duet_conv3x3_args *args)
{
    conv3x3(args);
}
