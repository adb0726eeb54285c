#include "support/memory.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif

/* What stands behind: the sanitizer's malloc, or glibc's. */
#ifdef SANITIZED
#define BEHIND(name) __interceptor_##name
#else
#define BEHIND(name) __libc_##name
#endif

static bool watching, sparing;
static long fails_at;
static ptrdiff_t size_now;
static struct memory_report report;

void memory_watch(long fail_at)
{
    fails_at = fail_at;
    size_now = 0;
    report = (struct memory_report){0};
    watching = true;
}

void memory_spare(bool spared)
{
    sparing = spared;
}

struct memory_report memory_unwatch(void)
{
    watching = false;
    return report;
}

#define EXPORTED __attribute__((visibility("default")))

extern void *BEHIND(malloc)(size_t size);
extern void *BEHIND(calloc)(size_t count, size_t size);
extern void *BEHIND(realloc)(void *memory, size_t size);
extern void *BEHIND(memalign)(size_t alignment, size_t size);
extern void BEHIND(free)(void *memory);

static bool refuse(void)
{
    if (!watching || sparing || ++report.calls != fails_at) return false;
    errno = ENOMEM;
    return true;
}

static void *count_in(void *memory)
{
    if (!watching || !memory) return memory;
    report.blocks++;
    size_now += (ptrdiff_t)malloc_usable_size(memory);
    if (size_now > report.peak_size) report.peak_size = size_now;
    return memory;
}

static void count_out(void *memory)
{
    if (!watching || !memory) return;
    report.blocks--;
    size_now -= (ptrdiff_t)malloc_usable_size(memory);
}

EXPORTED void *malloc(size_t size)
{
    return refuse() ? NULL : count_in(BEHIND(malloc)(size));
}

EXPORTED void *calloc(size_t count, size_t size)
{
    return refuse() ? NULL : count_in(BEHIND(calloc)(count, size));
}

/* When glibc cannot grow a block it stays; that it is counted out by then does not matter to any test. */
EXPORTED void *realloc(void *memory, size_t size)
{
    if (refuse()) return NULL;
    count_out(memory);
    return count_in(BEHIND(realloc)(memory, size));
}

EXPORTED void *aligned_alloc(size_t alignment, size_t size)
{
    return refuse() ? NULL : count_in(BEHIND(memalign)(alignment, size));
}

EXPORTED int posix_memalign(void **memory, size_t alignment, size_t size)
{
    void *block = aligned_alloc(alignment, size);
    if (!block) return ENOMEM;
    *memory = block;
    return 0;
}

/* A sanitizer's own strdup would not come by malloc. */
EXPORTED char *strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

EXPORTED void free(void *memory)
{
    count_out(memory);
    BEHIND(free)(memory);
}
