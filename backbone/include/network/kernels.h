/* kernels.h: the kernels that a network was compiled for, on which a head's own loops over pixels and logits
 * run, too. Internal to Duet. */
#ifndef DUET_NETWORK_KERNELS_H
#define DUET_NETWORK_KERNELS_H

#include "duet/network.h"
#include "kernels/kernels.h"

/* Valid as long as `compiled` is. */
const struct duet_kernels *duet_compiled_kernels(const struct duet_compiled *compiled);

#endif
