/* arm.h: the kernels of 64-bit ARM, by level. NEON (Advanced SIMD) is part of the architecture: every
 * processor that runs this build has it. The others lie in a file each that is compiled with its flags and
 * called only after the check; they have kernels of bytes alone. Internal. */
#ifndef DUET_KERNELS_ARM_H
#define DUET_KERNELS_ARM_H

#include "kernels/kernels.h"

void duet_arm_fill_neon(struct duet_kernels *kernels);

/* The dot product of bytes. */
bool duet_arm_runs_dotprod(void);
void duet_arm_fill_dotprod(struct duet_kernels *kernels);

/* Products of matrices of bytes. */
bool duet_arm_runs_i8mm(void);
void duet_arm_fill_i8mm(struct duet_kernels *kernels);

#endif
