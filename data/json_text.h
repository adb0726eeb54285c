/* json_text.h: text put together in memory, and the pieces that result files are made of: numbers that do
 * not depend on the locale, JSON strings. Internal to duet-data. */
#ifndef DUET_DATA_JSON_TEXT_H
#define DUET_DATA_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero to begin with. Kept between records, so that writing does not allocate once the longest has been
 * seen. After a refused allocation `failed` stays set and additions do nothing: look once, at the end. */
struct duet_buffer {
    char *data; /* not terminated */
    size_t size, capacity;
    bool failed;
};

void duet_buffer_close(struct duet_buffer *buffer);

void duet_put_bytes(struct duet_buffer *buffer, const void *bytes, size_t size);
void duet_put(struct duet_buffer *buffer, const char *text);
/* printf; not for floating point, which would follow the locale. */
void duet_putf(struct duet_buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The shortest decimal that reads back as the same number: "0.1", "640", "1e-08". Finite values only. */
void duet_put_float(struct duet_buffer *buffer, float value);
void duet_put_double(struct duet_buffer *buffer, double value);
/* At most `digits` (1..17) significant digits, as %g prints them. */
void duet_put_rounded(struct duet_buffer *buffer, double value, int digits);
/* `decimals` (0..9) places, as %f prints them. */
void duet_put_fixed(struct duet_buffer *buffer, double value, int decimals);
/* The same without a buffer, and so without memory. Returns `text`. */
#define DUET_FIXED_TEXT 400 /* the largest double takes 309 digits */
const char *duet_fixed_text(double value, int decimals, char text[DUET_FIXED_TEXT]);

/* A JSON string with its quotes. Control characters are escaped; what is not UTF-8 becomes U+FFFD, one for
 * each maximal part that could have begun a character. */
void duet_put_json_string(struct duet_buffer *buffer, const char *text);

/* How many bytes the character at `text` (not at its terminator) takes. When they are not UTF-8, *valid is
 * false and the count is of the bytes to be replaced together. */
size_t duet_utf8_step(const char *text, bool *valid);

#endif
