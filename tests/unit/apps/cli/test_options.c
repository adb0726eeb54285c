#include "support/testing.h"

#include "cli/options.h"

#include <fcntl.h>
#include <unistd.h>

struct settings {
    double threshold;
    int threads, format;
    bool quiet, force;
    const char *output;
    struct duet_option_strings tags;
};

static const char *const formats[] = {"table", "ndjson", "coco", NULL};

static const struct duet_option options[] = {
    DUET_GROUP("What to look for"),
    DUET_FLOAT('t', "threshold", "X", struct settings, threshold, 0, 1, "keep what scores above X"),
    DUET_INT('j', "threads", "N", struct settings, threads, 1, 256,
             "work on N pictures at a time, whatever that may mean in a text long enough to be wrapped",
             .shown = "number of CPUs"),
    DUET_GROUP("Results"),
    DUET_CHOICE('f', "format", "NAME", struct settings, format, formats, "how to print"),
    DUET_STRING('o', "output", "FILE", struct settings, output, "write to FILE", .shown = "stdout"),
    DUET_STRINGS(0, "an-option-with-a-long-name", "TAG", struct settings, tags, "collects"),
    DUET_FLAG('q', "quiet", struct settings, quiet, "say nothing but results"),
    DUET_FLAG('F', "force", struct settings, force, "overwrite"),
    DUET_OPTIONS_END};

static const struct duet_program program = {.name = "tool",
                                            .synopsis = "[OPTION]... INPUT...\n[OPTION]... --list",
                                            .summary = "Does a thing with every INPUT that it is given, and "
                                                       "says so in more than one line.\nOr two.",
                                            .options = options,
                                            .min_operands = 1,
                                            .max_operands = DUET_MANY,
                                            .operand = "INPUT",
                                            .examples = "  tool a.jpg"};

/* --- running a command line with stdout and stderr caught ----------------------------------------------- */

struct run {
    int code;
    struct settings settings;
    struct duet_arguments arguments;
    char *argv[32];
    char out[8192], err[2048];
};

static int catch_stream(int fd, FILE *file)
{
    fflush(NULL);
    int kept = dup(fd);
    assert_true(kept >= 0 && dup2(fileno(file), fd) >= 0);
    return kept;
}

static void release_stream(int fd, int kept, FILE *file, char *text, size_t size)
{
    fflush(NULL);
    dup2(kept, fd);
    close(kept);
    rewind(file);
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
}

/* The words of `line`, split at '|', after the program's name. */
static struct run *run_with(int (*parse)(struct run *run, int argc), const char *line)
{
    static struct run run;
    static char copy[4096];
    memset(&run, 0, sizeof run);
    snprintf(copy, sizeof copy, "tool|%s", line);
    int argc = 0;
    for (char *word = copy, *end; word; word = end) {
        if ((end = strchr(word, '|'))) *end++ = '\0';
        run.argv[argc++] = word;
    }
    if (!*line) argc = 1;
    run.argv[argc] = NULL;
    run.settings.threshold = 0.5;
    FILE *out = tmpfile(), *err = tmpfile();
    assert_true(out && err);
    int kept_out = catch_stream(1, out), kept_err = catch_stream(2, err);
    run.code = parse(&run, argc);
    release_stream(1, kept_out, out, run.out, sizeof run.out);
    release_stream(2, kept_err, err, run.err, sizeof run.err);
    return &run;
}

static int parse_program(struct run *run, int argc)
{
    return duet_options_parse(&program, argc, run->argv, &run->settings, &run->arguments);
}

static struct run *run(const char *line)
{
    return run_with(parse_program, line);
}

static void every_spelling_of_an_option_is_read(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "--threshold=0.25|--quiet|--format=coco|--output=x|-j|3|a",
        "a|--threshold|0.25|-q|--format|coco|--output|x|-j3",
        "-t|0.25|-qf|coco|-ox|a|--threads=3",
        "-t0.25|-t|2.5e-1|-fcoco|-q|-q|-o|y|-ox|-j|+3|--|a",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct run *r = run(lines[i]);
        if (r->code != DUET_GO_ON) fail_msg("%s: %s", lines[i], r->err);
        assert_true(r->settings.threshold == 0.25 && r->settings.threads == 3 && r->settings.format == 2);
        assert_true(r->settings.quiet && !r->settings.force);
        assert_string_equal(r->settings.output, "x");
        assert_int_equal(r->arguments.count, 1);
        assert_string_equal(r->arguments.operands[0], "a");
        assert_true(duet_option_given(&program, &r->arguments, "threshold"));
        assert_false(duet_option_given(&program, &r->arguments, "force"));
    }
}

static void operands_keep_their_order(void **state)
{
    (void)state;
    struct run *r =
        run("one|-q|-|two|--an-option-with-a-long-name|x|--|-F|--an-option-with-a-long-name=y|--");
    static const char *const want[] = {"one", "-", "two", "-F", "--an-option-with-a-long-name=y", "--"};
    assert_int_equal(r->arguments.count, 6);
    for (int i = 0; i < 6; i++) assert_string_equal(r->arguments.operands[i], want[i]);
    assert_int_equal(r->settings.tags.count, 1);
    assert_string_equal(r->settings.tags.items[0], "x");
    assert_false(r->settings.force);
}

static void mistakes_are_explained(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"--treshold=1|a", "unknown option '--treshold'; did you mean '--threshold'?"},
        {"--thresh|a", "unknown option '--thresh'; did you mean '--threshold'?"},
        {"--hepl", "unknown option '--hepl'; did you mean '--help'?"},
        {"--xyzzy", "unknown option '--xyzzy'"},
        {"-x", "unknown option '-x'"},
        {"--threshold=0.5x|a", "--threshold: expected a number from 0 to 1, got '0.5x'"},
        {"--threshold=nan|a", "--threshold: expected a number from 0 to 1, got 'nan'"},
        {"--threshold=inf|a", "--threshold: expected a number from 0 to 1, got 'inf'"},
        {"--threshold=0x1p-1|a", "--threshold: expected a number from 0 to 1, got '0x1p-1'"},
        {"--threshold= 0.5|a", "--threshold: expected a number from 0 to 1, got ' 0.5'"},
        {"--threshold=0,5|a", "--threshold: expected a number from 0 to 1, got '0,5'"},
        {"--threshold=|a", "--threshold: expected a number from 0 to 1, got ''"},
        {"--threshold=1.01|a", "--threshold: expected a number from 0 to 1, got '1.01'"},
        {"--threshold=1e999|a", "--threshold: expected a number from 0 to 1, got '1e999'"},
        {"-t|-1|a", "-t (--threshold): expected a number from 0 to 1, got '-1'"},
        {"-t", "-t (--threshold): expected a number from 0 to 1, got nothing"},
        {"-j0|a", "-j (--threads): expected a whole number from 1 to 256, got '0'"},
        {"-j1.0|a", "-j (--threads): expected a whole number from 1 to 256, got '1.0'"},
        {"-j99999999999999999999|a",
         "-j (--threads): expected a whole number from 1 to 256, got '99999999999999999999'"},
        {"-f|json", "-f (--format): expected one of table, ndjson, coco, got 'json'; did you mean 'ndjson'?"},
        {"--quiet=yes", "--quiet: takes no value, got 'yes'"},
        {"--help=yes", "--help: takes no value, got 'yes'"},
        {"--output", "--output: expected FILE, got nothing"},
        {"--new\nline", "unknown option '--new\\x0aline'"},
        {"", "no INPUT given"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct run *r = run(cases[i][0]);
        char want[512];
        snprintf(want, sizeof want, "tool: %s\nTry 'tool --help' for more.\n", cases[i][1]);
        assert_string_equal(r->err, want);
        assert_int_equal(r->code, DUET_EXIT_USAGE);
        assert_string_equal(r->out, "");
    }
}

static void repeated_values_have_a_limit(void **state)
{
    (void)state;
    struct settings settings = {0};
    struct duet_arguments arguments;
    char *argv[DUET_OPTION_STRINGS_MAX + 3];
    char name[] = "tool", option[] = "--an-option-with-a-long-name=x", operand[] = "a";
    argv[0] = name;
    for (int i = 1; i <= DUET_OPTION_STRINGS_MAX; i++) argv[i] = option;
    argv[DUET_OPTION_STRINGS_MAX + 1] = operand;
    argv[DUET_OPTION_STRINGS_MAX + 2] = NULL;
    int argc = DUET_OPTION_STRINGS_MAX + 2;
    assert_int_equal(duet_options_parse(&program, argc, argv, &settings, &arguments), DUET_GO_ON);
    assert_int_equal(settings.tags.count, DUET_OPTION_STRINGS_MAX);
    /* `argv` is permuted now: the operand stands first, one more option after it. */
    argv[1] = option;
    FILE *err = tmpfile();
    char text[512];
    int kept = catch_stream(2, err);
    settings.tags.count = 1;
    int code = duet_options_parse(&program, argc, argv, &settings, &arguments);
    release_stream(2, kept, err, text, sizeof text);
    assert_int_equal(code, DUET_EXIT_USAGE);
    assert_non_null(strstr(text, "given more than 64 times"));
}

static void help_fits_the_screen_and_shows_defaults(void **state)
{
    (void)state;
    struct run *r = run("--quiet|-h");
    assert_int_equal(r->code, 0);
    assert_string_equal(r->err, "");
    int column = 0;
    for (const char *p = r->out; *p; p++) {
        column = *p == '\n' ? 0 : column + 1;
        if (column > 80) fail_msg("a line of --help is too long: %s", r->out);
    }
    static const char *const parts[] = {
        "Usage: tool [OPTION]... INPUT...\n  or:  tool [OPTION]... --list\n",
        "\nWhat to look for:\n  -t, --threshold X         keep what scores above X [0.5]\n",
        "  -j, --threads N           work on N",
        "mean in a text long enough to be wrapped [number of\n                            CPUs]\n",
        "  -f, --format NAME         how to print [table]\n",
        "  -o, --output FILE         write to FILE [stdout]\n",
        "\n      --an-option-with-a-long-name TAG\n                            collects\n",
        "  -q, --quiet               say nothing but results\n",
        "  -h, --help                print this and exit\n",
        "\nExamples:\n  tool a.jpg\n\nExit status:\n  0    done\n",
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (!strstr(r->out, parts[i])) fail_msg("--help lacks '%s':\n%s", parts[i], r->out);
    r = run("--version");
    assert_int_equal(r->code, 0);
    assert_int_equal(strncmp(r->out, "tool (Duet) ", 12), 0);
}

static void help_that_cannot_be_written_is_an_error(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w"), *err = tmpfile();
    if (!full) skip();
    struct settings settings = {0};
    struct duet_arguments arguments;
    char name[] = "tool", option[] = "--help", *argv[] = {name, option, NULL}, text[512], nothing[2];
    int kept_err = catch_stream(2, err), kept_out = catch_stream(1, full);
    int code = duet_options_parse(&program, 2, argv, &settings, &arguments);
    release_stream(1, kept_out, full, nothing, sizeof nothing);
    release_stream(2, kept_err, err, text, sizeof text);
    clearerr(stdout);
    assert_int_equal(code, DUET_EXIT_FATAL);
    assert_non_null(strstr(text, "cannot write"));
}

/* --- commands ----------------------------------------------------------------------------------------- */

static int fetch(int argc, char **argv)
{
    static const struct duet_option none[] = {DUET_OPTIONS_END};
    static const struct duet_program me = {
        .name = "tool fetch", .synopsis = "NAME", .options = none, .max_operands = 1};
    struct duet_arguments arguments;
    int code = duet_options_parse(&me, argc, argv, NULL, &arguments);
    return code == DUET_GO_ON ? 40 + arguments.count : code;
}

static int parse_commands(struct run *r, int argc)
{
    static const struct duet_command commands[] = {{"fetch", "get it", fetch}, {NULL, NULL, NULL}};
    static const struct duet_program tool = {
        .name = "tool", .synopsis = "COMMAND [OPTION]...", .commands = commands};
    return duet_commands_run(&tool, argc, r->argv);
}

static void commands_have_tables_of_their_own(void **state)
{
    (void)state;
    assert_int_equal(run_with(parse_commands, "fetch")->code, 40);
    assert_int_equal(run_with(parse_commands, "fetch|x")->code, 41);
    struct run *r = run_with(parse_commands, "fetch|x|y");
    assert_int_equal(r->code, DUET_EXIT_USAGE);
    assert_string_equal(r->err, "tool fetch: unexpected operand 'y'\nTry 'tool fetch --help' for more.\n");
    r = run_with(parse_commands, "fecht");
    assert_string_equal(
        r->err, "tool: unknown command 'fecht'; did you mean 'fetch'?\nTry 'tool --help' for more.\n");
    r = run_with(parse_commands, "");
    assert_string_equal(r->err, "tool: no command given\nTry 'tool --help' for more.\n");
    r = run_with(parse_commands, "--help");
    assert_int_equal(r->code, 0);
    assert_non_null(strstr(r->out, "\nCommands:\n  fetch                     get it\n"));
    char help[sizeof r->out];
    memcpy(help, r->out, sizeof help);
    assert_string_equal(run_with(parse_commands, "help")->out, help);
    assert_non_null(strstr(run_with(parse_commands, "help|fetch")->out, "Usage: tool fetch NAME"));
    assert_int_equal(run_with(parse_commands, "help|me")->code, DUET_EXIT_USAGE);
    assert_non_null(strstr(run_with(parse_commands, "--version")->out, "tool (Duet)"));
    assert_int_equal(run_with(parse_commands, "--quiet")->code, DUET_EXIT_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_spelling_of_an_option_is_read),
        cmocka_unit_test(operands_keep_their_order),
        cmocka_unit_test(mistakes_are_explained),
        cmocka_unit_test(repeated_values_have_a_limit),
        cmocka_unit_test(help_fits_the_screen_and_shows_defaults),
        cmocka_unit_test(help_that_cannot_be_written_is_an_error),
        cmocka_unit_test(commands_have_tables_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
