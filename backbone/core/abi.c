#include "core/abi.h"

#include "core/fail.h"

#include <string.h>

enum duet_status duet_options_copy(void *to, size_t size, const void *from, const char *what,
                                   struct duet_error *error)
{
    memset(to, 0, size);
    if (!from) return DUET_OK;
    size_t given;
    memcpy(&given, from, sizeof given);
    if (given < sizeof given || given > size)
        return duet_fail(error, DUET_BAD_ARGUMENT,
                         "%s options: struct_size is %zu, this library knows %zu bytes", what, given, size);
    memcpy(to, from, given);
    return DUET_OK;
}
