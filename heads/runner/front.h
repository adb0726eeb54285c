/* front.h: what detector, segmenter and classifier have in common: a runner that wants one head. Internal. */
#ifndef DUET_HEADS_RUNNER_FRONT_H
#define DUET_HEADS_RUNNER_FRONT_H

#include "runner/results.h"

/* `options` without heads: `head`, or the model's first of the task. Errors: DUET_UNSUPPORTED (the model has
 * none, or `head` is one of another task), those of duet_runner_create. */
enum duet_status duet_front_create(const struct duet_model *model, enum duet_head_task task, const char *head,
                                   struct duet_runner_options options, struct duet_runner **runner,
                                   struct duet_error *error);

/* Its answer into *result, which is zeroed by then; owned by the caller. */
enum duet_status duet_front_run(struct duet_runner *runner, const struct duet_image *image,
                                const struct duet_run_options *options, struct head_result *result,
                                struct duet_error *error);

#endif
