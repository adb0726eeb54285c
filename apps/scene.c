/* scene: draw pictures and say exactly what is in them. */
#include "data/scene/scene.h"
#include "cli/options.h"
#include "cli/process.h"
#include "cli/words.h"
#include "core/fail.h"
#include "core/os.h"
#include "core/text.h"
#include "data/moving/video_write.h"
#include "data/picture/write.h"

#include <stdlib.h>
#include <string.h>

struct settings {
    int kind, seed, frames;
    const char *size, *output, *video, *rate;
    bool force, quiet;
    int width, height;      /* from size */
    int rate_num, rate_den; /* from rate */
    char *masks, *instances; /* the folder and the file in output; NULL without one */
};

static const char *const kinds[] = {"demo", "stop", "bus", "aeroplane", NULL};

static const struct duet_option options[] = {
    DUET_GROUP("What to draw"),
    DUET_CHOICE('k', "kind", "NAME", struct settings, kind, kinds, "what is in the picture; demo: all three"),
    DUET_STRING('s', "size", "WxH", struct settings, size, "pixels"),
    DUET_INT(0, "seed", "N", struct settings, seed, 0, 1000000000, "another number, another street"),
    DUET_INT('n', "frames", "N", struct settings, frames, 1, 10000,
             "so many pictures, in which the bus and the aeroplane move on"),
    DUET_GROUP("Results"),
    DUET_OUTPUT_FOLDER('o', "output", "DIR", struct settings, output,
                       "folder to write into; it is made if need be"),
    DUET_OUTPUT('v', "video", "FILE", struct settings, video,
                "write one moving clip instead (.mp4 .mov .mkv .webm .avi), and beside it, as .json, what is "
                "where in each frame"),
    DUET_STRING('r', "rate", "N", struct settings, rate,
                "frames a second of the video; 30000/1001 is one, too"),
    DUET_FLAG(0, "force", struct settings, force, "replace files that exist"),
    DUET_FLAG('q', "quiet", struct settings, quiet, "do not say what was written"),
    DUET_OPTIONS_END};

static const struct duet_program program = {
    .name = "scene",
    .synopsis = "[OPTION]... -o DIR\n[OPTION]... -v FILE",
    .summary =
        "Draw a street with a bus, a STOP sign and an aeroplane, and write down exactly where they are. "
        "Networks trained on photographs recognise them. The same options give the same bytes.",
    .options = options,
    .details = "Files:\n"
               "  DIR/scene_0000.png ...    the pictures\n"
               "  DIR/masks/scene_0000.png  every pixel's class, with PASCAL VOC's numbers and\n"
               "                            palette: aeroplane 1, bus 6, all else 0\n"
               "  DIR/instances.json        boxes and outlines in COCO's format (airplane 5,\n"
               "                            bus 6, stop sign 13); image ids are the pictures'\n"
               "                            numbers\n"
               "  FILE.mp4                  with --video: the same pictures as a clip\n"
               "  FILE.json                 the same for its frames: frame 12 is the image 12,\n"
               "                            FILE_000012.png, as detect --annotate names it\n",
    .examples = "  scene -o street                  one picture with all three\n"
                "  scene -k bus -n 30 -o drive      a bus drives by\n"
                "  scene -n 75 -r 25 -v drive.mp4   three seconds of everything, and drive.json\n"};

/* "640x480" */
static bool read_size(struct settings *settings)
{
    const long long least = DUET_SCENE_MIN_SIDE, most = DUET_SCENE_MAX_SIDE;
    long long size[2];
    if (duet_parse_pair(settings->size, "xX", size) != 2 || size[0] < least || size[0] > most ||
        size[1] < least || size[1] > most)
        return false;
    settings->width = (int)size[0];
    settings->height = (int)size[1];
    return true;
}

/* "25", "30000/1001" */
static bool read_rate(struct settings *settings)
{
    long long rate[2] = {0, 1};
    if (duet_parse_pair(settings->rate, "/", rate) == 0 || rate[0] < 1 || rate[0] > 1000000 || rate[1] < 1 ||
        rate[1] > 1000000)
        return false;
    settings->rate_num = (int)rate[0];
    settings->rate_den = (int)rate[1];
    return true;
}

/* The files of one picture. */
struct names {
    char name[32];        /* "scene_0000.png" */
    char *picture, *mask; /* their paths */
};

static bool names_open(struct names *names, const struct settings *settings, int frame)
{
    snprintf(names->name, sizeof names->name, "scene_%04d.png", frame);
    names->picture = duet_path_join(settings->output, names->name);
    names->mask = duet_path_join(settings->masks, names->name);
    return names->picture && names->mask;
}

static void names_close(struct names *names)
{
    free(names->picture);
    free(names->mask);
}

/* Is something there that would be replaced? */
static bool taken_name(const char *path)
{
    enum duet_status status = duet_output_check(path, 0, NULL);
    return status == DUET_EXISTS || status == DUET_BAD_ARGUMENT;
}

/* The code to exit with when something would be overwritten, else DUET_GO_ON. */
static int check_names(const struct settings *settings)
{
    const char *taken = taken_name(settings->instances) ? settings->instances : NULL;
    int code = DUET_GO_ON;
    for (int frame = 0; code == DUET_GO_ON && frame < settings->frames; frame++) {
        struct names names;
        if (names_open(&names, settings, frame) && !taken)
            taken = taken_name(names.picture) ? names.picture : taken_name(names.mask) ? names.mask : NULL;
        if (taken) code = duet_usage_error(&program, "%s: exists already; --force replaces it", taken);
        names_close(&names);
    }
    return code;
}

static enum duet_status draw_frame(const struct settings *settings, int frame, struct duet_scene *scene,
                                   struct duet_error *error)
{
    struct duet_scene_options scene_options = {
        .kind = (enum duet_scene_kind)settings->kind,
        .width = settings->width,
        .height = settings->height,
        .seed = (unsigned)settings->seed,
        .moment = settings->frames > 1 ? (double)frame / (settings->frames - 1) : 0.5};
    return duet_scene_draw(&scene_options, scene, error);
}

static enum duet_status write_frame(const struct settings *settings, int frame,
                                    struct duet_scene_truth *truth, struct duet_error *error)
{
    struct duet_scene scene;
    enum duet_status status = draw_frame(settings, frame, &scene, error);
    if (status != DUET_OK) return status;
    struct names names;
    if (names_open(&names, settings, frame)) {
        status = duet_picture_write(names.picture, &scene.picture, error);
        if (status == DUET_OK) status = duet_mask_write(names.mask, &scene.classes, error);
        if (status == DUET_OK) status = duet_scene_truth_add(truth, names.name, frame, &scene, error);
    } else {
        status = duet_no_memory(error, settings->output, NULL);
    }
    names_close(&names);
    duet_scene_close(&scene);
    return status;
}

static int draw_all(const struct settings *settings)
{
    struct duet_error error;
    struct duet_scene_truth *truth = NULL;
    enum duet_status status = duet_make_folders(settings->masks, &error);
    if (status == DUET_OK) status = duet_scene_truth_open(settings->instances, &truth, &error);
    for (int frame = 0; status == DUET_OK && frame < settings->frames && !duet_interrupted(); frame++)
        status = write_frame(settings, frame, truth, &error);
    if (status == DUET_OK && !duet_interrupted()) status = duet_scene_truth_commit(&truth, &error);
    duet_scene_truth_discard(&truth);
    if (status != DUET_OK) return duet_fatal(&program, &error);
    if (duet_interrupted()) return duet_process_exit_code(DUET_EXIT_OK);
    if (!settings->quiet)
        duet_print_line(stderr, "%s: %d picture%s, masks and instances.json in %s", program.name,
                        settings->frames, settings->frames == 1 ? "" : "s", settings->output);
    return DUET_EXIT_OK;
}

/* --- a video ------------------------------------------------------------------------------------------- */

static enum duet_status add_frame(const struct settings *settings, int frame, struct duet_video_writer *video,
                                  struct duet_scene_truth *truth, struct duet_error *error)
{
    struct duet_scene scene;
    const char *name = duet_path_name(settings->video);
    char *file = duet_text("%.*s_%06d.png", (int)(duet_path_extension(name) - name), name, frame);
    if (!file) return duet_no_memory(error, settings->video, NULL);
    enum duet_status status = draw_frame(settings, frame, &scene, error);
    if (status == DUET_OK) {
        double time = (double)frame * settings->rate_den / settings->rate_num;
        status = duet_video_writer_add(video, &scene.picture, time, error);
        if (status == DUET_OK) status = duet_scene_truth_add(truth, file, frame, &scene, error);
        duet_scene_close(&scene);
    }
    free(file);
    return status;
}

static enum duet_status film(const struct settings *settings, const char *truth_name,
                             struct duet_error *error)
{
    const struct duet_video_writer_options writer_options = {.width = settings->width,
                                                             .height = settings->height,
                                                             .rate_num = settings->rate_num,
                                                             .rate_den = settings->rate_den,
                                                             .force = settings->force};
    struct duet_video_writer *video = NULL;
    struct duet_scene_truth *truth = NULL;
    enum duet_status status = duet_video_writer_open(settings->video, &writer_options, &video, error);
    if (status == DUET_OK) status = duet_scene_truth_open(truth_name, &truth, error);
    for (int frame = 0; status == DUET_OK && frame < settings->frames && !duet_interrupted(); frame++)
        status = add_frame(settings, frame, video, truth, error);
    if (status == DUET_OK && !duet_interrupted()) status = duet_video_writer_commit(&video, error);
    if (status == DUET_OK && !duet_interrupted()) status = duet_scene_truth_commit(&truth, error);
    duet_video_writer_discard(&video);
    duet_scene_truth_discard(&truth);
    return status;
}

static int film_all(const struct settings *settings)
{
    struct duet_error error;
    const char *video = settings->video;
    char *truth = duet_text("%.*s.json", (int)(duet_path_extension(video) - video), video);
    enum duet_status status = truth ? DUET_OK : duet_no_memory(&error, NULL, NULL);
    if (status == DUET_OK && !settings->force && taken_name(truth))
        status = duet_fail(&error, DUET_EXISTS, "%s: exists already", truth);
    if (status == DUET_OK) status = film(settings, truth, &error);
    int code = DUET_EXIT_OK;
    if (status == DUET_EXISTS || status == DUET_BAD_ARGUMENT)
        code = duet_usage_error(&program, "%s%s", error.text,
                                status == DUET_EXISTS ? "; --force replaces it" : "");
    else if (status != DUET_OK)
        code = duet_fatal(&program, &error);
    else if (duet_interrupted())
        code = duet_process_exit_code(DUET_EXIT_OK);
    else if (!settings->quiet)
        duet_print_line(stderr, "%s: %d frame%s in %s, and what is where in %s", program.name,
                        settings->frames, settings->frames == 1 ? "" : "s", video, truth);
    free(truth);
    return code;
}

/* --- what was asked for -------------------------------------------------------------------------------- */

/* DUET_GO_ON or the code to exit with. */
static int check_settings(struct settings *settings, const struct duet_arguments *arguments)
{
    if (!read_size(settings))
        return duet_usage_error(&program,
                                "--size: '%s' is no size; expected WIDTHxHEIGHT, %d to %d pixels each",
                                settings->size, DUET_SCENE_MIN_SIDE, DUET_SCENE_MAX_SIDE);
    if (!settings->output && !settings->video)
        return duet_usage_error(&program, "no folder given; -o DIR says where to write, or -v FILE");
    if (settings->output && settings->video)
        return duet_usage_error(&program, "--output, --video: pictures or a video, not both");
    if (!settings->video && duet_option_given(&program, arguments, "rate"))
        return duet_usage_error(&program, "--rate: pictures have none; it is for --video");
    if (settings->video && !duet_video_name(settings->video))
        return duet_usage_error(&program, "--video: '%s': expected a name in .mp4, .mov, .mkv, .webm or .avi",
                                settings->video);
    if (!read_rate(settings))
        return duet_usage_error(&program, "--rate: '%s' is no rate; expected N or N/M frames a second",
                                settings->rate);
    return DUET_GO_ON;
}

int main(int argc, char **argv)
{
    duet_process_start();
    struct settings settings = {.size = "640x480", .frames = 1, .rate = "25"};
    struct duet_arguments arguments;
    int code = duet_options_parse(&program, argc, argv, &settings, &arguments);
    if (code == DUET_GO_ON) code = check_settings(&settings, &arguments);
    if (code != DUET_GO_ON) return code;
    duet_process_catch_signals();
    if (settings.video) return film_all(&settings);
    settings.masks = duet_path_join(settings.output, "masks");
    settings.instances = duet_path_join(settings.output, "instances.json");
    if (!settings.masks || !settings.instances) {
        fprintf(stderr, "%s: no memory\n", program.name);
        code = DUET_EXIT_FATAL;
    } else if (!settings.force) {
        code = check_names(&settings);
    }
    if (code == DUET_GO_ON) code = draw_all(&settings);
    free(settings.masks);
    free(settings.instances);
    return code;
}
