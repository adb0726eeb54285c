/* The report of evaluate coco: scores, and the worst and best pictures with their boxes. */
#include "cli/process.h"
#include "core/fail.h"
#include "core/os.h"
#include "eval/coco/report.h"
#include "evaluate/coco.h"
#include "evaluate/evaluate.h"

#include <stdlib.h>

/* One picture of the gallery. Those that cannot be read are passed over: the scores do not need them. */
static enum duet_status add_picture(const struct evaluate_coco_report *r, struct duet_report *report,
                                    const struct duet_coco_shown *shown, struct duet_error *error)
{
    const struct duet_coco_eval *eval = r->outcome->eval;
    const int64_t id = duet_coco_eval_scope(eval).image_ids[shown->image];
    const struct duet_coco_image *image = duet_coco_truth_image(r->truth, id);
    struct duet_image picture = {0};
    const struct duet_picture_settings usual = {0};
    struct evaluate_reading reading = {.settings = &usual};
    char *path = NULL;
    if (!image || !image->file_name[0]) return DUET_OK;
    enum duet_status status = evaluate_picture_path(r->pictures, image->file_name, &path, error);
    bool outside = status == DUET_BAD_ARGUMENT;
    if (status == DUET_OK) status = evaluate_decode(path, &reading, &picture, error);
    if (status == DUET_OK)
        status = duet_coco_report_picture(report, eval, shown, &picture, error);
    else
        duet_console_warning(r->console, "not in the report: %s", error->text);
    duet_image_close(&picture);
    free(path);
    bool passed_over =
        outside || status == DUET_NOT_FOUND || status == DUET_BAD_FORMAT || status == DUET_UNSUPPORTED;
    return passed_over ? DUET_OK : status;
}

static enum duet_status add_pictures(const struct evaluate_coco_report *r, struct duet_report *report,
                                     const double *scores, bool best, struct duet_error *error)
{
    size_t *images = calloc(r->shown + 1, sizeof *images);
    if (!images) return duet_no_memory(error, NULL, "for the report's pictures");
    size_t count = duet_coco_rank(r->outcome->eval, scores, best, images, r->shown);
    enum duet_status status = DUET_OK;
    if (count > 0)
        duet_report_section(report, best ? "The best pictures" : "The worst pictures",
                            "By the AP of the picture alone: the mean over the classes in it. Of equal ones "
                            "those with more objects come first.");
    for (size_t i = 0; i < count && status == DUET_OK; i++) {
        const struct duet_coco_shown shown = {images[i], scores[images[i]], r->score, r->overlap};
        status = add_picture(r, report, &shown, error);
    }
    free(images);
    return status;
}

static enum duet_status add_gallery(const struct evaluate_coco_report *r, struct duet_report *report,
                                    struct duet_error *error)
{
    const struct duet_coco_eval *eval = r->outcome->eval;
    double *scores = calloc(duet_coco_eval_scope(eval).image_count + 1, sizeof *scores);
    enum duet_status status =
        scores ? duet_coco_image_scores(eval, scores, error) : duet_no_memory(error, NULL, "for the report");
    if (status == DUET_OK) status = add_pictures(r, report, scores, false, error);
    if (status == DUET_OK) status = add_pictures(r, report, scores, true, error);
    free(scores);
    return status;
}

int evaluate_coco_report(const struct evaluate_coco_report *r)
{
    struct duet_report *report = NULL;
    struct duet_error error;
    const struct duet_coco_scope scope = duet_coco_eval_scope(r->outcome->eval);
    duet_process_catch_signals();
    char *title = duet_text("COCO %s: %s", scope.type == DUET_COCO_MASKS ? "masks" : "boxes", r->name);
    char *subtitle = duet_text("%zu pictures, %zu annotations, %zu detections", scope.image_count,
                               scope.truth_count, scope.detection_count);
    enum duet_status status = title && subtitle
                                  ? duet_report_open(r->folder, title, subtitle, &report, &error)
                                  : duet_no_memory(&error, NULL, "for a report");
    if (status == DUET_OK) {
        duet_coco_report(report, r->outcome, r->points);
        if (r->pictures && r->shown > 0) status = add_gallery(r, report, &error);
    }
    if (status == DUET_OK) status = duet_report_commit(&report, &error);
    duet_report_discard(&report);
    free(title);
    free(subtitle);
    return status == DUET_OK ? DUET_GO_ON : evaluate_failed(r->console, &error);
}
