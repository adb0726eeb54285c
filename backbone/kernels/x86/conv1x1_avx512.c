#include "kernels/x86/vec_avx512.h"

#include "kernels/vector/conv1x1.h"
#include "kernels/x86/x86.h"

void duet_conv1x1_avx512(const struct duet_conv1x1_args *args)
{
    conv1x1(args);
}
