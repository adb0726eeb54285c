#include "json/read.h"

#include "core/fail.h"
#include "core/os.h"
#include "json/words.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <yajl/yajl_parse.h>

#define CHUNK ((size_t)1 << 18)

/* yajl's memory, kept in a ring: yajl never looks whether it got any, so a refusal leaves it by longjmp, and
 * what it held is freed from here. */
struct ring {
    struct ring *previous, *next;
};
struct block {
    struct ring ring;
    max_align_t bytes[];
};

struct duet_json_reader {
    struct ring blocks; /* the ring's beginning and end */
    jmp_buf no_memory;
    duet_json_handler *handler;
    void *ctx;
    int depth;
    bool token_seen;         /* since it was last cleared: no token longer than the bytes read since */
    enum duet_status status; /* why the handler stopped */
    char text[DUET_ERROR_TEXT];
    struct duet_json_words words;
    size_t line;   /* of the next byte to be parsed, from 0 */
    size_t column; /* bytes before it in its line */
};

const char *duet_json_kind_name(enum duet_json_kind kind)
{
    static const char *const names[] = {
        "an object", "the end of an object", "an array", "the end of an array", "a key", "a string",
        "a number",  "true or false",        "null"};
    return names[kind];
}

const char *duet_json_got(const struct duet_json_token *token, char room[DUET_JSON_GOT])
{
    if (token->kind != DUET_JSON_NUMBER) return duet_json_kind_name(token->kind);
    snprintf(room, DUET_JSON_GOT, "%.*s", (int)(token->length < 40 ? token->length : 40), token->text);
    return room;
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

/* --- yajl's memory ------------------------------------------------------------------------------------ */

static void *give_memory(void *ctx, size_t size)
{
    struct duet_json_reader *reader = ctx;
    struct block *block = size < SIZE_MAX - sizeof *block ? malloc(sizeof *block + size) : NULL;
    if (!block) longjmp(reader->no_memory, 1);
    block->ring = (struct ring){&reader->blocks, reader->blocks.next};
    block->ring.previous->next = block->ring.next->previous = &block->ring;
    return block->bytes;
}

static struct block *block_of(void *memory)
{
    return (struct block *)(void *)((char *)memory - offsetof(struct block, bytes));
}

static void take_memory(void *ctx, void *memory)
{
    (void)ctx;
    if (!memory) return;
    struct block *block = block_of(memory);
    block->ring.previous->next = block->ring.next;
    block->ring.next->previous = block->ring.previous;
    free(block);
}

static void *give_other_memory(void *ctx, void *memory, size_t size)
{
    struct duet_json_reader *reader = ctx;
    if (!memory) return give_memory(ctx, size);
    struct block *block = block_of(memory);
    struct block *moved = size < SIZE_MAX - sizeof *block ? realloc(block, sizeof *block + size) : NULL;
    if (!moved) longjmp(reader->no_memory, 1);
    moved->ring.previous->next = moved->ring.next->previous = &moved->ring;
    return moved->bytes;
}

/* --- yajl's events, as tokens ------------------------------------------------------------------------- */

static int pass_on(struct duet_json_reader *reader, enum duet_json_kind kind, const void *text, size_t length)
{
    struct duet_json_token token = {kind, reader->depth, text, length};
    reader->token_seen = true;
    return reader->handler(reader->ctx, reader, &token);
}

static int open_container(struct duet_json_reader *reader, enum duet_json_kind kind)
{
    if (reader->depth >= DUET_JSON_MAX_DEPTH)
        return duet_json_refuse(reader, DUET_TOO_LARGE, "nested deeper than %d", DUET_JSON_MAX_DEPTH);
    int go_on = pass_on(reader, kind, NULL, 0);
    reader->depth++;
    return go_on;
}

static int close_container(struct duet_json_reader *reader, enum duet_json_kind kind)
{
    reader->depth--;
    return pass_on(reader, kind, NULL, 0);
}

static int on_object(void *ctx)
{
    return open_container(ctx, DUET_JSON_OBJECT);
}

static int on_object_end(void *ctx)
{
    return close_container(ctx, DUET_JSON_OBJECT_END);
}

static int on_array(void *ctx)
{
    return open_container(ctx, DUET_JSON_ARRAY);
}

static int on_array_end(void *ctx)
{
    return close_container(ctx, DUET_JSON_ARRAY_END);
}

static int on_key(void *ctx, const unsigned char *text, size_t length)
{
    return pass_on(ctx, DUET_JSON_KEY, text, length);
}

static int on_string(void *ctx, const unsigned char *text, size_t length)
{
    return pass_on(ctx, DUET_JSON_STRING, text, length);
}

static int on_number(void *ctx, const char *text, size_t length)
{
    struct duet_json_reader *reader = ctx;
    if (!duet_json_words_restore(&reader->words, &text, &length))
        return duet_json_refuse(reader, DUET_BAD_FORMAT, "broken JSON: no number and no word");
    return pass_on(reader, DUET_JSON_NUMBER, text, length);
}

static int on_bool(void *ctx, int value)
{
    return pass_on(ctx, DUET_JSON_BOOL, value ? "true" : "false", value ? 4 : 5);
}

static int on_null(void *ctx)
{
    return pass_on(ctx, DUET_JSON_NULL, "null", 4);
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_bool,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_object,
    .yajl_map_key = on_key,
    .yajl_end_map = on_object_end,
    .yajl_start_array = on_array,
    .yajl_end_array = on_array_end,
};

/* --- reading ------------------------------------------------------------------------------------------ */

/* Move line and column past `size` bytes. */
static void advance(struct duet_json_reader *reader, const unsigned char *bytes, size_t size)
{
    const unsigned char *from = bytes, *end = bytes + size, *newline;
    while ((newline = memchr(from, '\n', (size_t)(end - from)))) {
        reader->line++;
        reader->column = 0;
        from = newline + 1;
    }
    reader->column += (size_t)(end - from);
}

/* yajl's words for a fault, without its newline and its "parse error: ". */
static const char *plain_words(char *said)
{
    said[strcspn(said, "\n")] = '\0';
    char *words = strstr(said, "error: ");
    return words ? words + strlen("error: ") : said;
}

/* The fault that ended parsing; line and column stand behind the byte where it showed. */
static enum duet_status parse_fault(struct duet_json_reader *reader, yajl_handle parser, const char *path,
                                    struct duet_error *error)
{
    size_t line = reader->line + 1, column = reader->column ? reader->column : 1;
    if (reader->status != DUET_OK)
        return duet_fail(error, reader->status, "%s: line %zu, column %zu: %s", path, line, column,
                         reader->text);
    unsigned char *said = yajl_get_error(parser, 0, NULL, 0);
    return duet_fail(error, DUET_BAD_FORMAT, "%s: line %zu, column %zu: broken JSON: %s", path, line, column,
                     plain_words((char *)said));
}

static enum duet_status parse(struct duet_json_reader *reader, yajl_handle parser, const unsigned char *bytes,
                              size_t size, const char *path, struct duet_error *error)
{
    bool parsed = yajl_parse(parser, bytes, size) == yajl_status_ok;
    size_t used = parsed ? size : yajl_get_bytes_consumed(parser);
    advance(reader, bytes, used < size ? used : size);
    return parsed ? DUET_OK : parse_fault(reader, parser, path, error);
}

static enum duet_status read_chunks(struct duet_json_reader *reader, yajl_handle parser, FILE *stream,
                                    unsigned char *chunk, const char *path, struct duet_error *error)
{
    size_t since_token = 0, held = 0, begin = 0;
    enum duet_status status = DUET_OK;
    for (bool first = true, last = false; status == DUET_OK && !last; first = false) {
        errno = 0;
        size_t size = held + fread(chunk + held, 1, CHUNK - held, stream);
        if (ferror(stream)) return duet_fail_errno(error, errno ? errno : EIO, "%s: cannot read", path);
        last = size == held;
        begin = 0;
        if (first) status = duet_bom_check(path, chunk, size, &begin, error);
        if (status != DUET_OK) break;
        size_t ready = duet_json_words_rewrite(&reader->words, chunk + begin, size - begin, last);
        reader->token_seen = false;
        status = parse(reader, parser, chunk + begin, ready, path, error);
        held = size - begin - ready;
        memmove(chunk, chunk + begin + ready, held);
        since_token = reader->token_seen ? 0 : since_token + ready;
        if (status == DUET_OK && since_token > DUET_JSON_MAX_TOKEN)
            status =
                duet_fail(error, DUET_TOO_LARGE, "%s: line %zu, column %zu: a string longer than %zu bytes",
                          path, reader->line + 1, reader->column, DUET_JSON_MAX_TOKEN);
    }
    if (status == DUET_OK && yajl_complete_parse(parser) != yajl_status_ok)
        status = parse_fault(reader, parser, path, error);
    return status;
}

/* All that runs inside yajl. It is not told to free: its memory is (also after the jump). */
static enum duet_status parse_stream(struct duet_json_reader *reader, FILE *stream, unsigned char *chunk,
                                     const char *path, struct duet_error *error)
{
    yajl_alloc_funcs memory = {give_memory, give_other_memory, take_memory, reader};
    if (setjmp(reader->no_memory)) return duet_no_memory(error, path, "to read");
    yajl_handle parser = yajl_alloc(&callbacks, &memory, reader);
    return read_chunks(reader, parser, stream, chunk, path, error);
}

enum duet_status duet_json_read(const char *path, duet_json_handler *handler, void *ctx,
                                struct duet_error *error)
{
    struct duet_json_reader reader = {.handler = handler, .ctx = ctx};
    struct stat st;
    FILE *stream = fopen(path, "rbe");
    if (!stream) return duet_fail_errno(error, errno, "%s: cannot open", path);
    setvbuf(stream, NULL, _IONBF, 0); /* chunks are read whole: a second buffer would only copy */
    unsigned char *chunk = malloc(CHUNK);
    reader.blocks.previous = reader.blocks.next = &reader.blocks;
    enum duet_status status;
    if (fstat(fileno(stream), &st) == 0 && S_ISDIR(st.st_mode))
        status = duet_fail(error, DUET_BAD_ARGUMENT, "%s: is a folder, expected a file", path);
    else if (chunk)
        status = parse_stream(&reader, stream, chunk, path, error);
    else
        status = duet_no_memory(error, path, "to read");
    while (reader.blocks.next != &reader.blocks)
        take_memory(&reader, ((struct block *)(void *)reader.blocks.next)->bytes);
    free(chunk);
    fclose(stream);
    return status;
}
