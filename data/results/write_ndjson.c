/* NDJSON: one line a record, everything in it (the fields stand in record.h). */
#include "core/fail.h"
#include "data/coco/rle.h"
#include "data/moving/frames.h"
#include "data/results/stamp.h"
#include "results/writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

static void put_box(struct duet_buffer *text, const struct duet_box *box)
{
    duet_put(text, ",\"bbox\":[");
    duet_put_box(text, box, ",");
    duet_put(text, "]");
}

static void put_detections(struct duet_buffer *text, const struct duet_detections *detections,
                           const int *tracks)
{
    duet_put(text, ",\"detections\":[");
    for (size_t i = 0; i < detections->count; i++) {
        const struct duet_detection *d = &detections->items[i];
        duet_put(text, i ? ",{\"class\":" : "{\"class\":");
        duet_put_json_string(text, d->label);
        duet_putf(text, ",\"category_id\":%d,\"score\":", d->category_id);
        duet_put_float(text, d->score);
        put_box(text, &d->box);
        if (tracks && tracks[i] > 0) duet_putf(text, ",\"track\":%d", tracks[i]);
        duet_put(text, "}");
    }
    duet_put(text, "]");
}

/* The pixels of one class as COCO's compressed runs. */
static void put_runs(struct duet_buffer *text, const struct duet_image *classes, int class_id)
{
    struct duet_rle rle = {0};
    char out[DUET_RLE_TEXT_MAX];
    if (!duet_rle_from_pixels(&rle, classes, class_id)) text->failed = true;
    duet_putf(text, ",\"segmentation\":{\"size\":[%u,%u],\"counts\":\"", rle.height, rle.width);
    for (size_t i = 0; i < rle.count; i++) {
        int length = duet_rle_put_count(rle.counts[i], i > 2 ? rle.counts[i - 2] : 0, out);
        for (int k = 0; k < length; k++) { /* of the characters used, JSON escapes one */
            if (out[k] == '\\') duet_put(text, "\\");
            duet_put_bytes(text, &out[k], 1);
        }
    }
    duet_put(text, "\"}");
    duet_rle_close(&rle);
}

static void put_segments(struct duet_buffer *text, const struct duet_segments *segments,
                         const struct duet_image *classes)
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
        if (classes) put_runs(text, classes, s->class_id);
        duet_put(text, "}");
    }
    duet_put(text, "]");
}

/* When a moving input's record happened: a frame, or a gap before it. */
static void put_moment(struct duet_buffer *text, const struct duet_record *record)
{
    duet_putf(text, ",\"frame\":%" PRId64, record->frame);
    if (record->gap > 0) {
        duet_put(text, ",\"gap\":{\"seconds\":");
        duet_put_double(text, record->gap);
        duet_putf(text, ",\"attempts\":%d}", record->attempts);
        return;
    }
    if (record->dropped > 0) duet_putf(text, ",\"dropped\":%" PRId64, record->dropped);
    duet_put(text, ",\"pts\":");
    duet_put_double(text, record->pts);
    duet_put(text, ",\"time\":");
    duet_put_double(text, record->time);
    if (record->captured > 0) {
        char stamp[DUET_STAMP];
        duet_stamp(record->captured, stamp);
        duet_putf(text, ",\"captured\":\"%s\"", stamp);
    }
}

static void put_warnings(struct duet_buffer *text, const struct duet_warnings *warnings)
{
    duet_put(text, ",\"warnings\":[");
    for (int i = 0; i < warnings->count; i++) {
        if (i > 0) duet_put(text, ",");
        duet_put_json_string(text, warnings->texts[i]);
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
    if (record->moving) put_moment(text, record);
    if (record->error) {
        duet_putf(text, ",\"error\":{\"code\":\"%s\",\"message\":", duet_status_name(record->error->status));
        duet_put_json_string(text, record->error->text);
        duet_put(text, "}");
    } else if (record->gap <= 0) {
        duet_putf(text, ",\"width\":%d,\"height\":%d", record->width, record->height);
        if (record->detections) put_detections(text, record->detections, record->tracks);
        if (record->segments) put_segments(text, record->segments, record->classes);
        if (record->warnings && record->warnings->count > 0) put_warnings(text, record->warnings);
    }
    duet_put(text, "}\n");
    return DUET_OK;
}

/* --- going on in a file that is there ------------------------------------------------------------------- */

/* Where the last line begins that no newline ends. */
static int64_t last_line(FILE *lines, int64_t size)
{
    char block[4096];
    for (int64_t end = size; end > 0;) {
        int64_t begin = end > (int64_t)sizeof block ? end - (int64_t)sizeof block : 0;
        size_t length = (size_t)(end - begin);
        if (fseeko(lines, begin, SEEK_SET) != 0 || fread(block, 1, length, lines) != length) return size;
        while (length > 0 && block[length - 1] != '\n') length--;
        if (length > 0) return begin + (int64_t)length;
        end = begin;
    }
    return 0;
}

/* Is what comes next, up to the end, one object and nothing else? */
static bool is_object(FILE *lines)
{
    int64_t depth = 0;
    bool quoted = false;
    for (int c; (c = getc(lines)) != EOF;) {
        if (c == '\\' && quoted)
            getc(lines);
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '['))
            depth++;
        else if (!quoted && (c == '}' || c == ']') && --depth == 0)
            return c == '}' && getc(lines) == EOF;
        if (depth == 0) return false;
    }
    return false;
}

/* A last line that lacks only its newline gets it: an editor may have taken that. */
static enum duet_status resume(struct duet_writer *writer, FILE *lines, int64_t *whole,
                               struct duet_error *error)
{
    struct stat st;
    if (getc(lines) != '{')
        return duet_fail(error, DUET_BAD_FORMAT, "%s: holds no ndjson, nothing can be appended to it",
                         writer->output);
    if (fstat(fileno(lines), &st) != 0) return duet_fail_errno(error, errno, "%s: cannot read", writer->output);
    *whole = last_line(lines, st.st_size);
    if (*whole == st.st_size || fseeko(lines, *whole, SEEK_SET) != 0 || !is_object(lines)) return DUET_OK;
    *whole = st.st_size;
    duet_put(&writer->text, "\n");
    return DUET_OK;
}

const struct duet_writer_kind duet_writer_ndjson = {
    .name = "ndjson", .write = write_record, .resume = resume, .errors = true, .gaps = true};
