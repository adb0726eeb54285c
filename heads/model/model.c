#include "core/fail.h"
#include "core/kept.h"
#include "heads/kinds.h"
#include "heads/metadata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct duet_model {
    struct duet_kept kept;
    struct duet_weights *weights;
    struct duet_metadata metadata;
};

/* --- opening -------------------------------------------------------------------------------------------- */

static void free_model(struct duet_kept *kept)
{
    struct duet_model *m = (struct duet_model *)kept;
    duet_weights_close(&m->weights);
    duet_metadata_close(&m->metadata);
    free(m);
}

enum duet_status duet_model_of_weights(const char *path, struct duet_weights *weights,
                                       struct duet_model **model, struct duet_error *error)
{
    *model = NULL;
    struct duet_model *m = calloc(1, sizeof *m);
    if (!m) return duet_no_memory(error, path, NULL);
    duet_kept_init(&m->kept, free_model);
    *model = m;
    m->weights = duet_weights_retain(weights);
    enum duet_status status = duet_metadata_read(path, duet_weights_metadata(weights), &m->metadata, error);
    if (status != DUET_OK) duet_model_close(model);
    return status;
}

enum duet_status duet_model_open(const char *path, struct duet_model **model, struct duet_error *error)
{
    DUET_NEEDS(model, error);
    *model = NULL;
    DUET_NEEDS(path, error);
    struct duet_weights *weights;
    enum duet_status status = duet_weights_open(path, &weights, error);
    if (status == DUET_OK) status = duet_model_of_weights(path, weights, model, error);
    duet_weights_close(&weights);
    return status;
}

struct duet_kept *duet_model_kept(const struct duet_model *model)
{
    return (struct duet_kept *)(uintptr_t)model; /* its first member: what is counted is not what it holds */
}

struct duet_model *duet_model_retain(const struct duet_model *model)
{
    return (struct duet_model *)duet_kept_retain(duet_model_kept(model));
}

void duet_model_close(struct duet_model **model)
{
    if (!model || !*model) return;
    duet_kept_release(&(*model)->kept);
    *model = NULL;
}

/* --- reading it ----------------------------------------------------------------------------------------- */

const struct duet_model_config *duet_model_config(const struct duet_model *model)
{
    return model ? &model->metadata.config : NULL;
}

const struct duet_weights *duet_model_weights(const struct duet_model *model)
{
    return model ? model->weights : NULL;
}

int duet_model_head_count(const struct duet_model *model)
{
    return model ? model->metadata.config.head_count : 0;
}

const struct duet_head *duet_model_head(const struct duet_model *model, int index)
{
    return index >= 0 && index < duet_model_head_count(model) ? &model->metadata.heads[index] : NULL;
}

const struct duet_head *duet_model_find_head(const struct duet_model *model, const char *name)
{
    const struct duet_head *of_kind = NULL;
    for (int i = 0; name && i < duet_model_head_count(model); i++) {
        const struct duet_head *head = &model->metadata.heads[i];
        if (strcmp(head->name, name) == 0) return head;
        if (!of_kind && strcmp(duet_head_kind_name(head->kind), name) == 0) of_kind = head;
    }
    return of_kind;
}

const struct duet_head *duet_model_task_head(const struct duet_model *model, enum duet_head_task task)
{
    for (int i = 0; i < duet_model_head_count(model); i++)
        if (duet_head_task(model->metadata.heads[i].kind) == task) return &model->metadata.heads[i];
    return NULL;
}

const char *duet_model_head_names(const struct duet_model *model, char text[DUET_HEAD_NAMES])
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; used < DUET_HEAD_NAMES && i < duet_model_head_count(model); i++)
        used += (size_t)snprintf(text + used, DUET_HEAD_NAMES - used, "%s%s", i ? ", " : "",
                                 model->metadata.heads[i].name);
    return text;
}

enum duet_status duet_model_need_head(const struct duet_model *model, enum duet_head_task task,
                                      const struct duet_head **head, struct duet_error *error)
{
    static const char *const does[] = {"detects", "segments", "classifies"};
    const char *name = duet_model_config(model)->source.name;
    char heads[DUET_HEAD_NAMES];
    *head = duet_model_task_head(model, task);
    if (*head) return DUET_OK;
    return duet_fail(error, DUET_UNSUPPORTED, "the model%s%.60s (%s) has no head that %s", name ? " " : "",
                     name ? name : "", duet_model_head_names(model, heads), does[task]);
}
