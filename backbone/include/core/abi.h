/* abi.h: option structs that grow. Internal.
 *
 * Every public option struct begins with its size. A program built against an older header hands in a shorter
 * struct: what it lacks counts as zero. One built against a newer header hands in a longer one: refused,
 * since it may ask for what this library cannot do. */
#ifndef DUET_CORE_ABI_H
#define DUET_CORE_ABI_H

#include "duet/status.h"

#include <stddef.h>

/* Copy the options at `from` (NULL: all zero) to `to`, which has `size` bytes. `what` names them in the text.
 * Errors: DUET_BAD_ARGUMENT. */
enum duet_status duet_options_copy(void *to, size_t size, const void *from, const char *what,
                                   struct duet_error *error);

#endif
