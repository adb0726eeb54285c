/* read.h: JSON files of any size, read piece by piece (yajl underneath). Internal to duet-data and
 * duet-eval.
 *
 * A handler sees the file as a row of tokens and keeps what it wants. Memory is one chunk plus the longest
 * token. Whatever is wrong, with the JSON or with its meaning, is reported with line and column.
 *
 * Read is what Python's json reads, which is where most of these files come from: RFC 8259 in UTF-8, and NaN,
 * Infinity and -Infinity as numbers; also a byte order mark in front. Of a key that comes twice the handler
 * sees both. */
#ifndef DUET_DATA_JSON_READ_H
#define DUET_DATA_JSON_READ_H

#include "duet/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum duet_json_kind {
    DUET_JSON_OBJECT,
    DUET_JSON_OBJECT_END,
    DUET_JSON_ARRAY,
    DUET_JSON_ARRAY_END,
    DUET_JSON_KEY,
    DUET_JSON_STRING,
    DUET_JSON_NUMBER,
    DUET_JSON_BOOL,
    DUET_JSON_NULL
};

struct duet_json_token {
    enum duet_json_kind kind;
    int depth; /* containers open around it; an object's or array's own begin and end do not count it */
    const char *text; /* of a key, string (decoded) or number; not terminated; borrowed for the call */
    size_t length;
};

#define DUET_JSON_MAX_DEPTH 1000 /* Python's own limit lies there */
#define DUET_JSON_MAX_TOKEN ((size_t)16 << 20)

struct duet_json_reader;

/* Called for each token; returns what duet_json_refuse returned to stop, else true. */
typedef bool duet_json_handler(void *ctx, struct duet_json_reader *reader,
                               const struct duet_json_token *token);

/* Stop with this fault; file, line and column are added. Returns false. */
bool duet_json_refuse(struct duet_json_reader *reader, enum duet_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "an object", "an array", "a string" ... for such faults. */
const char *duet_json_kind_name(enum duet_json_kind kind);

/* The same of a token; a number is named by its text, put in `room`, of which 40 bytes suffice. */
#define DUET_JSON_GOT 41
const char *duet_json_got(const struct duet_json_token *token, char room[DUET_JSON_GOT]);

/* Errors: those of opening and reading; DUET_BAD_FORMAT with line and column (in bytes, from 1);
 * DUET_TOO_LARGE for nesting or tokens over the limits above; what the handler said. */
enum duet_status duet_json_read(const char *path, duet_json_handler *handler, void *ctx,
                                struct duet_error *error);

static inline bool duet_json_is(const struct duet_json_token *token, const char *text)
{
    return token->length == strlen(text) && memcmp(token->text, text, token->length) == 0;
}

/* The value of a number token, correctly rounded, whatever the locale; too large becomes an infinity. NaN for
 * "NaN". */
double duet_json_double(const struct duet_json_token *token);

/* The value of a number, or of what is one to Python: true, false. False for any other token. */
bool duet_json_number(const struct duet_json_token *token, double *value);

/* Is that how JSON writes a number? */
bool duet_json_is_number(const char *text, size_t length);

/* A whole number of 64 bits, exactly, and written as such: "139", not "139.0". False when it is none. */
bool duet_json_int64(const struct duet_json_token *token, int64_t *value);

/* False when it is not a whole number of less than 2^53 ("139" and "139.0" are). */
bool duet_json_integer(const struct duet_json_token *token, int64_t *value);

#endif
