/* words.h: words and numbers as people type them. */
#ifndef DUET_APPS_CLI_WORDS_H
#define DUET_APPS_CLI_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* "; did you mean '--threshold'?" into `text`, of the one of `words` that `word` was most likely meant to be,
 * with `lead` ("--") before it; "" when none is near. The words' pointers lie `stride` bytes apart, as in an
 * array or in a table of structs, and end with NULL. Returns `text`. */
#define DUET_SUGGESTION 128
const char *duet_suggestion(char text[DUET_SUGGESTION], const char *lead, const char *word,
                            const char *const *words, size_t stride);

/* Strict numbers: the whole text, decimal, finite; locale does not matter. False when it is none. */
bool duet_parse_int(const char *text, long long *value);
bool duet_parse_float(const char *text, double *value);

/* "640x480", "30000/1001": one number, or two with one character of `between` between them. How many there
 * are; 0: it is not that. */
int duet_parse_pair(const char *text, const char *between, long long pair[2]);

/* "500M", "1.5G", "100000" (bytes), K M G T being powers of 1024, to bytes. False: it is not that. */
bool duet_parse_size(const char *text, size_t *bytes);

#endif
