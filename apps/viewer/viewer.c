/* viewer: pictures, videos and cameras in a window, with what the networks see in them. */
#include "batch/networks.h"
#include "cli/process.h"
#include "core/os.h"
#include "data/moving/video_write.h"
#include "data/picture/write.h"
#include "viewer/session.h"

#include <stdio.h>
#include <string.h>

static const struct duet_option options[] = {
    DUET_GROUP("What to look for"),
    DUET_STRING('m', "model", "NAME", struct viewer_settings, detect.model,
                "the model for boxes: a name ('models list') or a path"),
    DUET_FLOAT('t', "threshold", "X", struct viewer_settings, detect.threshold, 0.05, 0.95,
               "show boxes that score X or more, to begin with"),
    DUET_STRING('c', "classes", "A,B", struct viewer_settings, detect.classes, "boxes of these classes only"),
    DUET_STRING('x', "except", "A,B", struct viewer_settings, detect.except, "no boxes of these classes"),
    DUET_FLAG('s', "segment", struct viewer_settings, masks, "also label every pixel"),
    DUET_STRING(0, "segment-model", "NAME", struct viewer_settings, segment.model, "the model for that",
                .shown = DUET_SECOND_MODEL(DUET_SEGMENT_MODEL)),
    DUET_FLAG(0, "no-detect", struct viewer_settings, no_detect, "no boxes"),
    DUET_FLAG(0, "track", struct viewer_settings, track,
              "number the boxes: the same object, the same number"),
    DUET_DEADLINE_OPTIONS(struct viewer_settings, deadline),
    DUET_GROUP("Inputs"),
    DUET_CHOICE(0, "exif", "HOW", struct viewer_settings, exif, duet_batch_exif_words,
                "apply or ignore the orientation that cameras note"),
    DUET_PICTURE_OPTIONS(struct viewer_settings, pictures),
    DUET_LIST_OPTIONS(struct viewer_settings, lists),
    DUET_CHOICE(
        0, "live", "HOW", struct viewer_settings, live, viewer_live_words,
        "latest: of cameras and streams the newest frame, of files what inference keeps up with; all: every "
        "frame, however long that takes"),
    DUET_FLAG('l', "loop", struct viewer_settings, loop, "begin again at the end"),
    DUET_INT(0, "every", "N", struct viewer_settings, every, 1, 100000, "only the frames 0, N, 2N ...",
             .shown = "1"),
    DUET_FLOAT(0, "start", "SECONDS", struct viewer_settings, start, 0, 1e6, "begin there"),
    DUET_FLOAT(0, "duration", "SECONDS", struct viewer_settings, duration, 0, 1e6, "show so much",
               .shown = "to the end"),
    DUET_FLOAT(0, "reconnect", "SECONDS", struct viewer_settings, reconnect, 0, 1e9,
               "wait so long for a camera or stream that fails or is not there yet"),
    DUET_FLOAT(0, "interval", "SECONDS", struct viewer_settings, interval, 0, 1e6,
               "go from picture to picture by itself", .shown = ""),
    DUET_GROUP("The window"),
    DUET_CHOICE(0, "palette", "NAME", struct viewer_settings, palette, duet_palette_words,
                "normal, or safe: colours that colour-blind eyes tell apart"),
    DUET_FLOAT(0, "scale", "X", struct viewer_settings, scale, 0.5, 4, "text and lines X times as large"),
    DUET_FLAG(0, "fullscreen", struct viewer_settings, fullscreen, "begin in full screen"),
    DUET_STRING(0, "size", "WxH", struct viewer_settings, size, "the window's size",
                .shown = "the first picture's"),
    DUET_OUTPUT(0, "record", "FILE", struct viewer_settings, record,
                "write what is shown to the video FILE, from the first frame on"),
    DUET_GROUP("Without anybody watching"),
    DUET_INT(0, "frames", "N", struct viewer_settings, frames, 1, 1000000000,
             "end after N frames were shown with their results; a still is shown again and again",
             .shown = ""),
    DUET_OUTPUT(0, "screenshot", "FILE", struct viewer_settings, screenshot,
                "write the window as it is at that end to FILE (PNG, JPEG, PPM); implies --frames 1"),
    DUET_OUTPUT(0, "trace", "FILE", struct viewer_settings, trace,
                "write what was shown to FILE: a line of JSON a frame, with the boxes that lay over it"),
    DUET_FLAG(0, "force", struct viewer_settings, force, "replace existing files"),
    DUET_GROUP("Running"),
    DUET_INT('j', "threads", "N", struct viewer_settings, threads, 1, 256, "use N threads for inference",
             .shown = "number of CPUs"),
    DUET_COMPUTE_OPTIONS(struct viewer_settings, compute),
    DUET_OPTIONS_END};

static const struct duet_program program = {
    .name = "viewer",
    .synopsis = "[OPTION]... INPUT...",
    .summary =
        "Show pictures, videos and cameras in a window, with boxes and masks over them. Every frame is shown "
        "together with what was found in that very frame, or bare.\n"
        "Videos play at their own pace: where inference is slower, frames are left out and counted. Of "
        "cameras "
        "and streams the newest frame is shown.",
    .options = options,
    .min_operands = 1,
    .max_operands = DUET_MANY,
    .operand = "INPUT",
    .details = "An INPUT is what 'detect' takes: a picture, a folder, a pattern, @LIST, a video,\n"
               "a camera (/dev/video0), a stream (rtsp://...), a numbered sequence (%04d.png),\n"
               "or - for standard input. Press h in the window for its keys.\n",
    .examples = "  viewer photo.jpg\n"
                "  viewer --segment holiday/             boxes and masks; arrows turn the pages\n"
                "  viewer --loop clip.mp4\n"
                "  viewer --reconnect 60 /dev/video0\n"
                "  viewer --screenshot seen.png photo.jpg   no display needed\n",
    .exit_status = "  0    the window was closed, or all frames were shown\n"
                   "  1    nothing useful could be done (no model, no window)\n"
                   "  2    the command line makes no sense, or would overwrite something\n"
                   "  3    some inputs failed; each is named on standard error\n"
                   "  130, 143, 129  stopped by SIGINT, SIGTERM or SIGHUP; what was recorded is kept\n"};

static int check(struct viewer_settings *settings, const struct duet_arguments *arguments)
{
    int width, height, end = 0;
    if (settings->no_detect && duet_option_given(&program, arguments, "model"))
        return duet_usage_error(&program, "--no-detect: cannot be combined with --model");
    if (settings->size && (sscanf(settings->size, "%5dx%5d%n", &width, &height, &end) != 2 ||
                           settings->size[end] != '\0' || width < 64 || height < 64))
        return duet_usage_error(&program, "--size: expected WIDTHxHEIGHT of 64 or more, got '%s'",
                                settings->size);
    if (settings->screenshot && !duet_picture_writable(settings->screenshot))
        return duet_usage_error(&program,
                                "--screenshot: expected a name that ends in .png, .jpg or .ppm, got '%s'",
                                settings->screenshot);
    if (settings->record && !duet_video_name(settings->record))
        return duet_usage_error(&program,
                                "--record: expected a name that ends in .mp4, .mov, .mkv, .webm or .avi, "
                                "got '%s'",
                                settings->record);
    if (duet_deadline_budget(&settings->deadline) > 0 && !settings->masks)
        return duet_usage_error(&program, "--target-fps and --deadline are about masks: add --segment");
    if (settings->screenshot && settings->frames == 0) settings->frames = 1;
    if (!duet_option_given(&program, arguments, "interval"))
        settings->interval = settings->frames > 0 ? 0 : -1;
    return DUET_GO_ON;
}

static int find_inputs(const struct viewer_settings *settings, const struct duet_arguments *arguments,
                       struct duet_inputs *inputs)
{
    const struct duet_inputs_options find = {.null = settings->lists.null,
                                             .allow_network = settings->lists.allow_network,
                                             .allow_lavfi = settings->lists.allow_lavfi};
    struct duet_error error;
    enum duet_status status = duet_inputs_find(arguments->operands, arguments->count, &find, inputs, &error);
    if (status == DUET_OK && inputs->count > 0) return DUET_GO_ON;
    fprintf(stderr, "viewer: %s\n", status == DUET_OK ? "no pictures to show" : error.text);
    return status == DUET_OK ? DUET_EXIT_FATAL : duet_batch_exit_code(status);
}

static void warn_of_unused(const struct viewer_settings *settings, const struct duet_arguments *arguments,
                           const struct duet_inputs *inputs)
{
    bool moving = false;
    for (size_t i = 0; i < inputs->count; i++)
        moving = moving || strcmp(inputs->items[i].path, "-") == 0 || duet_input_looks_moving(&inputs->items[i]);
    if (settings->no_detect)
        duet_options_unused(&program, arguments, "threshold,classes,except,track", "with --no-detect");
    if (!settings->masks) duet_options_unused(&program, arguments, "segment-model", "without --segment");
    if (inputs->lists == 0)
        duet_options_unused(&program, arguments, "null,allow-network,allow-lavfi", "without @LIST");
    if (!moving)
        duet_options_unused(&program, arguments, "every,start,duration,reconnect,live,track",
                            "where no input moves");
}

/* Boxes are looked for from so low a score on that the threshold can be moved without running again. */
static const double lowest_threshold = 0.05;

static int show(const struct viewer_settings *settings, const struct duet_inputs *inputs)
{
    struct duet_networks networks = {0};
    struct duet_detect_settings detect = settings->detect;
    detect.threshold = lowest_threshold;
    int code = duet_networks_open(&networks, &program, settings->no_detect ? NULL : &detect,
                                  settings->masks ? &settings->segment : NULL, &settings->pictures,
                                  &settings->compute);
    if (code == DUET_GO_ON) code = duet_networks_split(&networks); /* keys show and hide each */
    if (code == DUET_GO_ON) {
        struct viewer_session session = {
            .program = &program, .settings = settings, .inputs = inputs, .networks = &networks};
        code = viewer_loop(&session);
    }
    duet_networks_close(&networks);
    return code;
}

int main(int argc, char **argv)
{
    struct viewer_settings settings = {
        .detect = DUET_DETECT_DEFAULTS, .segment = DUET_SEGMENT_DEFAULTS, .scale = 1};
    struct duet_arguments arguments;
    struct duet_inputs inputs = {0};
    duet_process_start();
    settings.segment.model = NULL;
    settings.segment.probe = true;
    settings.segment.confidence = false;
    int code = duet_options_parse(&program, argc, argv, &settings, &arguments);
    if (code == DUET_GO_ON) code = check(&settings, &arguments);
    if (code == DUET_GO_ON) code = find_inputs(&settings, &arguments, &inputs);
    if (code == DUET_GO_ON) warn_of_unused(&settings, &arguments, &inputs);
    if (code == DUET_GO_ON) code = show(&settings, &inputs);
    duet_inputs_close(&inputs);
    return code;
}
