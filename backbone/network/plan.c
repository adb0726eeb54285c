#include "network/plan.h"

#include "core/fail.h"
#include "core/os.h"

#include <stdlib.h>
#include <string.h>

/* --- what is wanted ------------------------------------------------------------------------------------- */

static enum duet_status want_output(const struct duet_network *network, const char *name, struct plan *plan,
                                    struct duet_error *error)
{
    for (int i = 0; name && i < network->output_count; i++)
        if (strcmp(network->outputs[i].name, name) == 0) {
            plan->wanted[i] = true;
            return DUET_OK;
        }
    return duet_fail(error, name ? DUET_NOT_FOUND : DUET_BAD_ARGUMENT, "the network has no output '%s'",
                     name ? name : "");
}

/* Marks the wanted outputs and the layers that they need. */
static enum duet_status find_needed(const struct duet_network *network,
                                    const struct duet_compile_options *options, struct plan *plan,
                                    struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    if (options->outputs ? options->output_count < 1 : options->output_count != 0)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%d outputs are wanted, expected 1 or more, or NULL and 0",
                         options->output_count);
    for (int i = 0; !options->outputs && i < network->output_count; i++) plan->wanted[i] = true;
    for (int i = 0; status == DUET_OK && i < options->output_count; i++)
        status = want_output(network, options->outputs[i], plan, error);
    for (int i = 0; i < network->output_count; i++)
        if (plan->wanted[i]) plan->needed[network->outputs[i].node] = true;
    for (int i = network->layer_count - 1; i >= 0; i--) {
        const struct duet_layer *layer = &network->layers[i];
        if (network->output_count == 0 || i == 0) plan->needed[i] = true;
        for (int k = 0; plan->needed[i] && k < duet_layer_reads(layer); k++)
            plan->needed[layer->inputs[k]] = true;
    }
    return status;
}

/* --- readers -------------------------------------------------------------------------------------------- */

static void count_uses(const struct duet_network *network, const struct plan *plan, struct plan_uses uses)
{
    for (int i = 0; i < network->layer_count; i++) uses.first[i] = -1;
    for (int i = 0; i < network->layer_count; i++)
        for (int k = 0; plan->needed[i] && k < duet_layer_reads(&network->layers[i]); k++) {
            duet_node input = network->layers[i].inputs[k];
            if (uses.count[input]++ == 0) uses.first[input] = i;
        }
    for (int i = 0; i < network->output_count; i++)
        if (plan->wanted[i]) uses.count[network->outputs[i].node]++;
}

/* Stage 1 begins where a side input is read. */
static void find_stages(const struct duet_network *network, struct plan *plan, struct plan_uses uses)
{
    plan->stage_count = 1;
    for (int i = 0; i < network->layer_count; i++) {
        const struct duet_layer *layer = &network->layers[i];
        uses.stage[i] = layer->op == DUET_OP_INPUT && layer->input_count > 0;
        for (int k = 0; k < duet_layer_reads(layer); k++)
            if (uses.stage[layer->inputs[k]] > uses.stage[i]) uses.stage[i] = uses.stage[layer->inputs[k]];
        if (plan->needed[i] && uses.stage[i] >= plan->stage_count) plan->stage_count = uses.stage[i] + 1;
    }
}

/* --- the order, and conversions ------------------------------------------------------------------------- */

static bool reads(const struct step *s, duet_node node)
{
    for (int i = 0; i < s->input_count; i++)
        if (s->inputs[i] == node) return true;
    return false;
}

/* Steps whose result no other step reads (predictors) move up to right behind the steps whose results they
 * read: these are still in the caches then, and their memory is free sooner. */
static void hoist_leaves(struct plan_uses uses, struct plan *plan)
{
    for (int i = 0; i < plan->step_count; i++) {
        struct step leaf = plan->steps[i];
        if (uses.first[leaf.output] >= 0) continue;
        int to = i;
        while (to > 0 && plan->steps[to - 1].stage == leaf.stage &&
               !reads(&leaf, plan->steps[to - 1].output) && uses.first[plan->steps[to - 1].output] >= 0)
            to--;
        memmove(&plan->steps[to + 1], &plan->steps[to], (size_t)(i - to) * sizeof leaf);
        plan->steps[to] = leaf;
    }
}

/* Puts a step in front of step `at` that makes the numbers of layer `node` of type `dtype`. */
static enum duet_status insert_conversion(const struct duet_network *network, struct plan *plan, int at,
                                          int stage, duet_node node, enum duet_dtype dtype,
                                          struct duet_error *error)
{
    duet_node converted = duet_plan_converted(network, node);
    struct step s = {.kind = STEP_CONVERT,
                     .expand = -1,
                     .depthwise = -1,
                     .project = -1,
                     .add = -1,
                     .output = converted,
                     .inputs = {node},
                     .input_count = 1,
                     .name = duet_text("%s.convert", network->layers[node].name),
                     .stage = stage,
                     .dtype = dtype};
    if (!s.name) return duet_no_memory(error, NULL, "to plan a network");
    memmove(&plan->steps[at + 1], &plan->steps[at], (size_t)(plan->step_count - at) * sizeof s);
    plan->steps[at] = s;
    plan->step_count++;
    struct duet_layer_info info = plan->info[node];
    info.bytes = info.bytes / duet_dtype_size(info.dtype) * duet_dtype_size(dtype);
    info.dtype = dtype;
    plan->info[converted] = info;
    return DUET_OK;
}

/* Where a step reads a result of another type than its own, it reads the converted one, which is made in
 * front of its first reader. */
static enum duet_status place_conversions(const struct duet_network *network, struct plan *plan,
                                          struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    for (int i = 0; status == DUET_OK && i < plan->step_count; i++)
        for (int k = 0; status == DUET_OK && k < plan->steps[i].input_count; k++) {
            struct step *s = &plan->steps[i];
            duet_node node = s->inputs[k];
            if (s->kind == STEP_CONVERT || plan->info[node].dtype == s->dtype) continue;
            s->inputs[k] = duet_plan_converted(network, node);
            if (plan->info[s->inputs[k]].output.rank == 0)
                status = insert_conversion(network, plan, i++, s->stage, node, s->dtype, error);
        }
    return status;
}

/* Outputs that bytes are made float32 of for nobody else: right behind the step that leaves them. */
static enum duet_status convert_outputs(const struct duet_network *network, struct plan *plan,
                                        struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    for (int i = 0; status == DUET_OK && i < network->output_count; i++) {
        duet_node node = network->outputs[i].node, output = duet_plan_output(network, plan, i);
        if (!plan->wanted[i] || output == node || plan->info[output].output.rank > 0) continue;
        int at = 0;
        while (plan->steps[at].output != node) at++;
        status = insert_conversion(network, plan, at + 1, plan->steps[at].stage, node, DUET_F32, error);
    }
    return status;
}

/* --- all of it ------------------------------------------------------------------------------------------ */

static enum duet_status take_memory(struct plan *plan, size_t n, struct duet_error *error)
{
    plan->uses = (struct plan_uses){calloc(n, sizeof(int)), calloc(n, sizeof(duet_node)),
                                    calloc(n, sizeof(int)), calloc(n, sizeof(bool))};
    plan->steps = calloc(2 * n, sizeof *plan->steps); /* at worst every result is converted */
    plan->info = calloc(2 * n, sizeof *plan->info);
    plan->offset = calloc(2 * n, sizeof *plan->offset);
    plan->numbers = calloc(2 * n, sizeof *plan->numbers);
    plan->needed = calloc(n, sizeof *plan->needed);
    plan->joins = calloc(n, sizeof *plan->joins);
    if (!plan->uses.count || !plan->uses.first || !plan->uses.stage || !plan->uses.as_bytes || !plan->steps ||
        !plan->info || !plan->offset || !plan->numbers || !plan->needed || !plan->joins)
        return duet_no_memory(error, NULL, "to plan a network");
    for (size_t i = 0; i < 2 * n; i++) plan->offset[i] = SIZE_MAX;
    return DUET_OK;
}

enum duet_status duet_plan_begin(const struct duet_network *network,
                                 const struct duet_compile_options *options, bool whole, struct plan *plan,
                                 struct duet_error *error)
{
    memset(plan, 0, sizeof *plan);
    enum duet_status status = duet_network_check(network, error);
    if (status != DUET_OK) return status;
    size_t n = (size_t)network->layer_count;
    if (n == 0) return duet_fail(error, DUET_BAD_ARGUMENT, "a network without layers");
    status = take_memory(plan, n, error);
    if (status == DUET_OK) status = find_needed(network, options, plan, error);
    for (size_t i = 0; whole && status == DUET_OK && i < n; i++) plan->needed[i] = true;
    if (status == DUET_OK)
        status =
            duet_network_shapes(network, options->height, options->width, plan->needed, plan->info, error);
    if (status == DUET_OK) {
        count_uses(network, plan, plan->uses);
        find_stages(network, plan, plan->uses);
        status = duet_plan_numbers(network, plan, error);
    }
    if (status != DUET_OK) duet_plan_close(plan);
    return status;
}

enum duet_status duet_plan_create(const struct duet_network *network,
                                  const struct duet_compile_options *options, struct plan *plan,
                                  struct duet_error *error)
{
    enum duet_status status = duet_plan_begin(network, options, false, plan, error);
    if (status != DUET_OK) return status;
    plan->split = options->split;
    plan->budget = duet_plan_budget(options->l1_bytes, options->l2_bytes);
    if (options->split < 0 || options->split > 64)
        status = duet_fail(error, DUET_BAD_ARGUMENT, "split is %d, expected 1 to 64, or 0", options->split);
    if (status == DUET_OK) status = duet_plan_steps(network, !options->unfused, plan, error);
    if (status == DUET_OK) {
        hoist_leaves(plan->uses, plan);
        status = place_conversions(network, plan, error);
    }
    if (status == DUET_OK) status = convert_outputs(network, plan, error);
    if (status == DUET_OK) {
        duet_plan_ways(network, plan);
        status = duet_plan_arena(network, plan, error);
    }
    if (status != DUET_OK) duet_plan_close(plan);
    return status;
}

void duet_plan_close(struct plan *plan)
{
    if (!plan) return;
    for (int i = 0; i < plan->step_count; i++) free(plan->steps[i].name);
    free(plan->steps);
    free(plan->uses.count);
    free(plan->uses.first);
    free(plan->uses.stage);
    free(plan->uses.as_bytes);
    free(plan->info);
    free(plan->offset);
    free(plan->numbers);
    free(plan->needed);
    free(plan->joins);
    memset(plan, 0, sizeof *plan);
}
