/* os.h: everything Duet needs that C11 does not have: whole files, mappings, files that appear under their
 * name only when complete, a clock. Internal to Duet's libraries and programs. */
#ifndef DUET_CORE_OS_H
#define DUET_CORE_OS_H

#include "duet/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* --- reading ------------------------------------------------------------------------------------------ */

/* Bytes of a file: read into memory or mapped. End with duet_bytes_close. */
struct duet_bytes {
    const uint8_t *data; /* never NULL after success, even when size is 0 */
    size_t size;
    void *mapping; /* how it is to be freed */
};

/* Read a whole regular file or pipe into memory. Errors: those of open and read with `path` in the text;
 * DUET_TOO_LARGE over `max_bytes` (checked before memory is taken where the size is known);
 * DUET_BAD_ARGUMENT for a directory. */
enum duet_status duet_read_file(const char *path, size_t max_bytes, struct duet_bytes *bytes,
                                struct duet_error *error);

/* Read a stream to its end (stdin, say). `name` stands in error texts. The stream stays open. */
enum duet_status duet_read_stream(FILE *stream, const char *name, size_t max_bytes, struct duet_bytes *bytes,
                                  struct duet_error *error);

/* Map a regular file read-only. */
enum duet_status duet_map_file(const char *path, struct duet_bytes *bytes, struct duet_error *error);

/* The system may take back the memory that holds `size` bytes from `from` on, which lie in `bytes`, of a
 * mapped file: they are read again when they are looked at again. Of bytes that are not mapped: nothing. */
void duet_bytes_forget(const struct duet_bytes *bytes, const void *from, size_t size);

void duet_bytes_close(struct duet_bytes *bytes);

/* --- writing ------------------------------------------------------------------------------------------ */

/* A file that is written under a temporary name beside its final one, and renamed when complete:
 * open, write to `stream`, then commit or discard. After either the struct is zero. */
struct duet_output {
    FILE *stream;
    char *path;      /* final name */
    char *temporary; /* "DIR/.NAME.0123456789ab.tmp", random */
};

/* Errors: DUET_IO_ERROR, DUET_NOT_FOUND (no such folder), DUET_OUT_OF_MEMORY. */
enum duet_status duet_output_open(struct duet_output *output, const char *path, struct duet_error *error);

/* Flush, fsync, close, rename over `path`. On failure (a full disk, say) the temporary file is removed and
 * whatever stood under `path` before is untouched. */
enum duet_status duet_output_commit(struct duet_output *output, struct duet_error *error);

/* Close and remove the temporary file. Accepts NULL and a zeroed struct. */
void duet_output_discard(struct duet_output *output);

/* --- this machine ------------------------------------------------------------------------------------- */

/* Bytes of a core's data cache of level 1 or 2; 0 when the system does not tell. */
size_t duet_cache_bytes(int level);

/* --- paths -------------------------------------------------------------------------------------------- */

/* Make a folder and its parents (mode 0777 less umask); fine when it exists. */
enum duet_status duet_make_folders(const char *path, struct duet_error *error);

bool duet_path_exists(const char *path);
bool duet_path_is_folder(const char *path);
/* A device, pipe or socket: something that stands there and is neither a folder nor a regular file. */
bool duet_path_is_special(const char *path);

/* The part after the last '/', within `path`. */
const char *duet_path_name(const char *path);

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
