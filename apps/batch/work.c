/* On the workers: frames are read, the network runs over them, pictures are written. */
#include "batch/parts.h"

#include "batch/annotate.h"
#include "cli/process.h"
#include "core/fail.h"
#include "core/os.h"
#include "data/picture/write.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Stands for an item when there is no memory for one; never written to, never freed. */
static const struct item no_memory_item = {
    .failed = true, .error = {.status = DUET_OUT_OF_MEMORY, .text = "no memory for the results"}};

void duet_batch_drop(void *ctx, void *piece)
{
    (void)ctx;
    struct item *item = piece;
    if (item == &no_memory_item) return;
    duet_detections_close(&item->result.detections);
    duet_segmentation_close(&item->result.segmentation);
    duet_image_close(&item->image);
    free(item->result.tracks);
    free(item);
}

/* --- reading ------------------------------------------------------------------------------------------- */

static bool is_cancelled(void *ctx)
{
    struct batch_source *source = ctx;
    return duet_interrupted() || atomic_load(&source->closing);
}

enum duet_status duet_batch_open_source(const struct batch *batch, const struct duet_input *input,
                                        struct batch_source **source, struct duet_error *error)
{
    const struct duet_batch_settings *s = batch->settings;
    struct batch_source *made = *source = calloc(1, sizeof *made);
    if (!made) return duet_no_memory(error, input->shown, NULL);
    struct duet_frames_options options = {.picture.exif = (enum duet_exif)s->exif,
                                          .every = s->every,
                                          .start = s->start,
                                          .duration = s->duration,
                                          .reconnect = s->reconnect,
                                          .cancelled = is_cancelled,
                                          .ctx = made};
    struct duet_frames_about about;
    duet_budget_limits(&s->pictures, &options.picture);
    enum duet_status status = duet_input_open(input, &options, &made->frames, error);
    if (status == DUET_OK) {
        duet_frames_describe(made->frames, &about);
        if (about.live && s->live == DUET_BATCH_LATEST)
            status = duet_latest_open(made->frames, &made->latest, error);
    }
    if (status == DUET_OK) return DUET_OK;
    duet_batch_close_source(NULL, made);
    *source = NULL;
    return status;
}

static enum duet_status open_input(struct batch *batch, size_t index, struct batch_source **source,
                                   struct duet_error *error)
{
    const struct duet_input *input = &batch->inputs.items[index];
    if (index == 0 && (batch->first || batch->opening != DUET_OK)) {
        *source = batch->first;
        *error = batch->opening_error;
        batch->first = NULL;
        return batch->opening;
    }
    return duet_batch_open_source(batch, input, source, error);
}

/* The next frame, once there is memory for it. What is too large altogether is refused there. A thread that
 * reads ahead has the one frame that it keeps. */
static enum duet_status next_frame(struct batch *batch, const struct batch_source *source, struct item *item,
                                   bool *there)
{
    if (source->latest) {
        struct duet_latest_info info = {0};
        enum duet_status status = duet_latest_next(source->latest, &item->image, &info, there, &item->error);
        item->info = info.info;
        item->about = info.about;
        item->dropped = info.dropped;
        return status;
    }
    size_t cost = duet_frames_cost(source->frames);
    /* JPEG, PNG, PNM will be refused then; of others it is a guess, and they are decoded alone. */
    if (cost > batch->budget.limit) cost = batch->budget.limit;
    if (!duet_budget_take(&batch->budget, cost))
        return duet_fail(&item->error, DUET_INTERRUPTED, "stopped on request");
    item->share = cost;
    enum duet_status status =
        duet_frames_next(source->frames, &item->image, &item->info, there, &item->error);
    if (status == DUET_OK) {
        duet_frames_describe(source->frames, &item->about);
        item->warnings = *duet_frames_warnings(source->frames);
    }
    return status;
}

static void give_back(struct batch *batch, struct item *item)
{
    duet_budget_give(&batch->budget, item->share);
    item->share = 0;
}

/* Two frames of one millisecond have two names. */
static void name_moment(struct batch_source *source, struct item *item)
{
    const double least = source->named + 0.001;
    source->named = item->named = item->info.captured > least ? item->info.captured : least;
}

/* A signal that ends the waiting for a live source is no failure: there is no item, but there was more. */
void *duet_batch_take(void *ctx, size_t index, void **opened, bool *more)
{
    struct batch *batch = ctx;
    struct item *item = calloc(1, sizeof *item);
    struct batch_source *source = *opened;
    bool there = true;
    *more = false;
    if (atomic_load(&batch->stop) == index + 1) goto nothing;
    if (!item) return (void *)(uintptr_t)&no_memory_item;
    enum duet_status status = DUET_OK;
    if (!source) status = open_input(batch, index, &source, &item->error);
    *opened = source;
    if (status == DUET_OK) status = next_frame(batch, source, item, &there);
    /* From the second signal on, any call of the system that waits may have failed for it. */
    if (status != DUET_OK && duet_process_hurried()) status = DUET_INTERRUPTED;
    *more = status == DUET_INTERRUPTED || (status == DUET_OK && there && item->info.moving);
    if (status == DUET_INTERRUPTED || (status == DUET_OK && !there)) goto nothing;
    item->failed = status != DUET_OK;
    if (item->info.live) name_moment(source, item);
    return item;
nothing:
    if (item) give_back(batch, item);
    if (item) duet_batch_drop(NULL, item);
    return NULL;
}

void duet_batch_close_source(void *ctx, void *opened)
{
    (void)ctx;
    struct batch_source *source = opened;
    if (!source) return;
    atomic_store(&source->closing, true);
    duet_latest_close(&source->latest);
    duet_frames_close(&source->frames);
    free(source);
}

/* --- pictures ------------------------------------------------------------------------------------------ */

enum duet_status duet_batch_write_annotated(void *ctx, const char *path, struct duet_image *image,
                                            const struct duet_batch_result *result, struct duet_error *error)
{
    const struct batch *batch = ctx;
    enum duet_status status = batch->task->draw(batch->task->ctx, image, result, error);
    return status == DUET_OK ? duet_picture_write(path, image, error) : status;
}

bool duet_batch_to_video(const struct batch *batch, const struct item *item)
{
    return batch->settings->annotate && item->info.moving &&
           (batch->one_video || batch->settings->annotate_format == DUET_ANNOTATE_SAME);
}

static enum duet_status write_picture(const struct batch *batch, const struct duet_batch_picture *picture,
                                      const char *path, struct item *item, struct duet_error *error)
{
    enum duet_status status = duet_batch_make_folder(path, error);
    void *ctx = picture->write == duet_batch_write_annotated ? (void *)(uintptr_t)batch : batch->task->ctx;
    return status == DUET_OK ? picture->write(ctx, path, &item->image, &item->result, error) : status;
}

/* Not drawn: no reason to be without the result. `name` is the picture's, or its source's. */
static void note_undrawn(struct item *item, const char *name, const struct duet_error *error)
{
    if (item->undrawn++ > 0) return;
    if (strncmp(error->text, name, strlen(name)) == 0)
        item->undrawn_error = *error;
    else
        duet_fail(&item->undrawn_error, error->status, "%s: %s", name, error->text);
}

static char *picture_path(const struct duet_batch_picture *picture, const struct duet_input *input,
                          const struct item *item)
{
    enum duet_annotate_format format = (enum duet_annotate_format)picture->format;
    if (picture->alone) return duet_text("%s", picture->folder);
    if (item->info.live)
        return duet_annotate_live_path(picture->folder, input->relative, format, item->named);
    return item->info.moving
               ? duet_annotate_frame_path(picture->folder, input->relative, format, item->info.frame)
               : duet_annotate_path(picture->folder, input->relative, format);
}

/* What --masks, --annotate and the like ask for. */
static void write_pictures(const struct batch *batch, const struct duet_input *input, struct item *item)
{
    const struct duet_batch_task *task = batch->task;
    bool to_video = duet_batch_to_video(batch, item);
    struct duet_error error = {.status = DUET_OUT_OF_MEMORY, .text = "no memory for a picture's name"};
    for (int i = 0; i < batch->picture_count; i++) {
        if (to_video && batch->pictures[i].write == duet_batch_write_annotated) continue;
        char *path = picture_path(&batch->pictures[i], input, item);
        if (!path || write_picture(batch, &batch->pictures[i], path, item, &error) != DUET_OK)
            note_undrawn(item, path ? path : input->shown, &error);
        free(path);
    }
    if (to_video && task->draw(task->ctx, &item->image, &item->result, &error) != DUET_OK)
        note_undrawn(item, input->shown, &error);
}

/* --- the network --------------------------------------------------------------------------------------- */

static bool is_kept(const struct batch *batch, const struct item *item)
{
    const struct duet_save_if *terms = &batch->save_if;
    const struct duet_batch_result *found = &item->result;
    if (terms->count == 0) return true;
    return batch->task->segments_first ? duet_save_if_segments(terms, &found->segmentation.segments)
                                       : duet_save_if_detections(terms, &found->detections);
}

static enum duet_status analyse(const struct batch *batch, void *worker, const struct duet_input *input,
                                struct item *item)
{
    const struct duet_batch_task *task = batch->task;
    item->width = item->image.width;
    item->height = item->image.height;
    enum duet_status status = task->analyse(task->ctx, worker, &item->image, &item->result, &item->error);
    if (status != DUET_OK) return status;
    item->kept = is_kept(batch, item);
    if (item->kept && !duet_batch_is_tracked(batch, item)) write_pictures(batch, input, item);
    return DUET_OK;
}

bool duet_batch_is_tracked(const struct batch *batch, const struct item *item)
{
    return batch->tracker && item->info.moving && !item->failed && item->info.gap <= 0;
}

/* Put what failed before the text, as readers' texts have it already. */
static void name_source(struct item *item, const char *source)
{
    struct duet_error inner = item->error;
    if (item->info.moving)
        duet_fail(&item->error, inner.status, "%s: frame %" PRId64 ": %s", source, item->info.frame,
                  inner.text);
    else
        duet_fail(&item->error, inner.status, "%s: %s", source, inner.text);
}

static void fail_item(struct batch *batch, size_t index, struct item *item)
{
    item->failed = true;
    name_source(item, batch->inputs.items[index].shown);
    if (item->info.moving) atomic_store(&batch->stop, index + 1);
}

/* What was written is not needed any more; at most the classes go on to the writer, and the picture into a
 * video. */
static void let_go(const struct batch *batch, struct item *item)
{
    if (!batch->task->runs) duet_image_close(&item->result.segmentation.classes);
    duet_image_close(&item->result.segmentation.confidence);
    if (item->failed || !item->kept || !duet_batch_to_video(batch, item)) duet_image_close(&item->image);
}

static bool makes_pictures(const struct batch *batch, const struct item *item)
{
    return item->kept && (batch->picture_count > 0 || batch->one_video);
}

void duet_batch_process(void *ctx, void *worker, size_t index, void *piece)
{
    struct batch *batch = ctx;
    struct item *item = piece;
    if (item == &no_memory_item) return;
    if (!item->failed && item->info.gap <= 0) {
        if (analyse(batch, worker, &batch->inputs.items[index], item) != DUET_OK)
            fail_item(batch, index, item);
        if (!makes_pictures(batch, item) || !duet_batch_is_tracked(batch, item)) let_go(batch, item);
    }
    give_back(batch, item);
}

void duet_batch_write_waiting(struct batch *batch, size_t index, struct item *item)
{
    if (!makes_pictures(batch, item)) return;
    write_pictures(batch, &batch->inputs.items[index], item);
    let_go(batch, item);
}
