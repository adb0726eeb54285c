/* results.h: detections from a COCO results file: [{"image_id", "category_id", "bbox", "score"} ...]. */
#ifndef DUET_DATA_COCO_RESULTS_H
#define DUET_DATA_COCO_RESULTS_H

#include "data/coco/ids.h"
#include "duet/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One detection. Numbers keep the file's full precision: the metrics rank by score, and two scores that
 * differ in the tenth digit must not become a tie. */
struct duet_coco_result {
    int64_t image_id, category_id;
    double score;
    double x, y, width, height; /* top left corner and size, in pixels; all 0 when there was no "bbox" */
    bool has_box;
    size_t mask; /* number of its mask; 0: none, or masks were not asked for */
};

struct duet_coco_masks; /* opaque */

/* In the file's order. Owned: end with duet_coco_results_close. The counters are of numbers that make no
 * sense as they stand; whether they are errors is the reader's to say. */
struct duet_coco_results {
    struct duet_coco_result *items;
    size_t count;
    size_t not_finite;             /* results with a score or side too large for a double (1e999) */
    size_t without_box;            /* results with a "segmentation" and no "bbox" */
    struct duet_coco_masks *masks; /* NULL when not asked for */
    struct duet_coco_ids *ids;     /* those that are no plain numbers; NULL: all are */
    char *path;
};

/* Read a file, streaming; with `masks`, the "segmentation" too: polygons, or runs as compressed text or as
 * counts. Keys it does not know are passed over; of one that comes twice the last counts. On failure *results
 * is all zero. Errors, all with line and column: DUET_BAD_FORMAT (broken JSON; not an array of objects; a
 * field missing or of the wrong type; a mask that is none, runs that do not add up to its size),
 * DUET_TOO_LARGE; without: DUET_NOT_FOUND, DUET_IO_ERROR, DUET_OUT_OF_MEMORY. */
enum duet_status duet_coco_results_open(const char *path, bool masks, struct duet_coco_results *results,
                                        struct duet_error *error);

/* Free and zero. Accepts NULL and a zeroed struct. */
void duet_coco_results_close(struct duet_coco_results *results);

#endif
