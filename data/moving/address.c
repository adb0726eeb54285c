/* What a path names: a file, or something that only looks like one. */
#include "data/moving/frames.h"

#include "core/os.h"
#include "moving/kinds.h"

#include <ctype.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* The length of "scheme" in "scheme://rest"; 0: it is none. */
static size_t scheme_length(const char *path)
{
    size_t n = 0;
    while (isalnum((unsigned char)path[n]) || (n > 0 && path[n] && strchr("+-.", path[n]))) n++;
    return isalpha((unsigned char)path[0]) && strncmp(path + n, "://", 3) == 0 ? n : 0;
}

static bool begins(const char *path, const char *with)
{
    return strncmp(path, with, strlen(with)) == 0;
}

static bool is_camera(const struct stat *st)
{
    enum { VIDEO4LINUX = 81 };
    return S_ISCHR(st->st_mode) && major(st->st_rdev) == VIDEO4LINUX;
}

enum duet_address duet_frames_address(const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0) return is_camera(&st) ? DUET_ADDRESS_CAMERA : DUET_ADDRESS_FILE;
    if (begins(path, "lavfi:")) return DUET_ADDRESS_GRAPH;
    if (begins(path, "/dev/video") || begins(path, "/dev/v4l/")) return DUET_ADDRESS_CAMERA;
    if (scheme_length(path) > 0) return DUET_ADDRESS_STREAM;
    return duet_is_numbered(path) ? DUET_ADDRESS_NUMBERED : DUET_ADDRESS_FILE;
}

bool duet_frames_is_address(const char *path)
{
    return duet_frames_address(path) != DUET_ADDRESS_FILE;
}

char *duet_frames_shown(const char *address)
{
    size_t scheme = scheme_length(address);
    if (scheme == 0) return duet_text("%s", address);
    const char *host = address + scheme + 3, *end = host + strcspn(host, "/?#"), *at = NULL;
    for (const char *p = host; p < end; p++)
        if (*p == '@') at = p;
    const char *colon = at ? memchr(host, ':', (size_t)(at - host)) : NULL;
    if (!colon) return duet_text("%s", address);
    return duet_text("%.*s:***%s", (int)(colon - address), address, at);
}
