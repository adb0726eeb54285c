/* NDJSON: one line a record, everything in it (the fields stand in record.h). */
#include "writer.h"

#include <inttypes.h>

static void put_box(struct duet_buffer *text, const struct duet_box *box)
{
    duet_put(text, ",\"bbox\":[");
    duet_put_float(text, box->x);
    duet_put(text, ",");
    duet_put_float(text, box->y);
    duet_put(text, ",");
    duet_put_float(text, box->width);
    duet_put(text, ",");
    duet_put_float(text, box->height);
    duet_put(text, "]");
}

static void put_detections(struct duet_buffer *text, const struct duet_detections *detections)
{
    duet_put(text, ",\"detections\":[");
    for (size_t i = 0; i < detections->count; i++) {
        const struct duet_detection *d = &detections->items[i];
        duet_put(text, i ? ",{\"class\":" : "{\"class\":");
        duet_put_json_string(text, d->label);
        duet_putf(text, ",\"category_id\":%d,\"score\":", d->category_id);
        duet_put_float(text, d->score);
        put_box(text, &d->box);
        duet_put(text, "}");
    }
    duet_put(text, "]");
}

static void put_segments(struct duet_buffer *text, const struct duet_segments *segments)
{
    duet_put(text, ",\"segments\":[");
    for (size_t i = 0; i < segments->count; i++) {
        const struct duet_segment *s = &segments->items[i];
        duet_put(text, i ? ",{\"class\":" : "{\"class\":");
        duet_put_json_string(text, s->label);
        duet_putf(text, ",\"class_id\":%d,\"pixels\":%" PRIu64 ",\"share\":", s->class_id, s->pixels);
        duet_put_double(text, s->share);
        put_box(text, &s->box);
        duet_put(text, ",\"confidence\":");
        duet_put_float(text, s->confidence);
        duet_put(text, "}");
    }
    duet_put(text, "]");
}

static enum duet_status write_record(struct duet_writer *writer, const struct duet_record *record,
                                     struct duet_error *error)
{
    (void)error;
    struct duet_buffer *text = &writer->text;
    duet_putf(text, "{\"index\":%zu,\"source\":", record->index);
    duet_put_json_string(text, record->source);
    if (record->moving) {
        duet_putf(text, ",\"frame\":%" PRId64 ",\"pts\":", record->frame);
        duet_put_double(text, record->pts);
    }
    if (record->error) {
        duet_putf(text, ",\"error\":{\"code\":\"%s\",\"message\":", duet_status_name(record->error->status));
        duet_put_json_string(text, record->error->text);
        duet_put(text, "}");
    } else {
        duet_putf(text, ",\"width\":%d,\"height\":%d", record->width, record->height);
        if (record->detections) put_detections(text, record->detections);
        if (record->segments) put_segments(text, record->segments);
    }
    duet_put(text, "}\n");
    return DUET_OK;
}

const struct duet_writer_kind duet_writer_ndjson = {.name = "ndjson", .write = write_record, .errors = true};
