/* bom.h: the byte order mark that some editors put before a text. Internal. */
#ifndef DUET_CORE_BOM_H
#define DUET_CORE_BOM_H

#include "duet/status.h"

#include <stddef.h>

/* At the head of a text file that is read as UTF-8: *begin is where its first line begins, behind the mark.
 * UTF-16 and UTF-32 by their marks: DUET_BAD_FORMAT, "NAME: is UTF-16, expected UTF-8", where without a word
 * the first line would be some strange name and the others none at all. */
enum duet_status duet_bom_check(const char *name, const void *data, size_t size, size_t *begin,
                                struct duet_error *error);

#endif
