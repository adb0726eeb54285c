/* Which layers compute in whole numbers, and what their results lie in memory as. */
#include "network/plan.h"

#include "core/fail.h"

#include <math.h>

/* Bytes that are put in as they are: their zero point must be one of them. */
static struct duet_numbers numbers_of_input(const struct duet_input_type *type)
{
    const double zero = type->scale > 0 ? -(double)type->shift / (double)type->scale : -1,
                 nearest = nearbyint(zero);
    if (!(nearest >= 0) || nearest > 255 || fabs(zero - nearest) > 1e-3) return (struct duet_numbers){0};
    return (struct duet_numbers){false, type->scale, (int)nearest};
}

/* Layers whose results somebody wants as bytes. */
static void find_wanted(const struct duet_network *network, const struct plan *plan, bool *wanted)
{
    for (int i = network->layer_count - 1; i >= 0; i--) {
        const struct duet_layer *layer = &network->layers[i];
        bool wants = duet_layer_passes_on(layer) ? wanted[i] : layer->numbers.integers;
        for (int k = 0; plan->needed[i] && wants && k < duet_layer_reads(layer); k++)
            wanted[layer->inputs[k]] = true;
    }
}

/* Of an addition of bytes, the term that joins it as a sum: the later one, where that is a linear 1x1
 * convolution that nothing else reads. -1: none. */
static duet_node joining_term(const struct duet_network *network, struct plan_uses uses, duet_node add)
{
    const duet_node *terms = network->layers[add].inputs;
    duet_node term = terms[0] > terms[1] ? terms[0] : terms[1];
    const struct duet_layer *layer = &network->layers[term];
    return uses.count[term] == 1 && duet_is_pointwise(layer) && layer->numbers.integers &&
                   layer->activation == DUET_LINEAR
               ? term
               : -1;
}

static enum duet_status check_inputs(const struct duet_network *network, const struct plan *plan,
                                     duet_node node, struct duet_error *error)
{
    const struct duet_layer *layer = &network->layers[node];
    for (int k = 0; k < duet_layer_reads(layer); k++)
        if (plan->numbers[layer->inputs[k]].scale == 0 && !plan->joins[layer->inputs[k]])
            return duet_fail(error, DUET_MISMATCH,
                             "layer %s computes in whole numbers, but %s, which it reads, has no scale",
                             layer->name, network->layers[layer->inputs[k]].name);
    return DUET_OK;
}

static bool leaves_bytes(const struct duet_network *network, const struct plan *plan, duet_node node)
{
    enum duet_op op = network->layers[node].op;
    if (!plan->numbers[node].integers || plan->joins[node]) return false;
    return (op != DUET_OP_CONV && op != DUET_OP_DEPTHWISE) ||
           (plan->uses.as_bytes[node] && plan->numbers[node].scale > 0);
}

enum duet_status duet_plan_numbers(const struct duet_network *network, struct plan *plan,
                                   struct duet_error *error)
{
    find_wanted(network, plan, plan->uses.as_bytes);
    for (int i = 0; i < network->layer_count; i++) {
        const struct duet_layer *layer = &network->layers[i];
        struct duet_numbers *n = &plan->numbers[i];
        *n = layer->op == DUET_OP_INPUT && layer->type.dtype == DUET_U8 ? numbers_of_input(&layer->type)
                                                                        : layer->numbers;
        if (!plan->needed[i]) continue;
        if (duet_layer_passes_on(layer)) {
            *n = plan->numbers[layer->inputs[0]];
            n->integers = plan->info[layer->inputs[0]].dtype == DUET_U8 && n->scale > 0;
        }
        if (!n->integers) continue;
        duet_node term = layer->op == DUET_OP_ADD ? joining_term(network, plan->uses, i) : -1;
        if (term >= 0) {
            plan->joins[term] = true;
            plan->info[term].dtype = DUET_F32;
        }
        enum duet_status status = check_inputs(network, plan, i, error);
        if (status != DUET_OK) return status;
        if (!leaves_bytes(network, plan, i)) continue;
        plan->info[i].dtype = DUET_U8;
    }
    for (int i = 0; i < network->layer_count; i++) {
        plan->numbers[duet_plan_converted(network, i)] = plan->numbers[i];
        if (plan->info[i].dtype == DUET_U8 && network->layers[i].op != DUET_OP_INPUT)
            plan->info[i].bytes /= sizeof(float);
    }
    return DUET_OK;
}
