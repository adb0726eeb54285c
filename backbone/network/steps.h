/* steps.h: the kinds of step, a file each: step_conv.c, step_separable.c, step_plain.c. Internal to
 * backbone/network. */
#ifndef DUET_NETWORK_STEPS_H
#define DUET_NETWORK_STEPS_H

#include "network/work.h"

/* One piece of a step that is cut into w->pieces. */
void duet_step_conv(const struct work *w, int index, int worker);
void duet_step_depthwise(const struct work *w, struct share rows);

/* The same, without kernels: they move few bytes. */
struct plain_step {
    const char *kernel; /* what duet_compiled_step calls it */
    void (*run)(const struct work *w, struct share rows);
};
extern const struct plain_step duet_plain_steps[STEP_KINDS]; /* zero for the kinds that have kernels */

/* The whole step, which has pieces of its own. */
void duet_step_separable(struct work *w, const struct duet_pool *pool);

#endif
