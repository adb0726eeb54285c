#include "cli/console.h"

#include "core/os.h"
#include "core/text.h"
#include "duet/status.h"

#include <math.h>
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

void duet_console_say(struct duet_console *console, enum duet_console_kind kind, const char *format, ...)
{
    char text[DUET_ERROR_TEXT];
    va_list args;
    if (kind == DUET_CONSOLE_NOTE && console->quiet) return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    duet_console_clear(console);
    duet_print_line(stderr, "%s%s: %s", kind == DUET_CONSOLE_WARNING ? "warning: " : "", console->program,
                    text);
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

/* " 37% [=====>     ] 74/200", without the cells where `width` leaves little for them. */
static void format_line(char *text, size_t size, size_t width, double share, const char *counts)
{
    enum { LEAST_BAR = 5, MOST_BAR = 40 };
    char bar[MOST_BAR + sizeof "[] "] = "";
    size_t frame = strlen("100% [] ") + strlen(counts);
    size_t room = width > frame ? width - frame : 0, cells = room > MOST_BAR ? MOST_BAR : room;
    size_t filled = (size_t)(share * (double)cells);
    if (cells >= LEAST_BAR) {
        bar[0] = '[';
        memset(bar + 1, ' ', cells);
        memset(bar + 1, '=', filled);
        if (filled < cells) bar[1 + filled] = '>';
        memcpy(bar + 1 + cells, "] ", 3);
    }
    snprintf(text, size, "%3d%% %s%s", (int)(share * 100), bar, counts);
}

/* "0:04", "1:02:03" */
static void format_time(char text[16], int seconds)
{
    int hours = seconds / 3600, minutes = seconds / 60 % 60;
    if (hours > 0)
        snprintf(text, 16, "%d:%02d:%02d", hours, minutes, seconds % 60);
    else
        snprintf(text, 16, "%d:%02d", minutes, seconds % 60);
}

void duet_console_format_bar(char *text, size_t size, size_t width, size_t done, size_t total, double seconds)
{
    char counts[96], left[16];
    double rate = seconds > 0 ? (double)done / seconds : 0;
    double rest = rate > 0 ? (double)(total - done) / rate : 360000; /* 100 hours and more: no estimate */
    int used = snprintf(counts, sizeof counts, "%zu/%zu  %.1f/s", done, total, rate);
    if (rest < 360000) {
        format_time(left, (int)rest);
        snprintf(counts + used, sizeof counts - (size_t)used, "  ETA %s", left);
    }
    format_line(text, size, width, total > 0 ? (double)done / (double)total : 1, counts);
}

/* "0:04.4" */
static void format_tenths(char text[20], double seconds)
{
    char whole[16];
    int tenths = seconds >= 0 ? (int)(fmin(seconds, 3.6e6) * 10) : 0;
    format_time(whole, tenths / 10);
    snprintf(text, 20, "%s.%d", whole, tenths % 10);
}

void duet_console_format_frames(char *text, size_t size, size_t width, size_t frames, double time,
                                double duration, double seconds)
{
    char now[20], whole[20] = "", counts[128];
    format_tenths(now, time);
    if (duration > 0) format_tenths(whole, duration);
    snprintf(counts, sizeof counts, "frame %zu  %s%s%s  %.1f/s", frames, now, duration > 0 ? " of " : "",
             whole, seconds > 0 ? (double)frames / seconds : 0);
    double share = duration > 0 ? time / duration : 0;
    share = share > 1 ? 1 : share >= 0 ? share : 0;
    if (duration > 0)
        format_line(text, size, width, share, counts);
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
