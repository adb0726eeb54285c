#include "bench/peak.h"

#include "core/os.h"
#include "kernels/kernels.h"

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
#define CHAINS12(DO, v)                                                                                      \
    DO(v, 0)                                                                                                 \
    DO(v, 1) DO(v, 2) DO(v, 3) DO(v, 4) DO(v, 5) DO(v, 6) DO(v, 7) DO(v, 8) DO(v, 9) DO(v, 10) DO(v, 11)
#define CHAINS16(DO, v) CHAINS12(DO, v) DO(v, 12) DO(v, 13) DO(v, 14) DO(v, 15)

/* Of each kind of vectors v: v_vector, v_set(number), v_add(a, b), and v_link(s, x, y), which puts the next
 * link to a chain s. Where that is two instructions, a compiler would do the first once for all. */
#define DECLARE(v, i) v##_vector s##i = v##_set(i);
#define LINK(v, i)    v##_link(s##i, x, y);
#define SUM(v, i)     sum = v##_add(sum, s##i);
#define RUN(v, chains, features, a, b)                                                                       \
    features static void v(void)                                                                             \
    {                                                                                                        \
        const v##_vector x = v##_set(a), y = v##_set(b);                                                     \
        chains(DECLARE, v);                                                                                  \
        for (int n = 0; n < STEPS; n++) {                                                                    \
            chains(LINK, v);                                                                                 \
        }                                                                                                    \
        v##_vector sum = v##_add(x, y);                                                                      \
        chains(SUM, v);                                                                                      \
        volatile v##_vector sink = sum;                                                                      \
        (void)sink;                                                                                          \
    }

#define FEATURES(text) __attribute__((target(text)))

#if defined(__x86_64__)

#define f32_avx2_vector        __m256
#define f32_avx2_set(n)        _mm256_set1_ps((float)(n))
#define f32_avx2_add           _mm256_add_ps
#define f32_avx2_link(s, x, y) s = _mm256_fmadd_ps(s, x, y)
RUN(f32_avx2, CHAINS12, FEATURES("avx2,fma"), 0.999, 0.001)

#define f32_avx512_vector        __m512
#define f32_avx512_set(n)        _mm512_set1_ps((float)(n))
#define f32_avx512_add           _mm512_add_ps
#define f32_avx512_link(s, x, y) s = _mm512_fmadd_ps(s, x, y)
RUN(f32_avx512, CHAINS12, FEATURES("avx512f"), 0.999, 0.001)

#define MADD_LINK(s, x, y)                                                                                   \
    do {                                                                                                     \
        __typeof__(s) products;                                                                              \
        __asm__("vpmaddwd %2, %3, %1\n\tvpaddd %1, %0, %0" : "+v"(s), "=&v"(products) : "v"(x), "v"(y));     \
    } while (0)

#define u8_avx2_vector __m256i
#define u8_avx2_set    _mm256_set1_epi32
#define u8_avx2_add    _mm256_add_epi32
#define u8_avx2_link   MADD_LINK
RUN(u8_avx2, CHAINS12, FEATURES("avx2"), 3, 5)

#define u8_avxvnni_vector        __m256i
#define u8_avxvnni_set           _mm256_set1_epi32
#define u8_avxvnni_add           _mm256_add_epi32
#define u8_avxvnni_link(s, x, y) s = _mm256_dpbusd_avx_epi32(s, x, y)
RUN(u8_avxvnni, CHAINS12, FEATURES("avx2,avxvnni"), 3, 5)

#define u8_avx512_vector __m512i
#define u8_avx512_set    _mm512_set1_epi32
#define u8_avx512_add    _mm512_add_epi32
#define u8_avx512_link   MADD_LINK
RUN(u8_avx512, CHAINS12, FEATURES("avx512f,avx512bw"), 3, 5)

#define u8_avx512vnni_vector        __m512i
#define u8_avx512vnni_set           _mm512_set1_epi32
#define u8_avx512vnni_add           _mm512_add_epi32
#define u8_avx512vnni_link(s, x, y) s = _mm512_dpbusd_epi32(s, x, y)
RUN(u8_avx512vnni, CHAINS12, FEATURES("avx512f,avx512bw,avx512vnni"), 3, 5)

/* Four tiles of 16x16 sums, each of 16 rows of 64 bytes by 64 rows of 16: all zero, which takes as long. */
enum { TILES = 4 };
FEATURES("amx-tile,amx-int8") static void u8_amx(void)
{
    static const struct {
        uint8_t palette, start_row, reserved[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } config = {.palette = 1,
                .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
                .rows = {16, 16, 16, 16, 16, 16, 16, 16}};
    _tile_loadconfig(&config);
    for (int n = 0; n < STEPS; n++) {
        _tile_dpbusd(0, 4, 6);
        _tile_dpbusd(1, 4, 7);
        _tile_dpbusd(2, 5, 6);
        _tile_dpbusd(3, 5, 7);
    }
    _tile_release();
}

#elif defined(__aarch64__)

/* Some cores begin four multiply-adds of four cycles at a time. */
#define f32_neon_vector        float32x4_t
#define f32_neon_set(n)        vdupq_n_f32((float)(n))
#define f32_neon_add           vaddq_f32
#define f32_neon_link(s, x, y) s = vfmaq_f32(y, s, x)
RUN(f32_neon, CHAINS16, , 0.999, 0.001)

#define u8_neon_vector        int32x4_t
#define u8_neon_set           vdupq_n_s32
#define u8_neon_add           vaddq_s32
#define u8_neon_link(s, x, y) __asm__("smlal %0.4s, %1.4h, %2.4h" : "+w"(s) : "w"(x), "w"(y))
RUN(u8_neon, CHAINS16, , 3, 5)

#define u8_dotprod_vector        int32x4_t
#define u8_dotprod_set           vdupq_n_s32
#define u8_dotprod_add           vaddq_s32
#define u8_dotprod_link(s, x, y) __asm__("sdot %0.4s, %1.16b, %2.16b" : "+w"(s) : "w"(x), "w"(y))
RUN(u8_dotprod, CHAINS16, FEATURES("arch=armv8.2-a+dotprod"), 3, 5)

#define u8_i8mm_vector        int32x4_t
#define u8_i8mm_set           vdupq_n_s32
#define u8_i8mm_add           vaddq_s32
#define u8_i8mm_link(s, x, y) __asm__("usmmla %0.4s, %1.16b, %2.16b" : "+w"(s) : "w"(x), "w"(y))
RUN(u8_i8mm, CHAINS16, FEATURES("arch=armv8.2-a+i8mm"), 3, 5)
#endif

/* What a level is measured by; one that has nothing for a type has that of a level below it. */
static const struct peak {
    const char *level;
    enum duet_dtype dtype;
    void (*run)(void);
    int madds; /* of a step */
} peaks[] = {
#if defined(__x86_64__)
    {"avx2", DUET_F32, f32_avx2, 12 * 8},           {"avx2", DUET_U8, u8_avx2, 12 * 16},
    {"avxvnni", DUET_U8, u8_avxvnni, 12 * 32},      {"avx512", DUET_F32, f32_avx512, 12 * 16},
    {"avx512", DUET_U8, u8_avx512, 12 * 32},        {"avx512vnni", DUET_U8, u8_avx512vnni, 12 * 64},
    {"amx", DUET_U8, u8_amx, TILES * 16 * 16 * 64},
#elif defined(__aarch64__)
    {"neon", DUET_F32, f32_neon, 16 * 4},
    {"neon", DUET_U8, u8_neon, 16 * 4},
    {"dotprod", DUET_U8, u8_dotprod, 16 * 16},
    {"i8mm", DUET_U8, u8_i8mm, 16 * 32},
#else
    {0}
#endif
};

static const struct peak *find_peak(const char *level, enum duet_dtype dtype)
{
    const struct peak *found = NULL;
    const char *at = "";
    for (int i = 0; strcmp(at, level) != 0 && (at = duet_kernels_level(i)) != NULL; i++)
        for (size_t k = 0; k < sizeof peaks / sizeof peaks[0] && duet_kernels_runs(at); k++)
            if (peaks[k].run && peaks[k].dtype == dtype && strcmp(peaks[k].level, at) == 0) found = &peaks[k];
    return found;
}

double bench_peak(const char *level, enum duet_dtype dtype)
{
    const struct peak *peak = find_peak(level, dtype);
    double best = 1;
    for (int i = 0; peak && i < TRIES; i++) {
        double start = duet_seconds();
        peak->run();
        double took = duet_seconds() - start;
        if (took < best) best = took;
    }
    return peak ? 2.0 * peak->madds * STEPS / best * 1e-9 : 0;
}
