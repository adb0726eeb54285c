/* file.h: a regular file that is read piece by piece, by any number of threads, and that is known to be still
 * the one that was opened. A mapping would be shorter, but a file that is cut short under a mapping ends the
 * program (SIGBUS); here it is an error like any other. Internal to Duet's libraries and programs. */
#ifndef DUET_CORE_FILE_H
#define DUET_CORE_FILE_H

#include "duet/status.h"

#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct duet_file {
    char *path; /* for error texts; NULL: not open */
    int fd;
    size_t size;
    struct timespec modified;
    void *mapping; /* NULL: none */
};

/* Errors: those of open with `path` in the text; DUET_BAD_ARGUMENT for what is no regular file. On failure
 * *file is zero. */
enum duet_status duet_file_open(const char *path, struct duet_file *file, struct duet_error *error);

/* Bytes from .. from + size, which lie within the size at opening, into `out`. Errors: DUET_IO_ERROR, for a
 * file that has another size or time of change by now, too. */
enum duet_status duet_file_read(const struct duet_file *file, size_t from, size_t size, void *out,
                                struct duet_error *error);

/* The bytes from .. from + size in pieces of up to 64 KiB, in order: piece(ctx, bytes, count). Errors: those
 * of duet_file_read, DUET_OUT_OF_MEMORY. */
enum duet_status duet_file_walk(const struct duet_file *file, size_t from, size_t size,
                                void (*piece)(void *ctx, const void *bytes, size_t count), void *ctx,
                                struct duet_error *error);

/* Map the file, for those who promise that nobody will cut it short. Errors: that of mmap. */
enum duet_status duet_file_map(struct duet_file *file, struct duet_error *error);

/* The mapping ends, too. Accepts NULL and a zeroed struct. */
void duet_file_close(struct duet_file *file);

#endif
