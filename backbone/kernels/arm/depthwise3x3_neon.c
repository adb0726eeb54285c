#include "kernels/arm/vec_neon.h"

#include "kernels/arm/arm.h"
#include "kernels/vector/depthwise3x3.h"

void duet_depthwise3x3_neon(const struct duet_depthwise3x3_args *args)
{
    depthwise3x3(args);
}
