#include "batch/networks.h"

#include "cli/model_path.h"
#include "cli/words.h"
#include "core/fail.h"
#include "core/os.h"
#include "data/draw/draw.h"
#include "data/labels/labels.h"
#include "heads/kinds.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const duet_palette_words[] = {"normal", "safe", NULL};
const char *const duet_stride_words[] = {"model", "8", "16", "32", NULL};

int duet_segment_stride(int index)
{
    return index > 0 ? 4 << index : 0;
}

/* --- on the worker -------------------------------------------------------------------------------------- */

struct worker {
    struct duet_detector *detector;
    struct duet_segmenter *segmenter;
    const struct duet_pool *pool;
};

static void close_worker(void *ctx, void *p)
{
    struct duet_networks *networks = ctx;
    struct worker *worker = p;
    if (!worker) return;
    if (worker->detector != networks->detector) duet_detector_close(&worker->detector);
    if (worker->segmenter != networks->segmenter) duet_segmenter_close(&worker->segmenter);
    free(worker);
}

static enum duet_status create_worker(void *ctx, const struct duet_pool *pool, void **out,
                                      struct duet_error *error)
{
    struct duet_networks *networks = ctx;
    struct worker *worker = calloc(1, sizeof *worker);
    *out = NULL;
    if (!worker) return duet_no_memory(error, NULL, "for a worker");
    *worker = (struct worker){networks->detector, networks->segmenter, pool};
    enum duet_status status = DUET_OK;
    if (networks->lent && networks->detector)
        status = duet_detector_clone(networks->detector, &worker->detector, error);
    if (networks->lent && networks->segmenter && status == DUET_OK)
        status = duet_segmenter_clone(networks->segmenter, &worker->segmenter, error);
    networks->lent = true;
    if (status == DUET_OK)
        *out = worker;
    else
        close_worker(ctx, worker);
    return status;
}

static enum duet_status analyse(void *ctx, void *p, const struct duet_image *image,
                                struct duet_batch_result *result, struct duet_error *error)
{
    (void)ctx;
    struct worker *worker = p;
    const struct duet_run_options options = {.struct_size = sizeof options, .pool = worker->pool};
    enum duet_status status = DUET_OK;
    if (worker->detector) {
        result->has_detections = true;
        status = duet_detector_run(worker->detector, image, &options, &result->detections, error);
    }
    if (worker->segmenter && status == DUET_OK) {
        result->has_segments = true;
        status = duet_segmenter_run(worker->segmenter, image, &options, &result->segmentation, error);
    }
    return status;
}

/* Masks below boxes: a box's tag must be readable. */
static enum duet_status draw(void *ctx, struct duet_image *image, const struct duet_batch_result *result,
                             struct duet_error *error)
{
    const struct duet_networks *networks = ctx;
    enum duet_status status = DUET_OK;
    int palette = networks->detect ? networks->detect->palette : networks->segment->palette;
    const struct duet_draw_style style = {.palette = (enum duet_palette)palette, .tracks = result->tracks};
    if (result->has_segments) {
        status = duet_draw_mask(image, &result->segmentation.classes, (float)networks->segment->alpha, true,
                                &style, error);
        if (status == DUET_OK)
            status = duet_draw_legend(image, &result->segmentation.segments, &style, error);
    }
    if (result->has_detections && status == DUET_OK)
        status = duet_draw_detections(image, &result->detections, &style, error);
    return status;
}

static void fill_task(struct duet_networks *networks, struct duet_batch_task *task)
{
    const struct duet_head *detect = duet_model_task_head(networks->detect_model, DUET_DETECTION);
    const struct duet_head *segment = duet_model_task_head(networks->segment_model, DUET_SEGMENTATION);
    task->ctx = networks;
    task->worker_bytes = duet_detector_bytes(networks->detector) + duet_segmenter_bytes(networks->segmenter);
    task->labels = detect ? &detect->labels : &segment->labels;
    task->segment_labels = segment ? &segment->labels : NULL;
    task->create_worker = create_worker;
    task->close_worker = close_worker;
    task->analyse = analyse;
    task->draw = draw;
}

struct duet_batch_task duet_networks_task(struct duet_networks *networks)
{
    struct duet_batch_task task = {0};
    fill_task(networks, &task);
    return task;
}

/* --- setting up ----------------------------------------------------------------------------------------- */

/* "detect: ..." and the code to exit with; mistakes on the command line also tell where help is. */
static int report(const struct duet_program *program, enum duet_status status, const char *option,
                  const struct duet_error *error)
{
    const char *colon = option[0] ? ": " : "";
    if (duet_batch_exit_code(status) == DUET_EXIT_USAGE)
        return duet_usage_error(program, "%s%s%s", option, colon, error->text);
    fprintf(stderr, "%s: %s%s%s\n", program->name, option, colon, error->text);
    return DUET_EXIT_FATAL;
}

/* The same of making a network. */
static int report_made(const struct duet_program *program, enum duet_status status, const char *cpu,
                       const struct duet_error *error)
{
    if (status == DUET_OK) return DUET_GO_ON;
    return report(program, status, status == DUET_TOO_LARGE ? "--max-memory" : cpu ? "--cpu" : "", error);
}

/* Flags of the labels that --classes and --except leave; NULL when neither is given. Names are looked up
 * before any work: a class that is not known is a mistake on the command line. */
static int select_classes(const struct duet_program *program, const char *classes, const char *except,
                          const struct duet_labels *labels, bool **selected)
{
    struct duet_error error;
    *selected = NULL;
    if (!classes && !except) return DUET_GO_ON;
    *selected = calloc(labels->count + 1, sizeof **selected);
    bool *excepted = calloc(labels->count + 1, sizeof *excepted);
    const char *option = "--classes";
    enum duet_status status = *selected && excepted ? DUET_OK : duet_no_memory(&error, NULL, NULL);
    if (status == DUET_OK) memset(*selected, true, labels->count);
    if (status == DUET_OK && classes) status = duet_labels_select(labels, classes, *selected, &error);
    if (status == DUET_OK && except) {
        option = "--except";
        status = duet_labels_select(labels, except, excepted, &error);
    }
    size_t left = 0;
    for (size_t i = 0; status == DUET_OK && i < labels->count; i++)
        left += (*selected)[i] = (*selected)[i] && !excepted[i];
    free(excepted);
    if (status == DUET_NOT_FOUND) status = DUET_BAD_ARGUMENT; /* here it is the command line's fault */
    if (status != DUET_OK) return report(program, status, option, &error);
    return left > 0 ? DUET_GO_ON : duet_usage_error(program, "--except: no class is left to look for");
}

static int open_model(const struct duet_program *program, const char *name, enum duet_head_task task,
                      struct duet_model **model, const struct duet_labels **labels)
{
    struct duet_error error;
    const struct duet_head *head;
    char *path = NULL;
    enum duet_status status = duet_model_path(name, &path, &error);
    if (status == DUET_OK) status = duet_model_open(path, model, &error);
    if (status == DUET_OK) status = duet_model_need_head(*model, task, &head, &error);
    if (status == DUET_OK) *labels = &head->labels;
    free(path);
    return status == DUET_OK ? DUET_GO_ON : duet_fatal(program, &error);
}

/* Thresholds by label from a file that `evaluate coco --thresholds-out` wrote: {"classes": [{"id",
 * "threshold"}]}. Classes that it does not name keep `usual`. */
static enum duet_status read_thresholds(const char *path, const struct duet_labels *labels, float usual,
                                        float *thresholds, struct duet_error *error)
{
    json_error_t fault;
    struct duet_bytes bytes;
    size_t begin;
    enum duet_status status = duet_read_file(path, (size_t)64 << 20, &bytes, error);
    if (status != DUET_OK) return status;
    status = duet_bom_check(path, bytes.data, bytes.size, &begin, error);
    json_t *root = status == DUET_OK ? json_loadb((const char *)bytes.data + begin, bytes.size - begin,
                                                  JSON_REJECT_DUPLICATES, &fault)
                                     : NULL;
    json_t *entry;
    duet_bytes_close(&bytes);
    if (status != DUET_OK) return status;
    if (!root)
        return duet_fail(error, DUET_BAD_FORMAT, "%s:%d:%d: %s", path, fault.line, fault.column, fault.text);
    const json_t *classes = json_object_get(root, "classes");
    size_t i;
    for (i = 0; i < labels->count; i++) thresholds[i] = usual;
    if (!json_is_array(classes))
        status = duet_fail(error, DUET_BAD_FORMAT, "%s: has no \"classes\": not a file of thresholds", path);
    json_array_foreach(classes, i, entry)
    {
        const json_t *id = json_object_get(entry, "id"), *threshold = json_object_get(entry, "threshold");
        double value = json_number_value(threshold);
        if (!json_is_integer(id) || !json_is_number(threshold) || !(value >= 0 && value <= 1)) {
            status = duet_fail(error, DUET_BAD_FORMAT,
                               "%s: classes[%zu]: expected an id and a threshold from 0 to 1", path, i);
            break;
        }
        for (size_t k = 0; k < labels->count; k++)
            if (labels->items[k].id == json_integer_value(id)) thresholds[k] = (float)value;
    }
    json_decref(root);
    return status;
}

/* NULL in *thresholds when no file is named. */
static int load_thresholds(const struct duet_networks *networks, const struct duet_labels *labels,
                           float **thresholds)
{
    const struct duet_detect_settings *s = networks->detect;
    struct duet_error error;
    *thresholds = NULL;
    if (!s->thresholds) return DUET_GO_ON;
    *thresholds = calloc(labels->count + 1, sizeof **thresholds);
    enum duet_status status =
        *thresholds ? read_thresholds(s->thresholds, labels, (float)s->threshold, *thresholds, &error)
                    : duet_no_memory(&error, NULL, NULL);
    return status == DUET_OK ? DUET_GO_ON : report(networks->program, status, "--thresholds", &error);
}

static int open_detector(struct duet_networks *networks, const char *cpu)
{
    const struct duet_detect_settings *s = networks->detect;
    struct duet_error error;
    bool *selected = NULL;
    const struct duet_labels *labels;
    int code = open_model(networks->program, s->model, DUET_DETECTION, &networks->detect_model, &labels);
    if (code != DUET_GO_ON) return code;
    float *thresholds = NULL;
    code = select_classes(networks->program, s->classes, s->except, labels, &selected);
    if (code == DUET_GO_ON) code = load_thresholds(networks, labels, &thresholds);
    const struct duet_detector_options options = {.struct_size = sizeof options,
                                                  .threshold = (float)s->threshold,
                                                  .nms_iou = (float)s->nms_iou,
                                                  .max_per_class =
                                                      s->max_detections > 100 ? s->max_detections : 100,
                                                  .max_detections = s->max_detections,
                                                  .classes = selected,
                                                  .cpu = cpu,
                                                  .thresholds = thresholds,
                                                  .max_memory = networks->max_memory};
    if (code == DUET_GO_ON)
        code = report_made(
            networks->program,
            duet_detector_create(networks->detect_model, &options, &networks->detector, &error), cpu, &error);
    free(selected);
    free(thresholds);
    return code;
}

/* "0.5,1,1.5" to numbers. */
static int read_scales(const struct duet_program *program, const char *text,
                       float scales[DUET_SEGMENTER_MAX_SCALES], int *count)
{
    char word[32];
    double value;
    *count = 0;
    for (const char *at = text; *count < DUET_SEGMENTER_MAX_SCALES; at++) {
        size_t length = strcspn(at, ",");
        snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : sizeof word - 1), at);
        if (!duet_parse_float(word, &value) || value < 0.1 || value > 4) break;
        scales[(*count)++] = (float)value;
        at += length;
        if (*at == '\0') return DUET_GO_ON;
    }
    return duet_usage_error(program,
                            "--scales: expected up to %d numbers from 0.1 to 4 between commas, got '%s'",
                            DUET_SEGMENTER_MAX_SCALES, text);
}

static int open_segmenter(struct duet_networks *networks, const char *cpu)
{
    const struct duet_segment_settings *s = networks->segment;
    struct duet_error error;
    bool *selected = NULL;
    float scales[DUET_SEGMENTER_MAX_SCALES];
    int scale_count;
    const struct duet_labels *labels;
    int code = read_scales(networks->program, s->scales, scales, &scale_count);
    if (code == DUET_GO_ON)
        code = open_model(networks->program, s->model, DUET_SEGMENTATION, &networks->segment_model, &labels);
    if (code != DUET_GO_ON) return code;
    code = select_classes(networks->program, s->classes, s->except, labels, &selected);
    const struct duet_segmenter_options options = {.struct_size = sizeof options,
                                                   .output_stride = duet_segment_stride(s->output_stride),
                                                   .size = s->size,
                                                   .no_resize = s->no_resize,
                                                   .scales = scales,
                                                   .scale_count = scale_count,
                                                   .flip = s->flip,
                                                   .confidence = s->confidence,
                                                   .classes = selected,
                                                   .cpu = cpu,
                                                   .probe = s->probe,
                                                   .max_memory = networks->max_memory};
    if (code == DUET_GO_ON)
        code = report_made(
            networks->program,
            duet_segmenter_create(networks->segment_model, &options, &networks->segmenter, &error), cpu,
            &error);
    free(selected);
    return code;
}

int duet_networks_open(struct duet_networks *networks, const struct duet_program *program,
                       const struct duet_detect_settings *detect, const struct duet_segment_settings *segment,
                       const struct duet_picture_settings *pictures, const char *cpu)
{
    *networks = (struct duet_networks){.program = program, .detect = detect, .segment = segment};
    int code = duet_budget_bytes(program, pictures, &networks->max_memory);
    if (code == DUET_GO_ON && detect) code = open_detector(networks, cpu);
    if (code == DUET_GO_ON && segment) code = open_segmenter(networks, cpu);
    return code;
}

int duet_networks_batch(const struct duet_program *program, const struct duet_arguments *arguments,
                        const struct duet_detect_settings *detect,
                        const struct duet_segment_settings *segment,
                        const struct duet_batch_settings *settings, const struct duet_batch_task *more)
{
    struct duet_networks networks;
    int code = duet_networks_open(&networks, program, detect, segment, &settings->pictures, settings->cpu);
    if (code == DUET_GO_ON) {
        struct duet_batch_task task = *more;
        fill_task(&networks, &task);
        code = duet_batch_run(program, settings, arguments, &task);
    }
    duet_networks_close(&networks);
    return code;
}

void duet_networks_close(struct duet_networks *networks)
{
    duet_detector_close(&networks->detector);
    duet_segmenter_close(&networks->segmenter);
    duet_model_close(&networks->detect_model);
    duet_model_close(&networks->segment_model);
}
