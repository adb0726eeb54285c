/* fail.h: the one way to report a fault (see duet/status.h). Internal. */
#ifndef DUET_CORE_FAIL_H
#define DUET_CORE_FAIL_H

#include "duet/status.h"

/* Fill `error` (may be NULL) with `status` and the formatted text; return `status`.
 * The text is shown as core/text.h shows foreign text: one line, nothing in it that a terminal would obey. */
enum duet_status duet_fail(struct duet_error *error, enum duet_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for a failed system call: appends ": " and the reason that `errnum` names.
 * The status is DUET_NOT_FOUND for ENOENT and ENOTDIR, DUET_OUT_OF_MEMORY for ENOMEM, DUET_EXISTS for
 * EEXIST, DUET_INTERRUPTED for EINTR, else DUET_IO_ERROR. */
enum duet_status duet_fail_errno(struct duet_error *error, int errnum, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* DUET_OUT_OF_MEMORY, "NAME: no memory PURPOSE": of what `name` names, "to read" or "for masks". Either may
 * be NULL. */
enum duet_status duet_no_memory(struct duet_error *error, const char *name, const char *purpose);

/* The first lines of a public function: it returns with DUET_BAD_ARGUMENT when it was handed NULL where
 * something must be. "duet_compile: network is NULL" */
#define DUET_NEEDS(pointer, error)                                                                           \
    do {                                                                                                     \
        if (!(pointer)) return duet_fail(error, DUET_BAD_ARGUMENT, "%s: " #pointer " is NULL", __func__);    \
    } while (0)

#endif
