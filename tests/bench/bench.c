#include "bench/bench.h"

#include "duet/deeplabv3.h"
#include "duet/ssdlite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

void bench_need(enum duet_status status, const struct duet_error *error)
{
    if (status == DUET_OK) return;
    fprintf(stderr, "%s\n", error->text);
    exit(1);
}

float *bench_floats(size_t count, size_t depth)
{
    static uint32_t state = 1;
    float *floats = aligned_alloc(64, (count * sizeof(float) + 63) / 64 * 64);
    if (!floats) {
        fprintf(stderr, "no memory for %zu floats\n", count);
        exit(1);
    }
    float scale = 2.0f / sqrtf((float)depth);
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        floats[i] = ((float)(state >> 8) * (2.0f / 16777216.0f) - 1.0f) * scale;
    }
    return floats;
}

struct duet_network *bench_network(const char *model, int *side)
{
    struct duet_error error;
    struct duet_network *network;
    struct duet_mobilenet_v2 layers;
    bool deeplab = strcmp(model, "deeplab") == 0;
    if (!deeplab && strcmp(model, "ssdlite") != 0) {
        fprintf(stderr, "unknown network '%s': expected ssdlite, deeplab or a model file\n", model);
        exit(2);
    }
    struct duet_mobilenet_v2_config trunk = {1.0, 8, deeplab ? 16 : 32, !deeplab};
    bench_need(duet_network_create(&network, &error), &error);
    bench_need(duet_mobilenet_v2_build(network, &trunk, &layers, &error), &error);
    if (deeplab)
        bench_need(duet_deeplabv3_build(network, &layers, 16, &(struct duet_deeplabv3_config){21, 256, false},
                                        &error),
                   &error);
    else
        bench_need(duet_ssdlite_build(network, &layers, &(struct duet_ssdlite_config){90}, &error), &error);
    *side = deeplab ? 513 : 300;
    return network;
}

static void add_tensor(struct duet_weights *weights, const char *layer, const char *part,
                       const struct duet_shape *shape, size_t depth)
{
    struct duet_error error;
    char name[256];
    size_t count = 1;
    for (int i = 0; i < shape->rank; i++) count *= shape->dims[i];
    float *floats = bench_floats(count, depth);
    snprintf(name, sizeof name, "%s.%s", layer, part);
    bench_need(duet_weights_add(weights, name, DUET_F32, shape, floats, &error), &error);
    free(floats);
}

struct duet_weights *bench_weights(const struct duet_network *network)
{
    struct duet_error error;
    struct duet_weights *weights;
    bench_need(duet_weights_create(&weights, &error), &error);
    for (int i = 0; i < duet_network_layer_count(network); i++) {
        const struct duet_layer *layer = duet_network_layer(network, i);
        struct duet_shape shape = duet_network_weight_shape(network, i);
        if (shape.rank == 0) continue;
        size_t depth = (size_t)(layer->kernel * layer->kernel);
        if (layer->op == DUET_OP_CONV) depth *= (size_t)duet_network_input_channels(network, i);
        add_tensor(weights, layer->name, "weight", &shape, depth);
        add_tensor(weights, layer->name, "bias", &(struct duet_shape){1, {(size_t)layer->channels}}, 4);
    }
    return weights;
}

enum { PEAK_STEPS = 200000 };
#define CHAINS12(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)

#if defined(__x86_64__)
/* Twelve chains: more than enough to hide the latency of a multiply-add. */

__attribute__((target("avx2,fma"))) static float peak_avx2(void)
{
    const __m256 x = _mm256_set1_ps(0.999f), y = _mm256_set1_ps(0.001f);
#define DECLARE(i) __m256 s##i = _mm256_set1_ps((float)i);
    CHAINS12(DECLARE)
#undef DECLARE
    for (int n = 0; n < PEAK_STEPS; n++) {
#define STEP(i) s##i = _mm256_fmadd_ps(s##i, x, y);
        CHAINS12(STEP)
#undef STEP
    }
    __m256 sum = y;
#define ADD(i) sum = _mm256_add_ps(sum, s##i);
    CHAINS12(ADD)
#undef ADD
    return _mm256_cvtss_f32(sum);
}

__attribute__((target("avx512f"))) static float peak_avx512(void)
{
    const __m512 x = _mm512_set1_ps(0.999f), y = _mm512_set1_ps(0.001f);
#define DECLARE(i) __m512 s##i = _mm512_set1_ps((float)i);
    CHAINS12(DECLARE)
#undef DECLARE
    for (int n = 0; n < PEAK_STEPS; n++) {
#define STEP(i) s##i = _mm512_fmadd_ps(s##i, x, y);
        CHAINS12(STEP)
#undef STEP
    }
    __m512 sum = y;
#define ADD(i) sum = _mm512_add_ps(sum, s##i);
    CHAINS12(ADD)
#undef ADD
    return _mm512_cvtss_f32(sum);
}
#elif defined(__aarch64__)
/* Some cores begin four multiply-adds of four cycles at a time. */
#define CHAINS(DO) CHAINS12(DO) DO(12) DO(13) DO(14) DO(15)

static float peak_neon(void)
{
    const float32x4_t x = vdupq_n_f32(0.999f), y = vdupq_n_f32(0.001f);
#define DECLARE(i) float32x4_t s##i = vdupq_n_f32((float)i);
    CHAINS(DECLARE)
#undef DECLARE
    for (int n = 0; n < PEAK_STEPS; n++) {
#define STEP(i) s##i = vfmaq_f32(s##i, x, y);
        CHAINS(STEP)
#undef STEP
    }
    float32x4_t sum = y;
#define ADD(i) sum = vaddq_f32(sum, s##i);
    CHAINS(ADD)
#undef ADD
    return vgetq_lane_f32(sum, 0);
}
#endif

double bench_peak(const char *level)
{
    float (*run)(void) = NULL;
    double sums = 0; /* in flight */
#if defined(__x86_64__)
    if (strcmp(level, "avx2") == 0) run = peak_avx2, sums = 12 * 8;
    if (strcmp(level, "avx512") == 0) run = peak_avx512, sums = 12 * 16;
#elif defined(__aarch64__)
    if (strcmp(level, "neon") == 0) run = peak_neon, sums = 16 * 4;
#endif
    if (!run) return 0;
    static volatile float sink;
    double best = 1e300;
    for (int i = 0; i < 100; i++) {
        double start = bench_now();
        sink = run();
        double took = bench_now() - start;
        if (took < best) best = took;
    }
    (void)sink;
    return sums * PEAK_STEPS / (best * 1e6);
}
