/* Before work starts: the inputs, and everything that can be known to go wrong. */
#include "batch/parts.h"

#include "batch/annotate.h"
#include "cli/process.h"
#include "core/fail.h"
#include "core/os.h"
#include "data/moving/frames.h"
#include "data/picture/write.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* --force must not go so far as to replace a picture by what was found in it. */
static enum duet_status check_output(const struct batch *batch, struct duet_error *error)
{
    const char *output = duet_batch_output_name(batch->settings);
    struct stat there, source;
    if (!output || stat(output, &there) != 0 || !S_ISREG(there.st_mode)) return DUET_OK;
    for (size_t i = 0; i < batch->inputs.count; i++) {
        const char *path = batch->inputs.items[i].path;
        if (stat(path, &source) == 0 && source.st_dev == there.st_dev && source.st_ino == there.st_ino)
            return duet_fail(error, DUET_BAD_ARGUMENT, "--output: %s is one of the inputs", output);
    }
    return DUET_OK;
}

/* --- what has no end ----------------------------------------------------------------------------------- */

static bool has_word(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strstr(text, *words)) return true;
    return false;
}

/* Has what was opened no end, as far as anybody knows? A pipe may have one, but nobody can wait for it. */
static bool is_endless(const struct duet_frames_about *about)
{
    return about->moving && (about->live || (!about->seekable && about->duration <= 0));
}

/* The same of one that was not. A web address may be that of a file. */
static bool looks_endless(const struct batch *batch, size_t index)
{
    static const char *const limits[] = {"duration", "trim", ":d=", "=d=", NULL};
    static const char *const webs[] = {"http://", "https://", NULL};
    const struct duet_input *input = &batch->inputs.items[index];
    struct batch_source *source;
    struct duet_frames_about about;
    struct duet_error error;
    enum duet_address kind = duet_frames_address(input->path);
    if (kind == DUET_ADDRESS_GRAPH) return !has_word(input->path, limits);
    if (kind != DUET_ADDRESS_STREAM || !has_word(input->path, webs))
        return kind == DUET_ADDRESS_CAMERA || kind == DUET_ADDRESS_STREAM;
    if (duet_batch_open_source(batch, input, &source, &error) != DUET_OK) return false;
    duet_frames_describe(source->frames, &about);
    duet_batch_close_source(NULL, source);
    return is_endless(&about);
}

/* The inputs after one without end never have their turn; --duration gives every one an end. */
static enum duet_status find_endless(struct batch *batch, struct duet_error *error)
{
    const struct duet_input *items = batch->inputs.items;
    size_t first = SIZE_MAX;
    for (size_t i = 0; i < batch->inputs.count; i++) {
        if (!batch->moving[i] || duet_frames_address(items[i].path) == DUET_ADDRESS_FILE ||
            !looks_endless(batch, i))
            continue;
        if (first != SIZE_MAX && !(batch->settings->duration > 0))
            return duet_fail(
                error, DUET_BAD_ARGUMENT,
                "%s has no end, and %s would never have its turn; start one process a camera, or "
                "give --duration",
                items[first].shown, items[i].shown);
        if (first == SIZE_MAX) first = i;
    }
    batch->endless = first != SIZE_MAX;
    if (first != SIZE_MAX && first + 1 < batch->inputs.count && !(batch->settings->duration > 0))
        duet_console_warning(&batch->console, "%s has no end: the inputs after it will not have their turn",
                             items[first].shown);
    return DUET_OK;
}

/* --- what moves ---------------------------------------------------------------------------------------- */

/* A single input is opened before anything else: standard input cannot be looked at otherwise, and a video
 * for one file needs to know that there is one. That it cannot be opened is told in its turn. */
static enum duet_status find_moving(struct batch *batch, struct duet_error *error)
{
    const struct duet_input *items = batch->inputs.items;
    size_t count = batch->inputs.count;
    batch->moving = calloc(count + 1, sizeof *batch->moving);
    batch->live = calloc(count + 1, sizeof *batch->live);
    if (!batch->moving || !batch->live)
        return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for %zu inputs", count);
    for (size_t i = 0; i < count; i++) {
        batch->moving[i] = duet_input_looks_moving(&items[i]);
        batch->any_moving = batch->any_moving || batch->moving[i];
        enum duet_address kind = batch->moving[i] ? duet_frames_address(items[i].path) : DUET_ADDRESS_FILE;
        batch->live[i] = kind == DUET_ADDRESS_CAMERA || kind == DUET_ADDRESS_STREAM;
    }
    if (count != 1) return find_endless(batch, error);
    struct duet_frames_about about;
    batch->opening = duet_batch_open_source(batch, &items[0], &batch->first, &batch->opening_error);
    if (batch->opening != DUET_OK) {
        batch->endless = batch->live[0];
        return DUET_OK;
    }
    if (batch->first->latest) /* which reads already, and is live */
        about = (struct duet_frames_about){.moving = true, .live = true};
    else
        duet_frames_describe(batch->first->frames, &about);
    batch->moving[0] = batch->any_moving = about.moving;
    batch->live[0] = about.live;
    bool graph = duet_frames_address(items[0].path) == DUET_ADDRESS_GRAPH; /* says nothing of its length */
    batch->endless = is_endless(&about) || (graph && looks_endless(batch, 0));
    return DUET_OK;
}

/* --- where results go ---------------------------------------------------------------------------------- */

/* Options that have to do with the file that records go to. */
static enum duet_status check_file(struct batch *batch, struct duet_error *error)
{
    const struct duet_batch_settings *settings = batch->settings;
    const char *output = duet_batch_output_name(settings);
    struct duet_error inner;
    if (settings->rotate && duet_rotation_parse(settings->rotate, &batch->rotation, &inner) != DUET_OK)
        return duet_fail(error, DUET_BAD_ARGUMENT, "--rotate: %s", inner.text);
    if (settings->append && !output)
        return duet_fail(error, DUET_BAD_ARGUMENT, "--append: to what? -o names the file");
    if (settings->rotate && !output && !batch->one_video)
        return duet_fail(error, DUET_BAD_ARGUMENT, "--rotate: needs a file, given by -o or --annotate");
    if (settings->rotate && output && duet_format_is_folder((enum duet_format)settings->format))
        return duet_fail(error, DUET_BAD_ARGUMENT, "--rotate: the format %s has a file for each picture",
                         duet_format_name((enum duet_format)settings->format));
    return DUET_OK;
}

/* The file was opened before it was known whether what goes into it has an end. */
static enum duet_status reopen_in_place(struct batch *batch, struct duet_error *error)
{
    if (!batch->endless || batch->settings->append) return DUET_OK;
    duet_writer_discard(&batch->writer);
    batch->files = 0;
    batch->file_number = 0;
    return duet_batch_open_writer(batch, error);
}

static enum duet_status check_sources(const struct batch *batch, struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    for (size_t i = 0; status == DUET_OK && i < batch->inputs.count; i++)
        if (!batch->moving[i])
            status = duet_writer_check(batch->writer, batch->inputs.items[i].shown,
                                       batch->inputs.items[i].relative, error);
    return status;
}

/* --annotate out.mp4, --annotate out.jpg, --masks out.png: one input of that kind, and nothing of that name
 * yet. */
static enum duet_status check_alone(const struct batch *batch, const char *option, const char *path,
                                    bool video, struct duet_error *error)
{
    const struct duet_inputs *inputs = &batch->inputs;
    const char *output = duet_batch_output_name(batch->settings), *kind = video ? "video" : "picture";
    if (inputs->count == 0) return DUET_OK;
    if (inputs->count != 1)
        return duet_fail(error, DUET_BAD_ARGUMENT,
                         "%s: the %s %s can show one input, got %zu; name a folder for several", option, kind,
                         path, inputs->count);
    if (batch->moving[0] != video && (batch->opening == DUET_OK || batch->moving[0]))
        return duet_fail(error, DUET_BAD_ARGUMENT, "%s: the %s %s cannot show %s, which %s; name a folder",
                         option, kind, path, inputs->items[0].shown, video ? "does not move" : "moves");
    if (output && duet_output_same(path, output))
        return duet_fail(error, DUET_BAD_ARGUMENT, "%s: %s is the --output, too", option, path);
    if (video && batch->settings->rotate) return DUET_OK;
    if (duet_output_same(path, inputs->items[0].path))
        return duet_fail(error, DUET_BAD_ARGUMENT, "%s: %s is the input", option, path);
    enum duet_status status = duet_output_check(path, batch->settings->force ? DUET_OUTPUT_FORCE : 0, error);
    return status == DUET_NOT_FOUND ? DUET_OK : status; /* its folder will be made */
}

static void list_pictures(struct batch *batch)
{
    const struct duet_batch_task *task = batch->task;
    const char *annotate = batch->settings->annotate;
    for (int i = 0; i < task->picture_count; i++) batch->pictures[batch->picture_count++] = task->pictures[i];
    batch->one_video = annotate && duet_video_name(annotate) && !duet_path_is_folder(annotate);
    if (annotate && !batch->one_video)
        batch->pictures[batch->picture_count++] =
            (struct duet_batch_picture){.option = "--annotate",
                                        .folder = annotate,
                                        .format = batch->settings->annotate_format,
                                        .write = duet_batch_write_annotated};
    for (int i = 0; i < batch->picture_count; i++) {
        struct duet_batch_picture *picture = &batch->pictures[i];
        picture->alone = duet_picture_writable(picture->folder) && !duet_path_is_folder(picture->folder);
        if (picture->write == duet_batch_write_annotated) batch->one_picture = picture->alone;
    }
}

static enum duet_status check_picture(const struct batch *batch, const struct duet_batch_picture *picture,
                                      struct duet_error *error)
{
    if (!picture->alone)
        return duet_annotate_check(&batch->inputs, batch->moving, batch->live, picture->folder,
                                   (enum duet_annotate_format)picture->format, batch->settings->force, error);
    if (picture->write != duet_batch_write_annotated &&
        strcasecmp(duet_path_extension(picture->folder), ".png") != 0)
        return duet_fail(error, DUET_BAD_ARGUMENT,
                         "%s: expected a folder or a name that ends in .png, got %s", picture->option,
                         picture->folder);
    for (const struct duet_batch_picture *other = batch->pictures; other < picture; other++)
        if (other->alone && duet_output_same(other->folder, picture->folder))
            return duet_fail(error, DUET_BAD_ARGUMENT, "%s: %s is the %s, too", picture->option,
                             picture->folder, other->option);
    return check_alone(batch, picture->option, picture->folder, false, error);
}

/* Two kinds of pictures may share a folder, but no name in it. */
static enum duet_status check_shared(const struct batch *batch, const struct duet_batch_picture *a,
                                     const struct duet_batch_picture *b, struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    if (a->alone || b->alone || !duet_output_same(a->folder, b->folder)) return DUET_OK;
    for (size_t i = 0; i < batch->inputs.count && status == DUET_OK; i++) {
        const char *name = batch->inputs.items[i].relative;
        char *first = duet_annotate_path(a->folder, name, (enum duet_annotate_format)a->format);
        char *second = duet_annotate_path(a->folder, name, (enum duet_annotate_format)b->format);
        if (!first || !second)
            status = duet_no_memory(error, name, NULL);
        else if (strcmp(first, second) == 0)
            status =
                duet_fail(error, DUET_BAD_ARGUMENT,
                          "%s: two kinds of pictures would be written as this; give each a folder", first);
        free(first);
        free(second);
    }
    return status;
}

static enum duet_status check_pictures(const struct batch *batch, struct duet_error *error)
{
    enum duet_status status =
        batch->one_video ? check_alone(batch, "--annotate", batch->settings->annotate, true, error) : DUET_OK;
    for (int i = 0; i < batch->picture_count && status == DUET_OK; i++)
        status = check_picture(batch, &batch->pictures[i], error);
    for (int i = 0; i < batch->picture_count; i++)
        for (int k = 0; k < i && status == DUET_OK; k++)
            status = check_shared(batch, &batch->pictures[k], &batch->pictures[i], error);
    for (int i = 0; i < batch->picture_count && status == DUET_OK; i++)
        if (!batch->pictures[i].alone) status = duet_make_folders(batch->pictures[i].folder, error);
    return status;
}

static enum duet_status read_save_if(struct batch *batch, struct duet_error *error)
{
    const struct duet_batch_task *task = batch->task;
    struct duet_error inner;
    if (!batch->settings->save_if) return DUET_OK;
    if (batch->picture_count == 0 && !batch->one_video)
        return duet_fail(error, DUET_BAD_ARGUMENT,
                         "--save-if: says which pictures to write, but not where to; --annotate does");
    enum duet_status status = duet_save_if_parse(batch->settings->save_if,
                                                 task->segments_first ? task->segment_labels : task->labels,
                                                 &batch->save_if, &inner);
    return status == DUET_OK ? DUET_OK : duet_fail(error, status, "--save-if: %s", inner.text);
}

enum duet_status duet_batch_prepare(struct batch *batch, const struct duet_arguments *arguments,
                                    struct duet_error *error)
{
    const char *exclude[DUET_BATCH_MAX_PICTURES + 2] = {NULL};
    list_pictures(batch);
    for (int i = 0; i < batch->picture_count; i++) exclude[i] = batch->pictures[i].folder;
    const struct duet_inputs_options options = {.null = batch->settings->lists.null,
                                                .allow_network = batch->settings->lists.allow_network,
                                                .allow_lavfi = batch->settings->lists.allow_lavfi,
                                                .exclude = exclude};
    enum duet_status status = read_save_if(batch, error);
    if (status == DUET_OK)
        status = duet_inputs_find(arguments->operands, arguments->count, &options, &batch->inputs, error);
    if (status == DUET_OK && batch->settings->coco_images)
        status = duet_coco_images_open(batch->settings->coco_images, &batch->coco_images, error);
    if (status == DUET_OK) status = check_file(batch, error);
    if (status == DUET_OK) status = check_output(batch, error);
    /* Lists of names, and an output, may be pipes that nobody has at the other end: until here, a signal
     * kills. From here on there is something to leave in good order, and what makes us wait asks. */
    const char *output = duet_batch_output_name(batch->settings);
    bool special = output && duet_path_is_special(output);
    if (!special) duet_process_catch_signals();
    if (status == DUET_OK) status = duet_batch_open_writer(batch, error);
    duet_process_catch_signals();
    if (status == DUET_OK) status = find_moving(batch, error);
    if (status == DUET_OK) status = check_pictures(batch, error);
    if (status == DUET_OK && !special) status = reopen_in_place(batch, error);
    return status == DUET_OK ? check_sources(batch, error) : status;
}
