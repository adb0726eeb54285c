#include "core/bom.h"

#include "core/fail.h"

#include <stdbool.h>
#include <string.h>

static bool begins(const void *data, size_t size, const char *mark, size_t length)
{
    return size >= length && memcmp(data, mark, length) == 0;
}

enum duet_status duet_bom_check(const char *name, const void *data, size_t size, size_t *begin,
                                struct duet_error *error)
{
    const char *encoding = NULL;
    if (begins(data, size, "\xff\xfe", 2) || begins(data, size, "\xfe\xff", 2)) encoding = "UTF-16";
    /* UTF-32's little-endian mark begins with UTF-16's. */
    if (begins(data, size, "\xff\xfe\0\0", 4) || begins(data, size, "\0\0\xfe\xff", 4)) encoding = "UTF-32";
    *begin = begins(data, size, "\xef\xbb\xbf", 3) ? 3 : 0;
    return encoding ? duet_fail(error, DUET_BAD_FORMAT, "%s: is %s, expected UTF-8", name, encoding)
                    : DUET_OK;
}
