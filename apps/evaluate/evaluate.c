/* evaluate: predictions to scores. */
#include "evaluate/evaluate.h"

#include "batch/batch.h"
#include "cli/process.h"
#include "core/fail.h"
#include "core/os.h"
#include "data/moving/frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- texts into files --------------------------------------------------------------------------------- */

int evaluate_may_report(const struct duet_program *program, const char *folder, bool force)
{
    struct duet_error error;
    if (!folder) return DUET_GO_ON;
    char *page = duet_path_join(folder, "index.html");
    enum duet_status status = page ? duet_output_check(page, force ? DUET_OUTPUT_FORCE : 0, &error)
                                   : duet_no_memory(&error, NULL, NULL);
    free(page);
    if (status == DUET_OK || status == DUET_NOT_FOUND) return DUET_GO_ON; /* the folder will be made */
    if (status == DUET_EXISTS || status == DUET_BAD_ARGUMENT)
        return duet_usage_error(program, "--report: %s%s", error.text,
                                status == DUET_EXISTS ? "; --force replaces it" : "");
    fprintf(stderr, "%s: --report: %s\n", program->name, error.text);
    return DUET_EXIT_FATAL;
}

int evaluate_failed(struct duet_console *console, const struct duet_error *error)
{
    if (duet_pipe_broken()) {
        duet_console_clear(console);
        duet_process_die_of_broken_pipe();
    }
    duet_console_error(console, "%s", error->text);
    return duet_batch_exit_code(error->status);
}

static enum duet_status write_file(const char *path, const char *text, bool force, struct duet_error *error)
{
    struct duet_output output;
    enum duet_status status = duet_output_open(&output, path, force ? DUET_OUTPUT_FORCE : 0, error);
    if (status != DUET_OK) return status;
    fputs(text, output.stream); /* commit looks whether it went well */
    return duet_output_commit(&output, error);
}

int evaluate_write(struct duet_console *console, const char *path, char *text, bool force)
{
    bool standard = strcmp(path, "-") == 0;
    if (!standard) duet_process_catch_signals(); /* a file that was begun is finished */
    struct duet_error error = {.status = DUET_OUT_OF_MEMORY, .text = "no memory to write the scores"};
    enum duet_status status = text ? DUET_OK : DUET_OUT_OF_MEMORY;
    if (status == DUET_OK && standard) {
        errno = 0;
        if (fputs(text, stdout) < 0 || fflush(stdout) != 0 || ferror(stdout)) {
            status = error.status = DUET_IO_ERROR;
            snprintf(error.text, sizeof error.text, "cannot write to standard output: %s", strerror(errno));
        }
    } else if (status == DUET_OK) {
        status = write_file(path, text, force, &error);
    }
    free(text);
    return status == DUET_OK ? DUET_GO_ON : evaluate_failed(console, &error);
}

/* Is `inner` (resolved) below `outer` (resolved)? */
static bool is_below(const char *inner, const char *outer)
{
    size_t length = strlen(outer);
    if (length > 0 && outer[length - 1] == '/') length--; /* the root */
    return strncmp(inner, outer, length) == 0 && inner[length] == '/';
}

static enum duet_status check_below(const char *path, const char *folder, struct duet_error *error)
{
    char *inner = realpath(path, NULL);
    if (!inner) return duet_fail_errno(error, errno, "%s: cannot open", path);
    char *outer = realpath(folder, NULL);
    enum duet_status status = outer ? DUET_OK : duet_fail_errno(error, errno, "%s: cannot open", folder);
    if (status == DUET_OK && !is_below(inner, outer))
        status = duet_fail(error, DUET_BAD_ARGUMENT, "%s: leads out of %s, and is not opened", path, folder);
    if (status == DUET_OK && duet_path_is_folder(inner))
        status = duet_fail(error, DUET_BAD_ARGUMENT, "%s: is a folder, expected a picture", path);
    free(inner);
    free(outer);
    return status;
}

enum duet_status evaluate_picture_path(const char *folder, const char *name, char **path,
                                       struct duet_error *error)
{
    *path = NULL;
    if (!*name) return duet_fail(error, DUET_BAD_ARGUMENT, "no \"file_name\" that is a string");
    *path = *name == '/' ? duet_text("%s", name) : duet_path_join(folder, name);
    if (!*path) return duet_no_memory(error, name, NULL);
    if (strchr(name, '\\') && !duet_path_exists(*path))
        for (char *c = *path + (strlen(*path) - strlen(name)); *c; c++)
            if (*c == '\\') *c = '/';
    enum duet_status status = check_below(*path, folder, error);
    if (status == DUET_OK) return DUET_OK;
    free(*path);
    *path = NULL;
    return status;
}

enum duet_status evaluate_decode(const char *path, struct evaluate_reading *reading, struct duet_image *image,
                                 struct duet_error *error)
{
    struct duet_frames_options options = {.picture.exif = DUET_EXIF_IGNORE,
                                          .cancelled = duet_process_cancelled};
    struct duet_frames *frames = NULL;
    bool more = false;
    *image = (struct duet_image){0};
    duet_budget_limits(reading->settings, &options.picture);
    enum duet_status status = duet_frames_open(path, &options, &frames, error);
    size_t cost = status == DUET_OK && reading->budget ? duet_frames_cost(frames) : 0;
    if (cost > options.picture.max_memory)
        cost = options.picture.max_memory; /* refused, or a guess: see batch/work.c */
    if (cost > 0 && !duet_budget_take(reading->budget, cost))
        status = duet_fail(error, DUET_INTERRUPTED, "%s: stopped on request", path);
    else
        reading->share = cost;
    if (status == DUET_OK) status = duet_frames_next(frames, image, NULL, &more, error);
    if (status == DUET_OK) reading->warnings = *duet_frames_warnings(frames);
    duet_frames_close(&frames);
    return status;
}

/* --- evaluate ------------------------------------------------------------------------------------------- */

static const struct duet_command commands[] = {
    {"coco", "score detections, or a detection model, as COCO does", evaluate_coco},
    {"voc", "score class masks, or a segmentation model, on PASCAL VOC", evaluate_voc},
    {"voc-detect", "score boxes on PASCAL VOC's annotations", evaluate_voc_detect},
    {"compare", "two results files on one ground truth: which is better, and is it luck", evaluate_compare},
    {"subset", "choose a part of a COCO data set, at random or by class", evaluate_subset},
    {0}};

static const struct duet_program program = {
    .name = "evaluate",
    .synopsis = "COMMAND [OPTION]...",
    .summary = "Measure how good results are: the numbers the field uses, with the conditions they were "
               "measured under beside them.",
    .commands = commands,
    .examples = "  evaluate coco --gt instances_val2017.json --detections results.json\n"
                "  evaluate voc --root VOC2012 --list val --model deeplabv3-voc\n",
    .details = "'evaluate COMMAND --help' tells about a command.\n",
    .exit_status = "  0    done\n"
                   "  1    nothing was scored; the reason is on standard error\n"
                   "  2    the command line makes no sense, or would overwrite something\n"
                   "  3    scored, but some inputs could not be read; each is named\n"
                   "  130, 143, 129  stopped by SIGINT, SIGTERM or SIGHUP; nothing was scored\n"};

int main(int argc, char **argv)
{
    duet_process_start();
    return duet_process_exit_code(duet_commands_run(&program, argc, argv));
}
