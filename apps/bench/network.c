/* bench MODEL: how fast a network runs on this machine. */
#include "bench/bench.h"
#include "bench/measure.h"
#include "bench/peak.h"
#include "cli/model_path.h"
#include "core/fail.h"
#include "core/os.h"
#include "heads/kinds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct settings {
    struct duet_compute_settings compute;
    const char *heads;
    int threads, reps, warmup, size, output_stride, split, l2;
    bool unfused, profile, json;
};

static const struct duet_option options[] = {
    DUET_GROUP("What to run"),
    DUET_STRING(
        0, "head", "A,B", struct settings, heads,
        "the trunk with these heads only, by name or kind; layers that none of them needs are left out",
        .shown = "all of the model"),
    DUET_INT('s', "size", "N", struct settings, size, 32, 8192, "side of the network's input",
             .shown = "the first head's own"),
    DUET_INT(0, "output-stride", "N", struct settings, output_stride, 8, 32, "8, 16 or 32",
             .shown = "the first head's own"),
    DUET_INT('j', "threads", "N", struct settings, threads, 1, 256, "use N threads"),
    DUET_COMPUTE_OPTIONS(struct settings, compute),
    DUET_FLAG(0, "unfused", struct settings, unfused,
              "every layer a step of its own: the same results, to see what fusing brings"),
    DUET_INT(0, "split", "T", struct settings, split, 1, 64,
             "run each inverted residual in T groups of channels, the paper's t-way split: less memory with "
             "each, the same results",
             .shown = "as suits the caches"),
    DUET_INT(0, "l2", "KB", struct settings, l2, 16, 1 << 20,
             "plan for a second-level cache of so many kilobytes", .shown = "this machine's"),
    DUET_GROUP("How often"),
    DUET_INT('r', "reps", "N", struct settings, reps, 1, 1000000, "timed runs"),
    DUET_INT('w', "warmup", "N", struct settings, warmup, 0, 1000000, "runs before them that do not count"),
    DUET_GROUP("What to print"),
    DUET_FLAG('p', "profile", struct settings, profile,
              "each step: its best time, rate, share of the peak, bytes, kernel"),
    DUET_FLAG(0, "json", struct settings, json,
              "one line: ts (milliseconds of each run), precision, load, first, hwm_kb (largest memory)"),
    DUET_OPTIONS_END};

static const struct duet_program network_program = {
    .name = "bench",
    .synopsis = "[OPTION]... MODEL\nCOMMAND [OPTION]...",
    .summary =
        "Time a model's network, trunk and heads in one pass, from float input to raw outputs: no picture is "
        "decoded, nothing is made of the outputs.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .operand = "MODEL",
    .details = "MODEL is a name ('models list') or a path. The peak is what this processor\n"
               "reaches with multiply-adds alone, of float32 or of bytes, measured in the same\n"
               "run.\n"
               "'bench COMMAND --help' tells about a command.\n",
    .examples = "  bench ssdlite-coco\n"
                "  bench --profile --threads 2 deeplabv3-voc\n"
                "  bench --head ssdlite both.safetensors\n"
                "  chrt -f 10 build/bin/bench --json --reps 40 ssdlite-coco\n"};

struct bench {
    struct duet_model *model;
    struct duet_head heads[DUET_MODEL_MAX_HEADS];
    int head_count;
    struct duet_compiled *compiled;
    struct duet_session *session;
    struct duet_pool pool;
    uint8_t *picture; /* the input as a picture has it: a run overwrites the session's */
    size_t count;
    int height, width;
    enum duet_precision precision;
    double load, *times, *steps; /* milliseconds; of the runs, of the steps */
    double first;
};

/* --- which heads ---------------------------------------------------------------------------------------- */

/* Mark a head and, as it would do nothing without, the one whose result it reads. */
static void want(const struct duet_model *model, const struct duet_head *head, bool *wanted)
{
    for (int i = 0; i < duet_model_head_count(model); i++) wanted[i] |= duet_model_head(model, i) == head;
    if (head->kind == DUET_GUIDED)
        want(model, duet_model_find_head(model, head->config.guided.boxes_of), wanted);
}

/* "ssdlite,deeplabv3" to some of the model's heads, in its order; NULL: all. */
static enum duet_status choose_heads(const struct duet_model *model, const char *list, struct bench *b,
                                     struct duet_error *error)
{
    bool wanted[DUET_MODEL_MAX_HEADS] = {false};
    for (const char *at = list; at; at = strchr(at, ',')) {
        char name[64], names[DUET_HEAD_NAMES];
        at += *at == ',';
        size_t length = strcspn(at, ",");
        snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name), at);
        const struct duet_head *head = duet_model_find_head(model, name);
        if (!head)
            return duet_fail(error, DUET_BAD_ARGUMENT, "--head: '%s': the model has %s", name,
                             duet_model_head_names(model, names));
        want(model, head, wanted);
    }
    for (int i = 0; i < duet_model_head_count(model); i++)
        if (!list || wanted[i]) b->heads[b->head_count++] = *duet_model_head(model, i);
    return DUET_OK;
}

/* The network of these heads, and its input's size. */
static enum duet_status build(const struct settings *settings, const struct duet_model *model,
                              struct bench *b, struct duet_network **network, struct duet_error *error)
{
    struct duet_model_config config = *duet_model_config(model);
    enum duet_status status = choose_heads(model, settings->heads, b, error);
    if (status != DUET_OK) return status;
    b->height = settings->size ? settings->size : b->heads[0].input.height;
    b->width = settings->size ? settings->size : b->heads[0].input.width;
    config.heads = b->heads;
    config.head_count = b->head_count;
    if (settings->compute.precision != DUET_PRECISION_MODEL)
        config.precision = (enum duet_precision)settings->compute.precision;
    b->precision = config.precision;
    return duet_model_network(&config, settings->output_stride, network, error);
}

/* --- opening and running -------------------------------------------------------------------------------- */

static enum duet_status open_network(const struct settings *settings, const char *name, struct bench *b,
                                     struct duet_error *error)
{
    char *path = NULL;
    struct duet_model *model = NULL;
    struct duet_network *network = NULL;
    enum duet_status status = duet_model_path(name, &path, error);
    if (status == DUET_OK) status = duet_model_open(path, &model, error);
    free(path);
    if (status == DUET_OK) status = build(settings, model, b, &network, error);
    struct duet_compile_options compile = {.struct_size = sizeof compile,
                                           .height = b->height,
                                           .width = b->width,
                                           .cpu = settings->compute.cpu,
                                           .unfused = settings->unfused,
                                           .split = settings->split,
                                           .l2_bytes = (size_t)settings->l2 * 1024};
    if (status == DUET_OK)
        status = duet_compile(network, duet_model_weights(model), &compile, &b->compiled, error);
    duet_network_close(&network);
    b->model = model; /* names its heads */
    return status;
}

/* Milliseconds from some fixed moment. */
static double now(void)
{
    return duet_seconds() * 1e3;
}

static void fill_input(struct bench *b)
{
    struct duet_view input;
    if (duet_session_input(b->session, NULL, &input, NULL) != DUET_OK) return;
    float *to = input.data;
    for (size_t i = 0; i < b->count; i++) to[i] = (float)b->picture[i] * (2.0f / 255) - 1;
}

/* Noise. */
static uint8_t *draw_picture(size_t count)
{
    uint32_t state = 1;
    uint8_t *picture = malloc(count);
    for (size_t i = 0; picture && i < count; i++) {
        state = state * 1664525u + 1013904223u;
        picture[i] = (uint8_t)(state >> 24);
    }
    return picture;
}

static double run_once(struct bench *b)
{
    const struct duet_run_options run = {.struct_size = sizeof run, .pool = &b->pool};
    fill_input(b);
    double start = now();
    duet_session_run(b->session, &run, NULL); /* the pool that the session was made for */
    return now() - start;
}

static struct duet_step_info step_info(const struct bench *b, int step)
{
    struct duet_step_info info = DUET_STEP_INFO;
    duet_compiled_step(b->compiled, step, &info, NULL); /* there: it is counted */
    return info;
}

static double total_madds(const struct bench *b)
{
    double sum = 0;
    for (int i = 0; i < duet_compiled_step_count(b->compiled); i++) sum += (double)step_info(b, i).madds;
    return sum;
}

/* --- what is printed ----------------------------------------------------------------------------------- */

static void print_json(const struct settings *settings, const struct bench *b)
{
    printf("{\"precision\":\"%s\",\"load\":%.3f,\"first\":%.3f,\"hwm_kb\":%ld,\"ts\":[",
           duet_precision_name(b->precision), b->load, b->first, bench_peak_kb());
    for (int i = 0; i < settings->reps; i++) printf("%s%.4f", i ? "," : "", b->times[i]);
    printf("]}\n");
}

/* What all threads' cores reach with multiply-adds alone; 0: not known. */
struct peaks {
    double floats, bytes;
};

/* "101.3 GFLOP/s  68 %" of the peak. */
static void print_rate(double madds, double ms, const struct peaks *peaks, bool bytes)
{
    double peak = bytes ? peaks->bytes : peaks->floats;
    printf("%8.1f %-7s", madds * 2e-6 / ms, bytes ? "Gop/s" : "GFLOP/s");
    if (peak > 0) printf(" %5.1f %%", 100 * madds * 2e-6 / ms / peak);
}

static void print_summary(const struct settings *settings, struct bench *b, const struct peaks *peaks)
{
    const bool bytes = b->precision == DUET_PRECISION_INT8;
    double median = bench_median(b->times, (size_t)settings->reps);
    printf("%dx%d, ", b->width, b->height);
    for (int i = 0; i < b->head_count; i++) printf("%s%s", i ? " + " : "", b->heads[i].name);
    printf(": %.1f million multiply-adds, %s, %d thread%s, %d runs\n", total_madds(b) * 1e-6,
           duet_precision_name(b->precision), settings->threads, settings->threads == 1 ? "" : "s",
           settings->reps);
    printf("  median %9.3f ms  ", median);
    print_rate(total_madds(b), median, peaks, bytes);
    printf("\n  best   %9.3f ms  ", b->times[0]);
    print_rate(total_madds(b), b->times[0], peaks, bytes);
    printf("\n  first  %9.3f ms   load %.1f ms\n"
           "  memory %9.1f MB at the most   weights %.1f   results %.1f   scratch %.1f a thread\n",
           b->first, b->load, (double)bench_peak_kb() / 1024,
           (double)duet_compiled_weight_bytes(b->compiled) / 1048576,
           (double)duet_compiled_arena_bytes(b->compiled) / 1048576,
           (double)duet_compiled_scratch_bytes(b->compiled) / 1048576);
}

/* best[i]: milliseconds of step i by itself, the best of all repetitions. */
static void time_steps(const struct settings *settings, struct bench *b, double *best)
{
    int steps = duet_compiled_step_count(b->compiled);
    const struct duet_run_options run = {.struct_size = sizeof run, .pool = &b->pool};
    for (int r = 0; r < settings->reps; r++) {
        fill_input(b);
        for (int i = 0; i < steps; i++) {
            double start = now();
            duet_session_run_step(b->session, i, &run, NULL);
            double took = now() - start;
            if (r == 0 || took < best[i]) best[i] = took;
        }
    }
}

static void print_profile(const struct bench *b, const double *best, const struct peaks *peaks)
{
    printf("%-54s %12s %9s %16s %7s %12s  %s\n", "step", "MAdds", "ms", "rate", "peak", "bytes", "kernel");
    for (int i = 0; i < duet_compiled_step_count(b->compiled); i++) {
        struct duet_step_info info = step_info(b, i);
        bool bytes = strstr(info.kernel, "_u8") != NULL;
        printf("%-54s %12llu %9.3f ", info.name, (unsigned long long)info.madds, best[i]);
        print_rate((double)info.madds, best[i], peaks, bytes);
        printf("%*s %12llu  %s\n", (bytes ? peaks->bytes : peaks->floats) > 0 ? 0 : 8, "",
               (unsigned long long)info.bytes, info.kernel);
    }
}

/* --- the program --------------------------------------------------------------------------------------- */

static enum duet_status prepare(const struct settings *settings, const char *name, struct bench *b,
                                struct duet_error *error)
{
    double start = now();
    enum duet_status status = open_network(settings, name, b, error);
    if (status == DUET_OK) status = duet_pool_create(settings->threads, &b->pool, error);
    if (status == DUET_OK) status = duet_session_create(b->compiled, settings->threads, &b->session, error);
    b->load = now() - start;
    if (status != DUET_OK) return status;
    b->times = calloc((size_t)settings->reps, sizeof *b->times);
    b->steps = calloc((size_t)duet_compiled_step_count(b->compiled) + 1, sizeof *b->steps);
    b->count = (size_t)b->height * (size_t)b->width * 3;
    b->picture = draw_picture(b->count);
    if (b->times && b->steps && b->picture) return DUET_OK;
    return duet_no_memory(error, NULL, NULL);
}

static void run(const struct settings *settings, struct bench *b)
{
    const char *level = duet_compiled_level(b->compiled);
    struct peaks peaks = {0};
    if (!settings->json)
        peaks = (struct peaks){bench_peak(level, DUET_F32) * settings->threads,
                               bench_peak(level, DUET_U8) * settings->threads};
    b->first = run_once(b);
    for (int i = 1; i < settings->warmup; i++) run_once(b);
    for (int i = 0; i < settings->reps; i++) b->times[i] = run_once(b);
    if (settings->profile) {
        time_steps(settings, b, b->steps);
        print_profile(b, b->steps, &peaks);
    }
    if (settings->json)
        print_json(settings, b);
    else
        print_summary(settings, b, &peaks);
}

static void close_bench(struct bench *b)
{
    free(b->times);
    free(b->steps);
    free(b->picture);
    duet_session_close(&b->session);
    duet_compiled_close(&b->compiled);
    duet_pool_close(&b->pool);
    duet_model_close(&b->model);
}

int bench_network(int argc, char **argv, const struct duet_command *commands)
{
    struct settings settings = {.threads = 1, .reps = 20, .warmup = 3};
    struct duet_program program = network_program;
    struct duet_arguments arguments;
    struct duet_error error;
    struct bench b = {.pool = duet_pool_single()};
    program.commands = commands;
    int code = duet_options_parse(&program, argc, argv, &settings, &arguments);
    if (code != DUET_GO_ON) return code;
    enum duet_status status = prepare(&settings, arguments.operands[0], &b, &error);
    if (status == DUET_OK) run(&settings, &b);
    close_bench(&b);
    return status == DUET_OK ? duet_flush_stdout(&program) : bench_failed(&program, status, &error);
}

enum duet_status bench_network_time(const char *model, const struct duet_compute_settings *compute, int reps,
                                    double *ms, struct duet_error *error)
{
    const struct settings settings = {.compute = *compute, .threads = 1, .reps = reps};
    struct bench b = {.pool = duet_pool_single()};
    enum duet_status status = prepare(&settings, model, &b, error);
    if (status == DUET_OK) {
        for (int i = 0; i < 3; i++) run_once(&b);
        for (int i = 0; i < reps; i++) b.times[i] = run_once(&b);
        *ms = bench_median(b.times, (size_t)reps);
    }
    close_bench(&b);
    return status;
}
