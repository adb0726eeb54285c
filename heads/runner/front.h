/* front.h: what detector, segmenter and classifier have in common: a runner that wants one head. Internal. */
#ifndef DUET_HEADS_RUNNER_FRONT_H
#define DUET_HEADS_RUNNER_FRONT_H

#include "duet/runner.h"

/* `options` without heads: `head`, or the model's first of the task. Errors: DUET_UNSUPPORTED (the model has
 * none, or `head` is one of another task), those of duet_runner_create. */
enum duet_status duet_front_create(const struct duet_model *model, enum duet_head_task task, const char *head,
                                   struct duet_runner_options options, struct duet_runner **runner,
                                   struct duet_error *error);

#endif
