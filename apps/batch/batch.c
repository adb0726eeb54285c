#include "batch/parts.h"

#include "cli/process.h"
#include "core/fail.h"
#include "core/os.h"

#include <stdio.h>
#include <stdlib.h>

const char *const duet_batch_annotate_words[] = {"same", "png", "jpg", NULL};
const char *const duet_batch_live_words[] = {"all", "latest", NULL};
const char *const duet_batch_exif_words[] = {"apply", "ignore", NULL};

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* "12 pictures", "300 frames", "12 pictures, 300 frames"; "0 pictures read" when all failed */
static void format_done(const struct batch *batch, char *text, size_t size)
{
    char stills[48] = "", frames[48] = "";
    bool both = batch->stills > 0 && batch->frames > 0, nothing = batch->read == 0 && batch->failed > 0;
    if (batch->stills > 0 || batch->frames == 0)
        snprintf(stills, sizeof stills, "%zu picture%s%s", nothing ? 0 : batch->stills,
                 plural(nothing ? 0 : batch->stills), nothing ? " read" : "");
    if (batch->frames > 0)
        snprintf(frames, sizeof frames, "%zu frame%s", batch->frames, plural(batch->frames));
    snprintf(text, size, "%s%s%s", stills, both ? ", " : "", frames);
}

/* ", 5 other files skipped"; nothing when there are none. */
static void format_count(char *text, size_t size, size_t count, const char *what, const char *then)
{
    text[0] = '\0';
    if (count) snprintf(text, size, ", %zu %s%s%s", count, what, plural(count), then);
}

/* "12 pictures, 34 objects, 1 failed, 5 other files skipped; 3.20 s (3.8 a second)" */
static void summarize(struct batch *batch)
{
    char done[112], failed[48] = "", dropped[64], skipped[64], undrawn[80], unfilmed[80], rate[48] = "";
    double seconds = duet_console_elapsed(&batch->console);
    size_t count = batch->stills + batch->frames;
    format_done(batch, done, sizeof done);
    if (batch->failed) snprintf(failed, sizeof failed, ", %zu failed", batch->failed);
    format_count(dropped, sizeof dropped, (size_t)batch->dropped, "frame", " dropped");
    format_count(skipped, sizeof skipped, batch->inputs.skipped, "other file", " skipped");
    format_count(undrawn, sizeof undrawn, batch->undrawn, "picture", " could not be written");
    format_count(unfilmed, sizeof unfilmed, batch->unfilmed, "video", " could not be written to the end");
    if (count > 1 && seconds >= 0.1) snprintf(rate, sizeof rate, " (%.1f a second)", (double)count / seconds);
    if (batch->inputs.count == 0)
        duet_console_warning(&batch->console, "no pictures to work on%s", skipped);
    else
        duet_console_note(&batch->console, "%s, %zu object%s%s%s%s%s%s; %.2f s%s", done, batch->objects,
                          plural(batch->objects), failed, dropped, skipped, undrawn, unfilmed, seconds, rate);
}

static int fatal(struct batch *batch, const struct duet_error *error)
{
    if (duet_pipe_broken()) {
        duet_console_clear(&batch->console);
        duet_process_die_of_broken_pipe();
    }
    duet_console_error(&batch->console, "%s%s", error->text,
                       error->status == DUET_EXISTS ? "; --force replaces it" : "");
    return duet_process_exit_code(duet_batch_exit_code(error->status));
}

static void tell_interrupted(struct batch *batch, size_t finished)
{
    size_t count = batch->inputs.count;
    char frames[48];
    format_count(frames, sizeof frames, batch->frames, "frame", "");
    duet_console_error(&batch->console, "interrupted after %zu of %zu %s%s%s", finished, count,
                       batch->any_moving ? "input" : "picture", plural(count), frames);
}

/* Whatever ended the work: what there is becomes files, whole as far as it goes. */
static enum duet_status keep(struct batch *batch, enum duet_status status, struct duet_error *error)
{
    struct duet_error ending;
    duet_batch_video_end(batch);
    if (status != DUET_OK && batch->read == 0) return status; /* there is nothing */
    if (duet_writer_commit(&batch->writer, &ending) == DUET_OK) return status;
    *error = ending; /* if the work has ended for that, this text says what was kept, too */
    return ending.status;
}

/* That a list is empty may be as it should be: there was nothing new. A folder in which nothing is found is a
 * camera that has stopped, or the wrong folder. */
static int exit_code(const struct batch *batch)
{
    if (batch->inputs.count == 0 && batch->inputs.folders > 0) return DUET_EXIT_FATAL;
    if (batch->failed > 0 && batch->read == 0) return DUET_EXIT_FATAL;
    return batch->failed || batch->undrawn || batch->unfilmed ? DUET_EXIT_SOME_FAILED : DUET_EXIT_OK;
}

static int work(struct batch *batch)
{
    const struct duet_job job = {.ctx = batch,
                                 .worker_ctx = batch->task->ctx,
                                 .create_worker = batch->task->create_worker,
                                 .close_worker = batch->task->close_worker,
                                 .take = duet_batch_take,
                                 .process = duet_batch_process,
                                 .close_source = duet_batch_close_source,
                                 .deliver = duet_batch_deliver,
                                 .finish = duet_batch_finish,
                                 .drop = duet_batch_drop,
                                 .many = batch->any_moving,
                                 .most_workers =
                                     duet_budget_workers(&batch->budget, batch->task->worker_bytes)};
    struct duet_pipeline_outcome outcome = {0};
    struct duet_error error = {0};
    size_t count = batch->inputs.count;
    int threads = batch->settings->threads > 0 ? batch->settings->threads : duet_cpu_count();
    duet_console_begin(&batch->console, count);
    enum duet_status status = count > 0 ? duet_pipeline_run(&job, count, threads, &outcome, &error) : DUET_OK;
    if (keep(batch, status, &error) != DUET_OK) return fatal(batch, &error);
    summarize(batch);
    if (batch->one_video && batch->frames > 0 && !batch->filmed)
        duet_console_warning(&batch->console, "--save-if kept no frame: there is no %s",
                             batch->settings->annotate);
    if (!outcome.interrupted) return exit_code(batch);
    tell_interrupted(batch, outcome.finished);
    return duet_process_exit_code(DUET_EXIT_OK);
}

int duet_batch_exit_code(enum duet_status status)
{
    if (status == DUET_OK) return DUET_EXIT_OK;
    return status == DUET_BAD_ARGUMENT || status == DUET_EXISTS ? DUET_EXIT_USAGE : DUET_EXIT_FATAL;
}

int duet_batch_run(const struct duet_program *program, const struct duet_batch_settings *settings,
                   const struct duet_arguments *arguments, const struct duet_batch_task *task)
{
    const char *format = duet_format_name((enum duet_format)settings->format);
    const char *output = duet_batch_output_name(settings);
    if (duet_format_is_folder((enum duet_format)settings->format) && !output)
        return duet_usage_error(program, "--format %s: needs a folder to write into, given by -o", format);
    if (settings->coco_images && settings->format != DUET_FORMAT_COCO)
        return duet_usage_error(program, "--coco-images: is for --format coco, got %s", format);
    struct batch batch = {.settings = settings, .task = task};
    struct duet_error error;
    size_t memory;
    int usage = duet_budget_bytes(program, &settings->pictures, &memory);
    if (usage != DUET_GO_ON) return usage;
    duet_console_open(&batch.console, program->name, settings->quiet, !output);
    enum duet_status status = duet_budget_open(&batch.budget, memory, &error);
    if (status == DUET_OK) status = duet_batch_prepare(&batch, arguments, &error);
    if (status == DUET_OK) duet_batch_warn_of_unused(&batch, program, arguments);
    if (status == DUET_OK && settings->track) status = duet_tracker_create(NULL, &batch.tracker, &error);
    int code = status == DUET_OK ? work(&batch) : fatal(&batch, &error);
    duet_writer_discard(&batch.writer);
    duet_tracker_close(&batch.tracker);
    duet_video_writer_discard(&batch.video.writer);
    duet_batch_close_source(&batch, batch.first);
    duet_coco_images_close(&batch.coco_images);
    duet_inputs_close(&batch.inputs);
    duet_budget_close(&batch.budget);
    free(batch.moving);
    free(batch.live);
    return code;
}
