#include "duet/classifier.h"

#include "core/fail.h"
#include "duet/head.h"

#include <stdio.h>

enum duet_status duet_classifier_build(struct duet_network *network, const struct duet_mobilenet_v2 *backbone,
                                       const struct duet_head *head, struct duet_error *error)
{
    DUET_NEEDS(network, error);
    DUET_NEEDS(backbone, error);
    DUET_NEEDS(head, error);
    const int classes = head->config.classifier.classes;
    if (classes < 1 || classes > 10000)
        return duet_fail(error, DUET_BAD_ARGUMENT, "classifier with %d classes: expected 1 to 10000",
                         classes);
    duet_node node;
    enum duet_status status = duet_head_taps(network, backbone, head, &node, 1, error);
    if (status != DUET_OK) return status;
    char name[64];
    snprintf(name, sizeof name, "%s.pool", head->name);
    node = duet_network_global_mean(network, name, node);
    snprintf(name, sizeof name, "%s.logits", head->name);
    node = duet_network_conv(network, node, (struct duet_conv){.name = name, .channels = classes});
    duet_network_output(network, name, node);
    return duet_network_check(network, error);
}
