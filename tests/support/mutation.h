/* mutation.h: bytes bent at random, reproducibly. */
#ifndef DUET_MUTATION_H
#define DUET_MUTATION_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A number from 0 to 2^32 - 1. */
static inline uint32_t mutation_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 32);
}

/* Overwrite 1 to 4 places of data[0 .. size-1] with bytes or 32-bit numbers that parsers stumble over. */
static inline void mutate(uint8_t *data, size_t size, uint64_t *state)
{
    static const uint32_t awkward[] = {
        0,      1,      2,       4,          0x7f,       0x80,       0xff,       0x100,      0x7fff,
        0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffc, 0xfffffffe, 0xffffffff, 0x40000000};
    for (uint32_t places = mutation_random(state) % 4 + 1; places > 0; places--) {
        size_t at = mutation_random(state) % size;
        uint32_t kind = mutation_random(state) % 3;
        uint32_t value = kind ? awkward[mutation_random(state) % (sizeof awkward / sizeof awkward[0])]
                              : mutation_random(state);
        size_t bytes = kind == 2 ? 1 : 4;
        if (bytes > size - at) bytes = size - at;
        memcpy(data + at, &value, bytes);
    }
}

#endif
