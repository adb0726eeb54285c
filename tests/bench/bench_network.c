/* bench_network MODEL [THREADS] [--cpu LEVEL] [--reps N] [--warmup N] [--profile] [--unfused]: a network from
 * float input to raw outputs. MODEL is ssdlite or deeplab (random weights) or a model file. Prints one JSON
 * line: "ts" are the milliseconds of each run; with --profile a table of the steps first. */
#include "bench/bench.h"
#include "duet/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    const char *model, *cpu;
    int threads, reps, warmup;
    bool profile, unfused;
};

static struct options parse(int argc, char **argv)
{
    struct options o = {.model = "ssdlite", .threads = 1, .reps = 40, .warmup = 8};
    int words = 0;
    for (int i = 1; i < argc; i++) {
        const char *next = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--cpu") == 0)
            o.cpu = next, i++;
        else if (strcmp(argv[i], "--reps") == 0)
            o.reps = atoi(next), i++;
        else if (strcmp(argv[i], "--warmup") == 0)
            o.warmup = atoi(next), i++;
        else if (strcmp(argv[i], "--profile") == 0)
            o.profile = true;
        else if (strcmp(argv[i], "--unfused") == 0)
            o.unfused = true;
        else if (words++ == 0)
            o.model = argv[i];
        else
            o.threads = atoi(argv[i]);
    }
    return o;
}

static struct duet_compiled *compile(const struct options *o, int *side)
{
    struct duet_error error;
    struct duet_network *network;
    struct duet_weights *random = NULL;
    struct duet_model *model = NULL;
    if (strchr(o->model, '.')) {
        bench_need(duet_model_open(o->model, &model, &error), &error);
        bench_need(duet_model_network(duet_model_config(model), 0, &network, &error), &error);
        *side = duet_model_config(model)->input_width;
    } else {
        network = bench_network(o->model, side);
        random = bench_weights(network);
    }
    struct duet_compile_options options = {
        .struct_size = sizeof options, .height = *side, .width = *side, .cpu = o->cpu, .unfused = o->unfused};
    struct duet_compiled *compiled;
    bench_need(duet_compile(network, model ? duet_model_weights(model) : random, &options, &compiled, &error),
               &error);
    duet_network_close(&network);
    duet_weights_close(&random);
    duet_model_close(&model);
    return compiled;
}

static void fill_input(struct duet_session *session, const float *picture, int side)
{
    memcpy(duet_session_input(session), picture, (size_t)side * (size_t)side * 3 * sizeof(float));
}

/* Best milliseconds of each step. */
static void profile(const struct options *o, struct duet_compiled *compiled, struct duet_session *session,
                    const struct duet_pool *pool, const float *picture, int side)
{
    int steps = duet_compiled_step_count(compiled);
    double *best = calloc((size_t)steps, sizeof *best), total = 0, madds = 0;
    if (!best) return;
    for (int r = 0; r < o->reps; r++) {
        fill_input(session, picture, side);
        for (int i = 0; i < steps; i++) {
            double start = bench_now();
            duet_session_run_step(session, pool, i);
            double took = bench_now() - start;
            if (r == 0 || took < best[i]) best[i] = took;
        }
    }
    for (int i = 0; i < steps; i++) {
        struct duet_step_info info = duet_compiled_step(compiled, i);
        printf("%-52s %-34s %8.3f MMAdds %7.3f ms %6.1f GFLOP/s\n", info.name, info.kernel,
               (double)info.madds * 1e-6, best[i], (double)info.madds * 2e-6 / best[i]);
        total += best[i];
        madds += (double)info.madds;
    }
    printf("all steps, each at its best: %.3f ms, %.1f GFLOP/s\n", total, madds * 2e-6 / total);
    free(best);
}

int main(int argc, char **argv)
{
    struct options o = parse(argc, argv);
    struct duet_error error;
    int side;
    double start = bench_now();
    struct duet_compiled *compiled = compile(&o, &side);
    struct duet_pool pool;
    struct duet_session *session;
    bench_need(duet_pool_create(o.threads, &pool, &error), &error);
    bench_need(duet_session_create(compiled, o.threads, &session, &error), &error);
    float *picture = bench_floats((size_t)side * (size_t)side * 3, 4);
    double load = bench_now() - start;
    if (o.profile) profile(&o, compiled, session, &pool, picture, side);
    printf("{\"load\":%.3f,\"ts\":[", load);
    for (int i = -o.warmup; i < o.reps; i++) {
        fill_input(session, picture, side);
        start = bench_now();
        duet_session_run(session, &pool);
        if (i >= 0) printf("%s%.4f", i ? "," : "", bench_now() - start);
    }
    printf("]}\n");
    free(picture);
    duet_session_close(&session);
    duet_compiled_close(&compiled);
    duet_pool_close(&pool);
    return 0;
}
