/* Which class was taken for which. */
#include "eval/coco/errors.h"

#include "coco/by_image.h"
#include "coco/evaluation.h"
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

/* `taken` [truth_count] and `settled` [found_count] are false. */
static void count_all(const struct coco_image_items *image, struct duet_coco_confusion *confusion,
                      bool *taken, bool *settled)
{
    const size_t side = confusion->side, background = side - 1;
    const double least = fmin(confusion->overlap, 1 - 1e-10);
    for (int any_class = 0; any_class < 2; any_class++)
        for (size_t d = 0; d < image->found_count; d++) {
            if (image->found[d].score < confusion->score || settled[d]) continue;
            size_t g = duet_coco_best_truth(image, d, least, taken, any_class);
            if (g == SIZE_MAX) continue;
            taken[g] = settled[d] = true;
            confusion->cells[image->truths[g].category * side + image->found[d].category]++;
        }
    for (size_t d = 0; d < image->found_count; d++)
        if (image->found[d].score >= confusion->score && !settled[d] && duet_coco_in_crowd(image, d) < least)
            confusion->cells[background * side + image->found[d].category]++;
    for (size_t g = 0; g < image->truth_count; g++)
        if (!taken[g] && !image->truths[g].crowd)
            confusion->cells[image->truths[g].category * side + background]++;
}

static enum duet_status count_image(const struct coco_by_image *by_image, size_t number,
                                    struct duet_coco_confusion *confusion, struct duet_error *error)
{
    struct coco_image_items image;
    enum duet_status status = duet_coco_by_image_at(by_image, number, &image, error);
    if (status != DUET_OK) return status;
    bool *taken = calloc(image.truth_count + 1, sizeof *taken);
    bool *settled = calloc(image.found_count + 1, sizeof *settled);
    if (taken && settled)
        count_all(&image, confusion, taken, settled);
    else
        status = duet_no_memory(error, NULL, "for the confusion matrix");
    free(taken);
    free(settled);
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
    for (size_t i = 0; status == DUET_OK && i < eval->image_count; i++)
        status = count_image(by_image, i, confusion, error);
    duet_coco_by_image_close(&by_image);
    if (status != DUET_OK) duet_coco_confusion_close(confusion);
    return status;
}
