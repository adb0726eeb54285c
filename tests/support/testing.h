/* testing.h: what the C tests share: cmocka, and where the data lies. */
#ifndef DUET_TESTING_H
#define DUET_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "duet/status.h"

/* Passes when `call` gives DUET_OK; prints the error's text when not. `err` is a struct duet_error. */
#define assert_ok(call, err)                                                                                 \
    do {                                                                                                     \
        enum duet_status status_ = (call);                                                                   \
        if (status_ != DUET_OK) fail_msg("%s: %s (%s)", #call, (err).text, duet_status_name(status_));       \
    } while (0)

/* Passes when `call` gives `want` and left a text. */
#define assert_fails(want, call, err)                                                                        \
    do {                                                                                                     \
        (err).text[0] = '\0';                                                                                \
        enum duet_status status_ = (call);                                                                   \
        if (status_ != (want))                                                                               \
            fail_msg("%s: got %s, expected %s", #call, duet_status_name(status_), duet_status_name(want));   \
        if (!(err).text[0]) fail_msg("%s: no error text", #call);                                            \
    } while (0)

/* The folder of shared test data ($DUET_SHARED, else ../shared beside the sources), or NULL: then skip(). */
static inline const char *testing_shared(void)
{
    static char path[4096];
    const char *named = getenv("DUET_SHARED"), *source = getenv("DUET_SOURCE_DIR");
    if (named)
        snprintf(path, sizeof path, "%s", named);
    else
        snprintf(path, sizeof path, "%s/../shared", source ? source : ".");
    char probe[4200];
    struct stat st;
    snprintf(probe, sizeof probe, "%s/golden", path);
    if (stat(probe, &st) == 0) return path;
    fprintf(stderr, "# skipped: no shared data\n");
    return NULL;
}

/* Skips the running test unless there is shared data; else `var` holds its folder. */
#define testing_need_shared(var)                                                                             \
    const char *var = testing_shared();                                                                      \
    if (!(var)) skip()

#endif
