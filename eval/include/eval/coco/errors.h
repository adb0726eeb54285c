/* errors.h: what goes wrong, and where to put the threshold: a confusion matrix, the error breakdown of
 * TIDE, operating points. All look at the detections that an evaluation looked at, and match anew by rules of
 * their own. */
#ifndef DUET_EVAL_COCO_ERRORS_H
#define DUET_EVAL_COCO_ERRORS_H

#include "eval/coco/map.h"

/* --- confusion matrix --------------------------------------------------------------------------------- */

/* Which class was taken for which. Only detections that score `score` or more are looked at, best first. Each
 * takes the ground truth of its own class, not yet taken and no crowd, that it overlaps most, when that is by
 * `overlap` or more (equal overlaps: the later in the file). Then those left over, best first again, take
 * what is left of any class. What finds nothing is background, unless a crowd of its class covers `overlap`
 * of it: then it counts for nothing. So a class's row adds up to its ground truths without crowds. Owned: end
 * with duet_coco_confusion_close. */
struct duet_coco_confusion {
    double score, overlap;
    size_t side;     /* category_count + 1: the categories of the scope, then background */
    uint64_t *cells; /* [side: truth][side: detected] */
};

/* Errors: DUET_BAD_ARGUMENT (score not finite, overlap not in (0, 1]), those of reading masks. */
enum duet_status duet_coco_confusion_count(const struct duet_coco_eval *eval, double score, double overlap,
                                           struct duet_coco_confusion *confusion, struct duet_error *error);
/* Free and zero. Accepts NULL and a zeroed struct. */
void duet_coco_confusion_close(struct duet_coco_confusion *confusion);

/* --- TIDE --------------------------------------------------------------------------------------------- */

/* Bolya et al., "TIDE: A General Toolbox for Identifying Object Detection Errors" (2020), number for number
 * what their program gives: the 100 best detections of an image over all classes; each takes the ground truth
 * of its class that it overlaps most, when that is not yet taken and by `found` or more. A detection that
 * takes nothing and is not in a crowd of its class is of the first kind that fits; a ground truth that no
 * detection took, nor would take if these errors were mended, is missed. Scores are AP at the one threshold,
 * in their way of counting: a class with detections but no ground truth has AP 0 and counts. */
enum duet_coco_error {
    DUET_COCO_ERROR_CLASS,      /* overlaps another class's ground truth by `found` or more */
    DUET_COCO_ERROR_LOCATION,   /* overlaps its class's by `background` to `found` (looked at first) */
    DUET_COCO_ERROR_BOTH,       /* none of these: wrong class and bad location */
    DUET_COCO_ERROR_DUPLICATE,  /* overlaps its class's by `found`, but a better one has that */
    DUET_COCO_ERROR_BACKGROUND, /* overlaps nothing by more than `background` */
    DUET_COCO_ERROR_MISSED,     /* of ground truths */
    DUET_COCO_ERROR_FALSE_HIT,  /* all detections that are wrong: if they scored 0 */
    DUET_COCO_ERROR_FALSE_MISS, /* all ground truths not found: if they were not there */
    DUET_COCO_ERRORS
};

struct duet_coco_tide {
    double found, background;
    double ap;                      /* 0..1; NaN when there is nothing at all */
    double gain[DUET_COCO_ERRORS];  /* how much AP would rise if all errors of that kind were mended */
    size_t count[DUET_COCO_ERRORS]; /* how many there are */
};

/* TIDE's own short names: "Cls", "Loc", "Both", "Dupe", "Bkg", "Miss", "FalsePos", "FalseNeg". Static. */
const char *duet_coco_error_name(enum duet_coco_error kind);

/* `found` .5 and `background` .1 are TIDE's. Errors: DUET_BAD_ARGUMENT (not 0 < background < found <= 1),
 * those of reading masks. */
enum duet_status duet_coco_tide_measure(const struct duet_coco_eval *eval, double found, double background,
                                        struct duet_coco_tide *tide, struct duet_error *error);

/* --- operating points --------------------------------------------------------------------------------- */

enum duet_coco_goal {
    DUET_COCO_BEST_F1,  /* the largest 2 precision recall / (precision + recall) */
    DUET_COCO_PRECISION /* the most recall with at least that precision */
};

/* Where to put a class's threshold. What scores above it is kept: it lies half way between the last score
 * kept and the next. */
struct duet_coco_point {
    bool reached;     /* false: no ground truth, or the precision is not to be had; threshold is then 1 */
    double threshold; /* 0..1 */
    double precision, recall, f1;
    size_t kept, hits, positives; /* detections above it; those that hit; ground truths */
};

/* The point of each category of the scope, into `points`. `threshold` is the place of the overlap in the
 * scope's list; all areas, the last limit. `precision` is looked at for DUET_COCO_PRECISION only. Errors:
 * DUET_BAD_ARGUMENT. */
enum duet_status duet_coco_find_points(const struct duet_coco_eval *eval, int threshold,
                                       enum duet_coco_goal goal, double precision,
                                       struct duet_coco_point *points, struct duet_error *error);

#endif
