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
extern const struct plain_step duet_byte_steps[STEP_KINDS];  /* the same of bytes */

static inline const struct plain_step *duet_plain_step(const struct step *s)
{
    return s->dtype == DUET_U8 ? &duet_byte_steps[s->kind] : &duet_plain_steps[s->kind];
}

/* In both: what only copies. */
void duet_broadcast(const struct work *w, struct share rows);
void duet_subsample(const struct work *w, struct share rows);

/* Where row or column p of an upsampled side lies: on `first` when both are the same, else halfway between.
 */
struct upsampled {
    size_t first, second;
};

static inline struct upsampled duet_upsampled_from(size_t p, size_t side)
{
    size_t doubled = p + side % 2; /* an even side begins half a pixel before the first one */
    size_t first = doubled > 0 ? (doubled - 1) / 2 : 0;
    return (struct upsampled){first, doubled / 2};
}

/* The whole step, which has pieces of its own. */
void duet_step_separable(struct work *w, const struct duet_pool *pool);

#endif
