#include "batch/annotate.h"

#include "core/fail.h"
#include "core/os.h"
#include "data/results/stamp.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static const char *ending_of(enum duet_annotate_format format)
{
    return format == DUET_ANNOTATE_JPG ? ".jpg" : ".png";
}

/* `name`, which it takes, in the folder. */
static char *join(const char *folder, char *name)
{
    char *path = name ? duet_path_join(folder, name) : NULL;
    free(name);
    return path;
}

char *duet_annotate_path(const char *folder, const char *relative, enum duet_annotate_format format)
{
    const char *end = duet_path_extension(relative), *added = ending_of(format);
    bool kept = strcasecmp(end, ".jpg") == 0 || strcasecmp(end, ".jpeg") == 0 || strcasecmp(end, ".png") == 0;
    if (format == DUET_ANNOTATE_SAME && kept) added = "";
    if (format == DUET_ANNOTATE_SAME || duet_frames_ending(relative) != DUET_ENDING_PICTURE)
        end = relative + strlen(relative);
    return join(folder, duet_text("%.*s%s", (int)(end - relative), relative, added));
}

char *duet_annotate_frame_path(const char *folder, const char *relative, enum duet_annotate_format format,
                               int64_t frame)
{
    int stem = (int)(duet_path_extension(relative) - relative);
    if (format == DUET_ANNOTATE_SAME) return join(folder, duet_text("%.*s.mp4", stem, relative));
    return join(folder, duet_text("%.*s_%06" PRId64 "%s", stem, relative, frame, ending_of(format)));
}

char *duet_annotate_live_path(const char *folder, const char *relative, enum duet_annotate_format format,
                              double captured)
{
    char stamp[DUET_STAMP];
    const char *ending = ending_of(format);
    duet_stamp_name(captured, stamp);
    for (unsigned number = 1;; number++) {
        char *path = join(folder, number == 1 ? duet_text("%s_%s%s", relative, stamp, ending)
                                              : duet_text("%s_%s-%u%s", relative, stamp, number, ending));
        if (!path || !duet_path_exists(path)) return path;
        free(path);
    }
}

struct target {
    char *path; /* of frames: the first one's */
    const char *source;
    bool frames, live;
};

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct target *)a)->path, ((const struct target *)b)->path);
}

/* Is `name` that of a frame of the same input as `first`, "STEM_000000.png"? */
static bool is_frame_like(const char *name, const char *first)
{
    size_t stem = strlen(first) - strlen("000000.png"), digits;
    if (strncmp(name, first, stem) != 0) return false;
    for (digits = 0; isdigit((unsigned char)name[stem + digits]);) digits++;
    return digits >= 6 && strcmp(name + stem + digits, first + stem + 6) == 0;
}

/* How many frames there will be, nobody knows yet: none of the input's may be there. */
static enum duet_status check_frames(const struct target *target, struct duet_error *error)
{
    const char *first = duet_path_name(target->path);
    char *folder = duet_text("%.*s.", (int)(first - target->path), target->path);
    if (!folder) return duet_no_memory(error, target->path, NULL);
    DIR *open = opendir(folder); /* one that cannot be read will complain when it is written into */
    enum duet_status status = DUET_OK;
    const struct dirent *entry;
    while (open && status == DUET_OK && (entry = readdir(open)))
        if (is_frame_like(entry->d_name, first))
            status = duet_fail(error, DUET_EXISTS, "%.*s%s: exists already", (int)(first - target->path),
                               target->path, entry->d_name);
    if (open) closedir(open);
    free(folder);
    return status;
}

static enum duet_status check_target(const struct target *target, bool force, struct duet_error *error)
{
    struct stat there, source;
    if (target->live) return DUET_OK;
    if (target->frames && !force) return check_frames(target, error);
    if (!force) {
        enum duet_status status = duet_output_check(target->path, 0, error);
        return status == DUET_NOT_FOUND ? DUET_OK : status; /* its folder will be made */
    }
    if (stat(target->path, &there) == 0 && stat(target->source, &source) == 0 &&
        there.st_dev == source.st_dev && there.st_ino == source.st_ino)
        return duet_fail(error, DUET_BAD_ARGUMENT,
                         "%s: what is drawn from it would replace it; choose another folder", target->source);
    return DUET_OK;
}

static enum duet_status check_targets(struct target *targets, size_t count, bool force,
                                      struct duet_error *error)
{
    if (count > 1) qsort(targets, count, sizeof *targets, by_path);
    for (size_t i = 1; i < count; i++)
        if (strcmp(targets[i - 1].path, targets[i].path) == 0)
            return duet_fail(error, DUET_BAD_ARGUMENT, "%s and %s would both be written as %s",
                             targets[i - 1].source, targets[i].source, targets[i].path);
    enum duet_status status = DUET_OK;
    for (size_t i = 0; status == DUET_OK && i < count; i++) status = check_target(&targets[i], force, error);
    return status;
}

enum duet_status duet_annotate_check(const struct duet_inputs *inputs, const bool *moving, const bool *live,
                                     const char *folder, enum duet_annotate_format format, bool force,
                                     struct duet_error *error)
{
    if (duet_path_exists(folder) && !duet_path_is_folder(folder))
        return duet_fail(error, DUET_BAD_ARGUMENT, "%s: is no folder; pictures cannot be written into it",
                         folder);
    if (inputs->count == 0) return DUET_OK;
    struct target *targets = calloc(inputs->count, sizeof *targets);
    bool complete = targets != NULL;
    for (size_t i = 0; complete && i < inputs->count; i++) {
        targets[i].source = inputs->items[i].path;
        targets[i].live = live && live[i];
        targets[i].frames = moving && moving[i] && format != DUET_ANNOTATE_SAME;
        targets[i].path = moving && moving[i]
                              ? duet_annotate_frame_path(folder, inputs->items[i].relative, format, 0)
                              : duet_annotate_path(folder, inputs->items[i].relative, format);
        complete = targets[i].path != NULL;
    }
    enum duet_status status =
        complete ? check_targets(targets, inputs->count, force, error)
                 : duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for %zu names", inputs->count);
    for (size_t i = 0; targets && i < inputs->count; i++) free(targets[i].path);
    free(targets);
    return status;
}
