/* models quantize. */
#include "models/commands.h"
#include "models/output.h"
#include "models/ranges.h"

#include "cli/budget.h"
#include "cli/compute.h"
#include "cli/console.h"
#include "cli/inputs.h"
#include "cli/model_path.h"
#include "cli/process.h"
#include "core/fail.h"
#include "core/os.h"
#include "core/text.h"
#include "data/moving/frames.h"
#include "duet/quantize.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct settings {
    const char *output, *on, *cpu;
    struct duet_option_strings calibrate, keep;
    struct duet_picture_settings pictures;
    int limit, threads;
    bool force, quiet, null;
    size_t max_memory; /* what the pictures' option means */
};

static const struct duet_option options[] = {
    DUET_OUTPUT('o', "output", "FILE", struct settings, output, "write FILE, a safetensors file"),
    DUET_FLAG(0, "force", struct settings, force, "replace FILE when it exists"),
    DUET_GROUP("What results are like"),
    DUET_STRINGS(
        'c', "calibrate", "PICTURE", struct settings, calibrate,
        "measure them on pictures, videos, folders or an @LIST, which may also follow as further operands; "
        "64 that are like those the model will see are enough"),
    DUET_INT('n', "limit", "N", struct settings, limit, 1, 1000000000, "of those, the first N pictures only",
             .shown = "all"),
    DUET_STRING(0, "on", "TEXT", struct settings, on, "a line for the file: what those pictures are"),
    DUET_STRINGS('k', "keep", "LAYER", struct settings, keep,
                 "LAYER computes in float32 all the same; may be given several times"),
    DUET_FLAG('0', "null", struct settings, null, "paths in @LIST are separated by NUL, not by lines"),
    DUET_PICTURE_OPTIONS(struct settings, pictures),
    DUET_GROUP("Running"),
    DUET_INT('j', "threads", "N", struct settings, threads, 1, 256,
             "use N threads; the file does not depend on it", .shown = "number of CPUs"),
    DUET_FLAG('q', "quiet", struct settings, quiet, "print errors and warnings only"),
    DUET_CPU_OPTION(struct settings, cpu),
    DUET_OPTIONS_END};

static const struct duet_program program = {
    .name = "models quantize",
    .synopsis = "MODEL -o FILE --calibrate PICTURE... [OPTION]...\n"
                "MODEL -o FILE [OPTION]...",
    .summary =
        "Make a model that computes in bytes: weights int8 for each output channel, and for each layer the "
        "range of its results, measured on pictures. Prints how far each layer is from what it was, as "
        "signal to noise in dB: with all before it in bytes, too. Without --calibrate: of a model whose "
        "ranges this program knows.",
    .options = options,
    .min_operands = 1,
    .max_operands = DUET_MANY,
    .operand = "MODEL",
    .details = "6 dB are a bit. What it costs in the end a score tells (evaluate); --keep those\n"
               "layers that lose most, if it is too much.\n",
    .examples = "  models quantize ssdlite-coco -o my-int8.safetensors --calibrate street/\n"
                "  models quantize my.safetensors -o my8.safetensors -c @list -k backbone.conv\n",
    .exit_status = DUET_EXIT_STATUS_BATCH};

/* --- pictures ------------------------------------------------------------------------------------------- */

/* What is done to a picture: duet_quantizer_measure or _compare. */
typedef enum duet_status use_picture(struct duet_quantizer *quantizer, const struct duet_image *image,
                                     const struct duet_run_options *options, struct duet_error *error);

struct work {
    const struct settings *settings;
    struct duet_console console;
    struct duet_pool pool;
    struct duet_inputs inputs;
    bool *failed; /* [inputs.count]: was told */
    size_t failures, done;
    struct duet_quantizer *quantizer;
    struct duet_cancel cancel;
};

static bool enough(const struct work *w, size_t used)
{
    return w->settings->limit > 0 && used >= (size_t)w->settings->limit;
}

/* All frames of an input. A fault of the input is told, and the others go on; *status is what ends it all. */
static void use_input(struct work *w, size_t index, use_picture *use, size_t *used, enum duet_status *status,
                      struct duet_error *error)
{
    struct duet_frames_options how = {.cancelled = duet_process_cancelled};
    struct duet_frames *frames = NULL;
    struct duet_error fault;
    const struct duet_run_options run = {.struct_size = sizeof run, .pool = &w->pool};
    duet_budget_limits(&w->settings->pictures, &how.picture);
    enum duet_status read = duet_input_open(&w->inputs.items[index], &how, &frames, &fault);
    while (read == DUET_OK && *status == DUET_OK && !enough(w, *used) && !duet_interrupted()) {
        struct duet_image image = {0};
        bool more = false;
        read = duet_frames_next(frames, &image, NULL, &more, &fault);
        if (read != DUET_OK || !more) break;
        *status = use(w->quantizer, &image, &run, error);
        duet_image_close(&image);
        *used += *status == DUET_OK;
    }
    duet_frames_close(&frames);
    if (read == DUET_OK || w->failed[index] || duet_interrupted()) return;
    w->failed[index] = true;
    w->failures++;
    duet_console_error(&w->console, "%s", fault.text);
}

static enum duet_status use_all(struct work *w, use_picture *use, struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    size_t used = 0;
    for (size_t i = 0; i < w->inputs.count && status == DUET_OK && !enough(w, used); i++) {
        use_input(w, i, use, &used, &status, error);
        duet_console_progress(&w->console, ++w->done);
        if (duet_interrupted()) return duet_fail(error, DUET_INTERRUPTED, "stopped on request");
    }
    if (status == DUET_OK && used == 0)
        status = duet_fail(error, DUET_NOT_FOUND, "none of %zu inputs is a picture that can be read",
                           w->inputs.count);
    return status;
}

/* --- what came out -------------------------------------------------------------------------------------- */

static void print_layer(const struct duet_quantized_layer *layer)
{
    char sqnr[32] = "", range[64] = "";
    if (isfinite(layer->sqnr)) snprintf(sqnr, sizeof sqnr, "%.1f", layer->sqnr);
    if (layer->range.scale > 0)
        snprintf(range, sizeof range, "%13.9g %5d %13.6g", (double)layer->range.scale,
                 layer->range.zero_point, layer->mean);
    duet_print_line(stdout, "%-34s %7s %33s%s", layer->name, sqnr, range, layer->kept ? "   float32" : "");
}

/* Marked are those that were named before. */
static void print_worst(struct duet_quantized_layer *layers, int count)
{
    enum { NAMED = 3 };
    const char *between = "\nlowest signal to noise: ";
    for (int k = 0; k < NAMED; k++) {
        struct duet_quantized_layer *worst = NULL;
        for (int i = 0; i < count; i++)
            if (isfinite(layers[i].sqnr) && !layers[i].kept && (!worst || layers[i].sqnr < worst->sqnr))
                worst = &layers[i];
        if (!worst) return;
        printf("%s%s (%.1f dB)", between, worst->name, worst->sqnr);
        between = ", ";
        worst->sqnr = (double)NAN;
    }
    printf("; --keep LAYER computes one in float32\n");
}

static enum duet_status print_layers(const struct duet_quantizer *q, struct duet_error *error)
{
    int count = duet_quantizer_layer_count(q);
    struct duet_quantized_layer *layers = calloc((size_t)count, sizeof *layers);
    if (!layers) return duet_no_memory(error, NULL, "for the layers");
    enum duet_status status = DUET_OK;
    printf("%-34s %7s %13s %5s %13s\n", "layer", "SQNR/dB", "scale", "zero", "mean");
    for (int i = 0; status == DUET_OK && i < count; i++) {
        layers[i].struct_size = sizeof layers[i];
        status = duet_quantizer_layer(q, i, &layers[i], error);
        if (status == DUET_OK) print_layer(&layers[i]);
    }
    if (status == DUET_OK) print_worst(layers, count);
    free(layers);
    if (status == DUET_OK && (fflush(stdout) != 0 || ferror(stdout)))
        status = duet_fail_errno(error, errno, "cannot write to standard output");
    return status;
}

/* --- the command ---------------------------------------------------------------------------------------- */

/* --calibrate's, then further operands. */
static enum duet_status find_pictures(struct work *w, const struct duet_arguments *arguments,
                                      struct duet_error *error)
{
    const struct duet_option_strings *given = &w->settings->calibrate;
    const struct duet_inputs_options how = {.null = w->settings->null};
    size_t count = given->count + (size_t)arguments->count - 1;
    char **operands = calloc(count + 1, sizeof *operands);
    if (!operands) return duet_no_memory(error, NULL, "for inputs");
    for (size_t i = 0; i < count; i++)
        operands[i] =
            i < given->count ? (char *)(uintptr_t)given->items[i] : arguments->operands[i - given->count + 1];
    enum duet_status status = duet_inputs_find(operands, (int)count, &how, &w->inputs, error);
    free(operands);
    if (status == DUET_OK) w->failed = calloc(w->inputs.count + 1, sizeof *w->failed);
    if (status == DUET_OK && !w->failed) status = duet_no_memory(error, NULL, "for inputs");
    for (size_t i = 0; status == DUET_OK && i < w->inputs.count; i++) {
        const struct duet_input *input = &w->inputs.items[i];
        const bool is_stdin = strcmp(input->path, "-") == 0;
        if (is_stdin || (input->fault == DUET_INPUT_FINE && duet_path_is_special(input->path)))
            status = duet_fail(error, DUET_UNSUPPORTED, "%s: pictures are read twice, and that cannot",
                               is_stdin ? "standard input" : input->shown);
    }
    return status;
}

static enum duet_status create(struct work *w, const struct duet_model *model, struct duet_error *error)
{
    const struct settings *s = w->settings;
    const struct duet_model_config *config = duet_model_config(model);
    struct duet_quantize_options o = DUET_QUANTIZE_OPTIONS;
    o.cpu = s->cpu;
    o.keep = s->keep.items;
    o.keep_count = (int)s->keep.count;
    o.calibration.on = s->on;
    o.max_memory = s->max_memory;
    if (s->calibrate.count == 0 && !models_known_ranges(config->data_sha256, &o))
        return duet_fail(
            error, DUET_UNSUPPORTED,
            "the ranges of this model's results are not known: --calibrate PICTURE... measures them");
    return duet_quantizer_create(model, &o, &w->quantizer, error);
}

static enum duet_status calibrate(struct work *w, const struct duet_arguments *arguments,
                                  struct duet_error *error)
{
    enum duet_status status = find_pictures(w, arguments, error);
    duet_console_begin(&w->console, 2 * w->inputs.count);
    if (status == DUET_OK) status = use_all(w, duet_quantizer_measure, error);
    if (status == DUET_OK) status = use_all(w, duet_quantizer_compare, error);
    duet_console_clear(&w->console);
    return status;
}

static enum duet_status quantize(struct work *w, const struct duet_arguments *arguments,
                                 struct duet_error *error)
{
    const struct settings *s = w->settings;
    struct duet_model *model = NULL;
    struct duet_weights *weights = NULL;
    char *path = NULL;
    enum duet_status status = duet_model_path(arguments->operands[0], &path, error);
    if (status == DUET_OK) status = duet_model_open(path, &model, error);
    free(path);
    if (status == DUET_OK)
        status = duet_pool_create(s->threads ? s->threads : duet_cpu_count(), &w->pool, error);
    if (status == DUET_OK) status = create(w, model, error);
    if (status == DUET_OK && s->calibrate.count) status = calibrate(w, arguments, error);
    if (status == DUET_OK) status = duet_quantizer_weights(w->quantizer, &weights, error);
    if (status == DUET_OK && !s->quiet) status = print_layers(w->quantizer, error);
    if (status == DUET_OK) status = duet_output_check(s->output, s->force ? DUET_OUTPUT_FORCE : 0, error);
    if (status == DUET_OK) status = duet_weights_save(weights, s->output, error);
    duet_weights_close(&weights);
    duet_model_close(&model);
    return status;
}

static int check_settings(struct settings *settings, const struct duet_arguments *arguments)
{
    if (!settings->output) return duet_usage_error(&program, "no --output given");
    if (arguments->count > 1 && settings->calibrate.count == 0)
        return duet_usage_error(&program, "what is '%s' for? Pictures go with --calibrate",
                                arguments->operands[1]);
    if (settings->calibrate.count == 0)
        duet_options_unused(&program, arguments, "limit,on,null,strict,max-pixels,threads,cpu",
                            "without --calibrate");
    int code = duet_budget_bytes(&program, &settings->pictures, &settings->max_memory);
    return code == DUET_GO_ON ? models_may_write(&program, settings->output, settings->force) : code;
}

int models_quantize(int argc, char **argv)
{
    struct settings settings = {0};
    struct duet_arguments arguments;
    struct duet_error error;
    int code = duet_options_parse(&program, argc, argv, &settings, &arguments);
    if (code == DUET_GO_ON) code = check_settings(&settings, &arguments);
    if (code != DUET_GO_ON) return code;
    struct work w = {.settings = &settings, .pool = duet_pool_single()};
    duet_console_open(&w.console, program.name, settings.quiet, true);
    duet_process_catch_signals();
    enum duet_status status = quantize(&w, &arguments, &error);
    code = w.failures ? DUET_EXIT_SOME_FAILED : DUET_EXIT_OK;
    if (status != DUET_OK)
        code = duet_interrupted() ? DUET_EXIT_OK : duet_fatal(&program, &error);
    else
        duet_console_note(&w.console, "wrote %s", settings.output);
    duet_quantizer_close(&w.quantizer);
    duet_pool_close(&w.pool);
    duet_inputs_close(&w.inputs);
    free(w.failed);
    return duet_process_exit_code(code);
}
