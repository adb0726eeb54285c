#include "core/abi.h"
#include "core/checked.h"
#include "core/fail.h"
#include "core/os.h"
#include "network/kernels.h"
#include "network/steps.h"

#include <stdlib.h>
#include <string.h>

static enum duet_status copy_end(struct compiled_end *ends, int *count, const char *name, duet_node node,
                                 struct duet_error *error)
{
    char *copy = strdup(name);
    if (!copy) return duet_no_memory(error, NULL, "for a network");
    ends[(*count)++] = (struct compiled_end){copy, node};
    return DUET_OK;
}

/* What outlives the description, whose names may be gone. */
static enum duet_status copy_layers(const struct duet_network *network, struct duet_compiled *c,
                                    struct duet_error *error)
{
    size_t n = (size_t)network->layer_count;
    enum duet_status status = DUET_OK;
    c->layers = calloc(n, sizeof *c->layers);
    c->inputs = calloc(n, sizeof *c->inputs);
    c->outputs = calloc((size_t)network->output_count + 1, sizeof *c->outputs);
    c->kernel_names = calloc((size_t)c->plan.step_count + 1, sizeof *c->kernel_names);
    if (!c->layers || !c->inputs || !c->outputs || !c->kernel_names)
        return duet_no_memory(error, NULL, "for a network");
    c->layer_count = network->layer_count;
    for (int i = 0; status == DUET_OK && i < c->layer_count; i++) {
        c->layers[i] = network->layers[i];
        c->layers[i].name = NULL;
        if (c->layers[i].op == DUET_OP_INPUT && c->plan.needed[i])
            status = copy_end(c->inputs, &c->input_count, network->layers[i].name, i, error);
    }
    for (int i = 0; status == DUET_OK && i < network->output_count; i++)
        if (c->plan.wanted[i])
            status = copy_end(c->outputs, &c->output_count, network->outputs[i].name,
                              duet_plan_output(network, &c->plan, i), error);
    return status;
}

static const struct duet_compile_options defaults = DUET_COMPILE_OPTIONS;

static char *kernel_name(const struct duet_compiled *c, const struct step *step)
{
    const char *level = c->kernels.level, *type = step->dtype == DUET_U8 ? "u8" : "f32";
    switch (step->kind) {
    case STEP_CONV:
        return duet_text("conv%dx%d_%s %s", c->layers[step->project].kernel, c->layers[step->project].kernel,
                         type, level);
    case STEP_DEPTHWISE:
        return duet_text("depthwise3x3_%s %s", type, level);
    case STEP_SEPARABLE:
        return step->by_channels
                   ? duet_text("separable_%s %s, %zu channels at a time", type, level, step->chunk)
                   : duet_text("separable_%s %s, %zu rows, %zu channels", type, level, step->strip_rows,
                               step->chunk);
    default:
        return duet_text("%s", duet_plain_step(step)->kernel);
    }
}

enum duet_status duet_network_account(const struct duet_network *network, int height, int width,
                                      struct duet_layer_info *info, size_t info_size,
                                      struct duet_error *error)
{
    DUET_NEEDS(network, error);
    DUET_NEEDS(info, error);
    const size_t known = sizeof *info < info_size ? sizeof *info : info_size;
    const struct duet_compile_options options = {.height = height, .width = width};
    struct plan plan;
    enum duet_status status = duet_plan_begin(network, &options, true, &plan, error);
    for (int i = 0; status == DUET_OK && i < network->layer_count; i++) {
        char *to = (char *)info + (size_t)i * info_size;
        memset(to, 0, info_size);
        memcpy(to, &plan.info[i], known);
    }
    duet_plan_close(&plan);
    return status;
}

enum duet_status duet_network_memory(const struct duet_network *network,
                                     const struct duet_compile_options *given, struct duet_memory *memory,
                                     struct duet_error *error)
{
    DUET_NEEDS(memory, error);
    struct duet_memory found = DUET_MEMORY;
    struct duet_compile_options options;
    struct plan plan;
    enum duet_status status = duet_options_copy(&options, sizeof options, &defaults, given, "compile options", error);
    if (status == DUET_OK) status = duet_plan_create(network, &options, &plan, error);
    if (status != DUET_OK) return status;
    found.session_bytes = plan.arena_bytes;
    found.thread_bytes = plan.scratch_bytes;
    duet_plan_close(&plan);
    return duet_info_fill(memory, &found, sizeof found, "memory", error);
}

enum duet_status duet_check_memory(const struct plan *plan, size_t threads, size_t max_memory,
                                   struct duet_error *error)
{
    const size_t *input = plan->info[0].output.dims;
    size_t bytes = SIZE_MAX;
    if (duet_mul_size(plan->scratch_bytes, threads, &bytes) &&
        duet_add_size(bytes, plan->arena_bytes, &bytes) && bytes <= max_memory)
        return DUET_OK;
    return duet_fail(error, DUET_TOO_LARGE,
                     "the network for an input of %zux%zu needs %zu bytes of memory, %zu are allowed",
                     input[2], input[1], bytes, max_memory);
}

static void free_compiled(struct duet_kept *kept)
{
    struct duet_compiled *c = (struct duet_compiled *)kept;
    for (int i = 0; i < c->input_count; i++) free(c->inputs[i].name);
    for (int i = 0; i < c->output_count; i++) free(c->outputs[i].name);
    for (int i = 0; c->kernel_names && i < c->plan.step_count; i++) free(c->kernel_names[i]);
    duet_plan_close(&c->plan);
    free(c->layers);
    duet_packed_close(&c->packed);
    free(c->inputs);
    free(c->outputs);
    free(c->kernel_names);
    free(c);
}

enum duet_status duet_compile(const struct duet_network *network, const struct duet_weights *weights,
                              const struct duet_compile_options *given, struct duet_compiled **compiled,
                              struct duet_error *error)
{
    DUET_NEEDS(compiled, error);
    *compiled = NULL;
    DUET_NEEDS(network, error);
    DUET_NEEDS(weights, error);
    struct duet_compile_options options;
    enum duet_status status = duet_options_copy(&options, sizeof options, &defaults, given, "compile options", error);
    if (status != DUET_OK) return status;
    struct duet_compiled *c = calloc(1, sizeof *c);
    if (!c) return duet_no_memory(error, NULL, "for a network");
    duet_kept_init(&c->kept, free_compiled);
    c->max_memory = options.max_memory && options.max_memory < DUET_MAX_ARENA_BYTES ? options.max_memory
                                                                                    : DUET_MAX_ARENA_BYTES;
    status = duet_kernels_select(options.cpu, &c->kernels, error);
    if (status == DUET_OK) status = duet_plan_create(network, &options, &c->plan, error);
    if (status == DUET_OK) status = duet_check_memory(&c->plan, 1, c->max_memory, error);
    if (status == DUET_OK) status = copy_layers(network, c, error);
    if (status == DUET_OK)
        status = duet_packed_take(network, weights, &c->kernels, &c->plan, &c->packed, error);
    for (int i = 0; status == DUET_OK && i < c->plan.step_count; i++) {
        c->kernel_names[i] = kernel_name(c, &c->plan.steps[i]);
        if (!c->kernel_names[i]) status = duet_no_memory(error, NULL, "for a network");
    }
    if (status == DUET_OK)
        *compiled = c;
    else
        duet_compiled_close(&c);
    return status;
}

struct duet_compiled *duet_compiled_retain(struct duet_compiled *compiled)
{
    return compiled ? (struct duet_compiled *)duet_kept_retain(&compiled->kept) : NULL;
}

void duet_compiled_close(struct duet_compiled **compiled)
{
    if (!compiled || !*compiled) return;
    duet_kept_release(&(*compiled)->kept);
    *compiled = NULL;
}

int duet_compiled_step_count(const struct duet_compiled *compiled)
{
    return compiled ? compiled->plan.step_count : 0;
}

int duet_compiled_stage_count(const struct duet_compiled *compiled)
{
    return compiled ? compiled->plan.stage_count : 0;
}

enum duet_status duet_compiled_step(const struct duet_compiled *compiled, int step,
                                    struct duet_step_info *info, struct duet_error *error)
{
    DUET_NEEDS(compiled, error);
    DUET_NEEDS(info, error);
    if (step < 0 || step >= compiled->plan.step_count)
        return duet_fail(error, DUET_BAD_ARGUMENT, "step %d: expected 0 to %d", step,
                         compiled->plan.step_count - 1);
    const struct step *s = &compiled->plan.steps[step];
    duet_node layers[4] = {s->expand, s->depthwise, s->project, s->add};
    struct duet_step_info found = {.struct_size = sizeof found,
                                   .name = s->name,
                                   .kernel = compiled->kernel_names[step],
                                   .output = compiled->plan.info[s->output].output,
                                   .bytes = compiled->plan.info[s->output].bytes};
    for (int i = 0; i < 4; i++)
        if (layers[i] >= 0) found.madds += compiled->plan.info[layers[i]].madds;
    return duet_info_fill(info, &found, sizeof found, "step info", error);
}

const struct duet_kernels *duet_compiled_kernels(const struct duet_compiled *compiled)
{
    return &compiled->kernels;
}

const char *duet_compiled_level(const struct duet_compiled *compiled)
{
    return compiled ? compiled->kernels.level : NULL;
}

size_t duet_compiled_arena_bytes(const struct duet_compiled *compiled)
{
    return compiled ? compiled->plan.arena_bytes : 0;
}

size_t duet_compiled_scratch_bytes(const struct duet_compiled *compiled)
{
    return compiled ? compiled->plan.scratch_bytes : 0;
}

size_t duet_compiled_weight_bytes(const struct duet_compiled *compiled)
{
    return compiled ? compiled->packed.bytes : 0;
}
