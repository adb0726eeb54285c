#include "duet/bootstrap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* splitmix64 */
static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void duet_bootstrap_draw(uint64_t seed, size_t replicate, uint32_t *weights, size_t count)
{
    /* Seeds and replicates are small numbers: mixed one after the other, no two share a sequence. */
    uint64_t state = seed;
    state = next(&state) ^ replicate;
    state = next(&state);
    memset(weights, 0, count * sizeof *weights);
    for (size_t i = 0; i < count; i++) weights[((next(&state) >> 32) * count) >> 32]++;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile(const double *sorted, size_t count, double share)
{
    double place = share * (double)(count - 1);
    size_t below = (size_t)place;
    if (below + 1 >= count) return sorted[count - 1];
    return sorted[below] + (sorted[below + 1] - sorted[below]) * (place - (double)below);
}

struct duet_interval duet_bootstrap_interval(double *values, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!isnan(values[i])) values[kept++] = values[i];
    if (kept == 0) return (struct duet_interval){NAN, NAN};
    qsort(values, kept, sizeof *values, by_value);
    return (struct duet_interval){percentile(values, kept, 0.025), percentile(values, kept, 0.975)};
}
