/* arm.h: the kernels of 64-bit ARM. NEON (Advanced SIMD) is part of the architecture: every processor that
 * runs this build has it. Internal. */
#ifndef DUET_KERNELS_ARM_H
#define DUET_KERNELS_ARM_H

#include "kernels/kernels.h"

void duet_arm_fill_neon(struct duet_kernels *kernels);

#define DUET_CONV1X1_NEON_PANEL 8
void duet_conv1x1_neon(const struct duet_conv1x1_args *args);

#define DUET_CONV3X3_NEON_PANEL 8
void duet_conv3x3_neon(const struct duet_conv3x3_args *args);

void duet_depthwise3x3_neon(const struct duet_depthwise3x3_args *args);

void duet_resize_neon(const struct duet_resize_args *args);
void duet_upsample_neon(const struct duet_upsample_args *args);

#endif
