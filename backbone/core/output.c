/* Writing files that have a name; os.h tells the rules. */
#include "core/os.h"

#include "core/fail.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- the stream ----------------------------------------------------------------------------------------- */

/* What is behind `stream`. Not fdopen: stdio takes a write that a signal interrupted for a failed one, and
 * does not remember why a write failed. */
struct duet_output_sink {
    int file, cause; /* errno of the first write that failed */
};

static ssize_t sink_write(void *cookie, const char *data, size_t size)
{
    struct duet_output_sink *sink = cookie;
    size_t done = 0;
    while (done < size) {
        ssize_t written = write(sink->file, data + done, size - done);
        if (written > 0) {
            done += (size_t)written;
        } else if (written == 0 || errno != EINTR) {
            if (!sink->cause) sink->cause = written == 0 ? EIO : errno;
            break;
        }
    }
    return (ssize_t)done;
}

static int sink_seek(void *cookie, off64_t *position, int whence)
{
    const struct duet_output_sink *sink = cookie;
    off64_t found = lseek64(sink->file, *position, whence);
    if (found < 0) return -1;
    *position = found;
    return 0;
}

static int sink_close(void *cookie)
{
    struct duet_output_sink *sink = cookie;
    int closed = close(sink->file);
    free(sink);
    return closed;
}

/* Give the output a stream on `file`, which is closed with it or, when that fails, here; then false, and
 * errno. */
static bool open_stream(struct duet_output *output, int file)
{
    const cookie_io_functions_t functions = {.write = sink_write, .seek = sink_seek, .close = sink_close};
    struct duet_output_sink *sink = malloc(sizeof *sink);
    if (sink) {
        *sink = (struct duet_output_sink){.file = file};
        output->stream = fopencookie(sink, "wb", functions);
    }
    if (!output->stream) {
        free(sink);
        close(file);
        errno = ENOMEM;
        return false;
    }
    setvbuf(output->stream, NULL, _IOFBF, 65536);
    output->sink = sink;
    output->file = file;
    return true;
}

/* --- what a name leads to ------------------------------------------------------------------------------- */

/* How many symbolic links are followed; the system follows as many. */
enum { MOST_LINKS = 40 };

/* The folder of a path, "." where it names none, "/" kept. NULL when out of memory; free() it. */
static char *folder_of(const char *path)
{
    size_t length = (size_t)(duet_path_name(path) - path);
    while (length > 1 && path[length - 1] == '/') length--;
    return length ? duet_text("%.*s", (int)length, path) : duet_text(".");
}

/* What the link says, as a path from where we are. NULL and errno; free() it. */
static char *read_link(const char *link)
{
    enum { LONGEST = 4096 };
    char text[LONGEST];
    ssize_t length = readlink(link, text, sizeof text);
    if (length < 0) return NULL;
    if (length == (ssize_t)sizeof text) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    int folder = text[0] == '/' ? 0 : (int)(duet_path_name(link) - link);
    char *path = duet_text("%.*s%.*s", folder, link, (int)length, text);
    if (!path) errno = ENOMEM;
    return path;
}

/* Is the link an open file of a process, as in /proc/self/fd and /dev/fd? What such a link says need not be a
 * path. Its number when the process is this one, -1 when not; -2 for other links. */
static int open_file_of(const char *link)
{
    int process = 0, number = 0, end = 0;
    char *folder = folder_of(link), *real = folder ? realpath(folder, NULL) : NULL;
    bool open_files = real && strncmp(real, "/proc/", 6) == 0 && strcmp(duet_path_name(real), "fd") == 0;
    if (!open_files)
        number = -2;
    else if (sscanf(real, "/proc/%d/", &process) != 1 || process != getpid() ||
             sscanf(duet_path_name(link), "%d%n", &number, &end) != 1 || duet_path_name(link)[end])
        number = -1;
    free(real);
    free(folder);
    return number;
}

/* What stands where something is to be written. */
struct place {
    char *target;   /* the plain file, or the name for a new one; NULL: write to what stands there */
    int open_file;  /* of this process, the one to write to; -1: none */
    bool there;     /* a plain file exists */
    struct stat st; /* if so */
};

/* Follow the links of `path`. False and errno. */
static bool follow_links(const char *path, struct place *place)
{
    struct stat st;
    place->target = duet_text("%s", path);
    for (int i = 0; place->target; i++) {
        if (lstat(place->target, &st) != 0) return errno == ENOENT;
        if (!S_ISLNK(st.st_mode)) return true;
        int number = open_file_of(place->target);
        if (number >= -1) {
            place->open_file = number;
            free(place->target);
            place->target = NULL;
            return true;
        }
        errno = ELOOP;
        char *next = i < MOST_LINKS ? read_link(place->target) : NULL;
        free(place->target);
        place->target = next;
        if (!next) return false;
    }
    errno = ENOMEM;
    return false;
}

/* Errors as duet_output_open's, but for those of the folder. */
static enum duet_status find_place(const char *path, unsigned flags, struct place *place,
                                   struct duet_error *error)
{
    *place = (struct place){.open_file = -1};
    if (!path[0]) return duet_fail(error, DUET_BAD_ARGUMENT, "the name of a file to write is empty");
    bool followed = follow_links(path, place);
    if (!followed) return duet_fail_errno(error, errno, "%s: cannot write", path);
    if (!place->target) return DUET_OK;
    if (stat(place->target, &place->st) != 0) {
        if (errno != ENOENT) return duet_fail_errno(error, errno, "%s: cannot write", path);
        if (duet_path_name(place->target)[0]) return DUET_OK;
        return duet_fail(error, DUET_BAD_ARGUMENT, "%s: names a folder, expected a file", path);
    }
    if (S_ISDIR(place->st.st_mode))
        return duet_fail(error, DUET_BAD_ARGUMENT, "%s: is a folder, expected the name of a file", path);
    place->there = S_ISREG(place->st.st_mode);
    if (!place->there) {
        free(place->target);
        place->target = NULL;
    } else if (!(flags & (DUET_OUTPUT_FORCE | DUET_OUTPUT_APPEND))) {
        return duet_fail(error, DUET_EXISTS, "%s: exists already", path);
    }
    return DUET_OK;
}

enum duet_status duet_output_check(const char *path, unsigned flags, struct duet_error *error)
{
    struct place place;
    enum duet_status status = find_place(path, flags, &place, error);
    if (status == DUET_OK && place.target) {
        bool in_place = place.there && flags & (DUET_OUTPUT_APPEND | DUET_OUTPUT_IN_PLACE);
        char *changed = in_place ? duet_text("%s", place.target) : folder_of(place.target);
        if (!changed)
            status = duet_no_memory(error, path, NULL);
        else if (faccessat(AT_FDCWD, changed, in_place ? W_OK : W_OK | X_OK, AT_EACCESS) != 0)
            status = duet_fail_errno(error, errno, "%s: cannot write", path);
        free(changed);
    }
    free(place.target);
    return status;
}

/* A name without the slashes at its end. NULL when out of memory; free() it. */
static char *bare_name(const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') length--;
    return duet_text("%.*s", (int)length, path);
}

/* Two names of nothing yet, their links followed: is it one name in one folder? */
static bool same_new_name(const char *a, const char *b)
{
    struct stat x, y;
    char *in_a = folder_of(a), *in_b = folder_of(b);
    bool same = in_a && in_b && strcmp(duet_path_name(a), duet_path_name(b)) == 0 &&
                (stat(in_a, &x) == 0 && stat(in_b, &y) == 0 ? x.st_dev == y.st_dev && x.st_ino == y.st_ino
                                                            : strcmp(in_a, in_b) == 0);
    free(in_a);
    free(in_b);
    return same;
}

bool duet_output_same(const char *a, const char *b)
{
    struct stat x, y;
    struct place place_a = {0}, place_b = {0};
    char *bare_a = bare_name(a), *bare_b = bare_name(b);
    bool same = bare_a && bare_b && follow_links(bare_a, &place_a) && follow_links(bare_b, &place_b) &&
                place_a.target && place_b.target;
    if (same) {
        bool there_a = stat(place_a.target, &x) == 0, there_b = stat(place_b.target, &y) == 0;
        if (there_a && there_b)
            same = (S_ISREG(x.st_mode) || S_ISDIR(x.st_mode)) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
        else
            same = !there_a && !there_b && same_new_name(place_a.target, place_b.target);
    }
    free(place_a.target);
    free(place_b.target);
    free(bare_a);
    free(bare_b);
    return same;
}

/* --- temporary files -------------------------------------------------------------------------------------
 *
 * Their names follow from the file's, so that what a dead process left is found without searching a folder of
 * a hundred thousand pictures for each of them: slot 0, or a later one where two write one name at once. Who
 * writes holds a lock (flock), which ends with the process. A file whose lock can be had was left behind; it
 * is unlinked with the lock held. Between making a file and locking it another process may do just that: then
 * the file has no name any more, and another is made. Where there are no locks (some network file systems),
 * nothing is removed. */

enum { SLOTS = 4, ATTEMPTS = 100 };

/* 48 bits of FNV-1a. */
static uint64_t name_hash(const char *name, int slot)
{
    uint64_t hash = (UINT64_C(0xcbf29ce484222325) ^ (uint64_t)slot) * UINT64_C(0x100000001b3);
    for (; *name; name++) hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return hash >> 16;
}

/* "DIR/.NAME.0123456789ab.tmp"; beyond the slots, at random. NULL and errno; free() it. */
static char *temporary_name(const char *target, int slot)
{
    const char *name = duet_path_name(target);
    uint64_t number = name_hash(name, slot);
    if (slot >= SLOTS && getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number) return NULL;
    /* A long name is cut: the temporary one may not be longer than NAME_MAX either. */
    char *path = duet_text("%.*s.%.200s.%012" PRIx64 ".tmp", (int)(name - target), target, name,
                           number & UINT64_C(0xffffffffffff));
    if (!path) errno = ENOMEM;
    return path;
}

/* Remove a temporary file that no process holds. */
static void remove_stale(const char *temporary)
{
    int file = open(temporary, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) return;
    struct stat st, named;
    bool stale = fstat(file, &st) == 0 && S_ISREG(st.st_mode) && flock(file, LOCK_EX | LOCK_NB) == 0;
    /* Its writer may have ended meanwhile, and the name be the next one's: only who has the lock on the file
     * that has the name may take the name away. */
    stale = stale && lstat(temporary, &named) == 0 && named.st_dev == st.st_dev && named.st_ino == st.st_ino;
    if (stale) unlink(temporary);
    close(file);
}

/* Make and lock `temporary`; -1 and errno, EEXIST when another has the name. Not mkostemps: its files are
 * 0600, and what a file's mode is to be, only the system can say without disturbing other threads (umask()
 * sets it). */
static int make_locked(const char *temporary)
{
    int file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0) return -1;
    struct stat st;
    bool taken = flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (!taken && (fstat(file, &st) != 0 || st.st_nlink > 0)) return file;
    close(file);
    errno = EEXIST;
    return -1;
}

/* Make output->temporary; -1 and errno when that cannot be. */
static int make_temporary(struct duet_output *output)
{
    for (int slot = 0; slot < SLOTS; slot++) {
        char *name = temporary_name(output->target, slot);
        if (name) remove_stale(name);
        free(name);
    }
    int file = -1;
    errno = EEXIST;
    for (int slot = 0; slot < ATTEMPTS && file < 0 && errno == EEXIST; slot++) {
        free(output->temporary);
        output->temporary = temporary_name(output->target, slot);
        if (output->temporary) file = make_locked(output->temporary);
    }
    if (file >= 0) return file;
    int cause = errno;
    free(output->temporary);
    output->temporary = NULL; /* it is another's */
    errno = cause;
    return -1;
}

/* --- opening -------------------------------------------------------------------------------------------- */

/* A file that replaces another is as readable as that one was, and to the same people. */
static void keep_permissions(int file, const struct stat *before)
{
    struct stat st;
    if (fstat(file, &st) != 0) return;
    if ((st.st_mode & 0777) != (before->st_mode & 0777)) fchmod(file, before->st_mode & 0777);
    bool mine = st.st_uid == before->st_uid && st.st_gid == before->st_gid;
    if (!mine && fchown(file, before->st_uid, before->st_gid) != 0) return; /* only root gives files away */
}

static int open_in_place(struct duet_output *output, const struct place *place, unsigned flags)
{
    int how = O_WRONLY | O_CREAT | O_CLOEXEC;
    how |= flags & DUET_OUTPUT_APPEND ? O_APPEND : flags & DUET_OUTPUT_FORCE ? O_TRUNC : O_EXCL;
    int file = open(output->target, how, 0666);
    output->made = file >= 0 && !place->there;
    if (file >= 0 && flags & DUET_OUTPUT_APPEND) lseek(file, 0, SEEK_END);
    return file;
}

/* A device, a pipe, or a file that is open already: then it goes on where that one is. */
static int open_special(const char *path, int open_file)
{
    int file;
    if (open_file < 0) {
        do file = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
        while (file < 0 && errno == EINTR);
        return file;
    }
    file = fcntl(open_file, F_DUPFD_CLOEXEC, 0);
    if (file < 0 || (fcntl(file, F_GETFL) & O_ACCMODE) != O_RDONLY) return file;
    close(file);
    errno = EBADF;
    return -1;
}

enum duet_status duet_output_open(struct duet_output *output, const char *path, unsigned flags,
                                  struct duet_error *error)
{
    struct place place;
    *output = (struct duet_output){0};
    enum duet_status status = find_place(path, flags, &place, error);
    output->target = place.target;
    output->path = status == DUET_OK ? duet_text("%s", path) : NULL;
    if (status == DUET_OK && !output->path) status = duet_no_memory(error, path, NULL);
    if (status == DUET_OK) {
        int file = !output->target ? open_special(path, place.open_file)
                   : flags & (DUET_OUTPUT_IN_PLACE | DUET_OUTPUT_APPEND)
                       ? open_in_place(output, &place, flags)
                       : make_temporary(output);
        if (file < 0 || !open_stream(output, file))
            status = duet_fail_errno(error, errno, "%s: cannot write", path);
        else if (output->temporary && place.there)
            keep_permissions(file, &place.st);
    }
    if (status != DUET_OK) duet_output_discard(output);
    return status;
}

/* --- ending --------------------------------------------------------------------------------------------- */

enum duet_status duet_output_cut(struct duet_output *output, size_t size, struct duet_error *error)
{
    if (!output->target)
        return duet_fail(error, DUET_UNSUPPORTED, "%s: is no plain file, and cannot be cut back",
                         output->path);
    __fpurge(output->stream);
    clearerr(output->stream);
    output->sink->cause = 0;
    int cut;
    do cut = ftruncate(output->file, (off_t)size);
    while (cut != 0 && errno == EINTR);
    if (cut == 0 && fseeko(output->stream, (off_t)size, SEEK_SET) == 0) return DUET_OK;
    return duet_fail_errno(error, errno, "%s: cannot cut back", output->path);
}

/* Pipes and some devices have nothing to sync, and say so. */
static int sync_file(const struct duet_output *output)
{
    int synced;
    do synced = fsync(output->file);
    while (synced != 0 && errno == EINTR);
    return synced == 0 || (!output->target && (errno == EINVAL || errno == EROFS || errno == ENOTSUP));
}

/* The file has its name; that the folder says so after a crash, too, is worth asking for and nothing to fail
 * by. */
static void sync_folder(const char *target)
{
    char *folder = folder_of(target);
    int file = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (file >= 0) {
        fsync(file);
        close(file);
    }
    free(folder);
}

/* The rename failed with `cause`: find a name that is no temporary file's, lest it be removed as one. */
static enum duet_status keep_elsewhere(struct duet_output *output, int cause, struct duet_error *error)
{
    const char *name = duet_path_name(output->target), *hidden = duet_path_name(output->temporary);
    size_t length = strlen(hidden);
    char *kept = duet_text("%.*s%.200s.%.12s.kept", (int)(name - output->target), output->target, name,
                           length >= 16 ? hidden + length - 16 : hidden);
    bool renamed = kept && !duet_path_exists(kept) && rename(output->temporary, kept) == 0;
    enum duet_status status = duet_fail_errno(error, cause, "%s: cannot write", output->path);
    if (error) {
        struct duet_error reason = *error;
        duet_fail(error, status, "%s; what was written is in %s", reason.text,
                  renamed ? kept : output->temporary);
    }
    free(kept);
    free(output->temporary);
    output->temporary = NULL;
    return status;
}

enum duet_status duet_output_commit(struct duet_output *output, struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    errno = 0;
    if (fflush(output->stream) != 0 || ferror(output->stream) || !sync_file(output)) {
        int cause = output->sink->cause ? output->sink->cause : errno ? errno : EIO;
        status = duet_fail_errno(error, cause, "%s: cannot write", output->path);
    } else if (output->temporary) {
        /* Before it is closed: its lock says that somebody needs it. */
        if (rename(output->temporary, output->target) == 0) {
            free(output->temporary);
            output->temporary = NULL;
            sync_folder(output->target);
        } else {
            status = keep_elsewhere(output, errno, error);
        }
    } else if (output->made) {
        sync_folder(output->target);
        output->made = false; /* an empty result is one */
    }
    /* Nothing is left that closing could lose. */
    duet_output_discard(output);
    return status;
}

void duet_output_discard(struct duet_output *output)
{
    if (!output) return;
    bool empty = false;
    if (output->stream) {
        struct stat st;
        __fpurge(output->stream);
        empty = output->made && fstat(output->file, &st) == 0 && st.st_size == 0;
    }
    if (output->temporary) unlink(output->temporary);
    if (output->stream) fclose(output->stream);
    if (empty) unlink(output->target);
    free(output->temporary);
    free(output->target);
    free(output->path);
    *output = (struct duet_output){0};
}
