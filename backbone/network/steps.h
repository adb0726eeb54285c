/* steps.h: the kinds of step, a file each: step_conv.c, step_separable.c, step_plain.c. Internal to
 * backbone/network. */
#ifndef DUET_NETWORK_STEPS_H
#define DUET_NETWORK_STEPS_H

#include "network/work.h"

/* One piece of a step that is cut into w->pieces. */
void duet_step_conv(const struct work *w, int index, int worker);
void duet_step_depthwise(const struct work *w, struct share rows);

/* The same, without kernels: they move few bytes. */
void duet_step_add(const struct work *w, struct share rows);
void duet_step_concat(const struct work *w, struct share rows);
void duet_step_broadcast(const struct work *w, struct share rows);
void duet_step_upsample(const struct work *w, struct share rows);
void duet_step_subsample(const struct work *w, struct share rows);
void duet_step_convert(const struct work *w,
                       struct share rows);        /* U8 -> F32, by the input's scale and shift */
void duet_step_global_mean(const struct work *w); /* always one piece: a sum in one order */

/* The whole step, which has pieces of its own. */
void duet_step_separable(struct work *w, const struct duet_pool *pool);

#endif
