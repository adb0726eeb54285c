/* bench.h: the parts of the bench program, a file each. */
#ifndef DUET_APPS_BENCH_BENCH_H
#define DUET_APPS_BENCH_BENCH_H

#include "cli/compute.h"
#include "duet/status.h"

/* bench MODEL: network.c. `commands` are listed in its help. */
int bench_network(int argc, char **argv, const struct duet_command *commands);
int bench_kernels(int argc, char **argv);
int bench_eval(int argc, char **argv);
int bench_batch(int argc, char **argv);

/* Milliseconds that a model's network takes on one thread, from float input to raw outputs, as `bench MODEL`
 * measures it: the median of `reps` runs. */
enum duet_status bench_network_time(const char *model, const struct duet_compute_settings *compute, int reps,
                                    double *ms, struct duet_error *error);

#endif
