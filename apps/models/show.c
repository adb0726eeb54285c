/* models show. */
#include "models/commands.h"
#include "models/input.h"
#include "models/json.h"

#include "cli/model_path.h"
#include "core/fail.h"
#include "core/text.h"
#include "heads/metadata.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct settings {
    bool json;
    struct models_input input;
    int arch;
    double width;
};

/* The paper's networks, shown without weights. */
static const struct architecture {
    const char *name, *what;
    enum duet_head_kind kind;
    bool atrous_branches;
    const char *paper; /* what the paper says of it */
} architectures[] = {
    {"classifier",
     "MobileNetV2 for ImageNet",
     DUET_CLASSIFIER, false,
     "3.4M parameters (weights alone, cut off), 300M MAdds"},
    {"ssdlite",
     "SSDLite on MobileNetV2 for COCO",
     DUET_SSDLITE, false,
     "4.3M parameters, 0.8B MAdds (of 320x320 pixels and 80 classes)"},
    {"deeplabv3",
     "DeepLabv3 on MobileNetV2 for PASCAL VOC, without atrous branches",
     DUET_DEEPLABV3, false,
     "2.11M parameters, 2.75B MAdds"},
    {"deeplabv3-aspp",
     "DeepLabv3 on MobileNetV2 for PASCAL VOC, with three atrous branches",
     DUET_DEEPLABV3, true,
     "4.52M parameters, 5.8B MAdds (atrous convolutions on maps padded to a multiple of the rate)"},
};

enum { NO_ARCH = 4 }; /* index of "none" below */
static const char *const architecture_names[] = {"classifier",     "ssdlite", "deeplabv3",
                                                 "deeplabv3-aspp", "none",    NULL};

static const struct duet_option options[] = {
    DUET_FLAG(0, "json", struct settings, json, "print one JSON object"),
    DUET_STRING('s', "size", "N|WxH", struct settings, input.size, "count for an input of this size",
                .shown = "the model's own"),
    DUET_INT(0, "output-stride", "N", struct settings, input.output_stride, 8, 32,
             "input size / feature size: 8, 16 or 32", .shown = "the model's own"),
    DUET_GROUP("A network of the paper, without weights"),
    DUET_CHOICE('a', "arch", "NAME", struct settings, arch, architecture_names,
                "show classifier, ssdlite, deeplabv3 or deeplabv3-aspp instead of a model file", .shown = ""),
    DUET_FLOAT('w', "width", "X", struct settings, width, 0.1, 4, "its width multiplier"),
    DUET_OPTIONS_END};

static const struct duet_program program = {
    .name = "models show",
    .synopsis = "[OPTION]... NAME|PATH\n"
                "[OPTION]... --arch NAME",
    .summary =
        "Print where a model came from, and what each of its layers is and costs. Of a safetensors file "
        "that is no model of ours: its tensors.",
    .options = options,
    .max_operands = 1,
    .operand = "model",
    .details = "MAdds are multiply-adds of convolutions; everything else counts 0, as in the\n"
               "paper. Parameters are counted as trained: weights, and for each output channel\n"
               "the scale and shift of its batch normalisation, or its bias. In the file\n"
               "normalisation is folded into weights and one bias a channel; that is the\n"
               "stored count.\n",
    .examples = "  models show ssdlite-coco\n"
                "  models show --json --size 512 ssdlite-coco | jq .madds\n"
                "  models show --arch deeplabv3-aspp --output-stride 8\n"};

/* --- what is shown -------------------------------------------------------------------------------------- */

struct view {
    const char *path;                /* NULL: no file */
    const struct architecture *arch; /* NULL: a file's */
    int output_stride;
    const struct duet_model_config *config;
    const struct duet_weights *weights; /* NULL: none */
    struct duet_network *network;
    struct duet_layer_info *info; /* [layers] */
    int layers, height, width;
    uint64_t madds, parameters, stored;
};

static const char *op_name(enum duet_op op)
{
    static const char *const names[DUET_OP_COUNT] = {
        "input", "conv", "depthwise", "add", "concat", "global_mean", "broadcast", "upsample", "subsample"};
    return names[op];
}

static enum duet_status account(struct view *view, struct duet_error *error)
{
    enum duet_status status = duet_model_network(view->config, view->output_stride, &view->network, error);
    if (status != DUET_OK) return status;
    view->layers = duet_network_layer_count(view->network);
    view->info = calloc((size_t)view->layers, sizeof *view->info);
    if (!view->info) return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for %d layers", view->layers);
    status = duet_network_account(view->network, view->height, view->width, view->info,
                                  sizeof(struct duet_layer_info), error);
    for (int i = 0; status == DUET_OK && i < view->layers; i++) {
        view->madds += view->info[i].madds;
        view->parameters += view->info[i].parameters;
        view->stored += view->info[i].parameters_stored;
    }
    return status;
}

/* --- as text -------------------------------------------------------------------------------------------- */

/* Numbers in thousands are read by people: "12,345,678". */
static const char *grouped(uint64_t value, char text[32])
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%" PRIu64, value), used = 0;
    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0) text[used++] = ',';
        text[used++] = digits[i];
    }
    text[used] = '\0';
    return text;
}

static void print_field(const char *name, const char *value)
{
    duet_print_line(stdout, "  %-14s %s", name, value ? value : "unknown");
}

/* "ssdlite: 90 classes, 80 of them named; on backbone.block13.expand, backbone.conv_1", and what it is fed */
static void print_head(const struct view *view, const struct duet_head *head)
{
    struct duet_buffer text = {0};
    duet_putf(&text, "%s", head->name);
    if (strcmp(head->name, duet_head_kind_name(head->kind)) != 0)
        duet_putf(&text, " (%s)", duet_head_kind_name(head->kind));
    duet_putf(&text, ": %d classes", duet_head_classes(head));
    if (!view->arch) duet_putf(&text, ", %zu of them named", head->labels.count);
    for (int i = 0; i < head->tap_count; i++) {
        duet_put(&text, i ? ", " : "; on ");
        if (head->taps[i].layer)
            duet_put(&text, head->taps[i].layer);
        else
            duet_putf(&text, "stride %d", head->taps[i].stride);
    }
    if (head->kind == DUET_GUIDED) duet_putf(&text, "; reads the boxes of %s", head->config.guided.boxes_of);
    duet_putf(&text, "\n  %-14s made for %d x %d (width x height), %s, output stride %d; x * ", "",
              head->input.width, head->input.height, head->input.resize == DUET_PAD ? "padded" : "stretched",
              head->output_stride);
    duet_put_rounded(&text, head->input.scale, 9);
    duet_putf(&text, " %c ", head->input.shift < 0 ? '-' : '+');
    duet_put_rounded(&text, fabs(head->input.shift), 9);
    printf("  %-14s %.*s\n", "head", (int)text.size, text.data ? text.data : "");
    duet_buffer_close(&text);
}

static void print_network(const struct view *view)
{
    const struct duet_model_config *c = view->config;
    const struct duet_head_input *own = &c->heads[0].input;
    printf("  %-14s mobilenet_v2, width multiplier %g, channels in multiples of %d\n", "backbone",
           c->backbone.width_multiplier, c->backbone.channel_divisor);
    for (int i = 0; i < c->head_count; i++) print_head(view, &c->heads[i]);
    printf("  %-14s %d x %d (width x height)%s, output stride %d%s\n", "counted for", view->width, view->height,
           view->width != own->width || view->height != own->height ? ", as asked" : "", view->output_stride,
           view->output_stride != c->heads[0].output_stride ? ", as asked" : "");
}

/* The types that layers' weights are stored in: "I8 with scales". */
static void print_types(const struct duet_weights *weights)
{
    bool seen[DUET_DTYPE_COUNT] = {false}, scales = false, zero_points = false;
    const char *between = "";
    for (size_t i = 0; i < duet_weights_count(weights); i++) {
        const struct duet_tensor *t = duet_weights_at(weights, i);
        const char *tail = strrchr(t->name, '.');
        if (tail && strcmp(tail, ".weight") == 0) seen[t->dtype] = true;
        scales = scales || strstr(t->name, ".weight.scale");
        zero_points = zero_points || strstr(t->name, ".weight.zero_point");
    }
    printf("  %-14s ", "weights");
    for (enum duet_dtype d = 0; d < DUET_DTYPE_COUNT; d++) {
        if (!seen[d]) continue;
        printf("%s%s", between, duet_dtype_name(d));
        between = ", ";
    }
    printf("%s%s\n", scales ? " with scales" : "", scales && zero_points ? " and zero points" : "");
}

const char *models_precision(const struct duet_model_config *config)
{
    bool may = config->precision != DUET_PRECISION_INT8 && config->quantization.range_count > 0;
    return may ? "float32; int8 with --precision int8" : duet_precision_name(config->precision);
}

/* Which layers have ranges, which do without bytes, and what is known of them. */
static void print_quantization(const struct duet_model_quantization *q)
{
    const struct duet_model_calibration *c = &q->calibration;
    printf("  %-14s ranges of %d layers, rounded as %s\n", "quantization", q->range_count, q->rounding);
    struct duet_buffer text = {0};
    for (int i = 0; i < q->float32_count; i++) duet_putf(&text, "%s%s", i ? ", " : "", q->float32[i]);
    if (q->float32_count) print_field("float32", text.data);
    duet_buffer_close(&text);
    if (!c->pictures && !c->on) return;
    duet_putf(&text, "%d pictures", c->pictures);
    if (c->on) duet_putf(&text, ", %s", c->on);
    if (c->worst) duet_putf(&text, "; lowest signal to noise %.1f dB (%s)", c->worst_sqnr, c->worst);
    print_field("calibration", text.data);
    duet_buffer_close(&text);
}

static void print_origin(const struct view *view)
{
    const struct duet_model_config *c = view->config;
    if (view->arch) {
        printf("%s\n", view->arch->name);
        print_field("what", view->arch->what);
        print_network(view);
        print_field("paper", view->arch->paper);
        return;
    }
    duet_print_line(stdout, "%s", c->source.name ? c->source.name : view->path);
    print_field("file", view->path);
    print_network(view);
    print_types(view->weights);
    print_field("precision", models_precision(c));
    if (c->quantization.rounding) print_quantization(&c->quantization);
    print_field("trained on", c->training.on);
    if (c->training.not_for) print_field("not for", c->training.not_for);
    print_field("licence", c->source.licence);
    print_field("address", c->source.address);
    print_field("source format", c->source.format);
    print_field("source sha256", c->source.sha256);
    print_field("data sha256", c->data_sha256);
}

static void print_layer(const struct view *view, int node)
{
    const struct duet_layer *layer = duet_network_layer(view->network, node);
    const struct duet_layer_info *info = &view->info[node];
    char shape[48], filter[32] = "", madds[32], parameters[32], bytes[32];
    snprintf(shape, sizeof shape, "%zux%zux%zu", info->output.dims[1], info->output.dims[2],
             info->output.dims[3]);
    if (layer->kernel)
        snprintf(filter, sizeof filter, layer->rate > 1 ? "%dx%d/%d rate %d" : "%dx%d/%d", layer->kernel,
                 layer->kernel, layer->stride, layer->rate);
    duet_print_line(stdout, "%-30s %-11s %14s  %-12s %13s %11s %13s", layer->name, op_name(layer->op), shape,
                    filter, grouped(info->madds, madds), grouped(info->parameters, parameters),
                    grouped(info->bytes, bytes));
}

static void print_text(const struct view *view)
{
    char madds[32], parameters[32], stored[32];
    print_origin(view);
    printf("\n%-30s %-11s %14s  %-12s %13s %11s %13s\n", "layer", "op", "output", "kernel/stride", "MAdds",
           "parameters", "output bytes");
    for (int i = 0; i < view->layers; i++) print_layer(view, i);
    printf("\ntotal: %s MAdds (%.3f B), %s parameters (%.2f M), %s stored (%.2f M)\n",
           grouped(view->madds, madds), (double)view->madds / 1e9, grouped(view->parameters, parameters),
           (double)view->parameters / 1e6, grouped(view->stored, stored), (double)view->stored / 1e6);
    printf("MAdds: multiply-adds of convolutions only. Parameters: as trained, with the scale and shift of "
           "each\n"
           "batch normalisation, or the bias. Stored: after folding, with one bias a channel.\n"
           "Output: height x width x channels; bytes as they lie in memory.\n");
}

/* --- as JSON -------------------------------------------------------------------------------------------- */

static void put_layer(struct duet_buffer *json, const struct view *view, int node)
{
    const struct duet_layer *layer = duet_network_layer(view->network, node);
    const struct duet_layer_info *info = &view->info[node];
    const struct duet_shape output = {3, {info->output.dims[1], info->output.dims[2], info->output.dims[3]}};
    models_put_text(json, node ? ",\n    {" : "\n    {", "name", layer->name);
    models_put_text(json, ", ", "op", op_name(layer->op));
    models_put_shape(json, ", ", "output", &output);
    if (layer->kernel)
        duet_putf(json, ", \"kernel\": %d, \"stride\": %d, \"rate\": %d", layer->kernel, layer->stride,
                  layer->rate);
    duet_putf(json,
              ", \"madds\": %" PRIu64 ", \"parameters\": %" PRIu64 ", \"parameters_stored\": %" PRIu64
              ", \"bytes\": %" PRIu64 "}",
              info->madds, info->parameters, info->parameters_stored, info->bytes);
}

/* What the file says of itself, all of it. */
static void put_metadata(struct duet_buffer *json, const struct view *view)
{
    char *made = view->weights ? NULL : duet_metadata_write(view->config, NULL);
    json_t *root = json_loads(made ? made : duet_weights_metadata(view->weights), 0, NULL);
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    if (text)
        duet_put(json, text);
    else
        json->failed = true;
    free(text);
    json_decref(root);
    free(made);
}

static bool print_view_json(const struct view *view)
{
    struct duet_buffer json = {0};
    models_put_text(&json, "{\n  ", "file", view->path);
    duet_putf(&json,
              ",\n  \"input\": {\"width\": %d, \"height\": %d},\n  \"output_stride\": %d,\n"
              "  \"parameters\": %" PRIu64 ",\n  \"parameters_stored\": %" PRIu64 ",\n  \"madds\": %" PRIu64
              ",\n  \"layers\": [",
              view->width, view->height, view->output_stride, view->parameters, view->stored, view->madds);
    for (int i = 0; i < view->layers; i++) put_layer(&json, view, i);
    duet_put(&json, "],\n\"model\": ");
    put_metadata(&json, view);
    duet_put(&json, "\n}");
    return models_print_json(&json);
}

/* --- a file of tensors ---------------------------------------------------------------------------------- */

static bool print_tensors_json(const struct duet_weights *weights, const char *path)
{
    struct duet_buffer json = {0};
    models_put_text(&json, "{\n  ", "file", path);
    duet_put(&json, ",\n  \"model\": null,\n  \"tensors\": [");
    for (size_t i = 0; i < duet_weights_count(weights); i++) {
        const struct duet_tensor *t = duet_weights_at(weights, i);
        models_put_text(&json, i ? ",\n    {" : "\n    {", "name", t->name);
        models_put_text(&json, ", ", "dtype", duet_dtype_name(t->dtype));
        models_put_shape(&json, ", ", "shape", &t->shape);
        duet_putf(&json, ", \"bytes\": %zu}", t->bytes);
    }
    duet_put(&json, "]\n}");
    return models_print_json(&json);
}

static void print_tensors(const struct duet_weights *weights, const char *path)
{
    char shape[DUET_SHAPE_TEXT], bytes[32];
    uint64_t total = 0;
    duet_print_line(stdout, "%s: no \"duet\" metadata, so no model of ours: its tensors", path);
    putchar('\n');
    for (size_t i = 0; i < duet_weights_count(weights); i++) {
        const struct duet_tensor *t = duet_weights_at(weights, i);
        duet_print_line(stdout, "%-60s %-5s %-20s %13s", t->name, duet_dtype_name(t->dtype),
                        duet_shape_text(&t->shape, shape, sizeof shape), grouped(t->bytes, bytes));
        total += t->bytes;
    }
    printf("\ntotal: %zu tensors, %s bytes\n", duet_weights_count(weights), grouped(total, bytes));
}

/* --- the command ---------------------------------------------------------------------------------------- */

static enum duet_status show_view(struct view *view, const struct settings *settings,
                                  struct duet_error *error)
{
    const struct duet_head *first = &view->config->heads[0];
    view->width = first->input.width;
    view->height = first->input.height;
    view->output_stride = settings->input.output_stride ? settings->input.output_stride : first->output_stride;
    models_input_size(&settings->input, &view->width, &view->height);
    enum duet_status status = account(view, error);
    if (status == DUET_OK && !settings->json)
        print_text(view);
    else if (status == DUET_OK && !print_view_json(view))
        status = duet_fail(error, DUET_IO_ERROR, "the description cannot be printed");
    free(view->info);
    duet_network_close(&view->network);
    return status;
}

static enum duet_status show_model(const char *path, const struct settings *settings,
                                   struct duet_error *error)
{
    struct duet_model *model = NULL;
    enum duet_status status = duet_model_open(path, &model, error);
    if (status == DUET_OK) {
        struct view view = {
            .path = path, .config = duet_model_config(model), .weights = duet_model_weights(model)};
        status = show_view(&view, settings, error);
    }
    duet_model_close(&model);
    return status;
}

static enum duet_status show_arch(const struct settings *settings, struct duet_error *error)
{
    struct architecture arch = architectures[settings->arch];
    bool papers = settings->width == 1 && !settings->input.size && settings->input.output_stride == 0;
    struct duet_head head = duet_head_usual(arch.kind);
    if (arch.kind == DUET_DEEPLABV3) head.config.deeplabv3.atrous_branches = arch.atrous_branches;
    const struct duet_model_config config = {
        .backbone = {settings->width, 8}, .heads = &head, .head_count = 1, .source = {.name = arch.name}};
    if (!papers) arch.paper = "does not print this one";
    return show_view(&(struct view){.arch = &arch, .config = &config}, settings, error);
}

static enum duet_status show(const char *path, const struct settings *settings, struct duet_error *error)
{
    struct duet_weights *weights = NULL;
    enum duet_status status = duet_weights_open(path, &weights, error);
    if (status != DUET_OK) return status;
    if (duet_weights_metadata(weights)) {
        status = show_model(path, settings, error);
    } else if (!settings->json) {
        print_tensors(weights, path);
    } else if (!print_tensors_json(weights, path)) {
        status = duet_fail(error, DUET_IO_ERROR, "%s: cannot print its description", path);
    }
    duet_weights_close(&weights);
    return status;
}

/* DUET_GO_ON, or the exit code after a mistake was reported. */
static int check_settings(const struct settings *settings, const struct duet_arguments *arguments)
{
    int code = models_input_check(&program, &settings->input);
    if (code != DUET_GO_ON) return code;
    bool arch = settings->arch != NO_ARCH;
    if (arch && arguments->count)
        return duet_usage_error(&program, "--arch shows a network without a model: what is '%s' for?",
                                arguments->operands[0]);
    if (!arch && arguments->count == 0) return duet_usage_error(&program, "no model given");
    if (!arch && duet_option_given(&program, arguments, "width"))
        return duet_usage_error(&program, "--width goes with --arch: a model has its own");
    return DUET_GO_ON;
}

int models_show(int argc, char **argv)
{
    struct settings settings = {.arch = NO_ARCH, .width = 1};
    struct duet_arguments arguments;
    int code = duet_options_parse(&program, argc, argv, &settings, &arguments);
    if (code == DUET_GO_ON) code = check_settings(&settings, &arguments);
    if (code != DUET_GO_ON) return code;
    struct duet_error error;
    char *path = NULL;
    enum duet_status status;
    if (settings.arch != NO_ARCH) {
        status = show_arch(&settings, &error);
    } else {
        status = duet_model_path(arguments.operands[0], &path, &error);
        if (status == DUET_OK) status = show(path, &settings, &error);
    }
    free(path);
    return status == DUET_OK ? duet_flush_stdout(&program) : duet_fatal(&program, &error);
}
