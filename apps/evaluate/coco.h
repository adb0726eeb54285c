/* coco.h: what the parts of `evaluate coco` hand each other. */
#ifndef DUET_APPS_EVALUATE_COCO_H
#define DUET_APPS_EVALUATE_COCO_H

#include "batch/networks.h"
#include "cli/temporary.h"
#include "eval/coco/write.h"
#include "evaluate/scope.h"

struct evaluate_coco_settings {
    struct evaluate_scope_settings scope;
    const char *detections, *images, *keep;
    struct duet_detect_settings detect;
    struct duet_picture_settings reading;
    struct duet_compute_settings compute;
    bool per_class, tide, force, quiet;
    int bootstrap, seed, threads;
    double confusion_score, at_iou, at_precision;
    const char *confusion, *curves, *thresholds_out, *json, *csv, *report, *pictures;
    int shown;
};

/* --- running a detector (coco_run.c) ------------------------------------------------------------------ */

struct evaluate_coco_run {
    const struct evaluate_coco_settings *settings; /* .images: a folder, of which the scope's are read */
    struct evaluate_scope *scope;
    struct duet_networks networks;
    const char *results; /* where the detections lie: kept, or in here: */
    struct duet_temporary temporary;
    size_t failed; /* images that could not be read: they were named, and the scope is without them */
};

/* Detect objects in every image of the scope; images without a picture that can be read are left out of it,
 * and with none that can be read nothing is scored. run->results is then a COCO results file, which is gone
 * after evaluate_coco_run_done or _close (unless it was to be kept). Signals are caught from here on. */
int evaluate_coco_run(struct evaluate_coco_run *run);
/* The results have been read: they can go, and signals may kill. Returns DUET_GO_ON or, when one came in the
 * meantime, the code to exit with. */
int evaluate_coco_run_done(struct evaluate_coco_run *run);
void evaluate_coco_run_close(struct evaluate_coco_run *run);
void evaluate_coco_run_conditions(const struct evaluate_coco_run *run, struct duet_conditions *conditions);

/* --- the report (coco_report.c) ----------------------------------------------------------------------- */

/* Scores, and the worst and best pictures where those are at hand. `points` may be NULL. Returns DUET_GO_ON
 * or an exit code. */
int evaluate_coco_report(const struct evaluate_coco_settings *settings, const struct evaluate_scope *scope,
                         const struct duet_coco_outcome *outcome, const struct duet_coco_points *points);

#endif
