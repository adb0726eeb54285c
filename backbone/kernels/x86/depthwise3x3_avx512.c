#include "kernels/x86/vec_avx512.h"

#include "kernels/vector/depthwise3x3.h"
#include "kernels/x86/x86.h"

void duet_depthwise3x3_avx512(const struct duet_depthwise3x3_args *args)
{
    depthwise3x3(args);
}
