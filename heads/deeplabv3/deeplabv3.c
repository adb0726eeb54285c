#include "duet/deeplabv3.h"

#include "core/fail.h"
#include "duet/head.h"

#include <stdio.h>

#define BRANCHES 3

/* "deeplabv3.logits" */
static const char *layer_name(const struct duet_head *head, const char *part, char name[64])
{
    snprintf(name, 64, "%s.%s", head->name, part);
    return name;
}

static duet_node conv(struct duet_network *network, duet_node input, const struct duet_head *head,
                      const char *part, int kernel, int rate)
{
    char name[64];
    return duet_network_conv(network, input,
                             (struct duet_conv){.name = layer_name(head, part, name),
                                                .kernel = kernel,
                                                .rate = rate,
                                                .channels = head->config.deeplabv3.depth,
                                                .activation = DUET_RELU,
                                                .batch_norm = true});
}

/* The mean over the map, as wide as the map. */
static duet_node image_features(struct duet_network *network, duet_node features, const struct duet_head *head)
{
    char name[64];
    duet_node pool = duet_network_global_mean(network, layer_name(head, "pool", name), features);
    pool = conv(network, pool, head, "image_pooling", 1, 1);
    return duet_network_broadcast(network, layer_name(head, "image_features", name), pool, features);
}

enum duet_status duet_deeplabv3_build(struct duet_network *network, const struct duet_mobilenet_v2 *backbone,
                                      const struct duet_head *head, struct duet_error *error)
{
    DUET_NEEDS(network, error);
    DUET_NEEDS(backbone, error);
    DUET_NEEDS(head, error);
    static const int rates[BRANCHES] = DUET_DEEPLABV3_RATES;
    static const char *const parts[BRANCHES] = {"aspp1", "aspp2", "aspp3"};
    const struct duet_deeplabv3_config *config = &head->config.deeplabv3;
    if (config->classes < 2 || config->classes > 255)
        return duet_fail(error, DUET_BAD_ARGUMENT, "DeepLabv3 with %d classes: expected 2 to 255",
                         config->classes);
    if (config->depth < 1 || config->depth > 4096)
        return duet_fail(error, DUET_BAD_ARGUMENT, "DeepLabv3 of depth %d: expected 1 to 4096",
                         config->depth);
    duet_node features;
    enum duet_status status = duet_head_taps(network, backbone, head, &features, 1, error);
    if (status != DUET_OK) return status;
    char name[64];
    duet_node branches[2 + BRANCHES] = {image_features(network, features, head),
                                        conv(network, features, head, "aspp0", 1, 1)};
    int count = 2;
    for (int i = 0; config->atrous_branches && i < BRANCHES; i++)
        branches[count++] = conv(network, features, head, parts[i], 3, rates[i] * 16 / backbone->output_stride);
    duet_node node = duet_network_concat(network, layer_name(head, "concat", name), branches, count);
    node = conv(network, node, head, "concat_projection", 1, 1);
    layer_name(head, "logits", name);
    node = duet_network_conv(network, node, (struct duet_conv){.name = name, .channels = config->classes});
    duet_network_output(network, name, node);
    return duet_network_check(network, error);
}
