#include "core/abi.h"

#include "core/fail.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

/* The struct_size that the caller's struct begins with. */
static enum duet_status size_of(const void *given, size_t known, const char *what, size_t *size,
                                struct duet_error *error)
{
    assert(known >= sizeof known && known <= DUET_MAX_STRUCT_SIZE);
    memcpy(size, given, sizeof *size);
    if (*size >= sizeof *size && *size <= DUET_MAX_STRUCT_SIZE) return DUET_OK;
    return duet_fail(error, DUET_BAD_ARGUMENT, "%s: struct_size is %zu, expected its sizeof: %zu bytes here",
                     what, *size, known);
}

static bool all_zero(const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != 0) return false;
    return true;
}

enum duet_status duet_options_copy(void *to, size_t size, const void *defaults, const void *from,
                                   const char *what, struct duet_error *error)
{
    size_t given = 0;
    memcpy(to, defaults, size);
    if (from) {
        enum duet_status status = size_of(from, size, what, &given, error);
        if (status != DUET_OK) return status;
    }
    if (given > size && !all_zero((const unsigned char *)from + size, given - size))
        return duet_fail(error, DUET_UNSUPPORTED,
                         "%s: of the struct's %zu bytes this library knows %zu, and what follows is not zero",
                         what, given, size);
    if (given > 0) memcpy(to, from, given < size ? given : size);
    memcpy(to, &size, sizeof size);
    return DUET_OK;
}

enum duet_status duet_info_fill(void *to, const void *from, size_t size, const char *what,
                                struct duet_error *error)
{
    size_t given;
    enum duet_status status = size_of(to, size, what, &given, error);
    if (status != DUET_OK) return status;
    memcpy(to, from, given < size ? given : size);
    if (given > size) memset((unsigned char *)to + size, 0, given - size);
    memcpy(to, &given, sizeof given);
    return DUET_OK;
}
