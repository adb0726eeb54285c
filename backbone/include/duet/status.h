/* status.h: how every Duet function says that something went wrong.
 *
 * A function that can fail returns enum duet_status and takes, last, a
 * `struct duet_error *` that belongs to the caller (NULL: the text is not
 * wanted). The function that finds the fault fills the text once: what
 * happened, where, what was expected and what was there. Everybody above
 * passes status and text on unchanged. Libraries never print and never exit.
 */
#ifndef DUET_STATUS_H
#define DUET_STATUS_H

#if defined(__GNUC__)
#define DUET_API __attribute__((visibility("default")))
#else
#define DUET_API
#endif

/* What stands between these two is C to a C++ compiler, too. */
#ifdef __cplusplus
#define DUET_C_BEGIN extern "C" {
#define DUET_C_END   }
#else
#define DUET_C_BEGIN
#define DUET_C_END
#endif

DUET_C_BEGIN

enum duet_status {
    DUET_OK = 0,
    DUET_BAD_ARGUMENT,  /* the caller asked for something that makes no sense */
    DUET_OUT_OF_MEMORY, /* an allocation was refused */
    DUET_IO_ERROR,      /* the operating system refused to read or write */
    DUET_NOT_FOUND,     /* no such file, model, tensor or class */
    DUET_BAD_FORMAT,    /* the bytes are not what their format demands (truncated, wrong magic ...) */
    DUET_UNSUPPORTED,   /* well-formed, but a kind this build cannot handle */
    DUET_TOO_LARGE,     /* over a limit on pixels, bytes or counts */
    DUET_EXISTS,        /* would overwrite something */
    DUET_MISMATCH,      /* a checksum or a shape differs from what was promised */
    DUET_INTERRUPTED,   /* stopped on request */
    DUET_BUSY,          /* in use by another thread */
    DUET_STATUS_COUNT
};

/* The text is at most this long, terminator included; longer texts are cut. */
#define DUET_ERROR_TEXT 1024

struct duet_error {
    enum duet_status status;
    char text[DUET_ERROR_TEXT]; /* one line of UTF-8, fit to be shown; no full stop at its end */
};

/* A short stable word for a status, as it stands in records' "code": "ok",
 * "bad-argument", "out-of-memory", "io-error", "not-found", "bad-format",
 * "unsupported", "too-large", "exists", "mismatch", "interrupted", "busy".
 * Never NULL; static storage. */
DUET_API const char *duet_status_name(enum duet_status status);

DUET_C_END
#endif
