/* measure.h: what the parts of bench measure with, and how they fail. */
#ifndef DUET_APPS_BENCH_MEASURE_H
#define DUET_APPS_BENCH_MEASURE_H

#include "cli/options.h"
#include "duet/status.h"

#include <stddef.h>

/* Report a failure; returns the code to exit with. */
int bench_failed(const struct duet_program *program, enum duet_status status, const struct duet_error *error);

/* Seconds that this process has spent computing. */
double bench_processor(void);

/* Random numbers, small enough for sums over `depth` of them to stay so; as many more at the end as a kernel
 * may read over it. Owned: free(). NULL when there is no memory. */
float *bench_noise(size_t count, size_t depth);

/* The middle one of count > 0 numbers, which it sorts. */
double bench_median(double *values, size_t count);

/* Kilobytes: the most memory that this process ever had. */
long bench_peak_kb(void);

#endif
