#include "core/text.h"

#include <stdarg.h>
#include <string.h>

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

static bool is_plain(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } others[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},      {0xad, 0xad}, /* soft hyphen */
        {0x61c, 0x61c},   {0x180e, 0x180e},  {0x200b, 0x200b},
        {0x200e, 0x200f}, {0x2028, 0x202e},  /* ends of lines and paragraphs; embeddings and overrides */
        {0x2060, 0x206f},                    /* invisible operators, isolates */
        {0xfeff, 0xfeff},                    /* byte order mark */
        {0xfff9, 0xfffb}, {0xe0000, 0xe0fff} /* tags, more variation selectors */
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (code >= others[i].first && code <= others[i].last) return false;
    return true;
}

struct duet_character duet_character_at(const char *text, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)text;
    unsigned char low, high;
    size_t length = sequence_of(bytes[0], &low, &high);
    uint32_t code = length > 1 ? bytes[0] & (0x7fu >> length) : bytes[0];
    for (size_t i = 1; i < length; i++) {
        if (i == size || bytes[i] < low || bytes[i] > high)
            return (struct duet_character){.bytes = i, .code = 0xfffd};
        code = code << 6 | (bytes[i] & 0x3fu);
        low = 0x80;
        high = 0xbf;
    }
    if (length == 0) return (struct duet_character){.bytes = 1, .code = 0xfffd};
    return (struct duet_character){.bytes = length, .code = code, .valid = true, .plain = is_plain(code)};
}

size_t duet_character_show(const char *text, struct duet_character character, char shown[DUET_CHARACTER_TEXT])
{
    int length = 0;
    if (character.plain) {
        memcpy(shown, text, character.bytes);
        length = (int)character.bytes;
    } else if (character.valid && character.code >= 0x80) {
        length = snprintf(shown, DUET_CHARACTER_TEXT, character.code > 0xffff ? "\\U%08x" : "\\u%04x",
                          (unsigned)character.code);
    } else {
        for (size_t i = 0; i < character.bytes;
             i++) /* 3 at most: a fourth makes it whole, or belongs to the next */
            length += snprintf(shown + length, DUET_CHARACTER_TEXT - (size_t)length, "\\x%02x",
                               (unsigned)(unsigned char)text[i]);
    }
    shown[length] = '\0';
    return (size_t)length;
}

void duet_text_show(char *shown, size_t size, const char *text, size_t length)
{
    size_t used = 0;
    for (size_t at = 0; at < length;) {
        char character[DUET_CHARACTER_TEXT];
        struct duet_character c = duet_character_at(text + at, length - at);
        size_t more = duet_character_show(text + at, c, character);
        if (more >= size - used) break;
        memcpy(shown + used, character, more);
        used += more;
        at += c.bytes;
    }
    shown[used] = '\0';
}

void duet_print_line(FILE *stream, const char *format, ...)
{
    enum { MOST = 8000 };
    char text[MOST], shown[4 * MOST]; /* a byte is shown as four at most */
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    bool cut = length >= MOST;
    duet_text_show(shown, sizeof shown, text, strlen(text));
    fprintf(stream, "%s%s\n", shown, cut ? "\xe2\x80\xa6" : "");
}
