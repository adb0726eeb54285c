/* Annotated videos. They are encoded on the delivering side: frames come in order there. */
#include "batch/parts.h"

#include "batch/annotate.h"
#include "core/fail.h"
#include "core/os.h"

#include <stdlib.h>
#include <string.h>

/* The video that input `index` goes into. NULL when out of memory; free() it. */
static char *video_path(const struct batch *batch, size_t index, unsigned number)
{
    const char *annotate = batch->settings->annotate;
    if (batch->one_video) return duet_batch_timed_name(annotate, number);
    char *path =
        duet_annotate_frame_path(annotate, batch->inputs.items[index].relative, DUET_ANNOTATE_SAME, 0);
    if (!path || number < 2) return path;
    char *numbered = duet_text("%.*s-%u.mp4", (int)(duet_path_extension(path) - path), path, number);
    free(path);
    return numbered;
}

/* Seconds from one delivered frame to the next, as a rule. */
static double period(const struct batch *batch, const struct duet_frames_about *about)
{
    int every = batch->settings->every > 1 ? batch->settings->every : 1;
    return about->rate_num > 0 && about->rate_den > 0 ? (double)about->rate_den * every / about->rate_num
                                                      : 0.04 * every;
}

/* Where one video follows another, and where a stream could be recorded again, a name that is taken is passed
 * over: the next number's turn. */
static enum duet_status begin(struct batch *batch, size_t index, const struct item *item,
                              struct duet_error *error)
{
    int every = batch->settings->every > 1 ? batch->settings->every : 1;
    const struct duet_frames_about *about = &item->about;
    struct batch_video *video = &batch->video;
    bool numbered = batch->settings->rotate || (item->info.live && !batch->one_video);
    struct duet_video_writer_options options = {.width = item->width,
                                                .height = item->height,
                                                .aspect_num = item->info.aspect_num,
                                                .aspect_den = item->info.aspect_den,
                                                .force = batch->settings->force && video->files == 0,
                                                .in_place = batch->endless};
    if (about->rate_num > 0 && about->rate_den > 0 && about->rate_den <= INT32_MAX / every) {
        options.rate_num = about->rate_num;
        options.rate_den = about->rate_den * every;
    }
    enum duet_status status = DUET_EXISTS;
    for (unsigned number = 1; status == DUET_EXISTS; number++) {
        char *path = video_path(batch, index, number);
        status = path ? duet_batch_make_folder(path, error) : duet_no_memory(error, NULL, NULL);
        if (status == DUET_OK) status = duet_video_writer_open(path, &options, &video->writer, error);
        free(path);
        if (!numbered) break;
    }
    video->files += status == DUET_OK;
    video->begun = duet_seconds();
    return status;
}

void duet_batch_complain(struct batch *batch, const struct duet_error *error)
{
    enum { TOLD = 3 };
    unsigned *times = &batch->complained[error->status];
    if (*times < TOLD) duet_console_warning(&batch->console, "%s", error->text);
    if (++*times == TOLD) duet_console_warning(&batch->console, "more of this kind is counted, not told");
}

/* What there is becomes a file; whole as far as it goes. */
static void give_up(struct batch *batch, const struct duet_error *fault)
{
    struct duet_error again; /* the same fault, as a rule */
    struct batch_video *video = &batch->video;
    duet_batch_complain(batch, fault);
    batch->unfilmed++;
    if (video->writer) duet_video_writer_commit(&video->writer, &again);
    video->given_up = true;
}

/* The source's own times, less what was left out: a video of what --save-if keeps does not stand still in
 * between. */
void duet_batch_video_add(struct batch *batch, size_t index, const struct item *item)
{
    struct batch_video *video = &batch->video;
    struct duet_error error;
    const double time = item->info.time;
    enum duet_status status = DUET_OK;
    if (!video->seen)
        video->left_out = time;
    else if (!video->kept)
        video->left_out += time - video->last;
    video->seen = true;
    video->kept = item->kept;
    video->last = time;
    if (!item->kept || item->undrawn || video->given_up) return;
    if (video->writer && duet_rotation_is_due(&batch->rotation, duet_seconds() - video->begun,
                                              duet_video_writer_size(video->writer)))
        status = duet_video_writer_commit(&video->writer, &error);
    double at = time - video->left_out;
    if (status == DUET_OK && !video->writer) status = begin(batch, index, item, &error);
    /* The stamps of a live source that went away and came back may begin anew. */
    else if (at <= video->shown)
        at = video->shown + period(batch, &item->about);
    video->shown = at;
    batch->filmed = true;
    if (status == DUET_OK) status = duet_video_writer_add(video->writer, &item->image, at, &error);
    if (status != DUET_OK) give_up(batch, &error);
}

void duet_batch_video_end(struct batch *batch)
{
    struct batch_video *video = &batch->video;
    struct duet_error error;
    if (video->writer && duet_video_writer_commit(&video->writer, &error) != DUET_OK) give_up(batch, &error);
    *video = (struct batch_video){0};
}
