#include "json/words.h"

#include <string.h>

static const struct {
    const char *word, *number;
} table[] = {{"NaN", "0E0"}, {"Infinity", "1E000000"}, {"-Infinity", "-1E000000"}};

/* Words that begin where a byte stands for itself: the third is the second behind its sign. */
enum { TABLE = sizeof table / sizeof table[0], BEGINNINGS = 2 };

/* At `bytes`, in front of `size` more: rewrite a word. Returns its length, 0 when there is none, and sets
 * *cut when there may be one that the bytes end within. */
static size_t rewrite_word(unsigned char *bytes, size_t size, bool *cut)
{
    for (int i = 0; i < BEGINNINGS; i++) {
        size_t length = strlen(table[i].word), there = length < size ? length : size;
        if (memcmp(bytes, table[i].word, there) != 0) continue;
        *cut = there < length;
        if (*cut) return 0;
        memcpy(bytes, table[i].number, length);
        return length;
    }
    return 0;
}

/* The end of a string that goes on at `at`, behind its quote; `size` when it goes on. */
static size_t skip_string(struct duet_json_words *words, const unsigned char *bytes, size_t at, size_t size)
{
    while (at < size) {
        at += words->escape;
        words->escape = false;
        const unsigned char *quote = memchr(bytes + at, '"', size - at);
        size_t end = quote ? (size_t)(quote - bytes) : size;
        const unsigned char *backslash = memchr(bytes + at, '\\', end - at);
        words->string = backslash || !quote;
        if (!backslash) return end + (quote != NULL);
        words->escape = true;
        at = (size_t)(backslash - bytes) + 1;
    }
    return size;
}

enum { BLOCK = 512 };

/* Whether a block holds a word's letter or a backslash, and whether its quotes are odd in number: written as
 * both compilers do it for 16 bytes at a time. */
static bool needs_a_closer_look(const unsigned char block[BLOCK], bool *odd_quotes)
{
    unsigned char found = 0, quotes = 0;
    for (int i = 0; i < BLOCK; i++) {
        unsigned char b = block[i];
        found = b == 'E' ? 1 : found;
        found = b == 'N' ? 1 : found;
        found = b == 'I' ? 1 : found;
        found = b == '\\' ? 1 : found;
        quotes ^= b == '"' ? 1 : 0;
    }
    *odd_quotes = quotes;
    return found;
}

/* From `at` on up to `end`, or a little past it. Returns where it stopped; before `end`: at what may be cut.
 */
static size_t rewrite_block(struct duet_json_words *words, unsigned char *bytes, size_t at, size_t end,
                            size_t size, bool last)
{
    static const bool stops[256] = {['"'] = true, ['E'] = true, ['N'] = true, ['I'] = true};
    for (;;) {
        if (words->string) at = skip_string(words, bytes, at, end);
        while (at < end && !stops[bytes[at]]) at++;
        if (at >= end) return at;
        bool cut = false;
        size_t word = rewrite_word(bytes + at, size - at, &cut);
        if (cut && !last) return at;
        words->any |= word > 0;
        words->string = bytes[at] == '"';
        if (!word && bytes[at] == 'E') bytes[at] = 'e';
        at += word ? word : 1;
    }
}

size_t duet_json_words_rewrite(struct duet_json_words *words, unsigned char *bytes, size_t size, bool last)
{
    bool odd_quotes;
    for (size_t at = 0, end; at < size;) {
        end = size - at > BLOCK ? at + BLOCK : size;
        if (end - at == BLOCK && !words->escape && !needs_a_closer_look(bytes + at, &odd_quotes)) {
            words->string ^= odd_quotes;
            at = end;
            continue;
        }
        at = rewrite_block(words, bytes, at, end, size, last);
        if (at < end) return at;
    }
    return size;
}

bool duet_json_words_restore(const struct duet_json_words *words, const char **text, size_t *length)
{
    if (!words->any || !memchr(*text, 'E', *length)) return true;
    for (int i = 0; i < TABLE; i++)
        if (*length == strlen(table[i].number) && memcmp(*text, table[i].number, *length) == 0) {
            *text = table[i].word;
            return true;
        }
    return false;
}
