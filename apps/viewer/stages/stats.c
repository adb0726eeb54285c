#include "viewer/stages/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double window = 2;

void viewer_stats_add(struct viewer_stats *stats, double now, double latency, double inference)
{
    unsigned i = stats->count++ % VIEWER_LATENCIES;
    stats->latencies[i] = (float)latency;
    stats->when[i] = now;
    if (inference > 0)
        stats->inference = stats->inference > 0 ? 0.8 * stats->inference + 0.2 * inference : inference;
}

void viewer_stats_interrupt(struct viewer_stats *stats)
{
    for (int i = 0; i < VIEWER_LATENCIES; i++) stats->when[i] = -INFINITY;
}

static unsigned kept(const struct viewer_stats *stats)
{
    return stats->count < VIEWER_LATENCIES ? stats->count : VIEWER_LATENCIES;
}

double viewer_stats_rate(const struct viewer_stats *stats, double now)
{
    double first = INFINITY, last = -INFINITY;
    int frames = 0;
    for (unsigned i = 0; i < kept(stats); i++) {
        if (stats->when[i] < now - window) continue;
        first = fmin(first, stats->when[i]);
        last = fmax(last, stats->when[i]);
        frames++;
    }
    return frames > 1 && last > first ? (frames - 1) / (last - first) : 0;
}

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

double viewer_stats_latency(const struct viewer_stats *stats, double q)
{
    float sorted[VIEWER_LATENCIES];
    unsigned count = kept(stats);
    if (count == 0) return 0;
    memcpy(sorted, stats->latencies, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, ascending);
    unsigned rank = (unsigned)ceil(q * count);
    return (double)sorted[rank > 0 ? rank - 1 : 0];
}
