#include "bench/measure.h"

#include "cli/process.h"
#include "core/order.h"

#include <stdlib.h>
#include <sys/resource.h>

int bench_failed(const struct duet_program *program, enum duet_status status, const struct duet_error *error)
{
    if (status == DUET_EXISTS) return duet_usage_error(program, "%s; --force replaces it", error->text);
    fprintf(stderr, "%s: %s\n", program->name, error->text);
    if (status == DUET_INTERRUPTED) return duet_process_exit_code(DUET_EXIT_OK);
    return status == DUET_BAD_ARGUMENT ? DUET_EXIT_USAGE : DUET_EXIT_FATAL;
}

double bench_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, duet_by_double);
    return values[count / 2];
}

long bench_peak_kb(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : 0;
}

double bench_processor(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}
