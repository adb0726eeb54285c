#include "moving/kinds.h"

#include "core/fail.h"
#include "core/grow.h"
#include "picture/decode.h"
#include "picture/scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 25, CHUNK = 64 * 1024 };

struct duet_pictures {
    struct duet_stream *stream;
    const struct duet_picture_options *options;
    struct duet_warnings *warnings;
    duet_read_picture *read;
    void *ctx;
    uint8_t *data;                  /* from `offset` of the stream on */
    size_t size, capacity;
    int64_t offset;
    size_t length;   /* of the current picture, at the beginning of `data` */
    int64_t next;    /* number of the picture after it */
    int64_t *places; /* where pictures begin; of a file only */
    size_t place_count, place_capacity;
    bool at_end;
    bool cut;         /* the current picture's end has not come */
    const char *kind; /* "JPEGs" */
    int width, height;
};

/* --- bytes ---------------------------------------------------------------------------------------------- */

/* Read some more behind what is there. *got is 0 at the end. */
static enum duet_status read_more(struct duet_pictures *pictures, size_t *got, struct duet_error *error)
{
    if (pictures->capacity - pictures->size < CHUNK) {
        size_t capacity = pictures->capacity * 2 + CHUNK;
        if (pictures->size > pictures->options->max_bytes)
            return duet_stream_too_large(pictures->stream, pictures->options->max_bytes, error);
        uint8_t *grown = capacity > PTRDIFF_MAX ? NULL : realloc(pictures->data, capacity);
        if (!grown)
            return duet_fail(error, DUET_OUT_OF_MEMORY, "%s: no memory for %zu bytes", pictures->stream->name,
                             capacity);
        pictures->data = grown;
        pictures->capacity = capacity;
    }
    ptrdiff_t count =
        duet_stream_read_at(pictures->stream, pictures->offset + (int64_t)pictures->size,
                            pictures->data + pictures->size, pictures->capacity - pictures->size);
    if (count < 0) return duet_stream_fail(pictures->stream, count, error);
    pictures->size += (size_t)count;
    *got = (size_t)count;
    return DUET_OK;
}

static enum duet_status read_rest(struct duet_pictures *pictures, struct duet_error *error)
{
    size_t got = 1;
    enum duet_status status = DUET_OK;
    while (status == DUET_OK && got > 0) status = read_more(pictures, &got, error);
    return status;
}

/* Forget the first `count` bytes. */
static void drop(struct duet_pictures *pictures, size_t count)
{
    pictures->size -= count;
    pictures->offset += (int64_t)count;
    if (pictures->size > 0) memmove(pictures->data, pictures->data + count, pictures->size);
}

/* Let `data` begin with a whole picture; `scan` tells whether it is one. */
static enum duet_status load(struct duet_pictures *pictures, struct duet_scan *scan, struct duet_error *error)
{
    size_t got = 1;
    *scan = (struct duet_scan){0};
    for (;;) {
        bool known = pictures->size >= DUET_SCAN_SIGN || got == 0;
        if (known && pictures->size > 0) duet_scan_more(scan, pictures->data, pictures->size);
        pictures->length = scan->length;
        if (scan->ended || scan->broken || got == 0) return DUET_OK;
        enum duet_status status = read_more(pictures, &got, error);
        if (status != DUET_OK) return status;
    }
}

static bool is_filling(uint8_t byte)
{
    return byte == 0 || byte == '\r' || byte == '\n' || byte == ' ' || byte == '\t';
}

/* Go to the next picture's first byte, over what some senders put between. *more: there is one byte at least.
 */
static enum duet_status skip_filling(struct duet_pictures *pictures, bool *more, struct duet_error *error)
{
    for (;;) {
        size_t got = 0, count = 0;
        while (count < pictures->size && is_filling(pictures->data[count])) count++;
        drop(pictures, count);
        *more = pictures->size > 0;
        if (*more) return DUET_OK;
        enum duet_status status = read_more(pictures, &got, error);
        if (status != DUET_OK || got == 0) return status;
    }
}

/* --- a still or not ------------------------------------------------------------------------------------- */

/* Is it what may hold anything, one picture and whatever a program wrote behind it? */
static bool is_file(const struct duet_stream *stream)
{
    return stream->size >= 0 && (stream->owned || stream->memory);
}

/* Does another picture come right behind the first one? *rest: where what comes there begins. */
static enum duet_status look_behind(struct duet_pictures *pictures, const struct duet_scan *first,
                                    size_t *rest, bool *another, struct duet_error *error)
{
    bool file = is_file(pictures->stream);
    struct duet_scan second = {0};
    size_t got = 1;
    *rest = pictures->length;
    for (;;) {
        while (*rest < pictures->size && is_filling(pictures->data[*rest])) ++*rest;
        size_t there = pictures->size - *rest;
        const uint8_t *data = pictures->data + *rest; /* one picture at least lies before */
        const struct duet_scan_kind *kind = duet_scan_kind(data, there);
        if (kind && file) duet_scan_more(&second, data, there);
        *another = kind && (!file || (second.width > 0 && !second.broken));
        if (*another || second.broken || (!kind && there >= DUET_SCAN_SIGN) || got == 0) break;
        enum duet_status status = read_more(pictures, &got, error);
        if (status != DUET_OK) return status;
    }
    bool jpeg = first->kind->matches == duet_jpeg_matches;
    if (*another && file && jpeg)
        *another =
            second.kind == first->kind && second.width == first->width && second.height == first->height;
    return DUET_OK;
}

/* It is a still: give back what a pipe held. */
static enum duet_status give_back(struct duet_pictures *pictures, uint8_t **data, size_t *size,
                                  struct duet_error *error)
{
    if (pictures->stream->size >= 0) return DUET_OK;
    enum duet_status status = read_rest(pictures, error);
    if (status == DUET_OK && pictures->size > pictures->options->max_bytes)
        status = duet_stream_too_large(pictures->stream, pictures->options->max_bytes, error);
    if (status != DUET_OK) return status;
    *data = pictures->data;
    *size = pictures->size;
    pictures->data = NULL;
    return DUET_OK;
}

/* What stands behind the only picture of a stream gets lost, which is told. */
static enum duet_status tell_rest(struct duet_pictures *pictures, size_t rest, struct duet_error *error)
{
    enum duet_status status = read_rest(pictures, error);
    if (status != DUET_OK || pictures->size == rest) return status;
    const struct duet_coded coded = {.name = pictures->stream->name,
                                     .options = pictures->options,
                                     .warnings = pictures->warnings,
                                     .error = error};
    return duet_coded_warn(&coded, "%zu bytes behind the picture are passed over", pictures->size - rest);
}

static void close_pictures(void *self)
{
    struct duet_pictures *pictures = self;
    if (!pictures) return;
    free(pictures->data);
    free(pictures->places);
    free(pictures);
}

enum duet_status duet_pictures_open(struct duet_stream *stream, const struct duet_picture_options *options,
                                    struct duet_warnings *warnings, duet_read_picture *read, void *ctx,
                                    struct duet_pictures **pictures, uint8_t **data, size_t *size,
                                    struct duet_error *error)
{
    struct duet_pictures *made = calloc(1, sizeof *made);
    *pictures = NULL;
    if (!made) return duet_no_memory(error, stream->name, NULL);
    made->stream = stream;
    made->options = options;
    made->warnings = warnings;
    made->read = read;
    made->ctx = ctx;
    struct duet_scan scan;
    bool another = false;
    size_t rest;
    enum duet_status status = load(made, &scan, error);
    if (status == DUET_OK && scan.ended && !scan.several) {
        status = look_behind(made, &scan, &rest, &another, error);
        if (status == DUET_OK && !another && !is_file(stream)) status = tell_rest(made, rest, error);
    }
    if (status == DUET_OK && !another) status = give_back(made, data, size, error);
    if (status != DUET_OK || !another) {
        close_pictures(made);
        return status;
    }
    made->kind = scan.kind->plural;
    made->width = scan.width;
    made->height = scan.height;
    made->length = 0; /* the first step comes to it */
    *pictures = made;
    return DUET_OK;
}

/* --- frames --------------------------------------------------------------------------------------------- */

static struct duet_frames_about about(const void *self)
{
    const struct duet_pictures *pictures = self;
    return (struct duet_frames_about){.moving = true,
                                      .seekable = pictures->stream->size >= 0,
                                      .width = pictures->width,
                                      .height = pictures->height,
                                      .rate_num = RATE,
                                      .rate_den = 1,
                                      .kind = pictures->kind};
}

static enum duet_status note_place(struct duet_pictures *pictures, struct duet_error *error)
{
    if (pictures->stream->size < 0 || (size_t)pictures->next < pictures->place_count) return DUET_OK;
    if (!DUET_GROW(pictures->places, pictures->place_capacity, pictures->place_count + 1))
        return duet_no_memory(error, pictures->stream->name, NULL);
    pictures->places[pictures->place_count++] = pictures->offset;
    return DUET_OK;
}

/* At the end of a pipe a picture may lack its end, which its decoder judges. */
static enum duet_status step(void *self, struct duet_moving_stamp *stamp, bool *more,
                             struct duet_error *error)
{
    struct duet_pictures *pictures = self;
    struct duet_scan scan;
    *more = false;
    if (pictures->at_end) return DUET_OK;
    drop(pictures, pictures->length);
    pictures->length = 0;
    bool there;
    enum duet_status status = skip_filling(pictures, &there, error);
    pictures->at_end = status == DUET_OK && !there;
    if (status == DUET_OK && there) status = load(pictures, &scan, error);
    if (status != DUET_OK || !there) return status;
    if (scan.broken)
        return duet_fail(error, DUET_BAD_FORMAT, "%s: damaged after %lld frames, expected another picture",
                         pictures->stream->name, (long long)pictures->next);
    pictures->cut = !scan.ended;
    status = note_place(pictures, error);
    if (status != DUET_OK) return status;
    int64_t number = pictures->next++;
    *stamp = (struct duet_moving_stamp){number, (double)number / RATE, (double)number / RATE};
    *more = true;
    return DUET_OK;
}

static enum duet_status image(void *self, struct duet_image *into, int *orientation, struct duet_error *error)
{
    const struct duet_pictures *pictures = self;
    *orientation = 1; /* the picture comes upright if it is to be */
    enum duet_status status =
        pictures->read(pictures->ctx, NULL, pictures->data, pictures->length, into, error);
    if (status == DUET_BAD_FORMAT && pictures->cut)
        return duet_fail(error, status, "%s: cut off after %lld frames, expected another picture",
                         pictures->stream->name, (long long)pictures->next - 1);
    return status;
}

/* Let the next step come to picture `number`, whose place is known. */
static void go_to(struct duet_pictures *pictures, int64_t number)
{
    pictures->offset = pictures->places[number];
    pictures->size = pictures->length = 0;
    pictures->next = number;
    pictures->at_end = false;
}

static enum duet_status seek(void *self, double time, int every, struct duet_error *error)
{
    struct duet_pictures *pictures = self;
    double at = floor(time * RATE);
    int64_t number = at > 0 ? at < 1e15 ? (int64_t)at : (int64_t)1e15 : 0;
    if (pictures->place_count > 0) go_to(pictures, (int64_t)pictures->place_count - 1);
    struct duet_moving_stamp stamp;
    bool more = true;
    enum duet_status status = DUET_OK;
    while (status == DUET_OK && more && number >= (int64_t)pictures->place_count)
        status = step(pictures, &stamp, &more, error);
    if (status == DUET_OK && more) go_to(pictures, number - number % every);
    return status;
}

const struct duet_moving_type duet_pictures_type = {about, step, image, seek, close_pictures};
