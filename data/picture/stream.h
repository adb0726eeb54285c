/* stream.h: where an input's bytes come from: a regular file or memory, read at any place; or a pipe, read on
 * and on, whose first bytes can be looked at before. Internal.
 */
#ifndef DUET_DATA_PICTURE_STREAM_H
#define DUET_DATA_PICTURE_STREAM_H

#include "duet/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DUET_STREAM_HEAD = 64 };

struct duet_stream {
    const char *name;             /* borrowed; stands first in error texts */
    bool (*cancelled)(void *ctx); /* asked while a pipe makes us wait; may be NULL */
    void *ctx;
    const uint8_t *memory;          /* NULL: fd */
    int fd;                         /* -1: none */
    bool owned;                     /* fd is closed with the stream */
    int64_t size;                   /* -1: a pipe */
    int64_t base;                   /* where in the file the stream begins */
    uint8_t head[DUET_STREAM_HEAD]; /* of a pipe: what was looked at */
    size_t head_size;
    int64_t position; /* of a pipe: how much of it was taken, or of anything, by duet_stream_read */
};

/* Open a file, pipe or device. Errors: those of open(); DUET_BAD_ARGUMENT for a folder. */
enum duet_status duet_stream_open(struct duet_stream *stream, const char *path, struct duet_error *error);

/* Standard input, from where it is. */
enum duet_status duet_stream_open_stdin(struct duet_stream *stream, struct duet_error *error);

void duet_stream_open_memory(struct duet_stream *stream, const void *data, size_t size);

/* Up to DUET_STREAM_HEAD first bytes into `head`, fewer only when there are no more. Before any reading. */
enum duet_status duet_stream_peek(struct duet_stream *stream, uint8_t *head, size_t *size,
                                  struct duet_error *error);

/* Read up to `size` bytes from `position`; a pipe must be where it is told to be. 0: the end; negative: an
 * errno's, -ECANCELED when `cancelled` said so. `stream` is a struct duet_stream. */
ptrdiff_t duet_stream_read_at(void *stream, int64_t position, uint8_t *data, size_t size);

/* The error of a negative count. */
enum duet_status duet_stream_fail(const struct duet_stream *stream, ptrdiff_t count,
                                  struct duet_error *error);

/* The error of a picture of more than `max_bytes`. */
enum duet_status duet_stream_too_large(const struct duet_stream *stream, size_t max_bytes,
                                       struct duet_error *error);

/* Everything from the beginning to the end; free() *data, which is never NULL after success. Errors:
 * DUET_TOO_LARGE over `max_bytes`, checked before memory is taken where the size is known. */
enum duet_status duet_stream_read_all(struct duet_stream *stream, size_t max_bytes, uint8_t **data,
                                      size_t *size, struct duet_error *error);

void duet_stream_close(struct duet_stream *stream);

#endif
