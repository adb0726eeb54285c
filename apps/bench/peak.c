#include "bench/peak.h"

#include "core/os.h"

#include <stddef.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

enum { STEPS = 50000, TRIES = 100 };

/* So many chains at once hide the latency of a multiply-add on any current core. Variables rather than an
 * array, which a compiler might keep in memory. */
#define CHAINS12(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)
#define CHAINS16(DO) CHAINS12(DO) DO(12) DO(13) DO(14) DO(15)

#define DECLARE(i) vector s##i = SET((float)i);
#define STEP(i)    s##i = MULTIPLY_ADD(s##i, x, y);
#define SUM(i)     sum = ADD(sum, s##i);
#define BODY(CHAINS)                                                                                         \
    const vector x = SET(0.999f), y = SET(0.001f);                                                           \
    CHAINS(DECLARE)                                                                                          \
    for (int n = 0; n < STEPS; n++) {                                                                        \
        CHAINS(STEP)                                                                                         \
    }                                                                                                        \
    vector sum = y;                                                                                          \
    CHAINS(SUM)

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static float chains_avx2(void)
{
    typedef __m256 vector;
#define SET          _mm256_set1_ps
#define ADD          _mm256_add_ps
#define MULTIPLY_ADD _mm256_fmadd_ps
    BODY(CHAINS12)
#undef SET
#undef ADD
#undef MULTIPLY_ADD
    return _mm256_cvtss_f32(sum);
}

__attribute__((target("avx512f"))) static float chains_avx512(void)
{
    typedef __m512 vector;
#define SET          _mm512_set1_ps
#define ADD          _mm512_add_ps
#define MULTIPLY_ADD _mm512_fmadd_ps
    BODY(CHAINS12)
    return _mm512_cvtss_f32(sum);
}
#elif defined(__aarch64__)
/* Some cores begin four multiply-adds of four cycles at a time. */
static float chains_neon(void)
{
    typedef float32x4_t vector;
#define SET                   vdupq_n_f32
#define ADD                   vaddq_f32
#define MULTIPLY_ADD(s, x, y) vfmaq_f32(y, s, x)
    BODY(CHAINS16)
    return vgetq_lane_f32(sum, 0);
}
#endif

double bench_peak(const char *level)
{
    float (*chains)(void) = NULL;
    double sums = 0; /* in flight */
#if defined(__x86_64__)
    if (strcmp(level, "avx2") == 0) chains = chains_avx2, sums = 12 * 8;
    if (strcmp(level, "avx512") == 0) chains = chains_avx512, sums = 12 * 16;
#elif defined(__aarch64__)
    if (strcmp(level, "neon") == 0) chains = chains_neon, sums = 16 * 4;
#else
    (void)level;
#endif
    if (!chains) return 0;
    volatile float sink;
    double best = 1;
    for (int i = 0; i < TRIES; i++) {
        double start = duet_seconds();
        sink = chains();
        double took = duet_seconds() - start;
        if (took < best) best = took;
    }
    (void)sink;
    return 2 * sums * STEPS / best * 1e-9;
}
