/* scratch.h: a folder that a test may write into, and that is gone afterwards. */
#ifndef DUET_SCRATCH_H
#define DUET_SCRATCH_H

#include "support/testing.h"

#include "core/os.h"

#include <dirent.h>
#include <ftw.h>
#include <sys/mman.h>
#include <unistd.h>

struct scratch {
    char folder[256];
    char path[512]; /* of the last name asked for */
    int memory;     /* the file of scratch_memory, 0 = none yet */
};

static inline void scratch_make(struct scratch *scratch)
{
    const char *build = getenv("DUET_BUILD_DIR");
    snprintf(scratch->folder, sizeof scratch->folder, "%s/scratch_XXXXXX", build ? build : ".");
    assert_non_null(mkdtemp(scratch->folder));
}

static inline int scratch_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

/* Remove a file or a folder with all that is in it; nothing happens when it is not there. */
static inline void scratch_delete(const char *path)
{
    nftw(path, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void scratch_remove(struct scratch *scratch)
{
    scratch_delete(scratch->folder);
    if (scratch->memory > 0) close(scratch->memory);
    scratch->memory = 0;
}

/* "FOLDER/NAME", borrowed until the next call. */
static inline const char *scratch_path(struct scratch *scratch, const char *name)
{
    snprintf(scratch->path, sizeof scratch->path, "%s/%s", scratch->folder, name);
    return scratch->path;
}

/* Write a file; returns its path. */
static inline const char *scratch_write(struct scratch *scratch, const char *name, const void *bytes,
                                        size_t size)
{
    FILE *stream = fopen(scratch_path(scratch, name), "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, size, stream), size);
    assert_int_equal(fclose(stream), 0);
    return scratch->path;
}

/* The same without a disk, for tests that write thousands: a file in memory, its bytes replaced each time. */
static inline const char *scratch_memory(struct scratch *scratch, const void *bytes, size_t size)
{
    if (scratch->memory <= 0) scratch->memory = memfd_create("scratch", MFD_CLOEXEC);
    assert_true(scratch->memory > 0);
    assert_int_equal(ftruncate(scratch->memory, (off_t)size), 0);
    assert_int_equal(pwrite(scratch->memory, bytes, size, 0), (ssize_t)size);
    snprintf(scratch->path, sizeof scratch->path, "/proc/self/fd/%d", scratch->memory);
    return scratch->path;
}

/* A file's text, terminated; free() it. NULL when there is no such file. */
static inline char *scratch_read(struct scratch *scratch, const char *name)
{
    struct duet_bytes bytes;
    if (duet_read_file(scratch_path(scratch, name), (size_t)1 << 26, &bytes, NULL) != DUET_OK) return NULL;
    char *text = malloc(bytes.size + 1);
    assert_non_null(text);
    memcpy(text, bytes.data, bytes.size);
    text[bytes.size] = '\0';
    duet_bytes_close(&bytes);
    return text;
}

/* How many entries a folder below it has ("" is the scratch folder itself). */
static inline int scratch_count(struct scratch *scratch, const char *name)
{
    DIR *dir = opendir(scratch_path(scratch, name));
    if (!dir) return -1;
    int count = 0;
    for (struct dirent *entry; (entry = readdir(dir));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return count;
}

#endif
