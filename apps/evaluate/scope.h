/* scope.h: what the commands about COCO files have in common: which ground truth, which part of it,
 * scored how. */
#ifndef DUET_APPS_EVALUATE_SCOPE_H
#define DUET_APPS_EVALUATE_SCOPE_H

#include "cli/console.h"
#include "cli/options.h"
#include "eval/coco/map.h"
#include "eval/report/conditions.h"

/* Options as they stand on the command line. */
struct evaluate_scope_settings {
    const char *gt, *classes, *image_ids, *thresholds, *limits, *areas;
    int type;  /* index in evaluate_scope_types */
    int limit; /* 0: all images */
};
extern const char *const evaluate_scope_types[]; /* "bbox", "segm" */

#define EVALUATE_SCOPE_OPTIONS(settings_type, field)                                                         \
    DUET_STRING('g', "gt", "FILE", settings_type, field.gt, "the ground truth, a COCO instances file"),      \
        DUET_CHOICE('t', "type", "WHAT", settings_type, field.type, evaluate_scope_types,                    \
                    "compare boxes (bbox) or masks (segm)"),                                                 \
        DUET_STRING(0, "image-ids", "FILE", settings_type, field.image_ids,                                  \
                    "only these images: ids, one a line", .shown = "all"),                                   \
        DUET_INT('n', "limit", "N", settings_type, field.limit, 1, 1000000000,                               \
                 "only the N images with the lowest ids of those", .shown = "all"),                          \
        DUET_STRING('c', "classes", "A,B", settings_type, field.classes, "only these classes",               \
                    .shown = "all")

#define EVALUATE_SCOPE_RULES(settings_type, field)                                                           \
    DUET_STRING(0, "iou", "X,Y", settings_type, field.thresholds,                                            \
                "overlaps (intersection / union) that make a hit: numbers, or FROM:TO:STEP",                 \
                .shown = "0.5:0.95:0.05"),                                                                   \
        DUET_STRING(0, "max-detections", "N,N", settings_type, field.limits,                                 \
                    "count at most so many detections of a class in an image", .shown = "1,10,100"),         \
        DUET_STRING(0, "areas", "LIST", settings_type, field.areas,                                          \
                    "ranges of area in square pixels, NAME:FROM:TO,...; the first is the headline's",        \
                    .shown = "COCO's: all:0:1e10, small:0:1024, medium:1024:9216, large:9216:1e10")

/* The same, understood; the ground truth read. Zero to begin with. */
struct evaluate_scope {
    const struct duet_program *program;
    struct duet_console *console;
    const struct evaluate_scope_settings *settings;
    struct duet_coco_truth truth;
    struct duet_coco_options options;
    double thresholds[DUET_COCO_MAX_THRESHOLDS];
    int limits[DUET_COCO_MAX_LIMITS];
    struct duet_coco_area areas[DUET_COCO_MAX_AREAS];
    char area_names[DUET_COCO_MAX_AREAS][32];
    int64_t *image_ids, *category_ids;
    char **warnings; /* [warning_count] told so far */
    size_t warning_count, warning_capacity;
    bool warning_lost;  /* for want of memory */
    const char *scored; /* the name before warnings of results */
};

/* Read what can be mistaken on the command line, without opening any file. Returns DUET_GO_ON or an exit
 * code, as do all below. */
int evaluate_scope_check(struct evaluate_scope *scope);
/* Read the ground truth, find the images and classes. */
int evaluate_scope_open(struct evaluate_scope *scope);
void evaluate_scope_close(struct evaluate_scope *scope);

/* A warning, told at once and kept for the JSON, which takes `text`. NULL stands for memory that was refused:
 * that is a reason to stop, later. */
void evaluate_scope_warn(struct evaluate_scope *scope, char *text);

/* Read and score a results file. `name` stands before its warnings ("" for none). */
int evaluate_scope_score(struct evaluate_scope *scope, const char *path, const char *name,
                         struct duet_coco_results *results, struct duet_coco_eval **eval);

/* What scores are measured under: ground truth, images, rules. */
void evaluate_scope_conditions(const struct evaluate_scope *scope, const struct duet_coco_eval *eval,
                               struct duet_conditions *conditions);

#endif
