/* What went wrong, from FFmpeg's codes and its last complaint (log.c). */
#include "core/fail.h"
#include "core/os.h"
#include "video/reader.h"

#include <stdio.h>
#include <string.h>

bool duet_video_cancelled(const struct duet_video_source *source)
{
    return source->cancelled && source->cancelled(source->ctx);
}

bool duet_reader_called_off(const struct duet_reader *reader)
{
    return duet_video_cancelled(&reader->source) ||
           (reader->wait_until > 0 && duet_seconds() > reader->wait_until);
}

static enum duet_status status_of(int code)
{
    switch (code) {
    case AVERROR(ENOMEM):
        return DUET_OUT_OF_MEMORY;
    case AVERROR(ENOENT):
    case AVERROR_HTTP_NOT_FOUND:
        return DUET_NOT_FOUND;
    case AVERROR_INVALIDDATA:
    case AVERROR_EOF:
    case AVERROR_BUG:
    case AVERROR_UNKNOWN:
    case AVERROR_EXTERNAL:
    case AVERROR(EINVAL): /* what demuxers and decoders say of numbers that cannot be */
    case AVERROR(ERANGE):
    case AVERROR(EDOM):
        return DUET_BAD_FORMAT;
    case AVERROR_DECODER_NOT_FOUND:
    case AVERROR_DEMUXER_NOT_FOUND:
    case AVERROR_PROTOCOL_NOT_FOUND:
    case AVERROR_FILTER_NOT_FOUND:
    case AVERROR_PATCHWELCOME:
    case AVERROR(ENOSYS):
        return DUET_UNSUPPORTED;
    default:
        return DUET_IO_ERROR;
    }
}

static const char not_allowed[] = "Format not on whitelist"; /* how FFmpeg says it */

enum duet_status duet_video_fail(const struct duet_reader *reader, struct duet_error *error, int code,
                                 const char *what)
{
    const char *name = reader->source.name, *said = duet_video_log_text();
    if (duet_video_cancelled(&reader->source))
        return duet_fail(error, DUET_INTERRUPTED, "%s: stopped on request", name);
    if (code == AVERROR_EXIT) return duet_fail(error, DUET_IO_ERROR, "%s: %s: no answer in time", name, what);
    int width, height;
    if (sscanf(said, "Picture size %dx%d", &width, &height) == 2) {
        enum duet_status status = duet_video_check_size(reader, width, height, error);
        if (status != DUET_OK) return status;
        if (strstr(said, " is invalid")) /* a limit of its own, near 16384x16384 */
            return duet_fail(error, DUET_TOO_LARGE, "%s: frames of %dx%d pixels, more than FFmpeg takes",
                             name, width, height);
    }
    unsigned long long got, whole;
    if (sscanf(said, "Stream ends prematurely at %llu, should be %llu", &got, &whole) == 2)
        return duet_fail(error, DUET_IO_ERROR, "%s: %s: the server sent %llu bytes, expected %llu", name,
                         what, got, whole);
    if (strncmp(said, not_allowed, strlen(not_allowed)) == 0)
        return duet_fail(error, DUET_UNSUPPORTED,
                         "%s: a list of other files or addresses, expected the video itself", name);
    if (code < 0 && reader->refused)
        return duet_fail(error, DUET_UNSUPPORTED,
                         "%s: %s: it asks for another file or address, which is not opened", name, what);
    char reason[AV_ERROR_MAX_STRING_SIZE] = "";
    av_strerror(code, reason, sizeof reason);
    enum duet_status status = status_of(code);
    if (status == DUET_IO_ERROR && reader->source.kind == DUET_VIDEO_BYTES && !reader->demuxer.io.failed) {
        status = DUET_BAD_FORMAT; /* demuxers say "Input/output error" of a file that ends early */
        snprintf(reason, sizeof reason, "damaged or cut off");
    }
    if (!*said || strstr(said, reason)) return duet_fail(error, status, "%s: %s: %s", name, what, reason);
    return duet_fail(error, status, "%s: %s: %s (%s)", name, what, reason, said);
}
