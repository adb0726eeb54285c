#include "core/fail.h"

#include "core/text.h"

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

/* The text, as it is shown: file names may hold anything, and an error stays one line all the same. Of a raw
 * text that was cut, the last character may be half. */
static void fill(struct duet_error *error, const char *raw, bool cut)
{
    size_t length = strlen(raw);
    if (cut) {
        while (length > 0 && ((unsigned char)raw[length - 1] & 0xc0) == 0x80) length--;
        if (length > 0 && (unsigned char)raw[length - 1] >= 0xc0) length--;
    }
    duet_text_show(error->text, sizeof error->text, raw, length);
}

enum duet_status duet_fail(struct duet_error *error, enum duet_status status, const char *format, ...)
{
    if (error) {
        char raw[DUET_ERROR_TEXT];
        va_list args;
        va_start(args, format);
        int length = vsnprintf(raw, sizeof raw, format, args);
        va_end(args);
        fill(error, raw, length >= DUET_ERROR_TEXT);
        error->status = status;
    }
    return status;
}

enum duet_status duet_no_memory(struct duet_error *error, const char *name, const char *purpose)
{
    return duet_fail(error, DUET_OUT_OF_MEMORY, "%s%sno memory%s%s", name ? name : "", name ? ": " : "",
                     purpose ? " " : "", purpose ? purpose : "");
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
        char raw[DUET_ERROR_TEXT];
        va_list args;
        va_start(args, format);
        int length = vsnprintf(raw, sizeof raw, format, args);
        va_end(args);
        if (length >= 0 && length < DUET_ERROR_TEXT)
            length += snprintf(raw + length, sizeof raw - (size_t)length, ": %s", strerror(errnum));
        fill(error, raw, length >= DUET_ERROR_TEXT);
        error->status = status;
    }
    return status;
}
