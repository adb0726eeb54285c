/* report.h: how a program ends: what it says on standard error, and its exit code. The same in every program.
 */
#ifndef DUET_APPS_CLI_REPORT_H
#define DUET_APPS_CLI_REPORT_H

#include "duet/status.h"

enum duet_exit {
    DUET_EXIT_OK = 0,         /* everything was done */
    DUET_EXIT_FATAL = 1,      /* nothing useful could be done: no model, results cannot be written ... */
    DUET_EXIT_USAGE = 2,      /* the command line makes no sense, or would overwrite something */
    DUET_EXIT_SOME_FAILED = 3 /* finished, but some inputs failed, or a picture could not be drawn; each was
                                 named. After a signal: duet_process_exit_code() in process.h */
};

struct duet_program; /* cli/options.h */

/* Report a mistake that only the program can see, as one line plus where to find help. Returns
 * DUET_EXIT_USAGE: `return duet_usage_error(&program, "--eval: cannot be combined with --exif");` */
int duet_usage_error(const struct duet_program *program, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Report what keeps the program from doing anything useful. Returns DUET_EXIT_FATAL. */
int duet_fatal(const struct duet_program *program, const struct duet_error *error);

/* The end of a program that has printed its results: DUET_EXIT_OK when they are out, else DUET_EXIT_FATAL after
 * the reason was reported on stderr. */
int duet_flush_stdout(const struct duet_program *program);

#endif
