/* failing_memory.c: a module to be preloaded into a whole program, whose N-th allocation then fails (glibc
 * only). support/failing_memory.sh uses it. In the environment:
 *
 *   DUET_FAIL_ALLOCATION=N     the N-th malloc, calloc, realloc ... of the process, from 1, returns NULL
 *   DUET_COUNT_ALLOCATIONS=FILE  how many there were is written there when the process ends
 *
 * Unlike memory.c it sees what happens before main and in libraries that are loaded later, too. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static atomic_long calls;
static long fails_at;
static const char *count_file;

__attribute__((constructor)) static void begin(void)
{
    const char *number = getenv("DUET_FAIL_ALLOCATION");
    count_file = getenv("DUET_COUNT_ALLOCATIONS");
    atomic_store(&calls, 0);
    fails_at = number ? strtol(number, NULL, 10) : 0;
}

__attribute__((destructor)) static void end(void)
{
    char text[32];
    int fd = count_file ? open(count_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
    if (fd < 0) return;
    int length = snprintf(text, sizeof text, "%ld\n", atomic_load(&calls));
    if (write(fd, text, (size_t)length) != length) _exit(99);
    close(fd);
}

static int refuse(void)
{
    if (atomic_fetch_add(&calls, 1) + 1 != fails_at) return 0;
    errno = ENOMEM;
    return 1;
}

EXPORTED void *malloc(size_t size)
{
    return refuse() ? NULL : __libc_malloc(size);
}

EXPORTED void *calloc(size_t count, size_t size)
{
    return refuse() ? NULL : __libc_calloc(count, size);
}

EXPORTED void *realloc(void *memory, size_t size)
{
    return refuse() ? NULL : __libc_realloc(memory, size);
}

EXPORTED void *aligned_alloc(size_t alignment, size_t size)
{
    return refuse() ? NULL : __libc_memalign(alignment, size);
}

EXPORTED void *memalign(size_t alignment, size_t size)
{
    return refuse() ? NULL : __libc_memalign(alignment, size);
}

EXPORTED int posix_memalign(void **memory, size_t alignment, size_t size)
{
    void *block = refuse() ? NULL : __libc_memalign(alignment, size);
    if (!block) return ENOMEM;
    *memory = block;
    return 0;
}
