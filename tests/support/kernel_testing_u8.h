/* kernel_testing_u8.h: kernel_testing.h for kernels of bytes: inputs, weights and epilogues that reach every
 * edge of their ranges, outputs of any type with guards, what a sum must become, and the walk: here every
 * level gives the scalar kernel's bytes. */
#ifndef DUET_KERNEL_TESTING_U8_H
#define DUET_KERNEL_TESTING_U8_H

#include "support/kernel_testing.h"
#include "support/standins/standins.h"

/* --- inputs -------------------------------------------------------------------------------------------- */

/* `count` bytes: any, only the smallest and the largest, or only the largest. */
static inline struct testing_input testing_u8_input(size_t count)
{
    struct testing_input in = testing_bytes_input(count);
    const size_t kind = testing_between(0, 4);
    for (size_t i = 0; i < count; i++) {
        uint8_t any = (uint8_t)testing_between(0, 255);
        ((uint8_t *)in.data)[i] = kind == 0 ? 255 : kind == 1 ? (any & 1 ? 255 : 0) : any;
    }
    return in;
}

/* 0, 255, the middle, or any. */
static inline uint8_t testing_u8_zero(void)
{
    const size_t kind = testing_between(0, 4), any = testing_between(0, 255);
    return kind == 0 ? 0 : kind == 1 ? 255 : kind == 2 ? 128 : (uint8_t)any;
}

/* What stands in front of a kernel's packing: [depth][columns]. */
struct testing_weights {
    struct testing_input numbers; /* int16_t */
    struct testing_input zeros;   /* int32_t [columns]; data NULL: none */
};

/* Without zeros: -127 .. 127. With them: a byte less a zero point of the column, -255 .. 255. Both also in
 * their extremes alone. */
static inline struct testing_weights testing_weights(size_t depth, size_t columns, bool with_zeros)
{
    struct testing_weights w = {.numbers = testing_bytes_input(depth * columns * sizeof(int16_t))};
    if (with_zeros) w.zeros = testing_bytes_input(columns * sizeof(int32_t));
    int32_t *zeros = w.zeros.data;
    if (zeros)
        for (size_t n = 0; n < columns; n++) zeros[n] = testing_u8_zero() - 128;
    const size_t kind = testing_between(0, 4);
    for (size_t i = 0; i < depth * columns; i++) {
        size_t any = testing_between(0, 255);
        int stored = kind == 0 ? -127 : kind == 1 ? (any & 1 ? 127 : -127) : (int)any - 128;
        if (stored < -127 || (zeros && kind == 1)) stored = any & 1 ? 127 : zeros ? -128 : -127;
        ((int16_t *)w.numbers.data)[i] = (int16_t)(zeros ? stored - zeros[i % columns] : stored);
    }
    return w;
}

static inline void testing_weights_close(struct testing_weights *w)
{
    testing_input_close(&w->numbers);
    testing_input_close(&w->zeros);
}

/* Biases, small enough for any depth and zero point. */
static inline struct testing_input testing_bias(size_t columns)
{
    struct testing_input in = testing_bytes_input(columns * sizeof(int32_t));
    const bool large = testing_between(0, 3) == 0;
    for (size_t n = 0; n < columns; n++) {
        int32_t any = (int32_t)testing_between(0, 2 * DUET_SUM_BIAS) - DUET_SUM_BIAS;
        ((int32_t *)in.data)[n] = large ? (any < 0 ? -DUET_SUM_BIAS : DUET_SUM_BIAS) : any / 256;
    }
    return in;
}

/* --- epilogues ----------------------------------------------------------------------------------------- */

/* A scale that brings sums of about 2^`bits` to some hundreds; often a power of two, whose results are ties
 * often enough. */
static inline float testing_scale(int bits)
{
    const float power = ldexpf(1.0f, 8 - bits + (int)testing_between(0, 4) - 2);
    const float more = testing_float();
    return testing_between(0, 2) == 0 ? power : power * (1.0f + more * 0.5f);
}

/* For sums of `depth` products. `scales` is closed by the caller. */
static inline struct duet_epilogue testing_u8_epilogue(enum duet_dtype output, size_t depth, size_t columns,
                                                       struct testing_input *scales)
{
    int bits = 14;
    for (size_t k = depth; k > 1; k /= 4) bits++; /* sums of random signs grow with the root */
    *scales = testing_bytes_input(columns * sizeof(float));
    for (size_t n = 0; n < columns; n++) ((float *)scales->data)[n] = testing_scale(bits);
    struct duet_epilogue e = testing_epilogue();
    e.output = output;
    e.scales = scales->data;
    e.zero = testing_u8_zero();
    e.residual_zero = testing_u8_zero();
    e.residual_scale = testing_scale(8);
    if (output != DUET_U8) return e;
    const int most = 255 - e.zero;
    int low = -e.zero, high = most;
    if (testing_between(0, 1)) low = 0; /* ReLU, and with a bound above */
    if (testing_between(0, 1)) high = low + (int)testing_between(0, (size_t)(most - low));
    e.low = (float)low;
    e.high = (float)high;
    return e;
}

static inline size_t testing_size(enum duet_dtype output)
{
    return output == DUET_U8 ? 1 : 4;
}

/* What epilogue.h says of a sum, each rounding spelt out: double arithmetic of floats, rounded to float, is
 * float arithmetic. Writes the number of that type. */
static inline void testing_expected(const struct duet_epilogue *e, int64_t sum, size_t n,
                                    const uint8_t *residual, void *to)
{
    assert_true(sum >= INT32_MIN && sum <= INT32_MAX); /* or the test is wrong */
    const int32_t whole = (int32_t)sum;
    double x = (double)(float)((double)(float)sum * (double)e->scales[n]);
    if (residual) {
        double more = (double)(float)((double)(*residual - e->residual_zero) * (double)e->residual_scale);
        x = (double)(float)(x + more);
    }
    const float real = duet_epilogue_apply(*e, (float)x);
    const uint8_t byte = e->output == DUET_U8 ? (uint8_t)(nearbyint((double)real) + e->zero) : 0;
    if (e->output == DUET_U8)
        memcpy(to, &byte, 1);
    else if (e->output == DUET_F32)
        memcpy(to, &real, 4);
    else
        memcpy(to, &whole, 4);
}

/* --- outputs ------------------------------------------------------------------------------------------- */

enum { TESTING_U8_SENTINEL = 0xa5, TESTING_U8_GUARD = 128 };

/* `count` numbers of `size` bytes with guards around them. */
struct testing_block {
    uint8_t *block, *data;
    size_t bytes, before;
};

/* Aligned as badly as `skew` numbers say. */
static inline struct testing_block testing_block(size_t count, size_t size, size_t skew)
{
    struct testing_block b = {.bytes = count * size, .before = TESTING_U8_GUARD + skew % 16 * size};
    const size_t total = (b.before + b.bytes + TESTING_U8_GUARD + 63) / 64 * 64;
    b.block = aligned_alloc(64, total);
    assert_non_null(b.block);
    memset(b.block, TESTING_U8_SENTINEL, total);
    b.data = b.block + b.before;
    return b;
}

static inline void testing_block_check(const struct testing_block *b)
{
    for (size_t i = 0; i < b->before; i++)
        if (b->block[i] != TESTING_U8_SENTINEL)
            fail_msg("written %zu bytes before the output", b->before - i);
    for (size_t i = 0; i < TESTING_U8_GUARD; i++)
        if (b->data[b->bytes + i] != TESTING_U8_SENTINEL)
            fail_msg("written %zu bytes past the output", i + 1);
}

/* Rows of `width` bytes, `stride` apart: what lies between them is untouched. */
static inline void testing_block_gaps(const struct testing_block *b, size_t width, size_t stride)
{
    for (size_t i = 0; i < b->bytes; i++)
        if (i % stride >= width && b->data[i] != TESTING_U8_SENTINEL)
            fail_msg("written %zu bytes past row %zu", i % stride - width + 1, i / stride);
}

static inline void testing_block_close(struct testing_block *b)
{
    testing_block_check(b);
    free(b->block);
}

/* --- levels -------------------------------------------------------------------------------------------- */

/* testing_begin, and levels that no machine has. */
static inline struct testing_levels testing_u8_begin(const char *what)
{
    struct testing_levels levels = testing_begin(what);
    for (int i = 0; i < TESTING_STANDINS; i++) {
        struct duet_kernels *k = &levels.items[levels.count++];
        assert_true(levels.count <= TESTING_MAX_LEVELS);
        *k = levels.items[0];
        k->level = testing_standins[i].name;
        testing_standins[i].fill(k);
    }
    return levels;
}

/* Runs a problem on one level, compares what it gave with what it must give, and returns it. */
typedef struct testing_block testing_u8_run(const void *problem, const struct duet_kernels *kernels);

/* Every level in turn: all must give the scalar kernel's bytes, which are added to the sum. As in
 * testing_walk, what is drawn meanwhile is forgotten. */
static inline void testing_u8_walk(const struct testing_levels *levels, testing_u8_run *run,
                                   const void *problem)
{
    uint64_t next = testing_random_state;
    struct testing_block scalar = run(problem, &levels->items[0]);
    for (int i = 1; i < levels->count; i++) {
        struct testing_block out = run(problem, &levels->items[i]);
        assert_int_equal(out.bytes, scalar.bytes);
        if (memcmp(out.data, scalar.data, out.bytes) != 0)
            fail_msg("%s: not the scalar kernel's bytes", levels->items[i].level);
        testing_block_close(&out);
    }
    testing_sum_bytes(scalar.data, scalar.bytes);
    testing_block_close(&scalar);
    testing_random_state = next;
}

#endif
