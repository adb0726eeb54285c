#include "duet/mobilenet_v2.h"

#include "core/fail.h"

#include <limits.h>
#include <stdio.h>

/* Table 2 of the paper: expansion factor t, output channels c, repeats n, stride s of the first repeat.
 * The rows around it are the first 3x3 convolution (32 channels, stride 2) and conv_1 (1x1, 1280). */
static const struct {
    int t, c, n, s;
} table2[] = {
    {1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1},
};

#define FIRST_CHANNELS 32
#define LAST_CHANNELS  1280

int duet_mobilenet_v2_channels(int channels, double multiplier, int divisor)
{
    if (divisor < 1) return 0;
    double wanted = channels * multiplier;
    if (!(wanted >= 0 && wanted <= INT_MAX / 2)) return 0;
    int rounded = (int)(wanted + divisor / 2.0) / divisor * divisor;
    if (rounded < divisor) rounded = divisor;
    return rounded < 0.9 * wanted ? rounded + divisor : rounded;
}

/* What a block needs to know; `stride` and `rate` are what is left after the output stride. */
struct block {
    int index, expansion, channels, stride, rate;
};

/* Once the output stride is reached, strides become atrous rates of the layers that follow. */
struct stride_budget {
    int limit, current, rate;
};

static int take_stride(struct stride_budget *budget, int stride)
{
    if (stride == 1) return 1;
    if (budget->current < budget->limit) {
        budget->current *= stride;
        return stride;
    }
    budget->rate *= stride;
    return 1;
}

/* Expand -> depthwise -> project, plus the input where shapes allow (paper, figure 4d). */
static duet_node add_block(struct duet_network *network, duet_node input, struct block b,
                           struct duet_mobilenet_v2 *layers)
{
    char name[64];
    int in = duet_network_layer(network, input)->channels; /* there: the caller stops at the first fault */
    duet_node node = input;
    if (b.expansion > 1) {
        snprintf(name, sizeof name, "backbone.block%d.expand", b.index);
        node = duet_network_conv(
            network, node,
            (struct duet_conv){
                .name = name, .channels = in * b.expansion, .activation = DUET_RELU6, .batch_norm = true});
        layers->expand[b.index] = node;
    }
    snprintf(name, sizeof name, "backbone.block%d.depthwise", b.index);
    node = duet_network_depthwise(
        network, node,
        (struct duet_conv){
            .name = name, .stride = b.stride, .rate = b.rate, .activation = DUET_RELU6, .batch_norm = true});
    layers->depthwise[b.index] = node;
    snprintf(name, sizeof name, "backbone.block%d.project", b.index);
    node = duet_network_conv(network, node,
                             (struct duet_conv){.name = name, .channels = b.channels, .batch_norm = true});
    if (b.stride == 1 && b.channels == in) {
        snprintf(name, sizeof name, "backbone.block%d.add", b.index);
        node = duet_network_add(network, name, node, input);
    }
    layers->block[b.index] = node;
    return node;
}

static enum duet_status check_config(const struct duet_mobilenet_v2_config *config, struct duet_error *error)
{
    if (!(config->width_multiplier >= 0.1 && config->width_multiplier <= 4))
        return duet_fail(error, DUET_BAD_ARGUMENT, "width multiplier %g: expected 0.1 to 4",
                         config->width_multiplier);
    if (config->channel_divisor < 1 || config->channel_divisor > 64)
        return duet_fail(error, DUET_BAD_ARGUMENT, "channel divisor %d: expected 1 to 64",
                         config->channel_divisor);
    if (config->output_stride != 8 && config->output_stride != 16 && config->output_stride != 32)
        return duet_fail(error, DUET_BAD_ARGUMENT, "output stride %d: expected 8, 16 or 32",
                         config->output_stride);
    return DUET_OK;
}

enum duet_status duet_mobilenet_v2_build(struct duet_network *network,
                                         const struct duet_mobilenet_v2_config *config,
                                         struct duet_mobilenet_v2 *layers, struct duet_error *error)
{
    DUET_NEEDS(network, error);
    DUET_NEEDS(config, error);
    DUET_NEEDS(layers, error);
    enum duet_status status = check_config(config, error);
    if (status == DUET_OK) status = duet_network_check(network, error);
    if (status != DUET_OK) return status;
    double multiplier = config->width_multiplier;
    int divisor = config->channel_divisor;
    layers->output_stride = config->output_stride;

    layers->input = duet_network_input(network, "input", 3);
    layers->conv = duet_network_conv(
        network, layers->input,
        (struct duet_conv){.name = "backbone.conv",
                           .kernel = 3,
                           .stride = 2,
                           .channels = duet_mobilenet_v2_channels(FIRST_CHANNELS, multiplier, divisor),
                           .activation = DUET_RELU6,
                           .batch_norm = true});
    struct stride_budget budget = {config->output_stride, 2, 1};
    duet_node node = layers->conv;
    int index = 0;
    for (size_t row = 0; row < sizeof table2 / sizeof table2[0] && node >= 0; row++)
        for (int repeat = 0; repeat < table2[row].n && node >= 0; repeat++) {
            /* The depthwise that would have strided keeps the rate so far; those after it get the new one. */
            int rate = budget.rate;
            struct block b = {.index = index,
                              .expansion = table2[row].t,
                              .channels = duet_mobilenet_v2_channels(table2[row].c, multiplier, divisor),
                              .stride = take_stride(&budget, repeat == 0 ? table2[row].s : 1),
                              .rate = rate};
            layers->expand[index] = -1;
            node = add_block(network, node, b, layers);
            index++;
        }
    layers->conv_1 = -1;
    if (config->last_convolution) {
        int channels =
            multiplier > 1 ? duet_mobilenet_v2_channels(LAST_CHANNELS, multiplier, divisor) : LAST_CHANNELS;
        layers->conv_1 = duet_network_conv(network, node,
                                           (struct duet_conv){.name = "backbone.conv_1",
                                                              .channels = channels,
                                                              .activation = DUET_RELU6,
                                                              .batch_norm = true});
    }
    return duet_network_check(network, error);
}
