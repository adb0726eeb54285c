/* The table for people: columns of fixed width, because rows are printed as they come. */
#include "writer.h"

#include <inttypes.h>
#include <math.h>

enum { SOURCE_COLUMNS = 32, CLASS_COLUMNS = 14 };

/* --- text in columns ---------------------------------------------------------------------------------- */

/* Columns that a terminal gives a character: none for a combining accent, two for the ideographs, kana,
 * Hangul and pictures of the wide ranges, else one. `bytes` are valid UTF-8. */
static int columns_of(const char *bytes, size_t length)
{
    static const struct {
        uint32_t first, last;
    } wide[] = {{0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},
                {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd}};
    uint32_t code = (unsigned char)bytes[0];
    if (length > 1) code &= 0x7fu >> length;
    for (size_t i = 1; i < length; i++) code = code << 6 | ((unsigned char)bytes[i] & 0x3f);
    if (code >= 0x300 && code <= 0x36f) return 0;
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (code >= wide[i].first && code <= wide[i].last) return 2;
    return 1;
}

/* One character of `text` and its columns; what a terminal could take amiss (control characters, bytes that
 * are not UTF-8) counts as one '?'. */
struct character {
    size_t length;
    int columns;
    bool plain;
};

static struct character character_at(const char *text)
{
    struct character c;
    c.length = duet_utf8_step(text, &c.plain);
    unsigned char first = (unsigned char)text[0];
    if (first < 0x20 || first == 0x7f || (first == 0xc2 && (unsigned char)text[1] < 0xa0)) c.plain = false;
    c.columns = c.plain ? columns_of(text, c.length) : 1;
    return c;
}

static int width_of(const char *text)
{
    int columns = 0;
    while (*text) {
        struct character c = character_at(text);
        columns += c.columns;
        text += c.length;
    }
    return columns;
}

static void put_plain(struct duet_buffer *out, const char *text)
{
    while (*text) {
        struct character c = character_at(text);
        if (c.plain)
            duet_put_bytes(out, text, c.length);
        else
            duet_put(out, "?");
        text += c.length;
    }
}

/* `text` in exactly `columns` columns: filled up with spaces, or cut at its beginning, where a path says
 * least. */
static void put_cell(struct duet_buffer *out, const char *text, int columns)
{
    int width = width_of(text);
    if (width > columns) {
        while (width > columns - 1) {
            struct character c = character_at(text);
            width -= c.columns;
            text += c.length;
        }
        duet_put(out, "\xe2\x80\xa6"); /* an ellipsis */
        width++;
    }
    put_plain(out, text);
    duet_putf(out, "%*s", columns - width, "");
}

/* --- rows --------------------------------------------------------------------------------------------- */

static void begin(struct duet_writer *writer)
{
    struct duet_buffer *text = &writer->text;
    duet_putf(text, "%-*s  %-*s", SOURCE_COLUMNS, "source", CLASS_COLUMNS, "class");
    if (writer->options.segments)
        duet_putf(text, " %6s %9s", "share", "pixels");
    else
        duet_putf(text, " %6s", "score");
    duet_putf(text, " %6s %6s %6s %6s", "x", "y", "width", "height");
    duet_put(text, writer->options.segments ? " confidence\n" : "\n");
}

/* The source's cell; for a moving input with the frame's number and time. */
static void put_source(struct duet_buffer *text, const struct duet_record *record)
{
    struct duet_buffer named = {0};
    if (record->moving) {
        duet_putf(&named, "%s #%" PRId64, record->source, record->frame);
        if (record->gap <= 0) {
            duet_put(&named, " ");
            duet_put_fixed(&named, record->time, 2);
            duet_put(&named, "s");
        }
        duet_put_bytes(&named, "", 1);
    }
    put_cell(text, record->moving && !named.failed ? named.data : record->source, SOURCE_COLUMNS);
    duet_buffer_close(&named);
    duet_put(text, "  ");
}

/* A number, right-aligned in `columns` after a space. */
static void put_right(struct duet_buffer *text, double value, int decimals, const char *unit, int columns)
{
    struct duet_buffer number = {0};
    duet_put_fixed(&number, value, decimals);
    duet_put(&number, unit);
    if (number.failed)
        text->failed = true;
    else
        duet_putf(text, " %*.*s", columns, (int)number.size, number.data);
    duet_buffer_close(&number);
}

static void put_box(struct duet_buffer *text, const struct duet_box *box)
{
    const float sides[4] = {box->x, box->y, box->width, box->height};
    for (int i = 0; i < 4; i++) put_right(text, round(sides[i]) + 0.0, 0, "", 6); /* + 0.0: no "-0" */
}

static void put_detection(struct duet_buffer *text, const struct duet_record *record,
                          const struct duet_detection *d)
{
    put_source(text, record);
    put_cell(text, d->label, CLASS_COLUMNS);
    put_right(text, d->score, 2, "", 6);
    put_box(text, &d->box);
    duet_put(text, "\n");
}

static void put_segment(struct duet_buffer *text, const struct duet_record *record,
                        const struct duet_segment *s)
{
    put_source(text, record);
    put_cell(text, s->label, CLASS_COLUMNS);
    put_right(text, s->share * 100, 1, "%", 6);
    duet_putf(text, " %9" PRIu64, s->pixels);
    put_box(text, &s->box);
    put_right(text, s->confidence, 2, "", 10);
    duet_put(text, "\n");
}

static void put_gap(struct duet_buffer *text, const struct duet_record *record)
{
    put_source(text, record);
    duet_put(text, "was away for ");
    duet_put_fixed(text, record->gap, 1);
    duet_put(text, " s\n");
}

static enum duet_status write_record(struct duet_writer *writer, const struct duet_record *record,
                                     struct duet_error *error)
{
    (void)error;
    bool segments = writer->options.segments;
    if (record->gap > 0) {
        put_gap(&writer->text, record);
        return DUET_OK;
    }
    if (segments ? !record->segments : !record->detections) return DUET_OK;
    size_t count = segments ? record->segments->count : record->detections->count;
    for (size_t i = 0; i < count; i++) {
        if (segments)
            put_segment(&writer->text, record, &record->segments->items[i]);
        else
            put_detection(&writer->text, record, &record->detections->items[i]);
    }
    if (count == 0) {
        put_source(&writer->text, record);
        duet_put(&writer->text, "nothing found\n");
    }
    return DUET_OK;
}

const struct duet_writer_kind duet_writer_table = {
    .name = "table", .begin = begin, .write = write_record, .gaps = true};
