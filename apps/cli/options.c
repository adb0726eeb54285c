#include "cli/options.h"

#include "core/fail.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* --- messages ----------------------------------------------------------------------------------------- */

static int usage_error_v(const struct duet_program *program, const char *format, va_list args)
{
    char text[DUET_ERROR_TEXT];
    struct duet_error line;
    vsnprintf(text, sizeof text, format, args);
    duet_fail(&line, DUET_BAD_ARGUMENT, "%s", text); /* keeps it one line, whatever was typed */
    fprintf(stderr, "%s: %s\nTry '%s --help' for more.\n", program->name, line.text, program->name);
    return DUET_EXIT_USAGE;
}

int duet_usage_error(const struct duet_program *program, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int code = usage_error_v(program, format, args);
    va_end(args);
    return code;
}

/* --- nearest word ------------------------------------------------------------------------------------- */

enum { LONGEST_WORD = 64 };

/* Edit distance with swaps of neighbours; words longer than LONGEST_WORD are infinitely far. */
static size_t distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    if (n > LONGEST_WORD || m > LONGEST_WORD) return SIZE_MAX;
    size_t rows[3][LONGEST_WORD + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= m; j++) last[j] = j;
    for (size_t i = 1; i <= n; i++) {
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
            if (last[j] + 1 < best) best = last[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && before[j - 2] + 1 < best) best = before[j - 2] + 1;
            row[j] = best;
        }
        size_t *free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    return last[m];
}

/* The only word that begins with `part` (two characters or more) or contains it (three or more). */
static const char *only_containing(const char *part, const char *const *words, size_t count)
{
    const char *found[2] = {NULL, NULL}; /* beginning with it, containing it */
    size_t hits[2] = {0, 0}, length = strlen(part);
    for (size_t i = 0; i < count; i++) {
        bool begins = length >= 2 && strncmp(part, words[i], length) == 0;
        bool contains = length >= 3 && strstr(words[i], part);
        if (begins) found[0] = words[i];
        if (contains) found[1] = words[i];
        hits[0] += begins;
        hits[1] += contains;
    }
    return hits[0] == 1 ? found[0] : hits[1] == 1 ? found[1] : NULL;
}

const char *duet_nearest_word(const char *word, const char *const *words, size_t count)
{
    const char *nearest = only_containing(word, words, count);
    if (nearest) return nearest;
    size_t length = strlen(word), allowed = length < 3 ? 0 : length < 5 ? 1 : length < 9 ? 2 : length / 3;
    for (size_t i = 0, best = allowed + 1; i < count; i++) {
        size_t d = distance(word, words[i]);
        if (d >= best) continue;
        best = d;
        nearest = words[i];
    }
    return nearest;
}

/* --- numbers ------------------------------------------------------------------------------------------ */

static const char *skip_digits(const char *p)
{
    while (*p >= '0' && *p <= '9') p++;
    return p;
}

bool duet_parse_int(const char *text, long long *value)
{
    const char *digits = text + (*text == '-' || *text == '+');
    if (*digits == '\0' || *skip_digits(digits) != '\0') return false;
    errno = 0;
    *value = strtoll(text, NULL, 10); /* on overflow: the nearest, which every range refuses */
    return true;
}

/* [+-] digits [. digits] [e [+-] digits], with a digit somewhere before the e. */
static bool is_decimal(const char *p)
{
    p += *p == '-' || *p == '+';
    const char *whole = p;
    p = skip_digits(p);
    bool any = p > whole;
    if (*p == '.') {
        const char *fraction = p + 1;
        p = skip_digits(fraction);
        any = any || p > fraction;
    }
    if (!any) return false;
    if (*p == 'e' || *p == 'E') {
        p += 1 + (p[1] == '-' || p[1] == '+');
        const char *exponent = p;
        p = skip_digits(exponent);
        if (p == exponent) return false;
    }
    return *p == '\0';
}

bool duet_parse_float(const char *text, double *value)
{
    if (!is_decimal(text)) return false;
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (plain == (locale_t)0) return false;
    double number = strtod_l(text, NULL, plain);
    freelocale(plain);
    if (!isfinite(number)) return false;
    *value = number;
    return true;
}

/* --- values ------------------------------------------------------------------------------------------- */

/* One command line being read. */
struct reader {
    const struct duet_program *program;
    unsigned char *values;
    struct duet_arguments *arguments;
    char **argv;
    int argc, next;
};

/* An option as it was typed: "--threshold", "-t (--threshold)". */
struct typed {
    const struct duet_option *option;
    char text[96];
};

static size_t choice_count(const struct duet_option *option)
{
    size_t n = 0;
    while (option->choices[n]) n++;
    return n;
}

/* "table, ndjson, coco" */
static void join_words(char *text, size_t size, const char *const *words)
{
    size_t used = 0;
    text[0] = '\0';
    for (; *words && used < size; words++) {
        int n = snprintf(text + used, size - used, "%s%s", used ? ", " : "", *words);
        if (n > 0) used += (size_t)n;
    }
}

/* What an option wants, in words: "a number from 0 to 1". */
static void describe(const struct duet_option *option, char *text, size_t size)
{
    char words[256];
    switch (option->kind) {
    case DUET_OPTION_INT:
        snprintf(text, size, "a whole number from %.0f to %.0f", option->minimum, option->maximum);
        break;
    case DUET_OPTION_FLOAT:
        snprintf(text, size, "a number from %g to %g", option->minimum, option->maximum);
        break;
    case DUET_OPTION_CHOICE:
        join_words(words, sizeof words, option->choices);
        snprintf(text, size, "one of %s", words);
        break;
    default:
        snprintf(text, size, "%s", option->argument);
        break;
    }
}

static int bad_value(const struct reader *reader, const struct typed *typed, const char *value,
                     const char *suggestion)
{
    char wanted[320];
    describe(typed->option, wanted, sizeof wanted);
    if (suggestion)
        return duet_usage_error(reader->program, "%s: expected %s, got '%s'; did you mean '%s'?", typed->text,
                                wanted, value, suggestion);
    return duet_usage_error(reader->program, "%s: expected %s, got '%s'", typed->text, wanted, value);
}

static int store_choice(struct reader *reader, const struct typed *typed, const char *value)
{
    const struct duet_option *option = typed->option;
    size_t count = choice_count(option);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(option->choices[i], value) != 0) continue;
        *(int *)(void *)(reader->values + option->offset) = (int)i;
        return DUET_GO_ON;
    }
    return bad_value(reader, typed, value, duet_nearest_word(value, option->choices, count));
}

static int store_number(struct reader *reader, const struct typed *typed, const char *value)
{
    const struct duet_option *option = typed->option;
    void *field = reader->values + option->offset;
    long long whole = 0;
    double number = 0;
    bool is_int = option->kind == DUET_OPTION_INT;
    if (is_int ? !duet_parse_int(value, &whole) : !duet_parse_float(value, &number))
        return bad_value(reader, typed, value, NULL);
    if (is_int) number = (double)whole;
    if (!(number >= option->minimum && number <= option->maximum))
        return bad_value(reader, typed, value, NULL);
    if (is_int)
        *(int *)field = (int)whole;
    else
        *(double *)field = number;
    return DUET_GO_ON;
}

bool duet_option_is_text(const struct duet_option *option)
{
    return option->kind == DUET_OPTION_STRING || option->kind == DUET_OPTION_OUTPUT ||
           option->kind == DUET_OPTION_OUTPUT_FOLDER || option->kind == DUET_OPTION_OUTPUT_EITHER;
}

static int store(struct reader *reader, const struct typed *typed, const char *value)
{
    const struct duet_option *option = typed->option;
    if (value && !value[0]) return bad_value(reader, typed, value, NULL);
    void *field = reader->values + option->offset;
    reader->arguments->given |= (uint64_t)1 << (option - reader->program->options);
    switch (option->kind) {
    case DUET_OPTION_FLAG:
        *(bool *)field = true;
        return DUET_GO_ON;
    case DUET_OPTION_INT:
    case DUET_OPTION_FLOAT:
        return store_number(reader, typed, value);
    case DUET_OPTION_CHOICE:
        return store_choice(reader, typed, value);
    case DUET_OPTION_STRINGS: {
        struct duet_option_strings *strings = field;
        if (strings->count == DUET_OPTION_STRINGS_MAX)
            return duet_usage_error(reader->program, "%s: given more than %d times", typed->text,
                                    DUET_OPTION_STRINGS_MAX);
        strings->items[strings->count++] = value;
        return DUET_GO_ON;
    }
    default:
        *(const char **)field = value;
        return DUET_GO_ON;
    }
}

/* --- reading the command line ------------------------------------------------------------------------- */

static const struct duet_option *find_option(const struct duet_program *program, const char *name,
                                             size_t length, char letter)
{
    const struct duet_option *option = program->options;
    for (; option && option->kind != DUET_OPTION_END; option++) {
        if (option->kind == DUET_OPTION_GROUP) continue;
        if (letter ? option->letter == letter
                   : strlen(option->name) == length && strncmp(option->name, name, length) == 0)
            return option;
    }
    return NULL;
}

int duet_flush_stdout(const struct duet_program *program)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return DUET_EXIT_OK;
    fprintf(stderr, "%s: cannot write to standard output: %s\n", program->name, strerror(errno));
    return DUET_EXIT_FATAL;
}

/* What every program can print of itself. */
enum about { HELP, TABLE, VERSION };

static int print_and_exit(const struct reader *reader, enum about about)
{
    const struct duet_program *program = reader->program;
    bool written = about == VERSION ? printf("%s (Duet) %s\nLicence: Apache-2.0. There is no warranty.\n",
                                             program->name, DUET_VERSION) > 0
                   : about == TABLE ? duet_options_table(program, reader->values, stdout)
                                    : duet_options_help(program, reader->values, stdout);
    int code = duet_flush_stdout(program);
    if (!written) code = DUET_EXIT_FATAL;
    const struct duet_command *command = about == TABLE ? program->commands : NULL;
    for (; command && command->name && code == DUET_EXIT_OK; command++) {
        char name[LONGEST_WORD], table[] = "--help=table", *argv[] = {name, table, NULL};
        snprintf(name, sizeof name, "%s", command->name);
        code = command->run(2, argv);
    }
    return code;
}

static int unknown_option(const struct reader *reader, const char *name, size_t length)
{
    enum { MOST = 66 };
    const char *names[MOST] = {"help", "version"};
    size_t count = 2;
    const struct duet_option *option = reader->program->options;
    for (; option && option->kind != DUET_OPTION_END && count < MOST; option++)
        if (option->kind != DUET_OPTION_GROUP) names[count++] = option->name;
    char word[LONGEST_WORD + 2];
    snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : sizeof word - 1), name);
    const char *nearest = duet_nearest_word(word, names, count);
    if (nearest)
        return duet_usage_error(reader->program, "unknown option '--%.*s'; did you mean '--%s'?", (int)length,
                                name, nearest);
    return duet_usage_error(reader->program, "unknown option '--%.*s'", (int)length, name);
}

/* The value of an option that needs one: `attached`, or else the next argument. */
static int take_value(struct reader *reader, const struct typed *typed, const char *attached)
{
    if (attached) return store(reader, typed, attached);
    if (reader->next < reader->argc) return store(reader, typed, reader->argv[reader->next++]);
    char wanted[320];
    describe(typed->option, wanted, sizeof wanted);
    return duet_usage_error(reader->program, "%s: expected %s, got nothing", typed->text, wanted);
}

static int read_long(struct reader *reader, const char *name)
{
    size_t length = strcspn(name, "=");
    const char *attached = name[length] == '=' ? name + length + 1 : NULL;
    bool help = length == 4 && strncmp(name, "help", 4) == 0;
    bool version = length == 7 && strncmp(name, "version", 7) == 0;
    if (help && attached && strcmp(attached, "table") == 0) return print_and_exit(reader, TABLE);
    if ((help || version) && !attached) return print_and_exit(reader, version ? VERSION : HELP);
    struct typed typed = {find_option(reader->program, name, length, 0), ""};
    if (!typed.option && !help && !version) return unknown_option(reader, name, length);
    snprintf(typed.text, sizeof typed.text, "--%.*s", (int)length, name);
    if (help || version || (typed.option->kind == DUET_OPTION_FLAG && attached))
        return duet_usage_error(reader->program, "%s: takes no value, got '%s'", typed.text, attached);
    if (typed.option->kind == DUET_OPTION_FLAG) return store(reader, &typed, NULL);
    return take_value(reader, &typed, attached);
}

/* "-q", "-qf", "-t0.5", "-t 0.5": flags may share a dash; the first option with a value takes the rest. */
static int read_letters(struct reader *reader, const char *letters)
{
    int code = DUET_GO_ON;
    for (; *letters && code == DUET_GO_ON; letters++) {
        struct typed typed = {find_option(reader->program, NULL, 0, *letters), ""};
        if (!typed.option && (*letters == 'h' || *letters == 'V'))
            return print_and_exit(reader, *letters == 'V' ? VERSION : HELP);
        if (!typed.option) return duet_usage_error(reader->program, "unknown option '-%c'", *letters);
        snprintf(typed.text, sizeof typed.text, "-%c (--%s)", *letters, typed.option->name);
        if (typed.option->kind != DUET_OPTION_FLAG)
            return take_value(reader, &typed, letters[1] ? letters + 1 : NULL);
        code = store(reader, &typed, NULL);
    }
    return code;
}

static int check_operands(const struct duet_program *program, const struct duet_arguments *arguments)
{
    const char *what = program->operand ? program->operand : "operand";
    if (arguments->count < program->min_operands) {
        if (program->min_operands == 1) return duet_usage_error(program, "no %s given", what);
        return duet_usage_error(program, "expected %d operands, got %d", program->min_operands,
                                arguments->count);
    }
    if (program->max_operands != DUET_MANY && arguments->count > program->max_operands)
        return duet_usage_error(program, "unexpected operand '%s'",
                                arguments->operands[program->max_operands]);
    for (int i = 0; i < arguments->count; i++)
        if (!arguments->operands[i][0]) return duet_usage_error(program, "expected %s, got ''", what);
    return DUET_GO_ON;
}

int duet_options_parse(const struct duet_program *program, int argc, char **argv, void *values,
                       struct duet_arguments *arguments)
{
    *arguments = (struct duet_arguments){argc > 0 ? argv + 1 : argv, 0, 0};
    struct reader reader = {program, values, arguments, argv, argc, 1};
    bool only_operands = false;
    while (reader.next < argc) {
        char *word = argv[reader.next++];
        int code = DUET_GO_ON;
        if (only_operands || word[0] != '-' || word[1] == '\0')
            arguments->operands[arguments->count++] = word; /* never past what has been read */
        else if (strcmp(word, "--") == 0)
            only_operands = true;
        else
            code = word[1] == '-' ? read_long(&reader, word + 2) : read_letters(&reader, word + 1);
        if (code != DUET_GO_ON) return code;
    }
    int code = check_operands(program, arguments);
    return code == DUET_GO_ON ? duet_options_check_outputs(program, values, arguments) : code;
}

static bool is_given(const struct duet_program *program, const struct duet_arguments *arguments,
                     const char *name, size_t length)
{
    const struct duet_option *option = find_option(program, name, length, 0);
    return option && (arguments->given >> (option - program->options) & 1);
}

bool duet_option_given(const struct duet_program *program, const struct duet_arguments *arguments,
                       const char *name)
{
    return is_given(program, arguments, name, strlen(name));
}

void duet_options_unused(const struct duet_program *program, const struct duet_arguments *arguments,
                         const char *names, const char *why)
{
    for (const char *name = names; *name;) {
        size_t length = strcspn(name, ",");
        if (is_given(program, arguments, name, length))
            fprintf(stderr, "warning: %s: --%.*s has no effect %s\n", program->name, (int)length, name, why);
        name += length + (name[length] == ',');
    }
}

/* --- commands ----------------------------------------------------------------------------------------- */

static const struct duet_command *find_command(const struct duet_program *program, const char *name)
{
    for (const struct duet_command *command = program->commands; command->name; command++)
        if (strcmp(command->name, name) == 0) return command;
    return NULL;
}

static int unknown_command(const struct duet_program *program, const char *name)
{
    enum { MOST = 32 };
    const char *names[MOST];
    size_t count = 0;
    for (const struct duet_command *command = program->commands; command->name && count < MOST; command++)
        names[count++] = command->name;
    const char *nearest = duet_nearest_word(name, names, count);
    if (nearest) return duet_usage_error(program, "unknown command '%s'; did you mean '%s'?", name, nearest);
    return duet_usage_error(program, "unknown command '%s'", name);
}

int duet_commands_run(const struct duet_program *program, int argc, char **argv)
{
    if (argc < 2) return duet_usage_error(program, "no command given");
    const struct duet_command *command = find_command(program, argv[1]);
    if (command) return command->run(argc - 1, argv + 1);
    char help[] = "--help", *help_argv[] = {argv[1], help, NULL};
    if (strcmp(argv[1], "help") == 0) {
        if (argc > 2 && !(command = find_command(program, argv[2]))) return unknown_command(program, argv[2]);
        if (command) return command->run(2, help_argv);
        argv[1] = help;
    }
    if (argv[1][0] != '-') return unknown_command(program, argv[1]);
    unsigned char no_values = 0;
    struct duet_arguments arguments;
    int code = duet_options_parse(program, 2, argv, &no_values, &arguments);
    return code == DUET_GO_ON ? duet_usage_error(program, "no command given") : code;
}
