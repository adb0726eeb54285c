/* Overlaps between detections and ground truths of one picture: boxes, or masks run by run. */
#include "coco/evaluation.h"

#include "core/fail.h"
#include "core/grow.h"
#include "data/coco/masks.h"

#include <math.h>
#include <string.h>

/* A thing with a place: a box, and in mask evaluations its runs. */
struct shape {
    double box[4];
    struct duet_rle runs;
    bool crowd;
};

struct coco_overlaps {
    const struct duet_coco_eval *eval;
    double *values, *areas;
    size_t values_capacity, areas_capacity;
    struct shape *found, *truths; /* all shapes up to the capacity own their runs */
    size_t found_capacity, truths_capacity;
    struct duet_coco_mask_scratch scratch;
    struct duet_rle runs;
    size_t odd_sizes;
};

static void shapes_close(struct shape *shapes, size_t count)
{
    for (size_t i = 0; i < count; i++) duet_rle_close(&shapes[i].runs);
    free(shapes);
}

void duet_coco_overlaps_close(struct coco_overlaps **overlaps)
{
    struct coco_overlaps *o = *overlaps;
    if (!o) return;
    free(o->values);
    free(o->areas);
    shapes_close(o->found, o->found_capacity);
    shapes_close(o->truths, o->truths_capacity);
    duet_coco_mask_scratch_close(&o->scratch);
    duet_rle_close(&o->runs);
    free(o);
    *overlaps = NULL;
}

size_t duet_coco_overlaps_odd_sizes(const struct coco_overlaps *overlaps)
{
    return overlaps->odd_sizes;
}

enum duet_status duet_coco_overlaps_open(const struct duet_coco_eval *eval, struct coco_overlaps **overlaps,
                                         struct duet_error *error)
{
    *overlaps = calloc(1, sizeof **overlaps);
    if (!*overlaps) return duet_no_memory(error, NULL, "to evaluate");
    (*overlaps)->eval = eval;
    return DUET_OK;
}

/* --- shapes ------------------------------------------------------------------------------------------- */

static bool make_room(struct shape **shapes, size_t *capacity, size_t count)
{
    size_t before = *capacity;
    if (!DUET_GROW(*shapes, *capacity, count)) return false;
    if (*capacity > before) memset(*shapes + before, 0, (*capacity - before) * sizeof **shapes);
    return true;
}

/* The size of an image to fill polygons in; false when it has none that a mask can have. */
static bool size_of(const struct duet_coco_image *image, uint32_t *height, uint32_t *width)
{
    double h = image->height, w = image->width;
    *height = *width = 0;
    if (!(h >= 1 && w >= 1 && h <= DUET_RLE_MAX_SIDE && w <= DUET_RLE_MAX_SIDE)) return false;
    if (h != floor(h) || w != floor(w) || !duet_rle_good_size((int64_t)h, (int64_t)w)) return false;
    *height = (uint32_t)h;
    *width = (uint32_t)w;
    return true;
}

static enum duet_status no_size(const struct coco_overlaps *o, const struct duet_coco_image *image,
                                struct duet_error *error)
{
    const struct duet_coco_truth *truth = o->eval->truth;
    char room[DUET_COCO_ID_ROOM];
    return duet_fail(error, DUET_BAD_ARGUMENT,
                     "%s: images[%zu] (id %s): \"width\" %g, \"height\" %g: expected whole numbers from 1 to "
                     "%d, to fill polygons in (0: it does not say)",
                     truth->path, image->index, duet_coco_id_text(truth->ids, image->id, room), image->width,
                     image->height, DUET_RLE_MAX_SIDE);
}

/* A result that has a box only, as a mask: pycocotools makes a polygon of its corners. */
static enum duet_status fill_box(struct coco_overlaps *o, const struct duet_coco_result *one,
                                 const struct duet_coco_image *image, struct duet_rle *runs,
                                 struct duet_error *error)
{
    double left = one->x, top = one->y, right = one->x + one->width, bottom = one->y + one->height;
    const double limit = DUET_RLE_MAX_COORDINATE;
    if (!(left >= -limit && top >= -limit && right <= limit && bottom <= limit && one->width >= -limit &&
          one->height >= -limit))
        return duet_fail(error, DUET_BAD_ARGUMENT, "%s: results[%zu]: a box beyond +-%g cannot be a mask",
                         o->eval->results->path, (size_t)(one - o->eval->results->items), limit);
    const double corners[8] = {left, top, left, bottom, right, bottom, right, top};
    uint32_t height, width;
    if (!size_of(image, &height, &width)) return no_size(o, image, error);
    return duet_rle_from_polygon(runs, corners, 4, height, width, &o->scratch.polygon, error);
}

static enum duet_status fill_mask(struct coco_overlaps *o, const struct duet_coco_masks *masks, size_t mask,
                                  const struct duet_coco_image *image, struct duet_rle *runs,
                                  struct duet_error *error)
{
    uint32_t height, width;
    if (!size_of(image, &height, &width) && duet_coco_mask_wants_size(masks, mask))
        return no_size(o, image, error);
    return duet_coco_mask_runs(masks, mask, height, width, &o->scratch, runs, error);
}

/* Box, area and, for masks, runs of a detection. */
static enum duet_status shape_found(struct coco_overlaps *o, const struct duet_coco_image *image,
                                    const struct duet_coco_result *one, struct shape *shape, double *area,
                                    struct duet_error *error)
{
    const struct duet_coco_eval *eval = o->eval;
    bool masks = eval->type == DUET_COCO_MASKS, box = one->has_box;
    *area = one->width * one->height;
    memcpy(shape->box, (double[4]){one->x, one->y, one->width, one->height}, sizeof shape->box);
    if (!masks && box && !eval->areas_of_masks) return DUET_OK;
    struct duet_rle *runs = masks ? &shape->runs : &o->runs;
    enum duet_status status = one->mask && eval->results->masks
                                  ? fill_mask(o, eval->results->masks, one->mask, image, runs, error)
                                  : fill_box(o, one, image, runs, error);
    if (status != DUET_OK) return status;
    if (eval->areas_of_masks) *area = (double)duet_rle_area(runs);
    if (masks || !box) duet_rle_box(runs, shape->box);
    uint32_t height, width;
    if (masks && size_of(image, &height, &width) && (runs->height != height || runs->width != width))
        o->odd_sizes++;
    return DUET_OK;
}

static enum duet_status shape_truth(struct coco_overlaps *o, const struct duet_coco_image *image,
                                    const struct duet_coco_annotation *one, struct shape *shape,
                                    struct duet_error *error)
{
    shape->crowd = one->crowd;
    if (o->eval->type == DUET_COCO_BOXES) {
        memcpy(shape->box, (double[4]){one->x, one->y, one->width, one->height}, sizeof shape->box);
        return DUET_OK;
    }
    enum duet_status status = fill_mask(o, o->eval->truth->masks, one->mask, image, &shape->runs, error);
    if (status == DUET_OK) duet_rle_box(&shape->runs, shape->box);
    return status;
}

/* --- overlaps ----------------------------------------------------------------------------------------- */

/* Boxes against boxes, nothing else to look at: the common case. */
static void box_overlaps(const struct coco_overlaps *o, size_t found_count, size_t truth_count,
                         double *values)
{
    for (size_t i = 0; i < found_count; i++)
        for (size_t k = 0; k < truth_count; k++)
            *values++ = duet_coco_overlap(o->found[i].box, o->truths[k].box, o->truths[k].crowd);
}

static double mask_overlap(const struct shape *found, const struct shape *truth)
{
    double boxes = duet_coco_overlap(found->box, truth->box, truth->crowd);
    if (!(boxes > 0)) return 0;
    if (found->runs.height != truth->runs.height || found->runs.width != truth->runs.width) return -1;
    uint64_t both = duet_rle_intersection(&found->runs, &truth->runs), area = duet_rle_area(&found->runs);
    if (both == 0) return 0;
    return (double)both / (double)(truth->crowd ? area : area + duet_rle_area(&truth->runs) - both);
}

static void mask_overlaps(const struct coco_overlaps *o, size_t found_count, size_t truth_count,
                          double *values)
{
    for (size_t i = 0; i < found_count; i++)
        for (size_t k = 0; k < truth_count; k++) *values++ = mask_overlap(&o->found[i], &o->truths[k]);
}

enum duet_status duet_coco_overlaps_of(struct coco_overlaps *o, size_t image, const uint32_t *found,
                                       size_t found_count, const uint32_t *truths, size_t truth_count,
                                       const double **values, const double **areas, struct duet_error *error)
{
    const struct duet_coco_eval *eval = o->eval;
    size_t pairs;
    if (!duet_mul_size(found_count, truth_count, &pairs)) return duet_no_memory(error, NULL, "to evaluate");
    if (!DUET_GROW(o->values, o->values_capacity, pairs + 1) ||
        !DUET_GROW(o->areas, o->areas_capacity, found_count + 1) ||
        !make_room(&o->found, &o->found_capacity, found_count) ||
        !make_room(&o->truths, &o->truths_capacity, truth_count))
        return duet_no_memory(error, NULL, "to evaluate");
    const struct duet_coco_image *where = duet_coco_truth_image(eval->truth, eval->image_ids[image]);
    enum duet_status status = DUET_OK;
    for (size_t i = 0; status == DUET_OK && i < truth_count; i++)
        status = shape_truth(o, where, &eval->truth->annotations[truths[i]], &o->truths[i], error);
    for (size_t i = 0; status == DUET_OK && i < found_count; i++)
        status = shape_found(o, where, &eval->results->items[found[i]], &o->found[i], &o->areas[i], error);
    if (status == DUET_OK)
        (eval->type == DUET_COCO_BOXES ? box_overlaps : mask_overlaps)(o, found_count, truth_count,
                                                                       o->values);
    *values = o->values;
    *areas = o->areas;
    return status;
}
