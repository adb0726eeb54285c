/* rotation.h: files that follow one another while something without end is written: when the next one begins,
 * and what it is called. */
#ifndef DUET_APPS_BATCH_ROTATION_H
#define DUET_APPS_BATCH_ROTATION_H

#include "duet/status.h"

#include <stdbool.h>
#include <stdint.h>

struct duet_rotation {
    double seconds; /* a file is written for so long ... */
    int64_t bytes;  /* ... or until it is so large; 0: the other one counts, or neither */
};

/* "90s", "30m", "12h", "1d": a time; "500K", "100M", "2G": a size, in units of 1024. Errors:
 * DUET_BAD_ARGUMENT. */
enum duet_status duet_rotation_parse(const char *text, struct duet_rotation *rotation,
                                     struct duet_error *error);

bool duet_rotation_is_due(const struct duet_rotation *rotation, double seconds, int64_t bytes);

/* A file's name: in `pattern` the conversions of strftime (%Y %m %d %H %M %S ...) become the time `now`
 * (seconds since 1970), in UTC, without a '/' in it; "%%" becomes '%', every other '%' stays. From the number
 * 2 on, that stands before the extension: "seen-2.mp4". NULL when out of memory; free() it. */
char *duet_rotation_name(const char *pattern, double now, unsigned number);

#endif
