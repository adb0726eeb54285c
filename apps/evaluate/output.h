/* output.h: scores on their way out: texts into files, reports, and what failed. */
#ifndef DUET_APPS_EVALUATE_OUTPUT_H
#define DUET_APPS_EVALUATE_OUTPUT_H

#include "cli/console.h"
#include "cli/options.h"
#include "eval/report/report.h"

/* Before any work: may a report be written into `folder` (NULL: not asked for)? Its index.html must not be
 * there yet, without `force`. Returns DUET_GO_ON or the code to exit with. */
int evaluate_may_report(const struct duet_program *program, const char *folder, bool force);

/* Write a whole text, which is freed, to `path`; "-" is standard output. NULL for `text` stands for memory
 * that was refused. Returns DUET_GO_ON or the code to exit with. */
int evaluate_write(struct duet_console *console, const char *path, char *text, bool force);

/* What goes to a file; `path` is NULL, and so is `text`, where it was not asked for. */
struct evaluate_text {
    const char *path;
    char *text;
};
/* Write those that were asked for, one after the other, up to one that fails; all texts are freed. *taken:
 * one of them goes to standard output, which then has no room for a table. Returns as evaluate_write. */
int evaluate_write_texts(struct duet_console *console, const struct evaluate_text *texts, size_t count,
                         bool force, bool *taken);

/* duet_report_open; from here on signals are caught. Title and subtitle are freed; NULL for one of them
 * stands for memory that was refused. */
enum duet_status evaluate_report_open(const char *folder, char *title, char *subtitle,
                                      struct duet_report **report, struct duet_error *error);

/* "evaluate voc: ..." and the code to exit with. */
int evaluate_failed(struct duet_console *console, const struct duet_error *error);
int evaluate_no_memory(struct duet_console *console);

#endif
