/* kernel_testing.h: what kernel tests share: every level in turn, random numbers from a printed seed, inputs
 * that end at an unreadable page, outputs with guards on both sides, and the two comparisons: near the exact
 * value, equal to the byte among fast levels. */
#ifndef DUET_KERNEL_TESTING_H
#define DUET_KERNEL_TESTING_H

#include "support/testing.h"

#include "kernels/kernels.h"

#include <math.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* --- random numbers ------------------------------------------------------------------------------------ */

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

/* No activation, ReLU6, or a range narrow enough that both ends are met. */
static inline struct duet_epilogue testing_epilogue(void)
{
    static const struct duet_epilogue ranges[] = {
        {.low = -INFINITY, .high = INFINITY}, {.low = 0, .high = 6}, {.low = -0.5f, .high = 0.25f}};
    return ranges[testing_between(0, 2)];
}

/* --- inputs -------------------------------------------------------------------------------------------- */

/* Memory that the kernel may read and nothing beside it: one end lies against a page without rights (the far
 * one more often than the near one, since kernels run off that end). */
struct testing_input {
    void *map;
    size_t map_bytes;
    void *data;
};

static inline struct testing_input testing_bytes_input(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), body = (bytes + page - 1) / page * page;
    struct testing_input in = {NULL, body + 2 * page, NULL};
    in.map = mmap(NULL, in.map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(in.map != MAP_FAILED);
    char *first = (char *)in.map + page;
    assert_int_equal(mprotect(in.map, page, PROT_NONE), 0);
    assert_int_equal(mprotect(first + body, page, PROT_NONE), 0);
    in.data = testing_between(0, 3) == 0 ? first : first + (body - bytes);
    return in;
}

/* `count` random floats. */
static inline struct testing_input testing_input(size_t count)
{
    struct testing_input in = testing_bytes_input(count * sizeof(float));
    testing_fill(in.data, count);
    return in;
}

static inline void testing_input_close(struct testing_input *in)
{
    if (in->map) munmap(in->map, in->map_bytes);
    in->map = NULL;
}

/* --- outputs ------------------------------------------------------------------------------------------- */

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

/* Rows of `width` floats, `stride` apart: the floats between them must still hold the sentinel. */
static inline void testing_gaps_check(const struct testing_buffer *b, size_t width, size_t stride)
{
    for (size_t i = 0; i < b->count; i++)
        if (i % stride >= width && b->data[i] != testing_sentinel)
            fail_msg("written %zu floats past row %zu", i % stride - width + 1, i / stride);
}

/* --- what other machines must get, too ----------------------------------------------------------------- */

static uint64_t testing_sum = 14695981039346656037u;

/* Adds a fast level's output to the sum (FNV-1a). What a program adds must depend on the seed alone: not on
 * how many levels the machine runs, nor on the order in which a compiler evaluates a call's arguments. */
static inline void testing_sum_bytes(const void *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        testing_sum = (testing_sum ^ ((const unsigned char *)bytes)[i]) * 1099511628211u;
}

static inline void testing_sum_add(const struct testing_buffer *b)
{
    testing_sum_bytes(b->data, b->count * sizeof(float));
}

static inline void testing_sum_say(void)
{
    printf("# sum of all bytes: %016llx\n", (unsigned long long)testing_sum);
}

/* --- levels -------------------------------------------------------------------------------------------- */

#define TESTING_MAX_LEVELS 16

/* The levels that this machine runs, scalar first. */
struct testing_levels {
    struct duet_kernels items[TESTING_MAX_LEVELS];
    int count;
};

/* The beginning of a test: the levels, and a seed that is printed under that name. */
static inline struct testing_levels testing_begin(const char *what)
{
    struct testing_levels levels = {.count = 0};
    struct duet_error e;
    for (int i = 0; duet_kernels_level(i); i++) {
        const char *name = duet_kernels_level(i);
        if (duet_kernels_runs(name))
            assert_ok(duet_kernels_select(name, &levels.items[levels.count++], &e), e);
        else
            printf("# level %s: not on this processor\n", name);
    }
    testing_seed(what);
    return levels;
}

/* Runs a problem on one level, compares what it gave with the exact values, and returns it. */
typedef struct testing_buffer testing_run(const void *problem, const struct duet_kernels *kernels);

/* Every level in turn: fast ones must give the same bytes, which are added to the sum. What is drawn
 * meanwhile (how buffers are skewed, say) is forgotten: later draws are the same for any number of levels. */
static inline void testing_walk(const struct testing_levels *levels, testing_run *run, const void *problem)
{
    struct testing_buffer fast = {0};
    uint64_t next = testing_random_state;
    for (int i = 0; i < levels->count; i++) {
        struct testing_buffer out = run(problem, &levels->items[i]);
        if (fast.data && memcmp(fast.data, out.data, out.count * sizeof(float)) != 0)
            fail_msg("%s: not the bytes of the other fast levels", levels->items[i].level);
        if (i > 0 && !fast.data)
            fast = out;
        else
            testing_buffer_close(&out);
    }
    if (fast.data) {
        testing_sum_add(&fast);
        testing_buffer_close(&fast);
    }
    testing_random_state = next;
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
