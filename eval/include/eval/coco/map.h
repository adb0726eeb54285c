/* map.h: COCO's detection scores: average precision and recall, number for number those of pycocotools'
 * COCOeval.
 *
 * The rules, for each class in each picture:
 *  - Detections are taken by score, highest first (equal scores: in the file's order), at most the largest
 *    limit (100) of them.
 *  - At an overlap threshold t each takes, of the ground truths not yet taken that overlap by t or more, the
 *    one that overlaps most (equal overlaps: the later in the file). Crowds are looked at only when no other
 *    serves; they can be taken many times, and their overlap is intersection / detection.
 *  - A ground truth counts when it is no crowd and its area lies in the area range, both ends in it. A
 *    detection that took one that does not count is left out, so is one that took none and whose own area is
 *    out of the range.
 * Then, for each class, detections of all pictures by score (equal scores: by image id), precision at 101
 * recalls 0, .01 ... 1: the best at that recall or beyond, 0 where it is not reached. AP is the mean of these
 * over recalls, thresholds and classes; a class without any ground truth that counts has -1 and is left out;
 * so a mean of nothing is -1.
 *
 * In two things it differs from pycocotools, and says so by a warning: an annotation with the id 0 counts
 * when it is found (there it stands for "nothing found"), and results without any detection score 0 (there
 * they cannot be read). Repeated annotation ids count one by one.
 *
 *     struct duet_coco_truth truth;      duet_coco_truth_open("instances.json", false, &truth, &error)
 *     struct duet_coco_results results;  duet_coco_results_open("results.json", false, &results, &error)
 *     struct duet_coco_eval *eval;       duet_coco_eval_open(&truth, &results, NULL, &eval, &error)
 *     double ap = duet_coco_ap(eval, (struct duet_coco_cut){-1, -1, 0, 2});
 */
#ifndef DUET_EVAL_COCO_MAP_H
#define DUET_EVAL_COCO_MAP_H

#include "data/coco/results.h"
#include "data/coco/truth.h"

#define DUET_COCO_MAX_THRESHOLDS 32
#define DUET_COCO_MAX_LIMITS     8
#define DUET_COCO_MAX_AREAS      8
#define DUET_COCO_RECALLS        101

enum duet_coco_type { DUET_COCO_BOXES, DUET_COCO_MASKS };

/* Square pixels, both ends in it. */
struct duet_coco_area {
    const char *name; /* borrowed while the evaluation is open; at most 31 bytes */
    double least, most;
};

/* Fields left zero mean COCO's own. Arrays are borrowed for the call. */
struct duet_coco_options {
    enum duet_coco_type type;
    const double *thresholds; /* overlaps, ascending, above 0, at most 1; NULL: .50 .55 ... .95 */
    size_t threshold_count;
    const int *limits; /* detections a picture and class, ascending; NULL: 1, 10, 100 */
    size_t limit_count;
    const struct duet_coco_area *areas; /* NULL: all 0..1e10, small 0..32^2, medium ..96^2, large ..1e10 */
    size_t area_count;
    const int64_t *image_ids; /* score these only; NULL: all of the ground truth */
    size_t image_count;
    const int64_t *category_ids; /* the same for classes */
    size_t category_count;
    /* Told, one line each, what is odd about the results and what it means for the score. May be NULL. */
    void (*warn)(void *ctx, const char *text);
    void *warn_ctx;
};

struct duet_coco_eval; /* opaque: who matched whom, and the scores */

/* Match and score. `truth` and `results` are borrowed until close. For DUET_COCO_MASKS both must have been
 * read with masks; results that have boxes only are then taken as filled boxes, and for DUET_COCO_BOXES
 * results that have masks only (and were read with them) as the boxes around them. NULL options: COCO's own.
 * Errors: DUET_BAD_ARGUMENT (an option out of range; an id in image_ids or category_ids that the ground truth
 * does not list; a score, box or mask missing or not finite, the text names the first), DUET_TOO_LARGE,
 * DUET_OUT_OF_MEMORY. */
enum duet_status duet_coco_eval_open(const struct duet_coco_truth *truth,
                                     const struct duet_coco_results *results,
                                     const struct duet_coco_options *options, struct duet_coco_eval **eval,
                                     struct duet_error *error);

/* Accepts NULL; sets *eval to NULL. */
void duet_coco_eval_close(struct duet_coco_eval **eval);

/* --- what was scored ---------------------------------------------------------------------------------- */

/* All borrowed until close. Images and categories by ascending id. */
struct duet_coco_scope {
    enum duet_coco_type type;
    const double *thresholds;
    const int *limits;
    const struct duet_coco_area *areas;
    const int64_t *image_ids;
    const int64_t *category_ids;
    const char *const *category_names;
    size_t threshold_count, limit_count, area_count, image_count, category_count;
    const struct duet_coco_ids *ids; /* of images and categories */
    size_t detection_count; /* those that were looked at */
    size_t truth_count;     /* annotations, crowds among them */
};
struct duet_coco_scope duet_coco_eval_scope(const struct duet_coco_eval *eval);

/* --- scores ------------------------------------------------------------------------------------------- */

/* Which part of the scores: places in the scope's lists; -1 stands for the mean over the list (thresholds and
 * categories only). */
struct duet_coco_cut {
    int threshold, category, area, limit;
};

/* Average precision, average (largest) recall: 0..1, or -1. */
double duet_coco_ap(const struct duet_coco_eval *eval, struct duet_coco_cut cut);
double duet_coco_ar(const struct duet_coco_eval *eval, struct duet_coco_cut cut);

/* Ground truths of a category that count in an area range. */
size_t duet_coco_positives(const struct duet_coco_eval *eval, int category, int area);
/* Detections of a category that were looked at. */
size_t duet_coco_detections(const struct duet_coco_eval *eval, int category);

/* The curve of one threshold and category: precision and score at the recalls 0, .01 ... 1, as COCOeval has
 * them; -1 when the category has no ground truth that counts. Where a recall is not reached both are 0. */
struct duet_coco_curve {
    double precision[DUET_COCO_RECALLS], score[DUET_COCO_RECALLS];
    double recall; /* the largest */
};
/* No place of `cut` may be -1. Errors: DUET_BAD_ARGUMENT (there is none of that place), DUET_OUT_OF_MEMORY.
 */
enum duet_status duet_coco_eval_curve(const struct duet_coco_eval *eval, struct duet_coco_cut cut,
                                      struct duet_coco_curve *curve, struct duet_error *error);

/* The headline: AP over all thresholds, at .5, at .75, for each further area range; AR at each limit, for
 * each further area range. With COCO's own options these are the famous twelve, in their order. */
struct duet_coco_line {
    bool recall;              /* AR */
    struct duet_coco_cut cut; /* .threshold -1: all; -2: one that was not asked for */
    double threshold;         /* the only one */
    double value;
};
#define DUET_COCO_MAX_LINES (3 + 2 * (DUET_COCO_MAX_AREAS - 1) + DUET_COCO_MAX_LIMITS)
size_t duet_coco_eval_lines(const struct duet_coco_eval *eval,
                            struct duet_coco_line lines[DUET_COCO_MAX_LINES]);

/* A line as pycocotools prints it, without its newline:
 * " Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.292" */
#define DUET_COCO_LINE_TEXT 160
void duet_coco_line_text(const struct duet_coco_eval *eval, const struct duet_coco_line *line,
                         char text[DUET_COCO_LINE_TEXT]);

#endif
