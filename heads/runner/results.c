#include "runner/results.h"

#include "deeplabv3/logits.h"

#include <stdlib.h>
#include <string.h>

struct duet_results *duet_results_create(int count)
{
    struct duet_results *r = calloc(1, sizeof *r + (size_t)count * sizeof *r->items);
    if (r) r->count = count;
    return r;
}

void duet_segmentation_close(struct duet_segmentation *segmentation)
{
    if (!segmentation) return;
    duet_image_close(&segmentation->classes);
    duet_image_close(&segmentation->confidence);
    duet_segments_close(&segmentation->segments);
    duet_segmentation_logits_close(&segmentation->logits);
}

void duet_results_close(struct duet_results **results)
{
    if (!results || !*results) return;
    for (int i = 0; i < (*results)->count; i++) {
        struct head_result *r = &(*results)->items[i];
        duet_detections_close(&r->detections);
        duet_segmentation_close(&r->segmentation);
        duet_class_probabilities_close(&r->classes);
    }
    duet_kept_release((*results)->owner);
    free(*results);
    *results = NULL;
}

/* --- looking -------------------------------------------------------------------------------------------- */

static struct head_result *find_task(struct duet_results *results, enum duet_head_task task)
{
    for (int i = 0; results && i < results->count; i++)
        if (duet_head_task(results->items[i].head->kind) == task) return &results->items[i];
    return NULL;
}

static const struct head_result *of_task(const struct duet_results *results, enum duet_head_task task)
{
    return find_task((struct duet_results *)results, task);
}

static const struct head_result *of_head(const struct duet_results *results, enum duet_head_task task,
                                         const char *head)
{
    const struct head_result *kind = NULL;
    for (int i = 0; results && head && i < results->count; i++) {
        const struct head_result *r = &results->items[i];
        if (duet_head_task(r->head->kind) != task) continue;
        if (strcmp(r->head->name, head) == 0) return r;
        if (!kind && strcmp(duet_head_kind_name(r->head->kind), head) == 0) kind = r;
    }
    return kind;
}

const struct duet_detections *duet_results_detections(const struct duet_results *results)
{
    const struct head_result *r = of_task(results, DUET_DETECTION);
    return r ? &r->detections : NULL;
}

const struct duet_segmentation *duet_results_segmentation(const struct duet_results *results)
{
    const struct head_result *r = of_task(results, DUET_SEGMENTATION);
    return r ? &r->segmentation : NULL;
}

const struct duet_class_probabilities *duet_results_classes(const struct duet_results *results)
{
    const struct head_result *r = of_task(results, DUET_CLASSIFICATION);
    return r ? &r->classes : NULL;
}

const struct duet_detections *duet_results_detections_of(const struct duet_results *results, const char *head)
{
    const struct head_result *r = of_head(results, DUET_DETECTION, head);
    return r ? &r->detections : NULL;
}

const struct duet_segmentation *duet_results_segmentation_of(const struct duet_results *results,
                                                             const char *head)
{
    const struct head_result *r = of_head(results, DUET_SEGMENTATION, head);
    return r ? &r->segmentation : NULL;
}

const struct duet_class_probabilities *duet_results_classes_of(const struct duet_results *results,
                                                               const char *head)
{
    const struct head_result *r = of_head(results, DUET_CLASSIFICATION, head);
    return r ? &r->classes : NULL;
}

/* --- taking --------------------------------------------------------------------------------------------- */

struct duet_detections duet_results_take_detections(struct duet_results *results)
{
    struct duet_detections taken = {0};
    struct head_result *r = find_task(results, DUET_DETECTION);
    if (r) taken = r->detections, r->detections = (struct duet_detections){0};
    return taken;
}

struct duet_segmentation duet_results_take_segmentation(struct duet_results *results)
{
    struct duet_segmentation taken = {0};
    struct head_result *r = find_task(results, DUET_SEGMENTATION);
    if (r) taken = r->segmentation, r->segmentation = (struct duet_segmentation){0};
    return taken;
}

struct duet_class_probabilities duet_results_take_classes(struct duet_results *results)
{
    struct duet_class_probabilities taken = {0};
    struct head_result *r = find_task(results, DUET_CLASSIFICATION);
    if (r) taken = r->classes, r->classes = (struct duet_class_probabilities){0};
    return taken;
}
