/* Results in order: records, annotated videos, what is said of them. */
#include "batch/parts.h"

#include "core/fail.h"

#include <inttypes.h>
#include <stdlib.h>

/* Write an item's record; one that the format refuses (a moving picture for voc, say) becomes a failure. */
static enum duet_status write_item(struct batch *batch, size_t index, struct item *item,
                                   struct duet_error *error)
{
    const struct duet_batch_result *found = &item->result;
    struct duet_record record = {.index = index,
                                 .source = batch->inputs.items[index].shown,
                                 .name = batch->inputs.items[index].relative,
                                 .moving = item->info.moving,
                                 .frame = item->info.frame,
                                 .pts = item->info.pts,
                                 .time = item->info.time,
                                 .captured = item->info.captured,
                                 .gap = item->failed ? 0 : item->info.gap,
                                 .attempts = item->info.attempts,
                                 .dropped = item->dropped};
    if (item->failed) {
        record.error = &item->error;
    } else {
        record.width = item->width;
        record.height = item->height;
        record.detections = found->has_detections ? &found->detections : NULL;
        record.tracks = found->tracks;
        record.segments = found->has_segments ? &found->segmentation.segments : NULL;
        record.warnings = &item->warnings;
        record.classes = found->segmentation.classes.pixels ? &found->segmentation.classes : NULL;
    }
    enum duet_status status = duet_batch_rotate(batch, error);
    if (status == DUET_OK) status = duet_writer_write(batch->writer, &record, error);
    batch->file_records += status == DUET_OK;
    bool refused = status == DUET_BAD_ARGUMENT || status == DUET_UNSUPPORTED || status == DUET_EXISTS;
    if (!refused || item->failed) return status;
    item->failed = true;
    item->error = *error;
    return write_item(batch, index, item, error);
}

static void warn(struct batch *batch, size_t index, const struct item *item, const char *text)
{
    const char *source = batch->inputs.items[index].shown;
    if (item->info.moving)
        duet_console_warning(&batch->console, "%s: frame %" PRId64 ": %s", source, item->info.frame, text);
    else
        duet_console_warning(&batch->console, "%s: %s", source, text);
}

/* A source that does not wait, and frames that are taken later and later: where that ends, its sender knows.
 */
static void watch_delay(struct batch *batch, size_t index, const struct item *item)
{
    const double much = 5, since = item->info.captured - item->info.time;
    if (!item->info.live || batch->behind) return;
    if (batch->live_since <= 0 || since < batch->live_since) batch->live_since = since;
    if (since - batch->live_since < much) return;
    batch->behind = true;
    duet_console_warning(&batch->console,
                         "%s: comes faster than it is looked at, and is %.0f s behind by now; "
                         "--live latest leaves frames out",
                         batch->inputs.items[index].shown, since - batch->live_since);
}

static void count(struct batch *batch, size_t index, const struct item *item)
{
    if (item->failed) {
        const struct duet_batch_settings *s = batch->settings;
        batch->failed++;
        if (s->on_failed) s->on_failed(s->on_failed_ctx, batch->inputs.items[index].path);
        duet_console_error(&batch->console, "%s", item->error.text);
        return;
    }
    if (item->info.gap > 0) {
        batch->live_since = 0;
        duet_console_warning(&batch->console, "%s: was away for %.1f s", batch->inputs.items[index].shown,
                             item->info.gap);
        return;
    }
    batch->read++;
    watch_delay(batch, index, item);
    batch->dropped += item->dropped;
    if (item->undrawn) duet_batch_complain(batch, &item->undrawn_error);
    batch->undrawn += item->undrawn;
    for (int i = 0; i < item->warnings.count; i++) warn(batch, index, item, item->warnings.texts[i]);
    if (item->info.moving) batch->frames++;
    batch->objects += item->result.detections.count;
    for (size_t i = 0; i < item->result.segmentation.segments.count; i++)
        batch->objects += item->result.segmentation.segments.items[i].class_id != 0;
}

/* Number a frame's objects; where a live source was away, nothing is known of them any more. */
static enum duet_status track(struct batch *batch, struct item *item, struct duet_error *error)
{
    struct duet_batch_result *found = &item->result;
    if (item->info.gap > 0) duet_tracker_reset(batch->tracker);
    if (!duet_batch_is_tracked(batch, item) || !found->has_detections) return DUET_OK;
    found->tracks = calloc(found->detections.count + 1, sizeof *found->tracks);
    if (!found->tracks)
        return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory to track %zu objects",
                         found->detections.count);
    return duet_tracker_update(batch->tracker, item->info.frame, &found->detections, found->tracks, error);
}

/* A frame that fails ends its input: what fails once (an input that the format refuses, say) would fail with
 * every other frame. Workers may be ahead by then; what they did is passed over. */
enum duet_status duet_batch_deliver(void *ctx, size_t index, void *result, struct duet_error *error)
{
    struct batch *batch = ctx;
    struct item *item = result;
    enum duet_status status = DUET_OK;
    if (batch->ended != index + 1) {
        if (batch->tracker) status = track(batch, item, error);
        if (status == DUET_OK && duet_batch_is_tracked(batch, item))
            duet_batch_write_waiting(batch, index, item);
        if (status == DUET_OK) status = write_item(batch, index, item, error);
        count(batch, index, item);
        if (status == DUET_OK && !item->failed && item->info.gap <= 0 && duet_batch_to_video(batch, item))
            duet_batch_video_add(batch, index, item);
        /* A name that is taken is no reason to leave a stream. */
        if (item->failed && item->info.moving && !(item->info.live && item->error.status == DUET_EXISTS)) {
            batch->ended = index + 1;
            atomic_store(&batch->stop, index + 1);
        }
        batch->moved = batch->moved || item->info.moving;
        if (item->info.moving)
            duet_console_frames(&batch->console, batch->frames, item->info.time - batch->settings->start,
                                item->about.duration);
    }
    duet_batch_drop(NULL, item);
    return status;
}

enum duet_status duet_batch_finish(void *ctx, size_t index, struct duet_error *error)
{
    (void)error;
    struct batch *batch = ctx;
    if (batch->tracker) duet_tracker_reset(batch->tracker);
    /* A video of which no frame is wanted is no picture, nor is a stream that could not be opened. */
    bool failed = batch->failed != batch->failed_before;
    bool still =
        !batch->moving[index] || (failed && !duet_frames_is_address(batch->inputs.items[index].path));
    if (!batch->moved && still) batch->stills++;
    if (batch->settings->start > 0 && batch->moving[index] && !failed && batch->read == batch->read_before)
        duet_console_warning(&batch->console, "%s: ends before --start %g", batch->inputs.items[index].shown,
                             batch->settings->start);
    batch->moved = false;
    batch->failed_before = batch->failed;
    batch->read_before = batch->read;
    duet_console_progress(&batch->console, index + 1);
    duet_batch_video_end(batch);
    return DUET_OK;
}
