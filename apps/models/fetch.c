/* models fetch, models import. */
#include "models/commands.h"
#include "models/output.h"
#include "models/ranges.h"
#include "models/sources.h"

#include "cli/model_path.h"
#include "cli/options.h"
#include "cli/process.h"
#include "cli/words.h"
#include "core/fail.h"
#include "core/os.h"
#include "core/text.h"
#include "data/labels/labels.h"
#include "duet/import.h"
#include "heads/kinds.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* --- import --------------------------------------------------------------------------------------------- */

enum labels { LABELS_USUAL, LABELS_COCO, LABELS_VOC, LABELS_NONE };
static const char *const label_sets[] = {"usual", "coco", "voc", "none", NULL};

struct import_settings {
    const char *output, *name, *licence, *address, *training, *not_for, *sha256;
    int labels;
    bool force;
};

static const struct duet_option import_options[] = {
    DUET_OUTPUT('o', "output", "FILE", struct import_settings, output, "write FILE, a safetensors file"),
    DUET_FLAG(0, "force", struct import_settings, force, "replace FILE when it exists"),
    DUET_GROUP("What the source does not say of itself"),
    DUET_STRING(0, "name", "NAME", struct import_settings, name, "what the model is called"),
    DUET_STRING(0, "licence", "SPDX", struct import_settings, licence, "under which licence it comes"),
    DUET_STRING(0, "address", "TEXT", struct import_settings, address, "where it can be had"),
    DUET_STRING(0, "training", "TEXT", struct import_settings, training, "what it was trained on"),
    DUET_STRING(0, "not-for", "SETS", struct import_settings, not_for,
                "data sets that it has seen and is not to be scored on: FOLDER/LIST or the ground truth's file "
                "name, between commas"),
    DUET_CHOICE(0, "labels", "SET", struct import_settings, labels, label_sets,
                "what its classes are called: as coco or voc have it, or none; usual: coco to detect, voc to "
                "segment"),
    DUET_STRING(0, "sha256", "HEX", struct import_settings, sha256,
                "refuse a source with another sha256 (of several files: of all, in order)"),
    DUET_OPTIONS_END};

static const struct duet_program import_program = {
    .name = "models import",
    .synopsis = "SOURCE -o FILE [OPTION]...",
    .summary =
        "Read somebody else's model file and write ours. SOURCE is the model.json of a TF.js graph model "
        "(its shards beside it), a TFLite file (float or 8 bits), a safetensors file with TF-slim names, or a "
        "model of ours, to be written anew; what it is, is decided by content.",
    .options = import_options,
    .min_operands = 1,
    .max_operands = 1,
    .operand = "SOURCE",
    .examples = "  models import coco-ssd/model.json -o my.safetensors --licence Apache-2.0\n"
                "  models import deeplabv3_mnv2_pascal_quant.tflite -o voc.safetensors\n"};

static struct duet_labels labels_of(int set, int usual)
{
    if (set == LABELS_USUAL) set = usual;
    if (set == LABELS_COCO) return duet_labels_coco();
    return set == LABELS_VOC ? duet_labels_voc() : (struct duet_labels){0};
}

static struct duet_labels without_background(struct duet_labels labels)
{
    while (labels.count && labels.items[0].id == 0) {
        labels.items++;
        labels.count--;
    }
    return labels;
}

/* The published model whose source has that sha256, of several the one of that name; NULL: none. */
static const struct model_source *find_by_sha256(const char *sha256, const char *name)
{
    const struct model_source *first = NULL;
    for (const struct model_source *source = model_sources; source->name; source++) {
        if (strcmp(source->source_sha256, sha256) != 0) continue;
        if (name && strcmp(source->name, name) == 0) return source;
        if (!first) first = source;
    }
    return first;
}

/* What was imported in bytes, by the ranges that are known of it. */
static enum duet_status quantize(const struct model_source *source, struct duet_weights **weights,
                                 struct duet_error *error)
{
    struct duet_quantize_options options = DUET_QUANTIZE_OPTIONS;
    struct duet_model *model = NULL;
    struct duet_quantizer *quantizer = NULL;
    if (!models_known_ranges(source->floats_sha256, &options))
        return duet_fail(error, DUET_NOT_FOUND, "%s: its ranges are not known", source->name);
    enum duet_status status = duet_model_of_weights(source->name, *weights, &model, error);
    if (status == DUET_OK) status = duet_quantizer_create(model, &options, &quantizer, error);
    duet_weights_close(weights);
    if (status == DUET_OK) status = duet_quantizer_weights(quantizer, weights, error);
    duet_quantizer_close(&quantizer);
    duet_model_close(&model);
    return status;
}

int models_import(int argc, char **argv)
{
    struct import_settings settings = {.labels = LABELS_USUAL};
    struct duet_arguments arguments;
    int code = duet_options_parse(&import_program, argc, argv, &settings, &arguments);
    if (code != DUET_GO_ON) return code;
    if (!settings.output) return duet_usage_error(&import_program, "no --output given");
    code = models_may_write(&import_program, settings.output, settings.force);
    if (code != DUET_GO_ON) return code;
    const struct model_source *source =
        settings.sha256 ? find_by_sha256(settings.sha256, settings.name) : NULL;
    struct duet_import_options options = {.struct_size = sizeof options,
                                          .name = settings.name,
                                          .address = settings.address,
                                          .licence = settings.licence,
                                          .training = settings.training,
                                          .not_for = settings.not_for ? settings.not_for
                                                     : source         ? source->not_for
                                                                      : NULL,
                                          .sha256 = settings.sha256,
                                          .labels =
                                              without_background(labels_of(settings.labels, LABELS_COCO)),
                                          .segmentation_labels = labels_of(settings.labels, LABELS_VOC)};
    struct duet_error error;
    struct duet_weights *weights = NULL;
    enum duet_status status = duet_model_import(arguments.operands[0], &options, &weights, &error);
    if (status == DUET_OK && source && source->scores)
        status = duet_model_scores_write(weights, source->scores, source->score_count, &error);
    if (status == DUET_OK && source && source->int8_sha256) status = quantize(source, &weights, &error);
    duet_process_catch_signals(); /* no file half written is left behind */
    /* Reading took its time, and the name may be another's by now. */
    if (status == DUET_OK)
        status = duet_output_check(settings.output, settings.force ? DUET_OUTPUT_FORCE : 0, &error);
    if (status == DUET_OK) status = duet_weights_save(weights, settings.output, &error);
    duet_weights_close(&weights);
    if (status != DUET_OK) return duet_fatal(&import_program, &error);
    duet_print_line(stderr, "models import: wrote %s", settings.output);
    return duet_process_exit_code(DUET_EXIT_OK);
}

/* --- fetch ---------------------------------------------------------------------------------------------- */

struct fetch_settings {
    const char *output;
    bool force, update;
};

static const struct duet_option fetch_options[] = {
    DUET_OUTPUT_EITHER('o', "output", "FILE", struct fetch_settings, output, "write FILE",
                .shown = "NAME.safetensors in the folder of models"),
    DUET_FLAG(0, "force", struct fetch_settings, force, "replace FILE when it exists"),
    DUET_FLAG(0, "update", struct fetch_settings, update,
              "replace FILE only when it says less of itself than it would now, or is damaged"),
    DUET_OPTIONS_END};

static const struct duet_program fetch_program = {
    .name = "models fetch",
    .synopsis = "NAME [OPTION]...",
    .summary =
        "Get a published model and make its file. This is the only command that uses the network: first "
        "it looks into the folder $DUET_MIRROR, if that is set. What comes must have the sha256 that "
        "this program was built with.",
    .options = fetch_options,
    .min_operands = 1,
    .max_operands = 1,
    .operand = "NAME",
    .details = "The folder of models is $DUET_MODELS, else models/ of the build that this\n"
               "program sits in, else ~/.local/share/duet/models.\n",
    .examples = "  models fetch ssdlite-coco\n"
                "  DUET_MIRROR=/mnt/downloads models fetch ssdlite-coco --update\n"};

static const struct model_source *find_source(const char *name)
{
    for (const struct model_source *source = model_sources; source->name; source++)
        if (strcmp(source->name, name) == 0) return source;
    return NULL;
}

static int unknown_source(const char *name)
{
    char suggestion[DUET_SUGGESTION];
    duet_suggestion(suggestion, "", name, &model_sources->name, sizeof *model_sources);
    return duet_usage_error(&fetch_program, "unknown model '%s'%s; 'models list' shows what there is", name,
                            suggestion);
}

/* Where the file goes; makes the folder of models when it goes there. */
static enum duet_status target_of(const struct model_source *source, const char *output, char **target,
                                  struct duet_error *error)
{
    char *home = NULL;
    *target = NULL;
    enum duet_status status = DUET_OK;
    if (output) {
        *target = duet_text("%s", output);
    } else {
        status = duet_model_home(&home, error);
        if (status == DUET_OK) status = duet_make_folders(home, error);
        if (status == DUET_OK) *target = duet_text("%s/%s.safetensors", home, source->name);
    }
    free(home);
    if (status == DUET_OK && !*target) status = duet_no_memory(error, NULL, NULL);
    return status;
}

/* Wait for a child, and have it end when a signal says that we are to: it and what it started are a group of
 * their own, which a terminal's Ctrl-C does not reach. */
static enum duet_status wait_for(pid_t child, int *ended, struct duet_error *error)
{
    const struct timespec nap = {.tv_nsec = 20000000};
    bool told = false;
    for (;;) {
        pid_t got = waitpid(child, ended, WNOHANG);
        if (got == child) return DUET_OK;
        if (got < 0 && errno != EINTR) return duet_fail_errno(error, errno, "process %d: lost", (int)child);
        if (duet_interrupted() && !told) told = kill(-child, SIGTERM) == 0;
        nanosleep(&nap, NULL);
    }
}

/* Run a program to its end. Errors: DUET_IO_ERROR (it cannot be started, or failed; then it has said why). */
static enum duet_status run(char *const argv[], int *exit_code, struct duet_error *error)
{
    duet_process_catch_signals();
    pid_t child = fork();
    if (child < 0) return duet_fail_errno(error, errno, "%s: cannot start", argv[0]);
    if (child == 0) {
        duet_process_release_signals();
        setpgid(0, 0);
        execv(argv[0], argv);
        _exit(127);
    }
    setpgid(child, child); /* whoever comes first */
    int ended = 0;
    enum duet_status status = wait_for(child, &ended, error);
    if (status != DUET_OK) return status;
    *exit_code = duet_process_exit_code(WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended));
    if (*exit_code == 127) return duet_fail(error, DUET_IO_ERROR, "%s: cannot start", argv[0]);
    return DUET_OK;
}

/* fetch.sh gets the source and hands it to "models import" of this very program. */
static enum duet_status fetch(const struct model_source *source, const char *target, bool force,
                              int *exit_code, struct duet_error *error)
{
    char *self = duet_program_path(), *script = duet_program_data("fetch.sh");
    enum duet_status status;
    const char *argv[] = {"/bin/sh",
                          script,
                          source->kind,
                          source->address,
                          source->archive,
                          source->archive_sha256,
                          source->member,
                          "--",
                          self,
                          "import",
                          force ? "--force" : "--labels=usual", /* as it is without */
                          "--output",
                          target,
                          "--name",
                          source->name,
                          "--licence",
                          source->licence,
                          "--address",
                          source->homepage,
                          "--training",
                          source->training,
                          "--sha256",
                          source->source_sha256,
                          "--",
                          NULL};
    if (!self || !script)
        status = duet_fail(error, DUET_NOT_FOUND, "cannot find out where this program lies");
    else if (!duet_path_exists(script))
        status = duet_fail(error, DUET_NOT_FOUND, "%s: is not there; it belongs to this program", script);
    else
        status = run((char *const *)(uintptr_t)argv, exit_code, error);
    free(self);
    free(script);
    return status;
}

/* Is a file there that would not come out otherwise? */
static bool is_current(const struct model_source *source, const char *path)
{
    struct duet_model *model = NULL;
    if (duet_model_open(path, &model, NULL) != DUET_OK) return false;
    const struct duet_model_config *config = duet_model_config(model);
    const char *made_of = config->source.sha256, *training = config->training.on,
               *not_for = config->training.not_for;
    struct duet_model_score scores[DUET_MODEL_SCORES];
    bool current = config->revision >= DUET_MODEL_REVISION && made_of &&
                   strcmp(made_of, source->source_sha256) == 0 && training &&
                   strcmp(training, source->training) == 0 &&
                   (!source->int8_sha256 ||
                    (config->data_sha256 && strcmp(config->data_sha256, source->int8_sha256) == 0)) &&
                   strcmp(not_for ? not_for : "", source->not_for ? source->not_for : "") == 0 &&
                   duet_model_scores_read(duet_model_weights(model), scores) == source->score_count;
    duet_model_close(&model);
    return current;
}

int models_fetch(int argc, char **argv)
{
    struct fetch_settings settings = {0};
    struct duet_arguments arguments;
    int code = duet_options_parse(&fetch_program, argc, argv, &settings, &arguments);
    if (code != DUET_GO_ON) return code;
    const struct model_source *source = find_source(arguments.operands[0]);
    if (!source) return unknown_source(arguments.operands[0]);
    struct duet_error error;
    char *target = NULL;
    if (target_of(source, settings.output, &target, &error) != DUET_OK)
        return duet_fatal(&fetch_program, &error);
    code = models_may_write(&fetch_program, target, settings.force || settings.update);
    if (code == DUET_GO_ON && settings.update && is_current(source, target)) {
        fprintf(stderr, "models fetch: %s is up to date\n", target);
        code = DUET_EXIT_OK;
    }
    if (code == DUET_GO_ON && fetch(source, target, settings.force || settings.update, &code, &error) != DUET_OK)
        code = duet_fatal(&fetch_program, &error);
    free(target);
    return code;
}
