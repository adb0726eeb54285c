#include "runner/front.h"

#include "core/fail.h"
#include "heads/kinds.h"

enum duet_status duet_front_create(const struct duet_model *model, enum duet_head_task task, const char *head,
                                   struct duet_runner_options options, struct duet_runner **runner,
                                   struct duet_error *error)
{
    const struct duet_head *found;
    enum duet_status status = duet_model_need_head(model, task, &found, error);
    if (status != DUET_OK) return status;
    if (head) found = duet_model_find_head(model, head);
    if (found && duet_head_task(found->kind) != task)
        return duet_fail(error, DUET_UNSUPPORTED, "head '%s' does something else", found->name);
    const char *name = found ? found->name : head; /* which is not there */
    options.heads = &name;
    options.head_count = 1;
    return duet_runner_create(model, &options, runner, error);
}
