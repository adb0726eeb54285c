/* x86.h: the kernels of x86-64, by level. Each lies in a file of its own that is compiled with the level's
 * flags and called only after the check. Internal. */
#ifndef DUET_KERNELS_X86_H
#define DUET_KERNELS_X86_H

#include "kernels/kernels.h"

/* AVX2 and FMA. */
bool duet_x86_runs_avx2(void);
void duet_x86_fill_avx2(struct duet_kernels *kernels);

/* AVX-512 F, VL, DQ, BW, and the above. */
bool duet_x86_runs_avx512(void);
void duet_x86_fill_avx512(struct duet_kernels *kernels);

#define DUET_CONV1X1_AVX2_PANEL   16
#define DUET_CONV1X1_AVX512_PANEL 32
void duet_conv1x1_avx2(const struct duet_conv1x1_args *args);
void duet_conv1x1_avx512(const struct duet_conv1x1_args *args);

#define DUET_CONV3X3_AVX2_PANEL   16
#define DUET_CONV3X3_AVX512_PANEL 32
void duet_conv3x3_avx2(const struct duet_conv3x3_args *args);
void duet_conv3x3_avx512(const struct duet_conv3x3_args *args);

void duet_depthwise3x3_avx2(const struct duet_depthwise3x3_args *args);
void duet_depthwise3x3_avx512(const struct duet_depthwise3x3_args *args);

void duet_resize_avx2(const struct duet_resize_args *args);
void duet_resize_avx512(const struct duet_resize_args *args);
void duet_upsample_avx2(const struct duet_upsample_args *args);
void duet_upsample_avx512(const struct duet_upsample_args *args);

#endif
