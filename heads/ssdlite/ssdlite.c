#include "duet/ssdlite.h"

#include "core/fail.h"

#include <stdio.h>

/* Extra feature maps after conv_1: 1x1 to `reduced`, depthwise of stride 2, 1x1 to `channels`. */
static const struct {
    int reduced, channels;
} extras[DUET_SSDLITE_MAPS - 2] = {{256, 512}, {128, 256}, {128, 256}, {64, 128}};

#define BOX_CODE 4 /* ty, tx, th, tw */

int duet_ssdlite_anchors_per_cell(int map)
{
    return map == 0 ? 3 : 6;
}

static duet_node conv1x1(struct duet_network *network, duet_node input, const char *name, int channels)
{
    return duet_network_conv(
        network, input,
        (struct duet_conv){.name = name, .channels = channels, .activation = DUET_RELU6, .batch_norm = true});
}

static duet_node add_extra(struct duet_network *network, duet_node input, int index)
{
    char name[64];
    snprintf(name, sizeof name, "ssdlite.extra%d.reduce", index);
    duet_node node = conv1x1(network, input, name, extras[index].reduced);
    snprintf(name, sizeof name, "ssdlite.extra%d.depthwise", index);
    node = duet_network_depthwise(
        network, node,
        (struct duet_conv){.name = name, .stride = 2, .activation = DUET_RELU6, .batch_norm = true});
    snprintf(name, sizeof name, "ssdlite.extra%d.expand", index);
    return conv1x1(network, node, name, extras[index].channels);
}

/* Depthwise 3x3, then 1x1 with a plain bias and no activation: what makes SSD "Lite". */
static void add_predictor(struct duet_network *network, duet_node feature, int map, const char *what,
                          int values_per_anchor)
{
    char name[64];
    snprintf(name, sizeof name, "ssdlite.map%d.%s.depthwise", map, what);
    duet_node node = duet_network_depthwise(
        network, feature, (struct duet_conv){.name = name, .activation = DUET_RELU6, .batch_norm = true});
    snprintf(name, sizeof name, "ssdlite.map%d.%s.predict", map, what);
    node = duet_network_conv(
        network, node,
        (struct duet_conv){.name = name, .channels = duet_ssdlite_anchors_per_cell(map) * values_per_anchor});
    snprintf(name, sizeof name, "ssdlite.%s%d", what, map);
    duet_network_output(network, name, node);
}

enum duet_status duet_ssdlite_build(struct duet_network *network, const struct duet_mobilenet_v2 *backbone,
                                    const struct duet_ssdlite_config *config, struct duet_error *error)
{
    DUET_NEEDS(network, error);
    DUET_NEEDS(backbone, error);
    DUET_NEEDS(config, error);
    if (config->classes < 1 || config->classes > 10000)
        return duet_fail(error, DUET_BAD_ARGUMENT, "SSDLite with %d classes: expected 1 to 10000",
                         config->classes);
    if (backbone->conv_1 < 0)
        return duet_fail(error, DUET_BAD_ARGUMENT, "SSDLite needs a backbone with its last convolution");
    duet_node features[DUET_SSDLITE_MAPS] = {backbone->expand[13], backbone->conv_1};
    for (int i = 2; i < DUET_SSDLITE_MAPS; i++) features[i] = add_extra(network, features[i - 1], i - 2);
    for (int i = 0; i < DUET_SSDLITE_MAPS; i++) {
        add_predictor(network, features[i], i, "box", BOX_CODE);
        add_predictor(network, features[i], i, "class", config->classes + 1);
    }
    return duet_network_check(network, error);
}
