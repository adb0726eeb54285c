/* detect: pictures to boxes. */
#include "common/batch.h"
#include "common/model_path.h"
#include "common/process.h"
#include "core/fail.h"
#include "duet/detector.h"
#include "duet/draw.h"
#include "duet/labels.h"

#include <float.h>
#include <stdlib.h>

struct settings {
    const char *model, *classes, *except, *cpu;
    double threshold, nms_iou;
    int max_detections;
    bool eval;
    struct duet_batch_settings batch;
};

static const char *const format_words[] = {"table", "ndjson", "coco", "csv", "yolo", "voc", NULL};

static const struct duet_option options[] = {
    DUET_GROUP("What to look for"),
    DUET_STRING('m', "model", "NAME", struct settings, model, "the model: a name ('models list') or a path"),
    DUET_FLOAT('t', "threshold", "X", struct settings, threshold, 0, 1, "report what scores above X"),
    DUET_STRING('c', "classes", "A,B", struct settings, classes, "report only these classes"),
    DUET_STRING('x', "except", "A,B", struct settings, except, "do not report these classes"),
    DUET_INT('n', "max-detections", "N", struct settings, max_detections, 1, 1000,
             "report at most the N best of a picture"),
    DUET_FLOAT(0, "nms-iou", "X", struct settings, nms_iou, 0, 1,
               "of two boxes of a class that overlap by more than X, report the better one"),
    DUET_FLAG(
        'e', "eval", struct settings, eval,
        "settings to measure with: --threshold 1e-8 --max-detections 100 --exif ignore, where these are "
        "not given"),
    DUET_GROUP("Inputs"),
    DUET_BATCH_INPUT_OPTIONS(struct settings, batch),
    DUET_GROUP("Results"),
    DUET_CHOICE('f', "format", "NAME", struct settings, batch.format, format_words,
                "table, ndjson, coco, csv, yolo or voc"),
    DUET_BATCH_RESULT_OPTIONS(struct settings, batch),
    DUET_STRING(0, "coco-images", "FILE", struct settings, batch.coco_images,
                "for --format coco: the instances file that gives file names their image ids; without it, "
                "the digits at the end of a name are the id"),
    DUET_GROUP("Running"),
    DUET_BATCH_RUN_OPTIONS(struct settings, batch),
    DUET_STRING(0, "cpu", "LEVEL", struct settings, cpu,
                "use instructions up to LEVEL (scalar, ...), see also $DUET_CPU",
                .shown = "the best there is"),
    DUET_OPTIONS_END};

static const struct duet_program program = {
    .name = "detect",
    .synopsis = "[OPTION]... INPUT...",
    .summary =
        "Find objects in pictures (JPEG, PNG, PPM) with SSDLite-MobileNetV2, and print what was found "
        "where: class, score, box in pixels. Results come in the order of the inputs and do not depend "
        "on the number of threads.",
    .options = options,
    .min_operands = 1,
    .max_operands = DUET_MANY,
    .operand = "INPUT",
    .details = "An INPUT is a picture; a folder (all pictures below it, hidden ones left out);\n"
               "a pattern such as '*.jpg'; @LIST, a file of paths one a line (@-: from standard\n"
               "input); or - for a picture on standard input. What exists under the very name\n"
               "is taken before anything else. A picture that cannot be read is named on\n"
               "standard error and does not stop the others.\n",
    .examples = "  detect photo.jpg\n"
                "  detect --annotate found holiday/           boxes drawn, below found/\n"
                "  detect -t 0.3 -c person,dog *.jpg\n"
                "  detect -f ndjson -o found.ndjson @list.txt\n"
                "  find . -name '*.jpg' -print0 | detect --null @-\n"
                "  detect --eval -f coco -o results.json --coco-images instances.json val2017/\n",
    .exit_status = DUET_EXIT_STATUS_BATCH};

/* --- the network -----------------------------------------------------------------------------------------
 */

struct detect {
    struct duet_model *model;
    struct duet_detector *detector; /* the first worker's; the others have clones */
    bool lent;
};

struct worker {
    struct duet_detector *detector;
    const struct duet_pool *pool;
};

static void close_worker(void *ctx, void *p)
{
    struct detect *detect = ctx;
    struct worker *worker = p;
    if (worker && worker->detector != detect->detector) duet_detector_close(&worker->detector);
    free(worker);
}

static enum duet_status create_worker(void *ctx, const struct duet_pool *pool, void **out,
                                      struct duet_error *error)
{
    struct detect *detect = ctx;
    struct worker *worker = calloc(1, sizeof *worker);
    *out = NULL;
    if (!worker) return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for a worker");
    *worker = (struct worker){detect->detector, pool};
    enum duet_status status = DUET_OK;
    if (detect->lent) status = duet_detector_clone(detect->detector, &worker->detector, error);
    detect->lent = true;
    if (status == DUET_OK)
        *out = worker;
    else
        close_worker(ctx, worker);
    return status;
}

static enum duet_status analyse(void *ctx, void *p, const struct duet_batch_frame *frame,
                                struct duet_batch_result *result, struct duet_error *error)
{
    (void)ctx;
    struct worker *worker = p;
    result->has_detections = true;
    return duet_detector_run(worker->detector, frame->image, worker->pool, &result->detections, error);
}

static enum duet_status draw(void *ctx, struct duet_image *image, const struct duet_batch_result *result,
                             struct duet_error *error)
{
    (void)ctx;
    return duet_draw_detections(image, &result->detections, error);
}

/* --- setting up ------------------------------------------------------------------------------------------
 */

static void apply_eval(struct settings *settings, const struct duet_arguments *arguments)
{
    if (!settings->eval) return;
    if (!duet_option_given(&program, arguments, "threshold")) settings->threshold = 1e-8;
    if (!duet_option_given(&program, arguments, "max-detections")) settings->max_detections = 100;
    if (!duet_option_given(&program, arguments, "exif")) settings->batch.exif = DUET_EXIF_IGNORE;
}

/* "detect: ..." and the code to exit with; mistakes on the command line also tell where help is. */
static int report(enum duet_status status, const char *option, const struct duet_error *error)
{
    const char *colon = option[0] ? ": " : "";
    if (duet_batch_exit_code(status) == DUET_EXIT_USAGE)
        return duet_usage_error(&program, "%s%s%s", option, colon, error->text);
    fprintf(stderr, "%s: %s%s%s\n", program.name, option, colon, error->text);
    return DUET_EXIT_FATAL;
}

/* Flags of the labels that --classes and --except leave. Names are looked up before any work: a class that
 * is not known is a mistake on the command line. */
static int select_classes(const struct settings *settings, const struct duet_labels *labels, bool *selected)
{
    struct duet_error error;
    bool *excepted = calloc(labels->count + 1, sizeof *excepted);
    const char *option = "--classes";
    enum duet_status status = excepted ? DUET_OK : duet_fail(&error, DUET_OUT_OF_MEMORY, "no memory");
    for (size_t i = 0; i < labels->count; i++) selected[i] = true;
    if (status == DUET_OK && settings->classes)
        status = duet_labels_select(labels, settings->classes, selected, &error);
    if (status == DUET_OK && settings->except) {
        option = "--except";
        status = duet_labels_select(labels, settings->except, excepted, &error);
    }
    size_t left = 0;
    for (size_t i = 0; status == DUET_OK && i < labels->count; i++)
        left += selected[i] = selected[i] && !excepted[i];
    free(excepted);
    if (status == DUET_NOT_FOUND) status = DUET_BAD_ARGUMENT; /* here it is the command line's fault */
    if (status != DUET_OK) return report(status, option, &error);
    return left > 0 ? DUET_GO_ON : duet_usage_error(&program, "--except: no class is left to look for");
}

static int open_model(const struct settings *settings, struct detect *detect)
{
    struct duet_error error;
    char *path = NULL;
    enum duet_status status = duet_model_path(settings->model, &path, &error);
    if (status == DUET_OK) status = duet_model_open(path, &detect->model, &error);
    free(path);
    if (status == DUET_OK) return DUET_GO_ON;
    fprintf(stderr, "%s: %s\n", program.name, error.text);
    return DUET_EXIT_FATAL;
}

/* In struct duet_detector_options 0 stands for the default; on the command line it is a number. */
static float not_zero(double value)
{
    return value > FLT_MIN ? (float)value : FLT_MIN;
}

static int create_detector(const struct settings *settings, const struct duet_labels *labels,
                           struct detect *detect)
{
    struct duet_error error;
    bool *selected = calloc(labels->count + 1, sizeof *selected);
    if (!selected) return report(duet_fail(&error, DUET_OUT_OF_MEMORY, "no memory"), "", &error);
    int code = select_classes(settings, labels, selected);
    if (code == DUET_GO_ON) {
        int most = settings->max_detections;
        const struct duet_detector_options wanted = {
            .struct_size = sizeof wanted,
            .threshold = not_zero(settings->threshold),
            .nms_iou = not_zero(settings->nms_iou),
            .max_per_class = most > 100 ? most : 0,
            .max_detections = most,
            .classes = settings->classes || settings->except ? selected : NULL,
            .cpu = settings->cpu,
        };
        enum duet_status status = duet_detector_create(detect->model, &wanted, &detect->detector, &error);
        if (status != DUET_OK) code = report(status, settings->cpu ? "--cpu" : "", &error);
    }
    free(selected);
    return code;
}

static int run(const struct settings *settings, const struct duet_arguments *arguments, struct detect *detect)
{
    int code = open_model(settings, detect);
    if (code != DUET_GO_ON) return code;
    const struct duet_labels *labels = &duet_model_config(detect->model)->ssdlite_labels;
    code = create_detector(settings, labels, detect);
    if (code != DUET_GO_ON) return code;
    const struct duet_batch_task task = {detect, labels, create_worker, close_worker, analyse, draw};
    return duet_batch_run(&program, &settings->batch, arguments, &task);
}

int main(int argc, char **argv)
{
    struct settings settings = {
        .model = "ssdlite-coco", .threshold = 0.5, .nms_iou = 0.6, .max_detections = 100};
    struct duet_arguments arguments;
    struct detect detect = {0};
    duet_process_start();
    int code = duet_options_parse(&program, argc, argv, &settings, &arguments);
    if (code != DUET_GO_ON) return code;
    apply_eval(&settings, &arguments);
    code = run(&settings, &arguments, &detect);
    duet_detector_close(&detect.detector);
    duet_model_close(&detect.model);
    return code;
}
