#include "kernels/arm/arm.h"

void duet_arm_fill_neon(struct duet_kernels *k)
{
    k->conv1x1 = (struct duet_conv1x1_kernel){DUET_CONV1X1_NEON_PANEL, duet_conv1x1_neon};
    k->conv3x3 = (struct duet_conv3x3_kernel){DUET_CONV3X3_NEON_PANEL, duet_conv3x3_neon};
    k->depthwise3x3 = duet_depthwise3x3_neon;
    k->resize = duet_resize_neon;
    k->upsample = duet_upsample_neon;
}
