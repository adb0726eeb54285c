#include "bench_peak.h"

#include "core/os.h"

#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>

/* Twelve chains at once: more than enough to hide the latency of a multiply-add on any current core. */
enum { CHAINS = 12, STEPS = 50000 };

__attribute__((target("avx2,fma"))) static float chains_avx2(void)
{
    __m256 x = _mm256_set1_ps(0.999f), y = _mm256_set1_ps(0.001f), s[CHAINS], sum = y;
    for (int i = 0; i < CHAINS; i++) s[i] = _mm256_set1_ps((float)i);
    for (int n = 0; n < STEPS; n++) {
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++) s[i] = _mm256_fmadd_ps(s[i], x, y);
    }
    for (int i = 0; i < CHAINS; i++) sum = _mm256_add_ps(sum, s[i]);
    return _mm256_cvtss_f32(sum);
}

__attribute__((target("avx512f"))) static float chains_avx512(void)
{
    __m512 x = _mm512_set1_ps(0.999f), y = _mm512_set1_ps(0.001f), s[CHAINS], sum = y;
    for (int i = 0; i < CHAINS; i++) s[i] = _mm512_set1_ps((float)i);
    for (int n = 0; n < STEPS; n++) {
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++) s[i] = _mm512_fmadd_ps(s[i], x, y);
    }
    for (int i = 0; i < CHAINS; i++) sum = _mm512_add_ps(sum, s[i]);
    return _mm512_cvtss_f32(sum);
}

static double measure(float (*chains)(void), int lanes)
{
    volatile float sink;
    double best = 1;
    for (int i = 0; i < 100; i++) {
        double start = duet_seconds();
        sink = chains();
        double took = duet_seconds() - start;
        if (took < best) best = took;
    }
    (void)sink;
    return 2.0 * lanes * CHAINS * STEPS / best * 1e-9;
}

double bench_peak(const char *level)
{
    if (strcmp(level, "avx2") == 0) return measure(chains_avx2, 8);
    if (strcmp(level, "avx512") == 0) return measure(chains_avx512, 16);
    return 0;
}

#else

double bench_peak(const char *level)
{
    (void)level;
    return 0;
}

#endif
