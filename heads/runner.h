/* runner.h: a model's network at one input size, ready to run. Internal. */
#ifndef DUET_HEADS_RUNNER_H
#define DUET_HEADS_RUNNER_H

#include "duet/model.h"
#include "duet/network.h"

/* Zeroed: not yet made. */
struct runner {
    int height, width; /* of the input */
    struct duet_compiled *compiled;
    struct duet_session *session;
    int threads; /* that the session is made for; 0: there is none */
};

/* Without a session yet. Errors: those of duet_model_network and duet_compile. */
enum duet_status duet_runner_compile(const struct duet_model *model, int output_stride,
                                     const struct duet_compile_options *options, struct runner *runner,
                                     struct duet_error *error);
void duet_runner_close(struct runner *runner);

/* The same for another thread: without a session, but with the packed weights. */
struct runner duet_runner_share(const struct runner *runner);

/* See that the session has scratch memory for `threads` workers. A new one is made before the old one goes:
 * after a failure it is as it was. */
enum duet_status duet_runner_prepare(struct runner *runner, int threads, struct duet_error *error);

#endif
