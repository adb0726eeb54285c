/* words.h: NaN, Infinity and -Infinity, which Python's json writes and reads, for a parser that knows
 * RFC 8259 only: they become numbers of the same length that nothing else is written as, since every other
 * 'E' outside of strings becomes an 'e'. Internal to read.c. */
#ifndef DUET_DATA_JSON_WORDS_H
#define DUET_DATA_JSON_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* Where the text is after the bytes that were seen. Zero to begin with. */
struct duet_json_words {
    bool string, escape; /* in a string; behind its backslash */
    bool any;            /* a word came already */
};

/* Rewrite `bytes`, the next [size] of the text. Returns how many of them are done; the others, fewer than
 * "Infinity" has, may begin a word and want to be seen again with what follows. At the `last` there are none.
 */
size_t duet_json_words_rewrite(struct duet_json_words *words, unsigned char *bytes, size_t size, bool last);

/* Does a number of the rewritten text stand for a word? Then *text and *length become the word's own. False
 * when it is nothing that anybody writes ("1NaN"). */
bool duet_json_words_restore(const struct duet_json_words *words, const char **text, size_t *length);

#endif
