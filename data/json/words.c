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
    for (; at < size; at++) {
        if (words->escape)
            words->escape = false;
        else if (bytes[at] == '\\')
            words->escape = true;
        else if (bytes[at] == '"') {
            words->string = false;
            return at + 1;
        }
    }
    return size;
}

size_t duet_json_words_rewrite(struct duet_json_words *words, unsigned char *bytes, size_t size, bool last)
{
    static const bool stops[256] = {['"'] = true, ['E'] = true, ['N'] = true, ['I'] = true};
    for (size_t at = 0;;) {
        if (words->string) at = skip_string(words, bytes, at, size);
        while (at < size && !stops[bytes[at]]) at++;
        if (at == size) return size;
        bool cut = false;
        size_t word = rewrite_word(bytes + at, size - at, &cut);
        if (cut && !last) return at;
        words->string = bytes[at] == '"';
        if (!word && bytes[at] == 'E') bytes[at] = 'e';
        at += word ? word : 1;
    }
}

bool duet_json_words_restore(const char **text, size_t *length)
{
    if (!memchr(*text, 'E', *length)) return true;
    for (int i = 0; i < TABLE; i++)
        if (*length == strlen(table[i].number) && memcmp(*text, table[i].number, *length) == 0) {
            *text = table[i].word;
            return true;
        }
    return false;
}
