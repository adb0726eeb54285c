/* What a command line wants written, looked at before work starts. */
#include "cli/options.h"

#include "core/os.h"

#include <string.h>
#include <sys/stat.h>

struct check {
    const struct duet_program *program;
    const unsigned char *values;
    const struct duet_arguments *arguments;
    unsigned flags; /* of duet_output_check */
    bool may_force; /* the table has a --force */
};

static bool is_output(const struct duet_option *option)
{
    return option->kind == DUET_OPTION_OUTPUT || option->kind == DUET_OPTION_OUTPUT_FOLDER ||
           option->kind == DUET_OPTION_OUTPUT_EITHER;
}

static const char *text_of(const struct check *check, const struct duet_option *option)
{
    return *(const char *const *)(const void *)(check->values + option->offset);
}

static int check_file(const struct check *check, const struct duet_option *option, const char *path)
{
    struct duet_error error;
    switch (duet_output_check(path, check->flags, &error)) {
    case DUET_OK:
        return DUET_GO_ON;
    case DUET_EXISTS:
        return duet_usage_error(check->program, "--%s: %s%s", option->name, error.text,
                                check->may_force ? "; --force replaces it" : "");
    case DUET_BAD_ARGUMENT:
        return duet_usage_error(check->program, "--%s: %s", option->name, error.text);
    default:
        fprintf(stderr, "%s: --%s: %s\n", check->program->name, option->name, error.text);
        return DUET_EXIT_FATAL;
    }
}

static int check_folder(const struct check *check, const struct duet_option *option, const char *path)
{
    if (!duet_path_exists(path) || duet_path_is_folder(path)) return DUET_GO_ON;
    return duet_usage_error(check->program, "--%s: %s: is a file, expected a folder", option->name, path);
}

/* Does `path` lead to the file that an operand (behind '@', too) or an option names to be read? What is
 * written for each input may lie among them: the program knows its names. */
static int check_inputs(const struct check *check, const struct duet_option *output, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) return DUET_GO_ON;
    for (int i = 0; i < check->arguments->count; i++) {
        const char *operand = check->arguments->operands[i];
        bool list = operand[0] == '@' && !duet_path_exists(operand);
        if ((list || output->kind == DUET_OPTION_OUTPUT) && duet_output_same(path, operand + list))
            return duet_usage_error(check->program, "--%s: %s is one of the inputs", output->name, path);
    }
    for (const struct duet_option *option = check->program->options; option->kind != DUET_OPTION_END;
         option++)
        if (option->kind == DUET_OPTION_STRING && text_of(check, option) &&
            duet_output_same(path, text_of(check, option)))
            return duet_usage_error(check->program, "--%s: %s is the --%s, too", output->name, path,
                                    option->name);
    return DUET_GO_ON;
}

/* Against the outputs behind it in the table. Two folders may be one: their files have names of their own. */
static int check_others(const struct check *check, const struct duet_option *option, const char *path)
{
    for (const struct duet_option *other = option + 1; other->kind != DUET_OPTION_END; other++) {
        const char *second = is_output(other) ? text_of(check, other) : NULL;
        if (!second || (option->kind != DUET_OPTION_OUTPUT && other->kind != DUET_OPTION_OUTPUT)) continue;
        bool both_standard = strcmp(path, "-") == 0 && strcmp(second, "-") == 0;
        if (both_standard)
            return duet_usage_error(check->program, "--%s and --%s cannot both go to standard output",
                                    option->name, other->name);
        if (duet_output_same(path, second))
            return duet_usage_error(check->program, "--%s and --%s cannot both be %s", option->name,
                                    other->name, second);
    }
    return DUET_GO_ON;
}

int duet_options_check_outputs(const struct duet_program *program, const void *values,
                               const struct duet_arguments *arguments)
{
    struct check check = {.program = program, .values = values, .arguments = arguments};
    const struct duet_option *option = program->options;
    for (; option && option->kind != DUET_OPTION_END; option++) {
        if (option->kind != DUET_OPTION_FLAG || strcmp(option->name, "force") != 0) continue;
        check.may_force = true;
        if (*(const bool *)(const void *)(check.values + option->offset)) check.flags = DUET_OUTPUT_FORCE;
    }
    int code = DUET_GO_ON;
    for (option = program->options; option && option->kind != DUET_OPTION_END && code == DUET_GO_ON;
         option++) {
        const char *path = is_output(option) ? text_of(&check, option) : NULL;
        if (!path) continue;
        bool standard = strcmp(path, "-") == 0;
        if (!standard && option->kind == DUET_OPTION_OUTPUT) code = check_file(&check, option, path);
        if (!standard && option->kind == DUET_OPTION_OUTPUT_FOLDER) code = check_folder(&check, option, path);
        if (!standard && code == DUET_GO_ON) code = check_inputs(&check, option, path);
        if (code == DUET_GO_ON) code = check_others(&check, option, path);
    }
    return code;
}
