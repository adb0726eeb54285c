/* text.h: text put together in memory, and the pieces that result files are made of: numbers that do
 * not depend on the locale, foreign text as each kind of file takes it. Internal to duet-data. */
#ifndef DUET_DATA_JSON_TEXT_H
#define DUET_DATA_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct duet_box; /* duet/results.h */

/* Zero to begin with. Kept between records, so that writing does not allocate once the longest has been
 * seen. After a refused allocation `failed` stays set and additions do nothing: look once, at the end. */
struct duet_buffer {
    char *data; /* not terminated */
    size_t size, capacity;
    bool failed;
};

void duet_buffer_close(struct duet_buffer *buffer);
/* The text, terminated, which is the caller's to free(); the buffer is closed. NULL when memory was refused.
 */
char *duet_buffer_text(struct duet_buffer *buffer);

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
/* x, y, width, height as duet_put_float writes them, with `between` between them. */
void duet_put_box(struct duet_buffer *buffer, const struct duet_box *box, const char *between);
/* A number like duet_put_fixed's without a buffer, and so without memory. Returns `text`. */
#define DUET_FIXED_TEXT 400 /* the largest double takes 309 digits */
const char *duet_fixed_text(double value, int decimals, char text[DUET_FIXED_TEXT]);

/* --- foreign text (core/text.h) ----------------------------------------------------------------------- */

/* A JSON string with its quotes. Every character that is not plain is escaped ("\u202e"); what is not UTF-8
 * becomes U+FFFD, one for each maximal part that could have begun a character. */
void duet_put_json_string(struct duet_buffer *buffer, const char *text);
/* The same of bytes that may hold a NUL. */
void duet_put_json_bytes(struct duet_buffer *buffer, const char *text, size_t length);

/* A text field of CSV (RFC 4180): in quotes where it needs them, with its newlines and tabs; other characters
 * that are not plain as they are shown. What a spreadsheet would compute (it begins, past spaces and quotes,
 * with '=', '+', '-', '@', a tab or the end of a line) has an apostrophe in front. */
void duet_put_csv(struct duet_buffer *buffer, const char *text);

/* As it is shown to people, on one line. */
void duet_put_shown(struct duet_buffer *buffer, const char *text);
/* So in exactly `columns` (2 or more) of a terminal: filled up with spaces, or cut, with an ellipsis: at its
 * beginning, where a path says least ... */
void duet_put_tail_column(struct duet_buffer *buffer, const char *text, int columns);
/* ... or at its end. */
void duet_put_head_column(struct duet_buffer *buffer, const char *text, int columns);

#endif
