#include "moving/kinds.h"

#include "core/fail.h"
#include "core/os.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "PREFIX/lib/duet/duet-video.so" of the program "PREFIX/bin/detect". NULL: no memory. Tests lie in a folder
 * beside bin/. */
static char *module_path(void)
{
    const char *named = getenv("DUET_VIDEO_MODULE");
    if (named && *named) return duet_text("%s", named);
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(path, '/');
        if (slash) *slash = '\0';
    }
    return duet_text("%s/lib/duet/duet-video.so", path);
}

static enum duet_status check_module(const char *name, const char *path, void *handle,
                                     const struct duet_video_functions **module, struct duet_error *error)
{
    const struct duet_video_functions *(*entry)(void);
    void *symbol = dlsym(handle, DUET_VIDEO_SYMBOL);
    memcpy(&entry, &symbol, sizeof entry); /* C has no cast from void * to a function */
    if (!symbol) return duet_fail(error, DUET_UNSUPPORTED, "%s: %s is no video module of Duet's", name, path);
    if (entry()->abi != DUET_VIDEO_ABI)
        return duet_fail(error, DUET_UNSUPPORTED, "%s: the video module %s is of version %u, expected %d",
                         name, path, entry()->abi, DUET_VIDEO_ABI);
    *module = entry();
    return DUET_OK;
}

enum duet_status duet_video_load(const char *name, const struct duet_video_functions **module,
                                 struct duet_error *error)
{
    char *path = module_path();
    if (!path) return duet_no_memory(error, name, NULL);
    enum duet_status status;
    /* For good: FFmpeg keeps a pointer to the module's log function. */
    void *handle = duet_path_exists(path) ? dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) : NULL;
    if (handle) {
        status = check_module(name, path, handle, module, error);
        dlclose(handle);
    } else if (!duet_path_exists(path)) {
        status = duet_fail(error, DUET_UNSUPPORTED,
                           "%s: video needs FFmpeg, and this Duet has no module for it (there is no %s)",
                           name, path);
    } else {
        const char *reason = dlerror();
        status =
            duet_fail(error, DUET_UNSUPPORTED, "%s: video needs FFmpeg: %s", name, reason ? reason : path);
    }
    free(path);
    return status;
}
