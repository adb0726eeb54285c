/* bench eval: what reading and scoring COCO files takes. */
#include "bench/bench.h"
#include "bench/coco.h"
#include "bench/measure.h"
#include "cli/process.h"
#include "cli/temporary.h"
#include "core/fail.h"
#include "core/os.h"
#include "eval/coco/map.h"

#include <stdlib.h>
#include <sys/stat.h>

struct settings {
    int images, truths, detections, seed, reps;
    const char *keep;
    bool force, json;
};

static const struct duet_option options[] = {
    DUET_GROUP("The data"),
    DUET_INT('n', "detections", "N", struct settings, detections, 1, 100000000, "so many detections in all"),
    DUET_INT('i', "images", "N", struct settings, images, 1, 10000000, "images that they are spread over"),
    DUET_INT('a', "annotations", "N", struct settings, truths, 0, 100000000,
             "ground truths in all, at most 64 an image"),
    DUET_INT(0, "seed", "N", struct settings, seed, 0, 2147483647, "another data set"),
    DUET_OUTPUT_FOLDER(
        'k', "keep", "DIR", struct settings, keep,
        "write DIR/instances.json and DIR/results.json and leave them there, for other programs to score",
        .shown = "a temporary folder"),
    DUET_FLAG(0, "force", struct settings, force, "replace them when they exist"),
    DUET_GROUP("How"),
    DUET_INT('r', "reps", "N", struct settings, reps, 1, 1000, "times it is measured"),
    DUET_FLAG(0, "json", struct settings, json, "one line: ts (seconds of each time, all parts), and more"),
    DUET_OPTIONS_END};

static const struct duet_program program = {
    .name = "bench eval",
    .synopsis = "[OPTION]...",
    .summary = "Time the COCO evaluator over made-up annotations and detections, as many as those of COCO "
               "val2017 are: from two JSON files to average precision, in this process, on one thread.",
    .options = options,
    .max_operands = 0,
    .details = "The same numbers make the same files. 'processor' is time spent computing; the\n"
               "rest was spent waiting. The largest memory is that of the whole process.\n",
    .examples = "  bench eval\n"
                "  bench eval -n 100000 -i 1000 --keep made-up\n"};

enum part { TRUTH, RESULTS, SCORES, PARTS };

static const char *const part_names[PARTS] = {"ground truth", "results", "scores"};

struct lap {
    double seconds, processor;
};

struct bench {
    const struct settings *settings;
    const char *instances, *results;
    double bytes; /* of both files */
    double making;
    struct lap *laps; /* [reps][PARTS] */
    double ap;
};

static struct lap begin(void)
{
    return (struct lap){duet_seconds(), bench_processor()};
}

static struct lap end(struct lap since)
{
    return (struct lap){duet_seconds() - since.seconds, bench_processor() - since.processor};
}

static enum duet_status measure(struct bench *b, struct lap laps[PARTS], struct duet_error *error)
{
    struct duet_coco_truth truth = {0};
    struct duet_coco_results results = {0};
    struct duet_coco_eval *eval = NULL;
    struct lap lap = begin();
    enum duet_status status = duet_coco_truth_open(b->instances, false, &truth, error);
    laps[TRUTH] = end(lap);
    lap = begin();
    if (status == DUET_OK) status = duet_coco_results_open(b->results, false, &results, error);
    laps[RESULTS] = end(lap);
    lap = begin();
    if (status == DUET_OK) status = duet_coco_eval_open(&truth, &results, NULL, &eval, error);
    if (status == DUET_OK) b->ap = duet_coco_ap(eval, (struct duet_coco_cut){-1, -1, 0, 2});
    laps[SCORES] = end(lap);
    duet_coco_eval_close(&eval);
    duet_coco_results_close(&results);
    duet_coco_truth_close(&truth);
    return status;
}

static double file_bytes(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (double)st.st_size : 0;
}

static enum duet_status run(struct bench *b, struct duet_error *error)
{
    const struct settings *s = b->settings;
    const struct bench_coco counts = {s->images, s->truths, s->detections, (uint64_t)s->seed};
    double start = duet_seconds();
    enum duet_status status = bench_coco_write(&counts, b->instances, b->results, s->force, error);
    b->making = duet_seconds() - start;
    b->bytes = file_bytes(b->instances) + file_bytes(b->results);
    for (int i = 0; i < s->reps && status == DUET_OK; i++) {
        if (duet_interrupted()) return duet_fail(error, DUET_INTERRUPTED, "interrupted");
        status = measure(b, b->laps + i * PARTS, error);
    }
    return status;
}

static double total(const struct bench *b, int rep)
{
    double sum = 0;
    for (int i = 0; i < PARTS; i++) sum += b->laps[rep * PARTS + i].seconds;
    return sum;
}

static int fastest(const struct bench *b)
{
    int best = 0;
    for (int i = 1; i < b->settings->reps; i++)
        if (total(b, i) < total(b, best)) best = i;
    return best;
}

static void print_json(const struct bench *b)
{
    const struct settings *s = b->settings;
    const struct lap *laps = b->laps + fastest(b) * PARTS;
    double seconds = total(b, fastest(b));
    printf("{\"detections\":%d,\"images\":%d,\"annotations\":%d,\"bytes\":%.0f,\"ap\":%.9f,"
           "\"detections_per_second\":%.0f,\"truth\":%.4f,\"results\":%.4f,\"scores\":%.4f,\"hwm_kb\":%ld,"
           "\"ts\":[",
           s->detections, s->images, s->truths, b->bytes, b->ap, s->detections / seconds, laps[TRUTH].seconds,
           laps[RESULTS].seconds, laps[SCORES].seconds, bench_peak_kb());
    for (int i = 0; i < s->reps; i++) printf("%s%.4f", i ? "," : "", total(b, i));
    printf("]}\n");
}

static void print_table(const struct bench *b)
{
    const struct settings *s = b->settings;
    const struct lap *laps = b->laps + fastest(b) * PARTS;
    double seconds = total(b, fastest(b)), processor = 0;
    printf("%d detections, %d images, %d annotations, %.1f MB of JSON (made in %.2f s); the best of %d\n",
           s->detections, s->images, s->truths, b->bytes / 1048576, b->making, s->reps);
    for (int i = 0; i < PARTS; i++) {
        printf("  %-14s %8.3f s   processor %8.3f s\n", part_names[i], laps[i].seconds, laps[i].processor);
        processor += laps[i].processor;
    }
    printf("  %-14s %8.3f s   processor %8.3f s   %.0f detections a second\n", "all", seconds, processor,
           s->detections / seconds);
    printf("  largest memory %.1f MB, %.2f of the files   AP %.6f\n", (double)bench_peak_kb() / 1024,
           (double)bench_peak_kb() * 1024 / b->bytes, b->ap);
}

/* Where the files lie; the paths are freed by the caller unless they are the temporary folder's. */
static enum duet_status place(struct bench *b, struct duet_temporary *temporary, char *kept[2],
                              struct duet_error *error)
{
    const char *keep = b->settings->keep;
    enum duet_status status =
        keep ? duet_make_folders(keep, error) : duet_temporary_open(temporary, "bench", error);
    if (status != DUET_OK) return status;
    if (keep) {
        b->instances = kept[0] = duet_path_join(keep, "instances.json");
        b->results = kept[1] = duet_path_join(keep, "results.json");
    } else {
        b->instances = duet_temporary_path(temporary, "instances.json");
        b->results = duet_temporary_path(temporary, "results.json");
    }
    b->laps = calloc((size_t)b->settings->reps * PARTS, sizeof *b->laps);
    if (b->instances && b->results && b->laps) return DUET_OK;
    return duet_no_memory(error, NULL, NULL);
}

int bench_eval(int argc, char **argv)
{
    /* Of the size of COCO val2017, with 100 detections an image. */
    struct settings settings = {.images = 5000, .truths = 36000, .detections = 500000, .seed = 1, .reps = 3};
    struct duet_arguments arguments;
    struct duet_error error;
    struct duet_temporary temporary = {0};
    struct bench b = {.settings = &settings};
    char *kept[2] = {NULL, NULL};
    int code = duet_options_parse(&program, argc, argv, &settings, &arguments);
    if (code != DUET_GO_ON) return code;
    duet_process_catch_signals();
    enum duet_status status = place(&b, &temporary, kept, &error);
    if (status == DUET_OK) status = run(&b, &error);
    duet_temporary_close(&temporary);
    if (status == DUET_OK && settings.json) print_json(&b);
    if (status == DUET_OK && !settings.json) print_table(&b);
    free(kept[0]);
    free(kept[1]);
    free(b.laps);
    return status == DUET_OK ? duet_flush_stdout(&program) : bench_failed(&program, status, &error);
}
