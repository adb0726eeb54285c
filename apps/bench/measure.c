#include "bench/measure.h"

#include "cli/process.h"
#include "core/order.h"
#include "core/os.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

int bench_failed(const struct duet_program *program, enum duet_status status, const struct duet_error *error)
{
    if (status == DUET_EXISTS) return duet_usage_error(program, "%s; --force replaces it", error->text);
    fprintf(stderr, "%s: %s\n", program->name, error->text);
    if (status == DUET_INTERRUPTED) return duet_process_exit_code(DUET_EXIT_OK);
    return status == DUET_BAD_ARGUMENT ? DUET_EXIT_USAGE : DUET_EXIT_FATAL;
}

float *bench_noise(size_t count, size_t depth)
{
    uint32_t state = (uint32_t)depth;
    float *out = duet_alloc_pages((count + 16) * sizeof *out), scale = 2.0f / sqrtf((float)depth);
    for (size_t i = 0; out && i < count; i++) {
        state = state * 1664525u + 1013904223u;
        out[i] = ((float)(state >> 8) * (2.0f / 16777216.0f) - 1.0f) * scale;
    }
    return out;
}

double bench_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, duet_by_double);
    return values[count / 2];
}

/* getrusage would count what the program had that started this one, until it did. */
long bench_peak_kb(void)
{
    char line[128];
    long kb = 0;
    FILE *file = fopen("/proc/self/status", "re");
    while (file && kb == 0 && fgets(line, sizeof line, file))
        if (sscanf(line, "VmHWM: %ld", &kb) != 1) kb = 0;
    if (file) fclose(file);
    return kb;
}

double bench_processor(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}
