/* An evaluation from end to end. */
#include "coco/evaluation.h"

#include "core/fail.h"

#include <math.h>
#include <stdlib.h>

void duet_coco_eval_close(struct duet_coco_eval **eval)
{
    if (!eval || !*eval) return;
    struct duet_coco_eval *e = *eval;
    free(e->image_ids);
    free(e->category_ids);
    free(e->category_names);
    free(e->cells);
    free(e->category_cells);
    free(e->found);
    free(e->truths);
    free(e->matches);
    free(e->ignored);
    free(e->ranks);
    free(e->category_ranks);
    free(e->positives);
    free(e->ap);
    free(e->ar);
    free(e);
    *eval = NULL;
}

/* --- what cannot be scored ---------------------------------------------------------------------------- */

static enum duet_status check_results(struct duet_coco_eval *eval, struct duet_error *error)
{
    const struct duet_coco_results *results = eval->results;
    if (results->count == 0) duet_coco_warn(eval, "the results are empty: they score 0");
    for (size_t i = 0; results->not_finite > 0 && i < results->count; i++) {
        const struct duet_coco_result *one = &results->items[i];
        if (isfinite(one->score + one->x + one->y + one->width + one->height)) continue;
        return duet_fail(error, DUET_BAD_ARGUMENT,
                         "%s: results[%zu]: a score or bbox that is not finite (%zu such results)",
                         results->path, i, results->not_finite);
    }
    return DUET_OK;
}

/* What an annotation lacks to be scored; NULL: nothing. */
static const char *fault_of(const struct duet_coco_eval *eval, size_t number)
{
    const struct duet_coco_annotation *one = &eval->truth->annotations[number];
    if (eval->type == DUET_COCO_BOXES)
        return one->has_box ? NULL : duet_coco_truth_fault(eval->truth, number, false);
    if (!one->mask) return duet_coco_truth_fault(eval->truth, number, true);
    return one->has_area || one->has_box ? NULL : "has no \"area\", and no \"bbox\" to take it from";
}

/* Of the annotations that are scored, and of those only. */
static enum duet_status check_truth(const struct duet_coco_eval *eval, struct duet_error *error)
{
    const struct duet_coco_truth *truth = eval->truth;
    size_t faulty = 0, first = 0;
    if (!truth->odd[DUET_COCO_NO_BOX].count && !truth->odd[DUET_COCO_NO_MASK].count) return DUET_OK;
    for (size_t i = 0; i < truth->annotation_count; i++) {
        const struct duet_coco_annotation *one = &truth->annotations[i];
        if (duet_coco_find_image(eval, one->image_id) == SIZE_MAX ||
            duet_coco_find_category(eval, one->category_id) == SIZE_MAX || !fault_of(eval, i))
            continue;
        if (faulty++ == 0) first = i;
    }
    char room[DUET_COCO_ID_ROOM];
    if (faulty == 0) return DUET_OK;
    return duet_fail(error, DUET_BAD_ARGUMENT, "%s: annotations[%zu] (id %s): %s (%zu such annotation%s)",
                     truth->path, first, duet_coco_id_text(truth->ids, truth->annotations[first].id, room),
                     fault_of(eval, first), faulty, faulty == 1 ? "" : "s");
}

static enum duet_status check_shapes(const struct duet_coco_eval *eval, struct duet_error *error)
{
    const struct duet_coco_results *results = eval->results;
    if (eval->type == DUET_COCO_MASKS && (!eval->truth->masks || !results->masks))
        return duet_fail(error, DUET_BAD_ARGUMENT, "the %s without masks",
                         eval->truth->masks ? "results were read" : "ground truth was read");
    for (size_t i = 0; results->without_box > 0 && i < results->count; i++)
        if (!results->items[i].has_box && !results->items[i].mask)
            return duet_fail(error, DUET_BAD_ARGUMENT, "%s: results[%zu] has no \"bbox\"%s", results->path, i,
                             results->masks ? " and no \"segmentation\"" : "");
    return check_truth(eval, error);
}

static enum duet_status work(struct duet_coco_eval *eval, const struct duet_coco_options *options,
                             struct duet_error *error)
{
    enum duet_status status = duet_coco_set_scope(eval, options, error);
    if (status == DUET_OK) status = check_results(eval, error);
    if (status == DUET_OK) status = check_shapes(eval, error);
    if (status != DUET_OK) return status;
    /* What pycocotools' loadRes does: it looks at the first result, and where that has a box the areas of all
     * are those of their boxes, even when masks are compared. */
    eval->areas_of_masks = eval->results->count > 0 && !eval->results->items[0].has_box;
    status = duet_coco_make_cells(eval, error);
    if (status == DUET_OK) status = duet_coco_match(eval, error);
    if (status == DUET_OK) status = duet_coco_accumulate(eval, error);
    return status;
}

enum duet_status duet_coco_eval_open(const struct duet_coco_truth *truth,
                                     const struct duet_coco_results *results,
                                     const struct duet_coco_options *options, struct duet_coco_eval **eval,
                                     struct duet_error *error)
{
    static const struct duet_coco_options usual = {.type = DUET_COCO_BOXES};
    if (!options) options = &usual;
    *eval = calloc(1, sizeof **eval);
    if (!*eval) return duet_no_memory(error, NULL, "to evaluate");
    (*eval)->truth = truth;
    (*eval)->results = results;
    (*eval)->type = options->type;
    (*eval)->warn = options->warn;
    (*eval)->warn_ctx = options->warn_ctx;
    enum duet_status status = work(*eval, options, error);
    if (status != DUET_OK) duet_coco_eval_close(eval);
    return status;
}
