#include "common/batch.h"

#include "common/annotate.h"
#include "common/console.h"
#include "common/pipeline.h"
#include "common/process.h"
#include "core/fail.h"
#include "core/os.h"
#include "duet/coco_images.h"
#include "duet/picture_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const duet_batch_annotate_words[] = {"same", "png", "jpg", NULL};
const char *const duet_batch_exif_words[] = {"apply", "ignore", NULL};

struct batch {
    const struct duet_batch_settings *settings;
    const struct duet_batch_task *task;
    struct duet_inputs inputs;
    struct duet_coco_images *coco_images;
    struct duet_writer *writer;
    struct duet_console console;
    struct duet_batch_picture pictures[DUET_BATCH_MAX_PICTURES + 1]; /* the task's, then the annotated one */
    int picture_count;
    size_t objects, failed;
};

/* What one frame gave, on its way from a worker to the writer. */
struct item {
    struct duet_frame_info info;
    int width, height;
    struct duet_batch_result result;
    bool failed;
    struct duet_error error;
};

/* --- on the worker ------------------------------------------------------------------------------------- */

/* Emitted when there is no memory for an item; never written to, never freed. */
static const struct item no_memory_item = {
    .failed = true, .error = {.status = DUET_OUT_OF_MEMORY, .text = "no memory for the results"}};

static void drop_item(void *ctx, void *result)
{
    (void)ctx;
    struct item *item = result;
    if (item == &no_memory_item) return;
    duet_detections_close(&item->result.detections);
    duet_segmentation_close(&item->result.segmentation);
    free(item);
}

static struct item *new_item(void)
{
    struct item *item = calloc(1, sizeof *item);
    return item ? item : (struct item *)(uintptr_t)&no_memory_item;
}

/* Put what failed before the text, as readers' texts have it already. */
static enum duet_status name_source(struct duet_error *error, const char *source)
{
    struct duet_error inner = *error;
    return duet_fail(error, inner.status, "%s: %s", source, inner.text);
}

/* Draw and write: what --annotate asks for. */
static enum duet_status write_annotated(void *ctx, const char *path, struct duet_image *image,
                                        const struct duet_batch_result *result, struct duet_error *error)
{
    const struct batch *batch = ctx;
    enum duet_status status = batch->task->draw(batch->task->ctx, image, result, error);
    return status == DUET_OK ? duet_picture_write(path, image, error) : status;
}

static enum duet_status write_picture(const struct batch *batch, const struct duet_batch_picture *picture,
                                      const struct duet_input *input, struct duet_image *image,
                                      const struct duet_batch_result *result, struct duet_error *error)
{
    char *path =
        duet_annotate_path(picture->folder, input->relative, (enum duet_annotate_format)picture->format);
    char *folder = path ? duet_text("%.*s", (int)(duet_path_name(path) - path), path) : NULL;
    enum duet_status status =
        folder ? duet_make_folders(folder, error) : duet_fail(error, DUET_OUT_OF_MEMORY, "no memory");
    void *ctx = picture->write == write_annotated ? (void *)(uintptr_t)batch : batch->task->ctx;
    if (status == DUET_OK) status = picture->write(ctx, path, image, result, error);
    free(folder);
    free(path);
    return status;
}

/* Run the network over one frame, annotate it. */
static enum duet_status analyse(const struct batch *batch, void *worker, const struct duet_input *input,
                                struct duet_image *image, struct item *item)
{
    const struct duet_batch_task *task = batch->task;
    struct duet_batch_frame frame = {input, image, &item->info};
    item->width = image->width;
    item->height = image->height;
    enum duet_status status = task->analyse(task->ctx, worker, &frame, &item->result, &item->error);
    for (int i = 0; i < batch->picture_count && status == DUET_OK; i++)
        status = write_picture(batch, &batch->pictures[i], input, image, &item->result, &item->error);
    /* The maps are written; of them, at most the classes go on to the writer. */
    if (!task->runs) duet_image_close(&item->result.segmentation.classes);
    duet_image_close(&item->result.segmentation.confidence);
    return status == DUET_OK ? status : name_source(&item->error, input->path);
}

/* The next frame of an input, through to its results. Nothing is emitted at the end of the frames. */
static bool do_frame(const struct batch *batch, void *worker, const struct duet_input *input,
                     struct duet_frames *frames, struct duet_emitter *emitter, bool *complete)
{
    struct item *item = new_item();
    struct duet_image image = {0};
    bool more = true;
    if (item != &no_memory_item) {
        enum duet_status status = duet_frames_next(frames, &image, &item->info, &more, &item->error);
        if (status == DUET_OK && more) status = analyse(batch, worker, input, &image, item);
        item->failed = status != DUET_OK;
        duet_image_close(&image);
    }
    bool failed = item->failed, moving = item->info.moving;
    if (!failed && !more) {
        drop_item(NULL, item);
        return false;
    }
    bool go_on = duet_emit(emitter, item);
    if (!go_on && moving && !failed) *complete = false;
    return go_on && !failed && moving;
}

static bool process_input(void *ctx, void *worker, size_t index, struct duet_emitter *emitter)
{
    const struct batch *batch = ctx;
    const struct duet_input *input = &batch->inputs.items[index];
    const struct duet_frames_options options = {.struct_size = sizeof options,
                                                .exif = (enum duet_exif)batch->settings->exif};
    struct duet_frames *frames = NULL;
    struct duet_error error;
    enum duet_status status =
        input->errnum ? duet_fail_errno(&error, input->errnum, "%s: cannot read the folder", input->path)
                      : duet_frames_open(input->path, &options, &frames, &error);
    bool complete = true;
    if (status == DUET_OK) {
        while (do_frame(batch, worker, input, frames, emitter, &complete)) continue;
    } else {
        struct item *item = new_item();
        if (item != &no_memory_item) {
            item->failed = true;
            item->error = error;
        }
        duet_emit(emitter, item);
    }
    duet_frames_close(&frames);
    return complete;
}

/* --- on the writer's side ------------------------------------------------------------------------------ */

/* Write an item's record; one that the format refuses (a moving picture for coco, say) becomes a failure. */
static enum duet_status write_item(struct batch *batch, size_t index, struct item *item,
                                   struct duet_error *error)
{
    const struct duet_batch_result *found = &item->result;
    struct duet_record record = {.index = index,
                                 .source = batch->inputs.items[index].path,
                                 .moving = item->info.moving,
                                 .frame = item->info.frame,
                                 .pts = item->info.pts};
    if (item->failed) {
        record.error = &item->error;
    } else {
        record.width = item->width;
        record.height = item->height;
        record.detections = found->has_detections ? &found->detections : NULL;
        record.segments = found->has_segments ? &found->segmentation.segments : NULL;
        record.classes = found->segmentation.classes.pixels ? &found->segmentation.classes : NULL;
    }
    enum duet_status status = duet_writer_write(batch->writer, &record, error);
    bool refused = status == DUET_BAD_ARGUMENT || status == DUET_UNSUPPORTED || status == DUET_EXISTS;
    if (!refused || item->failed) return status;
    item->failed = true;
    item->error = *error;
    return write_item(batch, index, item, error);
}

static enum duet_status deliver_item(void *ctx, size_t index, void *result, struct duet_error *error)
{
    struct batch *batch = ctx;
    struct item *item = result;
    enum duet_status status = write_item(batch, index, item, error);
    if (item->failed) {
        batch->failed++;
        duet_console_error(&batch->console, "%s", item->error.text);
    } else {
        batch->objects += item->result.detections.count;
        for (size_t i = 0; i < item->result.segmentation.segments.count; i++)
            batch->objects += item->result.segmentation.segments.items[i].class_id != 0;
    }
    drop_item(NULL, item);
    return status;
}

static void finish_input(void *ctx, size_t index)
{
    duet_console_progress(&((struct batch *)ctx)->console, index + 1);
}

static enum duet_status create_worker(void *ctx, const struct duet_pool *pool, void **worker,
                                      struct duet_error *error)
{
    const struct duet_batch_task *task = ((struct batch *)ctx)->task;
    return task->create_worker(task->ctx, pool, worker, error);
}

static void close_worker(void *ctx, void *worker)
{
    const struct duet_batch_task *task = ((struct batch *)ctx)->task;
    task->close_worker(task->ctx, worker);
}

/* --- before --------------------------------------------------------------------------------------------- */

/* The name of the results' file; NULL when that is standard output, be it by the name of /dev/stdout. */
static const char *output_name(const struct duet_batch_settings *settings)
{
    struct stat there, standard;
    const char *output = settings->output;
    if (!output || strcmp(output, "-") == 0) return NULL;
    bool same = stat(output, &there) == 0 && fstat(STDOUT_FILENO, &standard) == 0 &&
                there.st_dev == standard.st_dev && there.st_ino == standard.st_ino;
    return same ? NULL : output;
}

/* --force must not go so far as to replace a picture by what was found in it. */
static enum duet_status check_output(const struct batch *batch, struct duet_error *error)
{
    const char *output = output_name(batch->settings);
    struct stat there, source;
    if (!output || stat(output, &there) != 0 || !S_ISREG(there.st_mode)) return DUET_OK;
    for (size_t i = 0; i < batch->inputs.count; i++) {
        const char *path = batch->inputs.items[i].path;
        if (stat(path, &source) == 0 && source.st_dev == there.st_dev && source.st_ino == there.st_ino)
            return duet_fail(error, DUET_BAD_ARGUMENT, "--output: %s is one of the inputs", output);
    }
    return DUET_OK;
}

static enum duet_status open_writer(struct batch *batch, struct duet_error *error)
{
    const struct duet_batch_settings *settings = batch->settings;
    enum duet_status status = check_output(batch, error);
    if (status == DUET_OK && settings->coco_images)
        status = duet_coco_images_open(settings->coco_images, &batch->coco_images, error);
    if (status != DUET_OK) return status;
    const struct duet_writer_options options = {.struct_size = sizeof options,
                                                .format = (enum duet_format)settings->format,
                                                .output = output_name(settings),
                                                .stream = stdout,
                                                .force = settings->force,
                                                .labels = batch->task->labels,
                                                .coco_images = batch->coco_images,
                                                .segments = batch->task->segments_first};
    status = duet_writer_open(&options, &batch->writer, error);
    for (size_t i = 0; status == DUET_OK && i < batch->inputs.count; i++)
        status = duet_writer_check(batch->writer, batch->inputs.items[i].path, error);
    return status;
}

static void list_pictures(struct batch *batch)
{
    const struct duet_batch_task *task = batch->task;
    for (int i = 0; i < task->picture_count; i++) batch->pictures[batch->picture_count++] = task->pictures[i];
    if (batch->settings->annotate)
        batch->pictures[batch->picture_count++] = (struct duet_batch_picture){
            batch->settings->annotate, batch->settings->annotate_format, write_annotated};
}

static enum duet_status prepare(struct batch *batch, const struct duet_arguments *arguments,
                                struct duet_error *error)
{
    const char *exclude[DUET_BATCH_MAX_PICTURES + 2] = {NULL};
    list_pictures(batch);
    for (int i = 0; i < batch->picture_count; i++) exclude[i] = batch->pictures[i].folder;
    const struct duet_inputs_options options = {.struct_size = sizeof options,
                                                .null = batch->settings->null,
                                                .exclude = exclude,
                                                .sniff = duet_frames_sniff};
    enum duet_status status =
        duet_inputs_find(arguments->operands, arguments->count, &options, &batch->inputs, error);
    if (status == DUET_OK) status = open_writer(batch, error);
    for (int i = 0; i < batch->picture_count && status == DUET_OK; i++)
        status = duet_annotate_check(&batch->inputs, batch->pictures[i].folder,
                                     (enum duet_annotate_format)batch->pictures[i].format,
                                     batch->settings->force, error);
    for (int i = 0; i < batch->picture_count && status == DUET_OK; i++)
        status = duet_make_folders(batch->pictures[i].folder, error);
    return status;
}

/* --- after ---------------------------------------------------------------------------------------------- */

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* "12 pictures, 34 objects, 1 failed, 5 other files skipped; 3.20 s (3.8 a second)" */
static void summarize(struct batch *batch, size_t finished)
{
    char failed[48] = "", skipped[64] = "", rate[48] = "";
    double seconds = duet_console_elapsed(&batch->console);
    size_t others = batch->inputs.skipped;
    if (batch->failed) snprintf(failed, sizeof failed, ", %zu failed", batch->failed);
    if (others) snprintf(skipped, sizeof skipped, ", %zu other file%s skipped", others, plural(others));
    if (finished > 1 && seconds >= 0.1)
        snprintf(rate, sizeof rate, " (%.1f a second)", (double)finished / seconds);
    if (batch->inputs.count == 0)
        duet_console_warning(&batch->console, "no pictures to work on%s", skipped);
    else
        duet_console_note(&batch->console, "%zu picture%s, %zu object%s%s%s; %.2f s%s", finished,
                          plural(finished), batch->objects, plural(batch->objects), failed, skipped, seconds,
                          rate);
}

static int fatal(struct batch *batch, enum duet_status status, const struct duet_error *error)
{
    duet_writer_discard(&batch->writer);
    if (duet_pipe_broken()) {
        duet_console_clear(&batch->console);
        duet_process_die_of_broken_pipe();
    }
    duet_console_error(&batch->console, "%s%s", error->text,
                       status == DUET_EXISTS ? "; --force replaces it" : "");
    return duet_batch_exit_code(status);
}

static int work(struct batch *batch)
{
    const struct duet_job job = {batch,        create_worker, close_worker, process_input,
                                 deliver_item, finish_input,  drop_item};
    struct duet_pipeline_outcome outcome = {0};
    struct duet_error error;
    size_t count = batch->inputs.count;
    int threads = batch->settings->threads > 0 ? batch->settings->threads : duet_cpu_count();
    duet_process_catch_signals();
    duet_console_begin(&batch->console, count);
    enum duet_status status = count > 0 ? duet_pipeline_run(&job, count, threads, &outcome, &error) : DUET_OK;
    if (status == DUET_OK) status = duet_writer_commit(&batch->writer, &error);
    if (status != DUET_OK) return fatal(batch, status, &error);
    summarize(batch, outcome.finished);
    if (outcome.interrupted) {
        duet_console_error(&batch->console, "interrupted after %zu of %zu picture%s", outcome.finished, count,
                           plural(count));
        return DUET_EXIT_INTERRUPTED;
    }
    return batch->failed ? DUET_EXIT_SOME_FAILED : DUET_EXIT_OK;
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
    if (duet_format_is_folder((enum duet_format)settings->format) && !output_name(settings))
        return duet_usage_error(program, "--format %s: needs a folder to write into, given by -o", format);
    if (settings->coco_images && settings->format != DUET_FORMAT_COCO)
        return duet_usage_error(program, "--coco-images: is for --format coco, got %s", format);
    struct batch batch = {.settings = settings, .task = task};
    struct duet_error error;
    duet_console_open(&batch.console, program->name, settings->quiet, !output_name(settings));
    enum duet_status status = prepare(&batch, arguments, &error);
    int code = status == DUET_OK ? work(&batch) : fatal(&batch, status, &error);
    duet_writer_discard(&batch.writer);
    duet_coco_images_close(&batch.coco_images);
    duet_inputs_close(&batch.inputs);
    return code;
}
