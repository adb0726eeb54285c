/* models: get, import, show and check model files. */
#include "models/models.h"

#include "cli/model_path.h"
#include "cli/process.h"
#include "cli/words.h"
#include "core/os.h"
#include "core/text.h"
#include "data/json/text.h"
#include "duet/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int models_failed(const struct duet_program *program, const struct duet_error *error)
{
    fprintf(stderr, "%s: %s\n", program->name, error->text);
    return DUET_EXIT_FATAL;
}

int models_may_write(const struct duet_program *program, const char *path, bool force)
{
    if (strcmp(path, "-") == 0) return duet_usage_error(program, "--output: expected a file, got '-'");
    struct duet_error error;
    enum duet_status status = duet_output_check(path, force ? DUET_OUTPUT_FORCE : 0, &error);
    if (status == DUET_EXISTS) return duet_usage_error(program, "%s; --force replaces it", error.text);
    return status == DUET_OK ? DUET_GO_ON : models_failed(program, &error);
}

bool models_parse_size(const char *text, int *width, int *height)
{
    char first[16];
    size_t n = strcspn(text, "x");
    long long w, h;
    if (n >= sizeof first) return false;
    memcpy(first, text, n);
    first[n] = '\0';
    if (!duet_parse_int(first, &w) || !duet_parse_int(text[n] ? text + n + 1 : first, &h)) return false;
    if (w < 1 || h < 1 || w > 8192 || h > 8192) return false;
    *width = (int)w;
    *height = (int)h;
    return true;
}

void models_put_text(struct duet_buffer *json, const char *name, const char *value)
{
    duet_putf(json, "\"%s\": ", name);
    if (value)
        duet_put_json_string(json, value);
    else
        duet_put(json, "null");
}

void models_put_shape(struct duet_buffer *json, const char *name, const struct duet_shape *shape)
{
    duet_putf(json, "\"%s\": [", name);
    for (int i = 0; i < shape->rank; i++) duet_putf(json, i ? ", %zu" : "%zu", shape->dims[i]);
    duet_put(json, "]");
}

bool models_print_json(struct duet_buffer *json)
{
    duet_put(json, "\n");
    bool printed = !json->failed && fwrite(json->data, 1, json->size, stdout) == json->size;
    duet_buffer_close(json);
    return printed;
}

/* --- verify --------------------------------------------------------------------------------------------- */

static const struct duet_program verify_program = {
    .name = "models verify",
    .synopsis = "NAME|PATH",
    .summary = "Recompute the sha256 of a model file's data and compare it with the one it was written with.",
    .min_operands = 1,
    .max_operands = 1,
    .operand = "model",
    .exit_status = "  0    the file is what it was\n"
                   "  1    it is not, or cannot be read; the reason is on standard error\n"
                   "  2    the command line makes no sense\n"};

int models_verify(int argc, char **argv)
{
    struct duet_arguments arguments;
    int code = duet_options_parse(&verify_program, argc, argv, NULL, &arguments);
    if (code != DUET_GO_ON) return code;
    struct duet_error error;
    struct duet_weights *weights = NULL;
    char *path = NULL, hex[65];
    enum duet_status status = duet_model_path(arguments.operands[0], &path, &error);
    if (status == DUET_OK) status = duet_weights_open(path, &weights, &error);
    if (status == DUET_OK) {
        status = duet_weights_verify(weights, hex, &error);
        if (status != DUET_OK) duet_print_line(stderr, "models verify: %s:", path);
    }
    if (status == DUET_OK) duet_print_line(stdout, "ok  %s  %s", hex, path);
    code = status == DUET_OK ? duet_flush_stdout(&verify_program) : models_failed(&verify_program, &error);
    duet_weights_close(&weights);
    free(path);
    return code;
}

/* --- list ----------------------------------------------------------------------------------------------- */

static const struct duet_program list_program = {
    .name = "models list",
    .synopsis = "",
    .summary = "List the models that 'models fetch' knows, and where those that are here lie."};

int models_list(int argc, char **argv)
{
    struct duet_arguments arguments;
    int code = duet_options_parse(&list_program, argc, argv, NULL, &arguments);
    if (code != DUET_GO_ON) return code;
    for (const struct model_source *source = model_sources; source->name; source++) {
        char *path = NULL;
        bool here = duet_model_path(source->name, &path, NULL) == DUET_OK;
        printf("%s\n  what        %s\n  licence     %s\n  source      %s\n  trained on  %s\n", source->name,
               source->what, source->licence, source->homepage, source->training);
        duet_print_line(stdout, "  file        %s%s", here ? path : "none yet: models fetch ",
                        here ? "" : source->name);
        free(path);
    }
    return duet_flush_stdout(&list_program);
}

/* --- models --------------------------------------------------------------------------------------------- */

static const struct duet_command commands[] = {
    {"list", "the models that can be fetched, and where those that are here lie", models_list},
    {"fetch", "get a model and make its file", models_fetch},
    {"import", "make a model file from somebody else's", models_import},
    {"show", "where a model came from, and every layer of it", models_show},
    {"diff", "how far two files of one network are from each other", models_diff},
    {"verify", "check a model file against its sha256", models_verify},
    {0}};

static const struct duet_program program = {
    .name = "models",
    .synopsis = "COMMAND [OPTION]...",
    .summary = "Get, import, show, compare and check the model files that the other programs work with.",
    .commands = commands,
    .details = "A model is a PATH or a NAME; NAME.safetensors is looked for in $DUET_MODELS, in\n"
               "the build's models/, in the user's and in the system's share/duet/models.\n"
               "'models COMMAND --help' tells about a command.\n",
    .examples = "  models fetch ssdlite-coco\n"
                "  models show ssdlite-coco\n"};

int main(int argc, char **argv)
{
    duet_process_start();
    return duet_commands_run(&program, argc, argv);
}
