/* bench: how fast Duet is on this machine: networks, kernels, the COCO evaluator, whole batches. */
#include "bench/bench.h"

#include "cli/process.h"
#include "core/os.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

int bench_failed(const struct duet_program *program, enum duet_status status, const struct duet_error *error)
{
    if (status == DUET_EXISTS) return duet_usage_error(program, "%s; --force replaces it", error->text);
    fprintf(stderr, "%s: %s\n", program->name, error->text);
    if (status == DUET_INTERRUPTED) return duet_process_exit_code(DUET_EXIT_OK);
    return status == DUET_BAD_ARGUMENT ? DUET_EXIT_USAGE : DUET_EXIT_FATAL;
}

double bench_now(void)
{
    return duet_seconds() * 1e3;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
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

static const struct duet_command commands[] = {
    {"kernels", "every kernel by itself, on every level, at the networks' layers", bench_kernels},
    {"eval", "the COCO evaluator over made-up detections", bench_eval},
    {"batch", "pictures a second from JPEG to JSON, for 1 to N threads", bench_batch},
    {0}};

static bool is_command(const char *word)
{
    for (const struct duet_command *c = commands; c->name; c++)
        if (strcmp(c->name, word) == 0) return true;
    return false;
}

/* A word that is no command is a model. */
int main(int argc, char **argv)
{
    static char help[] = "--help";
    const struct duet_program words = {.name = "bench", .commands = commands};
    duet_process_start();
    bool asks = argc > 1 && strcmp(argv[1], "help") == 0;
    if (argc > 1 && (is_command(argv[1]) || (asks && argc > 2))) return duet_commands_run(&words, argc, argv);
    if (asks) argv[1] = help;
    return bench_network(argc, argv, commands);
}
