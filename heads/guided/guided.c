#include "duet/guided.h"

#include "core/fail.h"
#include "duet/head.h"

enum duet_status duet_guided_build(struct duet_network *network, const struct duet_mobilenet_v2 *backbone,
                                   const struct duet_head *head, struct duet_error *error)
{
    DUET_NEEDS(network, error);
    DUET_NEEDS(backbone, error);
    DUET_NEEDS(head, error);
    return duet_fail(error, DUET_UNSUPPORTED, "head '%s' is guided by boxes, which this build does not run",
                     head->name);
}
