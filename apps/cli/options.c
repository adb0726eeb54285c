#include "cli/options.h"

#include "cli/words.h"

#include <string.h>

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

/* `suggestion` as duet_suggestion makes it. */
static int bad_value(const struct reader *reader, const struct typed *typed, const char *value,
                     const char *suggestion)
{
    char wanted[320];
    describe(typed->option, wanted, sizeof wanted);
    return duet_usage_error(reader->program, "%s: expected %s, got '%s'%s", typed->text, wanted, value,
                            suggestion);
}

static int store_choice(struct reader *reader, const struct typed *typed, const char *value)
{
    const struct duet_option *option = typed->option;
    for (int i = 0; option->choices[i]; i++) {
        if (strcmp(option->choices[i], value) != 0) continue;
        *(int *)(void *)(reader->values + option->offset) = i;
        return DUET_GO_ON;
    }
    char suggestion[DUET_SUGGESTION];
    duet_suggestion(suggestion, "", value, option->choices, sizeof *option->choices);
    return bad_value(reader, typed, value, suggestion);
}

static int store_number(struct reader *reader, const struct typed *typed, const char *value)
{
    const struct duet_option *option = typed->option;
    void *field = reader->values + option->offset;
    long long whole = 0;
    double number = 0;
    bool is_int = option->kind == DUET_OPTION_INT;
    if (is_int ? !duet_parse_int(value, &whole) : !duet_parse_float(value, &number))
        return bad_value(reader, typed, value, "");
    if (is_int) number = (double)whole;
    if (!(number >= option->minimum && number <= option->maximum)) return bad_value(reader, typed, value, "");
    if (is_int)
        *(int *)field = (int)whole;
    else
        *(double *)field = number;
    return DUET_GO_ON;
}

static int store(struct reader *reader, const struct typed *typed, const char *value)
{
    const struct duet_option *option = typed->option;
    if (value && !value[0]) return bad_value(reader, typed, value, "");
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
        char name[64], table[] = "--help=table", *argv[] = {name, table, NULL};
        snprintf(name, sizeof name, "%s", command->name);
        code = command->run(2, argv);
    }
    return code;
}

static int unknown_option(const struct reader *reader, const char *name, size_t length)
{
    enum { MOST = 66 };
    const char *names[MOST + 1] = {"help", "version"};
    size_t count = 2;
    const struct duet_option *option = reader->program->options;
    for (; option && option->kind != DUET_OPTION_END && count < MOST; option++)
        if (option->kind != DUET_OPTION_GROUP) names[count++] = option->name;
    char word[96], suggestion[DUET_SUGGESTION];
    snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : sizeof word - 1), name);
    return duet_usage_error(reader->program, "unknown option '--%.*s'%s", (int)length, name,
                            duet_suggestion(suggestion, "--", word, names, sizeof *names));
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
    const struct duet_command *commands = program->commands;
    char suggestion[DUET_SUGGESTION];
    return duet_usage_error(program, "unknown command '%s'%s", name,
                            duet_suggestion(suggestion, "", name, &commands->name, sizeof *commands));
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
