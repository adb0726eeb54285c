#include "kernels/x86/x86.h"

#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

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

/* AMX-TILE and AMX-INT8, of which the system saves both parts of the state. */
static bool has_amx(void)
{
    enum { TILES = 3 << 24, STATE = 3 << 17 };
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) || (edx & TILES) != TILES) return false;
    __asm__("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
    return (eax & STATE) == STATE;
}

/* Linux gives tiles to who asks, from 5.16 on: once for a process, whose threads have them whenever they
 * began. It refuses where a thread's stack for signals is too small for their 8 KB. */
static bool may_use_tiles(void)
{
#if defined(__linux__)
    enum { REQUEST = 0x1023 /* ARCH_REQ_XCOMP_PERM */, TILE_DATA = 18 };
    return syscall(SYS_arch_prctl, REQUEST, TILE_DATA) == 0;
#else
    return false;
#endif
}

/* Where AVX-512 runs there is XGETBV. */
bool duet_x86_runs_amx(void)
{
    return duet_x86_runs_avx512vnni() && has_amx() && may_use_tiles();
}
