/* kernel_testing.h: what kernel tests share: every level in turn, random numbers from a printed seed, buffers
 * with guards on both sides, and the two comparisons: near the exact value, equal to the byte among fast
 * levels. */
#ifndef DUET_KERNEL_TESTING_H
#define DUET_KERNEL_TESTING_H

#include "support/testing.h"

#include "kernels/kernels.h"

#include <math.h>
#include <stdbool.h>
#include <time.h>

/* --- random numbers ----------------------------------------------------------------------------------------
 */

static uint64_t testing_random_state;

/* Seeds from $DUET_SEED or the clock, and says which. */
static inline void testing_seed(const char *what)
{
    const char *given = getenv("DUET_SEED");
    testing_random_state = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    printf("# %s: DUET_SEED=%llu\n", what, (unsigned long long)testing_random_state);
    testing_random_state = testing_random_state * 2 + 1;
}

static inline uint32_t testing_random(void)
{
    testing_random_state = testing_random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(testing_random_state >> 33);
}

/* low .. high, both included */
static inline size_t testing_between(size_t low, size_t high)
{
    return low + testing_random() % (high - low + 1);
}

/* -1 .. 1 */
static inline float testing_float(void)
{
    return (float)((double)testing_random() / 1073741824.0 - 1.0);
}

static inline void testing_fill(float *to, size_t count)
{
    for (size_t i = 0; i < count; i++) to[i] = testing_float();
}

/* --- guarded buffers
 * ---------------------------------------------------------------------------------------- */

#define TESTING_GUARD 64
static const float testing_sentinel = -12345.678f;

/* `count` floats with guards around them; every float holds the sentinel. Aligned as badly as `skew` says. */
struct testing_buffer {
    float *block, *data;
    size_t count, skew;
};

static inline struct testing_buffer testing_buffer(size_t count, size_t skew)
{
    struct testing_buffer b = {NULL, NULL, count, skew % 16};
    size_t total = count + 2 * TESTING_GUARD + 16;
    b.block = aligned_alloc(64, (total * sizeof(float) + 63) / 64 * 64);
    assert_non_null(b.block);
    for (size_t i = 0; i < total; i++) b.block[i] = testing_sentinel;
    b.data = b.block + TESTING_GUARD + b.skew;
    return b;
}

static inline void testing_buffer_check(const struct testing_buffer *b)
{
    for (size_t i = 0; i < TESTING_GUARD + b->skew; i++)
        if (b->block[i] != testing_sentinel)
            fail_msg("written %zu floats before the buffer", TESTING_GUARD + b->skew - i);
    for (size_t i = 0; i < TESTING_GUARD; i++)
        if (b->data[b->count + i] != testing_sentinel) fail_msg("written %zu floats past the buffer", i + 1);
}

static inline void testing_buffer_close(struct testing_buffer *b)
{
    testing_buffer_check(b);
    free(b->block);
}

/* --- levels
 * -------------------------------------------------------------------------------------------------- */

#define TESTING_MAX_LEVELS 8

/* The levels that this machine runs, scalar first. Returns their number. */
static inline int testing_levels(struct duet_kernels levels[TESTING_MAX_LEVELS])
{
    int count = 0;
    struct duet_error e;
    for (int i = 0; duet_kernels_level(i); i++) {
        const char *name = duet_kernels_level(i);
        if (duet_kernels_runs(name))
            assert_ok(duet_kernels_select(name, &levels[count++], &e), e);
        else
            printf("# level %s: not on this processor\n", name);
    }
    return count;
}

/* Multiply-adds in float32 in another order or with fewer roundings: at most a rounding each, relative to the
 * sum of magnitudes. Activations do not enlarge it. */
static inline void testing_near(const char *level, double exact, double magnitude, size_t terms, float got)
{
    double tolerance = magnitude * (double)(terms + 2) * 6e-8 + 1e-30;
    if (!(fabs(exact - (double)got) <= tolerance))
        fail_msg("%s: %.9g, expected %.9g within %.2g", level, (double)got, exact, tolerance);
}

#endif
