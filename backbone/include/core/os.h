/* os.h: everything Duet needs that C11 does not have: whole files, files that appear under their name only
 * when complete, a clock. Internal to Duet's libraries and programs. */
#ifndef DUET_CORE_OS_H
#define DUET_CORE_OS_H

#include "duet/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* --- reading ------------------------------------------------------------------------------------------ */

/* Bytes of a file, in memory. End with duet_bytes_close. */
struct duet_bytes {
    const uint8_t *data; /* never NULL after success, even when size is 0 */
    size_t size;
};

/* Read a whole regular file or pipe into memory. Errors: those of open and read with `path` in the text;
 * DUET_TOO_LARGE over `max_bytes` (checked before memory is taken where the size is known);
 * DUET_BAD_ARGUMENT for a directory. */
enum duet_status duet_read_file(const char *path, size_t max_bytes, struct duet_bytes *bytes,
                                struct duet_error *error);

/* Read a stream to its end (stdin, say). `name` stands in error texts. The stream stays open. */
enum duet_status duet_read_stream(FILE *stream, const char *name, size_t max_bytes, struct duet_bytes *bytes,
                                  struct duet_error *error);

/* At the head of a text that is read as UTF-8, behind the byte order mark that some editors put before it, if
 * any: *begin is where its first line begins. UTF-16 and UTF-32 by their marks: DUET_BAD_FORMAT, "NAME: is
 * UTF-16, expected UTF-8", where without a word the first line would be some strange name and the others none
 * at all. */
enum duet_status duet_bom_check(const char *name, const void *data, size_t size, size_t *begin,
                                struct duet_error *error);

void duet_bytes_close(struct duet_bytes *bytes);

/* --- writing ------------------------------------------------------------------------------------------ */

/* The one way to write a file that has a name. Open, write to `stream`, then commit or discard; after either
 * the struct is zero. What happens depends on what the name leads to, symbolic links followed:
 *
 * - nothing, or a plain file: what is written goes to a temporary file beside it, which gets the name when it
 *   is complete, with the permissions and the owner of the file that it replaces. A link stays a link. The
 *   temporary file is locked while it is written; one that nobody holds any more was left by a process that
 *   died, and goes away when a file of the same name is opened next.
 * - a device or a pipe, or an open file of this process ("/dev/stdout"): it is written to as it stands.
 *
 * A write that a signal interrupts goes on. `stream` is fully buffered, and fileno() knows nothing of it. */
struct duet_output {
    FILE *stream;
    int file;        /* the stream's descriptor */
    char *path;      /* the name as it was given */
    char *target;    /* the plain file that it leads to; NULL: a device or pipe */
    char *temporary; /* "DIR/.NAME.0123456789ab.tmp", to become `target`; NULL: it is written in place */
    bool made;       /* in place, and there was no such file before */
    struct duet_output_sink *sink;
};

enum duet_output_flags {
    DUET_OUTPUT_FORCE = 1,    /* an existing plain file may be replaced */
    DUET_OUTPUT_IN_PLACE = 2, /* for what has no end: the file stands under its name at once, and what is
                                 flushed is in it */
    DUET_OUTPUT_APPEND = 4    /* in place, behind what an existing file holds; needs no FORCE */
};

/* Errors: DUET_BAD_ARGUMENT when the name is empty or a folder's; DUET_EXISTS of a plain file without FORCE
 * or APPEND; DUET_NOT_FOUND (no such folder), DUET_IO_ERROR (links in a circle, too), DUET_OUT_OF_MEMORY. */
enum duet_status duet_output_open(struct duet_output *output, const char *path, unsigned flags,
                                  struct duet_error *error);

/* Would open refuse the name as it stands now? For asking before work starts. Nothing is made or opened; the
 * folder must be there and allow new files. */
enum duet_status duet_output_check(const char *path, unsigned flags, struct duet_error *error);

/* Do two names lead to the same plain file or folder, or would they once it is made? Never of devices and
 * pipes. */
bool duet_output_same(const char *a, const char *b);

/* After a write to the stream that failed (a full disk, a limit on files' sizes): forget what is still
 * buffered, cut the file back to its first `size` bytes and go on there, as if nothing had failed. So a
 * writer that notes ftello() after each flushed record can end a file with whole records, and commit it.
 * DUET_UNSUPPORTED of a device or pipe: what was written there is gone. */
enum duet_status duet_output_cut(struct duet_output *output, size_t size, struct duet_error *error);

/* Flush, fsync, rename, close, and fsync the folder. When something was not written, the temporary file is
 * removed and what stood under the name before is untouched; a file in place stays as far as it came. When
 * only the rename fails, what was written stays under a name that the error's text ends with. */
enum duet_status duet_output_commit(struct duet_output *output, struct duet_error *error);

/* Close and remove the temporary file; a file written in place stays, unless it was made by this output and
 * is empty. Accepts NULL and a zeroed struct. */
void duet_output_discard(struct duet_output *output);

/* --- this machine ------------------------------------------------------------------------------------- */

/* Bytes of a core's data cache of level 1 or 2; 0 when the system does not tell. */
size_t duet_cache_bytes(int level);

/* --- paths -------------------------------------------------------------------------------------------- */

/* Make a folder and its parents (mode 0777 less umask); fine when it exists. DUET_BAD_ARGUMENT of an empty
 * name. */
enum duet_status duet_make_folders(const char *path, struct duet_error *error);

bool duet_path_exists(const char *path);
bool duet_path_is_folder(const char *path);
/* A device, pipe or socket: something that stands there and is neither a folder nor a regular file. */
bool duet_path_is_special(const char *path);

/* The part after the last '/', within `path`. */
const char *duet_path_name(const char *path);

/* That part's ending, its '.' included, within `path`; "" of a name without one, or with none but its first
 * character. */
const char *duet_path_extension(const char *path);

/* "a" + "b" -> "a/b", "a/" + "b" -> "a/b", "" + "b" -> "b". NULL when out of memory; free() it. */
char *duet_path_join(const char *folder, const char *name);

/* printf into new memory. NULL when out of memory; free() it. */
char *duet_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* --- memory ------------------------------------------------------------------------------------------- */

/* Memory that begins at a cache line. Large blocks are laid so, and the system is asked, that they lie in
 * huge pages: thousands of page faults less at the start and hardly a TLB miss afterwards. NULL when out of
 * memory; free() it. */
void *duet_alloc_pages(size_t bytes);

/* --- time --------------------------------------------------------------------------------------------- */

/* Seconds of a clock that only goes forward. */
double duet_seconds(void);

#endif
