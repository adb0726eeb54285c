#include "cli/program.h"

#include "core/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int duet_usage_error(const struct duet_program *program, const char *format, ...)
{
    char text[DUET_ERROR_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    duet_print_line(stderr, "%s: %s", program->name, text);
    fprintf(stderr, "Try '%s --help' for more.\n", program->name);
    return DUET_EXIT_USAGE;
}

int duet_fatal(const struct duet_program *program, const struct duet_error *error)
{
    fprintf(stderr, "%s: %s\n", program->name, error->text);
    return DUET_EXIT_FATAL;
}

int duet_flush_stdout(const struct duet_program *program)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return DUET_EXIT_OK;
    fprintf(stderr, "%s: cannot write to standard output: %s\n", program->name, strerror(errno));
    return DUET_EXIT_FATAL;
}
