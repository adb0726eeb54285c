/* evaluate voc: class masks, or a model, against PASCAL VOC's masks. */
#include "evaluate/voc.h"
#include "cli/process.h"
#include "cli/words.h"
#include "evaluate/evaluate.h"
#include "evaluate/output.h"
#include "evaluate/seen.h"

#include "core/fail.h"
#include "core/os.h"
#include "eval/voc/write.h"

#include <stdlib.h>
#include <string.h>

typedef struct evaluate_voc_settings settings_t;

static const struct duet_option options[] = {
    DUET_GROUP("What to score"),
    DUET_STRING('r', "root", "DIR", settings_t, root,
                "the folder with ImageSets, JPEGImages and SegmentationClass (VOCdevkit/VOC2012)"),
    DUET_STRING('l', "list", "NAME", settings_t, list,
                "the images: ImageSets/Segmentation/NAME.txt, or with a '/' in it the path of such a file"),
    DUET_STRING('M', "masks", "DIR", settings_t, masks,
                "score DIR/ID.png: masks as 'segment --masks' writes them"),
    DUET_STRING('m', "model", "NAME", settings_t, segment.model,
                "score a model: a name ('models list') or a path"),
    DUET_STRING(
        0, "class-names", "FILE", settings_t, class_names,
        "the classes that masks tell: a name a line, class 0 first; with --model they must be its own",
        .shown = "the model's; PASCAL VOC's 21 for --masks"),
    DUET_INT('n', "limit", "N", settings_t, limit, 1, 100000000, "only the first N images of the list",
             .shown = "all"),
    DUET_GROUP("How the model is run"),
    DUET_CHOICE('s', "output-stride", "N", settings_t, segment.output_stride, duet_stride_words,
                DUET_STRIDE_HELP),
    DUET_STRING(
        0, "scales", "X,Y", settings_t, segment.scales,
        "mean of the probabilities over these scales; 0.5,0.75,1,1.25,1.5,1.75 is the papers' choice"),
    DUET_FLAG(0, "flip", settings_t, segment.flip, "the same over the mirrored picture"),
    DUET_INT(0, "size", "N", settings_t, segment.size, 33, 8192,
             "side of the network's input: what is larger is scaled down to it, smaller ones are padded",
             .shown = "the model's own"),
    DUET_COMPUTE_OPTIONS(settings_t, compute),
    DUET_GROUP("Scores besides"),
    DUET_STRING('t', "trimap", "W,W", settings_t, trimap,
                "mIOU within W pixels of the truth's boundaries too, for up to 8 widths: 1,3,5"),
    EVALUATE_BOOTSTRAP_OPTIONS(settings_t),
    DUET_GROUP("Results"),
    EVALUATE_RESULT_OPTIONS(settings_t),
    EVALUATE_REPORT_OPTIONS(settings_t),
    EVALUATE_FORCE_OPTION(settings_t),
    DUET_GROUP("Running"),
    EVALUATE_THREADS_OPTION(settings_t),
    DUET_PICTURE_OPTIONS(settings_t, pictures),
    DUET_FLAG('q', "quiet", settings_t, quiet, "no progress"),
    DUET_OPTIONS_END};

static const struct duet_program program = {
    .name = "evaluate voc",
    .synopsis = "--root DIR --list NAME --masks DIR [OPTION]...\n"
                "--root DIR --list NAME --model NAME [OPTION]...",
    .summary = "Compare class masks with those of a folder laid out as PASCAL VOC's: IOU of every class, "
               "their mean (mIOU), accuracies. "
               "Pixels whose truth is 255 (void) are left out.",
    .options = options,
    .max_operands = 0,
    .details = "mIOU is given in two readings: over the classes that are there, in the truth or\n"
               "in the masks; and strictly over all, which is no number when one is absent.\n"
               "A file that is missing or cannot be read is named, left out, and makes the exit\n"
               "code 3. A mask of another size than the truth, or with a value that is no\n"
               "class, is an error: all such are named, and nothing is scored.\n",
    .examples = "  evaluate voc --root VOC2012 --list val --model deeplabv3-voc\n"
                "  segment --masks masks/ VOC2012/JPEGImages/\n"
                "  evaluate voc --root VOC2012 --list val --masks masks/ --trimap 1,3,5\n"
                "  evaluate voc -r VOC2012 -l val -m deeplabv3-voc -n 200 -b 1000 --json voc.json\n",
    .exit_status = "  0    done\n"
                   "  1    nothing was scored (no model, no list, a mask does not fit its truth)\n"
                   "  2    the command line makes no sense, or would overwrite something\n"
                   "  3    scored, but some images could not be read; each is named\n"
                   "  130, 143, 129  stopped by SIGINT, SIGTERM or SIGHUP; nothing was scored\n"};

/* --- the command line --------------------------------------------------------------------------------- */

static int by_width(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* "5,1,3" to 1 3 5 */
static int read_bands(const char *text, int bands[DUET_VOC_MAX_BANDS], size_t *count)
{
    *count = 0;
    for (const char *at = text; at;) {
        const char *comma = strchr(at, ',');
        char *word = comma ? duet_text("%.*s", (int)(comma - at), at) : duet_text("%s", at);
        long long width = 0;
        bool good = word && duet_parse_int(word, &width) && width >= 1 && width <= DUET_VOC_MAX_WIDTH &&
                    *count < DUET_VOC_MAX_BANDS;
        for (size_t i = 0; good && i < *count; i++) good = bands[i] != width;
        free(word);
        if (!good)
            return duet_usage_error(&program,
                                    "--trimap: '%s': expected up to %d different widths from 1 to %d between "
                                    "commas",
                                    text, DUET_VOC_MAX_BANDS, DUET_VOC_MAX_WIDTH);
        bands[(*count)++] = (int)width;
        at = comma ? comma + 1 : NULL;
    }
    qsort(bands, *count, sizeof *bands, by_width);
    return DUET_GO_ON;
}

static int check_settings(const settings_t *settings, const struct duet_arguments *arguments)
{
    static const char *const of_model[] = {"output-stride", "scales", "flip", "size", "precision", "cpu"};
    if (!settings->root) return duet_usage_error(&program, "no --root given");
    if (!settings->list) return duet_usage_error(&program, "no --list given");
    if (!settings->masks == !settings->segment.model)
        return duet_usage_error(&program, "expected one of --masks and --model");
    for (size_t i = 0; settings->masks && i < sizeof of_model / sizeof of_model[0]; i++)
        if (duet_option_given(&program, arguments, of_model[i]))
            return duet_usage_error(&program, "--%s: says how a model is run; --masks are there already",
                                    of_model[i]);
    return evaluate_may_report(&program, settings->report, settings->force);
}

/* --- conditions --------------------------------------------------------------------------------------- */

static const char *scored_id(const void *ctx, size_t index)
{
    return duet_voc_miou_id(ctx, index);
}

static void add_model(struct duet_conditions *c, const struct evaluate_voc_run *run)
{
    const struct duet_segment_settings *s = &run->settings->segment;
    const struct duet_model_config *config = duet_model_config(run->networks->segment_model);
    const struct duet_head *head = duet_model_task_head(run->networks->segment_model, DUET_SEGMENTATION);
    duet_conditions_text(c, "model", s->model);
    duet_conditions_text(c, "model_sha256", config->data_sha256);
    duet_conditions_text(c, "model_source_sha256", config->source.sha256);
    duet_conditions_text(c, "model_trained_on", config->training.on);
    duet_conditions_text(c, "model_not_for", config->training.not_for);
    duet_conditions_text(c, "precision", duet_precision_name(duet_runner_precision(run->networks->masks)));
    duet_conditions_text(c, "resize", duet_resize_name(head->input.resize));
    duet_conditions_number(c, "input_size", s->size > 0 ? s->size : head->input.width);
    int stride = duet_segment_stride(s->output_stride);
    duet_conditions_number(c, "output_stride", stride ? stride : head->output_stride);
    duet_conditions_number(c, "output_stride_of_the_model", head->output_stride);
    duet_conditions_text(c, "scales", s->scales);
    duet_conditions_flag(c, "flip", s->flip);
}

static void fill_conditions(struct duet_conditions *c, const struct evaluate_voc_run *run)
{
    char hash[DUET_LIST_HASH];
    duet_conditions_text(c, "data", run->settings->root);
    duet_conditions_text(c, "list", run->settings->list);
    duet_conditions_number(c, "images", (double)duet_voc_miou_count(run->miou));
    duet_conditions_number(c, "images_left_out",
                           (double)(duet_voc_list_count(run->list) - duet_voc_miou_count(run->miou)));
    duet_conditions_number(c, "images_failed", (double)run->failed);
    duet_list_hash(duet_voc_miou_count(run->miou), scored_id, run->miou, hash);
    duet_conditions_text(c, "images_sha256", hash);
    if (run->networks)
        add_model(c, run);
    else
        duet_conditions_text(c, "masks", run->settings->masks);
    if (run->settings->class_names) duet_conditions_text(c, "class_names", run->settings->class_names);
    duet_conditions_text(c, "version", DUET_VERSION);
}

/* --- running ------------------------------------------------------------------------------------------ */

/* JSON, CSV, report, table. */
static int write_all(struct evaluate_voc_run *run, struct duet_error *error)
{
    const settings_t *s = run->settings;
    struct duet_conditions conditions = {0};
    fill_conditions(&conditions, run);
    const struct duet_voc_outcome outcome = {.miou = run->miou,
                                             .bands = run->bands,
                                             .band_count = run->band_count,
                                             .replicates = (size_t)s->bootstrap,
                                             .seed = (uint64_t)s->seed,
                                             .conditions = &conditions};
    struct duet_voc_summary *summary = malloc(sizeof *summary);
    bool taken;
    enum duet_status status = summary && !conditions.failed ? duet_voc_summarize(&outcome, summary, error)
                                                            : duet_no_memory(error, NULL, "for the scores");
    int code = status == DUET_OK ? DUET_GO_ON : evaluate_failed(run->console, error);
    if (code == DUET_GO_ON) {
        const struct evaluate_text texts[] = {{s->json, s->json ? duet_voc_json(summary) : NULL},
                                              {s->csv, s->csv ? duet_voc_csv(summary) : NULL}};
        code = evaluate_write_texts(run->console, texts, 2, s->force, &taken);
    }
    if (code == DUET_GO_ON && s->report && evaluate_voc_report(run, summary, error) != DUET_OK)
        code = evaluate_failed(run->console, error);
    if (code == DUET_GO_ON && !taken)
        code = evaluate_write(run->console, "-", duet_voc_table(summary), false);
    free(summary);
    duet_conditions_close(&conditions);
    return code;
}

static int score(struct evaluate_voc_run *run)
{
    struct duet_error error;
    bool interrupted;
    enum duet_status status = duet_voc_miou_create(run->classes, &run->miou, &error);
    if (status == DUET_OK) status = evaluate_voc_run(run, &interrupted, &error);
    if (status != DUET_OK) return evaluate_failed(run->console, &error);
    if (interrupted) {
        duet_console_error(run->console, "interrupted: nothing was scored");
        return duet_process_exit_code(DUET_EXIT_OK);
    }
    size_t scored = duet_voc_miou_count(run->miou);
    if (run->wrong > 0 || scored == 0) {
        duet_console_error(run->console,
                           "nothing was scored: of %zu images %zu could not be read, and %zu "
                           "masks do not fit their truth",
                           run->count, run->failed, run->wrong);
        return DUET_EXIT_FATAL;
    }
    int code = write_all(run, &error);
    if (code != DUET_GO_ON) return code;
    if (run->failed == 0) return DUET_EXIT_OK;
    duet_console_error(run->console, "%zu of %zu images could not be read: the scores are of the other %zu",
                       run->failed, run->count, scored);
    return DUET_EXIT_SOME_FAILED;
}

/* The list, and the model or the folder of masks. */
static int prepare(struct evaluate_voc_run *run, struct duet_voc_list **list)
{
    const settings_t *s = run->settings;
    struct duet_error error;
    if (duet_voc_list_open(s->root, DUET_VOC_SEGMENTATION, s->list, list, &error) != DUET_OK)
        return evaluate_failed(run->console, &error);
    run->list = *list;
    run->count = duet_voc_list_count(*list);
    if (s->limit > 0 && run->count > (size_t)s->limit) run->count = (size_t)s->limit;
    if (s->masks && !duet_path_is_folder(s->masks)) {
        duet_console_error(run->console, "--masks: %s: no such folder", s->masks);
        return DUET_EXIT_FATAL;
    }
    int code =
        s->masks ? DUET_GO_ON
                 : duet_networks_open(run->networks, &program, NULL, &s->segment, &s->pictures, &s->compute);
    if (code == DUET_GO_ON && !s->masks)
        evaluate_warn_seen(run->console, run->networks->segment_model, s->root, s->list);
    return code == DUET_GO_ON ? evaluate_voc_classes(run) : code;
}

int evaluate_voc(int argc, char **argv)
{
    settings_t settings = {.segment = DUET_SEGMENT_DEFAULTS, .shown = 6};
    struct duet_arguments arguments;
    struct duet_networks networks = {0};
    struct duet_voc_list *list = NULL;
    struct duet_console console;
    int bands[DUET_VOC_MAX_BANDS];
    struct evaluate_voc_run run = {.settings = &settings, .bands = bands, .console = &console};
    settings.segment.model = NULL;
    settings.segment.confidence = false;
    int code = duet_options_parse(&program, argc, argv, &settings, &arguments);
    if (code == DUET_GO_ON) code = check_settings(&settings, &arguments);
    if (code == DUET_GO_ON) code = read_bands(settings.trimap, bands, &run.band_count);
    if (code != DUET_GO_ON) return code;
    run.networks = settings.segment.model ? &networks : NULL;
    duet_console_open(&console, program.name, settings.quiet, false);
    code = prepare(&run, &list);
    if (code == DUET_GO_ON) code = score(&run);
    duet_voc_miou_close(&run.miou);
    evaluate_voc_names_close(&run.names);
    duet_networks_close(&networks);
    duet_voc_list_close(&list);
    return code;
}
