/* Which layers become one step, and the steps in their order. */
#include "network/plan.h"

#include "core/fail.h"
#include "core/os.h"
#include "kernels/pack.h"

#include <stdlib.h>
#include <string.h>

/* The layer that reads `node`, if it is the only one and of kind `op`; else -1. */
static duet_node only_reader(const struct duet_network *network, struct plan_uses uses, duet_node node,
                             enum duet_op op)
{
    duet_node reader = uses.count[node] == 1 ? uses.first[node] : -1;
    return reader >= 0 && network->layers[reader].op == op ? reader : -1;
}

/* Layers that one step covers compute in the same numbers. */
static bool agree(const struct plan *plan, duet_node a, duet_node b)
{
    return plan->numbers[a].integers == plan->numbers[b].integers;
}

/* The separable step around depthwise layer `node`, or one with project = -1 when it cannot be fused. It
 * expands unless what is in front is covered: in MobileNetV1 that is the projection of the step before. */
static struct step separable_around(const struct duet_network *network, const struct plan *plan,
                                    struct plan_uses uses, duet_node node, const bool *covered)
{
    struct step s = {.kind = STEP_SEPARABLE, .expand = -1, .depthwise = node, .project = -1, .add = -1};
    duet_node project = only_reader(network, uses, node, DUET_OP_CONV);
    if (project < 0 || !duet_is_pointwise(&network->layers[project]) || !agree(plan, node, project)) return s;
    s.project = s.output = project;
    duet_node source = network->layers[node].inputs[0];
    if (network->layers[source].op == DUET_OP_CONV && uses.count[source] == 1 && !covered[source] &&
        agree(plan, source, node))
        s.expand = source;
    s.inputs[s.input_count++] = s.expand >= 0 ? network->layers[source].inputs[0] : source;
    duet_node add = only_reader(network, uses, project, DUET_OP_ADD);
    if (add >= 0 && network->layers[project].activation == DUET_LINEAR && agree(plan, project, add) &&
        plan->joins[project] == plan->numbers[project].integers) {
        const duet_node *terms = network->layers[add].inputs;
        duet_node other = terms[0] == project ? terms[1] : terms[0];
        /* The other term must exist before this step does its work. */
        if (other < node) {
            s.add = s.output = add;
            s.inputs[s.input_count++] = other;
        }
    }
    if (plan->joins[project] && s.add < 0) s.project = -1;
    return s;
}

/* The convolution and the addition `add` that its sums join; no output where there is none. */
static struct step joined_addition(const struct duet_network *network, const struct plan *plan, duet_node add)
{
    struct step s = {
        .kind = STEP_CONV, .expand = -1, .depthwise = -1, .project = -1, .add = add, .output = -1};
    const duet_node *terms = network->layers[add].inputs;
    for (int i = 0; i < 2; i++)
        if (plan->joins[terms[i]]) {
            s.project = terms[i];
            s.output = add;
            s.inputs[0] = network->layers[terms[i]].inputs[0];
            s.inputs[1] = terms[1 - i];
            s.input_count = 2;
        }
    return s;
}

/* Of bytes: what is joined in front is one pixel that stands for all, which is worked out once, and the rest
 * is a single tensor on the scale of the whole. */
static bool joins_in_bytes(const struct plan *plan, duet_node concat, const struct step *s)
{
    const struct duet_numbers *whole = &plan->numbers[concat], *rest = &plan->numbers[s->inputs[1]];
    return s->input_count == 2 && s->spread[0] && !s->spread[1] && rest->scale == whole->scale &&
           rest->zero_point == whole->zero_point &&
           plan->info[s->inputs[0]].output.dims[3] % DUET_MAX_PACK_UNIT == 0;
}

/* The 1x1 convolution `node` reading what its CONCAT would have joined; no inputs when it cannot. */
static struct step joined_convolution(const struct duet_network *network, const struct plan *plan,
                                      struct plan_uses uses, duet_node node)
{
    struct step s = {
        .kind = STEP_CONV, .expand = -1, .depthwise = -1, .project = node, .add = -1, .output = node};
    const struct duet_layer *concat = &network->layers[network->layers[node].inputs[0]];
    if (!duet_is_pointwise(&network->layers[node]) || concat->op != DUET_OP_CONCAT ||
        uses.count[network->layers[node].inputs[0]] != 1 || plan->joins[node] ||
        !agree(plan, node, network->layers[node].inputs[0]))
        return s;
    for (; s.input_count < concat->input_count; s.input_count++) {
        duet_node input = concat->inputs[s.input_count];
        const struct duet_layer *layer = &network->layers[input];
        s.spread[s.input_count] = layer->op == DUET_OP_BROADCAST && uses.count[input] == 1;
        s.inputs[s.input_count] = s.spread[s.input_count] ? layer->inputs[0] : input;
    }
    duet_node whole = network->layers[node].inputs[0];
    if (plan->numbers[node].integers && !joins_in_bytes(plan, whole, &s)) s.input_count = 0;
    return s;
}

/* Marks the CONCAT and the BROADCASTs that a joined convolution stands for. */
static void cover_joined(const struct duet_network *network, const struct step *s, bool *covered)
{
    duet_node concat = network->layers[s->project].inputs[0];
    covered[concat] = true;
    for (int i = 0; i < s->input_count; i++)
        if (s->spread[i]) covered[network->layers[concat].inputs[i]] = true;
}

static struct step plain_step(const struct duet_network *network, duet_node node)
{
    static const enum step_kind kinds[DUET_OP_COUNT] = {
        [DUET_OP_CONV] = STEP_CONV,
        [DUET_OP_DEPTHWISE] = STEP_DEPTHWISE,
        [DUET_OP_ADD] = STEP_ADD,
        [DUET_OP_CONCAT] = STEP_CONCAT,
        [DUET_OP_GLOBAL_MEAN] = STEP_GLOBAL_MEAN,
        [DUET_OP_BROADCAST] = STEP_BROADCAST,
        [DUET_OP_UPSAMPLE] = STEP_UPSAMPLE,
        [DUET_OP_SUBSAMPLE] = STEP_SUBSAMPLE,
    };
    const struct duet_layer *layer = &network->layers[node];
    struct step s = {
        .kind = kinds[layer->op], .expand = -1, .depthwise = -1, .project = -1, .add = -1, .output = node};
    if (layer->op == DUET_OP_CONV) s.project = node;
    if (layer->op == DUET_OP_DEPTHWISE) s.depthwise = node;
    s.input_count = duet_layer_reads(layer);
    for (int i = 0; i < s.input_count; i++) s.inputs[i] = layer->inputs[i];
    return s;
}

static enum duet_dtype computes_in(const struct plan *plan, const struct step *s)
{
    duet_node layer = s->project >= 0 ? s->project : s->depthwise >= 0 ? s->depthwise : s->output;
    return plan->numbers[layer].integers ? DUET_U8 : DUET_F32;
}

/* "backbone.block3.expand+depthwise+project+add": the first name whole, of the others what differs. */
static char *step_name(const struct duet_network *network, const struct step *s)
{
    duet_node parts[4] = {s->expand, s->depthwise, s->project, s->add};
    char *name = NULL;
    for (int i = 0; i < 4; i++) {
        if (parts[i] < 0) continue;
        const char *full = network->layers[parts[i]].name, *dot = strrchr(full, '.');
        char *longer = name ? duet_text("%s+%s", name, dot ? dot + 1 : full) : duet_text("%s", full);
        free(name);
        name = longer;
        if (!name) return NULL;
    }
    return name ? name : duet_text("%s", network->layers[s->output].name);
}

/* The step that each layer is the result of, and which layers need none of their own. */
struct fusion {
    struct step *by_output; /* output -1: none */
    bool *covered;
};

static void fuse_layers(const struct duet_network *network, const struct plan *plan, struct plan_uses uses,
                        struct fusion f)
{
    for (int i = 0; i < network->layer_count; i++) {
        if (network->layers[i].op != DUET_OP_DEPTHWISE || f.covered[i]) continue;
        struct step s = separable_around(network, plan, uses, i, f.covered);
        if (s.project < 0) continue;
        f.by_output[s.output] = s;
        if (s.expand >= 0) f.covered[s.expand] = true;
        f.covered[s.depthwise] = f.covered[s.project] = true;
    }
    for (int i = 0; i < network->layer_count; i++) {
        if (network->layers[i].op != DUET_OP_CONV || f.covered[i]) continue;
        struct step s = joined_convolution(network, plan, uses, i);
        if (s.input_count == 0) continue;
        f.by_output[i] = s;
        cover_joined(network, &s, f.covered);
    }
}

/* What is one step whether layers are fused or not. */
static void join_additions(const struct duet_network *network, const struct plan *plan, struct fusion f)
{
    for (int i = 0; i < network->layer_count; i++) {
        if (network->layers[i].op != DUET_OP_ADD || f.covered[i] || f.by_output[i].output >= 0) continue;
        struct step s = joined_addition(network, plan, i);
        if (s.output < 0) continue;
        f.by_output[i] = s;
        f.covered[s.project] = true;
    }
}

/* Steps in the order of their stages, within one of their results' layers: every input is ready before it is
 * read. */
enum duet_status duet_plan_steps(const struct duet_network *network, bool fuse, struct plan *plan,
                                 struct duet_error *error)
{
    const struct plan_uses uses = plan->uses;
    size_t n = (size_t)network->layer_count;
    struct fusion f = {calloc(n, sizeof *f.by_output), calloc(n, sizeof *f.covered)};
    enum duet_status status =
        f.by_output && f.covered ? DUET_OK : duet_no_memory(error, NULL, "to plan a network");
    for (size_t i = 0; status == DUET_OK && i < n; i++) {
        f.by_output[i].output = -1;
        f.covered[i] = !plan->needed[i] || network->layers[i].op == DUET_OP_INPUT;
    }
    if (status == DUET_OK && fuse) fuse_layers(network, plan, uses, f);
    if (status == DUET_OK) join_additions(network, plan, f);
    for (size_t i = 0; status == DUET_OK && i < n * (size_t)plan->stage_count; i++) {
        duet_node node = (duet_node)(i % n);
        if (uses.stage[node] != (int)(i / n) || (f.covered[node] && f.by_output[node].output < 0)) continue;
        struct step s = f.by_output[node].output >= 0 ? f.by_output[node] : plain_step(network, node);
        s.stage = uses.stage[node];
        s.dtype = computes_in(plan, &s);
        s.name = step_name(network, &s);
        if (s.name)
            plan->steps[plan->step_count++] = s;
        else
            status = duet_no_memory(error, NULL, "to plan a network");
    }
    free(f.by_output);
    free(f.covered);
    return status;
}
