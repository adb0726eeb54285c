#include "duet/classifier.h"

#include "core/fail.h"

enum duet_status duet_classifier_build(struct duet_network *network, const struct duet_mobilenet_v2 *backbone,
                                       const struct duet_classifier_config *config, struct duet_error *error)
{
    DUET_NEEDS(network, error);
    DUET_NEEDS(backbone, error);
    DUET_NEEDS(config, error);
    if (config->classes < 1 || config->classes > 100000)
        return duet_fail(error, DUET_BAD_ARGUMENT, "classifier with %d classes: expected 1 to 100000",
                         config->classes);
    if (backbone->conv_1 < 0)
        return duet_fail(error, DUET_BAD_ARGUMENT,
                         "the classifier needs a backbone with its last convolution");
    duet_node node = duet_network_global_mean(network, "classifier.pool", backbone->conv_1);
    node = duet_network_conv(network, node,
                             (struct duet_conv){.name = "classifier.logits", .channels = config->classes});
    duet_network_output(network, "classifier.logits", node);
    return duet_network_check(network, error);
}
