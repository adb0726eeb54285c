/* coco.h: a made-up data set for the COCO evaluator. */
#ifndef DUET_APPS_BENCH_COCO_H
#define DUET_APPS_BENCH_COCO_H

#include "duet/status.h"

#include <stdbool.h>
#include <stdint.h>

struct bench_coco {
    int images, truths, detections; /* in all */
    uint64_t seed;
};

/* Write plain COCO JSON that any tool reads: annotations to `instances`, detections to `results`. The same
 * numbers give the same bytes. Classes are as unequal as COCO's (the first has a third of all), one
 * annotation in a hundred is a crowd; detections are mostly near an annotation and of its class, several to
 * each, the rest anywhere. At most 64 annotations an image. With `force`, existing files are replaced.
 * Errors: those of duet_output_open and of writing. */
enum duet_status bench_coco_write(const struct bench_coco *counts, const char *instances, const char *results,
                                  bool force, struct duet_error *error);

#endif
