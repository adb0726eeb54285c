/* bench.h: what the benchmarks share: the clock, the network they measure, random weights, the speed limit of
 * this processor. */
#ifndef DUET_BENCH_H
#define DUET_BENCH_H

#include "duet/network.h"

/* Milliseconds from some fixed moment. */
double bench_now(void);

/* Ends the program with the error's text unless `status` is DUET_OK. */
void bench_need(enum duet_status status, const struct duet_error *error);

/* 64-byte aligned; random floats in -1..1 scaled so that sums over `depth` of them stay small. */
float *bench_floats(size_t count, size_t depth);

/* "ssdlite" or "deeplab" at width 1.0, and the input side that goes with it. */
struct duet_network *bench_network(const char *model, int *side);

/* Random weights for every layer. */
struct duet_weights *bench_weights(const struct duet_network *network);

/* Multiply-adds per nanosecond of one core at a kernel level, measured; 0 when unknown. */
double bench_peak(const char *level);

#endif
