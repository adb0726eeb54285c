/* detect: pictures to boxes. */
#include "batch/batch.h"
#include "batch/networks.h"
#include "cli/process.h"

struct settings {
    struct duet_detect_settings detect;
    struct duet_segment_settings segment;
    struct duet_batch_settings batch;
    bool eval, masks;
};

static const char *const format_words[] = {"table", "ndjson", "coco", "csv", "yolo", "voc", NULL};

static const struct duet_option options[] = {
    DUET_GROUP("What to look for"),
    DUET_STRING('m', "model", "NAME", struct settings, detect.model,
                "the model: a name ('models list') or a path"),
    DUET_FLOAT('t', "threshold", "X", struct settings, detect.threshold, 0, 1, "report what scores above X"),
    DUET_STRING(
        'T', "thresholds", "FILE", struct settings, detect.thresholds,
        "a threshold for each class, from 'evaluate coco --thresholds-out'; classes that it does not name "
        "keep --threshold"),
    DUET_STRING('c', "classes", "A,B", struct settings, detect.classes, "report only these classes"),
    DUET_STRING('x', "except", "A,B", struct settings, detect.except, "do not report these classes"),
    DUET_INT('n', "max-detections", "N", struct settings, detect.max_detections, 1, 1000,
             "report at most the N best of a picture"),
    DUET_FLOAT(0, "nms-iou", "X", struct settings, detect.nms_iou, 0, 1,
               "of two boxes of a class that overlap by more than X, report the better one"),
    DUET_FLAG(
        'e', "eval", struct settings, eval,
        "settings to measure with: --threshold 1e-8 --max-detections 100 --exif ignore, where these are "
        "not given"),
    DUET_GROUP("Masks besides"),
    DUET_FLAG('s', "segment", struct settings, masks,
              "also label every pixel: one record and one overlay hold both (table and csv: boxes only)"),
    DUET_STRING(0, "segment-model", "NAME", struct settings, segment.model, "the model for that",
                .shown = DUET_SECOND_MODEL(DUET_SEGMENT_MODEL)),
    DUET_GROUP("Inputs"),
    DUET_BATCH_INPUT_OPTIONS(struct settings, batch),
    DUET_FLAG(0, "track", struct settings, batch.track,
              "number the objects from frame to frame, by overlap: \"track\" in ndjson, \"#4\" in what is "
              "drawn; an object's number comes with its third frame in a row"),
    DUET_GROUP("Results"),
    DUET_CHOICE('f', "format", "NAME", struct settings, batch.format, format_words,
                "table, ndjson, coco, csv; or yolo or voc: many files, -o is their folder"),
    DUET_BATCH_RESULT_OPTIONS(struct settings, batch, "scores above X"),
    DUET_CHOICE(0, "palette", "NAME", struct settings, detect.palette, duet_palette_words,
                "colours of what is drawn: normal, or safe for colour-blind eyes"),
    DUET_STRING(0, "coco-images", "FILE", struct settings, batch.coco_images,
                "for --format coco: the instances file that gives file names their image ids; without it, "
                "the digits at the end of a name are the id"),
    DUET_GROUP("Running"),
    DUET_BATCH_RUN_OPTIONS(struct settings, batch),
    DUET_OPTIONS_END};

static const struct duet_program program = {
    .name = "detect",
    .synopsis = "[OPTION]... INPUT...",
    .summary =
        "Find objects in pictures (JPEG, PNG, PPM), videos and streams with SSDLite-MobileNetV2, and print "
        "what was found "
        "where: class, score, box in pixels. Results come in the order of the inputs and do not depend "
        "on the number of threads.",
    .options = options,
    .min_operands = 1,
    .max_operands = DUET_MANY,
    .operand = "INPUT",
    .details = DUET_BATCH_INPUT_DETAILS DUET_TEXT_DETAILS,
    .examples = "  detect photo.jpg\n"
                "  detect --annotate found holiday/           boxes drawn, below found/\n"
                "  detect -t 0.3 -c person,dog *.jpg\n"
                "  detect -f ndjson -o found.ndjson @list.txt\n"
                "  detect --annotate seen.mp4 --every 2 clip.mp4\n"
                "  detect -a out --save-if 'person>0.6,dog>0.5' --reconnect 60 rtsp://camera/\n"
                "  find . -name '*.jpg' -print0 | detect --null @-\n"
                "  detect --eval -f coco -o results.json --coco-images instances.json val2017/\n",
    .exit_status = DUET_EXIT_STATUS_BATCH};

static void apply_eval(struct settings *settings, const struct duet_arguments *arguments)
{
    if (!settings->eval) return;
    if (!duet_option_given(&program, arguments, "threshold")) settings->detect.threshold = 1e-8;
    if (!duet_option_given(&program, arguments, "max-detections")) settings->detect.max_detections = 100;
    if (!duet_option_given(&program, arguments, "exif")) settings->batch.exif = DUET_EXIF_IGNORE;
}

int main(int argc, char **argv)
{
    struct settings settings = {.detect = DUET_DETECT_DEFAULTS, .segment = DUET_SEGMENT_DEFAULTS};
    struct duet_arguments arguments;
    const struct duet_batch_task boxes_first = {0};
    settings.segment.model = NULL;
    duet_process_start();
    int code = duet_options_parse(&program, argc, argv, &settings, &arguments);
    if (code != DUET_GO_ON) return code;
    apply_eval(&settings, &arguments);
    if (!settings.masks) duet_options_unused(&program, &arguments, "segment-model", "without --segment");
    return duet_networks_batch(&program, &arguments, &settings.detect,
                               settings.masks ? &settings.segment : NULL, &settings.batch, &boxes_first);
}
