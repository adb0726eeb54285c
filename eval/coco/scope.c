/* What is scored, and by which rules: options to the scope of an evaluation. */
#include "coco/evaluation.h"

#include "core/fail.h"
#include "core/order.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static size_t place_of(const int64_t *ids, size_t count, int64_t id)
{
    const int64_t *at = bsearch(&id, ids, count, sizeof id, duet_by_int64);
    return at ? (size_t)(at - ids) : SIZE_MAX;
}

size_t duet_coco_find_image(const struct duet_coco_eval *eval, int64_t id)
{
    return place_of(eval->image_ids, eval->image_count, id);
}

size_t duet_coco_find_category(const struct duet_coco_eval *eval, int64_t id)
{
    return place_of(eval->category_ids, eval->category_count, id);
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
    eval->image_count = duet_sort_distinct(eval->image_ids, count);
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
    eval->category_count = duet_sort_distinct(eval->category_ids, count);
    for (size_t i = 0; i < eval->category_count; i++)
        eval->category_names[i] = duet_coco_truth_category(truth, eval->category_ids[i])->name;
    return DUET_OK;
}

enum duet_status duet_coco_set_scope(struct duet_coco_eval *eval, const struct duet_coco_options *options,
                                     struct duet_error *error)
{
    enum duet_status status = set_thresholds(eval, options, error);
    if (status == DUET_OK) status = set_limits(eval, options, error);
    if (status == DUET_OK) status = set_areas(eval, options, error);
    if (status == DUET_OK) status = set_images(eval, options, error);
    return status == DUET_OK ? set_categories(eval, options, error) : status;
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
