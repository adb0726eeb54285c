/* segment: pictures to class masks. */
#include "batch/annotate.h"
#include "batch/batch.h"
#include "batch/networks.h"
#include "cli/process.h"
#include "core/os.h"
#include "data/picture/mask_read.h"
#include "data/picture/write.h"

#include <stdlib.h>

/* Below --voc-submit DIR: where the VOC development kit looks for class masks of an entry trained on any
 * data. */
#define VOC_FOLDER "results/VOC2012/Segmentation/comp6_val_cls"

struct settings {
    struct duet_segment_settings segment;
    struct duet_detect_settings detect;
    struct duet_batch_settings batch;
    const char *masks, *confidence, *voc_submit;
    bool boxes, runs;
};

/* The first formats of enum duet_format that have something to say about masks. */
static const char *const format_words[] = {"table", "ndjson", "csv", NULL};
static const enum duet_format formats[] = {DUET_FORMAT_TABLE, DUET_FORMAT_NDJSON, DUET_FORMAT_CSV};

static const struct duet_option options[] = {
    DUET_GROUP("What to look for"),
    DUET_STRING('m', "model", "NAME", struct settings, segment.model,
                "the model: a name ('models list') or a path"),
    DUET_STRING('c', "classes", "A,B", struct settings, segment.classes,
                "label only these classes; other pixels become background"),
    DUET_STRING('x', "except", "A,B", struct settings, segment.except, "do not label these classes"),
    DUET_CHOICE('s', "output-stride", "N", struct settings, segment.output_stride, duet_stride_words,
                DUET_STRIDE_HELP),
    DUET_STRING(
        0, "scales", "X,Y", struct settings, segment.scales,
        "mean of the probabilities over these scales; 0.5,0.75,1,1.25,1.5,1.75 is the papers' choice"),
    DUET_FLAG(0, "flip", struct settings, segment.flip, "the same over the mirrored picture"),
    DUET_INT(0, "size", "N", struct settings, segment.size, 33, 8192,
             "side of the network's input: what is larger is scaled down to it, smaller ones are padded",
             .shown = "the model's own"),
    DUET_FLAG(0, "no-resize", struct settings, segment.no_resize,
              "do not scale down; the input grows with the picture"),
    DUET_GROUP("Boxes besides"),
    DUET_FLAG('d', "detect", struct settings, boxes,
              "also find objects: one record and one overlay hold both (table and csv: masks only)"),
    DUET_STRING(0, "detect-model", "NAME", struct settings, detect.model, "the model for that",
                .shown = DUET_SECOND_MODEL(DUET_DETECT_MODEL)),
    DUET_FLOAT('t', "threshold", "X", struct settings, detect.threshold, 0, 1,
               "report boxes that score above X"),
    DUET_GROUP("Inputs"),
    DUET_BATCH_INPUT_OPTIONS(struct settings, batch),
    DUET_GROUP("Results"),
    DUET_CHOICE('f', "format", "NAME", struct settings, batch.format, format_words, "table, ndjson or csv"),
    DUET_FLAG(0, "rle", struct settings, runs,
              "for --format ndjson: add each class's mask, as COCO's compressed runs"),
    DUET_OUTPUT_EITHER(
        'M', "masks", "DIR", struct settings, masks,
        "write DIR/NAME.png for each picture: a palette PNG whose pixel values are the classes; or "
        "FILE.png for one"),
    DUET_OUTPUT_EITHER(
        0, "confidence", "DIR", struct settings, confidence,
        "write DIR/NAME.png for each picture: grey, probability of each pixel's class * 255; or "
        "FILE.png for one"),
    DUET_BATCH_RESULT_OPTIONS(struct settings, batch, "covers more than X of the picture"),
    DUET_CHOICE(0, "palette", "NAME", struct settings, segment.palette, duet_palette_words,
                "colours of what is drawn: normal, or safe for colour-blind eyes"),
    DUET_FLOAT(0, "alpha", "X", struct settings, segment.alpha, 0, 1,
               "how much of the overlay covers the picture"),
    DUET_OUTPUT_FOLDER(0, "voc-submit", "DIR", struct settings, voc_submit,
                       "write the masks as PASCAL VOC's server wants them, into DIR/" VOC_FOLDER
                       ", and check them"),
    DUET_GROUP("Running"),
    DUET_BATCH_RUN_OPTIONS(struct settings, batch),
    DUET_OPTIONS_END};

static const struct duet_program program = {
    .name = "segment",
    .synopsis = "[OPTION]... INPUT...",
    .summary =
        "Label every pixel of pictures (JPEG, PNG, PPM), videos and streams with DeepLabv3-MobileNetV2, and "
        "print which classes "
        "are there: pixels, share of the picture, box, mean confidence. Results come in the order of the "
        "inputs and do not depend on the number of threads.",
    .options = options,
    .min_operands = 1,
    .max_operands = DUET_MANY,
    .operand = "INPUT",
    .details = DUET_BATCH_INPUT_DETAILS DUET_TEXT_DETAILS,
    .examples = "  segment photo.jpg\n"
                "  segment --masks masks/ --annotate seen/ holiday/\n"
                "  segment -c person,dog -f ndjson -o found.ndjson *.jpg\n"
                "  segment --annotate seen.mp4 clip.mp4\n"
                "  segment -s 8 --scales 0.5,0.75,1,1.25,1.5,1.75 --flip photo.jpg\n"
                "  segment --detect --annotate both/ photo.jpg      masks and boxes\n",
    .exit_status = DUET_EXIT_STATUS_BATCH};

static enum duet_status write_mask(void *ctx, const char *path, struct duet_image *image,
                                   const struct duet_batch_result *result, struct duet_error *error)
{
    (void)ctx;
    (void)image;
    return duet_mask_write(path, &result->segmentation.classes, error);
}

static enum duet_status write_confidence(void *ctx, const char *path, struct duet_image *image,
                                         const struct duet_batch_result *result, struct duet_error *error)
{
    (void)ctx;
    (void)image;
    return duet_picture_write(path, &result->segmentation.confidence, error);
}

/* Writes the mask and reads it back: the server refuses an entry for one wrong size or value. */
static enum duet_status write_submission(void *ctx, const char *path, struct duet_image *image,
                                         const struct duet_batch_result *result, struct duet_error *error)
{
    enum duet_status status = write_mask(ctx, path, image, result, error);
    return status == DUET_OK ? duet_mask_check(path, &result->segmentation.classes, error) : status;
}

static void add_picture(struct duet_batch_task *task, const char *option, const char *folder,
                        enum duet_status (*write)(void *, const char *, struct duet_image *,
                                                  const struct duet_batch_result *, struct duet_error *))
{
    if (folder)
        task->pictures[task->picture_count++] = (struct duet_batch_picture){
            .option = option, .folder = folder, .format = DUET_ANNOTATE_PNG, .write = write};
}

int main(int argc, char **argv)
{
    struct settings settings = {.segment = DUET_SEGMENT_DEFAULTS, .detect = DUET_DETECT_DEFAULTS};
    struct duet_arguments arguments;
    settings.detect.model = NULL;
    duet_process_start();
    int code = duet_options_parse(&program, argc, argv, &settings, &arguments);
    if (code != DUET_GO_ON) return code;
    if (settings.runs && formats[settings.batch.format] != DUET_FORMAT_NDJSON)
        return duet_usage_error(&program, "--rle: only --format ndjson has room for masks");
    if (!settings.boxes)
        duet_options_unused(&program, &arguments, "threshold,detect-model", "without --detect");
    char *submission = settings.voc_submit ? duet_path_join(settings.voc_submit, VOC_FOLDER) : NULL;
    if (settings.voc_submit && !submission) {
        fprintf(stderr, "%s: no memory\n", program.name);
        return DUET_EXIT_FATAL;
    }
    struct duet_batch_task task = {.segments_first = true, .runs = settings.runs};
    add_picture(&task, "--masks", settings.masks, write_mask);
    add_picture(&task, "--confidence", settings.confidence, write_confidence);
    add_picture(&task, "--voc-submit", submission, write_submission);
    settings.batch.format = (int)formats[settings.batch.format];
    code = duet_networks_batch(&program, &arguments, settings.boxes ? &settings.detect : NULL,
                               &settings.segment, &settings.batch, &task);
    free(submission);
    return code;
}
