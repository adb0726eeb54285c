#include "duet/duet.h"

/* The build's version is the header's. */
_Static_assert(DUET_VERSION_MAJOR == DUET_BUILD_MAJOR && DUET_VERSION_MINOR == DUET_BUILD_MINOR &&
                   DUET_VERSION_PATCH == DUET_BUILD_PATCH,
               "duet.h's version is not that of CMakeLists.txt");

const char *duet_version(void)
{
    return DUET_VERSION;
}
