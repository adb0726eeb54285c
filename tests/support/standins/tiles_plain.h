/* tiles_plain.h: x86/tiles_amx.h in plain C: eight tiles, and what would fault there fails here. */
#ifndef DUET_TILES_PLAIN_H
#define DUET_TILES_PLAIN_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Processors have them, a thread each. */
static _Thread_local struct {
    size_t rows, row_bytes;
    uint8_t bytes[16][64];
} testing_tiles[8];
static _Thread_local int testing_tiles_configured;

static void tiles_configure(size_t r0, size_t r1, size_t bytes)
{
    assert(r0 <= 16 && r1 <= 16 && bytes > 0 && bytes <= 64 && bytes % 4 == 0);
    const size_t rows[8] = {r0, r0, r1, r1, r0, r1, bytes / 4, bytes / 4};
    memset(testing_tiles, 0, sizeof testing_tiles);
    for (int i = 0; i < 8; i++) {
        testing_tiles[i].rows = rows[i];
        testing_tiles[i].row_bytes = rows[i] == 0 ? 0 : i == 4 || i == 5 ? bytes : 64;
    }
    testing_tiles_configured = 1;
}

static void tiles_release(void)
{
    testing_tiles_configured = 0;
}

static void tile_load(int tile, const void *from, size_t stride)
{
    assert(testing_tiles_configured && testing_tiles[tile].rows > 0);
    memset(testing_tiles[tile].bytes, 0, sizeof testing_tiles[tile].bytes);
    for (size_t m = 0; m < testing_tiles[tile].rows; m++)
        memcpy(testing_tiles[tile].bytes[m], (const char *)from + m * stride, testing_tiles[tile].row_bytes);
}

static void tile_store(int tile, void *to, size_t stride)
{
    assert(testing_tiles_configured && testing_tiles[tile].rows > 0);
    for (size_t m = 0; m < testing_tiles[tile].rows; m++)
        memcpy((char *)to + m * stride, testing_tiles[tile].bytes[m], testing_tiles[tile].row_bytes);
}

/* TDPBUSD: unsigned bytes of a by signed ones of b. */
static void tile_dot(int c, int a, int b)
{
    assert(testing_tiles_configured && testing_tiles[c].rows > 0);
    assert(testing_tiles[c].rows == testing_tiles[a].rows);
    assert(testing_tiles[c].row_bytes == testing_tiles[b].row_bytes);
    assert(testing_tiles[a].row_bytes / 4 == testing_tiles[b].rows);
    for (size_t m = 0; m < testing_tiles[c].rows; m++) {
        uint32_t sums[16];
        memcpy(sums, testing_tiles[c].bytes[m], sizeof sums);
        for (size_t k = 0; k < testing_tiles[b].rows; k++)
            for (size_t n = 0; n < 64; n++)
                sums[n / 4] += (uint32_t)(testing_tiles[a].bytes[m][k * 4 + n % 4] *
                                          (int8_t)testing_tiles[b].bytes[k][n]);
        memcpy(testing_tiles[c].bytes[m], sums, sizeof sums);
    }
}

#endif
