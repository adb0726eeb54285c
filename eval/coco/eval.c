#include "coco/eval.h"

#include "core/fail.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

void duet_coco_warn(const struct duet_coco_eval *eval, const char *format, ...)
{
    if (!eval->warn) return;
    char text[DUET_ERROR_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    eval->warn(eval->warn_ctx, text);
}

/* --- options ------------------------------------------------------------------------------------------ */

static enum duet_status set_thresholds(struct duet_coco_eval *eval, const struct duet_coco_options *options,
                                       struct duet_error *error)
{
    if (!options->thresholds) {
        /* As numpy's linspace(.5, .95, 10) rounds them: a threshold an ulp off would decide ties otherwise.
         */
        const double step = (.95 - .5) / 9;
        eval->threshold_count = 10;
        for (int i = 0; i < 10; i++) eval->thresholds[i] = i * step + .5;
        eval->thresholds[9] = .95;
        return DUET_OK;
    }
    if (options->threshold_count < 1 || options->threshold_count > DUET_COCO_MAX_THRESHOLDS)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%zu overlap thresholds: expected 1 to %d",
                         options->threshold_count, DUET_COCO_MAX_THRESHOLDS);
    eval->threshold_count = options->threshold_count;
    for (size_t i = 0; i < options->threshold_count; i++) {
        double one = options->thresholds[i];
        if (!(one > 0 && one <= 1) || (i > 0 && one <= options->thresholds[i - 1]))
            return duet_fail(error, DUET_BAD_ARGUMENT,
                             "overlap threshold %g: expected numbers above 0, at most 1, ascending", one);
        eval->thresholds[i] = one;
    }
    return DUET_OK;
}

static enum duet_status set_limits(struct duet_coco_eval *eval, const struct duet_coco_options *options,
                                   struct duet_error *error)
{
    static const int usual[] = {1, 10, 100};
    const int *limits = options->limits ? options->limits : usual;
    size_t count = options->limits ? options->limit_count : 3;
    if (count < 1 || count > DUET_COCO_MAX_LIMITS)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%zu limits on detections: expected 1 to %d", count,
                         DUET_COCO_MAX_LIMITS);
    eval->limit_count = count;
    for (size_t i = 0; i < count; i++) {
        if (limits[i] < 1 || (i > 0 && limits[i] <= limits[i - 1]))
            return duet_fail(error, DUET_BAD_ARGUMENT, "at most %d detections: expected 1 or more, ascending",
                             limits[i]);
        eval->limits[i] = limits[i];
    }
    return DUET_OK;
}

static enum duet_status set_areas(struct duet_coco_eval *eval, const struct duet_coco_options *options,
                                  struct duet_error *error)
{
    static const struct duet_coco_area usual[] = {
        {"all", 0, 1e10}, {"small", 0, 32 * 32}, {"medium", 32 * 32, 96 * 96}, {"large", 96 * 96, 1e10}};
    const struct duet_coco_area *areas = options->areas ? options->areas : usual;
    size_t count = options->areas ? options->area_count : 4;
    if (count < 1 || count > DUET_COCO_MAX_AREAS)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%zu area ranges: expected 1 to %d", count,
                         DUET_COCO_MAX_AREAS);
    eval->area_count = count;
    for (size_t i = 0; i < count; i++) {
        if (!areas[i].name || strlen(areas[i].name) > 31 || !(areas[i].least <= areas[i].most))
            return duet_fail(error, DUET_BAD_ARGUMENT,
                             "area range '%.40s' %g to %g: expected a name of at "
                             "most 31 bytes and the lower end first",
                             areas[i].name ? areas[i].name : "", areas[i].least, areas[i].most);
        eval->areas[i] = areas[i];
    }
    return DUET_OK;
}

/* --- images and categories ---------------------------------------------------------------------------- */

static int compare_int64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

size_t duet_coco_find_image(const struct duet_coco_eval *eval, int64_t id)
{
    const int64_t *at = bsearch(&id, eval->image_ids, eval->image_count, sizeof id, compare_int64);
    return at ? (size_t)(at - eval->image_ids) : SIZE_MAX;
}

size_t duet_coco_find_category(const struct duet_coco_eval *eval, int64_t id)
{
    const int64_t *at = bsearch(&id, eval->category_ids, eval->category_count, sizeof id, compare_int64);
    return at ? (size_t)(at - eval->category_ids) : SIZE_MAX;
}

static enum duet_status set_images(struct duet_coco_eval *eval, const struct duet_coco_options *options,
                                   struct duet_error *error)
{
    const struct duet_coco_truth *truth = eval->truth;
    size_t count = options->image_ids ? options->image_count : truth->image_count;
    eval->image_ids = calloc(count + 1, sizeof *eval->image_ids);
    if (!eval->image_ids) return duet_no_memory(error, NULL, "to evaluate");
    for (size_t i = 0; i < count; i++) {
        int64_t id = options->image_ids ? options->image_ids[i] : truth->images[truth->images_by_id[i]].id;
        char room[DUET_COCO_ID_ROOM];
        if (!duet_coco_truth_image(truth, id))
            return duet_fail(error, DUET_BAD_ARGUMENT, "image id %s: the ground truth does not list it",
                             duet_coco_id_text(truth->ids, id, room));
        eval->image_ids[i] = id;
    }
    qsort(eval->image_ids, count, sizeof *eval->image_ids, compare_int64);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || eval->image_ids[i] != eval->image_ids[i - 1])
            eval->image_ids[eval->image_count++] = eval->image_ids[i];
    return DUET_OK;
}

static enum duet_status set_categories(struct duet_coco_eval *eval, const struct duet_coco_options *options,
                                       struct duet_error *error)
{
    const struct duet_coco_truth *truth = eval->truth;
    size_t count = options->category_ids ? options->category_count : truth->category_count;
    eval->category_ids = calloc(count + 1, sizeof *eval->category_ids);
    eval->category_names = calloc(count + 1, sizeof *eval->category_names);
    if (!eval->category_ids || !eval->category_names) return duet_no_memory(error, NULL, "to evaluate");
    for (size_t i = 0; i < count; i++) {
        int64_t id = options->category_ids ? options->category_ids[i]
                                           : truth->categories[truth->categories_by_id[i]].id;
        char room[DUET_COCO_ID_ROOM];
        if (!duet_coco_truth_category(truth, id))
            return duet_fail(error, DUET_BAD_ARGUMENT, "category id %s: the ground truth does not list it",
                             duet_coco_id_text(truth->ids, id, room));
        eval->category_ids[i] = id;
    }
    qsort(eval->category_ids, count, sizeof *eval->category_ids, compare_int64);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || eval->category_ids[i] != eval->category_ids[i - 1])
            eval->category_ids[eval->category_count++] = eval->category_ids[i];
    for (size_t i = 0; i < eval->category_count; i++)
        eval->category_names[i] = duet_coco_truth_category(truth, eval->category_ids[i])->name;
    return DUET_OK;
}

/* --- the data ----------------------------------------------------------------------------------------- */

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

/* What pycocotools' loadRes does: it looks at the first result, and where that has a box the areas of all are
 * those of their boxes, even when masks are compared. */
static void choose_areas(struct duet_coco_eval *eval)
{
    eval->areas_of_masks = eval->results->count > 0 && !eval->results->items[0].has_box;
}

static enum duet_status work(struct duet_coco_eval *eval, const struct duet_coco_options *options,
                             struct duet_error *error)
{
    enum duet_status status = set_thresholds(eval, options, error);
    if (status == DUET_OK) status = set_limits(eval, options, error);
    if (status == DUET_OK) status = set_areas(eval, options, error);
    if (status == DUET_OK) status = set_images(eval, options, error);
    if (status == DUET_OK) status = set_categories(eval, options, error);
    if (status == DUET_OK) status = check_results(eval, error);
    if (status == DUET_OK) status = check_shapes(eval, error);
    if (status != DUET_OK) return status;
    choose_areas(eval);
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
    static const struct duet_coco_options usual = {.struct_size = sizeof usual};
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

struct duet_coco_scope duet_coco_eval_scope(const struct duet_coco_eval *eval)
{
    return (struct duet_coco_scope){.type = eval->type,
                                    .thresholds = eval->thresholds,
                                    .limits = eval->limits,
                                    .areas = eval->areas,
                                    .image_ids = eval->image_ids,
                                    .category_ids = eval->category_ids,
                                    .ids = eval->truth->ids,
                                    .category_names = eval->category_names,
                                    .threshold_count = eval->threshold_count,
                                    .limit_count = eval->limit_count,
                                    .area_count = eval->area_count,
                                    .image_count = eval->image_count,
                                    .category_count = eval->category_count,
                                    .detection_count = eval->found_count,
                                    .truth_count = eval->truth_count};
}
