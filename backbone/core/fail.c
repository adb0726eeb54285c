#include "core/fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *duet_status_name(enum duet_status status)
{
    static const char *const names[DUET_STATUS_COUNT] = {
        "ok",          "bad-argument", "out-of-memory", "io-error", "not-found",  "bad-format",
        "unsupported", "too-large",    "exists",        "mismatch", "interrupted"};
    return (unsigned)status < DUET_STATUS_COUNT ? names[status] : "unknown";
}

/* File names may hold anything; an error stays one line all the same. */
static void keep_one_line(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f) *text = '?';
}

enum duet_status duet_fail(struct duet_error *error, enum duet_status status, const char *format, ...)
{
    if (error) {
        va_list args;
        va_start(args, format);
        vsnprintf(error->text, sizeof error->text, format, args);
        va_end(args);
        keep_one_line(error->text);
        error->status = status;
    }
    return status;
}

static enum duet_status status_of_errno(int errnum)
{
    switch (errnum) {
    case ENOENT:
    case ENOTDIR:
        return DUET_NOT_FOUND;
    case ENOMEM:
        return DUET_OUT_OF_MEMORY;
    case EEXIST:
        return DUET_EXISTS;
    case EINTR:
        return DUET_INTERRUPTED;
    default:
        return DUET_IO_ERROR;
    }
}

enum duet_status duet_fail_errno(struct duet_error *error, int errnum, const char *format, ...)
{
    enum duet_status status = status_of_errno(errnum);
    if (error) {
        va_list args;
        va_start(args, format);
        int used = vsnprintf(error->text, sizeof error->text, format, args);
        va_end(args);
        if (used >= 0 && (size_t)used < sizeof error->text)
            snprintf(error->text + used, sizeof error->text - (size_t)used, ": %s", strerror(errnum));
        keep_one_line(error->text);
        error->status = status;
    }
    return status;
}
