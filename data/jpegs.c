#include "jpegs.h"

#include "core/checked.h"
#include "core/fail.h"
#include "decode.h"
#include "jpeg_scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 25, CHUNK = 64 * 1024 };

struct duet_jpegs {
    struct duet_stream *stream;
    const struct duet_frames_options *options;
    struct duet_warnings *warnings; /* of the frame that is decoded */
    uint8_t *data;                  /* from `offset` of the stream on */
    size_t size, capacity;
    int64_t offset;
    size_t length;   /* of the current picture, at the beginning of `data` */
    int64_t next;    /* number of the picture after it */
    int64_t *places; /* where pictures begin; of a file only */
    size_t place_count, place_capacity;
    bool at_end;
    int width, height;
};

/* --- bytes ---------------------------------------------------------------------------------------------- */

/* Read some more behind what is there. *got is 0 at the end. */
static enum duet_status read_more(struct duet_jpegs *jpegs, size_t *got, struct duet_error *error)
{
    const char *name = jpegs->stream->name;
    if (jpegs->capacity - jpegs->size < CHUNK) {
        size_t capacity = jpegs->capacity * 2 + CHUNK;
        if (jpegs->size > jpegs->options->max_bytes)
            return duet_fail(error, DUET_TOO_LARGE, "%s: larger than the limit of %zu bytes", name,
                             jpegs->options->max_bytes);
        uint8_t *grown = capacity > PTRDIFF_MAX ? NULL : realloc(jpegs->data, capacity);
        if (!grown)
            return duet_fail(error, DUET_OUT_OF_MEMORY, "%s: no memory for %zu bytes", name, capacity);
        jpegs->data = grown;
        jpegs->capacity = capacity;
    }
    ptrdiff_t count = duet_stream_read_at(jpegs->stream, jpegs->offset + (int64_t)jpegs->size,
                                          jpegs->data + jpegs->size, jpegs->capacity - jpegs->size);
    if (count < 0) return duet_stream_fail(jpegs->stream, count, error);
    jpegs->size += (size_t)count;
    *got = (size_t)count;
    return DUET_OK;
}

/* Forget the first `count` bytes. */
static void drop(struct duet_jpegs *jpegs, size_t count)
{
    jpegs->size -= count;
    jpegs->offset += (int64_t)count;
    if (jpegs->size > 0) memmove(jpegs->data, jpegs->data + count, jpegs->size);
}

/* Let `data` begin with a whole picture; `scan` tells whether it is one. */
static enum duet_status load(struct duet_jpegs *jpegs, struct duet_jpeg_scan *scan, struct duet_error *error)
{
    size_t got = 1;
    *scan = (struct duet_jpeg_scan){0};
    jpegs->length = 0;
    enum duet_status status = DUET_OK;
    for (;;) {
        if (jpegs->size > jpegs->length) /* before the first reading `data` is NULL */
            jpegs->length += duet_jpeg_scan(scan, jpegs->data + jpegs->length, jpegs->size - jpegs->length);
        if (scan->ended || scan->broken || got == 0) return DUET_OK;
        status = read_more(jpegs, &got, error);
        if (status != DUET_OK) return status;
    }
}

static bool is_filling(uint8_t byte)
{
    return byte == 0 || byte == '\r' || byte == '\n';
}

/* Go to the next picture's first byte, over what some senders put between. *more: there is one byte at least.
 */
static enum duet_status skip_filling(struct duet_jpegs *jpegs, bool *more, struct duet_error *error)
{
    for (;;) {
        size_t got, count = 0;
        while (count < jpegs->size && is_filling(jpegs->data[count])) count++;
        drop(jpegs, count);
        *more = jpegs->size > 0;
        if (*more) return DUET_OK;
        enum duet_status status = read_more(jpegs, &got, error);
        if (status != DUET_OK || got == 0) return status;
    }
}

/* --- a still or not ------------------------------------------------------------------------------------- */

/* Does another picture come right behind the first one? */
static enum duet_status look_behind(struct duet_jpegs *jpegs, const struct duet_jpeg_scan *first,
                                    bool *another, struct duet_error *error)
{
    enum { SIGN = 3 };
    bool file = jpegs->stream->size >= 0;
    struct duet_jpeg_scan second = {0};
    size_t begin = jpegs->length, at = begin, got = 1;
    *another = false;
    while (got > 0) {
        while (begin == at && at < jpegs->size && is_filling(jpegs->data[at])) begin = ++at;
        at += duet_jpeg_scan(&second, jpegs->data + at, jpegs->size - at);
        if (second.broken || second.width > 0 || (!file && jpegs->size >= begin + SIGN)) break;
        enum duet_status status = read_more(jpegs, &got, error);
        if (status != DUET_OK) return status;
    }
    *another = !second.broken && jpegs->size >= begin + SIGN &&
               (!file || (second.width == first->width && second.height == first->height));
    return DUET_OK;
}

/* It is a still: give back what a pipe held. */
static enum duet_status give_back(struct duet_jpegs *jpegs, uint8_t **data, size_t *size,
                                  struct duet_error *error)
{
    size_t got = 1;
    enum duet_status status = DUET_OK;
    if (jpegs->stream->size >= 0) return DUET_OK;
    while (status == DUET_OK && got > 0) status = read_more(jpegs, &got, error);
    if (status == DUET_OK && jpegs->size > jpegs->options->max_bytes)
        status = duet_fail(error, DUET_TOO_LARGE, "%s: larger than the limit of %zu bytes",
                           jpegs->stream->name, jpegs->options->max_bytes);
    if (status != DUET_OK) return status;
    *data = jpegs->data;
    *size = jpegs->size;
    jpegs->data = NULL;
    return DUET_OK;
}

static void close_jpegs(void *self)
{
    struct duet_jpegs *jpegs = self;
    if (!jpegs) return;
    free(jpegs->data);
    free(jpegs->places);
    free(jpegs);
}

enum duet_status duet_jpegs_open(struct duet_stream *stream, const struct duet_frames_options *options,
                                 struct duet_warnings *warnings, struct duet_jpegs **jpegs, uint8_t **data,
                                 size_t *size, struct duet_error *error)
{
    struct duet_jpegs *made = calloc(1, sizeof *made);
    *jpegs = NULL;
    if (!made) return duet_fail(error, DUET_OUT_OF_MEMORY, "%s: no memory", stream->name);
    made->stream = stream;
    made->options = options;
    made->warnings = warnings;
    struct duet_jpeg_scan scan;
    bool another = false;
    enum duet_status status = load(made, &scan, error);
    if (status == DUET_OK && scan.ended && !scan.several) status = look_behind(made, &scan, &another, error);
    if (status == DUET_OK && !another) status = give_back(made, data, size, error);
    if (status != DUET_OK || !another) {
        close_jpegs(made);
        return status;
    }
    made->width = scan.width;
    made->height = scan.height;
    made->length = 0; /* the first step comes to it */
    *jpegs = made;
    return DUET_OK;
}

/* --- frames --------------------------------------------------------------------------------------------- */

static void about(const void *self, struct duet_frames_about *told)
{
    const struct duet_jpegs *jpegs = self;
    *told = (struct duet_frames_about){.moving = true,
                                       .seekable = jpegs->stream->size >= 0,
                                       .width = jpegs->width,
                                       .height = jpegs->height,
                                       .rate_num = RATE,
                                       .rate_den = 1,
                                       .kind = "JPEGs"};
}

static enum duet_status note_place(struct duet_jpegs *jpegs, struct duet_error *error)
{
    if (jpegs->stream->size < 0 || (size_t)jpegs->next < jpegs->place_count) return DUET_OK;
    if (jpegs->place_count == jpegs->place_capacity) {
        size_t capacity = jpegs->place_capacity ? jpegs->place_capacity * 2 : 64, bytes;
        int64_t *grown =
            duet_mul_size(capacity, sizeof *grown, &bytes) ? realloc(jpegs->places, bytes) : NULL;
        if (!grown) return duet_fail(error, DUET_OUT_OF_MEMORY, "%s: no memory", jpegs->stream->name);
        jpegs->places = grown;
        jpegs->place_capacity = capacity;
    }
    jpegs->places[jpegs->place_count++] = jpegs->offset;
    return DUET_OK;
}

static enum duet_status step(void *self, struct duet_moving_stamp *stamp, bool *more,
                             struct duet_error *error)
{
    struct duet_jpegs *jpegs = self;
    struct duet_jpeg_scan scan;
    *more = false;
    if (jpegs->at_end) return DUET_OK;
    drop(jpegs, jpegs->length);
    jpegs->length = 0;
    bool there;
    enum duet_status status = skip_filling(jpegs, &there, error);
    jpegs->at_end = status == DUET_OK && !there;
    if (status == DUET_OK && there) status = load(jpegs, &scan, error);
    if (status != DUET_OK || !there) return status;
    if (!scan.ended)
        return duet_fail(error, DUET_BAD_FORMAT, "%s: %s after %lld frames, expected another JPEG",
                         jpegs->stream->name, scan.broken ? "damaged" : "cut off", (long long)jpegs->next);
    status = note_place(jpegs, error);
    if (status != DUET_OK) return status;
    int64_t number = jpegs->next++;
    *stamp = (struct duet_moving_stamp){number, (double)number / RATE, (double)number / RATE};
    *more = true;
    return DUET_OK;
}

static enum duet_status image(void *self, struct duet_image *into, int *orientation, struct duet_error *error)
{
    const struct duet_jpegs *jpegs = self;
    const struct duet_coded coded = {.name = jpegs->stream->name,
                                     .data = jpegs->data,
                                     .size = jpegs->length,
                                     .options = jpegs->options,
                                     .warnings = jpegs->warnings};
    *orientation = 0;
    return duet_decode_jpeg(&coded, into, orientation, error);
}

/* Let the next step come to picture `number`, whose place is known. */
static void go_to(struct duet_jpegs *jpegs, int64_t number)
{
    jpegs->offset = jpegs->places[number];
    jpegs->size = jpegs->length = 0;
    jpegs->next = number;
    jpegs->at_end = false;
}

static enum duet_status seek(void *self, double time, int every, struct duet_error *error)
{
    struct duet_jpegs *jpegs = self;
    double at = floor(time * RATE);
    int64_t number = at > 0 ? at < 1e15 ? (int64_t)at : (int64_t)1e15 : 0;
    if (jpegs->place_count > 0) go_to(jpegs, (int64_t)jpegs->place_count - 1);
    struct duet_moving_stamp stamp;
    bool more = true;
    enum duet_status status = DUET_OK;
    while (status == DUET_OK && more && number >= (int64_t)jpegs->place_count)
        status = step(jpegs, &stamp, &more, error);
    if (status == DUET_OK && more) go_to(jpegs, number - number % every);
    return status;
}

const struct duet_moving_type duet_jpegs_type = {about, step, image, seek, close_jpegs};
