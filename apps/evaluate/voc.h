/* voc.h: what the parts of `evaluate voc` hand each other. */
#ifndef DUET_APPS_EVALUATE_VOC_H
#define DUET_APPS_EVALUATE_VOC_H

#include "batch/networks.h"
#include "cli/console.h"
#include "data/voc/voc.h"
#include "eval/voc/write.h"

struct evaluate_voc_settings {
    const char *root, *list, *masks, *class_names;
    struct duet_segment_settings segment; /* .model NULL: not given */
    struct duet_picture_settings pictures;
    struct duet_compute_settings compute;
    int limit; /* 0: none */
    const char *trimap;
    int bootstrap, seed, threads;
    const char *json, *csv, *report;
    int shown; /* pictures in the report, each way */
    bool force, quiet;
};

/* Names of classes, read from a file. */
struct evaluate_voc_names {
    struct duet_labels labels;
    struct duet_label *items;
    char *text;
};

/* Pictures of a list, and what was found out about them. */
struct evaluate_voc_run {
    const struct evaluate_voc_settings *settings;
    const struct duet_voc_list *list;
    size_t count; /* the first so many of the list */
    const int *bands;
    size_t band_count;
    struct duet_voc_classes classes;
    struct evaluate_voc_names names; /* of settings->class_names */
    struct duet_networks *networks;  /* NULL: masks are read */
    struct duet_budget *budget;      /* of memory; NULL: nobody else decodes */
    struct duet_console *console;
    struct duet_voc_miou *miou; /* those that could be scored */
    size_t failed;              /* files that are missing or cannot be read */
    size_t wrong;               /* masks that do not fit their truth */
};

/* Predict and count them all. Whatever keeps a picture from being scored is told on the console. Errors:
 * those of duet_pipeline_run. */
enum duet_status evaluate_voc_run(struct evaluate_voc_run *run, bool *interrupted, struct duet_error *error);

/* --- the classes (voc_classes.c) ---------------------------------------------------------------------- */

/* Which are scored: those of settings->class_names, else the model's, else VOC's 21. Returns DUET_GO_ON, or,
 * when it has told why not (a file that is none, a model of other classes than the file's), an exit code. */
int evaluate_voc_classes(struct evaluate_voc_run *run);
void evaluate_voc_names_close(struct evaluate_voc_names *names);

/* --- one picture -------------------------------------------------------------------------------------- */

/* What predicts, for a job (batch/pipeline.h) whose ctx is the run: memory of one thread. Nothing is made,
 * and NULL is right, where masks are read. */
enum duet_status evaluate_voc_worker(void *run, const struct duet_pool *pool, void **worker,
                                     struct duet_error *error);
void evaluate_voc_worker_close(void *run, void *worker);

/* A picture with its two masks. End with evaluate_voc_picture_close. */
struct evaluate_voc_picture {
    char *truth_path,
        *predicted_path;     /* what errors name the masks by; that of a prediction is the picture's */
    struct duet_image image; /* only when a network looked at it */
    struct duet_warnings warnings;
    struct duet_image truth, predicted;
};
enum duet_status evaluate_voc_picture(const struct evaluate_voc_run *run, void *worker, const char *id,
                                      struct evaluate_voc_picture *picture, struct duet_error *error);
void evaluate_voc_picture_close(struct evaluate_voc_picture *picture);

/* --- the report (voc_report.c) ------------------------------------------------------------------------ */

enum duet_status evaluate_voc_report(struct evaluate_voc_run *run, const struct duet_voc_summary *summary,
                                     struct duet_error *error);

#endif
