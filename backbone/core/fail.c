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
        "unsupported", "too-large",    "exists",        "mismatch", "interrupted", "busy"};
    return (unsigned)status < DUET_STATUS_COUNT ? names[status] : "unknown";
}

/* The text, and after it ": REASON" where there is one, as it is shown: file names may hold anything, and an
 * error stays one line all the same. Of a text that was cut, the last character may be half. */
static void fill_text(struct duet_error *error, enum duet_status status, const char *reason,
                      const char *format, va_list args)
{
    if (!error) return;
    char raw[DUET_ERROR_TEXT];
    int written = vsnprintf(raw, sizeof raw, format, args);
    if (reason && written >= 0 && written < DUET_ERROR_TEXT)
        written += snprintf(raw + written, sizeof raw - (size_t)written, ": %s", reason);
    size_t length = strlen(raw);
    if (written >= DUET_ERROR_TEXT) {
        while (length > 0 && ((unsigned char)raw[length - 1] & 0xc0) == 0x80) length--;
        if (length > 0 && (unsigned char)raw[length - 1] >= 0xc0) length--;
    }
    duet_text_show(error->text, sizeof error->text, raw, length);
    error->status = status;
}

enum duet_status duet_fail(struct duet_error *error, enum duet_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill_text(error, status, NULL, format, args);
    va_end(args);
    return status;
}

enum duet_status duet_no_memory(struct duet_error *error, const char *name, const char *purpose)
{
    return duet_fail(error, DUET_OUT_OF_MEMORY, "%s%sno memory%s%s", name ? name : "", name ? ": " : "",
                     purpose ? " " : "", purpose ? purpose : "");
}

static enum duet_status status_of_errno(int errnum)
{
    return errnum == ENOENT || errnum == ENOTDIR ? DUET_NOT_FOUND
           : errnum == ENOMEM                    ? DUET_OUT_OF_MEMORY
           : errnum == EEXIST                    ? DUET_EXISTS
           : errnum == EINTR                     ? DUET_INTERRUPTED
                                                 : DUET_IO_ERROR;
}

enum duet_status duet_fail_errno(struct duet_error *error, int errnum, const char *format, ...)
{
    enum duet_status status = status_of_errno(errnum);
    va_list args;
    va_start(args, format);
    fill_text(error, status, strerror(errnum), format, args);
    va_end(args);
    return status;
}
