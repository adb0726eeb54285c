/* bench batch: pictures a second of all that `detect` (or `segment`) does with them. */
#include "batch/batch.h"
#include "batch/networks.h"
#include "bench/bench.h"
#include "bench/measure.h"
#include "cli/model_path.h"
#include "cli/process.h"
#include "cli/temporary.h"
#include "core/fail.h"
#include "core/os.h"
#include "data/picture/write.h"
#include "data/scene/scene.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_COUNTS = 16, MOST_REPS = 1000 };

struct settings {
    const char *model;
    struct duet_compute_settings compute;
    int threads, reps, pictures;
    bool json;
};

static const struct duet_option options[] = {
    DUET_GROUP("What to run"),
    DUET_STRING('m', "model", "NAME", struct settings, model, "a detection or segmentation model"),
    DUET_INT('n', "pictures", "N", struct settings, pictures, 1, 100000,
             "without INPUT: draw so many street scenes, 640x480 pixels, as JPEG"),
    DUET_INT('j', "threads", "N", struct settings, threads, 1, 256,
             "measure 1, 2, 3, 4, 6, 8, 12 ... N threads", .shown = "number of CPUs"),
    DUET_COMPUTE_OPTIONS(struct settings, compute),
    DUET_GROUP("How"),
    DUET_INT('r', "reps", "N", struct settings, reps, 1, MOST_REPS, "rounds; the median of them counts"),
    DUET_FLAG(0, "json", struct settings, json, "one line instead of the table"),
    DUET_OPTIONS_END};

static const struct duet_program program = {
    .name = "bench batch",
    .synopsis = "[OPTION]... [INPUT]...",
    .summary =
        "Count the pictures a second that 'detect' does ('segment', with a segmentation model) with ever "
        "more threads: decoding, inference, results as JSON. The inputs are those of 'detect'.",
    .options = options,
    .max_operands = DUET_MANY,
    .operand = "INPUT",
    .details = "Opening the model does not count. 'over 1 thread' compares with the row of one\n"
               "thread; 'over inference' with the 1 / t pictures a second that there would be if\n"
               "nothing but the network ran, on one thread and in t seconds ('bench MODEL'):\n"
               "what N threads would reach with everything else free is N.\n",
    .examples = "  bench batch\n"
                "  bench batch -j 2 photographs/\n"
                "  bench batch -m deeplabv3-voc -n 16\n"};

struct bench {
    const struct settings *settings;
    struct duet_networks networks;
    struct duet_detect_settings detect;
    struct duet_segment_settings segment;
    struct duet_arguments inputs;
    size_t pictures;
    int counts[MOST_COUNTS], count_count; /* of threads */
    double inference_ms;
    double seconds[MOST_COUNTS];
};

/* --- inputs --------------------------------------------------------------------------------------------- */

static enum duet_status draw_picture(const char *path, int number, struct duet_error *error)
{
    struct duet_scene_options scene_options = {.kind = (enum duet_scene_kind)(number % DUET_SCENE_COUNT),
                                               .seed = (unsigned)number,
                                               .moment = .3 + .4 * (number % 7) / 6};
    struct duet_scene scene;
    enum duet_status status = duet_scene_draw(&scene_options, &scene, error);
    if (status != DUET_OK) return status;
    status = duet_picture_write(path, &scene.picture, error);
    duet_scene_close(&scene);
    return status;
}

/* The temporary folder becomes the only input. */
static enum duet_status draw_pictures(struct bench *b, struct duet_temporary *temporary,
                                      struct duet_error *error)
{
    enum duet_status status = duet_temporary_open(temporary, "bench", error);
    for (int i = 0; i < b->settings->pictures && status == DUET_OK; i++) {
        char name[32];
        snprintf(name, sizeof name, "%06d.jpg", i);
        const char *path = duet_temporary_path(temporary, name);
        status = path ? draw_picture(path, i, error) : duet_no_memory(error, NULL, NULL);
        if (duet_interrupted()) status = duet_fail(error, DUET_INTERRUPTED, "interrupted");
    }
    b->inputs = (struct duet_arguments){.operands = &temporary->folder, .count = 1};
    return status;
}

static enum duet_status count_pictures(struct bench *b, struct duet_error *error)
{
    struct duet_inputs inputs = {0};
    const struct duet_inputs_options how = {0};
    for (int i = 0; i < b->inputs.count; i++)
        if (strcmp(b->inputs.operands[i], "-") == 0 || strcmp(b->inputs.operands[i], "@-") == 0)
            return duet_fail(error, DUET_BAD_ARGUMENT, "standard input can be read only once");
    enum duet_status status = duet_inputs_find(b->inputs.operands, b->inputs.count, &how, &inputs, error);
    b->pictures = inputs.count;
    duet_inputs_close(&inputs);
    if (status == DUET_OK && b->pictures == 0)
        return duet_fail(error, DUET_NOT_FOUND, "no pictures to work on");
    return status;
}

/* 1, 2, 3, 4, 6, 8, 12 ... and the last. */
static void count_threads(struct bench *b)
{
    int most = b->settings->threads > 0 ? b->settings->threads : duet_cpu_count(), n = 1;
    while (n < most && b->count_count < MOST_COUNTS - 1) {
        b->counts[b->count_count++] = n;
        n = n < 4 ? n + 1 : (n & (n - 1)) == 0 ? n / 2 * 3 : n / 3 * 4;
    }
    b->counts[b->count_count++] = most;
}

/* --- measuring ------------------------------------------------------------------------------------------ */

static int run_once(struct bench *b, int threads, double *seconds)
{
    const struct duet_batch_settings how = {
        .format = DUET_FORMAT_NDJSON, .output = "/dev/null", .threads = threads, .quiet = true};
    struct duet_batch_task task = duet_networks_task(&b->networks);
    task.segments_first = !b->networks.detect;
    double start = duet_seconds();
    int code = duet_batch_run(&program, &how, &b->inputs, &task);
    *seconds = duet_seconds() - start;
    return code == DUET_EXIT_OK ? DUET_GO_ON : code;
}

/* Rounds of all thread counts, so that what else the machine does falls on all of them alike; the first round
 * warms up. */
static int run_all(struct bench *b)
{
    int reps = b->settings->reps, code = DUET_GO_ON;
    double *seconds = calloc((size_t)b->count_count * (size_t)(reps + 1), sizeof *seconds);
    struct duet_error error;
    if (!seconds) return bench_failed(&program, duet_no_memory(&error, NULL, NULL), &error);
    for (int r = 0; r <= reps; r++)
        for (int i = 0; i < b->count_count && code == DUET_GO_ON; i++)
            code = run_once(b, b->counts[i], &seconds[i * (reps + 1) + r]);
    for (int i = 0; i < b->count_count; i++)
        b->seconds[i] = bench_median(seconds + i * (reps + 1) + 1, (size_t)reps);
    free(seconds);
    return code;
}

static int open_networks(struct bench *b)
{
    struct duet_error error;
    struct duet_model *model = NULL;
    char *path = NULL;
    enum duet_status status = duet_model_path(b->settings->model, &path, &error);
    if (status == DUET_OK) status = duet_model_open(path, &model, &error);
    bool boxes = status == DUET_OK && duet_model_task_head(model, DUET_DETECTION);
    bool masks = status == DUET_OK && duet_model_task_head(model, DUET_SEGMENTATION);
    duet_model_close(&model);
    free(path);
    if (status == DUET_OK)
        status = bench_network_time(b->settings->model, &b->settings->compute, 20, &b->inference_ms, &error);
    if (status != DUET_OK) return bench_failed(&program, status, &error);
    b->detect.model = b->segment.model = b->settings->model;
    return duet_networks_open(&b->networks, &program, boxes ? &b->detect : NULL,
                              masks || !boxes ? &b->segment : NULL, &(struct duet_picture_settings){0},
                              &b->settings->compute);
}

/* --- what is printed ------------------------------------------------------------------------------------ */

static void print_json(const struct bench *b)
{
    printf("{\"pictures\":%zu,\"inference_ms\":%.3f,\"hwm_kb\":%ld,\"threads\":[", b->pictures,
           b->inference_ms, bench_peak_kb());
    for (int i = 0; i < b->count_count; i++) {
        double rate = (double)b->pictures / b->seconds[i];
        printf("%s{\"threads\":%d,\"rate\":%.3f,\"over_one\":%.4f,\"over_inference\":%.4f}", i ? "," : "",
               b->counts[i], rate, b->seconds[0] / b->seconds[i], rate * b->inference_ms * 1e-3);
    }
    printf("]}\n");
}

static void print_table(const struct bench *b)
{
    printf("%zu pictures, %d round%s; inference alone %.2f ms: %.1f a second\n", b->pictures,
           b->settings->reps, b->settings->reps == 1 ? "" : "s", b->inference_ms, 1e3 / b->inference_ms);
    printf("%7s %12s %14s %16s\n", "threads", "a second", "over 1 thread", "over inference");
    for (int i = 0; i < b->count_count; i++) {
        double rate = (double)b->pictures / b->seconds[i];
        printf("%7d %12.1f %14.2f %16.2f\n", b->counts[i], rate, b->seconds[0] / b->seconds[i],
               rate * b->inference_ms * 1e-3);
    }
    printf("largest memory %.1f MB\n", (double)bench_peak_kb() / 1024);
}

int bench_batch(int argc, char **argv)
{
    struct settings settings = {.model = DUET_DETECT_MODEL, .reps = 3, .pictures = 48};
    struct duet_error error;
    struct duet_temporary temporary = {0};
    struct bench b = {
        .settings = &settings, .detect = DUET_DETECT_DEFAULTS, .segment = DUET_SEGMENT_DEFAULTS};
    int code = duet_options_parse(&program, argc, argv, &settings, &b.inputs);
    if (code != DUET_GO_ON) return code;
    if (b.inputs.count > 0) duet_options_unused(&program, &b.inputs, "pictures", "with an INPUT");
    duet_process_catch_signals();
    count_threads(&b);
    enum duet_status status = b.inputs.count > 0 ? DUET_OK : draw_pictures(&b, &temporary, &error);
    if (status == DUET_OK) status = count_pictures(&b, &error);
    code = status == DUET_OK ? open_networks(&b) : bench_failed(&program, status, &error);
    if (code == DUET_GO_ON) code = run_all(&b);
    duet_temporary_close(&temporary);
    duet_networks_close(&b.networks);
    if (code != DUET_GO_ON) return code;
    if (settings.json)
        print_json(&b);
    else
        print_table(&b);
    return duet_flush_stdout(&program);
}
