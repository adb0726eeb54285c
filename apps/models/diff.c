/* models diff. */
#include "models/commands.h"
#include "models/compare.h"
#include "models/input.h"
#include "models/json.h"

#include "cli/model_path.h"
#include "core/fail.h"
#include "core/text.h"
#include "data/moving/frames.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct settings {
    bool json;
    const char *picture;
    int seed;
    struct models_input input;
};

static const struct duet_option options[] = {
    DUET_FLAG(0, "json", struct settings, json, "print one JSON object"),
    DUET_GROUP("What both are run on"),
    DUET_STRING('p', "picture", "FILE", struct settings, picture,
                "this picture, stretched to the input; else random numbers"),
    DUET_INT(0, "seed", "N", struct settings, seed, 0, 1000000000, "of the random numbers"),
    DUET_STRING('s', "size", "N|WxH", struct settings, input.size, "an input of this size",
                .shown = "that of A"),
    DUET_INT(0, "output-stride", "N", struct settings, input.output_stride, 8, 32,
             "input size / feature size: 8, 16 or 32", .shown = "the model's own"),
    DUET_OPTIONS_END};

static const struct duet_program program = {
    .name = "models diff",
    .synopsis = "[OPTION]... A B",
    .summary =
        "Compare two model files of one network, say the original and its quantized twin: every tensor as "
        "the numbers it stands for, and the outputs of both for one input.",
    .options = options,
    .min_operands = 2,
    .max_operands = 2,
    .operand = "model",
    .details = "max |A-B| is the largest difference; SQNR the ratio of the sum of squares of A\n"
               "to that of the differences, in dB: 20 dB more is a tenth of the error.\n",
    .examples = "  models diff deeplabv3-voc my-int8.safetensors\n"
                "  models diff --picture street.jpg a.safetensors b.safetensors\n"};

/* --- printing ------------------------------------------------------------------------------------------ */

/* "38.21", or "equal" where there is no noise. */
static const char *sqnr_text(const struct duet_deviation *d, char text[32])
{
    double sqnr = duet_deviation_sqnr(d);
    if (d->noise == 0) return "equal";
    snprintf(text, 32, "%.2f", sqnr);
    return text;
}

static void print_compared(const struct compared *c, bool stored)
{
    char shape[DUET_SHAPE_TEXT], sqnr[32];
    printf("%-36s %-18s", c->name, duet_shape_text(&c->shape, shape, sizeof shape));
    if (stored) printf(" %-5s %-5s", duet_dtype_name(c->a), duet_dtype_name(c->b));
    printf(" %12.6g %9s", c->deviation.max_abs, sqnr_text(&c->deviation, sqnr));
    if (c->positions)
        printf("   same class at %zu of %zu places (%.2f %%)", c->agreeing, c->positions,
               100.0 * (double)c->agreeing / (double)c->positions);
    putchar('\n');
}

static void print_summary(const struct comparison *comparison)
{
    const struct compared *worst = NULL, *furthest = NULL;
    size_t equal = 0;
    for (size_t i = 0; i < comparison->tensor_count; i++) {
        const struct compared *t = &comparison->tensors[i];
        equal += t->deviation.noise == 0;
        if (!worst || duet_deviation_sqnr(&t->deviation) < duet_deviation_sqnr(&worst->deviation)) worst = t;
        if (!furthest || t->deviation.max_abs > furthest->deviation.max_abs) furthest = t;
    }
    printf("%zu tensors, %zu of them equal", comparison->tensor_count, equal);
    if (worst && equal < comparison->tensor_count)
        printf("; lowest SQNR %.2f dB (%s), largest difference %.6g (%s)",
               duet_deviation_sqnr(&worst->deviation), worst->name, furthest->deviation.max_abs,
               furthest->name);
    putchar('\n');
}

static void print_text(const struct comparison *comparison, const struct settings *settings,
                       const struct compare_options *run, char *const paths[2])
{
    duet_print_line(stdout, "A  %s", paths[0]);
    duet_print_line(stdout, "B  %s", paths[1]);
    printf("\n%-36s %-18s %-5s %-5s %12s %9s\n", "tensor", "shape", "A", "B", "max |A-B|", "SQNR dB");
    for (size_t i = 0; i < comparison->tensor_count; i++) print_compared(&comparison->tensors[i], true);
    print_summary(comparison);
    putchar('\n');
    if (settings->picture)
        duet_print_line(stdout, "both run on %dx%d of %s", run->width, run->height, settings->picture);
    else
        printf("both run on %dx%d of random numbers, seed %d\n", run->width, run->height, settings->seed);
    printf("%-36s %-18s %12s %9s\n", "output", "shape", "max |A-B|", "SQNR dB");
    for (size_t i = 0; i < comparison->output_count; i++) print_compared(&comparison->outputs[i], false);
}

/* JSON knows neither NaN nor infinity: null. */
static void put_number(struct duet_buffer *json, const char *name, double value)
{
    duet_putf(json, ", \"%s\": ", name);
    if (isfinite(value))
        duet_put_double(json, value);
    else
        duet_put(json, "null");
}

static void put_compared(struct duet_buffer *json, const char *name, const struct compared *c, size_t count,
                         bool stored)
{
    duet_putf(json, ",\n  \"%s\": [", name);
    for (size_t i = 0; i < count; i++, c++) {
        models_put_text(json, i ? ",\n    {" : "\n    {", "name", c->name);
        models_put_shape(json, ", ", "shape", &c->shape);
        duet_putf(json, ", \"equal\": %s", c->deviation.noise == 0 ? "true" : "false");
        put_number(json, "max_abs", c->deviation.max_abs);
        put_number(json, "sqnr_db", duet_deviation_sqnr(&c->deviation));
        if (stored)
            duet_putf(json, ", \"a\": \"%s\", \"b\": \"%s\"", duet_dtype_name(c->a), duet_dtype_name(c->b));
        if (c->positions)
            duet_putf(json, ", \"positions\": %zu, \"same_class\": %zu", c->positions, c->agreeing);
        duet_put(json, "}");
    }
    duet_put(json, "]");
}

static bool print_json(const struct comparison *comparison, const struct settings *settings,
                       const struct compare_options *run, char *const paths[2])
{
    struct duet_buffer json = {0};
    models_put_text(&json, "{\n  ", "a", paths[0]);
    models_put_text(&json, ",\n  ", "b", paths[1]);
    duet_putf(&json, ",\n  \"input\": {\"width\": %d, \"height\": %d}", run->width, run->height);
    models_put_text(&json, ",\n  ", "picture", settings->picture);
    duet_putf(&json, ",\n  \"seed\": %d", settings->seed);
    put_compared(&json, "tensors", comparison->tensors, comparison->tensor_count, true);
    put_compared(&json, "outputs", comparison->outputs, comparison->output_count, false);
    duet_put(&json, "\n}");
    return models_print_json(&json);
}

/* --- the command --------------------------------------------------------------------------------------- */

static enum duet_status read_picture(const char *path, struct duet_image *image, struct duet_error *error)
{
    struct duet_frames *frames = NULL;
    bool more = false;
    enum duet_status status = duet_frames_open(path, NULL, &frames, error);
    if (status == DUET_OK) status = duet_frames_next(frames, image, NULL, &more, error);
    duet_frames_close(&frames);
    return status;
}

static enum duet_status diff(char *const paths[2], const struct settings *settings, struct duet_error *error)
{
    struct duet_model *models[2] = {NULL, NULL};
    struct duet_image picture = {0};
    struct comparison comparison = {0};
    struct compare_options run = {.output_stride = settings->input.output_stride,
                                  .seed = (unsigned int)settings->seed};
    enum duet_status status = DUET_OK;
    for (int i = 0; status == DUET_OK && i < 2; i++) status = duet_model_open(paths[i], &models[i], error);
    if (status == DUET_OK && settings->picture) {
        status = read_picture(settings->picture, &picture, error);
        run.picture = &picture;
    }
    if (status == DUET_OK) {
        run.width = duet_model_head(models[0], 0)->input.width;
        run.height = duet_model_head(models[0], 0)->input.height;
        models_input_size(&settings->input, &run.width, &run.height);
        const struct duet_model *const both[2] = {models[0], models[1]};
        const char *const names[2] = {paths[0], paths[1]};
        status = compare_models(both, names, &run, &comparison, error);
    }
    if (status == DUET_OK) {
        if (!settings->json)
            print_text(&comparison, settings, &run, paths);
        else if (!print_json(&comparison, settings, &run, paths))
            status = duet_fail(error, DUET_IO_ERROR, "the comparison cannot be printed");
    }
    comparison_close(&comparison);
    duet_image_close(&picture);
    for (int i = 0; i < 2; i++) duet_model_close(&models[i]);
    return status;
}

int models_diff(int argc, char **argv)
{
    struct settings settings = {.seed = 1};
    struct duet_arguments arguments;
    int code = duet_options_parse(&program, argc, argv, &settings, &arguments);
    if (code == DUET_GO_ON) code = models_input_check(&program, &settings.input);
    if (code != DUET_GO_ON) return code;
    if (settings.picture) duet_options_unused(&program, &arguments, "seed", "with --picture");
    struct duet_error error;
    char *paths[2] = {NULL, NULL};
    enum duet_status status = DUET_OK;
    for (int i = 0; status == DUET_OK && i < 2; i++)
        status = duet_model_path(arguments.operands[i], &paths[i], &error);
    if (status == DUET_OK) status = diff(paths, &settings, &error);
    free(paths[0]);
    free(paths[1]);
    return status == DUET_OK ? duet_flush_stdout(&program) : duet_fatal(&program, &error);
}
