#include "data/json/text.h"

#include "core/grow.h"
#include "duet/results.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void duet_buffer_close(struct duet_buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct duet_buffer){0};
}

char *duet_buffer_text(struct duet_buffer *buffer)
{
    duet_put_bytes(buffer, "", 1);
    char *text = buffer->failed ? NULL : buffer->data;
    if (!text) duet_buffer_close(buffer);
    *buffer = (struct duet_buffer){0};
    return text;
}

/* Room for `more` bytes at the end, or NULL. */
static char *make_room(struct duet_buffer *buffer, size_t more)
{
    if (buffer->failed) return NULL;
    if (buffer->capacity - buffer->size < more) {
        size_t needed;
        buffer->failed = !duet_add_size(buffer->size, more, &needed) ||
                         !DUET_GROW(buffer->data, buffer->capacity, needed < 1024 ? 1024 : needed);
    }
    return buffer->failed ? NULL : buffer->data + buffer->size;
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
    duet_put_bytes(buffer, text, make_plain(text));
}

void duet_put_float(struct duet_buffer *buffer, float value)
{
    char text[DUET_FIXED_TEXT];
    for (int digits = 6; digits <= 9; digits++) { /* 6 always survive a float, 9 always suffice */
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value) break;
    }
    put_number(buffer, text);
}

void duet_put_double(struct duet_buffer *buffer, double value)
{
    char text[DUET_FIXED_TEXT];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    put_number(buffer, text);
}

void duet_put_rounded(struct duet_buffer *buffer, double value, int digits)
{
    char text[DUET_FIXED_TEXT];
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
    char text[DUET_FIXED_TEXT];
    duet_put(buffer, duet_fixed_text(value, decimals, text));
}

void duet_put_box(struct duet_buffer *buffer, const struct duet_box *box, const char *between)
{
    const float sides[4] = {box->x, box->y, box->width, box->height};
    for (int i = 0; i < 4; i++) {
        duet_put(buffer, i ? between : "");
        duet_put_float(buffer, sides[i]);
    }
}
