#include "common/annotate.h"

#include "core/fail.h"
#include "core/os.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* The extension of a path's last component, its dot included; "" when there is none. */
static const char *extension(const char *path)
{
    const char *name = duet_path_name(path), *dot = strrchr(name, '.');
    return dot && dot > name ? dot : path + strlen(path);
}

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcasecmp(word, *words) == 0) return true;
    return false;
}

char *duet_annotate_path(const char *folder, const char *relative, enum duet_annotate_format format)
{
    static const char *const kept[] = {".jpg", ".jpeg", ".png", NULL};
    static const char *const replaced[] = {".jpg", ".jpeg", ".png", ".ppm", ".pgm", ".pnm", NULL};
    const char *end = extension(relative), *added = format == DUET_ANNOTATE_JPG ? ".jpg" : ".png";
    if (format == DUET_ANNOTATE_SAME && is_one_of(end, kept)) added = "";
    if (format == DUET_ANNOTATE_SAME || !is_one_of(end, replaced)) end = relative + strlen(relative);
    size_t length = strlen(folder);
    return duet_text("%s%s%.*s%s", folder, length > 0 && folder[length - 1] == '/' ? "" : "/",
                     (int)(end - relative), relative, added);
}

struct target {
    char *path;
    const char *source;
};

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct target *)a)->path, ((const struct target *)b)->path);
}

static enum duet_status check_target(const struct target *target, bool force, struct duet_error *error)
{
    struct stat there, source;
    if (lstat(target->path, &there) != 0) return DUET_OK;
    if (!force) return duet_fail(error, DUET_EXISTS, "%s: exists already", target->path);
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

enum duet_status duet_annotate_check(const struct duet_inputs *inputs, const char *folder,
                                     enum duet_annotate_format format, bool force, struct duet_error *error)
{
    if (duet_path_exists(folder) && !duet_path_is_folder(folder))
        return duet_fail(error, DUET_BAD_ARGUMENT, "%s: is no folder; pictures cannot be written into it",
                         folder);
    if (inputs->count == 0) return DUET_OK;
    struct target *targets = calloc(inputs->count, sizeof *targets);
    bool complete = targets != NULL;
    for (size_t i = 0; complete && i < inputs->count; i++) {
        targets[i].source = inputs->items[i].path;
        targets[i].path = duet_annotate_path(folder, inputs->items[i].relative, format);
        complete = targets[i].path != NULL;
    }
    enum duet_status status =
        complete ? check_targets(targets, inputs->count, force, error)
                 : duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for %zu names", inputs->count);
    for (size_t i = 0; targets && i < inputs->count; i++) free(targets[i].path);
    free(targets);
    return status;
}
