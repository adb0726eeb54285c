#include "cli/temporary.h"

#include "core/fail.h"
#include "core/grow.h"
#include "core/os.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum duet_status duet_temporary_open(struct duet_temporary *temporary, const char *program,
                                     struct duet_error *error)
{
    *temporary = (struct duet_temporary){0};
    const char *place = getenv("TMPDIR");
    char *folder = duet_text("%s/%s.XXXXXX", place && place[0] ? place : "/tmp", program);
    if (!folder) return duet_no_memory(error, NULL, NULL);
    if (mkdtemp(folder)) {
        temporary->folder = folder;
        return DUET_OK;
    }
    enum duet_status status = duet_fail_errno(error, errno, "%s: cannot make a temporary folder", folder);
    free(folder);
    return status;
}

const char *duet_temporary_path(struct duet_temporary *temporary, const char *name)
{
    if (!DUET_GROW(temporary->paths, temporary->capacity, temporary->count + 1)) return NULL;
    char *path = duet_path_join(temporary->folder, name);
    if (path) temporary->paths[temporary->count++] = path;
    return path;
}

void duet_temporary_close(struct duet_temporary *temporary)
{
    for (size_t i = 0; i < temporary->count; i++) {
        unlink(temporary->paths[i]);
        free(temporary->paths[i]);
    }
    if (temporary->folder) rmdir(temporary->folder);
    free(temporary->paths);
    free(temporary->folder);
    *temporary = (struct duet_temporary){0};
}
