/* models: get, import, show and check model files. */
#include "models/commands.h"
#include "models/sources.h"

#include "cli/model_path.h"
#include "cli/options.h"
#include "cli/process.h"
#include "core/text.h"
#include "duet/model.h"

#include <stdlib.h>

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

static int verify(int argc, char **argv)
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
    code = status == DUET_OK ? duet_flush_stdout(&verify_program) : duet_fatal(&verify_program, &error);
    duet_weights_close(&weights);
    free(path);
    return code;
}

/* --- list ----------------------------------------------------------------------------------------------- */

static const struct duet_program list_program = {
    .name = "models list",
    .synopsis = "",
    .summary = "List the models that 'models fetch' knows, and where those that are here lie."};

/* What is in the file, if one is here. */
static void print_file(const char *name)
{
    char *path = NULL;
    struct duet_model *model = NULL;
    bool here = duet_model_path(name, &path, NULL) == DUET_OK;
    if (here && duet_model_open(path, &model, NULL) == DUET_OK)
        printf("  precision   %s\n", models_precision(duet_model_config(model)));
    duet_print_line(stdout, "  file        %s%s", here ? path : "none yet: models fetch ", here ? "" : name);
    duet_model_close(&model);
    free(path);
}

static int list(int argc, char **argv)
{
    struct duet_arguments arguments;
    int code = duet_options_parse(&list_program, argc, argv, NULL, &arguments);
    if (code != DUET_GO_ON) return code;
    for (const struct model_source *source = model_sources; source->name; source++) {
        printf("%s\n  what        %s\n  licence     %s\n  source      %s\n  trained on  %s\n", source->name,
               source->what, source->licence, source->homepage, source->training);
        print_file(source->name);
    }
    return duet_flush_stdout(&list_program);
}

/* --- models --------------------------------------------------------------------------------------------- */

static const struct duet_command commands[] = {
    {"list", "the models that can be fetched, and where those that are here lie", list},
    {"fetch", "get a model and make its file", models_fetch},
    {"import", "make a model file from somebody else's", models_import},
    {"quantize", "make a model that computes in bytes", models_quantize},
    {"show", "where a model came from, and every layer of it", models_show},
    {"diff", "how far two files of one network are from each other", models_diff},
    {"verify", "check a model file against its sha256", verify},
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
