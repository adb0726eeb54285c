/* evaluate.h: the commands of the evaluate program, and what they share. To add one: a file
 * NAME.c with `int evaluate_NAME(int argc, char **argv)`, and its row in evaluate.c. */
#ifndef DUET_APPS_EVALUATE_EVALUATE_H
#define DUET_APPS_EVALUATE_EVALUATE_H

#include "cli/budget.h"
#include "cli/console.h"
#include "cli/options.h"
#include "duet/image.h"
#include "eval/report/conditions.h"

int evaluate_coco(int argc, char **argv);
int evaluate_compare(int argc, char **argv);
int evaluate_subset(int argc, char **argv);
int evaluate_voc(int argc, char **argv);
int evaluate_voc_detect(int argc, char **argv);

/* --- options that several commands have ---------------------------------------------------------------- */

#define EVALUATE_BOOTSTRAP_OPTIONS(type)                                                                     \
    DUET_INT('b', "bootstrap", "N", type, bootstrap, 0, 1000000,                                             \
             "95 % intervals from drawing the images anew N times; 1000 is usual, 0 none"),                  \
        DUET_INT(0, "seed", "N", type, seed, 0, 2147483647, "which draws those are")

#define EVALUATE_RESULT_OPTIONS(type)                                                                        \
    DUET_OUTPUT(0, "json", "FILE", type, json,                                                               \
                "write everything to FILE; '-': to standard output, instead of the table"),                  \
        DUET_OUTPUT(0, "csv", "FILE", type, csv, "write the classes' scores to FILE; '-' likewise")

#define EVALUATE_REPORT_OPTIONS(type)                                                                        \
    DUET_OUTPUT_FOLDER(                                                                                      \
        'R', "report", "DIR", type, report,                                                                  \
        "write DIR/index.html: everything as tables, charts and pictures, for a browser or for print"),      \
        DUET_INT(0, "shown", "N", type, shown, 0, 1000,                                                      \
                 "in the report: so many of the worst pictures, and of the best")

#define EVALUATE_FORCE_OPTION(type) DUET_FLAG(0, "force", type, force, "replace existing results")

#define EVALUATE_THREADS_OPTION(type)                                                                        \
    DUET_INT('j', "threads", "N", type, threads, 1, 256, "use N threads; the scores do not depend on it",    \
             .shown = "number of CPUs")

#define EVALUATE_CPU_OPTION(type)                                                                            \
    DUET_STRING(0, "cpu", "LEVEL", type, cpu,                                                                \
                "use instructions up to LEVEL (scalar, ...), see also $DUET_CPU",                            \
                .shown = "the best there is")

/* --- texts into files --------------------------------------------------------------------------------- */

/* Before any work: may a report be written into `folder` (NULL: not asked for)? Its index.html must not be
 * there yet, without `force`. Returns DUET_GO_ON or the code to exit with. */
int evaluate_may_report(const struct duet_program *program, const char *folder, bool force);

/* Write a whole text, which is freed, to `path`; "-" is standard output. NULL for `text` stands for memory
 * that was refused. Returns DUET_GO_ON or the code to exit with. */
int evaluate_write(struct duet_console *console, const char *path, char *text, bool force);

/* "evaluate voc: ..." and the code to exit with. */
int evaluate_failed(struct duet_console *console, const struct duet_error *error);

/* Where the picture is that a ground truth names, below `folder` and nowhere else: neither ".." nor a link
 * leads out of it. A name with '\\' may mean '/'. Owned: free(). Errors: DUET_BAD_ARGUMENT (no name, or it leads
 * out of the folder), DUET_NOT_FOUND, DUET_OUT_OF_MEMORY. */
enum duet_status evaluate_picture_path(const char *folder, const char *name, char **path,
                                       struct duet_error *error);

/* How pictures are read. Zero but for the first two. */
struct evaluate_reading {
    const struct duet_picture_settings *settings;
    struct duet_budget *budget;    /* NULL: nobody else decodes */
    size_t share;                  /* of it, taken for the picture read last: the caller gives it back */
    struct duet_warnings warnings; /* about that one */
};

/* Decode a picture as it is stored, whatever orientation it notes: ground truth lies over those pixels.
 * Owned: duet_image_close. */
enum duet_status evaluate_decode(const char *path, struct evaluate_reading *reading, struct duet_image *image,
                                 struct duet_error *error);

#endif
