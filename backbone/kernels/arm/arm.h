/* arm.h: the kernels of 64-bit ARM. NEON (Advanced SIMD) is part of the architecture: every processor that
 * runs this build has it. Internal. */
#ifndef DUET_KERNELS_ARM_H
#define DUET_KERNELS_ARM_H

#include "kernels/kernels.h"

void duet_arm_fill_neon(struct duet_kernels *kernels);

#endif
