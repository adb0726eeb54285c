#include "runner.h"

enum duet_status duet_runner_compile(const struct duet_model *model, int output_stride,
                                     const struct duet_compile_options *options, struct runner *runner,
                                     struct duet_error *error)
{
    struct duet_network *network;
    *runner = (struct runner){.height = options->height, .width = options->width};
    enum duet_status status = duet_model_network(duet_model_config(model), output_stride, &network, error);
    if (status == DUET_OK)
        status = duet_compile(network, duet_model_weights(model), options, &runner->compiled, error);
    duet_network_close(&network);
    return status;
}

void duet_runner_close(struct runner *runner)
{
    duet_session_close(&runner->session);
    duet_compiled_close(&runner->compiled);
    *runner = (struct runner){0};
}

struct runner duet_runner_share(const struct runner *runner)
{
    return (struct runner){runner->height, runner->width, duet_compiled_retain(runner->compiled), NULL, 0};
}

enum duet_status duet_runner_prepare(struct runner *runner, int threads, struct duet_error *error)
{
    if (threads <= runner->threads) return DUET_OK;
    struct duet_session *larger;
    enum duet_status status = duet_session_create(runner->compiled, threads, &larger, error);
    if (status != DUET_OK) return status;
    duet_session_close(&runner->session);
    runner->session = larger;
    runner->threads = threads;
    return DUET_OK;
}
