#include "kernels/x86/vec_avx512.h"

#include "kernels/vector/upsample.h"
#include "kernels/x86/x86.h"

void duet_upsample_avx512(const struct duet_upsample_args *args)
{
    upsample(args);
}
