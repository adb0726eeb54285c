/* abi.h: structs that grow, handed in (options) and filled (infos). Internal.
 *
 * Each begins with its size, as the program was compiled. A program that is older than the library has a
 * shorter one, a newer program a longer one; both go together as long as nothing is asked for that the
 * library does not know. A new field goes to the end, and never into the padding there: programs left that
 * undefined.
 */
#ifndef DUET_CORE_ABI_H
#define DUET_CORE_ABI_H

#include "duet/status.h"

#include <stddef.h>

/* No struct of ours comes near: a larger size is one that was never set. */
#define DUET_MAX_STRUCT_SIZE 4096

/* Options: start from `defaults`, both of `size` bytes, and lay over them what the caller's struct_size
 * covers of `from` (NULL: nothing). What is longer than `size` must be zero from there on: it would ask for
 * what this library cannot do. to->struct_size becomes `size`. `what` names the options in the text. Errors:
 * DUET_BAD_ARGUMENT (no possible size), DUET_UNSUPPORTED (a tail that is not zero). */
enum duet_status duet_options_copy(void *to, size_t size, const void *defaults, const void *from,
                                   const char *what, struct duet_error *error);

/* Infos, the other way: fill what the caller's to->struct_size covers from `from` (`size` bytes), with zeros
 * what is longer. struct_size is kept. Errors: DUET_BAD_ARGUMENT (no possible size). */
enum duet_status duet_info_fill(void *to, const void *from, size_t size, const char *what,
                                struct duet_error *error);

#endif
