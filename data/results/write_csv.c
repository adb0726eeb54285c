/* CSV (RFC 4180, lines ending in a newline alone): one row an object. */
#include "core/fail.h"
#include "results/writer.h"

#include <inttypes.h>

static void begin(struct duet_writer *writer)
{
    duet_put(&writer->text,
             writer->options.segments
                 ? "index,source,frame,time,class,class_id,pixels,share,x,y,width,height,confidence\n"
                 : "index,source,frame,time,class,category_id,score,x,y,width,height\n");
}

/* index,source,frame,time,class,id: the columns are the same whether something moves or not, for the header
 * is written before anybody knows. */
static void put_head(struct duet_buffer *text, const struct duet_record *record, const char *label, int id)
{
    duet_putf(text, "%zu,", record->index);
    duet_put_csv(text, record->source);
    duet_put(text, ",");
    if (record->moving) duet_putf(text, "%" PRId64, record->frame);
    duet_put(text, ",");
    if (record->moving) duet_put_double(text, record->time);
    duet_put(text, ",");
    duet_put_csv(text, label);
    duet_putf(text, ",%d", id);
}

static void put_detections(struct duet_buffer *text, const struct duet_record *record)
{
    for (size_t i = 0; i < record->detections->count; i++) {
        const struct duet_detection *d = &record->detections->items[i];
        put_head(text, record, d->label, d->category_id);
        duet_put(text, ",");
        duet_put_float(text, d->score);
        duet_put(text, ",");
        duet_put_box(text, &d->box, ",");
        duet_put(text, "\n");
    }
}

static void put_segments(struct duet_buffer *text, const struct duet_record *record)
{
    for (size_t i = 0; i < record->segments->count; i++) {
        const struct duet_segment *s = &record->segments->items[i];
        put_head(text, record, s->label, s->class_id);
        duet_putf(text, ",%" PRIu64 ",", s->pixels);
        duet_put_double(text, s->share);
        duet_put(text, ",");
        duet_put_box(text, &s->box, ",");
        duet_put(text, ",");
        duet_put_float(text, s->confidence);
        duet_put(text, "\n");
    }
}

static enum duet_status write_record(struct duet_writer *writer, const struct duet_record *record,
                                     struct duet_error *error)
{
    (void)error;
    if (writer->options.segments && record->segments) put_segments(&writer->text, record);
    if (!writer->options.segments && record->detections) put_detections(&writer->text, record);
    return DUET_OK;
}

/* Whole is what ends in a newline that no quotes hold. */
static enum duet_status resume(struct duet_writer *writer, FILE *lines, int64_t *whole,
                               struct duet_error *error)
{
    struct duet_buffer *header = &writer->text;
    bool quoted = false;
    int64_t at = 0;
    begin(writer);
    for (int c; (c = getc(lines)) != EOF; at++) {
        if (at < (int64_t)header->size && c != (unsigned char)header->data[at])
            return duet_fail(error, DUET_BAD_FORMAT,
                             "%s: does not begin with the columns that are to be appended", writer->output);
        if (c == '"') quoted = !quoted;
        if (c == '\n' && !quoted) *whole = at + 1;
    }
    header->size = 0;
    return DUET_OK;
}

const struct duet_writer_kind duet_writer_csv = {
    .name = "csv", .begin = begin, .write = write_record, .resume = resume};
