#include "runner/front.h"

#include "core/fail.h"

static const char *task_noun(enum duet_task task)
{
    return task == DUET_DETECTION      ? "detection"
           : task == DUET_SEGMENTATION ? "segmentation"
                                       : "classification";
}

enum duet_status duet_front_create(const struct duet_model *model, enum duet_task task, const char *head,
                                   struct duet_runner_options options, struct duet_runner **runner,
                                   struct duet_error *error)
{
    const struct duet_head *found = NULL;
    struct heads *heads = duet_heads_of(model);
    if (!heads) return duet_no_memory(error, NULL, "for heads");
    for (int i = heads->count - 1; i >= 0; i--)
        if (duet_head_task(heads->items[i].kind) == task) found = &heads->items[i];
    enum duet_status status = DUET_OK;
    if (!found)
        status = duet_fail(error, DUET_UNSUPPORTED, "the model (%s) has no %s head",
                           duet_model_config(model)->architecture, task_noun(task));
    const char *name = head ? head : found ? found->name : "";
    options.heads = &name;
    options.head_count = 1;
    if (status == DUET_OK) status = duet_runner_create(model, &options, runner, error);
    duet_kept_release(&heads->kept);
    return status;
}

enum duet_status duet_front_run(struct duet_runner *runner, const struct duet_image *image,
                                const struct duet_run_options *options, struct head_result *result,
                                struct duet_error *error)
{
    struct duet_results *results;
    *result = (struct head_result){0};
    enum duet_status status = duet_runner_run(runner, image, options, &results, error);
    if (status != DUET_OK) return status;
    *result = results->items[0];
    results->items[0] = (struct head_result){0};
    duet_results_close(&results);
    return DUET_OK;
}
