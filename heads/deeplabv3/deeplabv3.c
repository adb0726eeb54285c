#include "duet/deeplabv3.h"

#include "core/fail.h"

#include <stdio.h>

#define BRANCHES 3

static duet_node conv(struct duet_network *network, duet_node input, const char *name, int kernel, int rate,
                      int channels)
{
    return duet_network_conv(network, input,
                             (struct duet_conv){.name = name,
                                                .kernel = kernel,
                                                .rate = rate,
                                                .channels = channels,
                                                .activation = DUET_RELU,
                                                .batch_norm = true});
}

enum duet_status duet_deeplabv3_build(struct duet_network *network, const struct duet_mobilenet_v2 *backbone,
                                      int output_stride, const struct duet_deeplabv3_config *config,
                                      struct duet_error *error)
{
    DUET_NEEDS(network, error);
    DUET_NEEDS(backbone, error);
    DUET_NEEDS(config, error);
    static const int rates[BRANCHES] = DUET_DEEPLABV3_RATES;
    if (config->classes < 2 || config->classes > 255)
        return duet_fail(error, DUET_BAD_ARGUMENT, "DeepLabv3 with %d classes: expected 2 to 255",
                         config->classes);
    if (config->depth < 1 || config->depth > 4096)
        return duet_fail(error, DUET_BAD_ARGUMENT, "DeepLabv3 of depth %d: expected 1 to 4096",
                         config->depth);
    if (output_stride != 8 && output_stride != 16 && output_stride != 32)
        return duet_fail(error, DUET_BAD_ARGUMENT, "output stride %d: expected 8, 16 or 32", output_stride);
    duet_node features = backbone->block[DUET_MOBILENET_V2_BLOCKS - 1];
    duet_node pool = duet_network_global_mean(network, "deeplabv3.pool", features);
    pool = conv(network, pool, "deeplabv3.image_pooling", 1, 1, config->depth);
    pool = duet_network_broadcast(network, "deeplabv3.image_features", pool, features);
    duet_node branches[2 + BRANCHES] = {pool,
                                        conv(network, features, "deeplabv3.aspp0", 1, 1, config->depth)};
    int count = 2;
    for (int i = 0; config->atrous_branches && i < BRANCHES; i++) {
        char name[32];
        snprintf(name, sizeof name, "deeplabv3.aspp%d", i + 1);
        branches[count++] = conv(network, features, name, 3, rates[i] * 16 / output_stride, config->depth);
    }
    duet_node node = duet_network_concat(network, "deeplabv3.concat", branches, count);
    node = conv(network, node, "deeplabv3.concat_projection", 1, 1, config->depth);
    node = duet_network_conv(network, node,
                             (struct duet_conv){.name = "deeplabv3.logits", .channels = config->classes});
    duet_network_output(network, "deeplabv3.logits", node);
    return duet_network_check(network, error);
}
