#include "evaluate/picture.h"

#include "cli/process.h"
#include "core/fail.h"
#include "core/os.h"
#include "data/moving/frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
