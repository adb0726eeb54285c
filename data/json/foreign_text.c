/* Foreign text (core/text.h) as each kind of file and a table for people take it. */
#include "core/text.h"
#include "data/json/text.h"

#include <string.h>

static struct duet_character character_at(const char *text)
{
    return duet_character_at(text, SIZE_MAX); /* the terminator ends it */
}

static void put_character(struct duet_buffer *buffer, const char *text, struct duet_character character)
{
    char shown[DUET_CHARACTER_TEXT];
    duet_put_bytes(buffer, shown, duet_character_show(text, character, shown));
}

/* --- JSON --------------------------------------------------------------------------------------------- */

static void put_json_character(struct duet_buffer *buffer, const char *text, struct duet_character c)
{
    static const char letters[] = "btnvfr"; /* 8..13; JSON has no \v */
    if (!c.valid)
        duet_put(buffer, "\xef\xbf\xbd");
    else if (c.code == '"' || c.code == '\\')
        duet_putf(buffer, "\\%c", (int)c.code);
    else if (c.plain)
        duet_put_bytes(buffer, text, c.bytes);
    else if (c.code >= 8 && c.code <= 13 && c.code != 11)
        duet_putf(buffer, "\\%c", letters[c.code - 8]);
    else if (c.code > 0xffff)
        duet_putf(buffer, "\\u%04x\\u%04x", 0xd7c0 + (c.code >> 10), 0xdc00 + (c.code & 0x3ff));
    else
        duet_putf(buffer, "\\u%04x", c.code);
}

void duet_put_json_bytes(struct duet_buffer *buffer, const char *text, size_t length)
{
    duet_put(buffer, "\"");
    while (length > 0) {
        struct duet_character c = duet_character_at(text, length);
        put_json_character(buffer, text, c);
        text += c.bytes;
        length -= c.bytes;
    }
    duet_put(buffer, "\"");
}

void duet_put_json_string(struct duet_buffer *buffer, const char *text)
{
    duet_put_json_bytes(buffer, text, strlen(text));
}

/* --- CSV ---------------------------------------------------------------------------------------------- */

/* Would a spreadsheet compute it? It looks past spaces and quotes, and takes the wide forms for the narrow. A
 * lone '-', the name of standard input, is no formula. */
static bool is_formula(const char *text)
{
    static const char *const beginnings[] = {
        "=", "+", "-", "@", "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0", "\t", "\r", "\n"};
    text += strspn(text, " \"'");
    if (strcmp(text, "-") == 0) return false;
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
        if (strncmp(text, beginnings[i], strlen(beginnings[i])) == 0) return true;
    return false;
}

void duet_put_csv(struct duet_buffer *buffer, const char *text)
{
    bool quoted = strpbrk(text, ",\"\r\n");
    duet_put(buffer, quoted ? "\"" : "");
    duet_put(buffer, is_formula(text) ? "'" : "");
    for (struct duet_character c; *text; text += c.bytes) {
        c = character_at(text);
        if (*text == '"')
            duet_put(buffer, "\"\"");
        else if (*text == '\n' || *text == '\r' || *text == '\t')
            duet_put_bytes(buffer, text, 1);
        else
            put_character(buffer, text, c);
    }
    duet_put(buffer, quoted ? "\"" : "");
}

/* --- for people --------------------------------------------------------------------------------------- */

void duet_put_shown(struct duet_buffer *buffer, const char *text)
{
    for (struct duet_character c; *text; text += c.bytes) {
        c = character_at(text);
        put_character(buffer, text, c);
    }
}

/* Columns that a terminal gives a character: none for a combining accent or a joiner, two for the ideographs,
 * kana, Hangul and pictures of the wide ranges, else one; one for each of those that stand for it. */
static int columns_of(const char *text, struct duet_character c)
{
    static const struct {
        uint32_t first, last;
    } wide[] = {{0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},
                {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd}};
    char shown[DUET_CHARACTER_TEXT];
    if (!c.plain) return (int)duet_character_show(text, c, shown);
    if ((c.code >= 0x300 && c.code <= 0x36f) || c.code == 0x200c || c.code == 0x200d) return 0;
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (c.code >= wide[i].first && c.code <= wide[i].last) return 2;
    return 1;
}

static int width_of(const char *text)
{
    int columns = 0;
    for (struct duet_character c; *text; text += c.bytes) {
        c = character_at(text);
        columns += columns_of(text, c);
    }
    return columns;
}

static const char ellipsis[] = "\xe2\x80\xa6"; /* one column */

void duet_put_tail_column(struct duet_buffer *buffer, const char *text, int columns)
{
    int width = width_of(text);
    if (width > columns) {
        while (width > columns - 1) {
            struct duet_character c = character_at(text);
            width -= columns_of(text, c);
            text += c.bytes;
        }
        duet_put(buffer, ellipsis);
        width++;
    }
    duet_put_shown(buffer, text);
    duet_putf(buffer, "%*s", columns - width, "");
}

void duet_put_head_column(struct duet_buffer *buffer, const char *text, int columns)
{
    bool cut = width_of(text) > columns;
    int used = 0;
    for (struct duet_character c; *text; text += c.bytes) {
        c = character_at(text);
        if (used + columns_of(text, c) > columns - cut) break;
        put_character(buffer, text, c);
        used += columns_of(text, c);
    }
    duet_put(buffer, cut ? ellipsis : "");
    duet_putf(buffer, "%*s", columns - used - cut, "");
}
