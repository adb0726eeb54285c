/* classifier.h: the ImageNet classifier of the paper's Table 4: mean over the map, one linear layer. */
#ifndef DUET_CLASSIFIER_H
#define DUET_CLASSIFIER_H

#include "duet/mobilenet_v2.h"

DUET_C_BEGIN

struct duet_head; /* duet/head.h */

struct duet_classifier_config {
    int classes; /* as the last layer has them: 1001 with a background class, or 1000 */
};

/* Add `head`, a DUET_CLASSIFIER, to `network` on its one tap of `backbone`. Layers, under the head's name
 * ("classifier" here): "classifier.pool", "classifier.logits". Output: "classifier.logits" [1, 1, 1, classes].
 * Errors: DUET_BAD_ARGUMENT (classes not 1 .. 10000, a tap that is not there), those of duet_network_check. */
DUET_API enum duet_status duet_classifier_build(struct duet_network *network,
                                                const struct duet_mobilenet_v2 *backbone,
                                                const struct duet_head *head, struct duet_error *error);

DUET_C_END
#endif
