/* options.h: command lines as tables.
 *
 * A program describes itself once, in a static table; parsing, --help, --version and the messages for
 * mistakes all come from it. Values go into a struct of the program's own; what stands there before parsing
 * is the default, and --help shows it.
 *
 *     struct settings { double threshold; int threads; bool quiet; const char *output; int format; };
 *     static const char *const formats[] = {"table", "ndjson", NULL};
 *     static const struct duet_option options[] = {
 *         DUET_GROUP("What to look for"),
 *         DUET_FLOAT('t', "threshold", "X", struct settings, threshold, 0, 1, "keep what scores above X"),
 *         DUET_GROUP("Results"),
 *         DUET_CHOICE('f', "format", "NAME", struct settings, format, formats, "how to print"),
 *         DUET_OUTPUT('o', "output", "FILE", struct settings, output, "write to FILE", .shown = "stdout"),
 *         DUET_FLAG(0, "force", struct settings, force, "replace existing files"),
 *         DUET_FLAG('q', "quiet", struct settings, quiet, "say nothing but results"),
 *         DUET_OPTIONS_END};
 *     static const struct duet_program program = {
 *         .name = "detect", .synopsis = "[OPTION]... INPUT...", .summary = "Find objects in pictures.",
 *         .options = options, .min_operands = 1, .max_operands = DUET_MANY};
 *
 *     int main(int argc, char **argv)
 *     {
 *         struct settings settings = {.threshold = 0.5};
 *         struct duet_arguments arguments;
 *         int code = duet_options_parse(&program, argc, argv, &settings, &arguments);
 *         if (code != DUET_GO_ON) return code;
 *         ...
 *
 * Accepted: --opt=value, --opt value, -o value, -ovalue, -abc for flags, options and operands in any order;
 * "--" ends the options, "-" is an operand. An option given twice: the last one counts (DUET_STRINGS
 * collects). Numbers are read strictly and alike in every locale: no "0.5x", no " 1", no "nan", no "0x10".
 * --help (-h) and --version (-V) belong to every program and stand in no table. --help=table prints the table
 * for other programs: a line an option, of a program with commands those of each, with tabs between the
 * program's name, the kind (flag, int, float, string, strings, choice, output, output-folder, output-either),
 * the long name, the letter, what stands for the value, what is allowed (FROM..TO, or the words between '|'),
 * the default and the help.
 *
 * No option of text and no operand may be empty: that is an unset variable of somebody's script.
 *
 * What is written is looked at before work starts, and the command line refused when an OUTPUT exists (unless
 * the table's "force" is given), cannot be made, is an operand or another option's file as well, or when two
 * go to the same place. Devices and pipes can be written at any time. Of an OUTPUT_FOLDER and an
 * OUTPUT_EITHER only the last two are looked at: what is in a folder, the program knows.
 */
#ifndef DUET_APPS_CLI_OPTIONS_H
#define DUET_APPS_CLI_OPTIONS_H

#include "cli/program.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What one option takes, and the type of the field that holds it. */
enum duet_option_kind {
    DUET_OPTION_END,           /* ends a table */
    DUET_OPTION_GROUP,         /* a heading in --help */
    DUET_OPTION_FLAG,          /* bool: nothing; sets it to true */
    DUET_OPTION_INT,           /* int within [minimum, maximum] */
    DUET_OPTION_FLOAT,         /* double within [minimum, maximum] */
    DUET_OPTION_STRING,        /* const char *: borrowed from argv; NULL while not given */
    DUET_OPTION_OUTPUT,        /* const char *: a file that is written; "-": standard output */
    DUET_OPTION_OUTPUT_FOLDER, /* const char *: a folder that is written into */
    DUET_OPTION_OUTPUT_EITHER, /* const char *: one of the two; other options decide */
    DUET_OPTION_CHOICE,        /* int: index of the word in `choices` */
    DUET_OPTION_STRINGS        /* struct duet_option_strings: every value given, in order */
};

#define DUET_OPTION_STRINGS_MAX 64

struct duet_option_strings {
    const char *items[DUET_OPTION_STRINGS_MAX]; /* borrowed from argv */
    size_t count;
};

struct duet_option {
    const char *name; /* long name without dashes; the text of a group */
    char letter;      /* short name, or 0 */
    enum duet_option_kind kind;
    const char *argument; /* what stands for the value in --help: "FILE" */
    size_t offset;        /* of the field in the program's struct */
    double minimum, maximum;
    const char *const *choices; /* ends with NULL */
    const char *help;           /* lower case, no full stop; wrapped as needed */
    const char *shown;          /* default to show; NULL: the field's value (of strings: none when NULL);
                                   "": show none */
};

#define DUET_GROUP(text)                                                                                     \
    {                                                                                                        \
        .name = text, .kind = DUET_OPTION_GROUP                                                              \
    }
/* What the others are made of: checks that the field has the kind's type. Further fields may follow each of
 * them: .shown = "number of CPUs". */
#define DUET_OPTION(option_kind, c_type, short_name, long_name, value_name, type, field, text, ...)          \
    {                                                                                                        \
        .name = long_name, .letter = short_name, .kind = option_kind, .argument = value_name,                \
        .offset = _Generic(((type *)0)->field, c_type                                                        \
                           : offsetof(type, field)),                                                         \
        .help = text, __VA_ARGS__                                                                            \
    }
#define DUET_FLAG(short_name, long_name, type, field, text)                                                  \
    DUET_OPTION(DUET_OPTION_FLAG, bool, short_name, long_name, NULL, type, field, text, )
#define DUET_INT(short_name, long_name, value_name, type, field, least, most, text, ...)                     \
    DUET_OPTION(DUET_OPTION_INT, int, short_name, long_name, value_name, type, field, text,                  \
                .minimum = least, .maximum = most, __VA_ARGS__)
#define DUET_FLOAT(short_name, long_name, value_name, type, field, least, most, text, ...)                   \
    DUET_OPTION(DUET_OPTION_FLOAT, double, short_name, long_name, value_name, type, field, text,             \
                .minimum = least, .maximum = most, __VA_ARGS__)
#define DUET_CHOICE(short_name, long_name, value_name, type, field, words, text, ...)                        \
    DUET_OPTION(DUET_OPTION_CHOICE, int, short_name, long_name, value_name, type, field, text,               \
                .choices = words, __VA_ARGS__)
#define DUET_STRINGS(...)       DUET_OPTION(DUET_OPTION_STRINGS, struct duet_option_strings, __VA_ARGS__)
#define DUET_STRING(...)        DUET_OPTION(DUET_OPTION_STRING, const char *, __VA_ARGS__)
#define DUET_OUTPUT(...)        DUET_OPTION(DUET_OPTION_OUTPUT, const char *, __VA_ARGS__)
#define DUET_OUTPUT_FOLDER(...) DUET_OPTION(DUET_OPTION_OUTPUT_FOLDER, const char *, __VA_ARGS__)
#define DUET_OUTPUT_EITHER(...) DUET_OPTION(DUET_OPTION_OUTPUT_EITHER, const char *, __VA_ARGS__)
#define DUET_OPTIONS_END                                                                                     \
    {                                                                                                        \
        .kind = DUET_OPTION_END                                                                              \
    }

/* A word after the program's name with a table of its own: "models fetch". */
struct duet_command {
    const char *name;                  /* "fetch"; NULL ends the list */
    const char *summary;               /* one line, as option help */
    int (*run)(int argc, char **argv); /* argv[0] is the word itself */
};

/* What remains of a command line. */
struct duet_arguments {
    char **operands; /* borrowed: they are moved to the front of argv + 1 */
    int count;
    uint64_t given; /* bit i: option i of the table was on the command line */
};

#define DUET_GO_ON (-1)

/* Read a command line into `values` (the program's struct) and `arguments`. Returns DUET_GO_ON, or the code
 * to exit with: 0 after --help or --version was printed, DUET_EXIT_USAGE after a mistake was reported on
 * stderr, DUET_EXIT_FATAL when the help could not be written. At most 64 table entries. */
int duet_options_parse(const struct duet_program *program, int argc, char **argv, void *values,
                       struct duet_arguments *arguments);

/* What duet_options_parse does about what is written, in its end. Returns as that does. */
int duet_options_check_outputs(const struct duet_program *program, const void *values,
                               const struct duet_arguments *arguments);

/* Was the option of that long name on the command line? */
bool duet_option_given(const struct duet_program *program, const struct duet_arguments *arguments,
                       const char *name);

/* Warn, a line each on stderr, of those of the options `names` (long names, commas between; what the program does
 * not have is passed over) that were given although they change nothing, for the reason `why`:
 *     if (!settings.boxes) duet_options_unused(&program, &arguments, "threshold,detect-model", "without --detect");
 * prints "warning: segment: --threshold has no effect without --detect". */
void duet_options_unused(const struct duet_program *program, const struct duet_arguments *arguments,
                         const char *names, const char *why);

/* Hand argv + 1 to the command that argv[1] names. Handles --help, --version, "help [COMMAND]" and unknown
 * words itself. Returns the code to exit with. */
int duet_commands_run(const struct duet_program *program, int argc, char **argv);

/* Print the table as --help=table does. False when `stream` refuses. */
bool duet_options_table(const struct duet_program *program, const void *values, FILE *stream);

/* Print the help, defaults taken from `values`. False when `stream` refuses. */
bool duet_options_help(const struct duet_program *program, const void *values, FILE *stream);

#endif
