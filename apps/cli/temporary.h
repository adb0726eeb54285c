/* temporary.h: a folder for files that are not results, below $TMPDIR or /tmp, that goes away with what is in
 * it. */
#ifndef DUET_APPS_CLI_TEMPORARY_H
#define DUET_APPS_CLI_TEMPORARY_H

#include "duet/status.h"

#include <stddef.h>

struct duet_temporary {
    char *folder; /* NULL: none */
    char **paths; /* of its files */
    size_t count, capacity;
};

/* Make "PROGRAM.XXXXXX". Errors: DUET_IO_ERROR, DUET_NOT_FOUND (of the place it was to be in),
 * DUET_OUT_OF_MEMORY. */
enum duet_status duet_temporary_open(struct duet_temporary *temporary, const char *program,
                                     struct duet_error *error);

/* The path of a file in it, whether there is one yet or not; close will remove it. Borrowed until close. NULL
 * when out of memory. */
const char *duet_temporary_path(struct duet_temporary *temporary, const char *name);

/* Remove the files, then the folder. Accepts a zeroed struct. */
void duet_temporary_close(struct duet_temporary *temporary);

#endif
