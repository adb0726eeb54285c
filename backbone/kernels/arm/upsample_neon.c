#include "kernels/arm/vec_neon.h"

#include "kernels/arm/arm.h"
#include "kernels/vector/upsample.h"

void duet_upsample_neon(const struct duet_upsample_args *args)
{
    upsample(args);
}
