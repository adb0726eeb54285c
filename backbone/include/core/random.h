/* random.h: numbers that are the same everywhere for the same seed. Internal. */
#ifndef DUET_CORE_RANDOM_H
#define DUET_CORE_RANDOM_H

#include <stdint.h>

/* splitmix64: 64 bits, all equally random; `state` begins as the seed. */
static inline uint64_t duet_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

#endif
