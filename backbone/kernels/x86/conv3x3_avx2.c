#include "kernels/x86/vec_avx2.h"

#include "kernels/vector/conv3x3.h"
#include "kernels/x86/x86.h"

void duet_conv3x3_avx2(const struct duet_conv3x3_args *args)
{
    conv3x3(args);
}
