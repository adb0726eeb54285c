/* The table of formats, and what all writers have in common. */
#include "data/results/record.h"

#include "core/fail.h"
#include "results/writer.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct duet_writer_kind *const kinds[DUET_FORMAT_COUNT] = {
    [DUET_FORMAT_TABLE] = &duet_writer_table, [DUET_FORMAT_NDJSON] = &duet_writer_ndjson,
    [DUET_FORMAT_COCO] = &duet_writer_coco,   [DUET_FORMAT_CSV] = &duet_writer_csv,
    [DUET_FORMAT_YOLO] = &duet_writer_yolo,   [DUET_FORMAT_VOC] = &duet_writer_voc,
};

static bool known(enum duet_format format)
{
    return (unsigned)format < DUET_FORMAT_COUNT;
}

const char *duet_format_name(enum duet_format format)
{
    return known(format) ? kinds[format]->name : "unknown";
}

bool duet_format_is_folder(enum duet_format format)
{
    return known(format) && kinds[format]->folder;
}

/* --- opening ------------------------------------------------------------------------------------------ */

static bool to_stream(const struct duet_writer_options *options)
{
    return !options->output || strcmp(options->output, "-") == 0;
}

static enum duet_status check_options(const struct duet_writer_options *options, struct duet_error *error)
{
    if (!known(options->format))
        return duet_fail(error, DUET_BAD_ARGUMENT, "unknown result format %d", (int)options->format);
    const struct duet_writer_kind *kind = kinds[options->format];
    if (kind->folder && to_stream(options))
        return duet_fail(error, DUET_BAD_ARGUMENT, "the format %s needs a folder to write into", kind->name);
    if (kind->needs_labels && (!options->labels || options->labels->count == 0))
        return duet_fail(error, DUET_BAD_ARGUMENT, "the format %s needs the model's labels", kind->name);
    if (to_stream(options) && !options->stream)
        return duet_fail(error, DUET_BAD_ARGUMENT, "the format %s was given neither a file nor a stream",
                         kind->name);
    if (options->output && !options->output[0])
        return duet_fail(error, DUET_BAD_ARGUMENT, "the output's name is empty");
    return DUET_OK;
}

static enum duet_status send_text(struct duet_writer *writer, struct duet_error *error);

static void begin(struct duet_writer *writer)
{
    if (!writer->begun && writer->kind->begin) writer->kind->begin(writer);
    writer->begun = true;
}

/* The file may hold records already: go on after the last whole one. */
static enum duet_status resume(struct duet_writer *writer, struct duet_error *error)
{
    struct stat st;
    FILE *lines = fopen(writer->output, "rbe");
    if (!lines) return duet_fail_errno(error, errno, "%s: cannot read", writer->output);
    int64_t whole = 0;
    enum duet_status status = fstat(fileno(lines), &st) == 0
                                  ? DUET_OK
                                  : duet_fail_errno(error, errno, "%s: cannot read", writer->output);
    if (status == DUET_OK && st.st_size > 0) {
        status = writer->kind->resume(writer, lines, &whole, error);
        if (status == DUET_OK) status = duet_sink_resume(&writer->sink, whole, error);
        writer->cut = (size_t)(st.st_size - whole);
        writer->begun = whole > 0;
    }
    fclose(lines);
    return status;
}

static enum duet_status open_output(struct duet_writer *writer, struct duet_error *error)
{
    const struct duet_writer_options *options = &writer->options;
    const char *path = writer->output;
    if (options->append && !writer->kind->resume)
        return duet_fail(error, DUET_BAD_ARGUMENT,
                         "nothing can be appended to results in the format %s; ndjson and csv can go on",
                         writer->kind->name);
    if (writer->kind->folder) return duet_make_folders(path, error);
    enum duet_status status = duet_sink_open(&writer->sink, options, error);
    if (status != DUET_OK || !writer->sink.own || !(options->in_place || options->append)) return status;
    if (options->append) status = resume(writer, error);
    if (status == DUET_OK) begin(writer);
    return status == DUET_OK ? send_text(writer, error) : status;
}

enum duet_status duet_writer_open(const struct duet_writer_options *options, struct duet_writer **writer,
                                  struct duet_error *error)
{
    *writer = NULL;
    enum duet_status status = check_options(options, error);
    if (status != DUET_OK) return status;
    const struct duet_writer_kind *kind = kinds[options->format];
    struct duet_writer *made = *writer = calloc(1, sizeof *made);
    if (!made) return duet_no_memory(error, NULL, "for a writer");
    made->kind = kind;
    made->options = *options;
    made->output = options->output ? duet_text("%s", options->output) : NULL;
    made->options.output = made->output;
    made->flags = options->force ? DUET_OUTPUT_FORCE : 0;
    made->state = calloc(1, kind->state_size ? kind->state_size : 1);
    if (!made->state || (options->output && !made->output))
        status = duet_no_memory(error, NULL, "for a writer");
    else
        status = open_output(made, error);
    if (status == DUET_OK && kind->open) status = kind->open(made, error);
    if (status != DUET_OK) duet_writer_discard(writer);
    return status;
}

enum duet_status duet_writer_check(struct duet_writer *writer, const char *source, const char *name,
                                   struct duet_error *error)
{
    return writer->kind->check ? writer->kind->check(writer, source, name, error) : DUET_OK;
}

/* --- what a record must be ---------------------------------------------------------------------------- */

static enum duet_status not_finite(const struct duet_record *record, const char *list, size_t index,
                                   const char *field, struct duet_error *error)
{
    return duet_fail(error, DUET_BAD_ARGUMENT, "%s: %s[%zu].%s is not a finite number", record->source, list,
                     index, field);
}

static const char *bad_box_field(const struct duet_box *box)
{
    if (!isfinite(box->x)) return "bbox.x";
    if (!isfinite(box->y)) return "bbox.y";
    if (!isfinite(box->width)) return "bbox.width";
    return isfinite(box->height) ? NULL : "bbox.height";
}

static enum duet_status check_detections(const struct duet_record *record, const struct duet_labels *labels,
                                         struct duet_error *error)
{
    for (size_t i = 0; i < record->detections->count; i++) {
        const struct duet_detection *d = &record->detections->items[i];
        if (!d->label)
            return duet_fail(error, DUET_BAD_ARGUMENT, "%s: detections[%zu] has no label", record->source, i);
        if (labels && !duet_labels_by_id(labels, d->category_id))
            return duet_fail(error, DUET_BAD_ARGUMENT,
                             "%s: detections[%zu] has the category %d, which is not among the labels",
                             record->source, i, d->category_id);
        const char *field = isfinite(d->score) ? bad_box_field(&d->box) : "score";
        if (field) return not_finite(record, "detections", i, field, error);
    }
    return DUET_OK;
}

static enum duet_status check_segments(const struct duet_record *record, struct duet_error *error)
{
    for (size_t i = 0; i < record->segments->count; i++) {
        const struct duet_segment *s = &record->segments->items[i];
        if (!s->label)
            return duet_fail(error, DUET_BAD_ARGUMENT, "%s: segments[%zu] has no label", record->source, i);
        const char *field = !isfinite(s->share)        ? "share"
                            : !isfinite(s->confidence) ? "confidence"
                                                       : bad_box_field(&s->box);
        if (field) return not_finite(record, "segments", i, field, error);
    }
    return DUET_OK;
}

static const char *bad_time_field(const struct duet_record *record)
{
    if (!record->moving) return NULL;
    if (!isfinite(record->pts)) return "pts";
    if (!isfinite(record->time)) return "time";
    if (!isfinite(record->captured)) return "captured";
    return isfinite(record->gap) ? NULL : "gap";
}

static enum duet_status check_record(const struct duet_writer *writer, const struct duet_record *record,
                                     struct duet_error *error)
{
    if (!record->source)
        return duet_fail(error, DUET_BAD_ARGUMENT, "record %zu has no source", record->index);
    const char *field = bad_time_field(record);
    if (field)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%s: %s is not a finite number", record->source, field);
    if (record->error || record->gap > 0) return DUET_OK;
    if (record->width <= 0 || record->height <= 0)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%s: a picture of %d x %d pixels", record->source,
                         record->width, record->height);
    const struct duet_labels *labels = writer->kind->needs_labels ? writer->options.labels : NULL;
    enum duet_status status = record->detections ? check_detections(record, labels, error) : DUET_OK;
    return status == DUET_OK && record->segments ? check_segments(record, error) : status;
}

/* --- writing ------------------------------------------------------------------------------------------ */

static enum duet_status pass_on(const struct duet_error *fault, struct duet_error *error)
{
    if (error) *error = *fault;
    return fault->status;
}

static enum duet_status no_memory(struct duet_writer *writer, struct duet_error *error)
{
    duet_buffer_close(&writer->text); /* the end, which is short, may still find some */
    return duet_no_memory(error, writer->sink.name, "to write");
}

/* Send the text on, all of it in one piece, and empty it. */
static enum duet_status send_text(struct duet_writer *writer, struct duet_error *error)
{
    struct duet_buffer *text = &writer->text;
    const size_t size = text->size;
    if (writer->sink.own && writer->kind->tail) duet_put(text, writer->kind->tail(writer));
    if (text->failed) return no_memory(writer, error);
    const size_t tail = text->size - size;
    text->size = 0;
    return size + tail ? duet_sink_send(&writer->sink, text->data, size, tail, error) : DUET_OK;
}

/* Refusing a record leaves the writer as it was; any other fault may have lost some of the output. */
static bool is_refusal(enum duet_status status)
{
    return status == DUET_BAD_ARGUMENT || status == DUET_UNSUPPORTED || status == DUET_EXISTS;
}

enum duet_status duet_writer_write(struct duet_writer *writer, const struct duet_record *record,
                                   struct duet_error *error)
{
    if (writer->broken.status != DUET_OK) return pass_on(&writer->broken, error);
    enum duet_status status = check_record(writer, record, error);
    if (status != DUET_OK) return status;
    if (record->error && !writer->kind->errors) return DUET_OK;
    if (!record->error && record->gap > 0 && !writer->kind->gaps) return DUET_OK;
    struct duet_error fault = {0};
    begin(writer);
    size_t begun = writer->text.size;
    status = writer->kind->write(writer, record, &fault);
    if (is_refusal(status))
        writer->text.size = begun;
    else if (status == DUET_OK && !writer->kind->folder)
        status = send_text(writer, &fault);
    writer->records += status == DUET_OK;
    if (status == DUET_OK) return DUET_OK;
    if (!is_refusal(status)) writer->broken = fault;
    if (!is_refusal(status) && writer->kind->undo) writer->kind->undo(writer);
    return pass_on(&fault, error);
}

/* --- ending ------------------------------------------------------------------------------------------- */

/* What comes after the last record. In a file of our own the tail stands there since that record, unless
 * there was none. */
static enum duet_status end(struct duet_writer *writer, struct duet_error *error)
{
    const struct duet_writer_kind *kind = writer->kind;
    enum duet_status status = DUET_OK;
    begin(writer);
    if (kind->end) status = kind->end(writer, error);
    if (status != DUET_OK || kind->folder) return status;
    if (!writer->sink.own && kind->tail) duet_put(&writer->text, kind->tail(writer));
    status = send_text(writer, error);
    if (status != DUET_OK || !writer->sink.file.stream) return status;
    return duet_output_commit(&writer->sink.file, error);
}

/* The end after a write that failed. */
static enum duet_status end_early(struct duet_writer *writer, struct duet_error *error)
{
    struct duet_error fault = writer->broken, more;
    size_t count = writer->records;
    writer->text.size = 0;
    if (count > 0 && end(writer, &more) == DUET_OK)
        duet_fail(error, fault.status, "%s; kept: the first %zu record%s", fault.text, count,
                  count == 1 ? "" : "s");
    else if (count > 0 && writer->sink.own)
        duet_fail(error, fault.status, "%s; then: %s", fault.text, more.text);
    else
        pass_on(&fault, error);
    return fault.status;
}

enum duet_status duet_writer_commit(struct duet_writer **writer, struct duet_error *error)
{
    struct duet_writer *w = *writer;
    enum duet_status status = DUET_OK;
    if (w->broken.status == DUET_OK) status = end(w, &w->broken);
    if (status != DUET_OK) pass_on(&w->broken, error);
    else if (w->broken.status != DUET_OK) status = end_early(w, error);
    duet_writer_discard(writer);
    return status;
}

size_t duet_writer_cut(const struct duet_writer *writer)
{
    return writer->cut;
}

int64_t duet_writer_size(const struct duet_writer *writer)
{
    return writer->sink.whole;
}

void duet_writer_discard(struct duet_writer **writer)
{
    if (!writer || !*writer) return;
    struct duet_writer *w = *writer;
    if (w->state && w->kind->close) w->kind->close(w);
    duet_output_discard(&w->sink.file);
    duet_output_names_close(&w->names);
    duet_buffer_close(&w->text);
    free(w->output);
    free(w->state);
    free(w);
    *writer = NULL;
}
