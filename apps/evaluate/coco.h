/* coco.h: what the commands about COCO files have in common: which ground truth, which part of it,
 * scored how. */
#ifndef DUET_APPS_EVALUATE_COCO_H
#define DUET_APPS_EVALUATE_COCO_H

#include "batch/networks.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/temporary.h"
#include "eval/coco/write.h"
#include "eval/report/conditions.h"

/* Options as they stand on the command line. */
struct evaluate_coco_settings {
    const char *gt, *classes, *image_ids, *thresholds, *limits, *areas;
    int type;  /* index in evaluate_coco_types */
    int limit; /* 0: all images */
};
extern const char *const evaluate_coco_types[]; /* "bbox", "segm" */

#define EVALUATE_COCO_OPTIONS(settings_type, field)                                                          \
    DUET_STRING('g', "gt", "FILE", settings_type, field.gt, "the ground truth, a COCO instances file"),      \
        DUET_CHOICE('t', "type", "WHAT", settings_type, field.type, evaluate_coco_types,                     \
                    "compare boxes (bbox) or masks (segm)"),                                                 \
        DUET_STRING(0, "image-ids", "FILE", settings_type, field.image_ids,                                  \
                    "only these images: ids, one a line", .shown = "all"),                                   \
        DUET_INT('n', "limit", "N", settings_type, field.limit, 1, 1000000000,                               \
                 "only the N images with the lowest ids of those", .shown = "all"),                          \
        DUET_STRING('c', "classes", "A,B", settings_type, field.classes, "only these classes",               \
                    .shown = "all")

#define EVALUATE_COCO_RULES(settings_type, field)                                                            \
    DUET_STRING(0, "iou", "X,Y", settings_type, field.thresholds,                                            \
                "overlaps (intersection / union) that make a hit: numbers, or FROM:TO:STEP",                 \
                .shown = "0.5:0.95:0.05"),                                                                   \
        DUET_STRING(0, "max-detections", "N,N", settings_type, field.limits,                                 \
                    "count at most so many detections of a class in an image", .shown = "1,10,100"),         \
        DUET_STRING(0, "areas", "LIST", settings_type, field.areas,                                          \
                    "ranges of area in square pixels, NAME:FROM:TO,...; the first is the headline's",        \
                    .shown = "COCO's: all:0:1e10, small:0:1024, medium:1024:9216, large:9216:1e10")

/* The same, understood; the ground truth read. Zero to begin with. */
struct evaluate_coco_scope {
    const struct duet_program *program;
    struct duet_console *console;
    const struct evaluate_coco_settings *settings;
    struct duet_coco_truth truth;
    struct duet_coco_options options;
    double thresholds[DUET_COCO_MAX_THRESHOLDS];
    int limits[DUET_COCO_MAX_LIMITS];
    struct duet_coco_area areas[DUET_COCO_MAX_AREAS];
    char *area_names; /* what their names live in */
    int64_t *image_ids, *category_ids;
    char **warnings; /* [warning_count] told so far */
    size_t warning_count, warning_capacity;
    bool warning_lost;  /* for want of memory */
    const char *scored; /* the name before warnings of results */
};

/* Read what can be mistaken on the command line, without opening any file. Returns DUET_GO_ON or an exit
 * code, as do all below. */
int evaluate_coco_check(struct evaluate_coco_scope *scope);
/* Read the ground truth, find the images and classes. */
int evaluate_coco_open(struct evaluate_coco_scope *scope);
void evaluate_coco_close(struct evaluate_coco_scope *scope);

/* A warning, told at once and kept for the JSON. NULL stands for memory that was refused. */
void evaluate_coco_warn(struct evaluate_coco_scope *scope, const char *text);

/* Read and score a results file. `name` stands before its warnings ("" for none). */
int evaluate_coco_score(struct evaluate_coco_scope *scope, const char *path, const char *name,
                        struct duet_coco_results *results, struct duet_coco_eval **eval);

/* What scores are measured under: ground truth, images, rules. */
void evaluate_coco_conditions(const struct evaluate_coco_scope *scope, const struct duet_coco_eval *eval,
                              struct duet_conditions *conditions);

/* Images of the ground truth by their ids, one a line: each once, lowest first. Owned: free(). Errors:
 * DUET_BAD_FORMAT with line (it is none of its images), those of reading. */
enum duet_status evaluate_read_ids(const char *path, const struct duet_coco_truth *truth, int64_t **ids,
                                   size_t *count, struct duet_error *error);

/* --- running a detector (coco_run.c) ------------------------------------------------------------------ */

struct evaluate_coco_run {
    const struct duet_program *program;
    struct evaluate_coco_scope *scope;
    const char *images; /* folder */
    const char *keep;   /* file for the detections; NULL: none */
    struct duet_detect_settings detect;
    struct duet_picture_settings pictures;
    const char *cpu;
    int threads;
    bool force, quiet;
    struct duet_networks networks;
    const char *results; /* where the detections lie: kept, or in here: */
    struct duet_temporary temporary;
    size_t failed; /* images that could not be read: they were named, and the scope is without them */
};

/* Detect objects in every image of the scope; images without a picture that can be read are left out of it,
 * and with none that can be read nothing is scored. run->results is then a COCO results file, which is gone after
 * evaluate_coco_run_done or _close (unless it was to be kept). Signals are caught from here on. */
int evaluate_coco_run(struct evaluate_coco_run *run);
/* The results have been read: they can go, and signals may kill. Returns DUET_GO_ON or, when one came in the
 * meantime, the code to exit with. */
int evaluate_coco_run_done(struct evaluate_coco_run *run);
void evaluate_coco_run_close(struct evaluate_coco_run *run);
void evaluate_coco_run_conditions(const struct evaluate_coco_run *run, struct duet_conditions *conditions);

/* --- the report (coco_report.c) ----------------------------------------------------------------------- */

struct evaluate_coco_report {
    struct duet_console *console;
    const char *folder;
    const char *name;      /* of what was scored */
    const char *pictures;  /* folder; NULL: none are shown */
    size_t shown;          /* so many of the worst, and of the best */
    double score, overlap; /* what is shown of them, and what makes a hit there */
    const struct duet_coco_truth *truth;
    const struct duet_coco_outcome *outcome;
    const struct duet_coco_points *points; /* may be NULL */
};
int evaluate_coco_report(const struct evaluate_coco_report *report);

#endif
