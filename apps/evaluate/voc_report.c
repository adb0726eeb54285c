/* The report of evaluate voc: scores, and the worst and best pictures, loaded (or predicted) once more. */
#include "evaluate/output.h"
#include "evaluate/picture.h"
#include "evaluate/voc.h"

#include "core/fail.h"
#include "core/os.h"
#include "eval/voc/report.h"

#include <stdlib.h>
#include <string.h>

/* The picture below the masks; where there is none at hand, white paper. */
static enum duet_status find_image(const struct evaluate_voc_run *run, const char *id,
                                   struct evaluate_voc_picture *picture, struct duet_error *error)
{
    const struct duet_image *truth = &picture->truth;
    if (picture->image.pixels) return DUET_OK;
    char *path = duet_voc_image_path(run->settings->root, id);
    struct evaluate_reading reading = {.settings = &run->settings->pictures};
    enum duet_status status =
        path ? evaluate_decode(path, &reading, &picture->image, error) : DUET_OUT_OF_MEMORY;
    free(path);
    if (status == DUET_OK && picture->image.width == truth->width && picture->image.height == truth->height)
        return DUET_OK;
    duet_image_close(&picture->image);
    status = duet_image_create(&picture->image, truth->width, truth->height, DUET_RGB8, error);
    if (status == DUET_OK)
        memset(picture->image.pixels, 255, picture->image.stride * (size_t)picture->image.height);
    return status;
}

static enum duet_status add_picture(const struct evaluate_voc_run *run, struct duet_report *report,
                                    void *worker, size_t number, struct duet_error *error)
{
    const char *id = duet_voc_miou_id(run->miou, number);
    struct evaluate_voc_picture picture;
    enum duet_status status = evaluate_voc_picture(run, worker, id, &picture, error);
    if (status == DUET_OK) status = find_image(run, id, &picture, error);
    if (status == DUET_OK)
        status = duet_voc_report_picture(report, run->miou, number, &picture.image, &picture.truth,
                                         &picture.predicted, error);
    evaluate_voc_picture_close(&picture);
    return status;
}

static enum duet_status add_pictures(const struct evaluate_voc_run *run, struct duet_report *report,
                                     void *worker, bool best, struct duet_error *error)
{
    size_t most = (size_t)run->settings->shown, *images = calloc(most + 1, sizeof *images);
    if (!images) return duet_no_memory(error, NULL, "for the report's pictures");
    size_t count = duet_voc_rank(run->miou, best, images, most);
    enum duet_status status = DUET_OK;
    if (count > 0)
        duet_report_section(report, best ? "The best pictures" : "The worst pictures",
                            "By the mIOU of the picture alone, over the classes in its truth or its "
                            "prediction; pictures of nothing but background are passed over.");
    for (size_t i = 0; i < count && status == DUET_OK; i++)
        status = add_picture(run, report, worker, images[i], error);
    free(images);
    return status;
}

enum duet_status evaluate_voc_report(struct evaluate_voc_run *run, const struct duet_voc_summary *summary,
                                     struct duet_error *error)
{
    const struct evaluate_voc_settings *s = run->settings;
    struct duet_report *report = NULL;
    struct duet_pool pool = {0};
    void *worker = NULL;
    enum duet_status status = evaluate_report_open(
        s->report, duet_text("PASCAL VOC masks: %s", s->masks ? s->masks : s->segment.model),
        duet_text("%zu pictures of the list %s", duet_voc_miou_count(run->miou), s->list), &report, error);
    if (status == DUET_OK) {
        duet_voc_report_masks(report, summary);
        status = duet_pool_create(s->threads > 0 ? s->threads : duet_cpu_count(), &pool, error);
    }
    if (status == DUET_OK) status = evaluate_voc_worker(run, &pool, &worker, error);
    if (status == DUET_OK) status = add_pictures(run, report, worker, false, error);
    if (status == DUET_OK) status = add_pictures(run, report, worker, true, error);
    evaluate_voc_worker_close(run, worker);
    duet_pool_close(&pool);
    if (status == DUET_OK) status = duet_report_commit(&report, error);
    duet_report_discard(&report);
    return status;
}
