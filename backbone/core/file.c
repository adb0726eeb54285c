#include "core/file.h"

#include "core/fail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE ((size_t)64 << 10) /* stays in the caches between reading and looking */

enum duet_status duet_file_open(const char *path, struct duet_file *file, struct duet_error *error)
{
    *file = (struct duet_file){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe is refused below, not waited for */
    if (fd < 0) return duet_fail_errno(error, errno, "%s: cannot open", path);
    struct stat st;
    enum duet_status status = DUET_OK;
    char *copy = NULL;
    if (fstat(fd, &st) != 0)
        status = duet_fail_errno(error, errno, "%s: cannot read", path);
    else if (!S_ISREG(st.st_mode))
        status = duet_fail(error, DUET_BAD_ARGUMENT, "%s: not a regular file", path);
    else if (!(copy = strdup(path)))
        status = duet_no_memory(error, path, NULL);
    if (status == DUET_OK)
        *file = (struct duet_file){copy, fd, (size_t)st.st_size, st.st_mtim, NULL};
    else
        close(fd);
    return status;
}

/* A file that is written to in place while it is read would be half of one thing and half of another. */
static enum duet_status check_unchanged(const struct duet_file *file, struct duet_error *error)
{
    struct stat st;
    if (fstat(file->fd, &st) != 0) return duet_fail_errno(error, errno, "%s: cannot read", file->path);
    if ((size_t)st.st_size != file->size)
        return duet_fail(error, DUET_IO_ERROR,
                         "%s: changed while it was in use: it has %lld bytes, and had %zu when it was opened",
                         file->path, (long long)st.st_size, file->size);
    if (st.st_mtim.tv_sec != file->modified.tv_sec || st.st_mtim.tv_nsec != file->modified.tv_nsec)
        return duet_fail(error, DUET_IO_ERROR, "%s: changed while it was in use", file->path);
    return DUET_OK;
}

enum duet_status duet_file_read(const struct duet_file *file, size_t from, size_t size, void *out,
                                struct duet_error *error)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = pread(file->fd, (char *)out + done, size - done, (off_t)(from + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return duet_fail_errno(error, errno, "%s: cannot read", file->path);
        if (got == 0) break; /* cut short: told below */
        done += (size_t)got;
    }
    return check_unchanged(file, error);
}

enum duet_status duet_file_walk(const struct duet_file *file, size_t from, size_t size,
                                void (*piece)(void *ctx, const void *bytes, size_t count), void *ctx,
                                struct duet_error *error)
{
    char *buffer = malloc(size < PIECE ? size + 1 : PIECE);
    if (!buffer) return duet_no_memory(error, file->path, NULL);
    enum duet_status status = DUET_OK;
    for (size_t done = 0; status == DUET_OK && done < size;) {
        size_t count = size - done < PIECE ? size - done : PIECE;
        status = duet_file_read(file, from + done, count, buffer, error);
        if (status == DUET_OK) piece(ctx, buffer, count);
        done += count;
    }
    free(buffer);
    return status;
}

enum duet_status duet_file_map(struct duet_file *file, struct duet_error *error)
{
    void *address = mmap(NULL, file->size, PROT_READ, MAP_PRIVATE, file->fd, 0);
    if (address == MAP_FAILED) return duet_fail_errno(error, errno, "%s: cannot map", file->path);
    file->mapping = address;
    return DUET_OK;
}

void duet_file_close(struct duet_file *file)
{
    if (!file || !file->path) return;
    if (file->mapping) munmap(file->mapping, file->size);
    close(file->fd);
    free(file->path);
    *file = (struct duet_file){0};
}
