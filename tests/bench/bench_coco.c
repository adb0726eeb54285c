/* bench_coco INSTANCES RESULTS: what reading and scoring COCO files takes, by part, and the most memory. */
#include "core/os.h"
#include "duet/coco_map.h"

#include <sys/resource.h>

static double begun, cpu_begun;

static double cpu_seconds(const struct rusage *usage)
{
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

static void lap(const char *what)
{
    struct rusage usage;
    double now = duet_seconds();
    getrusage(RUSAGE_SELF, &usage);
    printf("%-14s %7.3f s   processor %7.3f s   peak %6.1f MiB\n", what, now - begun,
           cpu_seconds(&usage) - cpu_begun, (double)usage.ru_maxrss / 1024);
    begun = duet_seconds();
    cpu_begun = cpu_seconds(&usage);
}

int main(int argc, char **argv)
{
    struct duet_error error;
    struct duet_coco_truth truth = {0};
    struct duet_coco_results results = {0};
    struct duet_coco_eval *eval = NULL;
    if (argc != 3) {
        fprintf(stderr, "usage: bench_coco INSTANCES RESULTS\n");
        return 2;
    }
    double start = begun = duet_seconds();
    enum duet_status status = duet_coco_truth_open(argv[1], false, &truth, &error);
    lap("ground truth");
    if (status == DUET_OK) status = duet_coco_results_open(argv[2], &results, &error);
    lap("results");
    if (status == DUET_OK) status = duet_coco_eval_open(&truth, &results, NULL, &eval, &error);
    lap("scores");
    begun = start;
    cpu_begun = 0;
    lap("all");
    if (status == DUET_OK)
        printf("AP %.17g\n", duet_coco_ap(eval, (struct duet_coco_cut){-1, -1, 0, 2}));
    else
        fprintf(stderr, "bench_coco: %s\n", error.text);
    duet_coco_eval_close(&eval);
    duet_coco_results_close(&results);
    duet_coco_truth_close(&truth);
    return status != DUET_OK;
}
