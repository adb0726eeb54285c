/* --help, laid out from the table: at most 80 columns, options left, what they do right. */
#include "cli/options.h"

#include <string.h>

enum { WIDTH = 79, HELP_COLUMN = 28 };

/* Columns that a text takes: UTF-8 code points. */
static int columns(const char *text, size_t bytes)
{
    int n = 0;
    for (size_t i = 0; i < bytes; i++) n += ((unsigned char)text[i] & 0xC0) != 0x80;
    return n;
}

/* Print words with line breaks, from column `at`, continuing at column `indent`; ends the line. */
static void print_wrapped(FILE *stream, const char *text, int at, int indent)
{
    bool first = true;
    for (;;) {
        text += strspn(text, " ");
        size_t bytes = strcspn(text, " \n");
        int width = columns(text, bytes);
        if (bytes > 0) {
            if (!first && at + 1 + width > WIDTH) {
                fprintf(stream, "\n%*s", indent, "");
                at = indent;
                first = true;
            }
            fprintf(stream, "%s%.*s", first ? "" : " ", (int)bytes, text);
            at += width + !first;
            first = false;
        }
        text += bytes;
        if (*text == '\0') break;
        if (*text++ == '\n') {
            fprintf(stream, "\n%*s", indent, "");
            at = indent;
            first = true;
        }
    }
    fputc('\n', stream);
}

/* The default of an option as text; empty when there is none to show. */
static void default_text(const struct duet_option *option, const void *values, char *text, size_t size)
{
    const void *field = (const unsigned char *)values + option->offset;
    text[0] = '\0';
    if (option->shown) {
        snprintf(text, size, "%s", option->shown);
        return;
    }
    switch (option->kind) {
    case DUET_OPTION_INT:
        snprintf(text, size, "%d", *(const int *)field);
        break;
    case DUET_OPTION_FLOAT:
        snprintf(text, size, "%g", *(const double *)field);
        break;
    case DUET_OPTION_CHOICE:
        snprintf(text, size, "%s", option->choices[*(const int *)field]);
        break;
    case DUET_OPTION_STRING:
    case DUET_OPTION_OUTPUT:
    case DUET_OPTION_OUTPUT_FOLDER:
    case DUET_OPTION_OUTPUT_EITHER:
        if (*(const char *const *)field) snprintf(text, size, "%s", *(const char *const *)field);
        break;
    default:
        break;
    }
}

/* "  -t, --threshold X", then the help from HELP_COLUMN on, on the next line when the left is too wide. */
static void print_entry(FILE *stream, const char *left, const char *help)
{
    int used = fprintf(stream, "  %s", left);
    if (used + 2 > HELP_COLUMN)
        fprintf(stream, "\n%*s", HELP_COLUMN, "");
    else
        fprintf(stream, "%*s", HELP_COLUMN - used, "");
    print_wrapped(stream, help, HELP_COLUMN, HELP_COLUMN);
}

static void print_option(FILE *stream, const struct duet_option *option, const void *values)
{
    char left[128], help[1024], shown[128], letter[5] = "    ";
    if (option->letter) snprintf(letter, sizeof letter, "-%c, ", option->letter);
    snprintf(left, sizeof left, "%s--%s%s%s", letter, option->name, option->argument ? " " : "",
             option->argument ? option->argument : "");
    default_text(option, values, shown, sizeof shown);
    snprintf(help, sizeof help, "%s%s%s%s", option->help, shown[0] ? " [" : "", shown, shown[0] ? "]" : "");
    print_entry(stream, left, help);
}

static void print_usage(FILE *stream, const struct duet_program *program)
{
    const char *line = program->synopsis ? program->synopsis : "";
    const char *lead = "Usage:";
    for (;;) {
        size_t length = strcspn(line, "\n");
        fprintf(stream, "%-6s %s%s%.*s\n", lead, program->name, length > 0 ? " " : "", (int)length, line);
        if (line[length] == '\0') break;
        line += length + 1;
        lead = "  or:";
    }
}

static void print_text(FILE *stream, const char *heading, const char *text)
{
    if (!text) return;
    fprintf(stream, "\n%s%s%s", heading, heading[0] ? "\n" : "", text);
    size_t length = strlen(text);
    if (length > 0 && text[length - 1] != '\n') fputc('\n', stream);
}

/* --help and --version stand in the last group; a table without groups gets one. */
static void print_options(FILE *stream, const struct duet_program *program, const void *values)
{
    const struct duet_option *option = program->options;
    if (!option || option->kind != DUET_OPTION_GROUP) fputs("\nOptions:\n", stream);
    for (; option && option->kind != DUET_OPTION_END; option++) {
        if (option->kind == DUET_OPTION_GROUP)
            fprintf(stream, "\n%s:\n", option->name);
        else
            print_option(stream, option, values);
    }
    print_entry(stream, "-h, --help", "print this and exit");
    print_entry(stream, "-V, --version", "print the version and exit");
}

bool duet_options_help(const struct duet_program *program, const void *values, FILE *stream)
{
    print_usage(stream, program);
    if (program->summary) {
        fputc('\n', stream);
        print_wrapped(stream, program->summary, 0, 0);
    }
    if (program->commands) {
        fputs("\nCommands:\n", stream);
        for (const struct duet_command *command = program->commands; command->name; command++)
            print_entry(stream, command->name, command->summary);
    }
    print_options(stream, program, values);
    print_text(stream, "", program->details);
    print_text(stream, "Examples:", program->examples);
    print_text(stream, "Exit status:", program->exit_status ? program->exit_status : DUET_EXIT_STATUS_SIMPLE);
    return !ferror(stream);
}

/* --- for other programs --------------------------------------------------------------------------------- */

static const char *kind_name(enum duet_option_kind kind)
{
    static const char *const names[] = {
        [DUET_OPTION_FLAG] = "flag",
        [DUET_OPTION_INT] = "int",
        [DUET_OPTION_FLOAT] = "float",
        [DUET_OPTION_STRING] = "string",
        [DUET_OPTION_OUTPUT] = "output",
        [DUET_OPTION_OUTPUT_FOLDER] = "output-folder",
        [DUET_OPTION_OUTPUT_EITHER] = "output-either",
        [DUET_OPTION_CHOICE] = "choice",
        [DUET_OPTION_STRINGS] = "strings",
    };
    return names[kind];
}

static void print_allowed(FILE *stream, const struct duet_option *option)
{
    if (option->kind == DUET_OPTION_INT || option->kind == DUET_OPTION_FLOAT)
        fprintf(stream, "%.15g..%.15g", option->minimum, option->maximum);
    for (const char *const *word = option->choices; word && *word; word++)
        fprintf(stream, "%s%s", word == option->choices ? "" : "|", *word);
}

bool duet_options_table(const struct duet_program *program, const void *values, FILE *stream)
{
    const struct duet_option *option = program->options;
    for (; option && option->kind != DUET_OPTION_END; option++) {
        char shown[128], letter[2] = {option->letter};
        if (option->kind == DUET_OPTION_GROUP) continue;
        fprintf(stream, "%s\t%s\t%s\t%s\t%s\t", program->name, kind_name(option->kind), option->name, letter,
                option->argument ? option->argument : "");
        print_allowed(stream, option);
        default_text(option, values, shown, sizeof shown);
        fprintf(stream, "\t%s\t%s\n", shown, option->help);
    }
    return !ferror(stream);
}
