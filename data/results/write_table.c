/* The table for people: columns of fixed width, because rows are printed as they come. */
#include "results/writer.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { SOURCE_COLUMNS = 32, CLASS_COLUMNS = 14 };

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
    duet_put_tail_column(text, record->moving && !named.failed ? named.data : record->source, SOURCE_COLUMNS);
    duet_buffer_close(&named);
    duet_put(text, "  ");
}

/* A number, right-aligned in `columns` after a space. */
static void put_right(struct duet_buffer *text, double value, int decimals, const char *unit, int columns)
{
    char number[DUET_FIXED_TEXT];
    duet_fixed_text(value, decimals, number);
    duet_putf(text, " %*s%s", columns - (int)strlen(unit), number, unit);
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
    duet_put_tail_column(text, d->label, CLASS_COLUMNS);
    put_right(text, d->score, 2, "", 6);
    put_box(text, &d->box);
    duet_put(text, "\n");
}

static void put_segment(struct duet_buffer *text, const struct duet_record *record,
                        const struct duet_segment *s)
{
    put_source(text, record);
    duet_put_tail_column(text, s->label, CLASS_COLUMNS);
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
