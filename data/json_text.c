#include "json_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void duet_buffer_close(struct duet_buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct duet_buffer){0};
}

/* Room for `more` bytes at the end, or NULL. */
static char *make_room(struct duet_buffer *buffer, size_t more)
{
    if (buffer->failed) return NULL;
    if (buffer->capacity - buffer->size < more) {
        size_t capacity = buffer->capacity ? buffer->capacity : 1024;
        while (capacity && capacity - buffer->size < more)
            capacity = capacity > SIZE_MAX / 2 ? 0 : capacity * 2;
        char *data = capacity ? realloc(buffer->data, capacity) : NULL;
        if (!data) {
            buffer->failed = true;
            return NULL;
        }
        buffer->data = data;
        buffer->capacity = capacity;
    }
    return buffer->data + buffer->size;
}

void duet_put_bytes(struct duet_buffer *buffer, const void *bytes, size_t size)
{
    char *room = make_room(buffer, size);
    if (!room) return;
    memcpy(room, bytes, size);
    buffer->size += size;
}

void duet_put(struct duet_buffer *buffer, const char *text)
{
    duet_put_bytes(buffer, text, strlen(text));
}

void duet_putf(struct duet_buffer *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *room = length < 0 ? NULL : make_room(buffer, (size_t)length + 1);
    if (!room) {
        buffer->failed = true;
        return;
    }
    va_start(args, format);
    vsnprintf(room, (size_t)length + 1, format, args);
    va_end(args);
    buffer->size += (size_t)length;
}

/* --- numbers ------------------------------------------------------------------------------------------ */

#define NUMBER_TEXT DUET_FIXED_TEXT

/* A number that printf made, in place: whatever bytes the process's locale has for a decimal point become
 * '.'. That asks nothing of the locale and so nothing of other threads. Returns the length. */
static size_t make_plain(char *number)
{
    size_t length = 0;
    bool point = false;
    for (const char *from = number; *from; from++) {
        bool usual = (*from >= '0' && *from <= '9') || *from == '-' || *from == '+' || *from == 'e';
        if (usual)
            number[length++] = *from;
        else if (!point)
            number[length++] = '.';
        point = !usual;
    }
    number[length] = '\0';
    return length;
}

static void put_number(struct duet_buffer *buffer, char *text)
{
    size_t length = make_plain(text);
    duet_put_bytes(buffer, text, length);
}

void duet_put_float(struct duet_buffer *buffer, float value)
{
    char text[NUMBER_TEXT];
    for (int digits = 6; digits <= 9; digits++) { /* 6 always survive a float, 9 always suffice */
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value) break;
    }
    put_number(buffer, text);
}

void duet_put_double(struct duet_buffer *buffer, double value)
{
    char text[NUMBER_TEXT];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    put_number(buffer, text);
}

void duet_put_rounded(struct duet_buffer *buffer, double value, int digits)
{
    char text[NUMBER_TEXT];
    snprintf(text, sizeof text, "%.*g", digits, value);
    put_number(buffer, text);
}

const char *duet_fixed_text(double value, int decimals, char text[DUET_FIXED_TEXT])
{
    snprintf(text, DUET_FIXED_TEXT, "%.*f", decimals, value);
    make_plain(text);
    return text;
}

void duet_put_fixed(struct duet_buffer *buffer, double value, int decimals)
{
    char text[NUMBER_TEXT];
    duet_put(buffer, duet_fixed_text(value, decimals, text));
}

/* --- strings ------------------------------------------------------------------------------------------ */

/* Bounds of the second byte of a sequence that begins with `lead` (RFC 3629: no overlong forms, no
 * surrogates, nothing past U+10FFFF), and how many bytes the whole takes; 0 for a byte that begins none. */
static size_t sequence_of(unsigned char lead, unsigned char *low, unsigned char *high)
{
    *low = 0x80;
    *high = 0xbf;
    if (lead < 0x80) return 1;
    if (lead < 0xc2 || lead > 0xf4) return 0;
    if (lead == 0xe0) *low = 0xa0;
    if (lead == 0xed) *high = 0x9f;
    if (lead == 0xf0) *low = 0x90;
    if (lead == 0xf4) *high = 0x8f;
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

size_t duet_utf8_step(const char *text, bool *valid)
{
    const unsigned char *bytes = (const unsigned char *)text;
    unsigned char low, high;
    size_t length = sequence_of(bytes[0], &low, &high);
    *valid = length > 0;
    for (size_t i = 1; i < length; i++) {
        if (bytes[i] < low || bytes[i] > high) { /* the terminator stops here as well */
            *valid = false;
            return i;
        }
        low = 0x80;
        high = 0xbf;
    }
    return length ? length : 1;
}

static void put_escaped(struct duet_buffer *buffer, char c)
{
    static const char letters[] = "btnvfr"; /* 8..13; JSON has no \v */
    if (c == '"' || c == '\\')
        duet_putf(buffer, "\\%c", c);
    else if (c >= 8 && c <= 13 && c != 11)
        duet_putf(buffer, "\\%c", letters[c - 8]);
    else
        duet_putf(buffer, "\\u%04x", (unsigned)c);
}

void duet_put_json_string(struct duet_buffer *buffer, const char *text)
{
    duet_put(buffer, "\"");
    while (*text) {
        bool valid;
        size_t length = duet_utf8_step(text, &valid);
        if (!valid)
            duet_put(buffer, "\xef\xbf\xbd");
        else if (length == 1 && (*text == '"' || *text == '\\' || (unsigned char)*text < 0x20))
            put_escaped(buffer, *text);
        else
            duet_put_bytes(buffer, text, length);
        text += length;
    }
    duet_put(buffer, "\"");
}
