/* YOLO text: DIR/STEM.txt for each picture, subfolders kept, complete from the moment it is there, and
 * DIR/classes.txt, whose output is the writer's state. */
#include "core/fail.h"
#include "results/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* At the beginning, while there is room: on a disk that fills up, it is there for the pictures that fit. */
static enum duet_status write_classes(struct duet_writer *writer, struct duet_error *error)
{
    struct duet_output *classes = writer->state;
    const struct duet_labels *labels = writer->options.labels;
    struct duet_buffer *text = &writer->text;
    text->size = 0;
    for (size_t i = 0; i < labels->count; i++) { /* a line each, whatever the names hold */
        duet_put_shown(text, labels->items[i].name);
        duet_put(text, "\n");
    }
    if (text->failed) return duet_no_memory(error, writer->output, NULL);
    errno = 0;
    if (fwrite(text->data, 1, text->size, classes->stream) == text->size && fflush(classes->stream) == 0)
        return DUET_OK;
    return duet_fail_errno(error, errno ? errno : EIO, "%s: cannot write", classes->path);
}

static enum duet_status open_folder(struct duet_writer *writer, struct duet_error *error)
{
    char *path = duet_path_join(writer->output, "classes.txt");
    if (!path) return duet_no_memory(error, writer->output, NULL);
    enum duet_status status = duet_output_open(writer->state, path, writer->flags, error);
    free(path);
    if (status == DUET_OK) status = write_classes(writer, error);
    /* A picture called classes.jpg would take the same name. */
    if (status == DUET_OK)
        status =
            duet_output_names_give(&writer->names, "file", "classes.txt", "the list of classes", true, error);
    return status;
}

/* "STEM.txt", or "STEM_000012.txt" with a record of a moving input; NULL when out of memory. */
static char *file_name(const struct duet_record *record)
{
    char *stem = record->moving ? duet_frame_stem(record) : duet_result_stem(record->source, record->name);
    char *name = stem ? duet_text("%s.txt", stem) : NULL;
    free(stem);
    return name;
}

/* Has the record a file of its own, and may that be written? Frames' names are not kept: they would grow in
 * number as long as the stream runs. */
static enum duet_status check_file(struct duet_writer *writer, const struct duet_record *record,
                                   const char *name, bool once, struct duet_error *error)
{
    enum duet_status status = duet_check_below(record->source, record->name ? record->name : name, error);
    if (status == DUET_OK && !record->moving)
        status = duet_output_names_give(&writer->names, "file", name, record->source, once, error);
    char *path = duet_path_join(writer->output, name);
    if (!path) return duet_no_memory(error, writer->output, NULL);
    /* Subfolders are made when there is something to write into them. */
    if (status == DUET_OK && (!strchr(name, '/') || duet_path_exists(path)))
        status = duet_output_check(path, writer->flags, error);
    free(path);
    return status;
}

static enum duet_status check(struct duet_writer *writer, const char *source, const char *name,
                              struct duet_error *error)
{
    const struct duet_record record = {.source = source, .name = name};
    char *file = file_name(&record);
    enum duet_status status =
        file ? check_file(writer, &record, file, true, error) : duet_no_memory(error, writer->output, NULL);
    free(file);
    return status;
}

/* class cx cy w h score: the class's place among the labels, the rest as shares of the picture's sides. */
static void put_detection(struct duet_writer *writer, const struct duet_record *record,
                          const struct duet_detection *d)
{
    const struct duet_labels *labels = writer->options.labels;
    const struct duet_label *label = duet_labels_by_id(labels, d->category_id);
    const double width = record->width, height = record->height;
    const double values[5] = {((double)d->box.x + (double)d->box.width / 2) / width,
                              ((double)d->box.y + (double)d->box.height / 2) / height,
                              (double)d->box.width / width, (double)d->box.height / height, d->score};
    duet_putf(&writer->text, "%zu", (size_t)(label - labels->items));
    for (int i = 0; i < 5; i++) {
        duet_put(&writer->text, " ");
        duet_put_rounded(&writer->text, values[i], 6);
    }
    duet_put(&writer->text, "\n");
}

/* The text as the file `name`, at once or not at all. */
static enum duet_status write_file(struct duet_writer *writer, const char *name, struct duet_error *error)
{
    struct duet_output file = {0};
    char *path = duet_path_join(writer->output, name);
    if (!path || writer->text.failed) {
        free(path);
        return duet_no_memory(error, writer->output, NULL);
    }
    char *folder = strchr(name, '/') ? duet_text("%.*s", (int)(duet_path_name(path) - path), path) : NULL;
    enum duet_status status = folder ? duet_make_folders(folder, error) : DUET_OK;
    free(folder);
    if (status == DUET_OK) status = duet_output_open(&file, path, writer->flags, error);
    free(path);
    if (status != DUET_OK) return status;
    if (writer->text.size) fwrite(writer->text.data, 1, writer->text.size, file.stream);
    return duet_output_commit(&file, error); /* it looks whether all was written */
}

static enum duet_status write_record(struct duet_writer *writer, const struct duet_record *record,
                                     struct duet_error *error)
{
    if (!record->detections) return DUET_OK;
    char *name = file_name(record);
    if (!name) return duet_no_memory(error, writer->output, NULL);
    enum duet_status status = check_file(writer, record, name, false, error);
    writer->text.size = 0;
    for (size_t i = 0; i < record->detections->count; i++)
        put_detection(writer, record, &record->detections->items[i]);
    if (status == DUET_OK) status = write_file(writer, name, error);
    free(name);
    return status;
}

static enum duet_status end(struct duet_writer *writer, struct duet_error *error)
{
    return duet_output_commit(writer->state, error);
}

static void close_state(struct duet_writer *writer)
{
    duet_output_discard(writer->state);
}

const struct duet_writer_kind duet_writer_yolo = {.name = "yolo",
                                                  .folder = true,
                                                  .needs_labels = true,
                                                  .state_size = sizeof(struct duet_output),
                                                  .open = open_folder,
                                                  .check = check,
                                                  .write = write_record,
                                                  .end = end,
                                                  .close = close_state};
