#include "cli/console.h"

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
    fprintf(stderr, "%s%s: %s\n", kind, console->program, line.text);
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

/* "[=====>     ] " in what `width` leaves beside `counts`; "" when that is little. */
static void format_cells(char *bar, size_t size, size_t width, double share, const char *counts)
{
    enum { LEAST_BAR = 5, MOST_BAR = 40 };
    size_t frame = strlen("100% [] ") + strlen(counts);
    size_t room = width > frame ? width - frame : 0, cells = room > MOST_BAR ? MOST_BAR : room;
    bar[0] = '\0';
    if (cells < LEAST_BAR || size < cells + 4) return;
    size_t filled = (size_t)(share * (double)cells);
    *bar++ = '[';
    memset(bar, ' ', cells);
    memset(bar, '=', filled);
    if (filled < cells) bar[filled] = '>';
    memcpy(bar + cells, "] ", 3);
}

void duet_console_format_bar(char *text, size_t size, size_t width, size_t done, size_t total, double seconds)
{
    char counts[96], bar[64];
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
    double share = total > 0 ? (double)done / (double)total : 1;
    format_cells(bar, sizeof bar, width, share, counts);
    snprintf(text, size, "%3d%% %s%s", (int)(share * 100), bar, counts);
}

/* "0:04.4", "1:02:03.5" */
static void format_time(char *text, size_t size, double seconds)
{
    if (!(seconds >= 0)) seconds = 0;
    if (seconds > 3.6e6) seconds = 3.6e6;
    int tenths = (int)(seconds * 10), hours = tenths / 36000, minutes = tenths / 600 % 60;
    if (hours > 0)
        snprintf(text, size, "%d:%02d:%02d.%d", hours, minutes, tenths / 10 % 60, tenths % 10);
    else
        snprintf(text, size, "%d:%02d.%d", minutes, tenths / 10 % 60, tenths % 10);
}

void duet_console_format_frames(char *text, size_t size, size_t width, size_t frames, double time,
                                double duration, double seconds)
{
    char now[32], whole[32] = "", counts[128], bar[64];
    format_time(now, sizeof now, time);
    if (duration > 0) format_time(whole, sizeof whole, duration);
    snprintf(counts, sizeof counts, "frame %zu  %s%s%s  %.1f/s", frames, now, duration > 0 ? " of " : "",
             whole, seconds > 0 ? (double)frames / seconds : 0);
    double share = duration > 0 ? time / duration : 0;
    share = share > 1 ? 1 : share >= 0 ? share : 0;
    format_cells(bar, sizeof bar, width, share, counts);
    if (duration > 0)
        snprintf(text, size, "%3d%% %s%s", (int)(share * 100), bar, counts);
    else
        snprintf(text, size, "%s", counts);
}

/* Is it time to draw again? Then how wide. */
static bool redraw(struct duet_console *console, size_t *width)
{
    double now = duet_seconds();
    struct winsize size;
    if (!console->bar || now - console->redrawn < redraw_every) return false;
    console->redrawn = now;
    bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    *width = known ? (size_t)size.ws_col - 1 : 79;
    return true;
}

static void show(struct duet_console *console, const char *text, size_t width)
{
    fprintf(stderr, "\r%.*s\x1b[K", (int)width, text);
    console->drawn = true;
}

void duet_console_progress(struct duet_console *console, size_t done)
{
    char text[192];
    size_t width;
    if (!redraw(console, &width)) return;
    duet_console_format_bar(text, sizeof text, width, done, console->total, duet_console_elapsed(console));
    show(console, text, width);
}

void duet_console_frames(struct duet_console *console, size_t frames, double time, double duration)
{
    char text[192];
    size_t width;
    if (!redraw(console, &width)) return;
    duet_console_format_frames(text, sizeof text, width, frames, time, duration,
                               duet_console_elapsed(console));
    show(console, text, width);
}

void duet_console_clear(struct duet_console *console)
{
    if (console->drawn) fputs("\r\x1b[K", stderr);
    console->drawn = false;
}
