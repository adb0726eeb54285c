#include "kernels/x86/x86.h"

bool duet_x86_runs_avx2(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

void duet_x86_fill_avx2(struct duet_kernels *k)
{
    k->conv1x1 = (struct duet_conv1x1_kernel){DUET_CONV1X1_AVX2_PANEL, duet_conv1x1_avx2};
    k->conv3x3 = (struct duet_conv3x3_kernel){DUET_CONV3X3_AVX2_PANEL, duet_conv3x3_avx2};
    k->depthwise3x3 = duet_depthwise3x3_avx2;
    k->resize = duet_resize_avx2;
    k->upsample = duet_upsample_avx2;
}

bool duet_x86_runs_avx512(void)
{
    __builtin_cpu_init();
    return duet_x86_runs_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}

void duet_x86_fill_avx512(struct duet_kernels *k)
{
    k->conv1x1 = (struct duet_conv1x1_kernel){DUET_CONV1X1_AVX512_PANEL, duet_conv1x1_avx512};
    k->conv3x3 = (struct duet_conv3x3_kernel){DUET_CONV3X3_AVX512_PANEL, duet_conv3x3_avx512};
    k->depthwise3x3 = duet_depthwise3x3_avx512;
    k->resize = duet_resize_avx512;
    k->upsample = duet_upsample_avx512;
}
