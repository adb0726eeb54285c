#include "batch/networks.h"

#include "cli/model_path.h"
#include "cli/words.h"
#include "core/fail.h"
#include "core/os.h"
#include "data/draw/draw.h"
#include "data/labels/labels.h"
#include "heads/kinds.h"
#include "kernels/kernels.h"

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

enum { MOST_RUNNERS = 2 };

/* The networks' own runners, or clones of them, in the order in which they are run. */
struct worker {
    struct duet_runner *runners[MOST_RUNNERS]; /* NULL: none */
    bool cloned;
    const struct duet_pool *pool;
};

/* What a worker runs. */
static void list_runners(const struct duet_networks *networks, struct duet_runner *runners[MOST_RUNNERS])
{
    runners[0] = networks->both ? networks->both : networks->boxes;
    runners[1] = networks->both ? NULL : networks->masks;
}

static void close_worker(void *ctx, void *p)
{
    struct worker *worker = p;
    (void)ctx;
    for (int i = 0; worker && worker->cloned && i < MOST_RUNNERS; i++) duet_runner_close(&worker->runners[i]);
    free(worker);
}

static enum duet_status create_worker(void *ctx, const struct duet_pool *pool, void **out,
                                      struct duet_error *error)
{
    struct duet_networks *networks = ctx;
    struct duet_runner *runners[MOST_RUNNERS];
    struct worker *worker = calloc(1, sizeof *worker);
    enum duet_status status = DUET_OK;
    *out = NULL;
    if (!worker) return duet_no_memory(error, NULL, "for a worker");
    worker->pool = pool;
    worker->cloned = networks->lent;
    list_runners(networks, runners);
    for (int i = 0; i < MOST_RUNNERS && status == DUET_OK; i++)
        if (!worker->cloned)
            worker->runners[i] = runners[i];
        else if (runners[i])
            status = duet_runner_clone(runners[i], &worker->runners[i], error);
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
    for (int i = 0; i < MOST_RUNNERS && status == DUET_OK; i++) {
        struct duet_results *results = NULL;
        if (!worker->runners[i]) continue;
        status = duet_runner_run(worker->runners[i], image, &options, &results, error);
        if (duet_results_detections(results)) {
            result->has_detections = true;
            result->detections = duet_results_take_detections(results);
        }
        if (duet_results_segmentation(results)) {
            result->has_segments = true;
            result->segmentation = duet_results_take_segmentation(results);
        }
        duet_results_close(&results);
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
    struct duet_runner *runners[MOST_RUNNERS];
    task->ctx = networks;
    task->worker_bytes = 0;
    list_runners(networks, runners);
    for (int i = 0; i < MOST_RUNNERS; i++) task->worker_bytes += duet_runner_bytes(runners[i]);
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

/* Before models are opened: what is wrong with a level has nothing to do with them. */
static int check_cpu(const struct duet_program *program, const char *cpu)
{
    struct duet_kernels kernels;
    struct duet_error error;
    enum duet_status status = cpu ? duet_kernels_select(cpu, &kernels, &error) : DUET_OK;
    return status == DUET_OK ? DUET_GO_ON : report(program, status, "--cpu", &error);
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

static int open_model(const struct duet_program *program, const char *name, struct duet_model **model)
{
    struct duet_error error;
    char *path = NULL;
    enum duet_status status = duet_model_path(name, &path, &error);
    if (status == DUET_OK) status = duet_model_open(path, model, &error);
    free(path);
    return status == DUET_OK ? DUET_GO_ON : duet_fatal(program, &error);
}

/* Do two names lead to one file? */
static bool same_model(const char *a, const char *b)
{
    struct duet_error error;
    char *one = NULL, *other = NULL;
    bool same = duet_model_path(a, &one, &error) == DUET_OK &&
                duet_model_path(b, &other, &error) == DUET_OK && duet_output_same(one, other);
    free(one);
    free(other);
    return same;
}

/* The model that is named first, then the other one, which may be the same. */
static int open_models(struct duet_networks *networks)
{
    static const char *const usual[] = {DUET_DETECT_MODEL, DUET_SEGMENT_MODEL};
    static const enum duet_head_task tasks[] = {DUET_DETECTION, DUET_SEGMENTATION};
    struct duet_model **const models[] = {&networks->detect_model, &networks->segment_model};
    const bool wanted[] = {networks->detect != NULL, networks->segment != NULL};
    const char *const names[] = {wanted[0] ? networks->detect->model : NULL,
                                 wanted[1] ? networks->segment->model : NULL};
    const int first = !wanted[0] || (wanted[1] && !names[0]), second = !first;
    struct duet_error error;
    const struct duet_head *head;
    int code = open_model(networks->program, names[first] ? names[first] : usual[first], models[first]);
    if (code != DUET_GO_ON) return code;
    if (wanted[second] && (names[second] ? names[first] && same_model(names[first], names[second])
                                         : duet_model_task_head(*models[first], tasks[second]) != NULL))
        *models[second] = duet_model_retain(*models[first]);
    else if (wanted[second])
        code = open_model(networks->program, names[second] ? names[second] : usual[second], models[second]);
    for (int i = 0; i < 2 && code == DUET_GO_ON; i++)
        if (wanted[i] && duet_model_need_head(*models[i], tasks[i], &head, &error) != DUET_OK)
            code = duet_fatal(networks->program, &error);
    return code;
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

/* What boxes to look for. */
static int set_detector(struct duet_networks *networks)
{
    const struct duet_detect_settings *s = networks->detect;
    const struct duet_labels *labels = &duet_model_task_head(networks->detect_model, DUET_DETECTION)->labels;
    struct duet_error error;
    networks->detector = (struct duet_detector_options)DUET_DETECTOR_OPTIONS;
    networks->detector.threshold = (float)s->threshold;
    networks->detector.nms_iou = (float)s->nms_iou;
    networks->detector.max_detections = s->max_detections;
    if (s->max_detections > 100) networks->detector.max_per_class = s->max_detections;
    int code = select_classes(networks->program, s->classes, s->except, labels, &networks->classes[0]);
    networks->detector.classes = networks->classes[0];
    if (code != DUET_GO_ON || !s->thresholds) return code;
    networks->detector.thresholds = networks->thresholds =
        calloc(labels->count + 1, sizeof *networks->thresholds);
    enum duet_status status =
        networks->thresholds
            ? read_thresholds(s->thresholds, labels, (float)s->threshold, networks->thresholds, &error)
            : duet_no_memory(&error, NULL, NULL);
    return status == DUET_OK ? DUET_GO_ON : report(networks->program, status, "--thresholds", &error);
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

/* What masks to look for. */
static int set_segmenter(struct duet_networks *networks)
{
    const struct duet_segment_settings *s = networks->segment;
    const struct duet_labels *labels =
        &duet_model_task_head(networks->segment_model, DUET_SEGMENTATION)->labels;
    networks->segmenter = (struct duet_segmenter_options)DUET_SEGMENTER_OPTIONS;
    networks->segmenter.no_resize = s->no_resize;
    networks->segmenter.scales = networks->scales;
    networks->segmenter.flip = s->flip;
    networks->segmenter.confidence = s->confidence;
    networks->segmenter.probe = s->probe;
    int code = select_classes(networks->program, s->classes, s->except, labels, &networks->classes[1]);
    networks->segmenter.classes = networks->classes[1];
    return code;
}

/* --- runners -------------------------------------------------------------------------------------------- */

/* A runner of these heads, at their own size and stride where none is asked for. */
static int make_runner(const struct duet_networks *networks, const struct duet_model *model, bool boxes,
                       bool masks, struct duet_runner **runner)
{
    const char *heads[MOST_RUNNERS];
    struct duet_runner_options options = DUET_RUNNER_OPTIONS;
    struct duet_error error;
    options.heads = heads;
    if (boxes) heads[options.head_count++] = duet_model_task_head(model, DUET_DETECTION)->name;
    if (masks) heads[options.head_count++] = duet_model_task_head(model, DUET_SEGMENTATION)->name;
    options.detector = boxes ? &networks->detector : NULL;
    options.segmenter = masks ? &networks->segmenter : NULL;
    if (masks) options.width = options.height = networks->segment->size;
    if (masks) options.output_stride = duet_segment_stride(networks->segment->output_stride);
    options.cpu = networks->compute.cpu;
    options.precision = (enum duet_precision)networks->compute.precision;
    options.max_memory = networks->max_memory;
    enum duet_status status = duet_runner_create(model, &options, runner, &error);
    if (status == DUET_OK) return DUET_GO_ON;
    return report(networks->program, status, status == DUET_TOO_LARGE ? "--max-memory" : "", &error);
}

int duet_networks_split(struct duet_networks *networks)
{
    int code = DUET_GO_ON;
    if (networks->detect && !networks->boxes)
        code = make_runner(networks, networks->detect_model, true, false, &networks->boxes);
    if (code == DUET_GO_ON && networks->segment && !networks->masks)
        code = make_runner(networks, networks->segment_model, false, true, &networks->masks);
    return code;
}

/* One where the model is one. A size or stride that is asked for is that of the masks: boxes keep theirs. */
static int make_runners(struct duet_networks *networks)
{
    const struct duet_segment_settings *s = networks->segment;
    if (networks->detect && s && networks->detect_model == networks->segment_model && s->size == 0 &&
        duet_segment_stride(s->output_stride) == 0)
        return make_runner(networks, networks->detect_model, true, true, &networks->both);
    return duet_networks_split(networks);
}

int duet_networks_open(struct duet_networks *networks, const struct duet_program *program,
                       const struct duet_detect_settings *detect, const struct duet_segment_settings *segment,
                       const struct duet_picture_settings *pictures,
                       const struct duet_compute_settings *compute)
{
    *networks =
        (struct duet_networks){.program = program, .detect = detect, .segment = segment, .compute = *compute};
    int code = duet_budget_bytes(program, pictures, &networks->max_memory), scales = 0;
    if (code == DUET_GO_ON) code = check_cpu(program, compute->cpu);
    if (code == DUET_GO_ON && segment)
        code = read_scales(program, segment->scales, networks->scales, &scales);
    if (code == DUET_GO_ON) code = open_models(networks);
    if (code == DUET_GO_ON && detect) code = set_detector(networks);
    if (code == DUET_GO_ON && segment) code = set_segmenter(networks);
    networks->segmenter.scale_count = scales;
    return code == DUET_GO_ON ? make_runners(networks) : code;
}

int duet_networks_batch(const struct duet_program *program, const struct duet_arguments *arguments,
                        const struct duet_detect_settings *detect,
                        const struct duet_segment_settings *segment,
                        const struct duet_batch_settings *settings, const struct duet_batch_task *more)
{
    struct duet_networks networks;
    int code =
        duet_networks_open(&networks, program, detect, segment, &settings->pictures, &settings->compute);
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
    duet_runner_close(&networks->both);
    duet_runner_close(&networks->boxes);
    duet_runner_close(&networks->masks);
    for (int i = 0; i < 2; i++) free(networks->classes[i]);
    free(networks->thresholds);
    duet_model_close(&networks->detect_model);
    duet_model_close(&networks->segment_model);
}
