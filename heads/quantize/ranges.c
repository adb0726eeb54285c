#include "quantize/ranges.h"

#include "heads/metadata.h"
#include "network/layers.h"

#include <math.h>
#include <stdbool.h>

/* The step that holds everything, with 0 at byte `zero`. */
static double step_of(double low, double high, double zero)
{
    double below = low < 0 ? (zero > 0 ? -low / zero : INFINITY) : 0;
    double above = high > 0 ? (zero < 255 ? high / (255 - zero) : INFINITY) : 0;
    return fmax(below, above);
}

struct duet_model_range duet_range_of(const char *layer, double low, double high)
{
    low = fmin(low, 0);
    high = fmax(high, 0);
    if (low == high) return (struct duet_model_range){layer, 1, 0}; /* all zeros */
    double zero = floor(-low / (high - low) * 255);
    if (zero < 255 && step_of(low, high, zero + 1) < step_of(low, high, zero)) zero++;
    double scale = fmax(fmin(step_of(low, high, zero), DUET_RANGE_MAX_SCALE), DUET_RANGE_MIN_SCALE);
    return (struct duet_model_range){layer, (float)scale, (int)zero};
}

/* --- whose range a layer has ---------------------------------------------------------------------------- */

/* Does `layer` read `node`'s numbers, not its size alone? */
static bool reads(const struct duet_layer *layer, duet_node node)
{
    for (int k = 0; k < duet_layer_reads(layer); k++)
        if (layer->inputs[k] == node) return true;
    return false;
}

/* The layer whose range `node` has: a side input's own, else that of the CONCAT that its numbers go into,
 * else of what they come from. */
static duet_node owner(const struct duet_network *network, duet_node node)
{
    const struct duet_layer *layer = duet_network_layer(network, node);
    while (duet_layer_passes_on(layer)) {
        node = layer->inputs[0];
        layer = duet_network_layer(network, node);
    }
    if (layer->op == DUET_OP_INPUT) return node;
    for (int i = node + 1; i < duet_network_layer_count(network); i++) {
        const struct duet_layer *reader = duet_network_layer(network, i);
        duet_node from = i;
        if (reader->op != DUET_OP_CONCAT) continue;
        for (int k = 0; k < reader->input_count; k++) {
            from = reader->inputs[k];
            while (duet_layer_passes_on(duet_network_layer(network, from)))
                from = duet_network_layer(network, from)->inputs[0];
            if (from == node) return owner(network, i);
        }
    }
    return node;
}

bool duet_ranges_needs_none(const struct duet_network *network, duet_node node, bool kept)
{
    const struct duet_layer *layer = duet_network_layer(network, node);
    bool linear = layer->op == DUET_OP_CONV && layer->kernel == 1 && layer->activation == DUET_LINEAR;
    int readers = 0, joins = 0;
    for (int i = node + 1; i < duet_network_layer_count(network); i++) {
        const struct duet_layer *reader = duet_network_layer(network, i);
        if (!reads(reader, node)) continue;
        readers++;
        joins += reader->op == DUET_OP_ADD && reader->inputs[0] <= node && reader->inputs[1] <= node;
    }
    return readers == 0 || (linear && !kept && readers == 1 && joins == 1);
}

/* --- ranges --------------------------------------------------------------------------------------------- */

/* A byte of a picture is byte * scale + shift, for each head; padding is 0. */
static struct duet_model_range of_picture(const struct duet_model_config *config, const char *layer)
{
    double low = 0, high = 0;
    for (int i = 0; i < config->head_count; i++) {
        const struct duet_head_input *input = &config->heads[i].input;
        low = fmin(low, input->shift);
        high = fmax(high, 255 * input->scale + input->shift);
    }
    return duet_range_of(layer, low, high);
}

/* Bytes that are there already. */
static struct duet_model_range of_side_input(const struct duet_layer *layer)
{
    const struct duet_input_type *type = &layer->type;
    double zero = fmax(fmin(rint(-(double)type->shift / (double)type->scale), 255), 0);
    return (struct duet_model_range){layer->name, type->scale, (int)zero};
}

static struct duet_model_range of_results(const struct duet_network *network, duet_node node,
                                          const struct measured *measured)
{
    double low = 0, high = 0;
    duet_node whose = owner(network, node);
    for (int i = 0; i < duet_network_layer_count(network); i++)
        for (size_t c = 0; owner(network, i) == whose && c < measured[i].channels; c++) {
            low = fmin(low, (double)measured[i].low[c]);
            high = fmax(high, (double)measured[i].high[c]);
        }
    double share = low < 0 ? duet_measured_share(&measured[whose], low, high) : 1;
    return duet_range_of(duet_network_layer(network, node)->name, low * share, high * share);
}

int duet_ranges_find(const struct duet_model_config *config, const struct duet_network *network,
                     const struct measured *measured, const bool *kept, struct duet_model_range *ranges)
{
    int count = 0;
    for (int i = 0; i < duet_network_layer_count(network); i++) {
        const struct duet_layer *layer = duet_network_layer(network, i);
        if (duet_ranges_needs_none(network, i, kept[i])) continue;
        const struct duet_layer *from = duet_network_layer(network, owner(network, i));
        bool picture = layer->op == DUET_OP_INPUT && layer->input_count == 0;
        ranges[count] = picture ? of_picture(config, layer->name)
                        : from->op == DUET_OP_INPUT && from->type.dtype == DUET_U8
                            ? of_side_input(from)
                            : of_results(network, i, measured);
        ranges[count++].layer = layer->name;
    }
    return count;
}
