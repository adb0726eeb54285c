/* scene: draw pictures and say exactly what is in them. */
#include "duet/scene.h"
#include "common/options.h"
#include "common/process.h"
#include "core/fail.h"
#include "core/os.h"
#include "duet/picture_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct settings {
    int kind, seed, frames;
    const char *size, *output;
    bool force, quiet;
    int width, height; /* from size */
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
    DUET_STRING('o', "output", "DIR", struct settings, output, "folder to write into; it is made if need be"),
    DUET_FLAG('f', "force", struct settings, force, "replace files that exist"),
    DUET_FLAG('q', "quiet", struct settings, quiet, "do not say what was written"),
    DUET_OPTIONS_END};

static const struct duet_program program = {
    .name = "scene",
    .synopsis = "[OPTION]... -o DIR",
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
               "                            numbers\n",
    .examples = "  scene -o street                  one picture with all three\n"
                "  scene -k bus -n 30 -o drive      a bus drives by\n"};

static int failed(const struct duet_error *error)
{
    fprintf(stderr, "%s: %s\n", program.name, error->text);
    return DUET_EXIT_FATAL;
}

/* "640x480" */
static bool read_size(struct settings *settings)
{
    const char *times = strpbrk(settings->size, "xX");
    char *width = times ? duet_text("%.*s", (int)(times - settings->size), settings->size) : NULL;
    long long w, h;
    bool good = width && duet_parse_int(width, &w) && duet_parse_int(times + 1, &h) &&
                w >= DUET_SCENE_MIN_SIDE && w <= DUET_SCENE_MAX_SIDE && h >= DUET_SCENE_MIN_SIDE &&
                h <= DUET_SCENE_MAX_SIDE;
    free(width);
    if (!good) return false;
    settings->width = (int)w;
    settings->height = (int)h;
    return true;
}

/* The files of one picture. */
struct names {
    char name[32];        /* "scene_0000.png" */
    char *picture, *mask; /* their paths */
};

static bool names_open(struct names *names, const char *folder, int frame)
{
    snprintf(names->name, sizeof names->name, "scene_%04d.png", frame);
    names->picture = duet_path_join(folder, names->name);
    char *masks = duet_path_join(folder, "masks");
    names->mask = masks ? duet_path_join(masks, names->name) : NULL;
    free(masks);
    return names->picture && names->mask;
}

static void names_close(struct names *names)
{
    free(names->picture);
    free(names->mask);
}

/* The code to exit with when something would be overwritten, else DUET_GO_ON. */
static int check_names(const struct settings *settings, const char *instances)
{
    int code = DUET_GO_ON;
    if (duet_path_exists(instances))
        code = duet_usage_error(&program, "%s: exists; --force replaces it", instances);
    for (int frame = 0; code == DUET_GO_ON && frame < settings->frames; frame++) {
        struct names names;
        const char *taken = NULL;
        if (names_open(&names, settings->output, frame))
            taken = duet_path_exists(names.picture) ? names.picture
                    : duet_path_exists(names.mask)  ? names.mask
                                                    : NULL;
        if (taken) code = duet_usage_error(&program, "%s: exists; --force replaces it", taken);
        names_close(&names);
    }
    return code;
}

static enum duet_status write_frame(const struct settings *settings, int frame,
                                    struct duet_scene_truth *truth, struct duet_error *error)
{
    struct duet_scene_options scene_options = {
        .struct_size = sizeof scene_options,
        .kind = (enum duet_scene_kind)settings->kind,
        .width = settings->width,
        .height = settings->height,
        .seed = (unsigned)settings->seed,
        .moment = settings->frames > 1 ? (double)frame / (settings->frames - 1) : 0.5};
    struct duet_scene scene;
    enum duet_status status = duet_scene_draw(&scene_options, &scene, error);
    if (status != DUET_OK) return status;
    struct names names;
    if (names_open(&names, settings->output, frame)) {
        status = duet_picture_write(names.picture, &scene.picture, error);
        if (status == DUET_OK) status = duet_mask_write(names.mask, &scene.classes, error);
        if (status == DUET_OK) status = duet_scene_truth_add(truth, names.name, frame, &scene, error);
    } else {
        status = duet_fail(error, DUET_OUT_OF_MEMORY, "%s: no memory", settings->output);
    }
    names_close(&names);
    duet_scene_close(&scene);
    return status;
}

static int draw_all(const struct settings *settings, const char *masks, const char *instances)
{
    struct duet_error error;
    struct duet_scene_truth *truth = NULL;
    enum duet_status status = duet_make_folders(masks, &error);
    if (status == DUET_OK) status = duet_scene_truth_open(instances, &truth, &error);
    for (int frame = 0; status == DUET_OK && frame < settings->frames && !duet_interrupted(); frame++)
        status = write_frame(settings, frame, truth, &error);
    if (status == DUET_OK && !duet_interrupted()) status = duet_scene_truth_commit(&truth, &error);
    duet_scene_truth_discard(&truth);
    if (status != DUET_OK) return failed(&error);
    if (duet_interrupted()) return DUET_EXIT_INTERRUPTED;
    if (!settings->quiet)
        fprintf(stderr, "%s: %d picture%s, masks and instances.json in %s\n", program.name, settings->frames,
                settings->frames == 1 ? "" : "s", settings->output);
    return DUET_EXIT_OK;
}

int main(int argc, char **argv)
{
    duet_process_start();
    struct settings settings = {.size = "640x480", .frames = 1};
    struct duet_arguments arguments;
    int code = duet_options_parse(&program, argc, argv, &settings, &arguments);
    if (code != DUET_GO_ON) return code;
    if (!settings.output) return duet_usage_error(&program, "no folder given; -o DIR says where to write");
    if (!read_size(&settings))
        return duet_usage_error(&program,
                                "--size: '%s' is no size; expected WIDTHxHEIGHT, %d to %d pixels each",
                                settings.size, DUET_SCENE_MIN_SIDE, DUET_SCENE_MAX_SIDE);
    char *masks = duet_path_join(settings.output, "masks"),
         *instances = duet_path_join(settings.output, "instances.json");
    if (!masks || !instances) {
        fprintf(stderr, "%s: no memory\n", program.name);
        code = DUET_EXIT_FATAL;
    } else if (!settings.force) {
        code = check_names(&settings, instances);
    }
    duet_process_catch_signals();
    if (code == DUET_GO_ON) code = draw_all(&settings, masks, instances);
    free(masks);
    free(instances);
    return code;
}
