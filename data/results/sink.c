#include "results/sink.h"

#include "core/fail.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum duet_status fail(const struct duet_sink *sink, int cause, struct duet_error *error)
{
    return duet_fail_errno(error, cause, "%s: cannot write", sink->name);
}

/* What is written to has been opened: look what it is. A redirection may append. */
static void look(struct duet_sink *sink)
{
    struct stat st;
    sink->regular = sink->descriptor >= 0 && fstat(sink->descriptor, &st) == 0 && S_ISREG(st.st_mode);
    if (!sink->regular) return;
    int flags = fcntl(sink->descriptor, F_GETFL);
    int64_t at = flags != -1 && (flags & O_APPEND) ? st.st_size : lseek(sink->descriptor, 0, SEEK_CUR);
    sink->begin = at > 0 ? at : 0;
}

enum duet_status duet_sink_open(struct duet_sink *sink, const struct duet_writer_options *options,
                                struct duet_error *error)
{
    bool named = options->output && strcmp(options->output, "-") != 0;
    const unsigned flags = (options->force ? DUET_OUTPUT_FORCE : 0) |
                           (options->in_place ? DUET_OUTPUT_IN_PLACE : 0) |
                           (options->append ? DUET_OUTPUT_APPEND : 0);
    *sink = (struct duet_sink){.stream = named ? NULL : options->stream,
                               .name = named ? options->output : "standard output",
                               .gives_up = options->gives_up,
                               .ctx = options->ctx};
    enum duet_status status = named ? duet_output_open(&sink->file, options->output, flags, error) : DUET_OK;
    if (status != DUET_OK) return status;
    if (!named) fflush(sink->stream); /* what others have put into it goes first */
    sink->descriptor = named ? sink->file.file : fileno(sink->stream);
    look(sink);
    sink->own = sink->file.target != NULL;
    return DUET_OK;
}

/* Returns an errno's value, or 0; *sent counts what got out. */
static int write_all(const struct duet_sink *sink, const char *data, size_t size, size_t *sent)
{
    *sent = 0;
    if (sink->descriptor < 0) {
        errno = 0;
        *sent = fwrite(data, 1, size, sink->stream);
        return *sent == size && fflush(sink->stream) == 0 ? 0 : errno ? errno : EIO;
    }
    while (*sent < size) {
        ssize_t written = write(sink->descriptor, data + *sent, size - *sent);
        if (written > 0)
            *sent += (size_t)written;
        else if (written == 0)
            return EIO;
        else if (errno != EINTR)
            return errno;
        else if (sink->gives_up && sink->gives_up(sink->ctx))
            return EINTR;
    }
    return 0;
}

/* Back to what was whole. Of a stream of the caller's only when what stands behind that is `sent` bytes of
 * our own, and so nobody else's. */
static void cut(struct duet_sink *sink, size_t sent)
{
    struct stat st;
    const int64_t whole = sink->begin + sink->whole;
    if (!sink->regular || fstat(sink->descriptor, &st) != 0) return;
    if (!sink->own && st.st_size != whole + (int64_t)sent) return;
    if (ftruncate(sink->descriptor, whole) == 0) lseek(sink->descriptor, whole, SEEK_SET);
}

enum duet_status duet_sink_send(struct duet_sink *sink, const char *text, size_t size, size_t tail,
                                struct duet_error *error)
{
    size_t sent;
    if (sink->own && lseek(sink->descriptor, sink->begin + sink->whole, SEEK_SET) < 0)
        return fail(sink, errno, error);
    int cause = write_all(sink, text, sink->own ? size + tail : size, &sent);
    if (cause == 0) {
        sink->whole += (int64_t)size;
        return DUET_OK;
    }
    cut(sink, sent);
    if (cause == EINTR) return duet_fail(error, DUET_IO_ERROR, "%s: cannot write: nobody reads", sink->name);
    return fail(sink, cause, error);
}

enum duet_status duet_sink_resume(struct duet_sink *sink, int64_t size, struct duet_error *error)
{
    sink->begin = 0;
    sink->whole = size;
    return duet_output_cut(&sink->file, (size_t)size, error);
}
