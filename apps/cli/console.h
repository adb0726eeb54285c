/* console.h: what a program says on standard error: message lines and, when somebody is watching, a progress
 * bar. Results are not its business; they go to standard output or into files.
 *
 * The bar is drawn when stderr is a terminal, TERM is not "dumb", --quiet was not given and the results do
 * not scroll over the same terminal; at most ten times a second; it is wiped before a message is printed. No
 * colours are used. A console belongs to one thread.
 */
#ifndef DUET_APPS_CLI_CONSOLE_H
#define DUET_APPS_CLI_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

struct duet_console {
    const char *program; /* begins every line: "detect" */
    bool quiet;          /* no notes, no bar; errors and warnings are always told */
    bool bar;            /* draw one */
    bool drawn;          /* it stands on the screen now */
    size_t total;        /* things to do */
    double began, redrawn;
};

/* `results_on_stdout`: no bar when those go to a terminal. */
void duet_console_open(struct duet_console *console, const char *program, bool quiet, bool results_on_stdout);

/* One line, "detect: ...": control characters become '?'. */
enum duet_console_kind {
    DUET_CONSOLE_ERROR,
    DUET_CONSOLE_WARNING, /* "warning: detect: ...", also when quiet: it bears on the results */
    DUET_CONSOLE_NOTE     /* unless quiet */
};
void duet_console_say(struct duet_console *console, enum duet_console_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
#define duet_console_error(console, ...)   duet_console_say(console, DUET_CONSOLE_ERROR, __VA_ARGS__)
#define duet_console_warning(console, ...) duet_console_say(console, DUET_CONSOLE_WARNING, __VA_ARGS__)
#define duet_console_note(console, ...)    duet_console_say(console, DUET_CONSOLE_NOTE, __VA_ARGS__)

/* The clock starts; `total` things are to be done. */
void duet_console_begin(struct duet_console *console, size_t total);
/* `done` of them are. */
void duet_console_progress(struct duet_console *console, size_t done);
/* So many frames of moving inputs are; the last one at `time` of `duration` seconds (0: not known). */
void duet_console_frames(struct duet_console *console, size_t frames, double time, double duration);
/* Wipe the bar. */
void duet_console_clear(struct duet_console *console);
/* Seconds since begin. */
double duet_console_elapsed(const struct duet_console *console);

/* The bar as it is drawn into `width` columns: " 37% [=====>     ] 74/200  12.5/s  ETA 0:10". */
void duet_console_format_bar(char *text, size_t size, size_t width, size_t done, size_t total,
                             double seconds);
/* The same for moving inputs: " 37% [=====>     ] frame 111  0:04.4 of 0:12.0  24.1/s", or without the bar.
 */
void duet_console_format_frames(char *text, size_t size, size_t width, size_t frames, double time,
                                double duration, double seconds);

#endif
