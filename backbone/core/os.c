#include "core/os.h"

#include "core/fail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* --- reading ------------------------------------------------------------------------------------------ */

static enum duet_status too_large(const char *name, size_t max_bytes, struct duet_error *error)
{
    return duet_fail(error, DUET_TOO_LARGE, "%s: larger than the limit of %zu bytes", name, max_bytes);
}

/* Read `stream` to its end; `expected` is a first guess of the size. */
static enum duet_status read_to_end(FILE *stream, const char *name, size_t expected, size_t max_bytes,
                                    struct duet_bytes *bytes, struct duet_error *error)
{
    size_t capacity = expected + 1, size = 0;
    uint8_t *data = malloc(capacity);
    if (!data) return duet_fail(error, DUET_OUT_OF_MEMORY, "%s: no memory for %zu bytes", name, capacity);
    for (;;) {
        errno = 0;
        size_t got = fread(data + size, 1, capacity - size, stream);
        size += got;
        if (size > max_bytes) {
            free(data);
            return too_large(name, max_bytes, error);
        }
        if (size < capacity) {
            if (!ferror(stream) || errno != EINTR) break;
            clearerr(stream); /* a signal's handler ran meanwhile */
            continue;
        }
        uint8_t *grown = capacity > SIZE_MAX / 2 ? NULL : realloc(data, capacity * 2);
        if (!grown) {
            free(data);
            return duet_fail(error, DUET_OUT_OF_MEMORY, "%s: no memory for %zu bytes", name, capacity * 2);
        }
        data = grown;
        capacity *= 2;
    }
    if (ferror(stream)) {
        int cause = errno ? errno : EIO;
        free(data);
        return duet_fail_errno(error, cause, "%s: cannot read", name);
    }
    *bytes = (struct duet_bytes){data, size};
    return DUET_OK;
}

enum duet_status duet_read_stream(FILE *stream, const char *name, size_t max_bytes, struct duet_bytes *bytes,
                                  struct duet_error *error)
{
    *bytes = (struct duet_bytes){0};
    return read_to_end(stream, name, 65535, max_bytes, bytes, error);
}

enum duet_status duet_read_file(const char *path, size_t max_bytes, struct duet_bytes *bytes,
                                struct duet_error *error)
{
    *bytes = (struct duet_bytes){0};
    FILE *stream = fopen(path, "rbe");
    if (!stream) return duet_fail_errno(error, errno, "%s: cannot open", path);
    struct stat st;
    enum duet_status status;
    if (fstat(fileno(stream), &st) != 0)
        status = duet_fail_errno(error, errno, "%s: cannot read", path);
    else if (S_ISDIR(st.st_mode))
        status = duet_fail(error, DUET_BAD_ARGUMENT, "%s: is a folder, expected a file", path);
    else if (S_ISREG(st.st_mode) && (uintmax_t)st.st_size > max_bytes)
        status = too_large(path, max_bytes, error);
    else
        status = read_to_end(stream, path, S_ISREG(st.st_mode) ? (size_t)st.st_size : 65535, max_bytes, bytes,
                             error);
    fclose(stream);
    return status;
}

static bool begins(const void *data, size_t size, const char *mark, size_t length)
{
    return size >= length && memcmp(data, mark, length) == 0;
}

enum duet_status duet_bom_check(const char *name, const void *data, size_t size, size_t *begin,
                                struct duet_error *error)
{
    const char *encoding = NULL;
    if (begins(data, size, "\xff\xfe", 2) || begins(data, size, "\xfe\xff", 2)) encoding = "UTF-16";
    /* UTF-32's little-endian mark begins with UTF-16's. */
    if (begins(data, size, "\xff\xfe\0\0", 4) || begins(data, size, "\0\0\xfe\xff", 4)) encoding = "UTF-32";
    *begin = begins(data, size, "\xef\xbb\xbf", 3) ? 3 : 0;
    return encoding ? duet_fail(error, DUET_BAD_FORMAT, "%s: is %s, expected UTF-8", name, encoding)
                    : DUET_OK;
}

void duet_bytes_close(struct duet_bytes *bytes)
{
    if (!bytes) return;
    free((void *)(uintptr_t)bytes->data);
    *bytes = (struct duet_bytes){0};
}

/* --- this machine ------------------------------------------------------------------------------------- */

size_t duet_cache_bytes(int level)
{
    long bytes = sysconf(level == 1 ? _SC_LEVEL1_DCACHE_SIZE : _SC_LEVEL2_CACHE_SIZE);
    return bytes > 0 ? (size_t)bytes : 0;
}

/* --- paths -------------------------------------------------------------------------------------------- */

enum duet_status duet_make_folders(const char *path, struct duet_error *error)
{
    if (!path[0]) return duet_fail(error, DUET_BAD_ARGUMENT, "the name of a folder is empty");
    char *copy = duet_text("%s", path);
    if (!copy) return duet_no_memory(error, path, NULL);
    enum duet_status status = DUET_OK;
    for (char *end = copy + 1; status == DUET_OK; end++) {
        if (*end != '/' && *end != '\0') continue;
        char kept = *end;
        *end = '\0';
        if (mkdir(copy, 0777) != 0 && !(errno == EEXIST && duet_path_is_folder(copy)))
            status = duet_fail_errno(error, errno, "%s: cannot make the folder", copy);
        *end = kept;
        if (kept == '\0') break;
    }
    free(copy);
    return status;
}

bool duet_path_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

bool duet_path_is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool duet_path_is_special(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode);
}

const char *duet_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

const char *duet_path_extension(const char *path)
{
    const char *name = duet_path_name(path), *dot = strrchr(name, '.');
    return dot && dot > name ? dot : name + strlen(name);
}

char *duet_path_join(const char *folder, const char *name)
{
    size_t n = strlen(folder);
    return duet_text(n == 0 || folder[n - 1] == '/' ? "%s%s" : "%s/%s", folder, name);
}

char *duet_text(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (!text) return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}

/* --- memory ------------------------------------------------------------------------------------------- */

void *duet_alloc_pages(size_t bytes)
{
    const size_t huge = (size_t)2 << 20, line = 64;
    size_t rest = bytes % huge;
    if (bytes > SIZE_MAX - huge) return NULL;
    /* A rest of half a huge page and more gets a whole one. */
    bytes = rest >= huge / 2 ? bytes - rest + huge : (bytes + line - 1) / line * line;
    if (bytes < huge) return aligned_alloc(line, bytes ? bytes : line);
    void *block; /* aligned_alloc wants whole huge pages */
    if (posix_memalign(&block, huge, bytes) != 0) return NULL;
    madvise(block, bytes / huge * huge, MADV_HUGEPAGE); /* a wish: refusal costs nothing */
    return block;
}

/* --- time --------------------------------------------------------------------------------------------- */

double duet_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}
