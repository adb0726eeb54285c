/* The report of evaluate coco: scores, and the worst and best pictures with their boxes. */
#include "core/fail.h"
#include "core/os.h"
#include "eval/coco/report.h"
#include "evaluate/coco.h"
#include "evaluate/output.h"
#include "evaluate/picture.h"

#include <stdlib.h>

/* What the gallery is made from. */
struct gallery {
    const struct evaluate_coco_settings *settings;
    const struct evaluate_scope *scope;
    const struct duet_coco_eval *eval;
    const char *pictures; /* folder */
    struct duet_report *report;
};

/* Pictures that cannot be read are passed over: the scores do not need them. */
static enum duet_status add_picture(const struct gallery *g, const struct duet_coco_shown *shown,
                                    struct duet_error *error)
{
    const int64_t id = duet_coco_eval_scope(g->eval).image_ids[shown->image];
    const struct duet_coco_image *image = duet_coco_truth_image(&g->scope->truth, id);
    struct duet_image picture = {0};
    const struct duet_picture_settings usual = {0};
    struct evaluate_reading reading = {.settings = &usual};
    char *path = NULL;
    if (!image || !image->file_name[0]) return DUET_OK;
    enum duet_status status = evaluate_picture_path(g->pictures, image->file_name, &path, error);
    bool outside = status == DUET_BAD_ARGUMENT;
    if (status == DUET_OK) status = evaluate_decode(path, &reading, &picture, error);
    if (status == DUET_OK)
        status = duet_coco_report_picture(g->report, g->eval, shown, &picture, error);
    else
        duet_console_warning(g->scope->console, "not in the report: %s", error->text);
    duet_image_close(&picture);
    free(path);
    bool passed_over =
        outside || status == DUET_NOT_FOUND || status == DUET_BAD_FORMAT || status == DUET_UNSUPPORTED;
    return passed_over ? DUET_OK : status;
}

static enum duet_status add_pictures(const struct gallery *g, const double *scores, bool best,
                                     struct duet_error *error)
{
    const struct evaluate_coco_settings *s = g->settings;
    size_t *images = calloc((size_t)s->shown + 1, sizeof *images);
    if (!images) return duet_no_memory(error, NULL, "for the report's pictures");
    size_t count = duet_coco_rank(g->eval, scores, best, images, (size_t)s->shown);
    enum duet_status status = DUET_OK;
    if (count > 0)
        duet_report_section(g->report, best ? "The best pictures" : "The worst pictures",
                            "By the AP of the picture alone: the mean over the classes in it. Of equal ones "
                            "those with more objects come first.");
    for (size_t i = 0; i < count && status == DUET_OK; i++) {
        const struct duet_coco_shown shown = {images[i], scores[images[i]], s->confusion_score, s->at_iou};
        status = add_picture(g, &shown, error);
    }
    free(images);
    return status;
}

static enum duet_status add_gallery(const struct gallery *g, struct duet_error *error)
{
    double *scores = calloc(duet_coco_eval_scope(g->eval).image_count + 1, sizeof *scores);
    enum duet_status status = scores ? duet_coco_image_scores(g->eval, scores, error)
                                     : duet_no_memory(error, NULL, "for the report");
    if (status == DUET_OK) status = add_pictures(g, scores, false, error);
    if (status == DUET_OK) status = add_pictures(g, scores, true, error);
    free(scores);
    return status;
}

int evaluate_coco_report(const struct evaluate_coco_settings *s, const struct evaluate_scope *scope,
                         const struct duet_coco_outcome *outcome, const struct duet_coco_points *points)
{
    struct duet_error error;
    const struct duet_coco_scope what = duet_coco_eval_scope(outcome->eval);
    struct gallery gallery = {.settings = s,
                              .scope = scope,
                              .eval = outcome->eval,
                              .pictures = s->images ? s->images : s->pictures};
    enum duet_status status =
        evaluate_report_open(s->report,
                             duet_text("COCO %s: %s", what.type == DUET_COCO_MASKS ? "masks" : "boxes",
                                       s->images ? s->detect.model : s->detections),
                             duet_text("%zu pictures, %zu annotations, %zu detections", what.image_count,
                                       what.truth_count, what.detection_count),
                             &gallery.report, &error);
    if (status == DUET_OK) {
        duet_coco_report(gallery.report, outcome, points);
        if (gallery.pictures && s->shown > 0) status = add_gallery(&gallery, &error);
    }
    if (status == DUET_OK) status = duet_report_commit(&gallery.report, &error);
    duet_report_discard(&gallery.report);
    return status == DUET_OK ? DUET_GO_ON : evaluate_failed(scope->console, &error);
}
