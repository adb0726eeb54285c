/* Which class was taken for which. */
#include "eval/coco/errors.h"

#include "coco/by_image.h"
#include "coco/eval.h"
#include "core/fail.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void duet_coco_confusion_close(struct duet_coco_confusion *confusion)
{
    if (!confusion) return;
    free(confusion->cells);
    *confusion = (struct duet_coco_confusion){0};
}

/* One image on its way into the matrix. */
struct scene {
    const struct coco_image_items *image;
    const double *overlaps; /* [found_count][truth_count] */
    double least;
    bool *taken;   /* [truth_count] */
    bool *settled; /* [found_count] */
};

/* The ground truth that detection d takes, of its own class or of any; SIZE_MAX: none. */
static size_t choose(const struct scene *scene, size_t d, bool any_class)
{
    const struct coco_image_items *image = scene->image;
    double best = scene->least;
    size_t chosen = SIZE_MAX;
    for (size_t g = 0; g < image->truth_count; g++) {
        if (scene->taken[g] || image->truths[g].crowd) continue;
        if (!any_class && image->truths[g].category != image->found[d].category) continue;
        double overlap = scene->overlaps[d * image->truth_count + g];
        if (overlap < best) continue;
        best = overlap;
        chosen = g;
    }
    return chosen;
}

static bool in_crowd(const struct scene *scene, size_t d)
{
    const struct coco_image_items *image = scene->image;
    for (size_t g = 0; g < image->truth_count; g++)
        if (image->truths[g].crowd && image->truths[g].category == image->found[d].category &&
            scene->overlaps[d * image->truth_count + g] >= scene->least)
            return true;
    return false;
}

static void count_scene(const struct scene *scene, struct duet_coco_confusion *confusion)
{
    const struct coco_image_items *image = scene->image;
    const size_t side = confusion->side, background = side - 1;
    for (int any_class = 0; any_class < 2; any_class++)
        for (size_t d = 0; d < image->found_count; d++) {
            if (image->found[d].score < confusion->score || scene->settled[d]) continue;
            size_t g = choose(scene, d, any_class);
            if (g == SIZE_MAX) continue;
            scene->taken[g] = scene->settled[d] = true;
            confusion->cells[image->truths[g].category * side + image->found[d].category]++;
        }
    for (size_t d = 0; d < image->found_count; d++)
        if (image->found[d].score >= confusion->score && !scene->settled[d] && !in_crowd(scene, d))
            confusion->cells[background * side + image->found[d].category]++;
    for (size_t g = 0; g < image->truth_count; g++)
        if (!scene->taken[g] && !image->truths[g].crowd)
            confusion->cells[image->truths[g].category * side + background]++;
}

static enum duet_status count_image(const struct coco_by_image *by_image,
                                    const struct coco_image_items *image,
                                    struct duet_coco_confusion *confusion, struct duet_error *error)
{
    struct scene scene = {.image = image, .least = fmin(confusion->overlap, 1 - 1e-10)};
    enum duet_status status = duet_coco_image_overlaps(by_image, image, &scene.overlaps, error);
    if (status != DUET_OK) return status;
    scene.taken = calloc(image->truth_count + 1, sizeof *scene.taken);
    scene.settled = calloc(image->found_count + 1, sizeof *scene.settled);
    if (scene.taken && scene.settled)
        count_scene(&scene, confusion);
    else
        status = duet_no_memory(error, NULL, "for the confusion matrix");
    free(scene.taken);
    free(scene.settled);
    return status;
}

enum duet_status duet_coco_confusion_count(const struct duet_coco_eval *eval, double score, double overlap,
                                           struct duet_coco_confusion *confusion, struct duet_error *error)
{
    struct coco_by_image *by_image = NULL;
    *confusion =
        (struct duet_coco_confusion){.score = score, .overlap = overlap, .side = eval->category_count + 1};
    if (!isfinite(score) || !(overlap > 0 && overlap <= 1))
        return duet_fail(error, DUET_BAD_ARGUMENT,
                         "a confusion matrix at score %g, overlap %g: expected an overlap above 0, at most 1",
                         score, overlap);
    confusion->cells = calloc(confusion->side * confusion->side, sizeof *confusion->cells);
    enum duet_status status = confusion->cells ? duet_coco_by_image_open(eval, &by_image, error)
                                               : duet_no_memory(error, NULL, "for the confusion matrix");
    for (size_t i = 0; status == DUET_OK && i < eval->image_count; i++) {
        const struct coco_image_items image = duet_coco_by_image_at(by_image, i);
        status = count_image(by_image, &image, confusion, error);
    }
    duet_coco_by_image_close(&by_image);
    if (status != DUET_OK) duet_coco_confusion_close(confusion);
    return status;
}
