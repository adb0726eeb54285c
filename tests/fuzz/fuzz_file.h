/* fuzz_file.h: bytes as a file, for what reads and writes by name. */
#ifndef DUET_FUZZ_FILE_H
#define DUET_FUZZ_FILE_H

#include <dirent.h>
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

/* A folder of this process's own ($TMPDIR, else in memory), removed at its end. */
static inline const char *fuzz_folder(void);

static inline void fuzz_folder_remove(void)
{
    DIR *folder = opendir(fuzz_folder());
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        if (entry->d_name[0] != '.') unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder) closedir(folder);
    rmdir(fuzz_folder());
}

static inline const char *fuzz_folder(void)
{
    static char folder[96];
    const char *place = getenv("TMPDIR");
    if (folder[0]) return folder;
    snprintf(folder, sizeof folder, "%.64s/duet_fuzz_XXXXXX", place ? place : "/dev/shm");
    if (!mkdtemp(folder) || atexit(fuzz_folder_remove) != 0) abort();
    return folder;
}

/* The path of `name` in it: good until the next call. */
static inline const char *fuzz_path(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
    return path;
}

#endif
