/* text.h: foreign text: file names, class names, tensor names, addresses, whatever was read and not written
 * here. Which characters can be shown as they are, and what stands for the others. Every place where text
 * leaves Duet asks here: error texts and tables (below), JSON, CSV and HTML (data/json/text.h,
 * eval/report/parts.h). Internal. */
#ifndef DUET_CORE_TEXT_H
#define DUET_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A character, or bytes that are not UTF-8 and are to be replaced together. */
struct duet_character {
    size_t bytes;  /* that it takes, 1 or more */
    uint32_t code; /* its code point; of what is not UTF-8: U+FFFD */
    bool valid;    /* UTF-8 */
    /* It shows itself and nothing else: no control character (C0, DEL, C1), which a terminal would obey, none
     * that turns the direction of writing, ends a line or is not seen at all, so that two names would look
     * alike. The joiners U+200C and U+200D are plain: words and emoji are written with them. */
    bool plain;
};

/* The first of `size` bytes (1 or more). */
struct duet_character duet_character_at(const char *text, size_t size);

/* As it is shown to people: itself, or what it is: "\x1b" for a control character of ASCII or a byte that is
 * not UTF-8, "\u202e" or "\U000e0041" for a code point. Terminated; returns the length. */
#define DUET_CHARACTER_TEXT 16
size_t duet_character_show(const char *text, struct duet_character character,
                           char shown[DUET_CHARACTER_TEXT]);

/* `length` bytes as they are shown to people, cut behind a whole character where `size` ends; terminated.
 * What is shown stays the same when it is shown again: a backslash that was there before is left as it is. */
void duet_text_show(char *shown, size_t size, const char *text, size_t length);

/* printf of one line, shown as above, and a newline after it: nothing in its arguments steers the terminal or
 * begins another line. Over 8000 bytes are cut, with an ellipsis. */
void duet_print_line(FILE *stream, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
