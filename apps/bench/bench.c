/* bench: how fast Duet is on this machine: networks, kernels, the COCO evaluator, whole batches. */
#include "bench/bench.h"

#include "cli/process.h"

#include <string.h>

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
