/* One file for both: they share their tiles. */
#include "kernels/arm/vec_neon.h"

#include "kernels/arm/arm.h"
#include "kernels/vector/conv1x1.h"
#include "kernels/vector/conv3x3.h"

void duet_conv1x1_neon(const struct duet_conv1x1_args *args)
{
    conv1x1(args);
}

void duet_conv3x3_neon(const struct duet_conv3x3_args *args)
{
    conv3x3(args);
}
