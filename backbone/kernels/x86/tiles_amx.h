/* tiles_amx.h: the tile instructions of AMX-INT8, as vector/u8/convolve_tiles.h uses them.
 *
 *   tiles_configure(r0, r1, bytes)   tiles 0 and 1: r0 rows of 16 int32; 2 and 3: r1 rows of them; 4: r0 rows
 *                                    of `bytes`; 5: r1 rows of them; 6 and 7: bytes / 4 rows of 16 quads of
 *                                    weights. r0 and r1 are 0 to 16, bytes a multiple of 4 up to 64
 *   tile_load, tile_store            rows that lie `stride` bytes apart: 0 for the same row in all
 *   tile_dot(c, a, b)                c[m][n] += sum over k of a[m][k] * b[k / 4][n][k % 4]: unsigned bytes of
 *                                    `a`, signed ones of `b`
 *   tiles_release()                  what is not in use is not saved when threads take turns
 *
 * Tiles are named by literal numbers. */
#ifndef DUET_KERNELS_TILES_AMX_H
#define DUET_KERNELS_TILES_AMX_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What LDTILECFG reads; tiles without rows have no bytes in a row either. */
struct tiles_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};
_Static_assert(sizeof(struct tiles_config) == 64, "as the processor has it");

/* Tile instructions of GCC 12 do not tell it what memory they read. */
#define TILES_SEE(memory) __asm__ volatile("" : : "r"(memory) : "memory")

static inline void tiles_configure(size_t r0, size_t r1, size_t bytes)
{
    const size_t rows[8] = {r0, r0, r1, r1, r0, r1, bytes / 4, bytes / 4};
    struct tiles_config c = {.palette = 1};
    for (int i = 0; i < 8; i++) {
        c.rows[i] = (uint8_t)rows[i];
        if (rows[i] > 0) c.row_bytes[i] = (uint16_t)(i == 4 || i == 5 ? bytes : 64);
    }
    TILES_SEE(&c);
    _tile_loadconfig(&c);
}

#define tile_load(tile, from, stride)                                                                        \
    do {                                                                                                     \
        TILES_SEE(from);                                                                                     \
        _tile_loadd(tile, from, stride);                                                                     \
    } while (0)
#define tile_store(tile, to, stride) _tile_stored(tile, to, stride)
#define tile_dot(c, a, b)            _tile_dpbusd(c, a, b)
#define tiles_release()              _tile_release()

#endif
