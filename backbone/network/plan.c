#include "network/plan.h"

#include "core/checked.h"
#include "core/fail.h"
#include "core/os.h"
#include "kernels/pack.h"

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

/* --- fusion --------------------------------------------------------------------------------------------- */

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
static enum duet_status list_steps(const struct duet_network *network, bool fuse, struct plan_uses uses,
                                   struct plan *plan, struct duet_error *error)
{
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

/* --- strips --------------------------------------------------------------------------------------------- */

static size_t within(size_t low, size_t value, size_t high)
{
    return value < low ? low : value > high ? high : value;
}

static struct plan_budget budget_of(size_t l1_bytes, size_t l2_bytes)
{
    size_t l1 = l1_bytes ? l1_bytes : duet_cache_bytes(1), l2 = l2_bytes ? l2_bytes : duet_cache_bytes(2);
    /* What a system tells can be nothing, or nonsense; a level 2 may be shared by cores. */
    l1 = within((size_t)16 << 10, l1 ? l1 : (size_t)32 << 10, (size_t)128 << 10);
    l2 = within((size_t)256 << 10, l2 ? l2 : (size_t)1 << 20, (size_t)2 << 20);
    return (struct plan_budget){.window = l1 * 3 / 4, .strip = l2 * 3 / 8, .plane = l2 * 9 / 64};
}

/* Channels of the tensor that the depthwise layer reads, so many that three rows of them stay in L1. */
static size_t chunk_channels(const struct plan *plan, const size_t *middle, size_t size)
{
    size_t units = plan->budget.window / (3 * middle[2] * DUET_CHUNK_UNIT * size);
    size_t all = duet_chunk_units(middle[3]);
    if (units < 1) units = 1;
    return (units < all ? units : all) * DUET_CHUNK_UNIT;
}

/* Bytes of scratch for strips of `rows` output rows. */
static size_t strip_bytes(const struct duet_network *network, const struct plan *plan, const struct step *s,
                          size_t rows, size_t *ring_rows)
{
    const struct duet_layer *layer = &network->layers[s->depthwise];
    const size_t *out = plan->info[s->depthwise].output.dims;
    size_t bytes = rows * out[2] * out[3] * duet_plan_size(plan, s->depthwise);
    *ring_rows = 0;
    if (s->expand >= 0) {
        const size_t *middle = plan->info[s->expand].output.dims;
        *ring_rows = (rows - 1) * (size_t)layer->stride + 2 * (size_t)layer->rate + 1;
        if (*ring_rows > middle[1]) *ring_rows = middle[1];
        bytes += *ring_rows * middle[2] * middle[3] * duet_plan_size(plan, s->expand) +
                 DUET_ALIGN; /* both parts are aligned */
    }
    return bytes;
}

/* By rows: as many at a time as fit the budget, at least one, and no more than there are. */
static void choose_strip(const struct duet_network *network, struct plan *plan, struct step *s)
{
    size_t height = plan->info[s->depthwise].output.dims[1];
    size_t rows = 1, ring;
    while (rows < height && strip_bytes(network, plan, s, rows + 1, &ring) <= plan->budget.strip) rows++;
    s->strip_rows = rows;
    s->scratch_bytes = strip_bytes(network, plan, s, rows, &s->ring_rows);
}

/* So many groups of channels, each expanded and filtered at once. */
static void split_channels(const struct plan *plan, struct step *s)
{
    size_t units = duet_chunk_units(plan->info[s->depthwise].output.dims[3]);
    size_t groups = (size_t)plan->split < units ? (size_t)plan->split : units;
    s->by_channels = true;
    s->chunk = s->group = (units + groups - 1) / groups * DUET_CHUNK_UNIT;
}

static void choose_way(const struct duet_network *network, struct plan *plan, struct step *s)
{
    const duet_node source = s->expand >= 0 ? s->expand : s->inputs[0];
    const size_t *middle = plan->info[source].output.dims;
    const size_t plane = middle[1] * middle[2] * duet_plan_size(plan, source);
    s->chunk = chunk_channels(plan, middle, duet_plan_size(plan, source));
    s->by_channels = plane * DUET_CHUNK_UNIT <= plan->budget.plane &&
                     plan->info[s->depthwise].bytes <= DUET_WHOLE_STRIP_BYTES;
    if (plan->split > 0 && s->expand >= 0 && s->dtype == DUET_F32) split_channels(plan, s);
    if (!s->by_channels) {
        choose_strip(network, plan, s);
    } else if (s->expand >= 0) {
        s->ring_rows = middle[1];
        s->scratch_bytes = plane * s->chunk;
    }
    s->spare_bytes = s->dtype == DUET_F32
                         ? duet_align(plan->info[s->depthwise].output.dims[2] * s->chunk * sizeof(float))
                         : 0;
    s->scratch_bytes = s->spare_bytes + duet_align(s->scratch_bytes);
    if (s->scratch_bytes > plan->scratch_bytes) plan->scratch_bytes = s->scratch_bytes;
}

/* Room for what a leading single pixel adds to every output pixel; of bytes, for that pixel, too. */
static void choose_joined(struct plan *plan, struct step *s)
{
    s->spare_bytes = duet_align(plan->info[s->project].output.dims[3] * sizeof(float));
    s->scratch_bytes = s->spare_bytes;
    if (s->dtype == DUET_U8) s->scratch_bytes += duet_align(plan->info[s->inputs[0]].output.dims[3]);
    if (s->scratch_bytes > plan->scratch_bytes) plan->scratch_bytes = s->scratch_bytes;
}

static bool is_serial(const struct plan *plan, const struct step *s)
{
    uint64_t madds = 0;
    const duet_node layers[3] = {s->expand, s->depthwise, s->project};
    for (int i = 0; i < 3; i++)
        if (layers[i] >= 0) madds += plan->info[layers[i]].madds;
    return s->kind == STEP_GLOBAL_MEAN || (madds > 0 && madds < DUET_SERIAL_MADDS);
}

/* --- all of it ------------------------------------------------------------------------------------------ */

enum duet_status duet_plan_create(const struct duet_network *network,
                                  const struct duet_compile_options *options, struct plan *plan,
                                  struct duet_error *error)
{
    memset(plan, 0, sizeof *plan);
    if (options->split < 0 || options->split > 64)
        return duet_fail(error, DUET_BAD_ARGUMENT, "split is %d, expected 1 to 64, or 0", options->split);
    plan->split = options->split;
    plan->budget = budget_of(options->l1_bytes, options->l2_bytes);
    enum duet_status status = duet_network_check(network, error);
    if (status != DUET_OK) return status;
    size_t n = (size_t)network->layer_count;
    if (n == 0) return duet_fail(error, DUET_BAD_ARGUMENT, "a network without layers");
    struct plan_uses uses = {calloc(n, sizeof(int)), calloc(n, sizeof(duet_node)), calloc(n, sizeof(int))};
    plan->steps = calloc(2 * n, sizeof *plan->steps); /* at worst every result is converted */
    plan->info = calloc(2 * n, sizeof *plan->info);
    plan->offset = calloc(2 * n, sizeof *plan->offset);
    plan->numbers = calloc(2 * n, sizeof *plan->numbers);
    plan->needed = calloc(n, sizeof *plan->needed);
    plan->joins = calloc(n, sizeof *plan->joins);
    bool *wanted = calloc(n, sizeof *wanted);
    if (!uses.count || !uses.first || !uses.stage || !plan->steps || !plan->info || !plan->offset ||
        !plan->numbers || !plan->needed || !plan->joins || !wanted) {
        status = duet_no_memory(error, NULL, "to plan a network");
        goto done;
    }
    for (size_t i = 0; i < 2 * n; i++) plan->offset[i] = SIZE_MAX;
    status = find_needed(network, options, plan, error);
    if (status == DUET_OK)
        status =
            duet_network_shapes(network, options->height, options->width, plan->needed, plan->info, error);
    if (status != DUET_OK) goto done;
    count_uses(network, plan, uses);
    find_stages(network, plan, uses);
    status = duet_plan_numbers(network, uses, plan, wanted, error);
    if (status != DUET_OK) goto done;
    status = list_steps(network, !options->unfused, uses, plan, error);
    if (status != DUET_OK) goto done;
    hoist_leaves(uses, plan);
    status = place_conversions(network, plan, error);
    if (status == DUET_OK) status = convert_outputs(network, plan, error);
    if (status != DUET_OK) goto done;
    for (int i = 0; i < plan->step_count; i++) {
        if (plan->steps[i].kind == STEP_SEPARABLE)
            choose_way(network, plan, &plan->steps[i]);
        else if (plan->steps[i].input_count > 1 && plan->steps[i].kind == STEP_CONV && plan->steps[i].add < 0)
            choose_joined(plan, &plan->steps[i]);
        plan->steps[i].serial = is_serial(plan, &plan->steps[i]);
    }
    status = duet_plan_arena(network, plan, error);
done:
    free(wanted);
    free(uses.count);
    free(uses.first);
    free(uses.stage);
    if (status != DUET_OK) duet_plan_close(plan);
    return status;
}

void duet_plan_close(struct plan *plan)
{
    if (!plan) return;
    for (int i = 0; i < plan->step_count; i++) free(plan->steps[i].name);
    free(plan->steps);
    free(plan->info);
    free(plan->offset);
    free(plan->numbers);
    free(plan->needed);
    free(plan->joins);
    memset(plan, 0, sizeof *plan);
}
