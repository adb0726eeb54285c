/* program.h: what a program says of itself, and how it ends: the same in every one. */
#ifndef DUET_APPS_CLI_PROGRAM_H
#define DUET_APPS_CLI_PROGRAM_H

#include "duet/status.h"

enum duet_exit {
    DUET_EXIT_OK = 0,         /* everything was done */
    DUET_EXIT_FATAL = 1,      /* nothing useful could be done: no model, results cannot be written ... */
    DUET_EXIT_USAGE = 2,      /* the command line makes no sense, or would overwrite something */
    DUET_EXIT_SOME_FAILED = 3 /* finished, but some inputs failed, or a picture could not be drawn; each was
                                 named. After a signal: duet_process_exit_code() in process.h */
};

#define DUET_MANY (-1) /* no upper limit on operands */

/* For the details of programs that write names of files and classes (core/text.h,
 * data/include/data/json/text.h). */
#define DUET_TEXT_DETAILS                                                                                    \
    "In names, what cannot be seen is written out (\\x1b, \\u202e); JSON escapes it. In\n"                   \
    "CSV an apostrophe stands before a name that a spreadsheet would compute (=1+1).\n"

struct duet_program {
    const char *name;                  /* as it stands in messages: "detect", "models fetch" */
    const char *synopsis;              /* what follows the name in the usage line; further forms after '\n' */
    const char *summary;               /* a sentence or two; wrapped; '\n' starts a new paragraph */
    const struct duet_option *options; /* cli/options.h */
    const struct duet_command *commands; /* for duet_commands_run; else NULL */
    int min_operands, max_operands;      /* max_operands: DUET_MANY for no limit */
    const char *operand;                 /* what an operand is, for "no INPUT given"; NULL: "operand" */
    const char *details;                 /* text before the examples, printed as it stands (<= 80 columns) */
    const char *examples;                /* the same; without the heading */
    const char *exit_status;             /* the same; NULL: DUET_EXIT_STATUS_SIMPLE */
};

#define DUET_EXIT_STATUS_SIMPLE                                                                              \
    "  0    done\n"                                                                                          \
    "  1    failed; the reason is on standard error\n"                                                       \
    "  2    the command line makes no sense, or would overwrite something\n"
#define DUET_EXIT_STATUS_BATCH                                                                               \
    "  0    done\n"                                                                                          \
    "  1    nothing useful could be done (no model, no input could be read, a folder\n"                      \
    "       without any; results cannot be written, what of them was is whole);\n"                           \
    "       an empty @LIST is no fault\n"                                                                    \
    "  2    the command line makes no sense, or would overwrite something\n"                                 \
    "  3    finished, but some inputs failed, or pictures could not be drawn; each is\n"                     \
    "       named on standard error\n"                                                                       \
    "  130, 143, 129  stopped by SIGINT, SIGTERM or SIGHUP; what was complete is kept\n"

/* Report a mistake that only the program can see, as one line plus where to find help. Returns
 * DUET_EXIT_USAGE: `return duet_usage_error(&program, "--eval: cannot be combined with --exif");` */
int duet_usage_error(const struct duet_program *program, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Report what keeps the program from doing anything useful. Returns DUET_EXIT_FATAL. */
int duet_fatal(const struct duet_program *program, const struct duet_error *error);

/* The end of a program that has printed its results: DUET_EXIT_OK when they are out, else DUET_EXIT_FATAL
 * after the reason was reported on stderr. */
int duet_flush_stdout(const struct duet_program *program);

#endif
