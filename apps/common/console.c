#include "common/console.h"

#include "core/fail.h"
#include "core/os.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const double redraw_every = 0.1; /* seconds */

void duet_console_open(struct duet_console *console, const char *program, bool quiet, bool results_on_stdout)
{
    const char *term = getenv("TERM");
    bool watched = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
    bool scrolled = results_on_stdout && isatty(STDOUT_FILENO);
    *console =
        (struct duet_console){.program = program, .quiet = quiet, .bar = watched && !quiet && !scrolled};
}

static void say(struct duet_console *console, const char *kind, const char *format, va_list args)
{
    char text[DUET_ERROR_TEXT];
    struct duet_error line;
    vsnprintf(text, sizeof text, format, args);
    duet_fail(&line, DUET_OK, "%s", text); /* keeps it one line */
    duet_console_clear(console);
    fprintf(stderr, "%s: %s%s\n", console->program, kind, line.text);
}

void duet_console_error(struct duet_console *console, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(console, "", format, args);
    va_end(args);
}

void duet_console_warning(struct duet_console *console, const char *format, ...)
{
    if (console->quiet) return;
    va_list args;
    va_start(args, format);
    say(console, "warning: ", format, args);
    va_end(args);
}

void duet_console_note(struct duet_console *console, const char *format, ...)
{
    if (console->quiet) return;
    va_list args;
    va_start(args, format);
    say(console, "", format, args);
    va_end(args);
}

void duet_console_begin(struct duet_console *console, size_t total)
{
    console->total = total;
    console->began = console->redrawn = duet_seconds();
}

double duet_console_elapsed(const struct duet_console *console)
{
    return duet_seconds() - console->began;
}

void duet_console_format_bar(char *text, size_t size, size_t width, size_t done, size_t total, double seconds)
{
    enum { LEAST_BAR = 5, MOST_BAR = 40 };
    char counts[96], bar[MOST_BAR + 1];
    double rate = seconds > 0 ? (double)done / seconds : 0;
    double left = rate > 0 ? (double)(total - done) / rate : 0;
    if (left > 360000) left = 360000; /* 100 hours: no estimate */
    int used = snprintf(counts, sizeof counts, "%zu/%zu  %.1f/s", done, total, rate);
    int hours = left < 360000 ? (int)(left / 3600) : -1, minutes = (int)(left / 60) % 60;
    if (rate > 0 && hours > 0)
        snprintf(counts + used, sizeof counts - (size_t)used, "  ETA %d:%02d:%02d", hours, minutes,
                 (int)left % 60);
    else if (rate > 0 && hours == 0)
        snprintf(counts + used, sizeof counts - (size_t)used, "  ETA %d:%02d", minutes, (int)left % 60);
    size_t frame = strlen("100% [] ") + strlen(counts);
    size_t room = width > frame ? width - frame : 0, cells = room > MOST_BAR ? MOST_BAR : room;
    double share = total > 0 ? (double)done / (double)total : 1;
    if (cells < LEAST_BAR) {
        snprintf(text, size, "%3d%% %s", (int)(share * 100), counts);
        return;
    }
    size_t filled = (size_t)(share * (double)cells);
    memset(bar, ' ', cells);
    memset(bar, '=', filled);
    if (filled < cells) bar[filled] = '>';
    bar[cells] = '\0';
    snprintf(text, size, "%3d%% [%s] %s", (int)(share * 100), bar, counts);
}

void duet_console_progress(struct duet_console *console, size_t done)
{
    if (!console->bar) return;
    double now = duet_seconds();
    if (now - console->redrawn < redraw_every) return;
    console->redrawn = now;
    struct winsize size;
    size_t width = 80;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) width = size.ws_col;
    char text[192];
    duet_console_format_bar(text, sizeof text, width - 1, done, console->total, now - console->began);
    fprintf(stderr, "\r%.*s\x1b[K", (int)(width - 1), text);
    console->drawn = true;
}

void duet_console_clear(struct duet_console *console)
{
    if (console->drawn) fputs("\r\x1b[K", stderr);
    console->drawn = false;
}
