#include "cli/model_path.h"

#include "core/fail.h"
#include "core/os.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUFFIX ".safetensors"

char *duet_program_path(void)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0) return NULL;
    path[n] = '\0';
    return duet_text("%s", path);
}

/* The build folder, or the prefix: where the program's "bin" is. */
static char *program_prefix(void)
{
    char *path = duet_program_path();
    for (int up = 0; path && up < 2; up++) {
        char *slash = strrchr(path, '/');
        if (slash) *slash = '\0';
    }
    return path;
}

char *duet_program_data(const char *name)
{
    char *prefix = program_prefix();
    char *path = prefix ? duet_text("%s/share/duet/%s", prefix, name) : NULL;
    free(prefix);
    return path;
}

/* --- folders -------------------------------------------------------------------------------------------- */

enum { MOST_FOLDERS = 8 };

/* In the order they are looked through. */
struct folders {
    char *items[MOST_FOLDERS];
    size_t count;
};

static const char *set_and_not_empty(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value ? value : NULL;
}

static char *build_folder(const char *prefix)
{
    char *cache = duet_path_join(prefix, "CMakeCache.txt");
    char *folder = cache && duet_path_exists(cache) ? duet_path_join(prefix, "models") : NULL;
    free(cache);
    return folder;
}

static char *user_folder(void)
{
    const char *data = set_and_not_empty("XDG_DATA_HOME"), *home = set_and_not_empty("HOME");
    if (data && *data == '/')
        return duet_path_join(data, "duet/models"); /* relative ones are to be ignored */
    return home ? duet_path_join(home, ".local/share/duet/models") : NULL;
}

/* Takes `folder`; NULL and repetitions are left out. */
static void put(struct folders *folders, char *folder)
{
    bool known = !folder;
    for (size_t i = 0; !known && i < folders->count; i++) known = strcmp(folders->items[i], folder) == 0;
    if (known || folders->count == MOST_FOLDERS)
        free(folder);
    else
        folders->items[folders->count++] = folder;
}

static void folders_open(struct folders *folders)
{
    *folders = (struct folders){0};
    const char *named = set_and_not_empty("DUET_MODELS");
    char *prefix = program_prefix();
    if (named) put(folders, duet_text("%s", named));
    if (prefix) put(folders, build_folder(prefix));
    put(folders, user_folder());
    if (prefix) put(folders, duet_path_join(prefix, "share/duet/models"));
    put(folders, duet_text("/usr/local/share/duet/models"));
    put(folders, duet_text("/usr/share/duet/models"));
    free(prefix);
}

static void folders_close(struct folders *folders)
{
    for (size_t i = 0; i < folders->count; i++) free(folders->items[i]);
    *folders = (struct folders){0};
}

enum duet_status duet_model_home(char **folder, struct duet_error *error)
{
    const char *named = set_and_not_empty("DUET_MODELS");
    char *prefix = program_prefix();
    *folder = named ? duet_text("%s", named) : prefix ? build_folder(prefix) : NULL;
    if (!*folder && !named) *folder = user_folder();
    free(prefix);
    if (*folder) return DUET_OK;
    return duet_fail(error, DUET_NOT_FOUND, "no folder for models: neither DUET_MODELS nor HOME is set");
}

/* --- looking -------------------------------------------------------------------------------------------- */

static bool is_file(const char *path)
{
    return duet_path_exists(path) && !duet_path_is_folder(path);
}

static enum duet_status not_found(const char *name, const struct folders *folders, struct duet_error *error)
{
    char places[DUET_ERROR_TEXT] = "";
    size_t used = 0;
    for (size_t i = 0; i < folders->count && used < sizeof places; i++) {
        int n = snprintf(places + used, sizeof places - used, "%s%s", i ? ", " : "", folders->items[i]);
        used += n > 0 ? (size_t)n : 0;
    }
    return duet_fail(
        error, DUET_NOT_FOUND,
        "model '%.200s' not found; 'models fetch %.200s' gets it if 'models list' has it; looked in %s", name,
        name, places);
}

enum duet_status duet_model_path(const char *name, char **path, struct duet_error *error)
{
    *path = NULL;
    bool is_path = strchr(name, '/');
    if (is_file(name) || is_path) {
        if (!is_file(name))
            return duet_fail(error, DUET_NOT_FOUND, "%s: %s", name,
                             duet_path_is_folder(name) ? "is a folder, expected a model file"
                                                       : "no such file");
        *path = duet_text("%s", name);
        return *path ? DUET_OK : duet_no_memory(error, name, NULL);
    }
    struct folders folders;
    folders_open(&folders);
    size_t n = strlen(name), tail = sizeof SUFFIX - 1;
    bool suffixed = n > tail && strcmp(name + n - tail, SUFFIX) == 0;
    for (size_t i = 0; !*path && i < folders.count; i++) {
        *path = duet_text("%s/%s%s", folders.items[i], name, suffixed ? "" : SUFFIX);
        if (*path && is_file(*path)) break;
        free(*path);
        *path = NULL;
    }
    enum duet_status status = *path ? DUET_OK : not_found(name, &folders, error);
    folders_close(&folders);
    return status;
}
