/* Detections for evaluate coco --images: the batch that detect runs, its results in a file. */
#include "batch/batch.h"
#include "cli/process.h"
#include "core/os.h"
#include "data/labels/labels.h"
#include "evaluate/coco.h"
#include "evaluate/output.h"
#include "evaluate/picture.h"
#include "evaluate/seen.h"

#include <stdlib.h>
#include <string.h>

/* A device, a pipe or this program's output takes results, but does not give them back to be scored. */
static bool gives_back(const char *keep)
{
    return keep && !duet_path_is_special(keep) && strncmp(keep, "/dev/", 5) != 0;
}

/* A place for the results: what was asked for, or a folder that goes away. */
static int make_place(struct evaluate_coco_run *run)
{
    struct duet_error error;
    if (gives_back(run->settings->keep)) {
        run->results = run->settings->keep;
        return DUET_GO_ON;
    }
    if (duet_temporary_open(&run->temporary, "evaluate", &error) != DUET_OK) {
        duet_console_error(run->scope->console, "%s", error.text);
        return DUET_EXIT_FATAL;
    }
    run->results = duet_temporary_path(&run->temporary, "results.json");
    return run->results ? DUET_GO_ON : evaluate_no_memory(run->scope->console);
}

/* Hand on what had to be written elsewhere. */
static int copy_to_keep(const struct evaluate_coco_run *run)
{
    struct duet_error error;
    struct duet_bytes bytes;
    struct duet_output output = {0};
    if (!run->settings->keep || gives_back(run->settings->keep)) return DUET_GO_ON;
    enum duet_status status = duet_read_file(run->results, SIZE_MAX, &bytes, &error);
    if (status != DUET_OK) return evaluate_failed(run->scope->console, &error);
    status =
        duet_output_open(&output, run->settings->keep, run->settings->force ? DUET_OUTPUT_FORCE : 0, &error);
    if (status == DUET_OK) {
        fwrite(bytes.data, 1, bytes.size, output.stream); /* commit looks whether it went well */
        status = duet_output_commit(&output, &error);
    }
    duet_bytes_close(&bytes);
    return status == DUET_OK ? DUET_GO_ON : evaluate_failed(run->scope->console, &error);
}

int evaluate_coco_run_done(struct evaluate_coco_run *run)
{
    run->results = NULL;
    duet_temporary_close(&run->temporary);
    duet_process_release_signals();
    if (!duet_interrupted()) return DUET_GO_ON;
    duet_console_error(run->scope->console, "interrupted: nothing was scored");
    return duet_process_exit_code(DUET_EXIT_OK);
}

void evaluate_coco_run_close(struct evaluate_coco_run *run)
{
    duet_temporary_close(&run->temporary);
    duet_networks_close(&run->networks);
}

/* Every class of the model is the ground truth's class of that id. Otherwise somebody mixed up two data sets.
 */
static int check_labels(const struct evaluate_coco_run *run)
{
    const struct duet_labels labels = duet_model_task_head(run->networks.detect_model, DUET_DETECTION)->labels;
    size_t known = 0;
    for (size_t i = 0; i < labels.count; i++) {
        const struct duet_coco_category *category =
            duet_coco_truth_category(&run->scope->truth, labels.items[i].id);
        if (!category) continue;
        const struct duet_label theirs = {labels.items[i].id, category->name};
        const struct duet_labels one = {&theirs, 1};
        known++;
        if (category->name[0] && !duet_labels_find(&one, labels.items[i].name))
            duet_console_warning(run->scope->console,
                                 "class %d is '%s' to the model and '%s' in the ground truth",
                                 labels.items[i].id, labels.items[i].name, category->name);
    }
    if (known > 0) return DUET_GO_ON;
    duet_console_error(run->scope->console, "the model %s knows no class of the ground truth",
                       run->settings->detect.model);
    return DUET_EXIT_FATAL;
}

static size_t image_count(const struct evaluate_scope *scope)
{
    return scope->options.image_ids ? scope->options.image_count : scope->truth.image_count;
}

static const struct duet_coco_image *image_at(const struct evaluate_scope *scope, size_t i)
{
    return scope->options.image_ids ? duet_coco_truth_image(&scope->truth, scope->options.image_ids[i])
                                    : &scope->truth.images[scope->truth.images_by_id[i]];
}

/* The pictures on their way, as many as the scope has images. */
struct pictures {
    char **paths; /* [count] NULL: it cannot be had */
    bool *read;   /* [count] so far as is known */
    size_t count;
    char **operands; /* [operand_count] those that can be had, borrowed */
    size_t operand_count;
};

static void pictures_close(struct pictures *pictures)
{
    for (size_t i = 0; pictures->paths && i < pictures->count; i++) free(pictures->paths[i]);
    free(pictures->paths);
    free(pictures->read);
    free(pictures->operands);
}

/* Lowest id first. */
static int pictures_open(const struct evaluate_coco_run *run, struct pictures *pictures)
{
    const struct evaluate_scope *scope = run->scope;
    size_t count = image_count(scope);
    *pictures = (struct pictures){.paths = calloc(count + 1, sizeof *pictures->paths),
                                  .read = calloc(count + 1, sizeof *pictures->read),
                                  .count = count,
                                  .operands = calloc(count + 1, sizeof *pictures->operands)};
    if (!pictures->paths || !pictures->read || !pictures->operands)
        return evaluate_no_memory(run->scope->console);
    for (size_t i = 0; i < count; i++) {
        const struct duet_coco_image *image = image_at(scope, i);
        struct duet_error error;
        char room[DUET_COCO_ID_ROOM];
        enum duet_status status =
            evaluate_picture_path(run->settings->images, image->file_name, &pictures->paths[i], &error);
        if (status == DUET_OUT_OF_MEMORY) return evaluate_no_memory(run->scope->console);
        pictures->read[i] = status == DUET_OK;
        if (status == DUET_OK)
            pictures->operands[pictures->operand_count++] = pictures->paths[i];
        else
            duet_console_error(scope->console, "%s: images[%zu] (id %s): %s", scope->settings->gt,
                               image->index, duet_coco_id_text(scope->truth.ids, image->id, room),
                               error.text);
    }
    return DUET_GO_ON;
}

/* The batch could not read it. */
static void on_failed(void *ctx, const char *path)
{
    struct pictures *pictures = ctx;
    for (size_t i = 0; i < pictures->count; i++)
        if (pictures->paths[i] && strcmp(pictures->paths[i], path) == 0) pictures->read[i] = false;
}

static bool none_read(const struct pictures *pictures)
{
    for (size_t i = 0; i < pictures->count; i++)
        if (pictures->read[i]) return false;
    return true;
}

static int detect(struct evaluate_coco_run *run, struct pictures *pictures)
{
    const struct duet_batch_settings settings = {.format = DUET_FORMAT_COCO,
                                                 .output = run->results,
                                                 .coco_images = run->scope->settings->gt,
                                                 .exif = DUET_EXIF_IGNORE,
                                                 .pictures = run->settings->reading,
                                                 .threads = run->settings->threads,
                                                 .force = run->settings->force,
                                                 .quiet = run->settings->quiet,
                                                 .on_failed = on_failed,
                                                 .on_failed_ctx = pictures};
    const struct duet_arguments arguments = {.operands = pictures->operands,
                                             .count = (int)pictures->operand_count};
    const struct duet_batch_task task = duet_networks_task(&run->networks);
    int code = duet_batch_run(run->scope->program, &settings, &arguments, &task);
    if (duet_interrupted()) duet_console_error(run->scope->console, "nothing was scored");
    bool ended = code == DUET_EXIT_OK || code == DUET_EXIT_SOME_FAILED;
    return ended || none_read(pictures) ? DUET_GO_ON : code;
}

/* The scope is then of the images whose pictures were read. */
static int leave_out(struct evaluate_coco_run *run, const struct pictures *pictures)
{
    struct evaluate_scope *scope = run->scope;
    size_t kept = 0;
    int64_t *ids = calloc(pictures->count + 1, sizeof *ids);
    if (!ids) return evaluate_no_memory(run->scope->console);
    for (size_t i = 0; i < pictures->count; i++)
        if (pictures->read[i]) ids[kept++] = image_at(scope, i)->id;
    run->failed = pictures->count - kept;
    if (kept == 0 || run->failed == 0) {
        free(ids);
        if (kept > 0) return DUET_GO_ON;
        duet_console_error(scope->console, "nothing was scored: none of %zu pictures could be read",
                           pictures->count);
        return DUET_EXIT_FATAL;
    }
    free(scope->image_ids);
    scope->image_ids = ids;
    scope->options.image_ids = ids;
    scope->options.image_count = kept;
    evaluate_scope_warn(scope, duet_text("%zu of %zu pictures could not be read: the scores are of the other "
                                         "%zu",
                                         run->failed, pictures->count, kept));
    return scope->warning_lost ? evaluate_no_memory(run->scope->console) : DUET_GO_ON;
}

int evaluate_coco_run(struct evaluate_coco_run *run)
{
    struct pictures pictures = {0};
    if (!duet_path_is_folder(run->settings->images)) {
        duet_console_error(run->scope->console, "--images: %s: no such folder", run->settings->images);
        return DUET_EXIT_FATAL;
    }
    int code = pictures_open(run, &pictures);
    if (code == DUET_GO_ON && pictures.operand_count == 0) code = leave_out(run, &pictures);
    if (code == DUET_GO_ON)
        code = duet_networks_open(&run->networks, run->scope->program, &run->settings->detect, NULL,
                                  &run->settings->reading, &run->settings->compute);
    if (code == DUET_GO_ON) code = check_labels(run);
    if (code == DUET_GO_ON)
        evaluate_warn_seen(run->scope->console, run->networks.detect_model, NULL, run->scope->settings->gt);
    duet_process_catch_signals(); /* from here on there is a folder to remove */
    if (code == DUET_GO_ON) code = make_place(run);
    if (code == DUET_GO_ON) code = detect(run, &pictures);
    if (code == DUET_GO_ON) code = copy_to_keep(run);
    if (code == DUET_GO_ON) code = leave_out(run, &pictures);
    pictures_close(&pictures);
    return code;
}

void evaluate_coco_run_conditions(const struct evaluate_coco_run *run, struct duet_conditions *conditions)
{
    const struct duet_model_config *config = duet_model_config(run->networks.detect_model);
    duet_conditions_text(conditions, "image_folder", run->settings->images);
    duet_conditions_text(conditions, "model", run->settings->detect.model);
    duet_conditions_text(conditions, "model_sha256", config->data_sha256);
    duet_conditions_text(conditions, "model_source_sha256", config->source.sha256);
    duet_conditions_text(conditions, "model_trained_on", config->training.on);
    duet_conditions_text(conditions, "model_not_for", config->training.not_for);
    duet_conditions_text(conditions, "precision",
                         duet_precision_name(duet_runner_precision(run->networks.boxes)));
    duet_conditions_text(
        conditions, "resize",
        duet_resize_name(duet_model_task_head(run->networks.detect_model, DUET_DETECTION)->input.resize));
    duet_conditions_number(conditions, "score_threshold", run->settings->detect.threshold);
    duet_conditions_number(conditions, "nms_iou", run->settings->detect.nms_iou);
    duet_conditions_number(conditions, "detections_an_image", run->settings->detect.max_detections);
    duet_conditions_text(conditions, "exif", "ignore");
    duet_conditions_number(conditions, "images_failed", (double)run->failed);
}
