#include "kernels/x86/x86.h"

#include <cpuid.h>

bool duet_x86_runs_avx2(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

/* Clang 14 has no name for it. */
bool duet_x86_runs_avxvnni(void)
{
    unsigned eax, ebx, ecx, edx;
    return duet_x86_runs_avx2() && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax >> 4 & 1);
}

bool duet_x86_runs_avx512(void)
{
    return duet_x86_runs_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}

bool duet_x86_runs_avx512vnni(void)
{
    return duet_x86_runs_avx512() && __builtin_cpu_supports("avx512vnni");
}
