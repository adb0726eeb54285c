#include "duet/ssdlite.h"

#include "core/fail.h"
#include "duet/head.h"

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

static duet_node add_extra(struct duet_network *network, const char *head, duet_node input, int index)
{
    char name[64];
    snprintf(name, sizeof name, "%s.extra%d.reduce", head, index);
    duet_node node = conv1x1(network, input, name, extras[index].reduced);
    snprintf(name, sizeof name, "%s.extra%d.depthwise", head, index);
    node = duet_network_depthwise(
        network, node,
        (struct duet_conv){.name = name, .stride = 2, .activation = DUET_RELU6, .batch_norm = true});
    snprintf(name, sizeof name, "%s.extra%d.expand", head, index);
    return conv1x1(network, node, name, extras[index].channels);
}

/* Depthwise 3x3, then 1x1 with a plain bias and no activation: what makes SSD "Lite". */
static void add_predictor(struct duet_network *network, const char *head, duet_node feature, int map,
                          const char *what, int values_per_anchor)
{
    char name[64];
    snprintf(name, sizeof name, "%s.map%d.%s.depthwise", head, map, what);
    duet_node node = duet_network_depthwise(
        network, feature, (struct duet_conv){.name = name, .activation = DUET_RELU6, .batch_norm = true});
    snprintf(name, sizeof name, "%s.map%d.%s.predict", head, map, what);
    node = duet_network_conv(
        network, node,
        (struct duet_conv){.name = name, .channels = duet_ssdlite_anchors_per_cell(map) * values_per_anchor});
    snprintf(name, sizeof name, "%s.%s%d", head, what, map);
    duet_network_output(network, name, node);
}

enum duet_status duet_ssdlite_build(struct duet_network *network, const struct duet_mobilenet_v2 *backbone,
                                    const struct duet_head *head, struct duet_error *error)
{
    DUET_NEEDS(network, error);
    DUET_NEEDS(backbone, error);
    DUET_NEEDS(head, error);
    const int classes = head->config.ssdlite.classes;
    if (classes < 1 || classes > 10000)
        return duet_fail(error, DUET_BAD_ARGUMENT, "SSDLite with %d classes: expected 1 to 10000", classes);
    duet_node features[DUET_SSDLITE_MAPS];
    enum duet_status status = duet_head_taps(network, backbone, head, features, 2, error);
    if (status != DUET_OK) return status;
    for (int i = 2; i < DUET_SSDLITE_MAPS; i++)
        features[i] = add_extra(network, head->name, features[i - 1], i - 2);
    for (int i = 0; i < DUET_SSDLITE_MAPS; i++) {
        add_predictor(network, head->name, features[i], i, "box", BOX_CODE);
        add_predictor(network, head->name, features[i], i, "class", classes + 1);
    }
    return duet_network_check(network, error);
}
