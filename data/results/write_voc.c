/* VOC: DIR/comp4_det_test_CLASS.txt for each class, as the development kit reads them (comp4: trained on any
 * data). Every file is there at the end, empty ones too; before that, none. */
#include "core/fail.h"
#include "core/text.h"
#include "results/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct class_file {
    struct duet_output output;
    size_t size, whole; /* bytes, and those of whole records */
};

struct state {
    struct class_file *files; /* one a label, in their order */
};

/* Class names may hold what file names should not: a '_' each. */
static char *class_path(const char *folder, const char *label)
{
    char *name = duet_text("comp4_det_test_%s.txt", label);
    for (size_t at = 0; name && name[at];) {
        struct duet_character c = duet_character_at(name + at, SIZE_MAX);
        if (!c.plain || c.code == ' ' || c.code == '/') memset(name + at, '_', c.bytes);
        at += c.bytes;
    }
    char *path = name ? duet_path_join(folder, name) : NULL;
    free(name);
    return path;
}

static enum duet_status open_class(struct duet_writer *writer, size_t index, struct duet_error *error)
{
    struct state *state = writer->state;
    char *path = class_path(writer->output, writer->options.labels->items[index].name);
    if (!path) return duet_no_memory(error, writer->output, NULL);
    enum duet_status status = duet_output_open(&state->files[index].output, path, writer->flags, error);
    for (size_t i = 0; status == DUET_OK && i < index; i++)
        if (strcmp(state->files[i].output.path, path) == 0)
            status = duet_fail(error, DUET_BAD_ARGUMENT, "%s: the name of two classes' files", path);
    free(path);
    return status;
}

static enum duet_status open_folder(struct duet_writer *writer, struct duet_error *error)
{
    struct state *state = writer->state;
    size_t count = writer->options.labels->count;
    state->files = calloc(count, sizeof *state->files);
    if (!state->files) return duet_no_memory(error, writer->output, NULL);
    for (size_t i = 0; i < count; i++) {
        enum duet_status status = open_class(writer, i, error);
        if (status != DUET_OK) return status;
    }
    return DUET_OK;
}

/* Ids stand in lines whose fields are separated by spaces: what keeps a stem from being one, or NULL. */
static const char *id_fault(const char *stem)
{
    if (!*stem) return "it is empty";
    for (struct duet_character c; *stem; stem += c.bytes) {
        c = duet_character_at(stem, SIZE_MAX);
        if (c.code == ' ' || c.code == 0xa0 || (c.code >= '\t' && c.code <= '\r'))
            return "it has white space in it";
        if (c.valid && !c.plain) return "it has a control character in it";
    }
    return NULL;
}

/* The picture's id is its stem. */
static enum duet_status give_id(struct duet_writer *writer, const char *source, const char *name, bool once,
                                char **id, struct duet_error *error)
{
    *id = duet_result_stem(source, name);
    if (!*id) return duet_no_memory(error, source, NULL);
    enum duet_status status;
    const char *fault = id_fault(*id);
    if (fault)
        status = duet_fail(error, DUET_BAD_ARGUMENT, "%s: its name is no VOC image id: %s", source, fault);
    else
        status = duet_output_names_give(&writer->names, "image id", *id, source, once, error);
    if (status == DUET_OK) return DUET_OK;
    free(*id);
    *id = NULL;
    return status;
}

static enum duet_status check(struct duet_writer *writer, const char *source, const char *name,
                              struct duet_error *error)
{
    char *id;
    enum duet_status status = give_id(writer, source, name, true, &id, error);
    free(id);
    return status;
}

/* id score xmin ymin xmax ymax: the first pixel is 1, and xmax is the last one inside. */
static enum duet_status write_detection(struct duet_writer *writer, const char *id,
                                        const struct duet_record *record, const struct duet_detection *d,
                                        struct duet_error *error)
{
    struct state *state = writer->state;
    const struct duet_labels *labels = writer->options.labels;
    const struct duet_label *label = duet_labels_by_id(labels, d->category_id);
    struct duet_buffer *text = &writer->text;
    const double corners[4] = {(double)d->box.x + 1, (double)d->box.y + 1,
                               (double)d->box.x + (double)d->box.width,
                               (double)d->box.y + (double)d->box.height};
    text->size = 0;
    duet_putf(text, "%s ", id);
    duet_put_float(text, d->score);
    for (int i = 0; i < 4; i++) {
        duet_put(text, " ");
        duet_put_rounded(text, corners[i], 6);
    }
    duet_put(text, "\n");
    if (text->failed) return duet_no_memory(error, record->source, NULL);
    struct class_file *file = &state->files[label - labels->items];
    FILE *stream = file->output.stream;
    errno = 0;
    if (fwrite(text->data, 1, text->size, stream) != text->size || fflush(stream) != 0)
        return duet_fail_errno(error, errno ? errno : EIO, "%s: cannot write", file->output.path);
    file->size += text->size;
    return DUET_OK;
}

static enum duet_status write_record(struct duet_writer *writer, const struct duet_record *record,
                                     struct duet_error *error)
{
    struct state *state = writer->state;
    if (!record->detections) return DUET_OK;
    if (record->moving)
        return duet_fail(error, DUET_UNSUPPORTED, "%s: frames of a moving input have no VOC image ids",
                         record->source);
    char *id;
    enum duet_status status = give_id(writer, record->source, record->name, false, &id, error);
    for (size_t i = 0; status == DUET_OK && i < record->detections->count; i++)
        status = write_detection(writer, id, record, &record->detections->items[i], error);
    free(id);
    for (size_t i = 0; status == DUET_OK && i < writer->options.labels->count; i++)
        state->files[i].whole = state->files[i].size;
    return status;
}

/* A record lies in several files: of one that failed, none keeps a line. */
static void undo(struct duet_writer *writer)
{
    struct state *state = writer->state;
    struct duet_error error; /* what cannot be cut back cannot be committed either, and that is told */
    for (size_t i = 0; i < writer->options.labels->count; i++) {
        struct class_file *file = &state->files[i];
        duet_output_cut(&file->output, file->whole, &error);
        file->size = file->whole;
    }
}

static enum duet_status end(struct duet_writer *writer, struct duet_error *error)
{
    struct state *state = writer->state;
    for (size_t i = 0; i < writer->options.labels->count; i++) {
        enum duet_status status = duet_output_commit(&state->files[i].output, error);
        if (status != DUET_OK) return status;
    }
    return DUET_OK;
}

static void close_state(struct duet_writer *writer)
{
    struct state *state = writer->state;
    for (size_t i = 0; state->files && i < writer->options.labels->count; i++)
        duet_output_discard(&state->files[i].output);
    free(state->files);
}

const struct duet_writer_kind duet_writer_voc = {.name = "voc",
                                                 .folder = true,
                                                 .needs_labels = true,
                                                 .state_size = sizeof(struct state),
                                                 .open = open_folder,
                                                 .check = check,
                                                 .write = write_record,
                                                 .undo = undo,
                                                 .end = end,
                                                 .close = close_state};
