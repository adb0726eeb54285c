/* numbered.h: pictures whose names differ by a number, "frames/%04d.png". Needs no FFmpeg. Internal.
 *
 * The sequence is what the folder holds, from the lowest number on. The lowest is shown at 0 s, the others
 * (number - lowest) / 25 s later, so that one that is missing leaves its time and nothing else.
 */
#ifndef DUET_DATA_MOVING_NUMBERED_H
#define DUET_DATA_MOVING_NUMBERED_H

#include "moving/moving.h"

extern const struct duet_moving_type duet_numbered_type;

/* Has the last component of `path` one %d or %0Nd? "%%" is a percent sign. */
bool duet_is_numbered(const char *path);

/* Find the pictures. Errors: DUET_NOT_FOUND when there is none. */
enum duet_status duet_numbered_open(const char *path, duet_read_picture *read, void *ctx, void **self,
                                    struct duet_error *error);

#endif
