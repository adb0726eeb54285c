/* finish.h: what becomes of sums that lie in memory, for any vector instruction set; epilogue.h is the text
 * of it. Included after the header that defines the vectors (x86/vec_u8_256.h ...). */
#ifndef DUET_KERNELS_U8_FINISH_H
#define DUET_KERNELS_U8_FINISH_H

#include "kernels/epilogue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { U8_GROUP = 2 * U8_LANES };

/* Rows of sums, each U8_GROUP wide, of which the first `columns` count. */
struct finish {
    const struct duet_epilogue *epilogue;
    const float *scales;     /* [U8_GROUP] */
    const uint8_t *residual; /* of the first row; NULL: none */
    size_t residual_stride;
    void *output; /* of the first row */
    size_t output_stride;
    size_t columns; /* 1 .. U8_GROUP */
};

static inline reals finish_residual(const struct duet_epilogue *e, const uint8_t *residual, size_t count)
{
    uint8_t some[U8_LANES] = {0};
    if (count < U8_LANES) residual = memcpy(some, residual, count);
    const sums above = sums_sub(bytes_load(residual), sums_set1(e->residual_zero));
    return reals_mul(reals_of(above), reals_set1(e->residual_scale));
}

/* In the unit of the result, not clamped; of the vector's `count` columns. */
static inline reals finish_reals(const struct duet_epilogue *e, const int32_t *from, reals scales,
                                 const uint8_t *residual, size_t count)
{
    reals x = reals_mul(reals_of(sums_load(from)), scales);
    return residual ? reals_add(x, finish_residual(e, residual, count)) : x;
}

/* Bytes of both vectors of every row, each lane an output channel: what almost all rows are. Two rows at a
 * time; an odd last one is its own second. */
static inline __attribute__((always_inline)) void finish_whole_bytes(const struct finish *f, size_t rows,
                                                                     const int32_t *from, const bool adds)
{
    const struct duet_epilogue e = *f->epilogue; /* no store reaches it */
    const struct byte_range range = byte_range_of(e.low, e.high, e.zero);
    const reals scales = reals_load(f->scales), scales1 = reals_load(f->scales + U8_LANES);
    const size_t stride = f->output_stride, residual_stride = f->residual_stride;
    const uint8_t *more = f->residual;
    uint8_t *to = f->output;
    for (size_t r = 0; r < rows; r += 2) {
        const bool pair = r + 1 < rows;
        const int32_t *const from2 = pair ? from + U8_GROUP : from;
        const uint8_t *const more2 = adds && pair ? more + residual_stride : more;
        const reals x = finish_reals(&e, from, scales, adds ? more : NULL, U8_LANES);
        const reals y = finish_reals(&e, from + U8_LANES, scales1, adds ? more + U8_LANES : NULL, U8_LANES);
        const reals x2 = finish_reals(&e, from2, scales, adds ? more2 : NULL, U8_LANES);
        const reals y2 =
            finish_reals(&e, from2 + U8_LANES, scales1, adds ? more2 + U8_LANES : NULL, U8_LANES);
        bytes_store_rows(to, pair ? to + stride : to, x, y, x2, y2, &range);
        from += 2 * U8_GROUP;
        to += 2 * stride;
        if (adds) more += 2 * residual_stride;
    }
}

/* One vector of every row, from column v on. */
static void finish_vector(const struct finish *f, size_t rows, const int32_t *from, size_t v)
{
    const struct duet_epilogue e = *f->epilogue;
    const size_t size = e.output == DUET_U8 ? 1 : 4;
    const size_t count = f->columns - v < U8_LANES ? f->columns - v : U8_LANES;
    const uint8_t *more = f->residual ? f->residual + v : NULL;
    char *to = (char *)f->output + v * size, some[U8_LANES * 4];
    for (size_t r = 0; r < rows; r++, from += U8_GROUP, to += f->output_stride * size) {
        char *const all = count == U8_LANES ? to : some;
        if (e.output == DUET_I32) {
            sums_store(all, sums_load(from + v));
        } else {
            reals x = finish_reals(&e, from + v, reals_load(f->scales + v), more, count);
            x = reals_clamp(x, reals_set1(e.low), reals_set1(e.high));
            if (e.output == DUET_U8)
                bytes_store((uint8_t *)all, x, e.zero);
            else
                reals_store((float *)(void *)all, x);
        }
        if (count < U8_LANES) memcpy(to, some, count * size);
        if (more) more += f->residual_stride;
    }
}

static void finish_rows(const struct finish *f, size_t rows, const int32_t *from)
{
    if (f->columns == U8_GROUP && f->epilogue->output == DUET_U8) {
        if (f->residual)
            finish_whole_bytes(f, rows, from, true);
        else
            finish_whole_bytes(f, rows, from, false);
        return;
    }
    for (size_t v = 0; v < f->columns; v += U8_LANES) finish_vector(f, rows, from, v);
}

#endif
