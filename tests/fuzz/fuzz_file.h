/* fuzz_file.h: bytes as a file, for what reads by name. */
#ifndef DUET_FUZZ_FILE_H
#define DUET_FUZZ_FILE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* One of two files in memory, from now on with these bytes; its path. */
static inline const char *fuzz_file(int which, const uint8_t *data, size_t size)
{
    static int files[2];
    static char paths[2][64];
    if (!files[which]) files[which] = memfd_create("fuzz", 0);
    if (files[which] < 0 || ftruncate(files[which], (off_t)size) != 0 ||
        pwrite(files[which], data, size, 0) != (ssize_t)size)
        abort();
    snprintf(paths[which], sizeof paths[which], "/proc/self/fd/%d", files[which]);
    return paths[which];
}

#endif
