#include "json_read.h"

#include "core/bom.h"
#include "core/fail.h"
#include "core/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define CHUNK ((size_t)1 << 18)

struct duet_json_reader {
    duet_json_handler *handler;
    void *ctx;
    const char *path;
    FILE *stream;
    unsigned char *bytes; /* [size] a piece of the file; those before `at` are done with */
    size_t at, size, capacity;
    bool ended;                                                        /* nothing comes after them */
    enum { VALUE, FIRST_VALUE, KEY, FIRST_KEY, COLON, NEXT } expected; /* FIRST_: or the container's end */
    int depth;
    bool objects[DUET_JSON_MAX_DEPTH]; /* [depth] what is open: an object, or an array */
    enum duet_status status;           /* why it stopped */
    char text[DUET_ERROR_TEXT];
    bool placeless;      /* line and column have nothing to do with it */
    size_t line, column; /* of bytes[0], from 0 */
};

const char *duet_json_kind_name(enum duet_json_kind kind)
{
    static const char *const names[] = {
        "an object", "the end of an object", "an array", "the end of an array", "a key", "a string",
        "a number",  "true or false",        "null"};
    return names[kind];
}

bool duet_json_refuse(struct duet_json_reader *reader, enum duet_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(reader->text, sizeof reader->text, format, args);
    va_end(args);
    reader->status = status;
    return false;
}

/* The byte `offset` behind `at` is where the text stops being JSON. */
static bool broken(struct duet_json_reader *reader, size_t offset, const char *words)
{
    reader->at += offset < reader->size - reader->at ? offset + 1 : offset;
    return duet_json_refuse(reader, DUET_BAD_FORMAT, "broken JSON: %s", words);
}

/* --- bytes -------------------------------------------------------------------------------------------- */

/* Move line and column past bytes that are done with. */
static void advance(struct duet_json_reader *reader)
{
    const unsigned char *from = reader->bytes, *end = from + reader->at, *newline;
    while ((newline = memchr(from, '\n', (size_t)(end - from)))) {
        reader->line++;
        reader->column = 0;
        from = newline + 1;
    }
    reader->column += (size_t)(end - from);
    memmove(reader->bytes, reader->bytes + reader->at, reader->size - reader->at);
    reader->size -= reader->at;
    reader->at = 0;
}

static bool make_room(struct duet_json_reader *reader)
{
    if (reader->size < reader->capacity) return true;
    if (reader->capacity > DUET_JSON_MAX_TOKEN)
        return duet_json_refuse(reader, DUET_TOO_LARGE, "a string longer than %zu bytes",
                                DUET_JSON_MAX_TOKEN);
    size_t capacity = reader->capacity ? 2 * reader->capacity : CHUNK;
    unsigned char *bytes = realloc(reader->bytes, capacity);
    reader->placeless = !bytes;
    if (!bytes) return duet_json_refuse(reader, DUET_OUT_OF_MEMORY, "no memory to read");
    reader->bytes = bytes;
    reader->capacity = capacity;
    return true;
}

/* Read on, behind the bytes from `at`, which may move. False at the end of the file, and when it cannot. */
static bool more(struct duet_json_reader *reader)
{
    if (reader->ended) return false;
    advance(reader);
    if (!make_room(reader)) return false;
    errno = 0;
    size_t got = fread(reader->bytes + reader->size, 1, reader->capacity - reader->size, reader->stream);
    reader->size += got;
    reader->ended = got == 0;
    reader->placeless = ferror(reader->stream) != 0;
    if (reader->placeless)
        return duet_json_refuse(reader, DUET_IO_ERROR, "cannot read: %s", strerror(errno ? errno : EIO));
    return got > 0;
}

/* The byte `offset` behind `at`, or -1. */
static int byte_at(struct duet_json_reader *reader, size_t offset)
{
    while (reader->size - reader->at <= offset)
        if (!more(reader)) return -1;
    return reader->bytes[reader->at + offset];
}

/* What is wrong when byte_at gave -1. */
static bool too_short(struct duet_json_reader *reader)
{
    return reader->status == DUET_OK ? broken(reader, reader->size - reader->at, "it ends too early") : false;
}

/* --- strings ------------------------------------------------------------------------------------------ */

static int hex_digit(unsigned char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The unit of \uXXXX at `text`, or -1; before a string's end lies its quote at least. */
static int32_t unit_at(const unsigned char *text)
{
    int32_t unit = 0;
    if (text[0] != '\\' || text[1] != 'u') return -1;
    for (int i = 2; i < 6; i++) {
        int digit = hex_digit(text[i]);
        if (digit < 0) return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

static unsigned char *put_utf8(unsigned char *to, int32_t code)
{
    if (code < 0x80) {
        *to++ = (unsigned char)code;
        return to;
    }
    int more_bytes = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char leads[] = {0, 0xc0, 0xe0, 0xf0};
    *to++ = (unsigned char)(leads[more_bytes] | code >> 6 * more_bytes);
    while (more_bytes-- > 0) *to++ = (unsigned char)(0x80 | (code >> 6 * more_bytes & 0x3f));
    return to;
}

/* \uXXXX, or a pair of them; half a pair becomes U+FFFD. *from is moved. NULL when it is neither. */
static unsigned char *put_unit(unsigned char *to, const unsigned char **from)
{
    int32_t code = unit_at(*from);
    if (code < 0) return NULL;
    *from += 6;
    if (code >= 0xd800 && code < 0xdc00) {
        int32_t low = unit_at(*from);
        bool pair = low >= 0xdc00 && low < 0xe000;
        code = pair ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : 0xfffd;
        if (pair) *from += 6;
    } else if (code >= 0xdc00 && code < 0xe000) {
        code = 0xfffd;
    }
    return put_utf8(to, code);
}

/* Decode what stands between `text` and the closing quote at `end`, in place: it never grows. Returns the new
 * end, or NULL and where it is wrong. */
static unsigned char *unescape(unsigned char *text, const unsigned char *end, const unsigned char **wrong)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    unsigned char *to = text;
    const unsigned char *from = text;
    while (from < end) {
        if (*from != '\\') {
            *to++ = *from++;
            continue;
        }
        const char *letter = strchr(letters, from[1]);
        *wrong = from;
        if (letter && *letter) {
            *to++ = (unsigned char)meant[letter - letters];
            from += 2;
        } else if (!(to = put_unit(to, &from))) {
            return NULL;
        }
    }
    return to;
}

static bool is_utf8(const unsigned char *text, const unsigned char *end, const unsigned char **wrong)
{
    struct duet_character character = {.valid = true};
    while (character.valid && text < end) {
        *wrong = text;
        character = duet_character_at((const char *)text, (size_t)(end - text));
        text += character.bytes;
    }
    return character.valid;
}

/* Where the string that begins at `at` has its closing quote; 0: it has none. */
static size_t find_quote(struct duet_json_reader *reader, bool *escaped, bool *ascii)
{
    *escaped = false;
    *ascii = true;
    for (size_t offset = 1;;) {
        const unsigned char *from = reader->bytes + reader->at + offset, *c = from,
                            *end = reader->bytes + reader->size;
        while (c < end && *c != '"' && *c != '\\' && *c >= 0x20) *ascii &= *c++ < 0x80;
        offset += (size_t)(c - from);
        int stop = c < end ? *c : byte_at(reader, offset);
        if (stop == '"') return offset;
        if (c == end && stop >= 0) continue;
        if (stop == '\\' && byte_at(reader, offset + 1) >= 0) {
            *escaped = true;
            offset += 2;
            continue;
        }
        if (stop >= 0 && stop != '\\')
            broken(reader, offset, "a control character in a string");
        else
            too_short(reader);
        return 0;
    }
}

static bool read_string(struct duet_json_reader *reader, struct duet_json_token *token)
{
    bool escaped, ascii;
    size_t quote = find_quote(reader, &escaped, &ascii);
    if (!quote) return false;
    unsigned char *text = reader->bytes + reader->at + 1, *end = text + quote - 1;
    const unsigned char *wrong = NULL;
    if (!ascii && !is_utf8(text, end, &wrong))
        return broken(reader, (size_t)(wrong - text) + 1, "a string that is not UTF-8");
    if (escaped && !(end = unescape(text, end, &wrong)))
        return broken(reader, (size_t)(wrong - text) + 1, "'\\' with nothing that it can stand before");
    token->text = (const char *)text;
    token->length = (size_t)(end - text);
    reader->at += quote + 1;
    return true;
}

/* --- numbers and words -------------------------------------------------------------------------------- */

static const char *skip_digits(const char *text, const char *end)
{
    while (text < end && *text >= '0' && *text <= '9') text++;
    return text;
}

bool duet_json_is_number(const char *text, size_t length)
{
    const char *end = text + length;
    if (text < end && *text == '-') text++;
    const char *digits = text;
    text = skip_digits(text, end);
    if (text == digits || (*digits == '0' && text > digits + 1)) return false;
    if (text < end && *text == '.') {
        digits = ++text;
        text = skip_digits(text, end);
        if (text == digits) return false;
    }
    if (text < end && (*text | 0x20) == 'e') {
        text++;
        if (text < end && (*text == '+' || *text == '-')) text++;
        digits = text;
        text = skip_digits(text, end);
        if (text == digits) return false;
    }
    return text == end;
}

static bool is_word_byte(int c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' || c == '+' ||
           c == '.';
}

/* A number, true, false or null. As Python does, NaN, Infinity and -Infinity are taken for numbers. */
static bool read_word(struct duet_json_reader *reader, struct duet_json_token *token)
{
    static const struct {
        const char *text;
        enum duet_json_kind kind;
    } words[] = {{"true", DUET_JSON_BOOL},  {"false", DUET_JSON_BOOL},      {"null", DUET_JSON_NULL},
                 {"NaN", DUET_JSON_NUMBER}, {"Infinity", DUET_JSON_NUMBER}, {"-Infinity", DUET_JSON_NUMBER}};
    size_t length = 0;
    for (;;) {
        const unsigned char *from = reader->bytes + reader->at, *end = reader->bytes + reader->size;
        while (from + length < end && is_word_byte(from[length])) length++;
        if (from + length < end || byte_at(reader, length) < 0) break;
    }
    if (reader->status != DUET_OK) return false;
    token->text = (const char *)reader->bytes + reader->at;
    token->length = length;
    token->kind = DUET_JSON_NUMBER;
    bool known = duet_json_is_number(token->text, length);
    for (size_t i = 0; !known && i < sizeof words / sizeof words[0]; i++) {
        known = duet_json_is(token, words[i].text);
        token->kind = words[i].kind;
    }
    if (!known) return broken(reader, 0, length ? "no value that JSON has" : "expected a value");
    reader->at += length;
    return true;
}

/* --- the grammar -------------------------------------------------------------------------------------- */

static bool pass_on(struct duet_json_reader *reader, struct duet_json_token *token)
{
    token->depth = reader->depth;
    return reader->handler(reader->ctx, reader, token);
}

static bool open_container(struct duet_json_reader *reader, bool object)
{
    struct duet_json_token token = {.kind = object ? DUET_JSON_OBJECT : DUET_JSON_ARRAY};
    reader->at++;
    if (reader->depth >= DUET_JSON_MAX_DEPTH)
        return duet_json_refuse(reader, DUET_TOO_LARGE, "nested deeper than %d", DUET_JSON_MAX_DEPTH);
    bool go_on = pass_on(reader, &token);
    reader->objects[reader->depth++] = object;
    reader->expected = object ? FIRST_KEY : FIRST_VALUE;
    return go_on;
}

static bool close_container(struct duet_json_reader *reader, int c)
{
    bool object = reader->objects[reader->depth - 1];
    struct duet_json_token token = {.kind = object ? DUET_JSON_OBJECT_END : DUET_JSON_ARRAY_END};
    if (c != (object ? '}' : ']'))
        return broken(reader, 0, object ? "expected ',' or '}'" : "expected ',' or ']'");
    reader->at++;
    reader->depth--;
    reader->expected = NEXT;
    return pass_on(reader, &token);
}

static bool on_value(struct duet_json_reader *reader, int c)
{
    struct duet_json_token token = {.kind = DUET_JSON_STRING};
    if (c == '{' || c == '[') return open_container(reader, c == '{');
    if (c == ']' && reader->expected == FIRST_VALUE) return close_container(reader, c);
    reader->expected = NEXT;
    return (c == '"' ? read_string : read_word)(reader, &token) && pass_on(reader, &token);
}

static bool on_key(struct duet_json_reader *reader, int c)
{
    struct duet_json_token token = {.kind = DUET_JSON_KEY};
    if (c == '}' && reader->expected == FIRST_KEY) return close_container(reader, c);
    if (c != '"') return broken(reader, 0, "expected a key, which is a string");
    reader->expected = COLON;
    return read_string(reader, &token) && pass_on(reader, &token);
}

static bool on_next(struct duet_json_reader *reader, int c)
{
    if (reader->depth == 0) return broken(reader, 0, "more follows where it should end");
    if (c != ',') return close_container(reader, c);
    reader->at++;
    reader->expected = reader->objects[reader->depth - 1] ? KEY : VALUE;
    return true;
}

static bool on_byte(struct duet_json_reader *reader, int c)
{
    switch (reader->expected) {
    case KEY:
    case FIRST_KEY:
        return on_key(reader, c);
    case COLON:
        if (c != ':') return broken(reader, 0, "expected ':'");
        reader->at++;
        reader->expected = VALUE;
        return true;
    case NEXT:
        return on_next(reader, c);
    default:
        return on_value(reader, c);
    }
}

static void read_all(struct duet_json_reader *reader)
{
    for (;;) {
        int c = reader->at < reader->size ? reader->bytes[reader->at] : byte_at(reader, 0);
        if (c < 0) break;
        if (c == ' ' || c == '\n' || c == '\t' || c == '\r')
            reader->at++;
        else if (!on_byte(reader, c))
            return;
    }
    if (reader->expected != NEXT || reader->depth > 0) too_short(reader);
}

static enum duet_status read_stream(struct duet_json_reader *reader, struct duet_error *error)
{
    struct stat st;
    const char *path = reader->path;
    if (fstat(fileno(reader->stream), &st) == 0 && S_ISDIR(st.st_mode))
        return duet_fail(error, DUET_BAD_ARGUMENT, "%s: is a folder, expected a file", path);
    byte_at(reader, 3); /* the longest mark has 4 */
    enum duet_status status = duet_bom_check(path, reader->bytes, reader->size, &reader->at, error);
    if (status != DUET_OK) return status;
    if (reader->status == DUET_OK) read_all(reader);
    if (reader->status == DUET_OK) return DUET_OK;
    if (reader->placeless) return duet_fail(error, reader->status, "%s: %s", path, reader->text);
    advance(reader);
    return duet_fail(error, reader->status, "%s: line %zu, column %zu: %s", path, reader->line + 1,
                     reader->column ? reader->column : 1, reader->text);
}

enum duet_status duet_json_read(const char *path, duet_json_handler *handler, void *ctx,
                                struct duet_error *error)
{
    struct duet_json_reader reader = {.handler = handler, .ctx = ctx, .path = path};
    reader.stream = fopen(path, "rbe");
    if (!reader.stream) return duet_fail_errno(error, errno, "%s: cannot open", path);
    setvbuf(reader.stream, NULL, _IONBF, 0); /* chunks are read whole: a second buffer would only copy */
    enum duet_status status = read_stream(&reader, error);
    free(reader.bytes);
    fclose(reader.stream);
    return status;
}
