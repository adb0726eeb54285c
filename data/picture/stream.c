#include "picture/stream.h"

#include "core/fail.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* How often a pipe that keeps us waiting asks whether to go on. */
enum { PATIENCE_MS = 50 };

/* --- opening -------------------------------------------------------------------------------------------- */

static enum duet_status take_fd(struct duet_stream *stream, struct duet_error *error)
{
    struct stat st;
    if (fstat(stream->fd, &st) != 0) return duet_fail_errno(error, errno, "%s: cannot read", stream->name);
    if (S_ISDIR(st.st_mode))
        return duet_fail(error, DUET_BAD_ARGUMENT, "%s: is a folder, expected a file", stream->name);
    stream->size = -1;
    if (!S_ISREG(st.st_mode)) return DUET_OK;
    off_t at = lseek(stream->fd, 0, SEEK_CUR);
    stream->base = at > 0 ? at : 0;
    stream->size = st.st_size > stream->base ? st.st_size - stream->base : 0;
    return DUET_OK;
}

/* A socket that stands in a folder. Negative, and errno, when it is none or nobody listens. */
static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISSOCK(st.st_mode)) { /* a terminal that nobody sits at */
        errno = ENXIO;
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) return fd;
    int cause = errno;
    close(fd);
    errno = cause;
    return -1;
}

enum duet_status duet_stream_open(struct duet_stream *stream, const char *path, struct duet_error *error)
{
    /* Without waiting: the writer's side of a named pipe may not be open yet, and read_fd can be called off.
     */
    stream->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (stream->fd < 0 && errno == ENXIO) stream->fd = connect_to(path);
    if (stream->fd < 0) return duet_fail_errno(error, errno, "%s: cannot open", stream->name);
    stream->owned = true;
    return take_fd(stream, error);
}

enum duet_status duet_stream_open_stdin(struct duet_stream *stream, struct duet_error *error)
{
    stream->fd = STDIN_FILENO;
    return take_fd(stream, error);
}

void duet_stream_open_memory(struct duet_stream *stream, const void *data, size_t size)
{
    stream->fd = -1;
    stream->memory = data;
    stream->size = (int64_t)size;
}

void duet_stream_close(struct duet_stream *stream)
{
    if (stream->owned && stream->fd >= 0) close(stream->fd);
    stream->owned = false;
    stream->fd = -1;
    stream->memory = NULL;
}

/* --- reading -------------------------------------------------------------------------------------------- */

static bool is_cancelled(const struct duet_stream *stream)
{
    return stream->cancelled && stream->cancelled(stream->ctx);
}

/* Wait until there is something to read. 0 or negative. */
static ptrdiff_t wait_for(const struct duet_stream *stream)
{
    for (;;) {
        if (is_cancelled(stream)) return -ECANCELED;
        struct pollfd one = {.fd = stream->fd, .events = POLLIN};
        int ready = poll(&one, 1, PATIENCE_MS);
        if (ready > 0) return 0;
        if (ready < 0 && errno != EINTR) return -errno;
    }
}

static ptrdiff_t read_fd(const struct duet_stream *stream, int64_t position, uint8_t *data, size_t size)
{
    const bool file = stream->size >= 0;
    for (bool wait = !file;; wait = wait || errno == EAGAIN) {
        /* A file may be endless for all we know: holes cost nothing, and /proc has files that wait. */
        if (is_cancelled(stream)) return -ECANCELED;
        ptrdiff_t got = wait ? wait_for(stream) : 0;
        if (got < 0) return got;
        got = file ? pread(stream->fd, data, size, (off_t)(stream->base + position))
                   : read(stream->fd, data, size);
        if (got >= 0) return got;
        if (errno != EINTR && errno != EAGAIN) return -errno;
    }
}

ptrdiff_t duet_stream_read_at(void *self, int64_t position, uint8_t *data, size_t size)
{
    struct duet_stream *stream = self;
    if (position < 0 || size == 0) return 0;
    if (stream->memory) {
        if (position >= stream->size) return 0;
        size_t left = (size_t)(stream->size - position);
        if (size > left) size = left;
        memcpy(data, stream->memory + position, size);
        return (ptrdiff_t)size;
    }
    if (stream->size >= 0) return read_fd(stream, position, data, size);
    if (position != stream->position) return -ESPIPE;
    ptrdiff_t got;
    if ((size_t)position < stream->head_size) {
        size_t left = stream->head_size - (size_t)position;
        if (size > left) size = left;
        memcpy(data, stream->head + position, size);
        got = (ptrdiff_t)size;
    } else {
        got = read_fd(stream, position, data, size);
    }
    if (got > 0) stream->position += got;
    return got;
}

enum duet_status duet_stream_fail(const struct duet_stream *stream, ptrdiff_t count, struct duet_error *error)
{
    if (count == -ECANCELED)
        return duet_fail(error, DUET_INTERRUPTED, "%s: stopped on request", stream->name);
    return duet_fail_errno(error, (int)-count, "%s: cannot read", stream->name);
}

/* Read until `capacity` is full or the end is there; *have bytes of it were there before. */
static enum duet_status fill(struct duet_stream *stream, uint8_t *data, size_t *have, size_t capacity,
                             struct duet_error *error)
{
    while (*have < capacity) {
        ptrdiff_t got = duet_stream_read_at(stream, (int64_t)*have, data + *have, capacity - *have);
        if (got < 0) return duet_stream_fail(stream, got, error);
        if (got == 0) break;
        *have += (size_t)got;
    }
    return DUET_OK;
}

enum duet_status duet_stream_peek(struct duet_stream *stream, uint8_t *head, size_t *size,
                                  struct duet_error *error)
{
    *size = 0;
    enum duet_status status = fill(stream, head, size, DUET_STREAM_HEAD, error);
    if (status != DUET_OK || stream->size >= 0) return status;
    memcpy(stream->head, head, *size); /* a pipe's are to be read once more */
    stream->head_size = *size;
    stream->position = 0;
    return DUET_OK;
}

enum duet_status duet_stream_too_large(const struct duet_stream *stream, size_t max_bytes,
                                       struct duet_error *error)
{
    return duet_fail(error, DUET_TOO_LARGE, "%s: larger than the limit of %zu bytes; --max-memory sets it",
                     stream->name, max_bytes);
}

enum duet_status duet_stream_read_all(struct duet_stream *stream, size_t max_bytes, uint8_t **data,
                                      size_t *size, struct duet_error *error)
{
    *data = NULL;
    *size = 0;
    if (stream->size > 0 && (uint64_t)stream->size > max_bytes)
        return duet_stream_too_large(stream, max_bytes, error);
    /* A byte more than is expected shows the end without a second round. */
    size_t capacity = (stream->size > 0 ? (size_t)stream->size : 65535) + 1;
    enum duet_status status;
    for (;; capacity *= 2) {
        uint8_t *grown = capacity > PTRDIFF_MAX ? NULL : realloc(*data, capacity);
        status = DUET_OUT_OF_MEMORY;
        if (!grown) {
            duet_fail(error, status, "%s: no memory for %zu bytes", stream->name, capacity);
            break;
        }
        *data = grown;
        status = fill(stream, grown, size, capacity, error);
        if (status == DUET_OK && *size > max_bytes) status = duet_stream_too_large(stream, max_bytes, error);
        if (status != DUET_OK || *size < capacity) break;
    }
    if (status == DUET_OK) {
        if (!stream->memory && !stream->owned) /* standard input is shared with whoever reads it next */
            (void)lseek(stream->fd, (off_t)(stream->base + (int64_t)*size), SEEK_SET);
    } else {
        free(*data);
        *data = NULL;
    }
    return status;
}
