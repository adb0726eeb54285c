/* From a list of pictures to their counts: read or predict, compare, add up in the list's order. */
#include "evaluate/picture.h"
#include "evaluate/voc.h"

#include "batch/pipeline.h"
#include "cli/process.h"
#include "core/fail.h"
#include "core/os.h"
#include "data/picture/mask_read.h"

#include <stdlib.h>

/* What one picture gave, on its way from a worker. */
struct item {
    struct duet_voc_counts counts;
    struct duet_warnings warnings;
    enum duet_status status;
    struct duet_error error;
};

/* Emitted when there is no memory for an item; never written to, never freed. */
static const struct item no_memory_item = {
    .status = DUET_OUT_OF_MEMORY,
    .error = {.status = DUET_OUT_OF_MEMORY, .text = "no memory for the scores of a picture"}};

static void drop_item(void *ctx, void *result)
{
    (void)ctx;
    struct item *item = result;
    if (item == &no_memory_item) return;
    duet_voc_counts_close(&item->counts);
    free(item);
}

/* --- one picture -------------------------------------------------------------------------------------- */

static enum duet_status predict(const struct evaluate_voc_run *run, void *worker,
                                struct evaluate_voc_picture *picture, struct duet_error *error)
{
    const struct duet_batch_task task = duet_networks_task(run->networks);
    struct duet_batch_result result = {0};
    struct evaluate_reading reading = {.settings = &run->settings->pictures, .budget = run->budget};
    enum duet_status status = evaluate_decode(picture->predicted_path, &reading, &picture->image, error);
    if (status == DUET_OK) status = task.analyse(task.ctx, worker, &picture->image, &result, error);
    if (run->budget) duet_budget_give(run->budget, reading.share);
    picture->warnings = reading.warnings;
    picture->predicted = result.segmentation.classes;
    result.segmentation.classes = (struct duet_image){0};
    duet_segmentation_close(&result.segmentation);
    return status;
}

/* The file that the prediction comes from. */
static char *predicted_path(const struct evaluate_voc_run *run, const char *id)
{
    if (run->networks) return duet_voc_image_path(run->settings->root, id);
    char *name = duet_text("%s.png", id);
    char *path = name ? duet_path_join(run->settings->masks, name) : NULL;
    free(name);
    return path;
}

enum duet_status evaluate_voc_picture(const struct evaluate_voc_run *run, void *worker, const char *id,
                                      struct evaluate_voc_picture *picture, struct duet_error *error)
{
    const struct duet_mask_options options = {.cancelled = duet_process_cancelled};
    *picture = (struct evaluate_voc_picture){.truth_path = duet_voc_mask_path(run->settings->root, id),
                                             .predicted_path = predicted_path(run, id)};
    if (!picture->truth_path || !picture->predicted_path) return duet_no_memory(error, id, NULL);
    enum duet_status status = duet_voc_id_check(id, error);
    if (status == DUET_OK) status = duet_mask_read(picture->truth_path, &options, &picture->truth, error);
    if (status != DUET_OK) return status;
    return run->networks ? predict(run, worker, picture, error)
                         : duet_mask_read(picture->predicted_path, &options, &picture->predicted, error);
}

void evaluate_voc_picture_close(struct evaluate_voc_picture *picture)
{
    free(picture->truth_path);
    free(picture->predicted_path);
    duet_image_close(&picture->image);
    duet_image_close(&picture->truth);
    duet_image_close(&picture->predicted);
    *picture = (struct evaluate_voc_picture){0};
}

enum duet_status evaluate_voc_worker(void *ctx, const struct duet_pool *pool, void **worker,
                                     struct duet_error *error)
{
    const struct evaluate_voc_run *run = ctx;
    *worker = NULL;
    if (!run->networks) return DUET_OK;
    const struct duet_batch_task task = duet_networks_task(run->networks);
    return task.create_worker(task.ctx, pool, worker, error);
}

void evaluate_voc_worker_close(void *ctx, void *worker)
{
    const struct evaluate_voc_run *run = ctx;
    if (!worker) return;
    const struct duet_batch_task task = duet_networks_task(run->networks);
    task.close_worker(task.ctx, worker);
}

/* --- on the worker ------------------------------------------------------------------------------------ */

static enum duet_status score(const struct evaluate_voc_run *run, void *worker, const char *id,
                              struct item *item)
{
    struct evaluate_voc_picture picture;
    enum duet_status status = evaluate_voc_picture(run, worker, id, &picture, &item->error);
    if (status == DUET_OK) {
        const struct duet_voc_pair pair = {&picture.truth, &picture.predicted, picture.truth_path,
                                           picture.predicted_path};
        status = duet_voc_count(&pair, run->classes.count, run->bands, run->band_count, &item->counts, &item->error);
    }
    item->warnings = picture.warnings;
    evaluate_voc_picture_close(&picture);
    return status;
}

static void *take(void *ctx, size_t index, void **source, bool *more)
{
    (void)ctx, (void)index, (void)source;
    struct item *item = calloc(1, sizeof *item);
    *more = false;
    return item ? item : (struct item *)(uintptr_t)&no_memory_item;
}

static void process(void *ctx, void *worker, size_t index, void *piece)
{
    const struct evaluate_voc_run *run = ctx;
    struct item *item = piece;
    if (item != &no_memory_item) item->status = score(run, worker, duet_voc_list_id(run->list, index), item);
}

/* --- in order ----------------------------------------------------------------------------------------- */

static enum duet_status deliver(void *ctx, size_t index, void *result, struct duet_error *error)
{
    struct evaluate_voc_run *run = ctx;
    struct item *item = result;
    enum duet_status status = DUET_OK;
    for (int i = 0; i < item->warnings.count; i++)
        duet_console_warning(run->console, "%s: %s", duet_voc_list_id(run->list, index),
                             item->warnings.texts[i]);
    if (item->status == DUET_OK)
        status = duet_voc_miou_add(run->miou, duet_voc_list_id(run->list, index), &item->counts, error);
    else if (item->status != DUET_INTERRUPTED) /* that is told of the whole run */
        duet_console_error(run->console, "%s", item->error.text);
    run->wrong += item->status == DUET_MISMATCH;
    run->failed += item->status != DUET_OK && item->status != DUET_MISMATCH;
    drop_item(NULL, item);
    return status;
}

static enum duet_status finish(void *ctx, size_t index, struct duet_error *error)
{
    (void)error;
    duet_console_progress(((struct evaluate_voc_run *)ctx)->console, index + 1);
    return DUET_OK;
}

static enum duet_status run_all(struct evaluate_voc_run *run, int most_workers, bool *interrupted,
                                struct duet_error *error)
{
    const struct duet_job job = {.ctx = run,
                                 .worker_ctx = run,
                                 .create_worker = evaluate_voc_worker,
                                 .close_worker = evaluate_voc_worker_close,
                                 .take = take,
                                 .process = process,
                                 .deliver = deliver,
                                 .finish = finish,
                                 .drop = drop_item,
                                 .most_workers = most_workers};
    struct duet_pipeline_outcome outcome = {0};
    int threads = run->settings->threads > 0 ? run->settings->threads : duet_cpu_count();
    duet_process_catch_signals();
    duet_console_begin(run->console, run->count);
    enum duet_status status = duet_pipeline_run(&job, run->count, threads, &outcome, error);
    duet_console_clear(run->console);
    duet_process_release_signals();
    *interrupted = outcome.interrupted || duet_interrupted();
    return status;
}

enum duet_status evaluate_voc_run(struct evaluate_voc_run *run, bool *interrupted, struct duet_error *error)
{
    struct duet_budget budget;
    if (!run->networks) return run_all(run, 0, interrupted, error);
    enum duet_status status = duet_budget_open(&budget, run->networks->max_memory, error);
    if (status != DUET_OK) return status;
    run->budget = &budget;
    status = run_all(run, duet_budget_workers(&budget, duet_networks_task(run->networks).worker_bytes),
                     interrupted, error);
    run->budget = NULL;
    duet_budget_close(&budget);
    return status;
}
