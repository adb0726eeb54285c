#include "viewer/stages/infer.h"

#include "core/fail.h"
#include "core/os.h"
#include "viewer/stages/thread.h"

#include <stdlib.h>

/* Numbers for the boxes; those that hardly anybody looks at have none. */
static enum duet_status track(struct viewer_infer *infer, const struct viewer_frame *frame,
                              struct viewer_results *results, struct duet_error *error)
{
    float least = (float)atomic_load(&infer->tracked_percent) / 100;
    const struct duet_detections *found = &results->detections;
    struct duet_detections strong = {.items = found->items}; /* the best come first */
    while (strong.count < found->count && found->items[strong.count].score >= least) strong.count++;
    results->tracks = calloc(found->count + 1, sizeof *results->tracks);
    if (!results->tracks) return duet_no_memory(error, NULL, "to track boxes");
    if (frame->stamp.epoch != infer->tracked.epoch) duet_tracker_reset(infer->tracker);
    infer->tracked = frame->stamp;
    return duet_tracker_update(infer->tracker, frame->stamp.frame, &strong, results->tracks, error);
}

/* What a runner finds: boxes, masks or both. */
static enum duet_status find(struct viewer_infer *infer, struct duet_runner *runner,
                             const struct viewer_frame *frame, struct viewer_results *results,
                             struct duet_error *error)
{
    const struct duet_run_options options = {.struct_size = sizeof options, .pool = &infer->pool};
    struct duet_results *found = NULL;
    enum duet_status status = duet_runner_run(runner, &frame->image, &options, &found, error);
    const bool boxes = duet_results_detections(found) != NULL;
    if (boxes) results->detections = duet_results_take_detections(found);
    if (duet_results_segmentation(found)) results->segmentation = duet_results_take_segmentation(found);
    duet_results_close(&found);
    if (status == DUET_OK && boxes)
        status = duet_runner_suppressed(runner, &results->detections, &results->suppressions, error);
    if (status == DUET_OK && boxes && infer->tracker) status = track(infer, frame, results, error);
    return status;
}

/* The controller measures with the first frame, for about a second. Every frame that is shown has masks; what
 * is too dear even so, playback leaves out. */
static enum duet_status open_deadline(struct viewer_infer *infer, const struct viewer_frame *frame,
                                      struct duet_error *error)
{
    const struct duet_deadline_options options = {.budget_ms = infer->budget_ms,
                                                  .segmenter = infer->segment,
                                                  .picture = &frame->image,
                                                  .pool = &infer->pool};
    return duet_deadline_open(infer->segment_model, &options, &infer->deadline, error);
}

/* Masks within what boxes left of the frame's time. */
static enum duet_status find_masks_in_time(struct viewer_infer *infer, const struct viewer_frame *frame,
                                           double before, struct viewer_results *results,
                                           struct duet_error *error)
{
    const struct duet_run_options options = {.struct_size = sizeof options, .pool = &infer->pool};
    struct duet_segmenter *segmenter = NULL;
    enum duet_status status = infer->deadline ? DUET_OK : open_deadline(infer, frame, error);
    if (status == DUET_OK) status = duet_deadline_choose(infer->deadline, &segmenter, error);
    double start = duet_seconds();
    if (status == DUET_OK)
        status = duet_segmenter_run(segmenter, &frame->image, &options, &results->segmentation, error);
    if (status != DUET_OK) return status;
    duet_deadline_report(infer->deadline, 1e3 * (duet_seconds() - start), 1e3 * before);
    duet_deadline_text(infer->deadline, results->choice);
    return DUET_OK;
}

static enum duet_status analyse(struct viewer_infer *infer, const struct viewer_frame *frame, unsigned kinds,
                                struct viewer_results *results, struct duet_error *error)
{
    const bool boxes = kinds & VIEWER_BOXES && infer->boxes, masks = kinds & VIEWER_MASKS && infer->masks;
    const bool in_time = infer->budget_ms > 0, together = boxes && masks && infer->both && !in_time;
    enum duet_status status = DUET_OK;
    double start = duet_seconds();
    if (together) status = find(infer, infer->both, frame, results, error);
    if (boxes && !together) status = find(infer, infer->boxes, frame, results, error);
    if (status == DUET_OK && masks && !together)
        status = in_time ? find_masks_in_time(infer, frame, duet_seconds() - start, results, error)
                         : find(infer, infer->masks, frame, results, error);
    results->has = status == DUET_OK ? kinds : 0;
    return status;
}

static void *run(void *arg)
{
    struct viewer_infer *infer = arg;
    const struct viewer_frame *frame;
    unsigned kinds;
    while ((frame = viewer_exchange_take(infer->exchange, &kinds))) {
        struct viewer_results results = {.stamp = frame->stamp};
        struct duet_error error;
        double start = duet_seconds();
        enum duet_status status = analyse(infer, frame, kinds, &results, &error);
        results.seconds = duet_seconds() - start;
        viewer_exchange_give(infer->exchange, &results, status == DUET_OK ? NULL : &error);
    }
    return NULL;
}

enum duet_status viewer_infer_start(struct viewer_infer *infer, struct duet_error *error)
{
    enum duet_status status = duet_pool_create(infer->threads, &infer->pool, error);
    if (status == DUET_OK && infer->track) status = duet_tracker_create(NULL, &infer->tracker, error);
    if (status == DUET_OK) status = viewer_thread_start(&infer->thread, run, infer, error);
    infer->started = status == DUET_OK;
    return status;
}

void viewer_infer_join(struct viewer_infer *infer)
{
    if (infer->started) pthread_join(infer->thread, NULL);
    infer->started = false;
    duet_deadline_close(&infer->deadline);
    duet_tracker_close(&infer->tracker);
    duet_pool_close(&infer->pool);
}
