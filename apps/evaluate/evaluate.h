/* evaluate.h: the commands of the evaluate program, and what they share. To add one: a file
 * NAME.c with `int evaluate_NAME(int argc, char **argv)`, and its row in evaluate.c. */
#ifndef DUET_APPS_EVALUATE_EVALUATE_H
#define DUET_APPS_EVALUATE_EVALUATE_H

#include "cli/options.h"

int evaluate_coco(int argc, char **argv);
int evaluate_compare(int argc, char **argv);
int evaluate_subset(int argc, char **argv);
int evaluate_voc(int argc, char **argv);
int evaluate_voc_detect(int argc, char **argv);

/* --- options that several commands have --------------------------------------------------------------- */

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

#endif
